/* SPDX-License-Identifier: BSD-2-Clause */
/* fuzz_socket.c - sockets between a hostile peer, a careless user and time.
 *
 * Input: { u8 side } then operations { u8 operation, operands }. The sockets are at one end (host,
 * guest, hypervisor); at the other a bare hand sends packets, owns queue pairs and writes into them
 * and into their headers. Three sources share the bytes: packets of the hand, calls on the sockets,
 * and what happens to the machine (time, events, resets).
 *
 * Beyond the sanitizers: a call never returns more than it was asked for, sockets and memory stay
 * within their limits, and at the end nothing is left allocated or pinned.
 */
#include <stdlib.h>
#include <string.h>
#include "../test/socket_world.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FDS	    8u
#define PAIRS	    4u
#define SOCKETS_MAX 40u
#define MEMORY_MAX  (8u << 20)

struct fuzz {
	const uint8_t *at, *end;
	struct socket_world w;
	enum which own, hand;
	struct vmci_sockets *s;
	int fd[FDS];
	int wanted; /* a stream that was taken without listening, not yet in fd; -1: none */
	struct vmci_transport_pair *pair[PAIRS];
	struct vmci_handle offered; /* the last handle that the sockets named */
	size_t first_page;	    /* of those that came after the start */
};

static void require(bool holds)
{
	if (!holds)
		abort();
}

static uint8_t next8(struct fuzz *f)
{
	return f->at < f->end ? *f->at++ : 0;
}

static uint64_t next64(struct fuzz *f)
{
	uint64_t v = 0;

	for (int i = 0; i < 8; i++)
		v = v << 8 | next8(f);
	return v;
}

/* ---- the hand ----------------------------------------------------------------------------- */

static const uint32_t ports[] = { 5000, 5001, 1024, 1025, 1026, 7, 0xffffffff, 0 };
static const uint64_t sizes[] = { 128, 4096, 5000, 262144, 0, 127, 262145, UINT64_MAX };

static uint64_t value(struct fuzz *f, uint8_t how)
{
	struct vmci_transport *t = f->w.end[f->hand].t;
	struct vmci_transport_pair *p = f->pair[how % PAIRS];
	struct vmci_handle h = f->offered;

	switch (how >> 6) {
	case 0:
		return sizes[how % 8];
	case 1:
		if (p)
			h = t->pair_handle(t->ctx, p);
		return (uint64_t)h.resource << 32 | h.context;
	case 2:
		return (uint64_t)f->offered.resource << 32 | f->offered.context;
	default:
		return how & 32 ? next64(f) : how & 3;
	}
}

static void say(struct fuzz *f)
{
	uint8_t type = next8(f), where = next8(f), how = next8(f);

	if (type >= 240)
		(void)0; /* an unknown one, as it is */
	else
		type %= 14;
	(void)socket_world_send(&f->w, f->hand, f->own, type, where >> 6, ports[where & 7],
				ports[where >> 3 & 7], value(f, how));
}

static void say_raw(struct fuzz *f)
{
	uint8_t bytes[64];
	size_t len = next8(f) % sizeof(bytes);
	struct vmci_handle to = { f->w.end[f->own].cid, next8(f) & 1 ? 5000 : 1 };

	for (size_t i = 0; i < len; i++)
		bytes[i] = next8(f);
	if (f->own == HYPERVISOR)
		to.resource = 15;
	(void)socket_world_send_raw(&f->w, f->hand, to, bytes, len);
}

static void hear(struct fuzz *f)
{
	const struct seen *p;

	while ((p = socket_world_next(&f->w, f->hand))) {
		require(p->is_clean && p->type <= VMCI_STREAM_TYPE_MAX);
		if (p->type == VMCI_STREAM_OFFER)
			f->offered = vmci_handle((uint32_t)p->value, (uint32_t)(p->value >> 32));
	}
}

static void open_pair(struct fuzz *f)
{
	struct vmci_transport *t = f->w.end[f->hand].t;
	uint8_t how = next8(f);
	struct vmci_transport_pair **p = &f->pair[how % PAIRS];
	struct vmci_handle any = { VMCI_INVALID_ID, VMCI_INVALID_ID };
	bool attach = how & 4;
	uint64_t size = sizes[how >> 3 & 3];

	if (!*p && t->pair_open(t->ctx, attach ? f->offered : any, f->w.end[f->own].cid,
				attach ? VMCI_QPFLAG_ATTACH_ONLY : 0, 0, size, size, NULL, NULL, p))
		*p = NULL;
}

