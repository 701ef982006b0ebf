/* SPDX-License-Identifier: BSD-2-Clause */
/* others.c - yardsticks: plain copies, a packaged ring of typed slots, a UNIX socket pair. */
#include <ck_ring.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "bench.h"

/* ---- memcpy into a buffer and out of it ------------------------------------------------- */

struct copy {
	uint8_t *memory, *in, *out;
	size_t message, at;
};

static void *open_copy(size_t message)
{
	struct copy *s = calloc(1, sizeof(*s));

	s->message = message;
	s->memory = aligned_alloc(4096, BENCH_QUEUE);
	s->in = aligned_alloc(4096, 65536);
	s->out = aligned_alloc(4096, 65536);
	memset(s->memory, 1, BENCH_QUEUE);
	memset(s->in, 2, 65536);
	memset(s->out, 3, 65536);
	return s;
}

static void close_copy(void *arg)
{
	struct copy *s = arg;

	free(s->memory);
	free(s->in);
	free(s->out);
	free(s);
}

static void put_take_copy(void *arg, uint64_t n)
{
	struct copy *s = arg;

	for (; n; n--) {
		uint8_t *at = s->memory + s->at;

		memcpy(at, s->in, s->message);
		__asm__ volatile("" : : "r"(at) : "memory");
		memcpy(s->out, at, s->message);
		__asm__ volatile("" : : "r"(s->out) : "memory");
		s->at = (s->at + s->message) % BENCH_QUEUE;
	}
}

/* ---- ck_ring: slots of a fixed type ----------------------------------------------------- */

struct ck {
	_Alignas(128) ck_ring_t ring;
	_Alignas(128) uint8_t in[65536];
	_Alignas(128) uint8_t out[65536];
	size_t message;
	uint8_t *slots;
};

/* Moves n messages one way, waiting while the ring is full or empty. */
#define CK_MOVE(N, way, step)                                                                      \
	static void ck_##way##_##N(struct ck *s, uint64_t n)                                       \
	{                                                                                          \
		unsigned turns = 0;                                                                \
		while (n) {                                                                        \
			if (ck_##step##_##N(s)) {                                                  \
				n--;                                                               \
				turns = 0;                                                         \
			} else {                                                                   \
				bench_wait(&turns);                                                \
			}                                                                          \
		}                                                                                  \
	}

#define CK(N)                                                                                      \
	struct m##N {                                                                              \
		uint8_t b[N];                                                                      \
	};                                                                                         \
	CK_RING_PROTOTYPE(m##N, m##N)                                                              \
	static bool ck_put_##N(struct ck *s)                                                       \
	{                                                                                          \
		return CK_RING_ENQUEUE_SPSC(m##N, &s->ring, (struct m##N *)(void *)s->slots,       \
					    (struct m##N *)(void *)s->in);                         \
	}                                                                                          \
	static bool ck_take_##N(struct ck *s)                                                      \
	{                                                                                          \
		return CK_RING_DEQUEUE_SPSC(m##N, &s->ring, (struct m##N *)(void *)s->slots,       \
					    (struct m##N *)(void *)s->out);                        \
	}                                                                                          \
	static void ck_both_##N(struct ck *s, uint64_t n)                                          \
	{                                                                                          \
		for (; n; n--)                                                                     \
			if (!ck_put_##N(s) || !ck_take_##N(s))                                     \
				abort();                                                           \
	}                                                                                          \
	CK_MOVE(N, produce, put)                                                                   \
	CK_MOVE(N, consume, take)

CK(16)
CK(64)
CK(256)
CK(1024)
CK(4096)
CK(16384)
CK(65536)

#define CK_CASES(what)                                                                             \
	switch (s->message) {                                                                      \
	case 16:                                                                                   \
		ck_##what##_16(s, n);                                                              \
		break;                                                                             \
	case 64:                                                                                   \
		ck_##what##_64(s, n);                                                              \
		break;                                                                             \
	case 256:                                                                                  \
		ck_##what##_256(s, n);                                                             \
		break;                                                                             \
	case 1024:                                                                                 \
		ck_##what##_1024(s, n);                                                            \
		break;                                                                             \
	case 4096:                                                                                 \
		ck_##what##_4096(s, n);                                                            \
		break;                                                                             \
	case 16384:                                                                                \
		ck_##what##_16384(s, n);                                                           \
		break;                                                                             \
	default:                                                                                   \
		ck_##what##_65536(s, n);                                                           \
		break;                                                                             \
	}

static void *open_ck(size_t message)
{
	struct ck *s = aligned_alloc(128, sizeof(*s));

	memset(s, 0, sizeof(*s));
	s->message = message;
	s->slots = aligned_alloc(4096, BENCH_QUEUE);
	memset(s->slots, 1, BENCH_QUEUE);
	ck_ring_init(&s->ring, (unsigned)(BENCH_QUEUE / message));
	return s;
}

static void close_ck(void *arg)
{
	struct ck *s = arg;

	free(s->slots);
	free(s);
}

static void put_take_ck(void *arg, uint64_t n)
{
	struct ck *s = arg;

	CK_CASES(both)
}

static void produce_ck(void *arg, uint64_t n)
{
	struct ck *s = arg;

	CK_CASES(produce)
}

static void consume_ck(void *arg, uint64_t n)
{
	struct ck *s = arg;

	CK_CASES(consume)
}

/* ---- a UNIX socket pair ----------------------------------------------------------------- */

struct sock {
	int fd[2];
	uint8_t *in, *out;
	size_t message;
};

static void *open_sock(size_t message)
{
	struct sock *s = calloc(1, sizeof(*s));
	int size = 2 * (int)BENCH_QUEUE;

	s->message = message;
	s->in = calloc(1, 65536);
	s->out = calloc(1, 65536);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, s->fd) ||
	    setsockopt(s->fd[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size)))
		abort();
	return s;
}

static void close_sock(void *arg)
{
	struct sock *s = arg;

	close(s->fd[0]);
	close(s->fd[1]);
	free(s->in);
	free(s->out);
	free(s);
}

static void move(int fd, uint8_t *bytes, size_t len, bool is_out)
{
	while (len) {
		ssize_t n = is_out ? write(fd, bytes, len) : read(fd, bytes, len);

		if (n <= 0)
			abort();
		bytes += n;
		len -= (size_t)n;
	}
}

static void produce_sock(void *arg, uint64_t n)
{
	struct sock *s = arg;

	for (; n; n--)
		move(s->fd[0], s->in, s->message, true);
}

static void consume_sock(void *arg, uint64_t n)
{
	struct sock *s = arg;

	for (; n; n--)
		move(s->fd[1], s->out, s->message, false);
}

static void put_take_sock(void *arg, uint64_t n)
{
	for (; n; n--) {
		produce_sock(arg, 1);
		consume_sock(arg, 1);
	}
}

const struct subject bench_others[] = {
	{ "memcpy in, memcpy out", open_copy, close_copy, put_take_copy, NULL, NULL },
	{ "ck_ring", open_ck, close_ck, put_take_ck, produce_ck, consume_ck },
	{ "UNIX socket pair", open_sock, close_sock, put_take_sock, produce_sock, consume_sock },
	{ 0 }
};
