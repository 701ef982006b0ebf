/* SPDX-License-Identifier: BSD-2-Clause */
/* threads.c - one thread, two threads, and what two cores can do at best. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <vmci/ring.h>
#include "bench.h"

#define TURN_NS	      8e6  /* how long one measurement should take */
#define STEADY	      1.25 /* a ping-pong may differ by that within a round */
#define PATIENCE_NS   40e9 /* no round is done again after that */
#define PING_PONGS    4000u
#define CEILING_BLOCK (BENCH_QUEUE / 2)

static uint64_t messages_for(double ns)
{
	double n = TURN_NS / (ns > 1 ? ns : 1);

	return n < 16 ? 16 : n > 4e6 ? 4000000 : (uint64_t)n;
}

/* ---- lists of subjects ------------------------------------------------------------------ */

static size_t all_subjects(const struct subject **list, bool two)
{
	size_t n = 0;

	for (const struct subject *s = bench_ours; s->name; s++)
		if (two ? s->produce != NULL : s->put_take != NULL)
			list[n++] = s;
#ifdef BENCH_BOOST
	list[n++] = &bench_boost;
#endif
	for (const struct subject *s = bench_others; s->name; s++)
		if (two ? s->produce != NULL : s->put_take != NULL)
			list[n++] = s;
	return n;
}

static bool is_ours(const struct subject *s)
{
	for (const struct subject *o = bench_ours; o->name; o++)
		if (o == s)
			return true;
	return false;
}

/* ---- one thread ------------------------------------------------------------------------- */

static double time_put_take(const struct subject *s, void *state, uint64_t n)
{
	return bench_bursts(s->put_take, state, n);
}

void bench_one_thread(struct outcome *o)
{
	const struct subject *list[BENCH_CURVES];
	double ns[BENCH_CURVES][BENCH_ROUNDS];

	o->none = all_subjects(list, false);
	for (size_t k = 0; k < o->none; k++) {
		o->one[k].name = list[k]->name;
		o->one[k].is_ours = is_ours(list[k]);
	}
	for (size_t i = 0; i < BENCH_SIZES; i++) {
		void *state[BENCH_CURVES];
		uint64_t n[BENCH_CURVES];

		for (size_t k = 0; k < o->none; k++) {
			state[k] = list[k]->open(bench_sizes[i]);
			if (state[k])
				n[k] = messages_for(time_put_take(list[k], state[k], 2000));
		}
		for (size_t r = 0; r < BENCH_ROUNDS; r++)
			for (size_t k = 0; k < o->none; k++)
				if (state[k])
					ns[k][r] = time_put_take(list[k], state[k], n[k]);
		for (size_t k = 0; k < o->none; k++)
			if (state[k]) {
				o->one[k].ns[i] = bench_median(ns[k], BENCH_ROUNDS);
				list[k]->close(state[k]);
			}
	}
}

/* ---- two threads ------------------------------------------------------------------------ */

struct pair {
	const struct subject *subject;
	void *state;
	uint64_t n;
	atomic_uint started;
	double end;
};

static void meet(atomic_uint *started)
{
	unsigned turns = 0;

	atomic_fetch_add(started, 1);
	while (atomic_load(started) < 2)
		bench_wait(&turns);
}

static void *consumer(void *arg)
{
	struct pair *p = arg;

	meet(&p->started);
	p->subject->consume(p->state, p->n);
	p->end = bench_now();
	return NULL;
}

static double time_two(const struct subject *s, void *state, uint64_t n)
{
	struct pair p = { .subject = s, .state = state, .n = n };
	pthread_t thread;
	double start;

	if (pthread_create(&thread, NULL, consumer, &p))
		abort();
	meet(&p.started);
	start = bench_now();
	s->produce(state, n);
	pthread_join(thread, NULL);
	return (p.end - start) / (double)n;
}

/* A cache line thrown back and forth. */
struct ball {
	_Alignas(128) atomic_uint at;
	_Alignas(128) atomic_uint started;
};

