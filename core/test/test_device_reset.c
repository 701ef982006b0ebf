/* SPDX-License-Identifier: BSD-2-Clause */
/* Whatever a guest did before: after a reset the device is as new, and after a CAPS write nothing
 * of the last driver is left. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "../device/reset.h"
#include "device_world.h"

#define RAM_PPN 16u

static int accept(void *arg, const uint8_t *data, size_t len)
{
	(void)arg;
	(void)data;
	(void)len;
	return 0;
}

/* Registers and where a guest's numbers usually are. */
static const uint32_t registers[] = {
	VMCI_STATUS_ADDR,	 VMCI_ICR_ADDR,
	VMCI_IMR_ADDR,		 VMCI_CAPS_ADDR,
	VMCI_RESULT_LOW_ADDR,	 VMCI_DATA_OUT_LOW_ADDR,
	VMCI_DATA_OUT_HIGH_ADDR, VMCI_DATA_IN_LOW_ADDR,
	VMCI_DATA_IN_HIGH_ADDR,	 VMCI_GUEST_PAGE_SHIFT_ADDR,
	VMCI_CONTROL_ADDR,
};

static uint32_t interesting(uint64_t *random)
{
	static const uint32_t values[] = { 0,  1,    2,	   7,	   12,	   14,	       16,
					   17, 0x3c, 0x2c, 0x4000, 0x5000, 0xfffffff0, 0xffffffff };

	if (world_random(random) % 3)
		return values[world_random(random) % (sizeof(values) / sizeof(values[0]))];
	return world_random(random);
}

/* One random thing a guest, the host or the machine does. */
static void act(struct world *w, uint64_t *random, struct vmci_pair_end **end)
{
	uint32_t r = world_random(random);
	uint8_t bytes[64];

	switch (world_random(random) % 20) {
	case 0:
	case 1:
		world_out(w, registers[r % 10], interesting(random));
		break;
	case 2:
		world_in(w, registers[r % 11]);
		break;
	case 3:
		for (unsigned i = 0; i < sizeof(bytes); i++)
			bytes[i] = (uint8_t)world_random(random);
		vmci_device_write_bytes(w->dev, VMCI_WINDOW_MMIO, VMCI_DATA_OUT_ADDR, bytes,
					r % sizeof(bytes));
		break;
	case 4:
		vmci_device_read_bytes(w->dev, VMCI_WINDOW_PORTS, VMCI_DATA_IN_ADDR, bytes,
				       r % sizeof(bytes));
		break;
	case 5:
		world_out(w, VMCI_CAPS_ADDR, WORLD_CAPS);
		break;
	case 6:
		world_link(w, 0x400 + r % 4, r % 5000);
		break;
	case 7:
		world_bitmap(w, r % 600);
		break;
	case 8:
		world_alloc(w, 0x800 + r % 3, (r >> 4) % 9000, (r >> 8) % 9000, RAM_PPN + r % 64);
		break;
	case 9:
		world_detach(w, 0x800 + r % 3);
		break;
	case 10:
		vmci_context_ring(w->host, vmci_handle(WORLD_CID, 0x400 + r % 4));
		break;
	case 11:
		vmci_context_send(w->host, vmci_handle(vmci_context_cid(w->dev->ctx), 0x500),
				  vmci_handle(VMCI_INVALID_ID, 0x600), bytes, r % 32);
		break;
	case 12:
		if (*end)
			vmci_pair_detach(*end);
		*end = NULL;
		vmci_context_pair(w->host, vmci_handle(WORLD_CID, 0x800 + r % 3), VMCI_INVALID_ID,
				  r & VMCI_QPFLAG_NONBLOCK, 0, (r >> 8) % 9000, (r >> 4) % 9000,
				  NULL, NULL, end);
		break;
	case 13:
		if (*end)
			vmci_pair_enqueue(*end, bytes, r % sizeof(bytes));
		break;
	case 14:
		vmci_device_set_bus_master(w->dev, r % 3 != 0);
		break;
	case 15:
		vmci_device_set_irq_mode(w->dev, (enum vmci_irq_mode)(r % 4), 1 + r % 4);
		vmci_device_set_vector_usable(w->dev, r % 3, r & 8);
		break;
	case 16:
		if (r & 1)
			vmci_device_quiesce(w->dev);
		else
			vmci_device_unquiesce(w->dev);
		break;
	case 17:
		vmci_device_set_cid(w->dev, WORLD_CID + r % 3);
		break;
	case 18:
		vmci_device_memory_changed(w->dev);
		break;
	default:
		world_out(w, VMCI_CONTROL_ADDR,
			  r & (VMCI_CONTROL_INT_ENABLE | VMCI_CONTROL_INT_DISABLE));
		break;
	}
}

