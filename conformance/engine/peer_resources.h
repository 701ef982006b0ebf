/* SPDX-License-Identifier: BSD-2-Clause */
/* peer_resources.h - the conformance peer's resources: endpoints of datagrams, and doorbells.
 *
 * `a` are the arguments that peer.h gives for the operation, the acting context first, all
 * PEER_ARGS of them. What a handler is told is kept until it is asked for.
 */
#ifndef CONFORMANCE_PEER_RESOURCES_H
#define CONFORMANCE_PEER_RESOURCES_H

#include <vmci/hub.h>
#include "peer.h"

struct peer_actor;

/* PEER_HOST_ENDPOINT and PEER_HOST_DOORBELL, made as ctx. Return 0, the resource where a[1] left
 * the choice (VMCI_INVALID_ID), or a VMCI error: VMCI_ERROR_NO_RESOURCES when there are too many,
 * VMCI_ERROR_NO_MEM, or the hub's. A doorbell of a VM has no handler: its rings wait in the
 * context. */
int64_t peer_endpoint_open(struct peer_actor *p, struct vmci_context *ctx, const uint64_t *a);
int64_t peer_doorbell_open(struct peer_actor *p, struct vmci_context *ctx, const uint64_t *a);

/* PEER_HOST_REFUSE: from now on the endpoint's handler answers a[2], 0: it accepts. */
int64_t peer_endpoint_refuse(struct peer_actor *p, const uint64_t *a);
/* PEER_HOST_RECV, after the hub has delivered what waits. rp gets the oldest datagram. */
void peer_endpoint_receive(struct peer_actor *p, const uint64_t *a, struct peer_reply *rp);
/* PEER_HOST_RUNG: how often since the last look. */
int64_t peer_doorbell_rung(struct peer_actor *p, const uint64_t *a);

/* PEER_HOST_CLOSE and PEER_HOST_UNDOORBELL. These and the three above give VMCI_ERROR_NOT_FOUND for
 * a resource that the acting context did not make. */
int64_t peer_endpoint_close(struct peer_actor *p, const uint64_t *a);
int64_t peer_doorbell_close(struct peer_actor *p, const uint64_t *a);

#endif
