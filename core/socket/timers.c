/* SPDX-License-Identifier: BSD-2-Clause */
/* Timers of sockets: a binary heap. Its memory is found when a socket is made, so that starting a
 * timer never fails. */
#include "sock.h"

static void place(struct vmci_sockets *s, uint32_t i, struct sock *sk)
{
	s->heap[i] = sk;
	sk->timer = i + 1;
}

static void sift_up(struct vmci_sockets *s, uint32_t i, struct sock *sk)
{
	while (i && s->heap[(i - 1) / 2]->due_us > sk->due_us) {
		place(s, i, s->heap[(i - 1) / 2]);
		i = (i - 1) / 2;
	}
	place(s, i, sk);
}

static void sift_down(struct vmci_sockets *s, uint32_t i, struct sock *sk)
{
	for (;;) {
		uint32_t child = 2 * i + 1;

		if (child >= s->timers)
			break;
		if (child + 1 < s->timers && s->heap[child + 1]->due_us < s->heap[child]->due_us)
			child++;
		if (s->heap[child]->due_us >= sk->due_us)
			break;
		place(s, i, s->heap[child]);
		i = child;
	}
	place(s, i, sk);
}

int timers_reserve(struct vmci_sockets *s, uint32_t count)
{
	uint32_t size = s->heap_size ? s->heap_size : 16;
	struct sock **heap;

	if (count <= s->heap_size)
		return 0;
	while (size < count)
		size *= 2;
	heap = sock_alloc(s, size * sizeof(*heap));
	if (!heap)
		return VMCI_LOCAL_NO_MEMORY;
	if (s->timers)
		memcpy(heap, s->heap, s->timers * sizeof(*heap));
	timers_free(s);
	s->heap = heap;
	s->heap_size = size;
	return 0;
}

void timers_free(struct vmci_sockets *s)
{
	sock_release(s, s->heap, s->heap_size * sizeof(*s->heap));
	s->heap = NULL;
	s->heap_size = 0;
}

void timer_start(struct sock *sk, uint64_t delay_us)
{
	struct vmci_sockets *s = sk->s;
	uint64_t now = sock_now(s);

	timer_stop(sk);
	/* A time-out of years does not wrap. */
	sk->due_us = delay_us > UINT64_MAX - now ? UINT64_MAX : now + delay_us;
	sift_up(s, s->timers++, sk);
}

void timer_stop(struct sock *sk)
{
	struct vmci_sockets *s = sk->s;
	uint32_t i = sk->timer;
	struct sock *last;

	if (!i)
		return;
	sk->timer = 0;
	last = s->heap[--s->timers];
	if (last == sk)
		return;
	i--;
	if (i && s->heap[(i - 1) / 2]->due_us > last->due_us)
		sift_up(s, i, last);
	else
		sift_down(s, i, last);
}

struct sock *timers_take_due(struct vmci_sockets *s, uint64_t now_us)
{
	struct sock *sk = s->timers ? s->heap[0] : NULL;

	if (!sk || sk->due_us > now_us)
		return NULL;
	timer_stop(sk);
	return sk;
}
