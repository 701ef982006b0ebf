/* SPDX-License-Identifier: BSD-2-Clause */
/* The guest role against devices that stop answering, never stop, lie about sizes, change memory
 * behind its back, or go away. Every call returns within a bound, and nothing is read or
 * written outside (the sanitizers watch). */
#include "fake_device.h"

#include <stdlib.h>
#include <string.h>
#include <vmci/defs.h>
#include <vmci/wire.h>

#define SECOND 1000000u
#define BOUND  (5 * SECOND)

static const struct vmci_handle any_handle = { VMCI_INVALID_ID, VMCI_INVALID_ID };

static struct vmci_guest *probe_with(struct fake *f, struct vmci_guest_options options)
{
	struct vmci_guest *g = NULL;

	assert_int_equal(vmci_guest_probe(&f->port, &options, &g), 0);
	return g;
}

static struct vmci_guest *probe(struct fake *f, enum vmci_guest_mode mode)
{
	return probe_with(f, (struct vmci_guest_options){ .mode = mode });
}

static void finish(struct fake *f, struct vmci_guest *g)
{
	vmci_guest_remove(g);
	assert_int_equal(f->nlive, 0);
}

struct seen {
	int count;
	size_t last_len;
	uint8_t last[VMCI_MAX_DG_SIZE];
};

static int see(void *arg, const uint8_t *data, size_t len)
{
	struct seen *s = arg;

	assert_true(len >= VMCI_DATAGRAM_SIZE && len <= VMCI_MAX_DG_SIZE);
	assert_int_equal(vmci_get64(data + VMCI_DATAGRAM_PAYLOAD_SIZE), len - VMCI_DATAGRAM_SIZE);
	memcpy(s->last, data, len);
	s->last_len = len;
	s->count++;
	return 0;
}

static struct seen seen;

static struct vmci_guest *probe_and_listen(struct fake *f, struct vmci_guest_options options)
{
	struct vmci_guest *g = probe_with(f, options);

	memset(&seen, 0, sizeof(seen));
	assert_int_equal(vmci_guest_endpoint(g, 500, 0, see, &seen), 500);
	return g;
}

/* ---- no answer -------------------------------------------------------------------------- */

static void a_probe_ends_when_the_device_takes_no_datagram(void **state)
{
	struct vmci_guest_options options = { .mode = VMCI_GUEST_MODE_MMIO };
	struct vmci_guest *g;
	struct fake f;

	(void)state;
	fake_init(&f);
	f.keeps_sends = true;

	assert_int_equal(vmci_guest_probe(&f.port, &options, &g), VMCI_LOCAL_TIMEOUT);
	assert_true(f.now_us < BOUND);
	assert_int_equal(f.writes[f.nwrites - 1][0], VMCI_CONTROL_ADDR);
	assert_int_equal(f.writes[f.nwrites - 1][1], VMCI_CONTROL_RESET);
	assert_int_equal(f.nlive, 0);
}

static void a_lost_send_blocks_the_buffer_until_the_device_lets_go(void **state)
{
	uint8_t *tx;
	struct vmci_guest *g;
	struct fake f;
	unsigned nsends;
	int32_t result;

	(void)state;
	fake_init(&f);
	g = probe(&f, VMCI_GUEST_MODE_MMIO);
	f.keeps_sends = true;
	nsends = f.nsends;
	assert_int_equal(vmci_guest_call(g, 50, "abc", 3, &result), VMCI_LOCAL_TIMEOUT);
	f.keeps_sends = false;

	/* The device may still read it: not touched, and no more waiting. */
	uint64_t before = f.now_us;

	assert_int_equal(vmci_guest_call(g, 51, "def", 3, &result), VMCI_LOCAL_TIMEOUT);
	assert_int_equal(f.now_us, before);
	assert_int_equal(f.nsends, nsends);

	tx = f.last_tx;
	assert_int_equal(vmci_get32(tx + VMCI_DMA_HEADER_SIZE + 4), 50);
	vmci_put32(tx + VMCI_DMA_HEADER_BUSY, 0);
	assert_int_equal(vmci_guest_call(g, 51, "def", 3, &result), 0);
	finish(&f, g);
}

