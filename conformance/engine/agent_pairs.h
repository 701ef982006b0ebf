/* SPDX-License-Identifier: BSD-2-Clause */
/* agent_pairs.h - queue pairs of the agent's guest, each under a name of the vector. */
#ifndef CONFORMANCE_AGENT_PAIRS_H
#define CONFORMANCE_AGENT_PAIRS_H

#include "agent.h"

/* PEER_ASK_ALLOC, with the arguments of peer.h. rp gets the header addresses, rc the guest role's
 * result or PEER_RC_BAD_REQUEST: no such name, or it is in use. */
void agent_pair_alloc(struct agent *a, const uint64_t *args, struct peer_reply *rp);

/* PEER_ASK_DETACH .. PEER_ASK_ROOM. rp->rc is the result of guest role or ring, or
 * VMCI_ERROR_NOT_FOUND: no pair has that name. */
void agent_pair_execute(struct agent *a, const struct peer_request *rq, const uint64_t *args,
			struct peer_reply *rp);

#endif
