/* SPDX-License-Identifier: BSD-2-Clause */
/* agent_resources.h - endpoints, subscriptions and doorbells that the agent's guest was asked for,
 * and what their handlers were told until somebody asks.
 *
 * All need a probed guest. Unless said otherwise they return 0 or the guest role's error, and
 * PEER_RC_BAD_REQUEST when there are as many as struct agent has room for.
 */
#ifndef CONFORMANCE_AGENT_RESOURCES_H
#define CONFORMANCE_AGENT_RESOURCES_H

#include "agent.h"

/* Put bytes into a reply, or make it PEER_RC_BAD_REQUEST when its buffer is too small. */
void agent_give(struct peer_reply *rp, const uint8_t *bytes, uint32_t len);

/* PEER_ASK_ENDPOINT: returns the resource. */
int64_t agent_endpoint_open(struct agent *a, uint32_t resource, uint32_t flags);
int64_t agent_endpoint_close(struct agent *a, uint32_t resource);
/* PEER_ASK_RECV: rp gets the oldest datagram for the resource, rc its size or
 * VMCI_ERROR_NO_MORE_DATAGRAMS. */
void agent_endpoint_receive(struct agent *a, uint32_t resource, struct peer_reply *rp);

/* PEER_ASK_SUBSCRIBE: returns the id. */
int64_t agent_subscribe(struct agent *a, uint32_t event);
/* PEER_ASK_EVENTS and PEER_ASK_EVENT, by `op`: rp->rc is how often since the last look, or rp gets
 * the youngest payload; VMCI_ERROR_NOT_FOUND without such a subscription. */
void agent_events(struct agent *a, uint32_t op, uint32_t id, struct peer_reply *rp);

/* PEER_ASK_DOORBELL: returns the resource. */
int64_t agent_doorbell_open(struct agent *a, struct vmci_handle h, uint32_t flags, uint32_t priv);
int64_t agent_doorbell_close(struct agent *a, struct vmci_handle h);
/* PEER_ASK_FIRED: how often since the last look, or VMCI_ERROR_NOT_FOUND. */
int64_t agent_doorbell_fired(struct agent *a, struct vmci_handle h);

/* Forget all of it; the guest is gone or new. */
void agent_resources_forget(struct agent *a);

#endif
