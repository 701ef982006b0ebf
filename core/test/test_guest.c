/* SPDX-License-Identifier: BSD-2-Clause */
/* The guest role against a good device: what needs other surroundings than vectors can give. */
#include "fake_device.h"

#include <stdlib.h>
#include <string.h>
#include <vmci/defs.h>
#include <vmci/wire.h>

static const struct vmci_handle any_handle = { VMCI_INVALID_ID, VMCI_INVALID_ID };

static struct vmci_guest *probe(struct fake *f, enum vmci_guest_mode mode)
{
	struct vmci_guest_options options = { .mode = mode };
	struct vmci_guest *g = NULL;

	assert_int_equal(vmci_guest_probe(&f->port, &options, &g), 0);
	return g;
}

static void finish(struct fake *f, struct vmci_guest *g)
{
	vmci_guest_remove(g);
	assert_int_equal(f->nlive, 0);
}

static int count_datagram(void *arg, const uint8_t *data, size_t len)
{
	(void)data;
	(void)len;
	++*(int *)arg;
	return 0;
}

static void count_ring(void *arg, struct vmci_handle handle)
{
	(void)handle;
	++*(int *)arg;
}

static void count_event(void *arg, const uint8_t *payload, size_t len)
{
	(void)payload;
	(void)len;
	++*(int *)arg;
}

/* ---- allocation ------------------------------------------------------------------------- */

/* Everything once. Returns 0, or the first error. */
static int use_everything(struct vmci_guest *g)
{
	struct vmci_guest_pair *p, *l;
	int count = 0, first = 0;
	int64_t rc;

#define DO(x)                                                                                      \
	do {                                                                                       \
		rc = (x);                                                                          \
		if (rc < 0 && !first)                                                              \
			first = (int)rc;                                                           \
	} while (0)
	DO(vmci_guest_endpoint(g, 500, VMCI_FLAG_DG_DELAYED_CB, count_datagram, &count));
	DO(vmci_guest_send(g, vmci_handle(2, 1), vmci_handle(FAKE_CID, 500), "x", 1));
	DO(vmci_guest_subscribe(g, VMCI_EVENT_QP_RESUMED, count_event, &count));
	DO(vmci_guest_doorbell(g, any_handle, 0, 0, count_ring, &count));
	DO(vmci_guest_pair_alloc(g, any_handle, 2, 0, 0, 100000, 5000, &p));
	DO(vmci_guest_pair_alloc(g, vmci_handle(FAKE_CID, 9), FAKE_CID, VMCI_QPFLAG_LOCAL, 0, 4096,
				 4096, &l));
	DO(vmci_guest_pump(g));
#undef DO
	return first;
}

static void fill_one(struct fake *f, uint8_t *dst, size_t len)
{
	(void)len;
	if (!f->arg) {
		fake_record(dst, 500, 16);
		f->arg = f;
	}
}

static void a_failed_allocation_leaks_nothing(void **state)
{
	size_t failures = 0;

	(void)state;
	for (int mode = VMCI_GUEST_MODE_PORTS; mode <= VMCI_GUEST_MODE_MMIO; mode++)
		for (size_t n = 1;; n++) {
			struct vmci_guest_options options = { .mode = (enum vmci_guest_mode)mode };
			struct vmci_guest *g;
			struct fake f;
			int rc;

			fake_init(&f);
			f.fail_at = n;
			f.fill = fill_one;
			rc = vmci_guest_probe(&f.port, &options, &g);
			assert_true(rc == 0 || rc == VMCI_LOCAL_NO_MEMORY);
			if (!rc) {
				rc = use_everything(g);
				assert_true(rc == 0 || rc == VMCI_LOCAL_NO_MEMORY ||
					    rc == VMCI_ERROR_NO_HANDLE);
				vmci_guest_remove(g);
			}
			assert_int_equal(f.nlive, 0);
			if (f.nalloc < n)
				break;
			failures++;
		}
	assert_true(failures > 25);
}

static void without_a_page_for_the_bitmap_there_are_no_notifications(void **state)
{
	struct vmci_guest *g;
	struct fake f;

	(void)state;
	fake_init(&f);
	f.no_dma_page = true;

	g = probe(&f, VMCI_GUEST_MODE_MMIO);
	assert_int_equal(vmci_guest_caps(g) & VMCI_CAPS_NOTIFICATIONS, 0);
	assert_int_equal(f.writes[0][0], VMCI_CAPS_ADDR);
	assert_int_equal(f.writes[0][1] & VMCI_CAPS_NOTIFICATIONS, 0);
	finish(&f, g);
}