static void a_lost_scattered_send_keeps_its_pages(void **state)
{
	static uint8_t payload[100000];
	struct vmci_guest *g;
	struct fake f;
	size_t nlive;
	int32_t result;

	(void)state;
	fake_init(&f);
	g = probe(&f, VMCI_GUEST_MODE_MMIO);
	f.keeps_sends = true;
	nlive = f.nlive;

	assert_int_equal(vmci_guest_call(g, 50, payload, sizeof(payload), &result),
			 VMCI_LOCAL_TIMEOUT);
	assert_true(f.nlive > nlive);
	finish(&f, g);
}

static void a_pair_that_the_device_may_have_keeps_its_pages(void **state)
{
	struct vmci_guest_pair *p;
	struct vmci_guest *g;
	struct fake f;
	size_t nlive;

	(void)state;
	fake_init(&f);
	g = probe(&f, VMCI_GUEST_MODE_MMIO);
	assert_int_equal(vmci_guest_cid(g), FAKE_CID);
	f.keeps_sends = true;
	nlive = f.nlive;

	assert_int_equal(
		vmci_guest_pair_alloc(g, vmci_handle(FAKE_CID, 900), 2, 0, 0, 4096, 4096, &p),
		VMCI_LOCAL_TIMEOUT);
	assert_true(f.nlive > nlive + 1);
	finish(&f, g);
}

static void fill_ten(struct fake *f, uint8_t *dst, size_t len)
{
	(void)len;
	if (f->arg)
		return;
	f->arg = f;
	fake_record(dst, 500, 10);
}

static void a_late_receive_is_waited_for_again(void **state)
{
	struct vmci_guest *g;
	struct fake f;

	(void)state;
	for (uint32_t busy = 0; busy < 3; busy += 2) {
		fake_init(&f);
		g = probe_and_listen(&f,
				     (struct vmci_guest_options){ .mode = VMCI_GUEST_MODE_MMIO });
		f.receive_busy = busy; /* 2 is not done either */
		f.fill = fill_ten;

		assert_int_equal(vmci_guest_pump(g), VMCI_LOCAL_TIMEOUT);
		assert_true(f.now_us < BOUND);
		assert_int_equal(vmci_guest_pump(g), VMCI_LOCAL_TIMEOUT);
		assert_int_equal(f.nreceives, 1);
		fake_complete_receive(&f);
		f.receive_busy = 1;
		assert_int_equal(vmci_guest_pump(g), 1);
		assert_int_equal(seen.count, 1);
		finish(&f, g);
	}
}

/* ---- gone ------------------------------------------------------------------------------- */

static void a_device_that_goes_is_left_alone(void **state)
{
	(void)state;
	for (int mode = VMCI_GUEST_MODE_PORTS; mode <= VMCI_GUEST_MODE_MMIO; mode++) {
		struct vmci_guest_pair *p;
		struct vmci_guest *g;
		struct fake f;
		unsigned nwrites, nsends;

		fake_init(&f);
		g = probe(&f, (enum vmci_guest_mode)mode);
		assert_int_equal(vmci_guest_pair_alloc(g, any_handle, 2, 0, 0, 4096, 4096, &p), 0);
		f.is_gone = true;
		f.answer = NULL;
		f.result = -1;

		assert_int_equal(vmci_guest_ring(g, vmci_handle(2, 3)), VMCI_LOCAL_GONE);
		assert_true(f.now_us < BOUND);
		assert_true(vmci_guest_is_gone(g));
		nwrites = f.nwrites;
		nsends = f.nsends;
		assert_int_equal(vmci_guest_pump(g), VMCI_LOCAL_GONE);
		assert_int_equal(vmci_guest_interrupt(g, 0), VMCI_LOCAL_GONE);
		assert_int_equal(vmci_guest_shared_interrupt(g), VMCI_LOCAL_GONE);
		assert_int_equal(vmci_guest_pair_detach(p), VMCI_LOCAL_GONE);
		finish(&f, g);
		assert_int_equal(f.nwrites, nwrites);
		assert_int_equal(f.nsends, nsends);
	}
}

static void a_pump_notices_that_the_device_went(void **state)
{
	(void)state;
	for (int mode = VMCI_GUEST_MODE_PORTS; mode <= VMCI_GUEST_MODE_MMIO; mode++) {
		struct vmci_guest *g;
		struct fake f;

		fake_init(&f);
		g = probe(&f, (enum vmci_guest_mode)mode);
		f.is_gone = true;
		assert_int_equal(vmci_guest_pump(g), VMCI_LOCAL_GONE);
		assert_true(f.now_us < SECOND);
		finish(&f, g);
	}
}

