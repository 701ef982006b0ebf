/* SPDX-License-Identifier: BSD-2-Clause */
/* bridge.c - sockets of the guest on UNIX sockets of the host: doors, queue, life. */
#include "bridge.h"
#include "bridge_dgram.h"
#include "bridge_item.h"
#include "bridge_line.h"
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define BACKLOG	   4096		      /* the kernel lowers it to what it allows */
#define PENDING_US UINT64_C(20000000) /* a guest on an emulated processor may be slow */
#define ADMIT_TURN 64u		      /* connections taken in one turn */
#define ITEMS_TURN 64u /* items run in one turn: the guest's registers come between turns */

/* ---- what the stack asks of us ---- */

static void *port_alloc(void *ctx, size_t size)
{
	(void)ctx;
	return calloc(1, size);
}

static void port_free(void *ctx, void *p, size_t size)
{
	(void)ctx;
	(void)size;
	free(p);
}

static uint64_t port_now_us(void *ctx)
{
	struct timespec t;

	(void)ctx;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000u + (uint64_t)t.tv_nsec / 1000u;
}

static uint32_t port_random(void *ctx)
{
	uint64_t x = port_now_us(ctx) * UINT64_C(0x9e3779b97f4a7c15);

	return (uint32_t)(x >> 32);
}

static void port_moved(void *ctx, struct vmci_sockaddr from, struct vmci_sockaddr to,
		       const void *data, size_t len)
{
	const struct bridge_options *o = &((struct bridge *)ctx)->options;

	o->moved(o->ctx, from, to, data, len);
}

static void port_ready(void *ctx, int fd)
{
	struct bridge *b = ctx;
	struct fdmap_entry *e = fdmap_get(&b->map, fd);

	if (e)
		bridge_item_wake(
			(struct bridge_item *)(void *)((char *)e -
						       offsetof(struct bridge_item, entry)));
}

static bool port_wanted(void *ctx, int fd, struct vmci_sockaddr local, struct vmci_sockaddr peer)
{
	return bridge_stream_wanted(ctx, fd, local, peer);
}

/* ---- telling ---- */

void bridge_note(struct bridge *b, const char *format, ...)
{
	char text[160];
	va_list ap;

	if (!b->options.note)
		return;
	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	b->options.note(b->options.ctx, text);
}

void bridge_out_of_descriptors(struct bridge *b, int error)
{
	struct rlimit limit = { 0, 0 };
	char text[160];

	if (b->starved || (error != EMFILE && error != ENFILE))
		return;
	b->starved = true;
	getrlimit(RLIMIT_NOFILE, &limit);
	snprintf(text, sizeof(text),
		 "no descriptor left for another stream: %s allows %llu, and each stream takes one",
		 error == EMFILE ? "the limit of this process (ulimit -n)" : "the system",
		 (unsigned long long)limit.rlim_cur);
	if (b->options.warn)
		b->options.warn(b->options.ctx, text);
}

/* ---- items ---- */

void bridge_item_wake(struct bridge_item *it)
{
	struct bridge *b = it->bridge;

	if (it->queued)
		return;
	it->queued = true;
	it->later = NULL;
	*b->queue_end = it;
	b->queue_end = &it->later;
}

static void item_event(struct loop_source *source, uint32_t events)
{
	struct bridge_item *it = (struct bridge_item *)(void *)source;

	if (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR))
		it->can_read = true;
	if (events & (EPOLLOUT | EPOLLHUP | EPOLLERR))
		it->can_write = it->may_be_deaf = true;
	if (events & (EPOLLHUP | EPOLLERR))
		it->hung_up = true;
	bridge_item_wake(it);
}

int bridge_item_open(struct bridge *b, struct bridge_item *it, int fd, int sock)
{
	it->bridge = b;
	it->source.fd = fd;
	it->source.ready = item_event;
	it->entry.fd = -1;
	if (sock >= 0 && fdmap_put(&b->map, &it->entry, sock))
		return -1;
	if (loop_add(b->loop, &it->source)) {
		if (sock >= 0)
			fdmap_take(&b->map, &it->entry);
		return -1;
	}
	it->prev = NULL;
	it->next = b->all;
	if (it->next)
		it->next->prev = it;
	b->all = it;
	b->count++;
	bridge_item_wake(it);
	return 0;
}

int bridge_item_pair(struct bridge_item *it, int sock)
{
	return fdmap_put(&it->bridge->map, &it->entry, sock);
}

/* Instead of run: an item that was closed while it stood in the queue. */
static bool free_item(struct bridge_item *it)
{
	free(it);
	return false;
}

void bridge_item_close(struct bridge_item *it)
{
	struct bridge *b = it->bridge;

	bridge_bulk_forget(it);
	loop_remove(b->loop, &it->source);
	close(it->source.fd);
	if (it->entry.fd >= 0) {
		fdmap_take(&b->map, &it->entry);
		vmci_socket_close(b->sockets, it->entry.fd);
	}
	if (it->prev)
		it->prev->next = it->next;
	else
		b->all = it->next;
	if (it->next)
		it->next->prev = it->prev;
	b->count--;
	/* There is a descriptor again for who waits outside. */
	if (b->starved) {
		b->starved = false;
		b->streams.waiting = b->dgrams.waiting = true;
	}
	it->release(it);
	it->run = free_item;
	if (!it->queued)
		free(it);
}

