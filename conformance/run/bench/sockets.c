/* SPDX-License-Identifier: BSD-2-Clause */
/* sockets.c - streams between the core's guest and a host context, in process and in one thread,
 * beside a UNIX socket pair that does the same.
 *
 * Both ends are pumped in turn, as an application with one loop would do it; nothing sleeps, so
 * what is compared is work, not waking.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <vmci/defs.h>
#include <vmci/socket.h>
#include "bench.h"
#include "world.h"

#define PORT	 5000u
#define TIMES	 6400u /* 64 bursts */
#define CONNECTS 1280u
#define ROUNDS	 5

struct scene {
	struct world *w;
	struct vmci_transport *t[2];
	struct vmci_sockets *s[2]; /* guest, host */
	struct vmci_socket_port port;
	int client, listener, server;
	int fd[2], door; /* UNIX sockets */
	struct sockaddr_un at;
	socklen_t at_len;
	size_t message;
	uint8_t in[65536], out[65536];
};

static uint64_t no_time(void *ctx)
{
	(void)ctx;
	return 0;
}

static void *get(void *ctx, size_t size)
{
	(void)ctx;
	return calloc(1, size);
}

static void give(void *ctx, void *p, size_t size)
{
	(void)ctx;
	(void)size;
	free(p);
}

/* Deliver what waits at both ends. */
static void settle(struct scene *c)
{
	for (int i = 0; i < 2; i++) {
		world_pump(c->w);
		vmci_sockets_pump(c->s[1]);
		vmci_sockets_pump(c->s[0]);
	}
}

static bool join(struct scene *c)
{
	c->client = vmci_socket(c->s[0], VMCI_SOCK_STREAM);
	if (vmci_socket_connect(c->s[0], c->client,
				(struct vmci_sockaddr){ VMCI_HOST_CONTEXT_ID, PORT }) !=
	    -VMCI_EINPROGRESS)
		return false;
	c->server = -1;
	for (int i = 0; i < 64 && c->server < 0; i++) {
		settle(c);
		c->server = vmci_socket_accept(c->s[1], c->listener, NULL);
	}
	return c->server >= 0 && (vmci_socket_poll(c->s[0], c->client) &
				  (VMCI_POLLOUT | VMCI_POLLERR)) == VMCI_POLLOUT;
}

static void part(struct scene *c)
{
	vmci_socket_close(c->s[0], c->client);
	settle(c);
	vmci_socket_close(c->s[1], c->server);
	settle(c);
}

static void exact(int64_t got, size_t wanted)
{
	if (got != (int64_t)wanted)
		abort();
}

/* from 0: guest to host. */
static void carry(struct scene *c, int from)
{
	int src = from ? c->server : c->client, dst = from ? c->client : c->server;

	exact(vmci_socket_send(c->s[from], src, c->in, c->message, 0), c->message);
	exact(vmci_socket_recv(c->s[!from], dst, c->out, c->message, 0), c->message);
}

static void up(void *arg, uint64_t n)
{
	for (; n; n--)
		carry(arg, 0);
}

static void down(void *arg, uint64_t n)
{
	for (; n; n--)
		carry(arg, 1);
}

/* With the packets that tell the other end, and until both have seen them. */
static void trips(void *arg, uint64_t n)
{
	struct scene *c = arg;

	for (; n; n--) {
		carry(c, 0);
		settle(c);
		carry(c, 1);
		settle(c);
	}
}

static void connects(void *arg, uint64_t n)
{
	struct scene *c = arg;

	for (; n; n--) {
		if (!join(c))
			abort();
		part(c);
	}
}

static void unix_carry(struct scene *c, int from)
{
	size_t sent = 0, got = 0;

	while (got < c->message) {
		if (sent < c->message) {
			ssize_t n = send(c->fd[from], c->in + sent, c->message - sent,
					 MSG_DONTWAIT | MSG_NOSIGNAL);

			sent += n > 0 ? (size_t)n : 0;
		}
		ssize_t n = recv(c->fd[!from], c->out + got, c->message - got, MSG_DONTWAIT);

		got += n > 0 ? (size_t)n : 0;
	}
}