static void *catch_ball(void *arg)
{
	struct ball *b = arg;

	meet(&b->started);
	for (unsigned i = 0; i < PING_PONGS; i++) {
		unsigned turns = 0;

		while (atomic_load_explicit(&b->at, memory_order_acquire) != 2 * i + 1)
			bench_wait(&turns);
		atomic_store_explicit(&b->at, 2 * i + 2, memory_order_release);
	}
	return NULL;
}

static double ping_pong(void)
{
	static struct ball b;
	pthread_t thread;
	double start;

	b.at = 0;
	b.started = 0;
	if (pthread_create(&thread, NULL, catch_ball, &b))
		abort();
	meet(&b.started);
	start = bench_now();
	for (unsigned i = 0; i < PING_PONGS; i++) {
		unsigned turns = 0;

		atomic_store_explicit(&b.at, 2 * i + 1, memory_order_release);
		while (atomic_load_explicit(&b.at, memory_order_acquire) != 2 * i + 2)
			bench_wait(&turns);
	}
	start = bench_now() - start;
	pthread_join(thread, NULL);
	return start / PING_PONGS;
}

/* ---- the ceiling: copy out what the other core has just written -------------------------- */

struct blocks {
	uint8_t *memory, *out;
	size_t message;
	unsigned n;
	_Alignas(128) atomic_uint written;
	_Alignas(128) atomic_uint started;
};

static void *write_blocks(void *arg)
{
	struct blocks *b = arg;

	meet(&b->started);
	for (unsigned i = 0; i < b->n; i++) {
		unsigned turns = 0;

		memset(b->memory, (int)i, CEILING_BLOCK);
		atomic_store(&b->written, 2 * i + 1);
		while (atomic_load(&b->written) != 2 * i + 2)
			bench_wait(&turns);
	}
	return NULL;
}

static double ceiling(size_t message)
{
	static struct blocks b;
	double sum = 0;
	pthread_t thread;

	b.memory = aligned_alloc(4096, CEILING_BLOCK);
	b.out = aligned_alloc(4096, 65536);
	b.message = message;
	b.n = 30;
	b.written = 0;
	b.started = 0;
	if (pthread_create(&thread, NULL, write_blocks, &b))
		abort();
	meet(&b.started);
	for (unsigned i = 0; i < b.n; i++) {
		unsigned turns = 0;
		double start;

		while (atomic_load(&b.written) != 2 * i + 1)
			bench_wait(&turns);
		start = bench_now();
		for (size_t at = 0; at < CEILING_BLOCK; at += message) {
			memcpy(b.out, b.memory + at, message);
			__asm__ volatile("" : : "r"(b.out) : "memory");
		}
		sum += bench_now() - start;
		atomic_store(&b.written, 2 * i + 2);
	}
	pthread_join(thread, NULL);
	free(b.memory);
	free(b.out);
	return sum / b.n / (double)(CEILING_BLOCK / message);
}

/* ---- latency: a message there and back over two rings ------------------------------------ */

struct table {
	struct vmci_ring put[2], take[2];
	_Alignas(128) uint64_t a[3];
	_Alignas(128) uint64_t b[3];
	_Alignas(128) uint8_t there[8192];
	_Alignas(128) uint8_t back[8192];
	size_t message;
	atomic_uint started;
};

static void pass(struct vmci_ring *take, struct vmci_ring *put, uint8_t *bytes, size_t len)
{
	unsigned turns = 0;

	while (vmci_ring_take(take, bytes, len) < 0)
		bench_wait(&turns);
	if (put)
		vmci_ring_put(put, bytes, len);
}

static void *return_service(void *arg)
{
	struct table *t = arg;
	uint8_t bytes[256];

	meet(&t->started);
	for (unsigned i = 0; i < PING_PONGS; i++)
		pass(&t->take[0], &t->put[1], bytes, t->message);
	return NULL;
}

