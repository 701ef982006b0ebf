/* SPDX-License-Identifier: BSD-2-Clause */
/* peer_events.h - what events the conformance peer's contexts got. */
#ifndef CONFORMANCE_PEER_EVENTS_H
#define CONFORMANCE_PEER_EVENTS_H

#include <vmci/hub.h>
#include "peer.h"

struct peer_actor;

/* Keep events of the host and of the hypervisor from now on. Returns 0, or -1: no memory; then too
 * peer_events_unsubscribe() ends it. */
int peer_events_subscribe(struct peer_actor *p);
/* PEER_HOST_EVENT: the oldest event of ctx. rp->rc is the size of its payload,
 * VMCI_ERROR_NO_MORE_DATAGRAMS, or with a VM the result of taking its next datagram. */
void peer_event_take(struct peer_actor *p, struct vmci_context *ctx, struct peer_reply *rp);
/* Forget those that nobody took. */
void peer_events_clear(struct peer_actor *p);
void peer_events_unsubscribe(struct peer_actor *p);

#endif
