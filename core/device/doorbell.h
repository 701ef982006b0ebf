/* SPDX-License-Identifier: BSD-2-Clause */
/* doorbell.h - doorbells of all contexts: linked by a guest, made by the host or by a bare VM. */
#ifndef VMCI_DEVICE_DOORBELL_H
#define VMCI_DEVICE_DOORBELL_H

#include "context.h"

/* Doorbells, and rings that wait, of a VM without a device: a bitmap page of them. */
#define VMCI_DOORBELLS_PER_VM 4096u

/* What a guest asks of its device. Results as the hypercalls of chapter 40. */
int vmci_doorbell_link(struct vmci_context *ctx, struct vmci_handle handle, uint64_t index,
		       uint64_t index_limit);
int vmci_doorbell_unlink(struct vmci_context *ctx, struct vmci_handle handle);
void vmci_doorbell_drop_all(struct vmci_context *ctx);

/* The bitmap can be written again, or is there for the first time: deliver what was rung
 * meanwhile. */
void vmci_doorbell_deliver_rings(struct vmci_context *ctx);

#endif
