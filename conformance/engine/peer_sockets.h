/* SPDX-License-Identifier: BSD-2-Clause */
/* peer_sockets.h - the conformance peer's sockets: those of the host and those of the hypervisor.
 * Their clock is the vector's, so that timers run when it says. */
#ifndef CONFORMANCE_PEER_SOCKETS_H
#define CONFORMANCE_PEER_SOCKETS_H

#include "peer.h"

struct peer_actor;

/* With p->world set: give both actors memory and, where the peer has a clock, theirs. */
void peer_sockets_init(struct peer_actor *p);
/* Carry out PEER_SOCKET_*; rq has all PEER_ARGS arguments. rp->rc as in socket_actor.h;
 * PEER_RC_UNSUPPORTED also for any other context. */
void peer_sockets_execute(struct peer_actor *p, const struct peer_request *rq,
			  struct peer_reply *rp);
/* Move the clock by so many microseconds, at most an hour. Timers run at the next pump. */
void peer_sockets_pass(struct peer_actor *p, uint64_t us);
void peer_sockets_pump(struct peer_actor *p);
/* Drop all sockets and both stacks. */
void peer_sockets_drop(struct peer_actor *p);

#endif