static double latency(size_t message)
{
	static struct table t;
	struct vmci_ring_memory there = { t.a, t.b, NULL, t.there, sizeof(t.there), 12 };
	struct vmci_ring_memory there_b = { t.b, t.a, NULL, t.there, sizeof(t.there), 12 };
	struct vmci_ring_memory back = { t.b, t.a, NULL, t.back, sizeof(t.back), 12 };
	struct vmci_ring_memory back_a = { t.a, t.b, NULL, t.back, sizeof(t.back), 12 };
	uint8_t bytes[256] = { 0 };
	pthread_t thread;
	double start;

	memset(t.a, 0, sizeof(t.a));
	memset(t.b, 0, sizeof(t.b));
	t.message = message;
	t.started = 0;
	if (vmci_ring_init(&t.put[0], VMCI_RING_PRODUCER, &there) ||
	    vmci_ring_init(&t.take[0], VMCI_RING_CONSUMER, &there_b) ||
	    vmci_ring_init(&t.put[1], VMCI_RING_PRODUCER, &back) ||
	    vmci_ring_init(&t.take[1], VMCI_RING_CONSUMER, &back_a) ||
	    pthread_create(&thread, NULL, return_service, &t))
		abort();
	meet(&t.started);
	start = bench_now();
	for (unsigned i = 0; i < PING_PONGS; i++) {
		vmci_ring_put(&t.put[0], bytes, message);
		pass(&t.take[1], NULL, bytes, message);
	}
	start = bench_now() - start;
	pthread_join(thread, NULL);
	return start / PING_PONGS / 2;
}

/* ---- rounds ----------------------------------------------------------------------------- */

static bool is_steady(double a, double b)
{
	return a < b * STEADY && b < a * STEADY;
}

void bench_two_threads(struct outcome *o)
{
	const struct subject *list[BENCH_CURVES];
	double ns[BENCH_CURVES][BENCH_ROUNDS], top[BENCH_ROUNDS], pp[BENCH_SIZES * BENCH_ROUNDS];
	double one_way[3][BENCH_ROUNDS];
	double start = bench_now();
	size_t npp = 0;

	o->ntwo = all_subjects(list, true);
	for (size_t k = 0; k < o->ntwo; k++) {
		o->two[k].name = list[k]->name;
		o->two[k].is_ours = is_ours(list[k]);
	}
	for (size_t i = 0; i < BENCH_SIZES; i++) {
		void *state[BENCH_CURVES];
		uint64_t n[BENCH_CURVES];
		size_t r = 0;

		for (size_t k = 0; k < o->ntwo; k++) {
			state[k] = list[k]->open(bench_sizes[i]);
			if (state[k])
				n[k] = messages_for(time_two(list[k], state[k], 500));
		}
		while (r < BENCH_ROUNDS) {
			double before = ping_pong(), after;

			for (size_t k = 0; k < o->ntwo; k++)
				if (state[k])
					ns[k][r] = time_two(list[k], state[k], n[k]);
			top[r] = ceiling(bench_sizes[i]);
			for (int k = 0; k < 3 && i == 0; k++)
				one_way[k][r] = latency(bench_sizes[k]);
			after = ping_pong();
			if (is_steady(before, after)) {
				o->steady++;
			} else {
				o->unsteady++;
				if (bench_now() - start < PATIENCE_NS)
					continue;
			}
			pp[npp++] = (before + after) / 2;
			r++;
		}
		for (size_t k = 0; k < o->ntwo; k++)
			if (state[k]) {
				o->two[k].ns[i] = bench_median(ns[k], BENCH_ROUNDS);
				list[k]->close(state[k]);
			}
		o->ceiling_ns[i] = bench_median(top, BENCH_ROUNDS);
		for (int k = 0; k < 3 && i == 0; k++)
			o->latency_ns[k] = bench_median(one_way[k], BENCH_ROUNDS);
	}
	o->ping_pong_ns = bench_median(pp, npp);
}
