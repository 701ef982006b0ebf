/* SPDX-License-Identifier: BSD-2-Clause */
/* Connections: packets that come, and the end. Spec: chapter 84. */
#include "sock.h"

/* ---- packets that come ------------------------------------------------------------------ */

void stream_ended(struct sock *sk)
{
	/* The peer may connect again from the same port while this one is still being read. */
	connection_remove(sk);
	sk->has_ended = true;
	sk->peer_shut = SHUT_BOTH;
	sk->owed = 0;
	sk->owed_shutdown = 0;
	sk->is_held = false;
	sk->is_stuck = false;
	sk->watches_room = false;
	sk->watches_reader = false;
	timer_stop(sk);
	sock_wake(sk);
}

static void shut_down(struct sock *sk, const struct packet *p)
{
	unsigned mode = (unsigned)p->value & SHUT_BOTH;

	if (!mode && VMCI_FAULT("socket.shutdown-zero"))
		mode = SHUT_BOTH;
	if (!mode || VMCI_FAULT("socket.shutdown-ignored"))
		return;
	if (VMCI_FAULT("socket.shutdown-modes-mixed") && mode != SHUT_BOTH)
		mode ^= SHUT_BOTH;
	if (VMCI_FAULT("socket.half-close-is-whole"))
		mode = SHUT_BOTH;
	sk->peer_shut |= mode;
	sock_wake(sk);
}

void stream_packet(struct sock *sk, const struct packet *p)
{
	/* What comes from the peer shows that it has seen ATTACH. */
	if (sk->is_held)
		owed_release(sk);
	switch (p->type) {
	case VMCI_STREAM_SHUTDOWN:
		shut_down(sk, p);
		break;
	case VMCI_STREAM_RST:
		if (VMCI_FAULT("socket.rst-is-error"))
			sk->error = VMCI_ECONNRESET;
		stream_ended(sk);
		break;
	case VMCI_STREAM_WROTE:
	case VMCI_STREAM_READ:
	case VMCI_STREAM_WAITING_READ:
	case VMCI_STREAM_WAITING_WRITE:
		notify_packet(sk, p);
		owed_flush(sk);
		break;
	default:
		if (VMCI_FAULT("socket.stray-answered"))
			packet_reset(sk->s, p);
		break;
	}
}

void stream_detached(struct sock *sk)
{
	const struct vmci_transport *t = sk->s->t;

	if (!sk->pair)
		return;
	switch (sk->state) {
	case SOCK_REQUESTED:
	case SOCK_OFFERED:
		handshake_fail(sk, VMCI_ECONNRESET);
		return;
	case SOCK_LINGERING:
		sock_free(sk);
		return;
	default:
		break;
	}
	/* What the peer wrote stays readable where the memory is ours; it was saved where not. */
	if (t->ready(t->ctx, sk->pair) <= 0)
		pair_close(sk);
	stream_ended(sk);
}

/* ---- the user's end --------------------------------------------------------------------- */

void stream_close(struct sock *sk)
{
	if (sk->state == SOCK_CONNECTED && sk->pair && !sk->has_ended &&
	    (sk->s->t->announces_close || VMCI_FAULT("socket.guest-close-speaks")) &&
	    !sk->s->is_ending && !VMCI_FAULT("socket.close-detaches")) {
		sk->state = SOCK_LINGERING;
		port_release(sk);
		sk->watches_reader = false;
		sk->owed = 0;
		sk->owed_shutdown = VMCI_FAULT("socket.close-silent") ? 0 : SHUT_BOTH;
		sock_forget_number(sk);
		if (VMCI_FAULT("socket.close-resets"))
			(void)packet_of(sk, VMCI_STREAM_RST, 0, 0);
		owed_flush(sk);
		return;
	}
	sock_free(sk);
}