static void close_pair(struct fuzz *f, unsigned i)
{
	struct vmci_transport *t = f->w.end[f->hand].t;

	if (f->pair[i])
		t->pair_close(t->ctx, f->pair[i]);
	f->pair[i] = NULL;
}

static void move(struct fuzz *f)
{
	static uint8_t bytes[21000];
	struct vmci_transport *t = f->w.end[f->hand].t;
	uint8_t how = next8(f);
	struct vmci_transport_pair *p = f->pair[how % PAIRS];
	size_t len = (size_t)next8(f) * 79;

	if (!p)
		return;
	if (how & 4)
		(void)t->enqueue(t->ctx, p, bytes, len);
	else
		(void)t->dequeue(t->ctx, p, bytes, len);
}

/* Write one word of a page that came after the start: a header, mostly. */
static void scribble(struct fuzz *f)
{
	size_t nth = next8(f), word = next8(f);
	uint64_t v = word & 128 ? next64(f) : next8(f) * 17u;

	for (size_t i = f->first_page; i < SOCKET_RAM / 4096; i++)
		if (f->w.used[i] && !nth--) {
			vmci_put64(f->w.ram + i * 4096 + word % 3 * 8, v);
			return;
		}
}

/* ---- the user ----------------------------------------------------------------------------- */

static void call_open(struct fuzz *f, int *fd, uint8_t how)
{
	struct vmci_sockaddr any = { how & 1 ? VMCI_VMADDR_CID_ANY : f->w.end[f->own].cid,
				     ports[how >> 1 & 7] };
	struct vmci_sockaddr to = { f->w.end[f->hand].cid, ports[how >> 1 & 7] };

	switch (how >> 4 & 7) {
	case 0:
	case 1:
		if (vmci_socket_poll(f->s, *fd) == (VMCI_POLLERR | VMCI_POLLHUP))
			*fd = vmci_socket(f->s, how & 16 ? VMCI_SOCK_DGRAM : VMCI_SOCK_STREAM);
		break;
	case 2:
		(void)vmci_socket_bind(f->s, *fd, any);
		break;
	case 3:
		(void)vmci_socket_listen(f->s, *fd, how & 3);
		break;
	case 4:
		(void)vmci_socket_connect(f->s, *fd, how & 128 ? any : to);
		break;
	case 5: {
		int child = vmci_socket_accept(f->s, *fd, &to);

		if (child >= 0) {
			(void)vmci_socket_close(f->s, f->fd[how & 7]);
			f->fd[how & 7] = child;
		}
		break;
	}
	case 6:
		(void)vmci_socket_setopt(f->s, *fd, how & 3, sizes[next8(f) % 8]);
		break;
	default:
		(void)vmci_socket_low_water(f->s, *fd, next8(f) * 100u);
		break;
	}
}

static void call_move(struct fuzz *f, int fd, uint8_t how)
{
	static uint8_t bytes[70000];
	size_t len = (size_t)next8(f) * (how & 128 ? 274 : 3);
	struct vmci_sockaddr to = { f->w.end[f->hand].cid, ports[how & 7] };
	unsigned flags = how & 8 ? VMCI_MSG_PEEK : 0;
	int64_t n = 0;

	switch (how >> 4 & 7) {
	case 0:
		n = vmci_socket_send(f->s, fd, bytes, len, 0);
		break;
	case 1:
	case 2:
		n = vmci_socket_recv(f->s, fd, bytes, len, flags);
		break;
	case 3:
		n = vmci_socket_sendto(f->s, fd, bytes, len, &to);
		break;
	case 4:
		n = vmci_socket_recvfrom(f->s, fd, bytes, len, flags, &to, &flags);
		break;
	case 5:
		require(vmci_socket_ready(f->s, fd) <= 262144);
		require(vmci_socket_room(f->s, fd) <= 262144);
		(void)vmci_socket_error(f->s, fd);
		break;
	case 6:
		(void)vmci_socket_shutdown(f->s, fd, (enum vmci_socket_how)(how & 3));
		break;
	default:
		(void)vmci_socket_close(f->s, fd);
		break;
	}
	require(n <= (int64_t)len);
}

/* ---- the machine -------------------------------------------------------------------------- */

