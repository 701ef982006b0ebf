/* SPDX-License-Identifier: BSD-2-Clause */
/* How a guest hands on what arrived: later when that was asked for, behind what had to be thrown
 * away, to nobody once the device is gone. */
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

/* Which handlers ran, and with how much. */
struct diary {
	struct fake *f;
	unsigned n;
	size_t len[300];
	char who[300];
};

struct reader {
	struct diary *diary;
	char name;
};

static int read_letter(void *arg, const uint8_t *data, size_t len)
{
	struct reader *r = arg;
	struct diary *d = r->diary;

	assert_true(d->n < 300);
	assert_int_equal(vmci_get64(data + VMCI_DATAGRAM_PAYLOAD_SIZE), len - VMCI_DATAGRAM_SIZE);
	for (size_t i = VMCI_DATAGRAM_SIZE; i < len; i++)
		assert_int_equal(data[i], (uint8_t)len);
	d->len[d->n] = len;
	d->who[d->n++] = r->name;
	return 0;
}

/* A record whose payload is filled with its length. */
static uint8_t *put_letter(uint8_t *at, uint32_t resource, size_t payload)
{
	size_t size = fake_record(at, resource, payload);

	memset(at + VMCI_DATAGRAM_SIZE, (uint8_t)(VMCI_DATAGRAM_SIZE + payload), payload);
	return at + size;
}

static void fill_letters(struct fake *f, uint8_t *dst, size_t len)
{
	(void)len;
	if (f->arg)
		return;
	f->arg = f;
	dst = put_letter(dst, 500, 10);
	dst = put_letter(dst, 501, 20);
	dst = put_letter(dst, 500, 30);
	put_letter(dst, 501, 0);
}

static void delayed_handlers_run_behind_the_others(void **state)
{
	(void)state;
	for (int mode = VMCI_GUEST_MODE_PORTS; mode <= VMCI_GUEST_MODE_MMIO; mode++) {
		struct diary d = { 0 };
		struct reader later = { &d, 'l' }, now = { &d, 'n' };
		struct vmci_guest *g;
		struct fake f;
		size_t nlive;

		fake_init(&f);
		g = probe(&f, (enum vmci_guest_mode)mode);
		assert_int_equal(
			vmci_guest_endpoint(g, 500, VMCI_FLAG_DG_DELAYED_CB, read_letter, &later),
			500);
		assert_int_equal(vmci_guest_endpoint(g, 501, 0, read_letter, &now), 501);
		nlive = f.nlive;
		for (int round = 0; round < 2; round++) {
			d.n = 0;
			f.arg = NULL;
			f.fill = fill_letters;
			assert_int_equal(vmci_guest_pump(g), 4);
			assert_int_equal(d.n, 4);
			assert_memory_equal(d.who, "nnll", 4);
			assert_int_equal(d.len[0], 44);
			assert_int_equal(d.len[1], 24);
			assert_int_equal(d.len[2], 34);
			assert_int_equal(d.len[3], 54);
			assert_int_equal(f.nlive, nlive);
		}
		finish(&f, g);
	}
}

static void fill_many(struct fake *f, uint8_t *dst, size_t len)
{
	if (f->arg)
		return;
	f->arg = f;
	for (unsigned i = 0; i < 260; i++, len -= 24)
		dst = put_letter(dst, 500, 0);
}

/* 256 wait; what comes beyond is noted and dropped, and the next drain starts anew. */
static void delayed_datagrams_are_limited(void **state)
{
	struct diary d = { 0 };
	struct reader later = { &d, 'l' };
	struct vmci_guest *g;
	struct fake f;

	(void)state;
	fake_init(&f);
	g = probe(&f, VMCI_GUEST_MODE_MMIO);
	vmci_guest_endpoint(g, 500, VMCI_FLAG_DG_DELAYED_CB, read_letter, &later);
	for (unsigned round = 1; round <= 2; round++) {
		d.n = 0;
		f.arg = NULL;
		f.fill = fill_many;
		assert_int_equal(vmci_guest_pump(g), 260);
		assert_int_equal(d.n, 256);
		assert_int_equal(f.nnotes, 4 * round);
	}
	finish(&f, g);
}

/* ---- what is too large ------------------------------------------------------------------ */

static uint8_t stream[4096 + 8 * VMCI_MAX_DG_SIZE];
static size_t stream_at;

static void fill_stream(struct fake *f, uint8_t *dst, size_t len)
{
	(void)f;
	assert_true(stream_at + len <= sizeof(stream));
	memcpy(dst, stream + stream_at, len);
	stream_at += len;
}

