/* SPDX-License-Identifier: BSD-2-Clause */
/* peer_contexts.h - contexts that the conformance peer makes (bare VMs), watches and looks into.
 *
 * `a` are the arguments that peer.h gives for the operation, the acting context first.
 */
#ifndef CONFORMANCE_PEER_CONTEXTS_H
#define CONFORMANCE_PEER_CONTEXTS_H

#include <vmci/hub.h>
#include "peer.h"

struct peer_actor;

/* PEER_HOST_CONTEXT: make a context. Returns its id, or VMCI_ERROR_NO_RESOURCES (too many),
 * VMCI_ERROR_NO_MEM or the hub's error. */
int64_t peer_context_make(struct peer_actor *p, const uint64_t *a);
/* PEER_HOST_REMOVE: destroy one that was made so, whoever acted then. Returns 0 or
 * VMCI_ERROR_NOT_FOUND. */
int64_t peer_context_remove(struct peer_actor *p, const uint64_t *a);

/* PEER_HOST_WATCH and PEER_HOST_UNWATCH: ctx is told when context a[1] goes, or no more. Return the
 * hub's result, or VMCI_ERROR_NO_RESOURCES: too many, nothing is watched. */
int64_t peer_context_watch(struct peer_actor *p, struct vmci_context *ctx, const uint64_t *a);
int64_t peer_context_unwatch(struct peer_actor *p, struct vmci_context *ctx, const uint64_t *a);

/* PEER_HOST_TAKE: the next datagram of a VM that is not a device's, if it fits into `size` bytes.
 * rp->rc is the hub's result: its size, 0, or an error. */
void peer_context_take(struct vmci_context *ctx, uint64_t size, struct peer_reply *rp);
/* PEER_HOST_RINGS: take the rings that wait in ctx. Returns their number, at most 4096, or
 * VMCI_ERROR_NO_MEM. */
int64_t peer_context_rings(struct peer_actor *p, struct vmci_context *ctx);

#endif