static int32_t refuse(struct fake *f, const uint8_t *dg, size_t len)
{
	(void)f;
	(void)dg;
	(void)len;
	return -1;
}

static void minus_one_is_a_result_while_the_device_is_there(void **state)
{
	struct vmci_guest *g;
	struct fake f;

	(void)state;
	fake_init(&f);
	g = probe_and_listen(&f, (struct vmci_guest_options){ .mode = VMCI_GUEST_MODE_PORTS });
	f.answer = refuse;
	assert_int_equal(vmci_guest_send(g, vmci_handle(2, 77), vmci_handle(FAKE_CID, 500), "x", 1),
			 VMCI_ERROR_INVALID_RESOURCE);
	assert_false(vmci_guest_is_gone(g));
	finish(&f, g);
}

/* ---- wrong answers ---------------------------------------------------------------------- */

static int32_t wrong_result;

static int32_t answer_wrong(struct fake *f, const uint8_t *dg, size_t len)
{
	(void)f;
	(void)dg;
	(void)len;
	return wrong_result;
}

static void a_result_never_looks_like_a_local_code(void **state)
{
	static const int32_t results[] = { -2000, -2003, -3000, INT32_MIN };
	struct vmci_guest_pair *p;
	struct vmci_guest *g;
	struct fake f;

	(void)state;
	fake_init(&f);
	g = probe_and_listen(&f, (struct vmci_guest_options){ 0 });
	f.answer = answer_wrong;
	for (size_t i = 0; i < sizeof(results) / sizeof(results[0]); i++) {
		wrong_result = results[i];
		assert_int_equal(
			vmci_guest_send(g, vmci_handle(2, 77), vmci_handle(FAKE_CID, 500), "x", 1),
			VMCI_LOCAL_PROTOCOL);
		assert_int_equal(vmci_guest_doorbell(g, any_handle, 0, 0, NULL, NULL),
				 VMCI_LOCAL_PROTOCOL);
		assert_int_equal(vmci_guest_pair_alloc(g, any_handle, 2, 0, 0, 1, 1, &p),
				 VMCI_LOCAL_PROTOCOL);
	}
	/* A positive answer to a link is no link, and must not pass for a resource. */
	wrong_result = 5;
	assert_int_equal(vmci_guest_doorbell(g, any_handle, 0, 0, NULL, NULL), VMCI_LOCAL_PROTOCOL);
	finish(&f, g);
}

/* ---- what never ends -------------------------------------------------------------------- */

static void fill_endless(struct fake *f, uint8_t *dst, size_t len)
{
	(void)f;
	/* Records of 4096 bytes fill any read; no terminator comes. */
	for (size_t at = 0; at + 4096 <= len; at += 4096)
		fake_record(dst + at, 500, 4096 - VMCI_DATAGRAM_SIZE);
}

static void endless_data_ends_with_the_budget(void **state)
{
	(void)state;
	for (int mode = VMCI_GUEST_MODE_PORTS; mode <= VMCI_GUEST_MODE_MMIO; mode++)
		for (uint32_t reads = 1; reads < 4; reads++) {
			struct vmci_guest *g;
			struct fake f;

			fake_init(&f);
			g = probe_and_listen(
				&f, (struct vmci_guest_options){ .mode = (enum vmci_guest_mode)mode,
								 .max_reads = reads });
			f.fill = fill_endless;
			assert_true(vmci_guest_pump(g) > 0);
			assert_int_equal(f.nreceives, reads);
			assert_true(vmci_guest_is_pending(g));
			assert_true(vmci_guest_interrupt(g, 0) > 0);
			finish(&f, g);
		}
}

static uint64_t oversize;

static void fill_oversize(struct fake *f, uint8_t *dst, size_t len)
{
	(void)f;
	(void)len;
	fake_record(dst, 500, 8);
	vmci_put64(dst + VMCI_DATAGRAM_PAYLOAD_SIZE, oversize);
}