static void unix_up(void *arg, uint64_t n)
{
	for (; n; n--)
		unix_carry(arg, 0);
}

static void unix_trips(void *arg, uint64_t n)
{
	for (; n; n--) {
		unix_carry(arg, 0);
		unix_carry(arg, 1);
	}
}

static void unix_connects(void *arg, uint64_t n)
{
	struct scene *c = arg;

	for (; n; n--) {
		int a = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), b;

		if (a < 0 || connect(a, (const struct sockaddr *)&c->at, c->at_len))
			abort();
		b = accept(c->door, NULL, NULL);
		close(a);
		close(b);
	}
}

static bool open_unix(struct scene *c)
{
	c->door = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	c->at.sun_family = AF_UNIX;
	c->at_len = sizeof(sa_family_t); /* the kernel finds a name */
	if (c->door < 0 || bind(c->door, (const struct sockaddr *)&c->at, c->at_len) ||
	    listen(c->door, 16))
		return false;
	c->at_len = sizeof(c->at);
	return getsockname(c->door, (struct sockaddr *)&c->at, &c->at_len) == 0 &&
	       socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, c->fd) == 0;
}

static bool open_stacks(struct scene *c)
{
	c->port = (struct vmci_socket_port){ .alloc = get, .free = give, .now_us = no_time };
	c->t[0] = vmci_transport_of_guest(c->w->g, NULL, get, give);
	c->t[1] = vmci_transport_of_context(vmci_hub_find(c->w->hub, VMCI_HOST_CONTEXT_ID), NULL,
					    get, give);
	for (int i = 0; i < 2; i++)
		if (!c->t[i] || vmci_sockets_create(c->t[i], &c->port, NULL, &c->s[i]))
			return false;
	c->listener = vmci_socket(c->s[1], VMCI_SOCK_STREAM);
	return vmci_socket_bind(c->s[1], c->listener,
				(struct vmci_sockaddr){ VMCI_VMADDR_CID_ANY, PORT }) == 0 &&
	       vmci_socket_listen(c->s[1], c->listener, 16) == 0;
}

static void close_all(struct scene *c)
{
	for (int i = 0; i < 2; i++) {
		if (c->s[i])
			vmci_sockets_destroy(c->s[i]);
		vmci_transport_free(c->t[i]);
		close(c->fd[i]);
	}
	close(c->door);
	world_close(c->w);
	free(c);
}

int bench_sockets(struct outcome *o)
{
	static const struct {
		void (*fn)(void *arg, uint64_t n);
		uint64_t times;
		bool by_size;
	} subjects[] = { { up, TIMES, true },
			 { down, TIMES, true },
			 { unix_up, TIMES, true },
			 { trips, TIMES, false },
			 { unix_trips, TIMES, false },
			 { connects, CONNECTS, false },
			 { unix_connects, CONNECTS, false } };
	struct scene *c = calloc(1, sizeof(*c));
	bool is_open;

	c->w = world_open();
	is_open = c->w && world_probe(c->w, true) == 0 && open_unix(c) && open_stacks(c) && join(c);
	for (size_t k = 0; is_open && k < BENCH_SOCKETS; k++) {
		if (subjects[k].fn == connects)
			part(c);
		for (size_t i = 0; i < (subjects[k].by_size ? BENCH_SIZES : 1); i++) {
			double ns[ROUNDS];

			c->message = subjects[k].by_size ? bench_sizes[i] : 64;
			for (int r = 0; r < ROUNDS; r++)
				ns[r] = bench_bursts(subjects[k].fn, c, subjects[k].times);
			o->socket_ns[k][i] = bench_median(ns, ROUNDS);
		}
	}
	if (c->w)
		close_all(c);
	else
		free(c);
	return is_open ? 0 : -1;
}
