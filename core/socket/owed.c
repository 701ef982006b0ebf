/* SPDX-License-Identifier: BSD-2-Clause */
/* Packets that a connection owes its peer: now, when there is room for them, or when the silence
 * behind ATTACH is over. Spec: chapters 84 and 85. */
#include "sock.h"

/* The first wait for a peer that does not fetch, and the longest. */
#define BACKOFF_US     500u
#define BACKOFF_MAX_US 64000u

/* Long enough to cost nothing, and short enough for who waits. */
#define REMIND_US 200000u

/* The peer's queue of datagrams is full; that passes. */
static bool is_passing(int rc)
{
	return rc == VMCI_ERROR_NO_RESOURCES || rc == VMCI_ERROR_NO_MEM ||
	       rc == VMCI_LOCAL_NO_MEMORY;
}

static int send_notice(struct sock *sk, unsigned what)
{
	uint64_t generation = 0, offset = 0;
	bool to_read = what == OWE_WAITING_READ;

	if (what == OWE_WROTE)
		return packet_of(sk, VMCI_STREAM_WROTE, 0, 0);
	if (what == OWE_READ)
		return packet_of(sk, VMCI_STREAM_READ, 0, 0);
	notify_position(sk, to_read, &generation, &offset);
	return packet_send(sk->s, sk->remote, sk->local.port,
			   to_read ? VMCI_STREAM_WAITING_READ : VMCI_STREAM_WAITING_WRITE, 0,
			   generation, offset);
}

static unsigned spoiled_mode(unsigned mode)
{
	if (VMCI_FAULT("socket.shutdown-mode-swapped") && mode != SHUT_BOTH)
		return mode ^ SHUT_BOTH;
	if (VMCI_FAULT("socket.close-half") && mode == SHUT_BOTH)
		return VMCI_STREAM_SHUT_SEND;
	return mode;
}

/* Returns false: try again later. */
static bool send_owed(struct sock *sk)
{
	int rc;

	while (sk->owed) {
		unsigned what = sk->owed & -sk->owed;

		rc = send_notice(sk, what);
		if (is_passing(rc) && !VMCI_FAULT("socket.notice-lost"))
			return false;
		sk->owed &= ~what;
	}
	if (sk->owed_shutdown) {
		rc = packet_of(sk, VMCI_STREAM_SHUTDOWN, 0, spoiled_mode(sk->owed_shutdown));
		if (is_passing(rc))
			return false;
		sk->owed_shutdown = 0;
	}
	return true;
}

static void wait_longer(struct sock *sk)
{
	if (!sk->backoff_us)
		sk->backoff_us = BACKOFF_US;
	timer_start(sk, sk->backoff_us);
	sk->backoff_us = sk->backoff_us < BACKOFF_MAX_US ? sk->backoff_us * 2 : BACKOFF_MAX_US;
}

void owed_flush(struct sock *sk)
{
	if (sk->is_held || sk->is_stuck || !(sk->owed | sk->owed_shutdown))
		return;
	if (send_owed(sk)) {
		sk->backoff_us = BACKOFF_US;
		return;
	}
	sk->is_stuck = true;
	wait_longer(sk);
}

/* Linux says READ no more to a peer that has shut down receiving, although that one may still send:
 * the queue has to be looked at from time to time. */
void owed_watch_room(struct sock *sk)
{
	if (!(sk->shut & VMCI_STREAM_SHUT_RECEIVE) || sk->watches_room || sk->is_held)
		return;
	sk->watches_room = true;
	if (!sk->is_stuck)
		wait_longer(sk);
}

static void look_for_room(struct sock *sk)
{
	const struct vmci_transport *t = sk->s->t;

	if (!sk->watches_room || !sk->pair)
		return;
	if (t->room(t->ctx, sk->pair) != 0) {
		sk->watches_room = false;
		sk->backoff_us = BACKOFF_US;
		sock_wake(sk);
	} else if (!sk->timer) {
		wait_longer(sk);
	}
}

/* A timer that was for something else first. */
static void wait_for_reader(struct sock *sk)
{
	uint64_t now = sock_now(sk->s);

	if (sk->watches_reader && !sk->timer)
		timer_start(sk, sk->remind_us > now ? sk->remind_us - now : 0);
}

/* WROTE told of the first byte. A Linux program that waits in poll for more (SO_RCVLOWAT) was woken
 * by it in vain, and no byte behind it wakes it. */
void owed_watch_reader(struct sock *sk)
{
	if (sk->watches_reader || VMCI_FAULT("socket.reader-not-reminded"))
		return;
	sk->watches_reader = true;
	sk->notify.seen_by_peer = notify_seen_by_peer(sk);
	sk->remind_us = sock_now(sk->s) + REMIND_US;
	wait_for_reader(sk);
}

static void look_at_reader(struct sock *sk)
{
	uint64_t seen;

	if (!sk->watches_reader || sock_now(sk->s) < sk->remind_us)
		return;
	sk->watches_reader = false;
	seen = sk->pair ? notify_seen_by_peer(sk) : sk->notify.put;
	if (seen == sk->notify.put && !VMCI_FAULT("socket.reader-reminded-always"))
		return;
	/* It reads; what is there now may still be too little for it. */
	if (seen != sk->notify.seen_by_peer && !VMCI_FAULT("socket.reader-left-alone")) {
		owed_watch_reader(sk);
		return;
	}
	sk->owed |= OWE_WROTE;
	owed_flush(sk);
	if (VMCI_FAULT("socket.reader-reminded-twice"))
		owed_watch_reader(sk);
}

/* A Linux client handles packets in any order, and one that overtakes ATTACH ends its connect. */
void owed_hold(struct sock *sk)
{
	sk->backoff_us = BACKOFF_US;
	if (VMCI_FAULT("socket.attach-not-alone"))
		return;
	sk->is_held = true;
	sk->attached_us = sock_now(sk->s);
	/* A transport that cannot say what the peer has fetched stands beside a quick one. */
	sk->is_fetched = !sk->s->t->is_drained;
	timer_start(sk, sk->is_fetched ? VMCI_SOCKETS_ATTACH_ALONE_US : BACKOFF_US);
}

/* A peer that needed long to fetch ATTACH needs as long to come to it: one processor that reads run
 * after run through the port does not hand on what it has read. */
static uint64_t silence_us(const struct sock *sk)
{
	uint64_t took = sock_now(sk->s) - sk->attached_us;

	if (VMCI_FAULT("socket.attach-hurried") || took < VMCI_SOCKETS_ATTACH_ALONE_US)
		return VMCI_SOCKETS_ATTACH_ALONE_US;
	return took < VMCI_SOCKETS_ATTACH_ALONE_MAX_US ? took : VMCI_SOCKETS_ATTACH_ALONE_MAX_US;
}

void owed_release(struct sock *sk)
{
	sk->is_held = false;
	sk->backoff_us = BACKOFF_US;
	timer_stop(sk);
	owed_flush(sk);
	wait_for_reader(sk);
}

void owed_timer(struct sock *sk)
{
	if (!sk->is_held) {
		sk->is_stuck = false;
		owed_flush(sk);
		look_for_room(sk);
		look_at_reader(sk);
		wait_for_reader(sk);
	} else if (sk->is_fetched) {
		owed_release(sk);
	} else if (sk->s->t->is_drained(sk->s->t->ctx, sk->remote.cid)) {
		sk->is_fetched = true;
		timer_start(sk, silence_us(sk));
	} else {
		wait_longer(sk);
	}
}
