/* SPDX-License-Identifier: BSD-2-Clause */
/* route.h - where a datagram goes, who may send it there, and as whom.
 *
 * Datagrams of a guest to the hypervisor are hypercalls (hypercall.h) and do not come here.
 */
#ifndef VMCI_DEVICE_ROUTE_H
#define VMCI_DEVICE_ROUTE_H

#include "context.h"

/* Route and deliver a datagram that `from` sends.
 *   dg, len  header and payload in private memory; the source context is overwritten with what
 *            the receiver sees
 *   former   ids that the sender had since its last reset, n of them: as good as its present one
 *   is_guest the sender is the guest of a device: it may leave out its id
 * Returns len, or the first error of chapter 70's table: nothing was delivered. */
int vmci_route_send(struct vmci_context *from, bool is_guest, uint8_t *dg, size_t len);

/* Put a datagram into the queue of a VM and tell it.
 *   is_hypervisor  the source is {0, 0}: the larger limit holds
 * Returns len, VMCI_ERROR_NO_RESOURCES (full) or VMCI_ERROR_NO_MEM. */
int vmci_route_enqueue(struct vmci_context *to, const uint8_t *dg, size_t len, bool is_hypervisor);

/* May a guest use this source context? Its own id, one it had since the last reset, or
 * VMCI_INVALID_ID. */
bool vmci_route_is_own_source(const struct vmci_context *from, uint32_t cid);

#endif
