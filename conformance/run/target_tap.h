/* SPDX-License-Identifier: BSD-2-Clause */
/* target_tap.h - what every target with a guest under test shares: the device that the guest has, a
 * tap in front of it, and the host actors behind it. */
#ifndef CONFORM_TARGET_TAP_H
#define CONFORM_TARGET_TAP_H

#include <vmci/device.h>
#include "machine.h"
#include "peer_actor.h"
#include "tap.h"

/* The first member of such a target's own structure, which is the context of its machine. The
 * target owns what is pointed to, and sets all of it before the machine is used. */
struct target_tap {
	struct tap *tap;
	struct vmci_hub *hub;
	struct vmci_device *device;
	struct peer_actor *peer;
};

/* Start a machine with `t` as its context: abilities, page size, host actors, and what the engine
 * sees of the guest and does to it through the tap. Memory, time, `ask` and `fresh` are the
 * target's to add. */
struct machine target_tap_machine(struct target_tap *t);

#endif
