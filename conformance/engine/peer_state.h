/* SPDX-License-Identifier: BSD-2-Clause */
/* peer_state.h - inside of the conformance peer: all that one peer holds. Its parts (objects,
 * resources, contexts, events, pairs, sockets, device) each change their own fields. */
#ifndef CONFORMANCE_PEER_STATE_H
#define CONFORMANCE_PEER_STATE_H

#include "peer_actor.h"
#include "peer_inbox.h"
#include "peer_objects.h"
#include "peer_pairs.h"
#include "peer_rpc.h"
#include "socket_actor.h"

struct peer_actor {
	struct peer_world world;
	struct vmci_device_config config; /* in force */
	struct peer_object *objects;	  /* newest first */
	uint32_t counts[OBJECT_KINDS];
	struct peer_inbox host_events, hypervisor_events;
	int64_t host_subscription, hypervisor_subscription;
	struct peer_pair pairs[PEER_PAIRS];
	uint64_t pair_memory; /* bytes given */
	uint64_t memory_limit;
	bool is_quiesced;
	struct peer_rpc *rpc; /* NULL: none */
	struct socket_actor host_sockets, hypervisor_sockets;
	uint64_t passed_us; /* their clock: what PEER_SYNC said */
};

#endif
