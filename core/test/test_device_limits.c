/* SPDX-License-Identifier: BSD-2-Clause */
/* Quotas at their edge: the last one that is allowed is taken, the next one is not, and what is
 * given back makes room. No guest can see them, or only after too long. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <vmci/error.h>
#include "../device/device.h"
#include "../device/doorbell.h"
#include "device_world.h"

#define OVERHEAD 64u /* hub.h: of each datagram that waits for an endpoint */

/* An endpoint of the host. */
struct listener {
	struct world *w;
	uint32_t got;
	uint32_t last; /* first word of the payload */
	bool answers;  /* sends the word on to itself */
};

static int listen(void *arg, const uint8_t *data, size_t len)
{
	struct listener *l = arg;

	l->got++;
	if (len < VMCI_DATAGRAM_SIZE + 4)
		return 0;
	l->last = vmci_get32(data + VMCI_DATAGRAM_PAYLOAD);
	if (l->answers)
		return vmci_context_send(l->w->host, vmci_handle(VMCI_HOST_CONTEXT_ID, 0x600),
					 vmci_handle(VMCI_HOST_CONTEXT_ID, 0x600), &l->last, 4);
	return 0;
}

static void on_ring(void *arg, struct vmci_handle handle)
{
	(void)handle;
	++*(uint32_t *)arg;
}

/* A world whose hub has these limits. The plain hub goes first. */
static void open_limited(struct world *w, const struct vmci_hub_limits *limits)
{
	struct vmci_device_config config = { .cid = WORLD_CID, .caps = WORLD_CAPS };

	world_open(w);
	vmci_hub_destroy(w->hub);
	assert_int_equal(vmci_hub_create(&w->hub_port, limits, &w->hub), 0);
	assert_int_equal(vmci_device_create(w->hub, &config, &w->device_port, &w->dev), 0);
	w->host = vmci_hub_find(w->hub, VMCI_HOST_CONTEXT_ID);
}

/* ---- datagrams for endpoints ---------------------------------------------------------------- */

static int32_t guest_sends(struct world *w, uint32_t resource, size_t len)
{
	static const uint8_t payload[1024];

	return world_send(w, vmci_handle(VMCI_HOST_CONTEXT_ID, resource),
			  vmci_handle(VMCI_INVALID_ID, 0x700), payload, len);
}

/* A guest that floods an endpoint with delayed delivery is stopped, and hurts no other. */
static void bytes_that_wait_for_an_endpoint_are_limited(void **state)
{
	/* Room for one of 100 bytes and for one of 200, exactly. */
	struct vmci_hub_limits limits = { .host_queue_bytes = 100 + 200 + 2 * OVERHEAD };
	struct listener a = { 0 }, b = { 0 };
	struct world w;

	(void)state;
	open_limited(&w, &limits);
	assert_int_equal(
		vmci_context_endpoint(w.host, 0x600, 0, VMCI_FLAG_DG_DELAYED_CB, listen, &a),
		0x600);
	assert_int_equal(
		vmci_context_endpoint(w.host, 0x601, 0, VMCI_FLAG_DG_DELAYED_CB, listen, &b),
		0x601);
	for (int round = 0; round < 3; round++) {
		assert_int_equal(guest_sends(&w, 0x600, 100 - 24), 100);
		assert_int_equal(guest_sends(&w, 0x600, 201 - 24), VMCI_ERROR_NO_MEM);
		assert_int_equal(guest_sends(&w, 0x600, 200 - 24), 200);
		assert_int_equal(guest_sends(&w, 0x600, 0), VMCI_ERROR_NO_MEM);
		assert_int_equal(guest_sends(&w, 0x601, 0), 24);
		assert_int_equal(a.got, 2 * round);
		assert_int_equal(vmci_hub_run(w.hub), 3);
		assert_int_equal(a.got, 2 * round + 2);
		assert_int_equal(b.got, round + 1);
	}
	world_close(&w);
}

