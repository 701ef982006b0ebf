/* SPDX-License-Identifier: BSD-2-Clause */
/* error.h - results that never travel, and names for all of them.
 *
 * Protocol results (0, positive, -1..-41, -500..-550, -1000) are in defs.h and pass
 * through every layer unchanged. The codes here are local to one side: they live at
 * -2000 and below, so a log line tells who said no.
 */
#ifndef VMCI_ERROR_H
#define VMCI_ERROR_H

#include <vmci/defs.h>

#define VMCI_LOCAL_NO_MEMORY	(-2000) /* the port's allocator refused; nothing was done */
#define VMCI_LOCAL_BAD_ADDRESS	(-2001) /* guest memory is not reachable at that address */
#define VMCI_LOCAL_TIMEOUT	(-2002) /* the other side did not answer in time */
#define VMCI_LOCAL_GONE		(-2003) /* every register reads as ones: the device is gone */
#define VMCI_LOCAL_NO_DEVICE	(-2004) /* not a VMCI device, or it lacks what is needed */
#define VMCI_LOCAL_BAD_ARGUMENT (-2005) /* a caller's mistake that no peer can cause */
#define VMCI_LOCAL_PROTOCOL	(-2006) /* the other side broke the protocol */

/* Name of any result, "VMCI_ERROR_NOT_FOUND"; "?" for an unknown number. Static. */
const char *vmci_error_name(int result);

#endif