/* Pages that died are not unpinned: the fixture must not count them. */
static void forget_dead_pins(struct world *w)
{
	w->pins = 0;
}

static void a_reset_from_any_state_is_power_on(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 300; seed++) {
		struct vmci_pair_end *end = NULL;
		uint64_t random = seed;
		struct world w;

		world_open(&w);
		vmci_context_endpoint(w.host, 0x600, 0, 0, accept, NULL);
		for (int round = 0; round < 8; round++) {
			for (int i = 0; i < 60; i++)
				act(&w, &random, &end);

			if (world_random(&random) & 1)
				world_out(&w, VMCI_CONTROL_ADDR, VMCI_CONTROL_RESET);
			else
				vmci_device_platform_reset(w.dev);

			assert_true(vmci_reset_is_clean(w.dev));
			assert_false(w.line);
			assert_int_equal(world_in(&w, VMCI_RESULT_LOW_ADDR), 0);
		}
		if (end)
			vmci_pair_detach(end);
		forget_dead_pins(&w);
		world_close(&w);
	}
}

static void a_new_driver_finds_nothing_of_the_old_one(void **state)
{
	struct world w;

	(void)state;
	world_open(&w);
	world_out(&w, VMCI_CAPS_ADDR, VMCI_CAPS_DATAGRAM | VMCI_CAPS_NOTIFICATIONS);
	assert_int_equal(world_bitmap(&w, 2), 0);
	assert_int_equal(world_link(&w, 0x400, 7), 0);
	assert_int_equal(world_alloc(&w, 0x800, 4096, 4096, RAM_PPN), 0);
	vmci_context_send(w.host, vmci_handle(WORLD_CID, 0x500),
			  vmci_handle(VMCI_INVALID_ID, 0x600), "x", 1);
	world_out(&w, VMCI_GUEST_PAGE_SHIFT_ADDR, 14);

	world_out(&w, VMCI_CAPS_ADDR, WORLD_CAPS);

	assert_int_equal(w.pins, 0);
	assert_int_equal(w.dev->regs.page_shift, 12);
	assert_false(w.dev->regs.has_bitmap);
	assert_int_equal(w.dev->ctx->queue.count, 0);
	assert_int_equal(w.dev->ctx->doorbell_count, 0);
	world_close(&w);
}

/* A peer that answers its PEER_DETACH with a datagram speaks to the next driver. */
static void send_back(void *arg, const uint8_t *payload, size_t len)
{
	struct world *w = arg;

	(void)len;
	if (vmci_get32(payload) == VMCI_EVENT_QP_PEER_DETACH)
		assert_int_equal(vmci_context_send(w->host, vmci_handle(WORLD_CID, 0x500),
						   vmci_handle(VMCI_INVALID_ID, 0x600), "x", 1),
				 25);
}

