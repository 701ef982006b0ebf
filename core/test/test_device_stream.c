/* SPDX-License-Identifier: BSD-2-Clause */
/* The two byte ports: a guest that follows the published algorithm gets every queue back, and no
 * cut of a byte stream changes what it means. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "../device/reset.h"
#include "device_world.h"

#define PAGE   4096u
#define BUFFER 69632u

/* ---- a guest that reads --------------------------------------------------------------------- */

struct reader {
	struct world *w;
	uint8_t buf[BUFFER];
	uint64_t reads; /* bytes in all */
	void (*got)(void *arg, const uint8_t *dg, size_t len);
	void *arg;
	bool arrivals; /* more may come while it reads */
	uint64_t *random;
};

static void send_some(struct reader *r);

static void read_port(struct reader *r, size_t at, size_t len)
{
	vmci_device_read_bytes(r->w->dev, VMCI_WINDOW_PORTS, VMCI_DATA_IN_ADDR, r->buf + at, len);
	r->reads += len;
	if (r->arrivals && world_random(r->random) % 4 == 0)
		send_some(r);
}

/* Chapter 22, "How a guest reads", line by line. */
static void drain(struct reader *r)
{
	size_t cur = PAGE, p = 0;

	read_port(r, 0, cur);
	for (;;) {
		size_t rem = cur - p;
		uint64_t a;

		if (rem < VMCI_DATAGRAM_SIZE) {
			read_port(r, 0, cur);
			p = 0;
			continue;
		}
		if (vmci_get32(r->buf + p + VMCI_DATAGRAM_DST_RESOURCE) == VMCI_INVALID_ID) {
			if (rem <= PAGE)
				return;
			p = (p / PAGE + 1) * PAGE;
			continue;
		}
		a = VMCI_DATAGRAM_SIZE + vmci_get64(r->buf + p + VMCI_DATAGRAM_PAYLOAD_SIZE);
		a = (a + 7) & ~(uint64_t)7;
		assert_true(a <= BUFFER);
		if (a > rem) {
			memmove(r->buf, r->buf + p, rem);
			cur = BUFFER;
			read_port(r, rem, BUFFER - rem);
			p = 0;
		}
		r->got(r->arg, r->buf + p,
		       VMCI_DATAGRAM_SIZE +
			       (size_t)vmci_get64(r->buf + p + VMCI_DATAGRAM_PAYLOAD_SIZE));
		p += a;
	}
}

/* ---- any queue comes back -------------------------------------------------------------------- */

#define RECORDS 4096u

struct ledger {
	uint32_t sizes[RECORDS];
	uint32_t sent, got;
};

static size_t random_size(uint64_t *random)
{
	switch (world_random(random) % 8) {
	case 0:
		return 0;
	case 1:
		return world_random(random) % 64;
	case 2: /* close to the end of a first read */
		return PAGE - VMCI_DATAGRAM_SIZE - 32 + world_random(random) % 64;
	case 3:
		return world_random(random) % 4096;
	case 4:
		return world_random(random) % (BUFFER - VMCI_DATAGRAM_SIZE + 1);
	case 5: /* close to the largest */
		return BUFFER - VMCI_DATAGRAM_SIZE - world_random(random) % 40;
	default:
		return world_random(random) % 512;
	}
}

/* Payload bytes and the source resource carry the serial number. */
static void send_some(struct reader *r)
{
	static uint8_t payload[BUFFER];
	struct ledger *l = r->arg;
	uint32_t n = 1 + world_random(r->random) % 12;

	while (n-- && l->sent < RECORDS) {
		size_t len = random_size(r->random);
		int rc;

		memset(payload, (int)(l->sent & 0xff), len);
		rc = vmci_context_send(r->w->host, vmci_handle(WORLD_CID, 0x500),
				       vmci_handle(VMCI_HOST_CONTEXT_ID, l->sent), payload, len);
		if (rc == VMCI_ERROR_NO_RESOURCES)
			return;
		assert_int_equal(rc, VMCI_DATAGRAM_SIZE + len);
		l->sizes[l->sent++] = (uint32_t)len;
	}
}

static void check_record(void *arg, const uint8_t *dg, size_t len)
{
	struct ledger *l = arg;

	assert_true(l->got < l->sent);
	assert_int_equal(vmci_get32(dg + VMCI_DATAGRAM_SRC_RESOURCE), l->got);
	assert_int_equal(len, VMCI_DATAGRAM_SIZE + l->sizes[l->got]);
	for (size_t i = VMCI_DATAGRAM_SIZE; i < len; i++)
		assert_int_equal(dg[i], l->got & 0xff);
	l->got++;
}

static void reader_gets_every_queue(bool arrivals)
{
	static struct ledger ledger;
	static struct reader reader;
	struct world w;

	for (uint64_t seed = 1; seed <= 400; seed++) {
		uint64_t random = seed;
		unsigned idle = 0;

		world_open(&w);
		memset(&ledger, 0, sizeof(ledger));
		memset(&reader, 0, sizeof(reader));
		reader.w = &w;
		reader.got = check_record;
		reader.arg = &ledger;
		reader.arrivals = arrivals;
		reader.random = &random;
		for (int round = 0; round < 6; round++) {
			send_some(&reader);
			world_in(&w, VMCI_ICR_ADDR);
			drain(&reader);
			/* Idle: what is still waiting was announced again. */
			if (ledger.got != ledger.sent)
				assert_int_equal(world_in(&w, VMCI_ICR_ADDR) & VMCI_ICR_DATAGRAM,
						 VMCI_ICR_DATAGRAM);
		}
		reader.arrivals = false;
		while (ledger.got != ledger.sent && idle++ < 1000)
			drain(&reader);
		assert_int_equal(ledger.got, ledger.sent);
		world_out(&w, VMCI_CONTROL_ADDR, VMCI_CONTROL_RESET);
		assert_true(vmci_reset_is_clean(w.dev));
		world_close(&w);
	}
}

