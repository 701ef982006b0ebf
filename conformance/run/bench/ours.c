/* SPDX-License-Identifier: BSD-2-Clause */
/* ours.c - the ring of queue pairs as a subject, in the ways it can be used. */
#include <stdlib.h>
#include <string.h>
#include <vmci/ring.h>
#include "bench.h"

#define PAGE  4096u
#define PAGES (BENCH_QUEUE / PAGE)

/* Producer, consumer and the two headers: each on cache lines of its own. */
struct ours {
	_Alignas(128) struct vmci_ring put;
	_Alignas(128) struct vmci_ring take;
	_Alignas(128) uint64_t a[3];
	_Alignas(128) uint64_t b[3];
	void *pages[PAGES];
	uint8_t *memory, *in, *out;
	size_t message;
	bool is_batched;
};

static void *open_ring(size_t message, bool contiguous, bool batched)
{
	struct ours *s = aligned_alloc(128, sizeof(*s));
	struct vmci_ring_memory ma, mb;

	memset(s, 0, sizeof(*s));
	s->message = message;
	s->is_batched = batched;
	s->memory = aligned_alloc(PAGE, 2 * BENCH_QUEUE);
	s->in = aligned_alloc(PAGE, 65536);
	s->out = aligned_alloc(PAGE, 65536);
	memset(s->memory, 1, 2 * BENCH_QUEUE);
	memset(s->in, 2, 65536);
	memset(s->out, 3, 65536);
	/* Every other page, in an order that no prefetcher guesses. */
	for (size_t i = 0; i < PAGES; i++)
		s->pages[i] = s->memory + i * 37 % PAGES * 2 * PAGE;
	ma = (struct vmci_ring_memory){ s->a,	   s->b,	contiguous ? NULL : s->pages,
					s->memory, BENCH_QUEUE, 12 };
	mb = ma;
	mb.own_header = s->b;
	mb.peer_header = s->a;
	if (vmci_ring_init(&s->put, VMCI_RING_PRODUCER, &ma) ||
	    vmci_ring_init(&s->take, VMCI_RING_CONSUMER, &mb))
		abort();
	return s;
}

static void *open_scattered(size_t message)
{
	return open_ring(message, false, false);
}

static void *open_contiguous(size_t message)
{
	return open_ring(message, true, false);
}

static void *open_batched(size_t message)
{
	return message <= 1024 ? open_ring(message, false, true) : NULL;
}

static void *open_in_place(size_t message)
{
	return message >= 4096 ? open_ring(message, true, false) : NULL;
}

static void close_ring(void *arg)
{
	struct ours *s = arg;

	free(s->memory);
	free(s->in);
	free(s->out);
	free(s);
}

static void put_take(void *arg, uint64_t n)
{
	struct ours *s = arg;

	for (; n; n--)
		if (vmci_ring_enqueue(&s->put, s->in, s->message) != (int64_t)s->message ||
		    vmci_ring_dequeue(&s->take, s->out, s->message) != (int64_t)s->message)
			abort();
}

static void produce(void *arg, uint64_t n)
{
	struct ours *s = arg;
	unsigned turns = 0;

	if (s->is_batched)
		vmci_ring_begin(&s->put);
	while (n) {
		if (vmci_ring_put(&s->put, s->in, s->message) > 0) {
			n--;
			turns = 0;
		} else {
			bench_wait(&turns);
		}
	}
	vmci_ring_commit(&s->put);
}

static void relax(void *turns)
{
	bench_wait(turns);
}

static void consume(void *arg, uint64_t n)
{
	struct ours *s = arg;
	unsigned turns = 0;

	if (s->is_batched)
		vmci_ring_begin(&s->take);
	while (n) {
		if (vmci_ring_take(&s->take, s->out, s->message) > 0) {
			n--;
			turns = 0;
		} else {
			/* A few pauses after "empty" let the producer gather a batch. */
			vmci_ring_poll(&s->take, 1, 0, relax, &turns);
			for (int i = 0; i < 8; i++)
				bench_wait(&turns);
		}
	}
	vmci_ring_commit(&s->take);
}

/* Read the bytes where they lie; the sum stands for whatever the user does with them. */
static void consume_in_place(void *arg, uint64_t n)
{
	struct ours *s = arg;
	uint64_t left = n * s->message, sum = 0;
	unsigned turns = 0;

	while (left) {
		void *at;
		int64_t run = vmci_ring_span(&s->take, 0, &at);

		if (run <= 0) {
			bench_wait(&turns);
			continue;
		}
		for (int64_t i = 0; i + 8 <= run; i += 8) {
			uint64_t word;

			memcpy(&word, (uint8_t *)at + i, 8);
			sum += word;
		}
		vmci_ring_advance(&s->take, (uint64_t)run);
		left -= (uint64_t)run;
		turns = 0;
	}
	s->out[0] = (uint8_t)sum;
}

const struct subject bench_ours[] = {
	{ "ring, scattered pages", open_scattered, close_ring, put_take, produce, consume },
	{ "ring, contiguous", open_contiguous, close_ring, put_take, produce, consume },
	{ "ring, scattered, batched", open_batched, close_ring, NULL, produce, consume },
	{ "ring, read in place", open_in_place, close_ring, NULL, produce, consume_in_place },
	{ 0 }
};