static void what_a_peer_sends_during_a_reset_is_for_the_next_driver(void **state)
{
	struct vmci_pair_end *end;
	struct world w;

	(void)state;
	world_open(&w);
	assert_true(vmci_context_subscribe(w.host, send_back, &w) > 0);
	assert_int_equal(world_alloc(&w, 0x800, 4096, 4096, RAM_PPN), 0);
	assert_int_equal(vmci_context_pair(w.host, vmci_handle(WORLD_CID, 0x800), VMCI_INVALID_ID,
					   0, 0, 4096, 4096, NULL, NULL, &end),
			 0);

	world_out(&w, VMCI_CONTROL_ADDR, VMCI_CONTROL_RESET);

	assert_int_equal(w.dev->ctx->queue.count, 1);
	assert_int_equal(world_in(&w, VMCI_ICR_ADDR), VMCI_ICR_DATAGRAM);
	assert_int_equal(vmci_pair_detach(end), 0);
	world_close(&w);
}

/* A machine reset takes the messages away until they are programmed again; CONTROL.RESET does not.
 */
static void a_machine_reset_ends_the_interrupt_mode(void **state)
{
	struct world w;

	(void)state;
	world_open(&w);
	for (int machine = 0; machine < 2; machine++) {
		vmci_device_set_irq_mode(w.dev, VMCI_IRQ_MSIX, 2);
		vmci_device_set_vector_usable(w.dev, 0, true);
		if (machine)
			vmci_device_platform_reset(w.dev);
		else
			world_out(&w, VMCI_CONTROL_ADDR, VMCI_CONTROL_RESET);
		assert_int_equal(w.dev->bus_master, !machine);
		vmci_device_set_bus_master(w.dev, true);
		world_out(&w, VMCI_IMR_ADDR, VMCI_IMR_DATAGRAM);
		world_out(&w, VMCI_CONTROL_ADDR, VMCI_CONTROL_INT_ENABLE);
		assert_int_equal(vmci_context_send(w.host, vmci_handle(WORLD_CID, 5),
						   vmci_handle(VMCI_INVALID_ID, 6), "abc", 3),
				 27);
		assert_int_equal(w.messages[0], 1); /* the one before the machine reset */
		assert_false(w.line);
	}
	assert_int_equal(world_in(&w, VMCI_ICR_ADDR), VMCI_ICR_DATAGRAM);
	world_close(&w);
}

/* Whoever programs the messages anew says again which can be used. */
static void a_new_interrupt_mode_has_no_usable_message(void **state)
{
	struct world w;

	(void)state;
	world_open(&w);
	world_out(&w, VMCI_IMR_ADDR, VMCI_IMR_DATAGRAM);
	world_out(&w, VMCI_CONTROL_ADDR, VMCI_CONTROL_INT_ENABLE);
	for (unsigned vectors = 1; vectors <= 3; vectors++) {
		uint32_t before = w.messages[0];

		vmci_device_set_irq_mode(w.dev, VMCI_IRQ_MSIX, 3);
		vmci_device_set_vector_usable(w.dev, 0, true);
		vmci_device_set_irq_mode(w.dev, VMCI_IRQ_MSIX, vectors);
		assert_int_equal(vmci_context_send(w.host, vmci_handle(WORLD_CID, 5),
						   vmci_handle(VMCI_INVALID_ID, 6), "abc", 3),
				 27);
		assert_int_equal(w.messages[0], before);
		vmci_device_set_vector_usable(w.dev, 0, true);
		assert_int_equal(w.messages[0], before + 1);
		assert_int_equal(world_in(&w, VMCI_ICR_ADDR), VMCI_ICR_DATAGRAM);
	}
	world_close(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_reset_from_any_state_is_power_on),
		cmocka_unit_test(a_new_driver_finds_nothing_of_the_old_one),
		cmocka_unit_test(what_a_peer_sends_during_a_reset_is_for_the_next_driver),
		cmocka_unit_test(a_new_interrupt_mode_has_no_usable_message),
		cmocka_unit_test(a_machine_reset_ends_the_interrupt_mode),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
