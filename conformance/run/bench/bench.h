/* SPDX-License-Identifier: BSD-2-Clause */
/* bench.h - what is measured, and how the measuring parts fit together.
 *
 * A subject moves messages of one size through something: our ring, a ring of somebody else, a
 * socket, or plain memory. All subjects of a size are measured in turn, round after round; the
 * median of the rounds counts. In one thread a round is many short bursts, of which the quickest
 * counts: others use the machine too. What crosses processor cores is bracketed by a ping-pong of
 * one cache line, because virtual cores move: a round in which the ping-pong changed is done again.
 */
#ifndef CONFORM_BENCH_H
#define CONFORM_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define BENCH_SIZES  7
#define BENCH_QUEUE  262144u /* bytes */
#define BENCH_ROUNDS 7

extern const size_t bench_sizes[BENCH_SIZES];

struct subject {
	const char *name;
	/* NULL: not built in, or no such size. */
	void *(*open)(size_t message);
	void (*close)(void *s);
	/* Put one, take one, n times, in this thread. */
	void (*put_take)(void *s, uint64_t n);
	/* The two ends, each in a thread of its own; NULL: one thread only. */
	void (*produce)(void *s, uint64_t n);
	void (*consume)(void *s, uint64_t n);
};

/* Ours first, then the others; ended by a subject without a name. */
extern const struct subject bench_ours[];
extern const struct subject bench_others[];
#ifdef BENCH_BOOST
extern const struct subject bench_boost;
#endif

/* Nanoseconds for each message, 0: not measured. */
struct curve {
	const char *name;
	bool is_ours;
	double ns[BENCH_SIZES];
};
#define BENCH_CURVES 12

/* What bench_sockets measures, in this order; the last four with 64 bytes only. */
enum {
	SOCKET_UP, /* guest to host */
	SOCKET_DOWN,
	SOCKET_UNIX,
	SOCKET_TRIPS,
	SOCKET_UNIX_TRIPS,
	SOCKET_CONNECTS,
	SOCKET_UNIX_CONNECTS,
	BENCH_SOCKETS
};

struct outcome {
	struct curve one[BENCH_CURVES], two[BENCH_CURVES];
	size_t none, ntwo;
	double ping_pong_ns;		/* round trip of a cache line, median */
	unsigned steady, unsteady;	/* rounds across cores */
	double ceiling_ns[BENCH_SIZES]; /* copying what the other core has just written */
	double latency_ns[3];		/* one way, 16, 64 and 256 bytes */
	double many_ns, few_ns;		/* 64 bytes in turn over 10 000 and over 100 pairs */
	double socket_ns[BENCH_SOCKETS][BENCH_SIZES];
	double call_ns[2], send_ns[2], receive_ns[2]; /* ports, DMA: guest and device in process */
};

double bench_now(void); /* ns */
double bench_median(double *values, size_t n);
/* Nanoseconds for each of n runs of fn(arg, count), in bursts. */
double bench_bursts(void (*fn)(void *arg, uint64_t count), void *arg, uint64_t n);
/* One turn of a waiting loop; gives the processor away after many. */
void bench_wait(unsigned *turns);

void bench_one_thread(struct outcome *o);		   /* threads.c */
void bench_two_threads(struct outcome *o);		   /* threads.c */
void bench_many(struct outcome *o);			   /* many.c */
int bench_device(struct outcome *o);			   /* device.c; 0 or -1 */
int bench_sockets(struct outcome *o);			   /* sockets.c; 0 or -1 */
void bench_print(const struct outcome *o);		   /* print.c */
int bench_plot(const struct outcome *o, const char *path); /* plot.c; 0 or -1 */

#endif
