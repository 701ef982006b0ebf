/* SPDX-License-Identifier: BSD-2-Clause */
/* socket_actor.h - an actor's sockets: the requests PEER_SOCKET_* of peer.h on a stack of the core.
 *
 * The conformance peer has one of these for the host and one for the hypervisor, a guest under test
 * has one. The stack is made by the first request that needs one, so that a device whose socket
 * endpoint belongs to somebody else serves every other vector.
 */
#ifndef CONFORMANCE_SOCKET_ACTOR_H
#define CONFORMANCE_SOCKET_ACTOR_H

#include <vmci/socket.h>
#include "peer.h"

#define SOCKET_ACTOR_SOCKETS 8u /* names, 0..7 */

struct socket_actor {
	/* Set by the owner: memory and a clock; no lock, no `ready`. now_us NULL: no sockets here.
	 */
	struct vmci_socket_port port;
	struct vmci_transport *transport; /* set by the owner before a request, freed here */
	struct vmci_sockets *stack;	  /* NULL: not made yet */
	int fds[SOCKET_ACTOR_SOCKETS];	  /* number of the socket + 1; 0: none */
};

/* Whether this is an operation of sockets. */
bool socket_actor_knows(uint32_t op);

/* Carry one out.
 *   args  those of peer.h without the acting context, PEER_ARGS of them, missing ones 0
 * rp->rc is 0 or more, a negative VMCI_E*, PEER_RC_BAD_REQUEST, or PEER_RC_UNSUPPORTED: no stack
 * can be made here. transport must be set unless the stack exists. */
void socket_actor_execute(struct socket_actor *a, const struct peer_request *rq,
			  const uint64_t *args, struct peer_reply *rp);

/* Run the stack's timers, if there is one. */
void socket_actor_pump(struct socket_actor *a);

/* Drop all sockets, stack and transport. */
void socket_actor_drop(struct socket_actor *a);

#endif