/* What waits counts for host senders as well, and the default is a mebibyte. */
static void the_default_is_a_mebibyte(void **state)
{
	static uint8_t payload[65536 - 24 - OVERHEAD];
	struct listener a = { 0 };
	struct world w;

	(void)state;
	world_open(&w);
	assert_int_equal(vmci_context_endpoint(w.host, 0x600, 0, 0, listen, &a), 0x600);
	for (int i = 0; i < 16; i++)
		assert_int_equal(vmci_context_send(w.host, vmci_handle(2, 0x600),
						   vmci_handle(2, 0x600), payload, sizeof(payload)),
				 65536 - OVERHEAD);
	assert_int_equal(
		vmci_context_send(w.host, vmci_handle(2, 0x600), vmci_handle(2, 0x600), NULL, 0),
		VMCI_ERROR_NO_MEM);
	/* From a guest it needs no room: nothing waits. */
	assert_int_equal(guest_sends(&w, 0x600, 8), 32);
	assert_int_equal(a.got, 1);
	assert_int_equal(vmci_hub_run(w.hub), 16);
	world_close(&w);
}

/* CTX.HOST.2, CTX.HOST.3 */
static void fewer_than_256_are_under_way_between_host_endpoints(void **state)
{
	struct listener a = { 0 };
	struct world w;

	(void)state;
	world_open(&w);
	vmci_context_endpoint(w.host, 0x600, 0, 0, listen, &a);
	for (uint32_t i = 1; i <= 255; i++)
		assert_int_equal(vmci_context_send(w.host, vmci_handle(2, 0x600),
						   vmci_handle(2, 0x600), &i, 4),
				 28);
	assert_int_equal(
		vmci_context_send(w.host, vmci_handle(2, 0x600), vmci_handle(2, 0x600), NULL, 0),
		VMCI_ERROR_NO_MEM);
	assert_int_equal(a.got, 0);
	assert_int_equal(vmci_hub_run(w.hub), 255);
	assert_int_equal(a.got, 255);
	assert_int_equal(a.last, 255);
	assert_int_equal(
		vmci_context_send(w.host, vmci_handle(2, 0x600), vmci_handle(2, 0x600), NULL, 0),
		24);
	/* The rest is freed by world_close(). */
	world_close(&w);
}

static void a_run_ends_although_handlers_send(void **state)
{
	struct listener a = { .answers = true };
	struct world w;
	uint32_t word = 7;

	(void)state;
	world_open(&w);
	a.w = &w;
	vmci_context_endpoint(w.host, 0x600, 0, 0, listen, &a);
	for (int i = 0; i < 2; i++)
		assert_int_equal(vmci_context_send(w.host, vmci_handle(2, 0x600),
						   vmci_handle(2, 0x600), &word, 4),
				 28);
	for (uint32_t i = 1; i < 4; i++) {
		assert_int_equal(vmci_hub_run(w.hub), 2);
		assert_int_equal(a.got, 2 * i);
	}
	world_close(&w);
}

static void what_waits_goes_with_its_endpoint(void **state)
{
	struct listener a = { 0 }, b = { 0 };
	struct world w;

	(void)state;
	world_open(&w);
	vmci_context_endpoint(w.host, 0x600, 0, VMCI_FLAG_DG_DELAYED_CB, listen, &a);
	vmci_context_endpoint(w.host, 0x601, 0, VMCI_FLAG_DG_DELAYED_CB, listen, &b);
	for (uint32_t i = 0; i < 6; i++)
		assert_int_equal(guest_sends(&w, 0x600 + i % 2, i), 24 + i);
	assert_int_equal(vmci_context_endpoint_close(w.host, 0x600), 0);
	assert_int_equal(vmci_hub_run(w.hub), 3);
	assert_int_equal(a.got, 0);
	assert_int_equal(b.got, 3);
	world_close(&w);
}

/* ---- watches and doorbells ------------------------------------------------------------------ */

static void the_last_watch_is_taken(void **state)
{
	struct world w;

	(void)state;
	world_open(&w);
	for (uint32_t i = 0; i < VMCI_MAX_CONTEXTS; i++)
		assert_int_equal(vmci_context_watch(w.host, 0x1000 + i), 0);
	assert_int_equal(vmci_context_watch(w.host, 0x900), VMCI_ERROR_NO_MEM);
	assert_int_equal(vmci_context_watch(w.host, 0x1000), VMCI_ERROR_ALREADY_EXISTS);
	assert_int_equal(vmci_context_unwatch(w.host, 0x1005), 0);
	assert_int_equal(vmci_context_watch(w.host, 0x900), 0);
	assert_int_equal(vmci_context_watch(w.host, 0x1005), VMCI_ERROR_NO_MEM);
	/* Each context has its own. */
	assert_int_equal(
		vmci_context_watch(vmci_hub_find(w.hub, VMCI_HYPERVISOR_CONTEXT_ID), 0x1000), 0);
	world_close(&w);
}