static void impossible_sizes_end_a_drain(void **state)
{
	static const uint64_t sizes[] = { VMCI_MAX_DG_PAYLOAD_SIZE + 1,
					  VMCI_MAX_DG_SIZE,
					  0x100000,
					  0x7fffffff,
					  0xffffffe8,
					  0x100000000,
					  0x100000004,
					  0x8000000000000004,
					  UINT64_MAX - 23,
					  UINT64_MAX };

	(void)state;
	for (int mode = VMCI_GUEST_MODE_PORTS; mode <= VMCI_GUEST_MODE_MMIO; mode++)
		for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
			struct vmci_guest *g;
			struct fake f;
			int64_t rc;

			fake_init(&f);
			g = probe_and_listen(&f, (struct vmci_guest_options){
							 .mode = (enum vmci_guest_mode)mode });
			f.fill = fill_oversize;
			oversize = sizes[i];
			rc = vmci_guest_pump(g);
			assert_true(rc == 0 || rc == VMCI_LOCAL_PROTOCOL);
			assert_int_equal(seen.count, 0);
			assert_true(f.now_us < BOUND);
			f.fill = fill_ten;
			f.arg = NULL;
			for (int k = 0; k < 20 && !seen.count; k++)
				vmci_guest_pump(g);
			finish(&f, g);
		}
}

/* ---- memory that changes ---------------------------------------------------------------- */

static uint8_t *shared_batch;

/* The device rewrites the batch while the guest handles its first record. */
static int rewrite_batch(void *arg, const uint8_t *data, size_t len)
{
	uint32_t *s = arg;

	assert_true(len >= VMCI_DATAGRAM_SIZE && len <= VMCI_MAX_DG_SIZE);
	assert_int_equal(vmci_get64(data + VMCI_DATAGRAM_PAYLOAD_SIZE), len - VMCI_DATAGRAM_SIZE);
	for (size_t i = 0; i + 32 <= VMCI_MAX_DG_SIZE; i += 32) {
		vmci_put64(shared_batch + i + 16,
			   fake_random(s) % 4 ? fake_random(s) % 70000 : UINT64_MAX);
		vmci_put32(shared_batch + i + 4, fake_random(s) % 8 ? 500 : VMCI_INVALID_ID);
	}
	return 0;
}

static void fill_batch(struct fake *f, uint8_t *dst, size_t len)
{
	(void)f;
	shared_batch = dst;
	for (size_t at = 0; at + 64 <= len; at += 64)
		fake_record(dst + at, 500, 40);
}

static void a_batch_that_changes_while_it_is_read_is_safe(void **state)
{
	uint32_t s = 7;

	(void)state;
	for (int i = 0; i < 50; i++) {
		struct vmci_guest *g;
		struct fake f;

		fake_init(&f);
		g = probe_with(&f, (struct vmci_guest_options){ .mode = VMCI_GUEST_MODE_MMIO,
								.max_reads = 4 });
		assert_int_equal(vmci_guest_endpoint(g, 500, 0, rewrite_batch, &s), 500);
		f.fill = fill_batch;
		vmci_guest_pump(g);
		finish(&f, g);
	}
}

/* Anything may come at any time: random streams of records, filler and noise. */
static void fill_noise(struct fake *f, uint8_t *dst, size_t len)
{
	uint32_t *s = f->arg;
	size_t at = 0;

	while (at + 64 < len && fake_random(s) % 64) {
		uint64_t size = fake_random(s) % 3 ? fake_random(s) % 64 : fake_random(s) % 80000;

		if (fake_random(s) % 32 == 0)
			size |= (uint64_t)fake_random(s) << 32;
		vmci_put32(dst + at, FAKE_CID);
		vmci_put32(dst + at + 4, fake_random(s) % 16 ? 500 : fake_random(s) % 2);
		vmci_put32(dst + at + 8, fake_random(s) % 2 ? 2 : 0);
		vmci_put32(dst + at + 12, 0);
		vmci_put64(dst + at + 16, size);
		vmci_put32(dst + at + 24, fake_random(s) % 10);
		at += (24 + (size % 70000) + 7) & ~(size_t)7;
	}
}

static void noise_is_survived(void **state)
{
	(void)state;
	for (uint32_t i = 1; i < 300; i++) {
		uint32_t s = i * 2654435761u;
		struct vmci_guest *g;
		struct fake f;

		fake_init(&f);
		g = probe_and_listen(
			&f, (struct vmci_guest_options){ .mode = i % 2 ? VMCI_GUEST_MODE_PORTS
								       : VMCI_GUEST_MODE_MMIO,
							 .max_reads = 1 + i % 5 });
		f.fill = fill_noise;
		f.arg = &s;
		for (int k = 0; k < 4; k++)
			vmci_guest_pump(g);
		finish(&f, g);
	}
}

