/* SPDX-License-Identifier: BSD-2-Clause */
/* peer_link.c - the conformance peer behind the mailbox of a served device. */
#include "peer_link.h"
#include <peer_wire.h>
#include <table.h>
#include <time.h>

/* The number of messages stands in configuration space, which clients read only once. */
static int configure(void *ctx, const struct vmci_device_config *config, unsigned vectors)
{
	struct peer_link *link = ctx;

	if (vectors && vectors != link->sim->options.pci.vectors)
		return PEER_RC_UNSUPPORTED;
	return simdev_configure(link->sim, config);
}

static uint64_t now_us(void *ctx)
{
	struct timespec t;

	(void)ctx;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000u + (uint64_t)t.tv_nsec / 1000u;
}

int peer_link_open(struct peer_link *link, struct simdev *sim)
{
	const struct peer_world world = { .hub = sim->hub,
					  .port = &sim->hub_port,
					  .device = sim->device,
					  .startup = sim->options.device,
					  .name = "OpenVMCI vmci-sim",
					  .configure = configure,
					  .now_us = now_us,
					  .ctx = link };

	link->sim = sim;
	link->actor = peer_actor_new(&world);
	return link->actor ? 0 : -1;
}

size_t peer_link_handle(void *ctx, const uint8_t *request, size_t len, uint8_t *reply, size_t max)
{
	struct peer_link *link = ctx;
	struct peer_request rq;
	struct peer_reply rp = { .rc = PEER_RC_BAD_REQUEST,
				 .blob = reply + PEER_REPLY_HEAD,
				 .blob_max = PEER_BLOB_MAX };

	if (max < PEER_REPLY_HEAD + PEER_BLOB_MAX)
		rp.blob_max = (uint32_t)(max - PEER_REPLY_HEAD);
	if (peer_decode_request(&rq, request, len) == 0) {
		if (link->actor)
			peer_actor_execute(link->actor, &rq, &rp);
		else
			rp.rc = PEER_RC_UNSUPPORTED;
	}
	if (link->sim)
		trace_text_peer(&link->sim->trace, rq.op, rq.args, rq.nargs, rp.rc);
	return peer_encode_reply(rq.op, &rp, reply, max);
}

uint64_t peer_link_pump(struct peer_link *link)
{
	return link->actor ? peer_actor_pump(link->actor) : UINT64_MAX;
}

void peer_link_reset(struct peer_link *link)
{
	static const uint32_t ops[] = { PEER_RESET, PEER_CONFIGURE };

	for (size_t i = 0; link->actor && i < sizeof(ops) / sizeof(ops[0]); i++) {
		/* No bit of the mask: every value as at the start. */
		struct peer_request rq = { .op = ops[i],
					   .nargs = ops[i] == PEER_CONFIGURE ? 1 + VCT_CONFIG_KEYS
									     : 0 };
		struct peer_reply rp = { 0 };

		peer_actor_execute(link->actor, &rq, &rp);
	}
}

void peer_link_close(struct peer_link *link)
{
	if (link->actor)
		peer_actor_free(link->actor);
	link->actor = NULL;
}
