/* SPDX-License-Identifier: BSD-2-Clause */
/* Who owns the pages of a guest's queue pair: the guest when the device has said no, the device
 * when it has not said anything. And calls with half a handle. */
#include "fake_device.h"

#include <stdlib.h>
#include <string.h>
#include <vmci/defs.h>
#include <vmci/wire.h>

static struct vmci_guest *probe(struct fake *f, enum vmci_guest_mode mode)
{
	struct vmci_guest_options options = { .mode = mode };
	struct vmci_guest *g = NULL;

	assert_int_equal(vmci_guest_probe(&f->port, &options, &g), 0);
	assert_int_equal(vmci_guest_cid(g), FAKE_CID);
	return g;
}

static void finish(struct fake *f, struct vmci_guest *g)
{
	vmci_guest_remove(g);
	assert_int_equal(f->nlive, 0);
}

static int alloc(struct vmci_guest *g, uint32_t resource, struct vmci_guest_pair **p)
{
	return vmci_guest_pair_alloc(g, vmci_handle(FAKE_CID, resource), 2, 0, 0, 4096, 4096, p);
}

static int32_t refusal;

static int32_t refuse_alloc(struct fake *f, const uint8_t *dg, size_t len)
{
	if (!vmci_get32(dg) && vmci_get32(dg + 4) == VMCI_QUEUEPAIR_ALLOC)
		return refusal;
	return fake_answer(f, dg, len);
}

static void a_refused_pair_gives_its_pages_back(void **state)
{
	static const int32_t answers[] = { VMCI_ERROR_NO_MEM, VMCI_ERROR_NO_RESOURCES,
					   VMCI_ERROR_QUEUEPAIR_MISMATCH, -2003 };

	(void)state;
	for (int mode = VMCI_GUEST_MODE_PORTS; mode <= VMCI_GUEST_MODE_MMIO; mode++)
		for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
			struct vmci_guest_pair *p;
			struct vmci_guest *g;
			struct fake f;
			size_t nlive;

			fake_init(&f);
			g = probe(&f, (enum vmci_guest_mode)mode);
			f.answer = refuse_alloc;
			refusal = answers[i];
			nlive = f.nlive;
			assert_true(alloc(g, 900, &p) < 0);
			assert_int_equal(f.nlive, nlive);
			/* The handle is free. */
			f.answer = NULL;
			assert_int_equal(alloc(g, 900, &p), 0);
			assert_true(f.nlive > nlive);
			assert_int_equal(vmci_guest_pair_detach(p), 0);
			assert_int_equal(f.nlive, nlive);
			finish(&f, g);
		}
}

/* Without PPN64 a page number has 32 bits; the memory of this test lies higher. */
static void pages_that_cannot_be_named_are_given_back(void **state)
{
	struct vmci_guest_pair *p;
	struct vmci_guest *g;
	struct fake f;
	size_t nlive;
	unsigned nsends;

	(void)state;
	fake_init(&f);
	f.caps &= ~(uint32_t)VMCI_CAPS_PPN64;
	g = probe(&f, VMCI_GUEST_MODE_MMIO);
	nlive = f.nlive;
	nsends = f.nsends;
	assert_int_equal(alloc(g, 900, &p), VMCI_ERROR_INVALID_ARGS);
	assert_int_equal(f.nlive, nlive);
	assert_int_equal(f.nsends, nsends);
	finish(&f, g);
}

static void a_device_that_went_has_no_pages(void **state)
{
	struct vmci_guest_pair *p;
	struct vmci_guest *g;
	struct fake f;
	size_t nlive;

	(void)state;
	fake_init(&f);
	g = probe(&f, VMCI_GUEST_MODE_MMIO);
	f.keeps_sends = true;
	f.is_gone = true;
	nlive = f.nlive;
	assert_int_equal(alloc(g, 900, &p), VMCI_LOCAL_GONE);
	assert_int_equal(f.nlive, nlive);
	finish(&f, g);
}

/* The page list of the last ALLOC in the send buffer. */
static uint8_t *page_of(const struct fake *f, unsigned i)
{
	const uint8_t *msg = f->last_tx + VMCI_DMA_HEADER_SIZE + VMCI_DATAGRAM_SIZE;

	return (uint8_t *)(uintptr_t)(vmci_get64(msg + VMCI_QUEUEPAIR_ALLOC_MSG_PPNS + 8 * i)
				      << 12);
}