/* Through the ports the bytes of an oversize record are thrown away, exactly. */
static void what_follows_an_oversize_record_is_found(void **state)
{
	/* In the second read, at its end, in the third, in a later one. */
	static const size_t payloads[] = {
		VMCI_MAX_DG_PAYLOAD_SIZE + 1,	   VMCI_MAX_DG_SIZE,
		4096 + VMCI_MAX_DG_SIZE - 24 - 64, 4096 + VMCI_MAX_DG_SIZE - 24,
		4096 + VMCI_MAX_DG_SIZE + 1000,	   4096 + 5 * VMCI_MAX_DG_SIZE + 77
	};

	(void)state;
	for (size_t i = 0; i < sizeof(payloads) / sizeof(payloads[0]); i++)
		for (unsigned before = 0; before < 2; before++) {
			struct diary d = { 0 };
			struct reader now = { &d, 'n' };
			struct vmci_guest *g;
			struct fake f;
			uint8_t *at = stream;

			memset(stream, 0xff, sizeof(stream));
			if (before)
				at = put_letter(at, 500, 40);
			memset(at, 0x11, 24 + payloads[i]);
			vmci_put64(at + VMCI_DATAGRAM_PAYLOAD_SIZE, payloads[i]);
			at += (24 + payloads[i] + 7) & ~(size_t)7;
			put_letter(at, 500, 8);

			fake_init(&f);
			g = probe(&f, VMCI_GUEST_MODE_PORTS);
			vmci_guest_endpoint(g, 500, 0, read_letter, &now);
			stream_at = 0;
			f.fill = fill_stream;
			assert_int_equal(vmci_guest_pump(g), 1 + before);
			assert_int_equal(d.n, 1 + before);
			assert_int_equal(d.len[before], 32);
			assert_int_equal(f.nnotes, 1);
			finish(&f, g);
		}
}

/* By DMA nothing behind it can be found, and the caller hears of it. */
static void fill_bad_batch(struct fake *f, uint8_t *dst, size_t len)
{
	(void)len;
	if (f->arg)
		return;
	f->arg = f;
	dst = put_letter(dst, 500, 10);
	fake_record(dst, 500, 8);
	vmci_put64(dst + VMCI_DATAGRAM_PAYLOAD_SIZE, VMCI_MAX_DG_PAYLOAD_SIZE);
}

static void a_record_beyond_its_buffer_is_an_error(void **state)
{
	struct diary d = { 0 };
	struct reader now = { &d, 'n' };
	struct vmci_guest *g;
	struct fake f;

	(void)state;
	fake_init(&f);
	g = probe(&f, VMCI_GUEST_MODE_MMIO);
	vmci_guest_endpoint(g, 500, 0, read_letter, &now);
	f.fill = fill_bad_batch;
	assert_int_equal(vmci_guest_pump(g), VMCI_LOCAL_PROTOCOL);
	assert_int_equal(d.n, 1);
	assert_int_equal(f.nnotes, 1);
	assert_int_equal(vmci_guest_pump(g), 0);
	finish(&f, g);
}

/* ---- the device goes ------------------------------------------------------------------- */

static struct vmci_guest *leaving;

static int notice_the_end(void *arg, const uint8_t *data, size_t len)
{
	struct diary *d = arg;
	int32_t result;

	(void)data;
	(void)len;
	d->n++;
	d->f->is_gone = true;
	d->f->result = -1;
	assert_int_equal(vmci_guest_call(leaving, 50, NULL, 0, &result), VMCI_LOCAL_GONE);
	return 0;
}

static void nothing_is_delivered_once_the_device_is_gone(void **state)
{
	(void)state;
	for (int mode = VMCI_GUEST_MODE_PORTS; mode <= VMCI_GUEST_MODE_MMIO; mode++) {
		struct diary d = { 0 };
		struct reader now = { &d, 'n' };
		struct fake f;

		fake_init(&f);
		leaving = probe(&f, (enum vmci_guest_mode)mode);
		d.f = &f;
		vmci_guest_endpoint(leaving, 500, 0, notice_the_end, &d);
		vmci_guest_endpoint(leaving, 501, 0, read_letter, &now);
		f.fill = fill_letters;
		(void)vmci_guest_pump(leaving);
		assert_int_equal(d.n, 1);
		assert_int_equal(vmci_guest_pump(leaving), VMCI_LOCAL_GONE);
		finish(&f, leaving);
	}
}

/* ---- whose endpoint ---------------------------------------------------------------------- */

static void fill_other_context(struct fake *f, uint8_t *dst, size_t len)
{
	(void)len;
	if (f->arg)
		return;
	f->arg = f;
	for (uint32_t resource = 500; resource < 502; resource++) {
		uint8_t *next = put_letter(dst, resource, 1);

		vmci_put32(dst + VMCI_DATAGRAM_DST_CONTEXT, FAKE_CID + 1);
		dst = next;
	}
}

static void an_endpoint_belongs_to_one_context_unless_to_any(void **state)
{
	struct diary d = { 0 };
	struct reader own = { &d, 'o' }, any = { &d, 'a' };
	struct vmci_guest *g;
	struct fake f;

	(void)state;
	fake_init(&f);
	g = probe(&f, VMCI_GUEST_MODE_MMIO);
	vmci_guest_endpoint(g, 500, 0, read_letter, &own);
	vmci_guest_endpoint(g, 501, VMCI_FLAG_ANYCID_DG_HND, read_letter, &any);
	f.fill = fill_other_context;
	assert_int_equal(vmci_guest_pump(g), 2);
	assert_int_equal(d.n, 1);
	assert_int_equal(d.who[0], 'a');
	assert_int_equal(f.nnotes, 1);
	assert_int_equal(
		vmci_guest_send(g, vmci_handle(2, 7), vmci_handle(FAKE_CID + 1, 500), "x", 1),
		VMCI_ERROR_NO_HANDLE);
	assert_int_equal(
		vmci_guest_send(g, vmci_handle(2, 7), vmci_handle(FAKE_CID + 1, 501), "x", 1), 25);
	finish(&f, g);
}