/* ---- windows ---------------------------------------------------------------------------- */

static void the_window_is_chosen_by_what_is_there(void **state)
{
	static const struct {
		enum vmci_guest_mode mode;
		bool ports, mmio, dma;
		int rc;
		bool uses_dma;
	} cases[] = {
		{ VMCI_GUEST_MODE_ANY, true, true, true, 0, true },
		{ VMCI_GUEST_MODE_ANY, true, true, false, 0, false },
		{ VMCI_GUEST_MODE_ANY, true, false, true, 0, false },
		{ VMCI_GUEST_MODE_ANY, false, true, true, 0, true },
		{ VMCI_GUEST_MODE_ANY, false, true, false, VMCI_LOCAL_NO_DEVICE, false },
		{ VMCI_GUEST_MODE_ANY, false, false, true, VMCI_LOCAL_NO_DEVICE, false },
		{ VMCI_GUEST_MODE_PORTS, true, true, true, 0, false },
		{ VMCI_GUEST_MODE_PORTS, false, true, true, VMCI_LOCAL_NO_DEVICE, false },
		{ VMCI_GUEST_MODE_MMIO, true, false, true, VMCI_LOCAL_NO_DEVICE, false },
		{ VMCI_GUEST_MODE_MMIO, true, true, false, VMCI_LOCAL_NO_DEVICE, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct vmci_guest_options options = { .mode = cases[i].mode };
		struct vmci_guest *g;
		struct fake f;

		fake_init(&f);
		f.port.has_ports = cases[i].ports;
		f.port.has_mmio = cases[i].mmio;
		if (!cases[i].dma)
			f.caps &= ~(uint32_t)VMCI_CAPS_DMA_DATAGRAM;
		assert_int_equal(vmci_guest_probe(&f.port, &options, &g), cases[i].rc);
		if (cases[i].rc) {
			assert_int_equal(f.nwrites, 0);
			assert_int_equal(f.nlive, 0);
			continue;
		}
		assert_int_equal(vmci_guest_uses_dma(g), cases[i].uses_dma);
		finish(&f, g);
	}
}

static void a_polled_guest_leaves_interrupts_off(void **state)
{
	struct vmci_guest_options options = { .polled = true };
	struct vmci_guest *g;
	struct fake f;

	(void)state;
	fake_init(&f);
	assert_int_equal(vmci_guest_probe(&f.port, &options, &g), 0);

	for (unsigned i = 0; i < f.nwrites; i++) {
		assert_int_not_equal(f.writes[i][0], VMCI_IMR_ADDR);
		assert_int_not_equal(f.writes[i][0], VMCI_CONTROL_ADDR);
	}
	finish(&f, g);
}

static void larger_pages_are_told_and_used(void **state)
{
	struct vmci_guest_pair *p;
	uint64_t produce, consume;
	struct vmci_guest *g;
	struct fake f;

	(void)state;
	fake_init(&f);
	f.port.page_shift = 16;
	g = probe(&f, VMCI_GUEST_MODE_MMIO);
	assert_int_equal(f.writes[1][0], VMCI_GUEST_PAGE_SHIFT_ADDR);
	assert_int_equal(f.writes[1][1], 16);

	assert_int_equal(vmci_guest_pair_alloc(g, any_handle, 2, 0, 0, 65536, 65537, &p), 0);
	vmci_guest_pair_headers(p, &produce, &consume);
	assert_int_equal(vmci_get64(f.last + 24 + VMCI_QUEUEPAIR_ALLOC_MSG_NUM_PPNS), 5);
	assert_int_equal(vmci_get64(f.last + 24 + VMCI_QUEUEPAIR_ALLOC_MSG_PPNS), produce >> 16);
	assert_int_equal(vmci_get64(f.last + 24 + VMCI_QUEUEPAIR_ALLOC_MSG_PPNS + 16),
			 consume >> 16);
	finish(&f, g);
}

/* ---- scattered sends -------------------------------------------------------------------- */

static void a_long_hypercall_is_sent_from_scattered_pages(void **state)
{
	static uint8_t payload[200000];
	struct vmci_guest *g;
	struct fake f;
	int32_t result;

	(void)state;
	for (size_t i = 0; i < sizeof(payload); i++)
		payload[i] = (uint8_t)(i % 251);
	for (int single = 0; single < 2; single++) {
		fake_init(&f);
		g = probe(&f, VMCI_GUEST_MODE_MMIO);
		f.max_piece = single ? 4096 : 20480;

		assert_int_equal(vmci_guest_call(g, 99, payload, sizeof(payload), &result), 0);
		assert_int_equal(f.last_len, VMCI_DATAGRAM_SIZE + sizeof(payload));
		assert_memory_equal(f.last + VMCI_DATAGRAM_SIZE, payload, sizeof(payload));
		finish(&f, g);
	}
}

static void a_list_that_outgrows_its_page_is_no_memory(void **state)
{
	static uint8_t payload[0x100000];
	struct vmci_guest *g;
	struct fake f;
	int32_t result;
	unsigned nsends;

	(void)state;
	fake_init(&f);
	g = probe(&f, VMCI_GUEST_MODE_MMIO);
	f.max_piece = 4096;
	nsends = f.nsends;

	assert_int_equal(vmci_guest_call(g, 99, payload, sizeof(payload), &result),
			 VMCI_LOCAL_NO_MEMORY);
	assert_int_equal(vmci_guest_call(g, 99, payload, sizeof(payload) + 1, &result),
			 VMCI_LOCAL_BAD_ARGUMENT);
	assert_int_equal(f.nsends, nsends);
	finish(&f, g);
}

/* ---- handlers that change things -------------------------------------------------------- */

struct changer {
	struct vmci_guest *g;
	int ran;
	uint32_t other; /* endpoint, subscription or doorbell to take away */
	int64_t rc;
};

static int close_both(void *arg, const uint8_t *data, size_t len)
{
	struct changer *c = arg;

	(void)data;
	(void)len;
	c->ran++;
	vmci_guest_endpoint_close(c->g, 500);
	vmci_guest_endpoint_close(c->g, 501);
	c->rc = vmci_guest_pump(c->g);
	return 0;
}

static void fill_three(struct fake *f, uint8_t *dst, size_t len)
{
	(void)len;
	if (f->arg)
		return;
	f->arg = f;
	dst += fake_record(dst, 500, 8);
	dst += fake_record(dst, 501, 8);
	fake_record(dst, 500, 8);
}

static void a_handler_may_close_endpoints(void **state)
{
	(void)state;
	for (int mode = VMCI_GUEST_MODE_PORTS; mode <= VMCI_GUEST_MODE_MMIO; mode++) {
		struct changer c = { 0 };
		struct vmci_guest *g;
		struct fake f;
		int other = 0;

		fake_init(&f);
		g = c.g = probe(&f, (enum vmci_guest_mode)mode);
		f.fill = fill_three;
		assert_int_equal(vmci_guest_endpoint(g, 500, 0, close_both, &c), 500);
		assert_int_equal(vmci_guest_endpoint(g, 501, 0, count_datagram, &other), 501);

		assert_int_equal(vmci_guest_pump(g), 3);
		assert_int_equal(c.ran, 1);
		assert_int_equal(c.rc, VMCI_LOCAL_BAD_ARGUMENT);
		assert_int_equal(other, 0);
		assert_int_equal(f.nnotes, 2);
		finish(&f, g);
	}
}

static void delayed_datagrams_of_a_closed_endpoint_are_dropped(void **state)
{
	struct vmci_guest *g;
	struct changer c = { 0 };
	struct fake f;
	int other = 0;

	(void)state;
	fake_init(&f);
	g = c.g = probe(&f, VMCI_GUEST_MODE_ANY);
	f.fill = fill_three;
	vmci_guest_endpoint(g, 500, VMCI_FLAG_DG_DELAYED_CB, close_both, &c);
	vmci_guest_endpoint(g, 501, VMCI_FLAG_DG_DELAYED_CB, count_datagram, &other);

	assert_int_equal(vmci_guest_pump(g), 3);
	assert_int_equal(c.ran, 1);
	assert_int_equal(other, 0);
	finish(&f, g);
}

static void unsubscribe_other(void *arg, const uint8_t *payload, size_t len)
{
	struct changer *c = arg;

	count_event(&c->ran, payload, len);
	vmci_guest_unsubscribe(c->g, c->other);
	c->rc = vmci_guest_subscribe(c->g, VMCI_EVENT_QP_RESUMED, count_event, &c->ran);
}

static void fill_event(struct fake *f, uint8_t *dst, size_t len)
{
	(void)len;
	if (f->arg)
		return;
	f->arg = f;
	fake_record(dst, VMCI_EVENT_HANDLER, 16);
	vmci_put32(dst + VMCI_DATAGRAM_SRC_CONTEXT, VMCI_HYPERVISOR_CONTEXT_ID);
	vmci_put32(dst + VMCI_DATAGRAM_SIZE, VMCI_EVENT_QP_RESUMED);
}

static void a_subscriber_may_change_the_subscriptions(void **state)
{
	struct vmci_guest *g;
	struct changer c = { 0 };
	struct fake f;
	int other = 0;

	(void)state;
	fake_init(&f);
	g = c.g = probe(&f, VMCI_GUEST_MODE_ANY);
	f.fill = fill_event;
	vmci_guest_subscribe(g, VMCI_EVENT_QP_RESUMED, unsubscribe_other, &c);
	c.other = (uint32_t)vmci_guest_subscribe(g, VMCI_EVENT_QP_RESUMED, count_event, &other);

	assert_int_equal(vmci_guest_pump(g), 1);
	assert_int_equal(c.ran, 1); /* the one it made is called from the next event on */
	assert_int_equal(other, 0);
	finish(&f, g);
}

/* The page is the one that the guest registered. */
static uint8_t *bitmap_page;

static int32_t answer_bitmap(struct fake *f, const uint8_t *dg, size_t len)
{
	if (!vmci_get32(dg) && vmci_get32(dg + 4) == VMCI_SET_NOTIFY_BITMAP)
		bitmap_page = (uint8_t *)(uintptr_t)(vmci_get64(dg + 24) << 12);
	return fake_answer(f, dg, len);
}

static void close_other_doorbell(void *arg, struct vmci_handle handle)
{
	struct changer *c = arg;

	(void)handle;
	c->ran++;
	vmci_guest_doorbell_close(c->g, vmci_handle(FAKE_CID, c->other));
	c->rc = vmci_guest_doorbell(c->g, any_handle, 0, 0, count_ring, &c->ran);
}

static void a_doorbell_handler_may_close_doorbells(void **state)
{
	struct changer c = { 0 };
	struct vmci_guest *g;
	struct fake f;
	int other = 0, delayed = 0;

	(void)state;
	fake_init(&f);
	f.answer = answer_bitmap;
	g = c.g = probe(&f, VMCI_GUEST_MODE_ANY);
	vmci_guest_doorbell(g, vmci_handle(FAKE_CID, 700), 0, 0, close_other_doorbell, &c);
	vmci_guest_doorbell(g, vmci_handle(FAKE_CID, 701), 0, 0, count_ring, &other);
	vmci_guest_doorbell(g, vmci_handle(FAKE_CID, 702), VMCI_FLAG_DELAYED_CB, 0, count_ring,
			    &delayed);
	c.other = 701;
	bitmap_page[0] = bitmap_page[1] = bitmap_page[2] = 1;
	bitmap_page[3] = bitmap_page[4095] = 1; /* of nobody */

	assert_int_equal(vmci_guest_interrupt(g, 1), 3);
	assert_int_equal(c.ran, 1);
	assert_int_equal(other, 0);
	assert_int_equal(delayed, 1);
	assert_int_equal(bitmap_page[0] | bitmap_page[1] | bitmap_page[2], 0);
	assert_int_equal(vmci_guest_interrupt(g, 1), 0);
	finish(&f, g);
}

/* ---- interrupts ------------------------------------------------------------------------- */

static void the_shared_handler_goes_by_the_causes(void **state)
{
	struct vmci_guest *g;
	struct fake f;
	int rings = 0;

	(void)state;
	fake_init(&f);
	f.answer = answer_bitmap;
	g = probe(&f, VMCI_GUEST_MODE_ANY);
	vmci_guest_doorbell(g, any_handle, 0, 0, count_ring, &rings);
	bitmap_page[0] = 1;

	assert_int_equal(vmci_guest_shared_interrupt(g), 0);
	assert_int_equal(f.nreceives, 0);
	f.causes = VMCI_ICR_DATAGRAM;
	assert_int_equal(vmci_guest_shared_interrupt(g), 1);
	assert_int_equal(f.nreceives, 1);
	assert_int_equal(rings, 0);
	f.causes = VMCI_ICR_NOTIFICATION | VMCI_ICR_DMA_DATAGRAM | 0x80;
	assert_int_equal(vmci_guest_shared_interrupt(g), 1);
	assert_int_equal(f.nreceives, 1);
	assert_int_equal(rings, 1);
	finish(&f, g);
}

/* ---- local pairs ------------------------------------------------------------------------ */

static void a_local_side_can_be_taken_over(void **state)
{
	struct vmci_handle h = { FAKE_CID, 800 };
	struct vmci_guest_pair *a, *b;
	struct vmci_guest *g;
	struct fake f;
	uint8_t byte;

	(void)state;
	fake_init(&f);
	g = probe(&f, VMCI_GUEST_MODE_ANY);
	assert_int_equal(vmci_guest_pair_alloc(g, h, FAKE_CID, VMCI_QPFLAG_LOCAL, 0, 100, 200, &a),
			 0);
	assert_int_equal(vmci_guest_pair_alloc(g, h, FAKE_CID, VMCI_QPFLAG_LOCAL, 0, 200, 100, &b),
			 0);
	assert_int_equal(vmci_ring_enqueue(vmci_guest_pair_produce(a), "xy", 2), 2);

	/* The creator goes; its side is free, what it wrote is still there. */
	assert_int_equal(vmci_guest_pair_detach(a), 0);
	assert_int_equal(vmci_guest_pair_alloc(g, h, FAKE_CID, VMCI_QPFLAG_LOCAL, 0, 200, 100, &a),
			 VMCI_ERROR_QUEUEPAIR_MISMATCH);
	assert_int_equal(vmci_guest_pair_alloc(g, h, FAKE_CID, VMCI_QPFLAG_LOCAL, 0, 100, 200, &a),
			 0);
	assert_int_equal(vmci_ring_enqueue(vmci_guest_pair_produce(a), "z", 1), 1);
	assert_int_equal(vmci_ring_dequeue(vmci_guest_pair_consume(b), &byte, 1), 1);
	assert_int_equal(byte, 'x');
	assert_int_equal(vmci_ring_ready(vmci_guest_pair_consume(b)), 2);
	finish(&f, g);
}

static void two_guests_live_beside_each_other(void **state)
{
	struct vmci_guest *a, *b;
	struct fake fa, fb;

	(void)state;
	fake_init(&fa);
	fake_init(&fb);
	a = probe(&fa, VMCI_GUEST_MODE_PORTS);
	b = probe(&fb, VMCI_GUEST_MODE_MMIO);

	assert_int_equal(use_everything(a), 0);
	assert_int_equal(use_everything(b), 0);
	finish(&fa, a);
	assert_int_equal(vmci_guest_cid(b), FAKE_CID);
	finish(&fb, b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_failed_allocation_leaks_nothing),
		cmocka_unit_test(without_a_page_for_the_bitmap_there_are_no_notifications),
		cmocka_unit_test(the_window_is_chosen_by_what_is_there),
		cmocka_unit_test(a_polled_guest_leaves_interrupts_off),
		cmocka_unit_test(larger_pages_are_told_and_used),
		cmocka_unit_test(a_long_hypercall_is_sent_from_scattered_pages),
		cmocka_unit_test(a_list_that_outgrows_its_page_is_no_memory),
		cmocka_unit_test(a_handler_may_close_endpoints),
		cmocka_unit_test(delayed_datagrams_of_a_closed_endpoint_are_dropped),
		cmocka_unit_test(a_subscriber_may_change_the_subscriptions),
		cmocka_unit_test(a_doorbell_handler_may_close_doorbells),
		cmocka_unit_test(the_shared_handler_goes_by_the_causes),
		cmocka_unit_test(a_local_side_can_be_taken_over),
		cmocka_unit_test(two_guests_live_beside_each_other),
	};

	return cmocka_run_group_tests_name("guest", tests, NULL, NULL);
}