/* ---- doors ---- */

static void door_event(struct loop_source *source, uint32_t events)
{
	(void)events;
	((struct bridge_door *)(void *)source)->waiting = true;
}

static int door_open(struct bridge *b, struct bridge_door *door, const char *path, int type,
		     int (*admit)(struct bridge *b, int fd), char *error, size_t size)
{
	if (listener_open_as(&door->listener, path, type, BACKLOG, error, size))
		return -1;
	door->open = true;
	door->bridge = b;
	door->admit = admit;
	door->source.fd = door->listener.fd;
	door->source.ready = door_event;
	if (loop_add(b->loop, &door->source) == 0)
		return 0;
	snprintf(error, size, "%s: %s", path, strerror(errno));
	return -1;
}

static void door_close(struct bridge_door *door)
{
	if (!door->open)
		return;
	loop_remove(door->bridge->loop, &door->source);
	listener_remove(&door->listener);
	close(door->listener.fd);
	door->open = false;
}

static void door_admit(struct bridge_door *door)
{
	struct bridge *b = door->bridge;

	for (unsigned i = 0; i < ADMIT_TURN; i++) {
		int fd = accept4(door->source.fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (fd < 0) {
			bridge_out_of_descriptors(b, errno);
			door->waiting = errno == EINTR || errno == ECONNABORTED;
			return;
		}
		if (door->admit(b, fd))
			close(fd);
	}
}

/* ---- life ---- */

static int make_sockets(struct bridge *b, const struct vmci_transport *transport, char *error,
			size_t size)
{
	const struct vmci_socket_limits limits = { .pending_us = PENDING_US,
						   .may_bind_privileged = true,
						   .is_trusted = true };
	int rc;

	b->port = (struct vmci_socket_port){ .ctx = b,
					     .alloc = port_alloc,
					     .free = port_free,
					     .now_us = port_now_us,
					     .random = port_random,
					     .ready = port_ready,
					     .wanted = port_wanted,
					     .moved = b->options.moved ? port_moved : NULL };
	rc = vmci_sockets_create(transport, &b->port, &limits, &b->sockets);
	if (rc)
		snprintf(error, size, "cannot make sockets: %s", strerror(-rc));
	return rc;
}

int bridge_open(const struct vmci_transport *transport, struct loop *loop,
		const struct bridge_options *options, struct bridge **out, char *error, size_t size)
{
	struct bridge *b;

	if (options->path[0] == '\0' || strlen(options->path) > BRIDGE_PATH_MAX) {
		snprintf(error, size, "%s: expected a path of 1 to %zu bytes", options->path,
			 BRIDGE_PATH_MAX);
		return -1;
	}
	b = calloc(1, sizeof(*b));
	if (!b) {
		snprintf(error, size, "no memory");
		return -1;
	}
	b->options = *options;
	b->loop = loop;
	b->queue_end = &b->queue;
	snprintf(b->dgram_path, sizeof(b->dgram_path), "%s" BRIDGE_DGRAM_SUFFIX, options->path);
	if (make_sockets(b, transport, error, size) ||
	    door_open(b, &b->streams, options->path, SOCK_STREAM, bridge_stream_admit, error,
		      size) ||
	    door_open(b, &b->dgrams, b->dgram_path, SOCK_SEQPACKET, bridge_dgram_admit, error,
		      size)) {
		bridge_close(b);
		return -1;
	}
	*out = b;
	return 0;
}

/* Take the first item out of the queue and let it work. */
static void run_one(struct bridge *b)
{
	struct bridge_item *it = b->queue;

	b->queue = it->later;
	if (!b->queue)
		b->queue_end = &b->queue;
	it->queued = false;
	if (it->run(it))
		bridge_item_wake(it);
}

void bridge_close(struct bridge *b)
{
	if (!b)
		return;
	door_close(&b->streams);
	door_close(&b->dgrams);
	for (struct bridge_item *it = b->all, *next; it; it = next) {
		next = it->next;
		bridge_item_close(it);
	}
	while (b->queue)
		run_one(b);
	if (b->sockets)
		vmci_sockets_destroy(b->sockets);
	fdmap_free(&b->map);
	free(b);
}

uint64_t bridge_run(struct bridge *b)
{
	uint64_t next = vmci_sockets_pump(b->sockets), look;

	bridge_bulk_look(b);
	if (b->streams.waiting)
		door_admit(&b->streams);
	if (b->dgrams.waiting)
		door_admit(&b->dgrams);
	if (b->queue) {
		for (unsigned i = 0; i < ITEMS_TURN && b->queue; i++)
			run_one(b);
		/* What just moved may have timers, and timers may find something to move. */
		next = vmci_sockets_pump(b->sockets);
	}
	if (b->queue || b->streams.waiting || b->dgrams.waiting)
		return 0;
	look = bridge_bulk_next_us(b);
	return look < next ? look : next;
}

void bridge_guest_left(struct bridge *b)
{
	for (struct bridge_item *it = b->all; it; it = it->next) {
		it->guest_left = true;
		bridge_item_wake(it);
	}
}

size_t bridge_count(const struct bridge *b)
{
	return b->count;
}
