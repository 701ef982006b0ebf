/* SPDX-License-Identifier: BSD-2-Clause */
/* peer_pairs.h - the conformance peer's ends of queue pairs, each under a name of the vector. */
#ifndef CONFORMANCE_PEER_PAIRS_H
#define CONFORMANCE_PEER_PAIRS_H

#include <vmci/hub.h>
#include "peer.h"

#define PEER_PAIRS 8u

struct peer_actor;

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

/* Whether `op` is about a queue pair: PEER_HOST_ALLOC .. PEER_HOST_ROOM, MAP, UNMAP, QPSTATE. */
bool peer_pair_knows(uint32_t op);
/* Carry one of these out; rq has all PEER_ARGS arguments. rp->rc is a VMCI result, or
 * PEER_RC_BAD_REQUEST: no such name. */
void peer_pair_execute(struct peer_actor *p, const struct peer_request *rq, struct peer_reply *rp);
/* Leave every pair and free the memory that was given. */
void peer_pairs_drop(struct peer_actor *p);

#endif