/* ---- in step with the device's model ---------------------------------------------------- */

/* The device of chapter 22: it sees bytes only, and knows where the guest's reads end by counting.
 */
struct model {
	uint32_t queued, taken; /* records; record k has size and content by its number */
	uint32_t left, read;
	uint32_t record_left;
};

static uint32_t record_payload(uint32_t k)
{
	uint32_t s = (k + 1) * 2654435761u;

	fake_random(&s);
	switch (s % 5) {
	case 0:
		return s / 8 % 69609;
	case 1:
		return s / 8 % 5000;
	default:
		return s / 8 % 100;
	}
}

static void fill_model(struct fake *f, uint8_t *dst, size_t len)
{
	static uint8_t record[VMCI_MAX_DG_SIZE];
	struct model *m = f->arg;

	for (size_t i = 0; i < len; i++) {
		uint32_t size;

		if (m->record_left) {
			size = (24 + record_payload(m->taken - 1) + 7) & ~7u;
			dst[i] = record[size - m->record_left--];
			continue;
		}
		if (!m->left)
			m->left = m->read = m->read ? m->read : 4096;
		if (m->left >= 24 && m->taken < m->queued) {
			size = (uint32_t)fake_record(record, 500, record_payload(m->taken));
			for (uint32_t k = 24; k < 24 + record_payload(m->taken); k++)
				record[k] = (uint8_t)(k + m->taken);
			m->taken++;
			m->record_left = size;
			if (size <= m->left) {
				m->left -= size;
			} else {
				m->read = VMCI_MAX_DG_SIZE;
				m->left = VMCI_MAX_DG_SIZE - size;
			}
			i--;
			continue;
		}
		dst[i] = 0xff;
		m->left--;
		if (!m->left && m->taken == m->queued)
			m->read = 0; /* idle */
	}
}

struct receiver {
	uint32_t next;
};

static int check_record(void *arg, const uint8_t *data, size_t len)
{
	struct receiver *r = arg;

	assert_int_equal(len, 24 + record_payload(r->next));
	for (size_t i = 24; i < len; i++)
		if (data[i] != (uint8_t)(i + r->next))
			fail_msg("record %u, byte %zu", r->next, i);
	r->next++;
	return 0;
}

static void a_budget_keeps_guest_and_device_in_step(void **state)
{
	uint32_t s = 5;

	(void)state;
	for (uint32_t round = 0; round < 120; round++) {
		struct model m = { 0 };
		struct receiver r = { 0 };
		struct vmci_guest *g;
		struct fake f;

		fake_init(&f);
		g = probe_with(&f, (struct vmci_guest_options){ .mode = VMCI_GUEST_MODE_PORTS,
								.max_reads = 1 + round % 4 });
		vmci_guest_endpoint(g, 500, 0, check_record, &r);
		f.fill = fill_model;
		f.arg = &m;
		for (int k = 0; k < 30; k++) {
			m.queued += fake_random(&s) % 6;
			assert_true(vmci_guest_pump(g) >= 0);
		}
		for (int k = 0; k < 400 && (r.next < m.queued || vmci_guest_is_pending(g)); k++)
			assert_true(vmci_guest_pump(g) >= 0);
		assert_int_equal(r.next, m.queued);
		finish(&f, g);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_probe_ends_when_the_device_takes_no_datagram),
		cmocka_unit_test(a_lost_send_blocks_the_buffer_until_the_device_lets_go),
		cmocka_unit_test(a_lost_scattered_send_keeps_its_pages),
		cmocka_unit_test(a_pair_that_the_device_may_have_keeps_its_pages),
		cmocka_unit_test(a_late_receive_is_waited_for_again),
		cmocka_unit_test(a_device_that_goes_is_left_alone),
		cmocka_unit_test(a_pump_notices_that_the_device_went),
		cmocka_unit_test(minus_one_is_a_result_while_the_device_is_there),
		cmocka_unit_test(a_result_never_looks_like_a_local_code),
		cmocka_unit_test(endless_data_ends_with_the_budget),
		cmocka_unit_test(impossible_sizes_end_a_drain),
		cmocka_unit_test(a_batch_that_changes_while_it_is_read_is_safe),
		cmocka_unit_test(noise_is_survived),
		cmocka_unit_test(a_budget_keeps_guest_and_device_in_step),
	};

	return cmocka_run_group_tests_name("guest_hostile", tests, NULL, NULL);
}
