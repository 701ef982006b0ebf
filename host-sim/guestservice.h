/* SPDX-License-Identifier: BSD-2-Clause */
/* guestservice.h - GuestRPC for the virtual machine of this process.
 *
 * Joins three things: context 0 of the hub, the framing of guestrpc.h and the meaning of
 * guestinfo.h. Asks each reverse channel what has to be asked at its start.
 */
#ifndef HOST_SIM_GUESTSERVICE_H
#define HOST_SIM_GUESTSERVICE_H

#include <stdint.h>
#include <vmci/hub.h>
#include "guestinfo.h"
#include "trace_text.h"

struct guestservice;

/* Serve context 0 of the hub.
 *   hub, info  borrowed until guestservice_close
 *   trace      where requests and answers go as lines, borrowed
 * Returns 0 and *out, or a negative VMCI_E* or result of the core: nothing was made. */
int guestservice_open(struct vmci_hub *hub, struct guestinfo *info, struct trace_text *trace,
		      struct guestservice **out);
/* NULL is ignored. */
void guestservice_close(struct guestservice *s);

/* To be called after each call that may have reached the hub. Returns microseconds until it has to
 * be called again in any case, 0: at once, UINT64_MAX: never. */
uint64_t guestservice_pump(struct guestservice *s);

#endif
