/* SPDX-License-Identifier: BSD-2-Clause */
/* hypercall.h - datagrams to context 0: questions to the device and its services. */
#ifndef VMCI_DEVICE_HYPERCALL_H
#define VMCI_DEVICE_HYPERCALL_H

#include "device.h"

/* dg is addressed to context 0, whole. Returns the result for the guest. */
int32_t vmci_hypercall(struct vmci_device *dev, uint8_t *dg, size_t len);

#endif