static void the_last_doorbell_of_a_bare_vm_is_taken(void **state)
{
	static struct vmci_handle rung[VMCI_DOORBELLS_PER_VM];
	struct vmci_context *bare;
	struct world w;

	(void)state;
	world_open(&w);
	assert_int_equal(vmci_context_create(w.hub, 0x300, 0, &bare), 0);
	for (int64_t i = 0; i < VMCI_DOORBELLS_PER_VM; i++)
		assert_int_equal(vmci_context_doorbell(bare, VMCI_INVALID_ID, 0, NULL, NULL),
				 1024 + i);
	assert_int_equal(vmci_context_doorbell(bare, VMCI_INVALID_ID, 0, NULL, NULL),
			 VMCI_ERROR_NO_MEM);
	assert_int_equal(vmci_context_doorbell(bare, 7, 0, NULL, NULL), VMCI_ERROR_NO_MEM);
	assert_int_equal(vmci_context_doorbell(bare, 1024, 0, NULL, NULL),
			 VMCI_ERROR_DUPLICATE_ENTRY);
	assert_int_equal(vmci_context_doorbell_close(bare, 1030), 0);
	assert_int_equal(vmci_context_doorbell(bare, 7, 0, NULL, NULL), 7);
	assert_int_equal(vmci_context_doorbell(bare, 1030, 0, NULL, NULL), VMCI_ERROR_NO_MEM);

	/* All of them ring: the list is taken whole or not at all. */
	for (uint32_t i = 0; i < VMCI_DOORBELLS_PER_VM; i++)
		assert_int_equal(
			vmci_context_ring(w.host, vmci_handle(0x300, i == 6 ? 7 : 1024 + i)), 0);
	assert_int_equal(vmci_context_rings(bare, rung, VMCI_DOORBELLS_PER_VM - 1),
			 VMCI_ERROR_MORE_DATA);
	assert_int_equal(vmci_context_rings(bare, rung, VMCI_DOORBELLS_PER_VM),
			 VMCI_DOORBELLS_PER_VM);
	assert_int_equal(rung[0].resource, 1024);
	assert_int_equal(rung[6].resource, 7);
	assert_int_equal(vmci_context_rings(bare, rung, 0), 0);
	world_close(&w);
}

static void the_last_doorbell_of_the_host_is_taken(void **state)
{
	struct vmci_hub_limits limits = { .doorbells = 3 };
	uint32_t rings = 0;
	struct world w;

	(void)state;
	open_limited(&w, &limits);
	for (uint32_t i = 0; i < 3; i++)
		assert_int_equal(vmci_context_doorbell(w.host, 0x600 + i, 0, on_ring, &rings),
				 0x600 + i);
	assert_int_equal(vmci_context_doorbell(w.host, 0x603, 0, on_ring, &rings),
			 VMCI_ERROR_NO_RESOURCES);
	assert_int_equal(vmci_context_doorbell_close(w.host, 0x601), 0);
	assert_int_equal(vmci_context_doorbell(w.host, 0x603, 0, on_ring, &rings), 0x603);
	assert_int_equal(vmci_context_ring(w.host, vmci_handle(2, 0x603)), 0);
	assert_int_equal(rings, 1);
	/* A ring with a handler is over when the handler has run. */
	assert_false(vmci_context_is_pending(w.host));
	assert_int_equal(vmci_context_doorbell(w.host, 0x600, 0, on_ring, &rings),
			 VMCI_ERROR_ALREADY_EXISTS);
	assert_int_equal(vmci_context_doorbell(w.host, 0x604, 4, on_ring, &rings),
			 VMCI_ERROR_INVALID_ARGS);
	/* The hypervisor has none. */
	assert_int_equal(vmci_context_ring(w.host, vmci_handle(0, 0x603)), VMCI_ERROR_INVALID_ARGS);
	world_close(&w);
}

/* ---- names that the hub chooses ------------------------------------------------------------- */

