/* SPDX-License-Identifier: BSD-2-Clause */
/* machine_core.h - the engine's machine over the core's device beside it, on virtual time.
 *
 * No transport in between: vmci-conform's target `core`, and `vmci.efi --loop`.
 */
#ifndef CONFORMANCE_MACHINE_CORE_H
#define CONFORMANCE_MACHINE_CORE_H

#include "core_vm.h"
#include "machine.h"

struct machine_core {
	struct core_vm vm;
};

/* Make a device as options say and *m over it; mc is borrowed by *m until machine_core_close().
 * Returns 0 or a result of the core; nothing is left behind then. */
int machine_core_open(struct machine_core *mc, const struct core_vm_options *options,
		      struct machine *m);
/* Returns the number of pieces of memory that the core did not give back: 0. */
unsigned long machine_core_close(struct machine_core *mc);

#endif
