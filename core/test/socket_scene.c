/* SPDX-License-Identifier: BSD-2-Clause */
/* Sockets at one end and a bare hand as their peer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "socket_scene.h"

static const enum which sides[][2] = {
	{ HOST, GUEST },
	{ GUEST, HOST },
	{ HYPERVISOR, GUEST },
	{ GUEST, HYPERVISOR },
};

void scene_open(struct scene *c, size_t side)
{
	scene_open_limited(c, side, (struct vmci_socket_limits){ .sockets = 1000 });
}

void scene_open_limited(struct scene *c, size_t side, struct vmci_socket_limits limits)
{
	struct socket_world_options options = { .mmio = side & 1, .limits = limits };

	memset(c, 0, sizeof(*c));
	c->own = sides[side][0];
	c->hand = sides[side][1];
	options.bare[c->hand] = true;
	assert_true(socket_world_open(&c->w, &options));
	c->s = c->w.end[c->own].s;
	c->listener = -1;
	c->client = -1;
}

void scene_close(struct scene *c)
{
	struct vmci_transport *t = c->w.end[c->hand].t;

	if (c->pair)
		t->pair_close(t->ctx, c->pair);
	socket_world_close(&c->w);
}

int scene_say(struct scene *c, uint8_t type, uint16_t proto, uint32_t port, uint64_t value)
{
	int rc = socket_world_send(&c->w, c->hand, c->own, type, proto, SCENE_HAND, port, value);

	socket_world_settle(&c->w);
	return rc;
}

const struct seen *scene_hear(struct scene *c, uint8_t type)
{
	const struct seen *p = socket_world_next(&c->w, c->hand);

	assert_non_null(p);
	assert_int_equal(p->type, type);
	assert_int_equal(p->len, VMCI_STREAM_PACKET_SIZE);
	assert_true(p->is_clean);
	assert_int_equal(p->src_cid, c->w.end[c->own].cid);
	assert_int_equal(p->src_resource, c->own == HYPERVISOR ? 15 : 1);
	return p;
}

void scene_hear_nothing(struct scene *c)
{
	assert_null(socket_world_next(&c->w, c->hand));
}

uint64_t scene_value(struct vmci_handle h)
{
	return (uint64_t)h.resource << 32 | h.context;
}

void scene_expect_count(struct scene *c, uint32_t sockets, uint32_t pairs)
{
	uint32_t n, p;

	vmci_sockets_count(c->s, &n, &p);
	assert_int_equal(n, sockets);
	assert_int_equal(p, pairs);
}

/* ---- servers ---- */

void scene_listen(struct scene *c, uint32_t backlog)
{
	struct vmci_sockaddr any = { VMCI_VMADDR_CID_ANY, SCENE_PORT };

	c->listener = vmci_socket(c->s, VMCI_SOCK_STREAM);
	assert_int_equal(
		vmci_socket_setopt(c->s, c->listener, VMCI_SO_VM_SOCKETS_BUFFER_SIZE, SCENE_SIZE),
		0);
	assert_int_equal(vmci_socket_bind(c->s, c->listener, any), 0);
	assert_int_equal(vmci_socket_listen(c->s, c->listener, backlog), 0);
}

void scene_hand_creates_pair(struct scene *c, uint64_t size)
{
	struct vmci_transport *t = c->w.end[c->hand].t;
	struct vmci_handle any = { VMCI_INVALID_ID, VMCI_INVALID_ID };

	assert_int_equal(t->pair_open(t->ctx, any, c->w.end[c->own].cid, 0, 0, size, size, NULL,
				      NULL, &c->pair),
			 0);
	c->handle = t->pair_handle(t->ctx, c->pair);
}

/* The hand connects. Returns the accepted socket. */
int scene_hand_connects(struct scene *c, bool old)
{
	int fd;

	scene_say(c, old ? VMCI_STREAM_REQUEST : VMCI_STREAM_REQUEST2, old ? 0 : 1, SCENE_PORT,
		  SCENE_SIZE);
	(void)scene_hear(c, old ? VMCI_STREAM_NEGOTIATE : VMCI_STREAM_NEGOTIATE2);
	scene_hand_creates_pair(c, SCENE_SIZE);
	scene_say(c, VMCI_STREAM_OFFER, 0, SCENE_PORT, scene_value(c->handle));
	assert_int_equal(scene_hear(c, VMCI_STREAM_ATTACH)->value, scene_value(c->handle));
	fd = vmci_socket_accept(c->s, c->listener, NULL);
	assert_true(fd >= 0);
	return fd;
}

/* ---- clients ---- */

uint32_t scene_client_port(struct scene *c)
{
	struct vmci_sockaddr name;

	assert_int_equal(vmci_socket_name(c->s, c->client, &name), 0);
	return name.port;
}

void scene_connect(struct scene *c)
{
	struct vmci_sockaddr to = { c->w.end[c->hand].cid, SCENE_HAND };

	if (c->client < 0)
		c->client = vmci_socket(c->s, VMCI_SOCK_STREAM);
	assert_int_equal(vmci_socket_connect(c->s, c->client, to), -VMCI_EINPROGRESS);
	assert_int_equal(vmci_socket_connect(c->s, c->client, to), -VMCI_EALREADY);
	assert_int_equal(vmci_socket_poll(c->s, c->client), 0);
}

const struct seen *scene_hear_offer(struct scene *c)
{
	const struct seen *p = scene_hear(c, VMCI_STREAM_OFFER);

	c->handle = vmci_handle((uint32_t)p->value, (uint32_t)(p->value >> 32));
	return p;
}

void scene_hand_attaches(struct scene *c, uint64_t size)
{
	struct vmci_transport *t = c->w.end[c->hand].t;

	assert_int_equal(t->pair_open(t->ctx, c->handle, c->w.end[c->own].cid,
				      VMCI_QPFLAG_ATTACH_ONLY, 0, size, size, NULL, NULL, &c->pair),
			 0);
}

void scene_client_connects(struct scene *c)
{
	scene_connect(c);
	(void)scene_hear(c, VMCI_STREAM_REQUEST2);
	scene_say(c, VMCI_STREAM_NEGOTIATE2, 1, scene_client_port(c), SCENE_SIZE);
	(void)scene_hear_offer(c);
	scene_hand_attaches(c, SCENE_SIZE);
	scene_say(c, VMCI_STREAM_ATTACH, 0, scene_client_port(c), scene_value(c->handle));
	scene_hear_nothing(c);
	assert_int_equal(vmci_socket_poll(c->s, c->client), VMCI_POLLOUT);
}

/* ---- bytes ------------------------------------------------------------------------------- */

void scene_hand_detaches(struct scene *c)
{
	struct vmci_transport *t = c->w.end[c->hand].t;

	t->pair_close(t->ctx, c->pair);
	c->pair = NULL;
}

int64_t scene_put(struct scene *c, const void *bytes, size_t len)
{
	struct vmci_transport *t = c->w.end[c->hand].t;

	return t->enqueue(t->ctx, c->pair, bytes, len);
}

int64_t scene_take(struct scene *c, void *bytes, size_t len)
{
	struct vmci_transport *t = c->w.end[c->hand].t;

	return t->dequeue(t->ctx, c->pair, bytes, len);
}
