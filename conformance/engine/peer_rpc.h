/* SPDX-License-Identifier: BSD-2-Clause */
/* peer_rpc.h - GuestRPC of context 0 for vectors: the core's service, and requests that show what
 * they are about.
 *
 *   who        answers "privileged" or "anybody"
 *   echo TEXT  answers TEXT
 * Everything else is refused with "Unknown command".
 */
#ifndef CONFORMANCE_PEER_RPC_H
#define CONFORMANCE_PEER_RPC_H

#include "peer_actor.h"

struct peer_rpc;

/* What vectors make of the service. */
enum peer_rpc_mode {
	PEER_RPC_OFF,	  /* none: nobody is at context 0 */
	PEER_RPC_ON,	  /* it serves */
	PEER_RPC_REFUSING /* it is there and switched off */
};

/* Replace *r (may be NULL) by a service in that mode. Returns 0, VMCI_ERROR_INVALID_ARGS (no such
 * mode), VMCI_ERROR_ALREADY_EXISTS (context 0 has sockets of somebody else) or
 * VMCI_ERROR_NO_MEM: none is there then. */
int64_t peer_rpc_set(struct peer_rpc **r, const struct peer_world *world, uint64_t mode);

/* Let it work. r may be NULL. Returns microseconds until it has to be called again in any case,
 * UINT64_MAX: never. */
uint64_t peer_rpc_pump(struct peer_rpc *r);

/* Ask the guest over the youngest reverse channel. Returns 0, VMCI_ERROR_NOT_FOUND (there is none),
 * VMCI_ERROR_WOULD_BLOCK (the last question is not answered) or VMCI_ERROR_INVALID_ARGS. */
int64_t peer_rpc_ask(struct peer_rpc *r, const uint8_t *text, size_t len);
/* What the guest said last over a reverse channel and nobody has heard: its answer, or "PING".
 * rp->rc is its size or VMCI_ERROR_NO_MORE_DATAGRAMS. */
void peer_rpc_heard(struct peer_rpc *r, struct peer_reply *rp);

#endif