static void every_queue_is_read_back(void **state)
{
	(void)state;
	reader_gets_every_queue(false);
}

static void datagrams_that_come_while_reading_are_not_lost(void **state)
{
	(void)state;
	reader_gets_every_queue(true);
}

/* ---- DATA_OUT -------------------------------------------------------------------------------- */

struct echo {
	uint32_t count;
	uint8_t last[BUFFER];
	size_t len;
};

static int take(void *arg, const uint8_t *data, size_t len)
{
	struct echo *e = arg;

	e->count++;
	e->len = len;
	memcpy(e->last, data, len);
	return 0;
}

static size_t make(uint8_t *dg, uint64_t payload_size, size_t len)
{
	vmci_put_handle(dg, vmci_handle(VMCI_HOST_CONTEXT_ID, 0x600));
	vmci_put_handle(dg + 8, vmci_handle(WORLD_CID, 0x500));
	vmci_put64(dg + 16, payload_size);
	for (size_t i = 0; i < len; i++)
		dg[VMCI_DATAGRAM_SIZE + i] = (uint8_t)(i * 7 + 1);
	return VMCI_DATAGRAM_SIZE + len;
}

static void write_bytes(struct world *w, const uint8_t *src, size_t len)
{
	vmci_device_write_bytes(w->dev, VMCI_WINDOW_PORTS, VMCI_DATA_OUT_ADDR, src, len);
}

static void a_datagram_may_be_cut_anywhere(void **state)
{
	static struct echo e;
	uint8_t dg[200];
	struct world w;

	(void)state;
	world_open(&w);
	memset(&e, 0, sizeof(e));
	assert_int_equal(vmci_context_endpoint(w.host, 0x600, 0, 0, take, &e), 0x600);

	for (size_t len = 0; len <= 32; len++) {
		size_t total = make(dg, len, len);

		for (size_t a = 0; a <= total; a++)
			for (size_t b = a; b <= total; b += 3) {
				uint32_t before = e.count;

				write_bytes(&w, dg, a);
				write_bytes(&w, dg + a, b - a);
				write_bytes(&w, dg + b, total - b);
				assert_int_equal(e.count, before + 1);
				assert_int_equal(e.len, total);
				assert_memory_equal(e.last + 16, dg + 16, total - 16);
				assert_int_equal(world_in(&w, VMCI_RESULT_LOW_ADDR), total);
			}
	}
	world_close(&w);
}

/* Two datagrams and a piece of a third in one string. */
static void datagrams_back_to_back_are_kept_apart(void **state)
{
	static struct echo e;
	uint8_t dg[512];
	struct world w;
	size_t n;

	(void)state;
	world_open(&w);
	memset(&e, 0, sizeof(e));
	vmci_context_endpoint(w.host, 0x600, 0, 0, take, &e);
	n = make(dg, 5, 5);
	n += make(dg + n, 0, 0);
	make(dg + n, 9, 9);

	write_bytes(&w, dg, n + 11);

	assert_int_equal(e.count, 2);
	assert_int_equal(e.len, 24);
	assert_int_equal(world_in(&w, VMCI_RESULT_LOW_ADDR), 24);
	world_close(&w);
}

static void edge_sizes_are_refused_and_cost_nothing(void **state)
{
	static const uint64_t sizes[] = {
		BUFFER - 23,	     BUFFER - 24 + 2,	  0x40000,	   0x80000000u,
		0xffffffffu,	     0x100000000u,	  UINT64_MAX / 2,  UINT64_MAX / 2 + 1,
		UINT64_MAX - 24 + 1, UINT64_MAX - 24 + 2, UINT64_MAX - 23, UINT64_MAX - 7,
		UINT64_MAX,
	};
	static struct echo e;
	static uint8_t zeros[BUFFER];
	uint8_t dg[64];
	struct world w;

	(void)state;
	world_open(&w);
	memset(&e, 0, sizeof(e));
	vmci_context_endpoint(w.host, 0x600, 0, 0, take, &e);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		uint64_t before = w.alive_bytes;
		uint64_t left = sizes[i];

		make(dg, sizes[i], 0);
		write_bytes(&w, dg, VMCI_DATAGRAM_SIZE);
		if (left < 1u << 20) {
			for (; left; left -= left < BUFFER ? left : BUFFER)
				write_bytes(&w, zeros, left < BUFFER ? (size_t)left : BUFFER);
			assert_true((int32_t)world_in(&w, VMCI_RESULT_LOW_ADDR) < 0);
		} else {
			write_bytes(&w, zeros, BUFFER);
			world_out(&w, VMCI_CONTROL_ADDR, VMCI_CONTROL_RESET);
		}
		assert_int_equal(w.alive_bytes, before);
		assert_int_equal(e.count, i);

		write_bytes(&w, dg, make(dg, 3, 3));
		assert_int_equal(e.count, i + 1);
	}
	world_close(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_queue_is_read_back),
		cmocka_unit_test(datagrams_that_come_while_reading_are_not_lost),
		cmocka_unit_test(a_datagram_may_be_cut_anywhere),
		cmocka_unit_test(datagrams_back_to_back_are_kept_apart),
		cmocka_unit_test(edge_sizes_are_refused_and_cost_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
