/* SPDX-License-Identifier: BSD-2-Clause */
/* peer_objects.h - inside of the conformance peer: what vectors made it create. */
#ifndef CONFORMANCE_PEER_OBJECTS_H
#define CONFORMANCE_PEER_OBJECTS_H

#include "peer_actor.h"
#include "peer_inbox.h"
#include "peer_rpc.h"
#include "socket_actor.h"

enum object_kind {
	OBJECT_ENDPOINT, /* value = resource */
	OBJECT_DOORBELL, /* value = resource */
	OBJECT_WATCH,	 /* value = context watched */
	OBJECT_CONTEXT,	 /* value = its id */
};

struct peer_object {
	struct peer_object *next;
	struct peer_actor *peer;
	enum object_kind kind;
	uint32_t as, value;
	struct peer_inbox inbox; /* of an endpoint */
	int32_t refuse;		 /* of an endpoint: its handler's result, 0 accepts */
	uint32_t rung;		 /* of a doorbell, since the last look */
};

#define PEER_PAIRS 8u

/* Memory that the peer gives to a pair of a bare VM. */
struct peer_pages {
	uint8_t *block; /* the caller's allocation */
	size_t size;
	void **list;
	size_t list_size;
	struct vmci_pair_memory memory;
};

/* One name of a vector. */
struct peer_pair {
	struct vmci_pair_end *end; /* NULL: not in use */
	uint32_t as;
	uint64_t produce, consume;
	struct peer_pages pages; /* block NULL: none */
};

struct peer_actor {
	struct peer_world world;
	struct vmci_device_config config; /* in force */
	struct peer_object *objects;	  /* newest first */
	uint32_t counts[OBJECT_CONTEXT + 1];
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

/* The context that acts, or NULL: no such. */
struct vmci_context *peer_context(struct peer_actor *p, uint64_t cid);

/* Remember an object. Returns it, or NULL: too many, or no memory. */
struct peer_object *peer_object_add(struct peer_actor *p, enum object_kind kind, uint32_t as,
				    uint32_t value);
struct peer_object *peer_object_find(struct peer_actor *p, enum object_kind kind, uint64_t as,
				     uint64_t value);
void peer_object_forget(struct peer_actor *p, struct peer_object *o);
/* Undo one in the hub and forget it. */
void peer_object_undo(struct peer_actor *p, struct peer_object *o);

/* PEER_HOST_ALLOC .. PEER_HOST_ROOM, MAP, UNMAP, QPSTATE. */
void peer_pair_execute(struct peer_actor *p, const struct peer_request *rq, struct peer_reply *rp);
void peer_pairs_drop(struct peer_actor *p);

#endif
