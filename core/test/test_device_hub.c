/* SPDX-License-Identifier: BSD-2-Clause */
/* Many of everything in one process, quotas, memory that moves, and the answers of the hub's
 * interface that no vector can ask for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <vmci/error.h>
#include "../device/device.h"
#include "device_world.h"

#define RAM_PPN 16u

struct tally {
	uint32_t count;
	uint32_t last_source;
};

static int count_datagram(void *arg, const uint8_t *data, size_t len)
{
	struct tally *t = arg;

	(void)len;
	t->count++;
	t->last_source = vmci_get32(data + VMCI_DATAGRAM_SRC_CONTEXT);
	return 0;
}

static void on_ring(void *arg, struct vmci_handle handle)
{
	(void)arg;
	(void)handle;
}

static void ten_thousand_contexts_are_cheap(void **state)
{
	struct vmci_context *ctx;
	struct world w;
	size_t len;
	uint8_t buf[64];

	(void)state;
	world_open(&w);
	for (uint32_t i = 0; i < 9999; i++) {
		assert_int_equal(vmci_context_create(w.hub, 1000 + i, 0, &ctx), 0);
		assert_int_equal(vmci_context_cid(ctx), 1000 + i);
	}
	assert_int_equal(vmci_context_create(w.hub, 20000, 0, &ctx), VMCI_ERROR_NO_RESOURCES);
	assert_true(w.alive_bytes < 10000 * 1024u);
	for (uint32_t i = 0; i < 9999; i++)
		assert_int_equal(vmci_context_send(w.host, vmci_handle(1000 + i, 5),
						   vmci_handle(VMCI_INVALID_ID, 6), &i, 4),
				 28);
	for (uint32_t i = 0; i < 9999; i++) {
		ctx = vmci_hub_find(w.hub, 1000 + i);
		assert_int_equal(vmci_context_receive(ctx, buf, sizeof(buf), &len), 0);
		assert_int_equal(vmci_get32(buf + VMCI_DATAGRAM_PAYLOAD), i);
	}
	for (uint32_t i = 0; i < 9999; i += 2)
		vmci_context_destroy(vmci_hub_find(w.hub, 1000 + i));
	assert_null(vmci_hub_find(w.hub, 1000));
	assert_non_null(vmci_hub_find(w.hub, 1001));
	world_close(&w);
}

/* Two devices of one hub share nothing but the host. */
static void devices_of_one_hub_are_apart(void **state)
{
	static const struct vmci_device_config config = { .cid = WORLD_CID, .caps = WORLD_CAPS };
	struct tally t = { 0 };
	struct world a, b;
	struct vmci_device *of_a, *second;

	(void)state;
	world_open(&a);
	world_open(&b);
	vmci_context_endpoint(a.host, 0x600, 0, 0, count_datagram, &t);
	assert_int_equal(vmci_device_create(a.hub, &config, &b.device_port, &second), 0);
	assert_int_equal(vmci_context_cid(vmci_device_context(second)), WORLD_CID + 1);
	of_a = b.dev;
	b.dev = second;
	assert_int_equal(world_send(&b, vmci_handle(VMCI_HOST_CONTEXT_ID, 0x600),
				    vmci_handle(VMCI_INVALID_ID, 1), NULL, 0),
			 24);
	assert_int_equal(t.last_source, WORLD_CID + 1);
	assert_int_equal(world_send(&b, vmci_handle(WORLD_CID, 0x600),
				    vmci_handle(VMCI_INVALID_ID, 1), NULL, 0),
			 VMCI_ERROR_DST_UNREACHABLE);
	assert_int_equal(world_link(&a, 0x400, 1), 0);
	world_out(&b, VMCI_CONTROL_ADDR, VMCI_CONTROL_RESET);
	assert_int_equal(a.dev->ctx->doorbell_count, 1);
	vmci_device_destroy(second);
	b.dev = of_a;
	world_close(&b);
	world_close(&a);
}

static void a_device_that_cannot_be_made_leaves_nothing(void **state)
{
	static const struct vmci_device_config bad[] = {
		{ .cid = 0 },
		{ .cid = VMCI_HOST_CONTEXT_ID },
		{ .cid = VMCI_RESERVED_CID_LIMIT - 1 },
		{ .cid = VMCI_INVALID_ID },
		{ .cid = WORLD_CID, .caps = 0x40 },
		{ .cid = WORLD_CID, .caps = VMCI_CAPS_CLEAR_TO_ACK },
		{ .cid = WORLD_CID, .priv = VMCI_PRIVILEGE_FLAG_TRUSTED },
	};
	struct vmci_device *dev;
	struct world w;
	uint64_t alive;

	(void)state;
	world_open(&w);
	alive = w.alive;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(vmci_device_create(w.hub, &bad[i], &w.device_port, &dev),
				 VMCI_ERROR_INVALID_ARGS);
		assert_int_equal(vmci_device_configure(w.dev, &bad[i]), VMCI_ERROR_INVALID_ARGS);
		assert_int_equal(w.alive, alive);
		assert_int_equal(world_call(&w, VMCI_GET_CONTEXT_ID, NULL, 0), WORLD_CID);
	}
	world_close(&w);
}

