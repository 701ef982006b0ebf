/* SPDX-License-Identifier: BSD-2-Clause */
/* reset.h - back to power-on, in three degrees. */
#ifndef VMCI_DEVICE_RESET_H
#define VMCI_DEVICE_RESET_H

#include "device.h"

/* Registers as they are when the machine is switched on. */
void vmci_regs_power_on(struct vmci_device *dev);

/* What a driver that went away without a reset left behind: bitmap, doorbells, queue pairs,
 * datagrams, both streams, a waiting fetch, the page shift. Registers and interrupts stay. */
void vmci_reset_guest_objects(struct vmci_device *dev, const char *why);
/* CONTROL.RESET: these and all registers. */
void vmci_reset(struct vmci_device *dev, const char *why);

/* For tests: the device differs in nothing from a new one with this configuration, except in what
 * the machine around it set (bus mastering, interrupt mode). */
bool vmci_reset_is_clean(const struct vmci_device *dev);

#endif