static void pages_that_the_device_may_have_serve_nobody_else(void **state)
{
	struct vmci_guest_pair *p, *q;
	struct vmci_guest *g;
	struct fake f;
	uint8_t *page[4];
	size_t nlive;

	(void)state;
	fake_init(&f);
	g = probe(&f, VMCI_GUEST_MODE_MMIO);
	f.keeps_sends = true;
	assert_int_equal(alloc(g, 900, &p), VMCI_LOCAL_TIMEOUT);
	nlive = f.nlive;
	for (unsigned i = 0; i < 4; i++)
		page[i] = page_of(&f, i);
	/* The device did take the request, late: it writes, and nobody else is hurt. */
	f.keeps_sends = false;
	vmci_put32(f.last_tx + VMCI_DMA_HEADER_BUSY, 0);
	for (unsigned i = 0; i < 4; i++)
		memset(page[i], 0x5a, 4096);
	assert_int_equal(alloc(g, 900, &q), VMCI_ERROR_ALREADY_EXISTS);
	assert_int_equal(f.nlive, nlive);
	assert_int_equal(alloc(g, 901, &q), 0);
	for (unsigned i = 0; i < 4; i++)
		for (unsigned k = 0; k < 4; k++)
			assert_ptr_not_equal(page_of(&f, i), page[k]);
	assert_int_equal(vmci_guest_pair_detach(q), 0);
	assert_int_equal(f.nlive, nlive);
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(page[i][4095], 0x5a);
	/* Only the reset takes them from the device. */
	finish(&f, g);
	assert_int_equal(f.writes[f.nwrites - 1][0], VMCI_CONTROL_ADDR);
	assert_int_equal(f.writes[f.nwrites - 1][1], VMCI_CONTROL_RESET);
}

static int32_t refuse_detach(struct fake *f, const uint8_t *dg, size_t len)
{
	if (!vmci_get32(dg) && vmci_get32(dg + 4) == VMCI_QUEUEPAIR_DETACH)
		return VMCI_ERROR_NOT_FOUND;
	return fake_answer(f, dg, len);
}

/* A detach that the device refuses, or does not answer, leaves the pages where they are. */
static void a_failed_detach_keeps_the_pages(void **state)
{
	(void)state;
	for (int lost = 0; lost < 2; lost++) {
		struct vmci_guest_pair *p;
		struct vmci_guest *g;
		struct fake f;
		size_t nlive;

		fake_init(&f);
		g = probe(&f, VMCI_GUEST_MODE_MMIO);
		assert_int_equal(alloc(g, 900, &p), 0);
		nlive = f.nlive;
		f.keeps_sends = lost;
		f.answer = refuse_detach;
		assert_int_equal(vmci_guest_pair_detach(p),
				 lost ? VMCI_LOCAL_TIMEOUT : VMCI_ERROR_NOT_FOUND);
		assert_int_equal(f.nlive, nlive);
		f.keeps_sends = false;
		f.answer = NULL;
		vmci_put32(f.last_tx + VMCI_DMA_HEADER_BUSY, 0);
		assert_int_equal(vmci_guest_pair_detach(p), 0);
		assert_true(f.nlive < nlive);
		finish(&f, g);
	}
}

/* ---- half a handle ---------------------------------------------------------------------- */

static int ignore_datagram(void *arg, const uint8_t *data, size_t len)
{
	(void)arg;
	(void)data;
	(void)len;
	return 0;
}

