/* SPDX-License-Identifier: BSD-2-Clause */
/* echo.h - a guest that sends everything back: raw datagrams and streams. */
#ifndef EFI_ECHO_H
#define EFI_ECHO_H

#include "clock.h"
#include "pci.h"
#include "suite.h"

#define ECHO_PORT 7u /* the port that echo services have elsewhere; of datagrams and streams */

/* Answer until a key is pressed or the device is gone. Prints the address and, at the end, the
 * counts. */
enum suite_status echo_run(const struct pci_function *f, const struct efi_clock *clock);

#endif
