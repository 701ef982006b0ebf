/* SPDX-License-Identifier: BSD-2-Clause */
/* agent.h - a guest under test that does what it is asked.
 *
 * Takes the requests PEER_ASK_* of peer.h and carries them out with the core's guest role, in
 * process and inside the EFI application alike. What handlers are told is kept here until it is
 * asked for. Someone who tests another driver writes an agent of the same shape on top of it.
 *
 * Its sockets (PEER_SOCKET_*) live on the guest; PEER_ASK_PUMP runs their timers too.
 *
 * Besides PEER_ASK_*: PEER_NOP and PEER_SYNC do nothing, PEER_INFO names the implementation,
 * PEER_RESET removes the guest and forgets everything, PEER_CONFIGURE tells the number of messages
 * (1: is_shared).
 *
 * PEER_ASK_INTERRUPT takes 0..2 for the handler of that message; 0 is the handler of the only
 * message or of the line when the function has no others, and so is AGENT_SHARED. Operations that
 * need a probed guest give VMCI_LOCAL_NO_DEVICE without one. A question about an endpoint,
 * subscription, doorbell or pair that does not exist gives VMCI_ERROR_NOT_FOUND.
 */
#ifndef CONFORMANCE_AGENT_H
#define CONFORMANCE_AGENT_H

#include <vmci/guest.h>
#include "peer.h"
#include "socket_actor.h"

#define AGENT_SHARED	    255u
#define AGENT_PAIRS	    8u
#define AGENT_ENDPOINTS	    64u
#define AGENT_SUBSCRIPTIONS 64u
#define AGENT_DOORBELLS	    4608u   /* all indexes of a page of 4096, and some that share */
#define AGENT_POOL	    786432u /* bytes of datagrams not asked for yet */

struct agent;

struct agent_endpoint {
	struct agent *agent;
	uint32_t resource;
	bool is_used;
};

struct agent_subscription {
	uint32_t id;
	uint32_t count; /* callbacks since the last look */
	uint8_t last[24];
	uint32_t last_len;
	bool is_used, has_last;
};

struct agent_doorbell {
	struct vmci_handle handle;
	uint32_t count; /* handler runs since the last look */
	bool is_used;
};

/* The caller's memory, large; zeroed, then agent_init(). */
struct agent {
	const struct vmci_guest_port *port;
	struct vmci_guest_options options;
	struct vmci_guest *guest; /* NULL before probe and after remove */
	bool is_shared; /* set by the surroundings or PEER_CONFIGURE: one message, or a line, for
			   all causes */
	bool has_quit;	/* PEER_ASK_QUIT came */
	struct vmci_guest_pair *pairs[AGENT_PAIRS];
	struct socket_actor sockets;
	struct agent_endpoint endpoints[AGENT_ENDPOINTS];
	struct agent_subscription subscriptions[AGENT_SUBSCRIPTIONS];
	struct agent_doorbell doorbells[AGENT_DOORBELLS];
	uint32_t pool_used, pool_lost; /* bytes; datagrams that did not fit */
	uint8_t pool[AGENT_POOL];
};

/* port is borrowed; options (the mode aside) are copied, NULL for defaults. */
void agent_init(struct agent *a, const struct vmci_guest_port *port,
		const struct vmci_guest_options *options);

/* Carry out one request. *rp gets rc and, where peer.h says so, a blob of at most blob_max bytes;
 * PEER_RC_BAD_REQUEST: it does not fit, or an argument is out of range; PEER_RC_UNSUPPORTED. */
void agent_execute(struct agent *a, const struct peer_request *rq, struct peer_reply *rp);

#endif