static void quotas_hold_and_hurt_nobody_else(void **state)
{
	struct vmci_hub_limits limits = { .endpoints = 3, .doorbells = 4, .queue_pairs = 2 };
	struct vmci_device_config config = { .cid = WORLD_CID, .caps = WORLD_CAPS };
	struct vmci_hub *plain;
	struct vmci_device *of_plain;
	struct tally t = { 0 };
	struct world w;

	(void)state;
	world_open(&w);
	plain = w.hub;
	of_plain = w.dev;
	assert_int_equal(vmci_hub_create(&w.hub_port, &limits, &w.hub), 0);
	assert_int_equal(vmci_device_create(w.hub, &config, &w.device_port, &w.dev), 0);
	w.host = vmci_hub_find(w.hub, VMCI_HOST_CONTEXT_ID);
	for (int64_t i = 0; i < 3; i++)
		assert_int_equal(
			vmci_context_endpoint(w.host, VMCI_INVALID_ID, 0, 0, count_datagram, &t),
			1024 + i);
	assert_int_equal(vmci_context_endpoint(w.host, VMCI_INVALID_ID, 0, 0, count_datagram, &t),
			 VMCI_ERROR_NO_RESOURCES);
	for (uint32_t i = 0; i < 4; i++)
		assert_int_equal(world_link(&w, 0x400 + i, 0), 0);
	assert_int_equal(world_link(&w, 0x404, 0), VMCI_ERROR_NO_RESOURCES);
	assert_int_equal(world_alloc(&w, 0x800, 1, 1, RAM_PPN), 0);
	assert_int_equal(world_alloc(&w, 0x801, 1, 1, RAM_PPN + 4), 0);
	assert_int_equal(world_alloc(&w, 0x802, 1, 1, RAM_PPN + 8), VMCI_ERROR_NO_RESOURCES);
	assert_int_equal(world_detach(&w, 0x800), 0);
	assert_int_equal(world_alloc(&w, 0x802, 1, 1, RAM_PPN + 8), 0);
	vmci_hub_destroy(w.hub);
	w.hub = plain;
	w.dev = of_plain;
	world_close(&w);
}

/* Endpoints, doorbells and pairs with one handle: each goes alone, in any order. */
static void one_handle_of_three_kinds(void **state)
{
	static const unsigned orders[6][3] = { { 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 },
					       { 1, 2, 0 }, { 2, 0, 1 }, { 2, 1, 0 } };
	struct tally t = { 0 };
	struct world w;

	(void)state;
	world_open(&w);
	for (unsigned o = 0; o < 6; o++) {
		struct vmci_pair_end *end;

		assert_int_equal(vmci_context_endpoint(w.host, 0x600, 0, 0, count_datagram, &t),
				 0x600);
		assert_int_equal(vmci_context_doorbell(w.host, 0x600, 0, on_ring, NULL), 0x600);
		assert_int_equal(vmci_context_pair(w.host, vmci_handle(2, 0x600), VMCI_INVALID_ID,
						   0, 0, 16, 16, NULL, NULL, &end),
				 0);
		for (unsigned k = 0; k < 3; k++) {
			if (orders[o][k] == 0)
				assert_int_equal(vmci_context_endpoint_close(w.host, 0x600), 0);
			if (orders[o][k] == 1)
				assert_int_equal(vmci_context_doorbell_close(w.host, 0x600), 0);
			if (orders[o][k] == 2)
				assert_int_equal(vmci_pair_detach(end), 0);
		}
	}
	world_close(&w);
}

static struct vmci_pair_end *joined_pair(struct world *w)
{
	struct vmci_pair_end *end = NULL;

	assert_int_equal(world_alloc(w, 0x800, 4096, 4096, RAM_PPN), 0);
	assert_int_equal(vmci_context_pair(w->host, vmci_handle(WORLD_CID, 0x800), VMCI_INVALID_ID,
					   VMCI_QPFLAG_NONBLOCK, 0, 4096, 4096, NULL, NULL, &end),
			 0);
	return end;
}