static void happen(struct fuzz *f)
{
	uint8_t how = next8(f);

	switch (how & 7) {
	case 0:
	case 1:
	case 2:
		socket_world_pass(&f->w, (uint64_t)1 << (how >> 3 & 31) % 22);
		break;
	case 3:
		(void)vmci_device_resumed(f->w.dev);
		break;
	case 4:
		(void)vmci_device_set_cid(f->w.dev, 0x40u + (how >> 3));
		f->w.end[GUEST].cid = vmci_context_cid(vmci_device_context(f->w.dev));
		break;
	case 5:
		vmci_device_quiesce(f->w.dev);
		if (how & 8)
			(void)vmci_sockets_pump(f->s);
		vmci_device_unquiesce(f->w.dev);
		break;
	case 6:
		f->w.options.fail_at = f->w.allocs + 1 + (how >> 3);
		break;
	default:
		if (f->own == GUEST)
			break;
		f->w.options.fail_at = 0;
		for (unsigned i = 0; i < PAIRS; i++)
			close_pair(f, i);
		socket_world_guest_resets(&f->w);
		break;
	}
	if (how & 128)
		socket_world_settle(&f->w);
}

/* An owner that takes streams to odd ports. */
static struct fuzz *owner;

static bool wanted(void *ctx, int fd, struct vmci_sockaddr local, struct vmci_sockaddr peer)
{
	(void)ctx;
	(void)peer;
	if (owner->wanted >= 0 || !(local.port & 1))
		return false;
	owner->wanted = fd;
	return true;
}

static void step(struct fuzz *f)
{
	uint8_t op = next8(f), how;
	uint32_t sockets, pairs;

	if (f->wanted >= 0) {
		(void)vmci_socket_close(f->s, f->fd[op >> 4 & 7]);
		f->fd[op >> 4 & 7] = f->wanted;
		f->wanted = -1;
	}

	switch (op & 15) {
	case 0:
	case 1:
	case 2:
	case 3:
		say(f);
		break;
	case 4:
		say_raw(f);
		break;
	case 5:
		open_pair(f);
		break;
	case 6:
		close_pair(f, op >> 4 & 3);
		break;
	case 7:
		move(f);
		break;
	case 8:
		scribble(f);
		break;
	case 9:
	case 10:
	case 11:
		how = next8(f);
		call_open(f, &f->fd[op >> 4 & 7], how);
		break;
	case 12:
	case 13:
		how = next8(f);
		call_move(f, f->fd[op >> 4 & 7], how);
		break;
	default:
		happen(f);
		break;
	}
	if (op & 128)
		hear(f);
	vmci_sockets_count(f->s, &sockets, &pairs);
	require(sockets <= SOCKETS_MAX && pairs <= sockets);
	require(f->w.alive_bytes <= MEMORY_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum which sides[][2] = {
		{ HOST, GUEST }, { GUEST, HOST }, { HYPERVISOR, GUEST }, { GUEST, HYPERVISOR }
	};
	struct socket_world_options options = { .limits = { .sockets = SOCKETS_MAX,
							    .lingering_bytes = 10000,
							    .datagram_bytes = 20000 } };
	static struct fuzz f;
	unsigned steps = 0;

	if (size < 2 || size > 4096)
		return 0;
	memset(&f, 0, sizeof(f));
	f.at = data + 1;
	f.end = data + size;
	f.own = sides[data[0] & 3][0];
	f.hand = sides[data[0] & 3][1];
	options.mmio = data[0] & 4;
	options.restricted = data[0] & 8 ? VMCI_PRIVILEGE_FLAG_RESTRICTED : 0;
	options.limits.is_trusted = data[0] & 16;
	options.limits.may_bind_privileged = data[0] & 32;
	options.limits.asks_old_way = data[0] & 64;
	options.bare[f.hand] = true;
	require(socket_world_open(&f.w, &options));
	for (size_t i = 1; f.w.used[i]; i++)
		f.first_page = i + 1;
	f.s = f.w.end[f.own].s;
	f.wanted = -1;
	owner = &f;
	if (data[0] & 128)
		f.w.end[f.own].port.wanted = wanted;
	for (unsigned i = 0; i < FDS; i++)
		f.fd[i] = -1;
	while (f.at < f.end && steps++ < 600)
		step(&f);
	f.w.options.fail_at = 0;
	for (unsigned i = 0; i < PAIRS; i++)
		close_pair(&f, i);
	socket_world_close(&f.w);
	return 0;
}
