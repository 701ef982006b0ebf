/* SPDX-License-Identifier: BSD-2-Clause */
/* sandbox.h - give up what serving does not need. */
#ifndef HOST_SIM_SANDBOX_H
#define HOST_SIM_SANDBOX_H

#include <stdbool.h>

/* Most descriptors of the process: its own, one message's, all eventfds of a device. */
#define SANDBOX_DESCRIPTORS 256
/* The same with a bridge, where each stream has one. */
#define SANDBOX_DESCRIPTORS_BRIDGE 65536

/* Set the limits of the process: at most `descriptors` (fewer if the system allows no more), no
 * core dump, no new privileges. Returns 0 or -1. */
int sandbox_limits(unsigned descriptors);

/* Leave only the system calls that serving uses; any other ends the process. To be called when all
 * is open. With `bridge` also those that join more UNIX sockets, and no other sockets. Returns 0 or
 * -1. With `log` a forbidden call fails with EPERM instead (for tests). */
int sandbox_enter(bool log, bool bridge);

#endif