/* The machine's memory is mapped anew elsewhere: bytes on their way arrive. */
static void pages_that_move_are_found_again(void **state)
{
	struct vmci_pair_end *end;
	struct world w;
	uint8_t *moved;
	char buf[8];

	(void)state;
	world_open(&w);
	end = joined_pair(&w);
	assert_int_equal(vmci_pair_enqueue(end, "abc", 3), 3);
	/* The guest produces "xy". */
	memcpy(w.ram + (RAM_PPN + 1) * 4096, "xy", 2);
	vmci_put64(w.ram + RAM_PPN * 4096 + VMCI_QUEUE_HEADER_PRODUCER_TAIL, 2);

	moved = malloc(WORLD_RAM);
	assert_non_null(moved);
	memcpy(moved, w.ram, WORLD_RAM);
	free(w.ram);
	w.ram = moved;
	w.pins = 0;
	vmci_device_memory_changed(w.dev);

	assert_int_equal(vmci_pair_dequeue(end, buf, sizeof(buf)), 2);
	assert_memory_equal(buf, "xy", 2);
	assert_int_equal(vmci_pair_enqueue(end, "def", 3), 3);
	assert_memory_equal(w.ram + (RAM_PPN + 3) * 4096, "abcdef", 6);
	assert_int_equal(vmci_pair_detach(end), 0);
	world_close(&w);
}

/* While its memory is away the device holds no page of it, and afterwards the same ones. */
static void a_pause_lets_go_of_every_page(void **state)
{
	struct vmci_pair_end *end;
	struct world w;

	(void)state;
	world_open(&w);
	end = joined_pair(&w);
	assert_int_equal(w.pins, 4);
	for (int round = 0; round < 2; round++) {
		vmci_device_quiesce(w.dev);
		assert_int_equal(w.pins, 0);
		vmci_device_unquiesce(w.dev);
		assert_int_equal(w.pins, 4);
		vmci_device_set_bus_master(w.dev, false);
		assert_int_equal(w.pins, 0);
		vmci_device_quiesce(w.dev);
		vmci_device_set_bus_master(w.dev, true);
		assert_int_equal(w.pins, 0);
		vmci_device_unquiesce(w.dev);
		assert_int_equal(w.pins, 4);
	}
	assert_int_equal(world_detach(&w, 0x800), 0);
	assert_int_equal(w.pins, 0);
	assert_int_equal(vmci_pair_detach(end), 0);
	world_close(&w);
}

static void pages_that_are_gone_are_not_touched(void **state)
{
	struct vmci_pair_end *end;
	struct world w;
	uint8_t *ram;
	char buf[8];

	(void)state;
	world_open(&w);
	end = joined_pair(&w);
	w.pins = 0;
	vmci_device_memory_changed(w.dev);
	vmci_device_quiesce(w.dev);
	ram = malloc(WORLD_RAM);
	assert_non_null(ram);
	memset(ram, 0, WORLD_RAM);
	free(w.ram); /* a touch is found by the address sanitizer */
	w.ram = ram;

	assert_int_equal(vmci_pair_enqueue(end, "abc", 3), VMCI_ERROR_WOULD_BLOCK);
	assert_int_equal(vmci_pair_dequeue(end, buf, 8), VMCI_ERROR_WOULD_BLOCK);
	assert_int_equal(vmci_pair_ready(end), VMCI_ERROR_QUEUEPAIR_NOT_READY);

	vmci_device_unquiesce(w.dev);
	assert_int_equal(vmci_pair_enqueue(end, "abc", 3), 3);
	assert_int_equal(vmci_pair_detach(end), 0);
	world_close(&w);
}

static int refuse_or8(void *ctx, struct vmci_gpa gpa, uint8_t bits)
{
	(void)ctx;
	(void)gpa;
	(void)bits;
	return VMCI_LOCAL_BAD_ADDRESS;
}

/* The page was memory when it became the bitmap, and is none for a while. */
static void a_ring_waits_for_a_bitmap_that_is_gone(void **state)
{
	int (*or8)(void *ctx, struct vmci_gpa gpa, uint8_t bits);
	struct world w;

	(void)state;
	world_open(&w);
	world_out(&w, VMCI_CAPS_ADDR, VMCI_CAPS_DATAGRAM | VMCI_CAPS_NOTIFICATIONS);
	assert_int_equal(world_bitmap(&w, 2), 0);
	assert_int_equal(world_link(&w, 0x400, 3), 0);
	or8 = w.device_port.mem_or8;
	w.device_port.mem_or8 = refuse_or8;
	assert_int_equal(vmci_context_ring(w.host, vmci_handle(WORLD_CID, 0x400)), 0);
	assert_int_equal(world_in(&w, VMCI_ICR_ADDR), 0);
	vmci_device_set_bus_master(w.dev, false);
	vmci_device_set_bus_master(w.dev, true);
	assert_int_equal(world_in(&w, VMCI_ICR_ADDR), 0);
	w.device_port.mem_or8 = or8;
	vmci_device_set_bus_master(w.dev, false);
	vmci_device_set_bus_master(w.dev, true);
	assert_int_equal(world_in(&w, VMCI_ICR_ADDR), VMCI_ICR_NOTIFICATION);
	assert_int_equal(w.ram[2 * 4096 + 3], 1);
	world_close(&w);
}