/* A request that fits the send buffer needs no other memory, so it cannot fail for want of it. */
static void a_short_request_is_sent_inline(void **state)
{
	static const uint8_t payload[VMCI_MAX_DG_PAYLOAD_SIZE + 1];
	struct vmci_guest *g;
	struct fake f;
	int32_t result;

	(void)state;
	fake_init(&f);
	g = probe(&f, VMCI_GUEST_MODE_MMIO);
	f.fail_at = f.nalloc + 1;
	for (size_t len = 0; len <= VMCI_MAX_DG_PAYLOAD_SIZE;
	     len += len < 100 ? 1 : VMCI_MAX_DG_PAYLOAD_SIZE - 100) {
		assert_int_equal(vmci_guest_call(g, 99, payload, len, &result), 0);
		assert_int_equal(f.last_len, VMCI_DATAGRAM_SIZE + len);
		assert_int_equal(vmci_get32(f.last_tx + VMCI_DMA_HEADER_OPCODE),
				 VMCI_DMA_OPCODE_INLINE);
	}
	assert_int_equal(vmci_guest_call(g, 99, payload, sizeof(payload), &result),
			 VMCI_LOCAL_NO_MEMORY);
	assert_int_equal(vmci_guest_call(g, 99, payload, sizeof(payload), &result), 0);
	assert_int_equal(vmci_get32(f.last_tx + VMCI_DMA_HEADER_OPCODE), VMCI_DMA_OPCODE_SG);
	finish(&f, g);
}

static void half_a_handle_reaches_no_device(void **state)
{
	static const struct vmci_handle halves[] = { { VMCI_INVALID_ID, 500 },
						     { FAKE_CID, VMCI_INVALID_ID },
						     { 2, VMCI_INVALID_ID } };

	(void)state;
	for (int mode = VMCI_GUEST_MODE_PORTS; mode <= VMCI_GUEST_MODE_MMIO; mode++) {
		struct vmci_guest_pair *p;
		struct vmci_guest *g;
		struct fake f;
		size_t nlive;
		unsigned nsends;

		fake_init(&f);
		g = probe(&f, (enum vmci_guest_mode)mode);
		assert_int_equal(vmci_guest_endpoint(g, 500, 0, ignore_datagram, NULL), 500);
		nlive = f.nlive;
		nsends = f.nsends;
		for (size_t i = 0; i < sizeof(halves) / sizeof(halves[0]); i++) {
			assert_int_equal(vmci_guest_ring(g, halves[i]), VMCI_ERROR_INVALID_ARGS);
			assert_int_equal(vmci_guest_doorbell(g, halves[i], 0, 0, NULL, NULL),
					 VMCI_ERROR_INVALID_ARGS);
			assert_int_equal(vmci_guest_doorbell_close(g, halves[i]),
					 VMCI_ERROR_NOT_FOUND);
			for (uint32_t flags = 0; flags <= VMCI_QPFLAG_LOCAL; flags++)
				assert_int_equal(vmci_guest_pair_alloc(g, halves[i], FAKE_CID,
								       flags, 0, 64, 64, &p),
						 VMCI_ERROR_INVALID_ARGS);
		}
		assert_int_equal(vmci_guest_send(g, vmci_handle(VMCI_INVALID_ID, 7),
						 vmci_handle(FAKE_CID, 500), "x", 1),
				 VMCI_ERROR_INVALID_ARGS);
		assert_int_equal(vmci_guest_send(g, vmci_handle(2, 7),
						 vmci_handle(FAKE_CID, VMCI_INVALID_ID), "x", 1),
				 VMCI_ERROR_NO_HANDLE);
		/* Nor does the host speak through a guest's driver. */
		assert_int_equal(
			vmci_guest_send(g, vmci_handle(0, 15), vmci_handle(2, 500), "x", 1),
			VMCI_ERROR_INVALID_ARGS);
		assert_int_equal(f.nlive, nlive);
		assert_int_equal(f.nsends, nsends);
		/* Without a context the source is the guest's own. */
		assert_int_equal(vmci_guest_send(g, vmci_handle(2, 7),
						 vmci_handle(VMCI_INVALID_ID, 500), "x", 1),
				 25);
		assert_int_equal(vmci_get32(f.last + VMCI_DATAGRAM_SRC_CONTEXT), FAKE_CID);
		finish(&f, g);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_refused_pair_gives_its_pages_back),
		cmocka_unit_test(pages_that_cannot_be_named_are_given_back),
		cmocka_unit_test(a_device_that_went_has_no_pages),
		cmocka_unit_test(pages_that_the_device_may_have_serve_nobody_else),
		cmocka_unit_test(a_failed_detach_keeps_the_pages),
		cmocka_unit_test(a_short_request_is_sent_inline),
		cmocka_unit_test(half_a_handle_reaches_no_device),
	};

	return cmocka_run_group_tests_name("guest pairs", tests, NULL, NULL);
}
