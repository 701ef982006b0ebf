/* SPDX-License-Identifier: BSD-2-Clause */
/* peer_rpc.c - GuestRPC of context 0 for vectors. */
#include "peer_rpc.h"
#include <vmci/guestrpc.h>
#include <vmci/mem.h>

#define HEARD_BYTES 256u

struct peer_rpc {
	struct peer_world world;
	struct vmci_guestrpc_port port;
	struct vmci_transport *transport;
	struct vmci_guestrpc *service;
	uint32_t channel; /* youngest reverse one, 0: none */
	uint8_t heard[HEARD_BYTES];
	size_t heard_len; /* 0: nothing */
};

static void *rpc_alloc(void *ctx, size_t size)
{
	struct peer_rpc *r = ctx;

	return r->world.port->alloc(r->world.port->ctx, size);
}

static void rpc_free(void *ctx, void *p, size_t size)
{
	struct peer_rpc *r = ctx;

	r->world.port->free(r->world.port->ctx, p, size);
}

static uint64_t rpc_now(void *ctx)
{
	struct peer_rpc *r = ctx;

	return r->world.now_us ? r->world.now_us(r->world.ctx) : 0;
}

static bool is_word(const uint8_t *text, size_t len, const char *word, size_t word_len)
{
	return len >= word_len && memcmp(text, word, word_len) == 0;
}

static bool reply_with(const void *text, size_t len, uint8_t *reply, size_t room, size_t *reply_len)
{
	if (len > room)
		return false;
	memcpy(reply, text, len);
	*reply_len = len;
	return true;
}

static bool rpc_request(void *ctx, const struct vmci_guestrpc_caller *caller, const uint8_t *text,
			size_t len, uint8_t *reply, size_t room, size_t *reply_len)
{
	static const char unknown[] = "Unknown command", privileged[] = "privileged",
			  anybody[] = "anybody";

	(void)ctx;
	if (len == 3 && is_word(text, len, "who", 3))
		return caller->is_privileged
			       ? reply_with(privileged, sizeof(privileged) - 1, reply, room,
					    reply_len)
			       : reply_with(anybody, sizeof(anybody) - 1, reply, room, reply_len);
	if (is_word(text, len, "echo ", 5))
		return reply_with(text + 5, len - 5, reply, room, reply_len);
	(void)reply_with(unknown, sizeof(unknown) - 1, reply, room, reply_len);
	return false;
}

static void hear(struct peer_rpc *r, const void *text, size_t len)
{
	r->heard_len = len < HEARD_BYTES ? len : HEARD_BYTES;
	memcpy(r->heard, text, r->heard_len);
}

static void rpc_news(void *ctx, const struct vmci_guestrpc_caller *caller,
		     enum vmci_guestrpc_news what, const uint8_t *text, size_t len)
{
	struct peer_rpc *r = ctx;

	switch (what) {
	case VMCI_GUESTRPC_OPENED:
		r->channel = caller->connection;
		break;
	case VMCI_GUESTRPC_ANSWERED:
		hear(r, text, len);
		break;
	case VMCI_GUESTRPC_ALIVE:
		hear(r, "PING", 4);
		break;
	default:
		if (r->channel == caller->connection)
			r->channel = 0;
		break;
	}
}

static void stop(struct peer_rpc *r)
{
	if (!r)
		return;
	vmci_guestrpc_destroy(r->service);
	vmci_transport_free(r->transport);
	r->world.port->free(r->world.port->ctx, r, sizeof(*r));
}

int64_t peer_rpc_set(struct peer_rpc **out, const struct peer_world *world, uint64_t mode)
{
	const struct vmci_guestrpc_options options = { .is_disabled = mode == PEER_RPC_REFUSING };
	struct peer_rpc *r;
	int rc;

	if (mode > PEER_RPC_REFUSING)
		return VMCI_ERROR_INVALID_ARGS;
	stop(*out);
	*out = NULL;
	if (mode == PEER_RPC_OFF)
		return 0;
	r = world->port->alloc(world->port->ctx, sizeof(*r));
	if (!r)
		return VMCI_ERROR_NO_MEM;
	r->world = *world;
	r->port = (struct vmci_guestrpc_port){ .ctx = r,
					       .alloc = rpc_alloc,
					       .free = rpc_free,
					       .now_us = rpc_now,
					       .request = rpc_request,
					       .news = rpc_news };
	r->transport = vmci_transport_of_context(
		vmci_hub_find(world->hub, VMCI_HYPERVISOR_CONTEXT_ID), r, rpc_alloc, rpc_free);
	rc = r->transport ? vmci_guestrpc_create(r->transport, &r->port, &options, &r->service)
			  : -VMCI_ENOMEM;
	if (rc) {
		stop(r);
		return rc == -VMCI_EADDRINUSE ? VMCI_ERROR_ALREADY_EXISTS : VMCI_ERROR_NO_MEM;
	}
	*out = r;
	return 0;
}

uint64_t peer_rpc_pump(struct peer_rpc *r)
{
	uint64_t next_us = r ? 0 : UINT64_MAX;

	/* 0: there is more. The bound is for a guest that never ceases to send. */
	for (unsigned i = 0; next_us == 0 && i < 64; i++)
		next_us = vmci_guestrpc_pump(r->service);
	return next_us;
}

int64_t peer_rpc_ask(struct peer_rpc *r, const uint8_t *text, size_t len)
{
	int rc = r && r->channel ? vmci_guestrpc_call(r->service, r->channel, text, len)
				 : -VMCI_ENOTCONN;

	switch (rc) {
	case 0:
		(void)peer_rpc_pump(r);
		return 0;
	case -VMCI_ENOTCONN:
		return VMCI_ERROR_NOT_FOUND;
	case -VMCI_EALREADY:
		return VMCI_ERROR_WOULD_BLOCK;
	default:
		return VMCI_ERROR_INVALID_ARGS;
	}
}

void peer_rpc_heard(struct peer_rpc *r, struct peer_reply *rp)
{
	rp->rc = VMCI_ERROR_NO_MORE_DATAGRAMS;
	if (!r || !r->heard_len || r->heard_len > rp->blob_max)
		return;
	memcpy(rp->blob, r->heard, r->heard_len);
	rp->blob_len = (uint32_t)r->heard_len;
	rp->rc = (int64_t)r->heard_len;
	r->heard_len = 0;
}