static void count_event(void *arg, const uint8_t *payload, size_t len)
{
	(void)payload;
	(void)len;
	++*(int *)arg;
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

static void an_event_is_no_datagram(void **state)
{
	struct diary d = { 0 };
	struct reader now = { &d, 'n' };
	struct vmci_guest *g;
	struct fake f;
	int count = 0;

	(void)state;
	fake_init(&f);
	g = probe(&f, VMCI_GUEST_MODE_MMIO);
	assert_int_equal(vmci_guest_endpoint(g, VMCI_EVENT_HANDLER, 0, read_letter, &now),
			 VMCI_EVENT_HANDLER);
	vmci_guest_subscribe(g, VMCI_EVENT_QP_RESUMED, count_event, &count);
	f.fill = fill_event;
	assert_int_equal(vmci_guest_pump(g), 1);
	assert_int_equal(count, 1);
	assert_int_equal(d.n, 0);
	assert_int_equal(f.nnotes, 0);
	finish(&f, g);
}

static void chosen_endpoints_are_free_ones(void **state)
{
	struct diary d = { 0 };
	struct reader now = { &d, 'n' };
	struct vmci_guest *g;
	struct fake f;

	(void)state;
	fake_init(&f);
	g = probe(&f, VMCI_GUEST_MODE_MMIO);
	assert_int_equal(vmci_guest_endpoint(g, 1024, 0, read_letter, &now), 1024);
	for (uint32_t flags = 0; flags < 4; flags += VMCI_FLAG_ANYCID_DG_HND)
		assert_int_equal(vmci_guest_endpoint(g, VMCI_INVALID_ID, flags, read_letter, &now),
				 1025 + flags / VMCI_FLAG_ANYCID_DG_HND);
	assert_int_equal(vmci_guest_endpoint_close(g, 1025), 0);
	assert_int_equal(vmci_guest_endpoint_close(g, 1025), VMCI_ERROR_NOT_FOUND);
	finish(&f, g);
}

/* ---- a device that does not tell the context id ----------------------------------------- */

static int32_t hide_cid(struct fake *f, const uint8_t *dg, size_t len)
{
	if (!vmci_get32(dg) && vmci_get32(dg + 4) == VMCI_GET_CONTEXT_ID)
		return -1;
	return fake_answer(f, dg, len);
}

static void what_needs_the_context_id_fails_without_it(void **state)
{
	struct diary d = { 0 };
	struct reader now = { &d, 'n' };
	struct vmci_guest_pair *p;
	struct vmci_guest *g;
	struct fake f;
	size_t nlive;

	(void)state;
	fake_init(&f);
	f.answer = hide_cid;
	g = probe(&f, VMCI_GUEST_MODE_MMIO);
	nlive = f.nlive;
	assert_int_equal(vmci_guest_cid(g), VMCI_LOCAL_PROTOCOL);
	assert_int_equal(vmci_guest_endpoint(g, 500, 0, read_letter, &now), VMCI_LOCAL_PROTOCOL);
	assert_int_equal(vmci_guest_doorbell(g, any_handle, 0, 0, NULL, NULL), VMCI_LOCAL_PROTOCOL);
	assert_int_equal(vmci_guest_pair_alloc(g, any_handle, 2, 0, 0, 64, 64, &p),
			 VMCI_LOCAL_PROTOCOL);
	assert_int_equal(f.nlive, nlive);
	/* With any context an endpoint can be made, but an open source cannot be filled in. */
	assert_int_equal(vmci_guest_endpoint(g, 500, VMCI_FLAG_ANYCID_DG_HND, read_letter, &now),
			 500);
	assert_int_equal(
		vmci_guest_send(g, vmci_handle(2, 7), vmci_handle(VMCI_INVALID_ID, 500), "x", 1),
		VMCI_LOCAL_PROTOCOL);
	f.answer = NULL;
	assert_int_equal(vmci_guest_endpoint(g, 501, 0, read_letter, &now), 501);
	finish(&f, g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(delayed_handlers_run_behind_the_others),
		cmocka_unit_test(delayed_datagrams_are_limited),
		cmocka_unit_test(what_follows_an_oversize_record_is_found),
		cmocka_unit_test(a_record_beyond_its_buffer_is_an_error),
		cmocka_unit_test(nothing_is_delivered_once_the_device_is_gone),
		cmocka_unit_test(an_endpoint_belongs_to_one_context_unless_to_any),
		cmocka_unit_test(an_event_is_no_datagram),
		cmocka_unit_test(chosen_endpoints_are_free_ones),
		cmocka_unit_test(what_needs_the_context_id_fails_without_it),
	};

	return cmocka_run_group_tests_name("guest delivery", tests, NULL, NULL);
}