/* An end outlives its context for as long as its owner holds it. */
static void an_end_is_its_holders(void **state)
{
	uint64_t memory[3 * 512];
	void *pages[1] = { memory + 1024 };
	struct vmci_pair_memory m = { memory, memory + 512, pages, pages, 12 };
	struct vmci_pair_end *end, *host;
	struct vmci_context *bare;
	struct world w;

	(void)state;
	world_open(&w);
	assert_int_equal(vmci_context_create(w.hub, 0x300, 0, &bare), 0);
	assert_int_equal(
		vmci_context_pair(bare, vmci_handle(0x300, 0x800), 2, 0, 0, 64, 64, &m, NULL, &end),
		0);
	assert_int_equal(vmci_context_pair(w.host, vmci_handle(0x300, 0x800), VMCI_INVALID_ID, 0, 0,
					   64, 64, NULL, NULL, &host),
			 0);
	assert_int_equal(vmci_pair_enqueue(end, "abc", 3), 3);
	assert_int_equal(vmci_pair_ready(host), 3);
	vmci_context_destroy(bare);
	assert_int_equal(vmci_pair_state(end), VMCI_QPB_GONE);
	assert_int_equal(vmci_pair_unmap(end), VMCI_ERROR_NOT_FOUND);
	assert_int_equal(vmci_pair_map(end, &m), VMCI_ERROR_NOT_FOUND);
	assert_int_equal(vmci_pair_handle(end).context, VMCI_INVALID_ID);
	assert_int_equal(vmci_pair_handle(end).resource, VMCI_INVALID_ID);
	assert_int_equal(vmci_pair_enqueue(end, "abc", 3), VMCI_ERROR_QUEUEPAIR_NOTATTACHED);
	assert_int_equal(vmci_pair_enqueue(host, "abc", 3), VMCI_ERROR_QUEUEPAIR_NOTATTACHED);
	assert_int_equal(vmci_pair_detach(end), VMCI_ERROR_NOT_FOUND);
	assert_int_equal(vmci_pair_detach(host), 0);
	world_close(&w);
}

static void bad_memory_of_a_bare_vm_is_refused(void **state)
{
	uint64_t memory[3 * 512];
	void *pages[1] = { memory + 1024 }, *none[1] = { NULL };
	struct vmci_pair_memory bad[] = {
		{ NULL, memory + 512, pages, pages, 12 },
		{ memory, (uint8_t *)(memory + 512) + 4, pages, pages, 12 },
		{ memory, memory + 512, NULL, pages, 12 },
		{ memory, memory + 512, pages, none, 12 },
		{ memory, memory + 512, pages, pages, 11 },
		{ memory, memory + 512, pages, pages, 64 },
	};
	struct vmci_context *bare;
	struct vmci_pair_end *end;
	struct world w;

	(void)state;
	world_open(&w);
	assert_int_equal(vmci_context_create(w.hub, 0x300, 0, &bare), 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		uint64_t alive = w.alive;

		assert_int_equal(vmci_context_pair(bare, vmci_handle(0x300, 0x800), 2, 0, 0, 64, 64,
						   &bad[i], NULL, &end),
				 VMCI_ERROR_INVALID_ARGS);
		assert_true(w.alive <= alive);
	}
	world_close(&w);
}

static void results_have_names(void **state)
{
	(void)state;
	assert_string_equal(vmci_error_name(0), "VMCI_SUCCESS");
	assert_string_equal(vmci_error_name(VMCI_ERROR_WOULD_BLOCK), "VMCI_ERROR_WOULD_BLOCK");
	assert_string_equal(vmci_error_name(VMCI_LOCAL_GONE), "VMCI_LOCAL_GONE");
	assert_string_equal(vmci_error_name(-499), "?");
	for (int i = -41; i <= 5; i++)
		assert_string_not_equal(vmci_error_name(i), "?");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ten_thousand_contexts_are_cheap),
		cmocka_unit_test(devices_of_one_hub_are_apart),
		cmocka_unit_test(a_device_that_cannot_be_made_leaves_nothing),
		cmocka_unit_test(quotas_hold_and_hurt_nobody_else),
		cmocka_unit_test(one_handle_of_three_kinds),
		cmocka_unit_test(pages_that_move_are_found_again),
		cmocka_unit_test(a_pause_lets_go_of_every_page),
		cmocka_unit_test(pages_that_are_gone_are_not_touched),
		cmocka_unit_test(a_ring_waits_for_a_bitmap_that_is_gone),
		cmocka_unit_test(an_end_is_its_holders),
		cmocka_unit_test(bad_memory_of_a_bare_vm_is_refused),
		cmocka_unit_test(results_have_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
