/* SPDX-License-Identifier: BSD-2-Clause */
/* Who tells whom to look into a queue again. Spec: chapter 84.
 *
 * With the queue state protocol a writer says WROTE when the queue had been empty, and a reader
 * says READ when the queue had been full and enough of it was taken. With the legacy one each
 * side asks to be told. */
#include "sock.h"

#include <vmci/order.h>

#define PAGE 4096u

static uint64_t capacity(const struct sock *sk)
{
	return sk->queue - 1;
}

/* Bytes free in the queue that the peer produces into. */
static uint64_t free_to_peer(struct sock *sk)
{
	int64_t ready = sk->s->t->ready(sk->s->t->ctx, sk->pair);

	return ready < 0 || (uint64_t)ready > capacity(sk) ? 0 : capacity(sk) - (uint64_t)ready;
}

/* Bytes in the queue that this side produces into. */
static uint64_t left_for_peer(struct sock *sk)
{
	int64_t room = sk->s->t->room(sk->s->t->ctx, sk->pair);

	return room < 0 || (uint64_t)room > capacity(sk) ? 0 : capacity(sk) - (uint64_t)room;
}

void notify_begin(struct sock *sk, uint16_t proto)
{
	struct sock_notify *n = &sk->notify;

	memset(n, 0, sizeof(*n));
	n->proto = proto;
	n->window = sk->queue;
	n->min = sk->queue < PAGE ? sk->queue : PAGE;
}

/* A reader that waits for many bytes must not keep the writer asleep. */
static uint64_t least_window(const struct sock *sk)
{
	uint64_t need = sk->low_water > 1 ? sk->low_water + 1 : 0;

	return need > sk->notify.min ? need : sk->notify.min;
}

/* The slower the reader, the later it says READ: a writer then moves more at once. */
static void consider_read(struct sock *sk)
{
	struct sock_notify *n = &sk->notify;

	if (!n->peer_waits_to_write)
		return;
	if (!n->is_window_cut) {
		n->is_window_cut = true;
		n->window = n->window > PAGE ? n->window - PAGE : 0;
		if (n->window < least_window(sk))
			n->window = least_window(sk);
		if (n->window > sk->queue)
			n->window = sk->queue;
	}
	if (free_to_peer(sk) <= sk->queue - n->window && !VMCI_FAULT("socket.read-early"))
		return;
	n->peer_waits_to_write = false;
	n->is_window_cut = false;
	if (!VMCI_FAULT("socket.read-never"))
		sk->owed |= OWE_READ;
}

void notify_put(struct sock *sk, uint64_t n)
{
	uint64_t left;

	sk->notify.put += n;
	/* The tail first, then the look at the head; the peer does it the other way round. */
	vmci_full_barrier();
	left = left_for_peer(sk);
	/* A Linux reader that has drained the queue before an answer to its WAITING_READ came
	 * asks no more, so under the legacy protocol it is told each time. */
	if (sk->notify.proto == 0 && !VMCI_FAULT("socket.legacy-frugal"))
		sk->owed |= OWE_WROTE;
	else if ((left && left <= n) || VMCI_FAULT("socket.wrote-always"))
		sk->owed |= OWE_WROTE;
	else if (left && sk->notify.proto == VMCI_NOTIFY_QUEUE_STATE)
		owed_watch_reader(sk);
	if (VMCI_FAULT("socket.wrote-never"))
		sk->owed &= ~OWE_WROTE;
}

uint64_t notify_seen_by_peer(struct sock *sk)
{
	return sk->notify.put - left_for_peer(sk);
}

void notify_taken(struct sock *sk, uint64_t n)
{
	sk->notify.taken += n;
	vmci_full_barrier();
	if (sk->notify.proto == VMCI_NOTIFY_QUEUE_STATE &&
	    (free_to_peer(sk) <= n || VMCI_FAULT("socket.read-always")))
		sk->notify.peer_waits_to_write = true;
	consider_read(sk);
}

void notify_starved(struct sock *sk)
{
	struct sock_notify *n = &sk->notify;

	if (n->proto == VMCI_NOTIFY_QUEUE_STATE) {
		n->window = sk->queue - n->window < PAGE ? sk->queue : n->window + PAGE;
		return;
	}
	if ((n->said_waiting_read && !VMCI_FAULT("socket.waiting-repeated")) ||
	    VMCI_FAULT("socket.waits-silently"))
		return;
	n->said_waiting_read = true;
	sk->owed |= OWE_WAITING_READ;
}

void notify_stuffed(struct sock *sk)
{
	struct sock_notify *n = &sk->notify;

	if (n->proto == VMCI_NOTIFY_QUEUE_STATE || n->said_waiting_write ||
	    VMCI_FAULT("socket.waits-silently"))
		return;
	n->said_waiting_write = true;
	sk->owed |= OWE_WAITING_WRITE;
}

void notify_packet(struct sock *sk, const struct packet *p)
{
	struct sock_notify *n = &sk->notify;
	bool is_legacy = n->proto == 0 || VMCI_FAULT("socket.waiting-answered");

	switch (p->type) {
	case VMCI_STREAM_WROTE:
		n->said_waiting_read = false;
		break;
	case VMCI_STREAM_READ:
		n->said_waiting_write = false;
		break;
	case VMCI_STREAM_WAITING_READ:
		if (is_legacy && left_for_peer(sk) && !VMCI_FAULT("socket.waiting-ignored"))
			sk->owed |= OWE_WROTE;
		return;
	case VMCI_STREAM_WAITING_WRITE:
		if (!is_legacy || VMCI_FAULT("socket.waiting-ignored"))
			return;
		n->peer_waits_to_write = true;
		consider_read(sk);
		return;
	default:
		return;
	}
	if (VMCI_FAULT("socket.notice-answered"))
		sk->owed |= p->type == VMCI_STREAM_WROTE ? OWE_READ : OWE_WROTE;
	sock_wake(sk);
}

/* Both count bytes behind the own index; how often a queue was passed through is the generation. A
 * writer counts from the generation before. */
void notify_position(const struct sock *sk, bool to_read, uint64_t *generation, uint64_t *offset)
{
	uint64_t moved = to_read ? sk->notify.taken : sk->notify.put;
	uint64_t at = moved % sk->queue, round = moved / sk->queue;
	uint64_t need = to_read ? 1 : 2;

	if (need >= sk->queue - at) {
		*offset = need - (sk->queue - at);
		*generation = to_read ? round + 1 : round;
	} else {
		*offset = at + need;
		*generation = to_read ? round : round - 1;
	}
}
