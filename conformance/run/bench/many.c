/* SPDX-License-Identifier: BSD-2-Clause */
/* many.c - a few bytes through each of many queues in turn. */
#include <stdlib.h>
#include <string.h>
#include <vmci/ring.h>
#include "bench.h"

#define QUEUE  8192u
#define MOVES  20000u /* in a round: each queue twice, or more often */
#define ROUNDS 101

struct many {
	_Alignas(64) struct vmci_ring put;
	_Alignas(64) struct vmci_ring take;
	_Alignas(64) uint64_t a[3];
	_Alignas(64) uint64_t b[3];
};

static double in_turn(size_t npairs)
{
	struct many *m = aligned_alloc(64, npairs * sizeof(*m));
	uint8_t *memory = aligned_alloc(4096, npairs * QUEUE), in[64] = { 1 }, out[64];
	double ns[ROUNDS];

	memset(m, 0, npairs * sizeof(*m));
	memset(memory, 1, npairs * QUEUE);
	for (size_t i = 0; i < npairs; i++) {
		struct vmci_ring_memory at_a = {
			m[i].a, m[i].b, NULL, memory + i * QUEUE, QUEUE, 12
		};
		struct vmci_ring_memory at_b = {
			m[i].b, m[i].a, NULL, memory + i * QUEUE, QUEUE, 12
		};

		if (vmci_ring_init(&m[i].put, VMCI_RING_PRODUCER, &at_a) ||
		    vmci_ring_init(&m[i].take, VMCI_RING_CONSUMER, &at_b))
			abort();
	}
	for (size_t r = 0, i = 0; r < ROUNDS; r++) {
		double start = bench_now();

		for (size_t k = 0; k < MOVES; k++) {
			size_t ahead = i + 4 < npairs ? i + 4 : i + 4 - npairs;

			__builtin_prefetch(&m[ahead].put);
			__builtin_prefetch(&m[ahead].take);
			__builtin_prefetch(&m[ahead].a);
			__builtin_prefetch(&m[ahead].b);
			if (vmci_ring_enqueue(&m[i].put, in, sizeof(in)) != sizeof(in) ||
			    vmci_ring_dequeue(&m[i].take, out, sizeof(out)) != sizeof(out))
				abort();
			i = i + 1 < npairs ? i + 1 : 0;
		}
		ns[r] = (bench_now() - start) / MOVES;
	}
	free(memory);
	free(m);
	return bench_median(ns, ROUNDS);
}

void bench_many(struct outcome *o)
{
	o->few_ns = in_turn(100);
	o->many_ns = in_turn(10000);
}