/* From 1024 on, past what is taken, each kind for itself. */
static void chosen_resources_are_free_ones(void **state)
{
	struct listener a = { 0 };
	uint32_t rings = 0;
	struct world w;

	(void)state;
	world_open(&w);
	for (uint32_t i = 1024; i < 1027; i++) {
		assert_int_equal(vmci_context_endpoint(w.host, i, 0, 0, listen, &a), i);
		assert_int_equal(vmci_context_doorbell(w.host, i, 0, on_ring, &rings), i);
	}
	assert_int_equal(vmci_context_endpoint(w.host, VMCI_INVALID_ID, 0, 0, listen, &a), 1027);
	assert_int_equal(vmci_context_doorbell(w.host, VMCI_INVALID_ID, 0, on_ring, &rings), 1028);
	assert_int_equal(vmci_context_endpoint_close(w.host, 1027), 0);
	/* Not the last one again at once: somebody may still send to it. */
	assert_int_equal(vmci_context_endpoint(w.host, VMCI_INVALID_ID, 0, 0, listen, &a), 1029);
	world_close(&w);
}

/* After the last possible name the choice goes on at 1024. */
static void the_choice_of_resources_wraps(void **state)
{
	struct listener a = { 0 };
	struct world w;

	(void)state;
	world_open(&w);
	assert_int_equal(vmci_context_endpoint(w.host, 1024, 0, 0, listen, &a), 1024);
	w.host->next_resource = VMCI_INVALID_ID - 1;
	assert_int_equal(vmci_context_endpoint(w.host, VMCI_INVALID_ID, 0, 0, listen, &a),
			 VMCI_INVALID_ID - 1);
	assert_int_equal(vmci_context_endpoint(w.host, VMCI_INVALID_ID, 0, 0, listen, &a), 1025);
	world_close(&w);
}

static void a_bad_context_is_refused(void **state)
{
	struct vmci_context *ctx;
	struct world w;
	uint64_t alive;

	(void)state;
	world_open(&w);
	alive = w.alive;
	assert_int_equal(vmci_context_create(w.hub, VMCI_INVALID_ID, 0, &ctx),
			 VMCI_ERROR_INVALID_ARGS);
	assert_int_equal(vmci_context_create(w.hub, 0x300, VMCI_PRIVILEGE_FLAG_TRUSTED, &ctx),
			 VMCI_ERROR_INVALID_ARGS);
	assert_int_equal(w.alive, alive);
	world_close(&w);
}

static void a_running_machine_keeps_out_of_reserved_ids(void **state)
{
	static const uint32_t reserved[] = { 0, 1, 2, 3, 15, VMCI_INVALID_ID };
	struct world w;

	(void)state;
	world_open(&w);
	for (size_t i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++) {
		assert_int_equal(vmci_device_set_cid(w.dev, reserved[i]), VMCI_ERROR_INVALID_ARGS);
		assert_int_equal(world_call(&w, VMCI_GET_CONTEXT_ID, NULL, 0), WORLD_CID);
	}
	assert_int_equal(vmci_device_set_cid(w.dev, WORLD_CID), 0);
	assert_int_equal(w.dev->ctx->queue.count, 0); /* no news */
	assert_int_equal(vmci_device_set_cid(w.dev, 16), 0);
	assert_int_equal(w.dev->ctx->queue.count, 1);
	assert_int_equal(vmci_device_set_cid(w.dev, VMCI_INVALID_ID - 1), 0);
	world_close(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_that_wait_for_an_endpoint_are_limited),
		cmocka_unit_test(the_default_is_a_mebibyte),
		cmocka_unit_test(fewer_than_256_are_under_way_between_host_endpoints),
		cmocka_unit_test(a_run_ends_although_handlers_send),
		cmocka_unit_test(what_waits_goes_with_its_endpoint),
		cmocka_unit_test(the_last_watch_is_taken),
		cmocka_unit_test(the_last_doorbell_of_a_bare_vm_is_taken),
		cmocka_unit_test(the_last_doorbell_of_the_host_is_taken),
		cmocka_unit_test(chosen_resources_are_free_ones),
		cmocka_unit_test(the_choice_of_resources_wraps),
		cmocka_unit_test(a_bad_context_is_refused),
		cmocka_unit_test(a_running_machine_keeps_out_of_reserved_ids),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
