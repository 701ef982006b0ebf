/* SPDX-License-Identifier: BSD-2-Clause */
/* The engine's transport against a model of a device that sees only a stream of bytes: the traces
 * of the book, 20 000 random queues, and devices that answer nonsense. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <vmci/wire.h>
#include "../xport.h"

#define LARGEST 69632u

/* A device: records wait in `queue`, sizes as they are on the wire (multiples of 8). */
static struct {
	uint32_t size[64];
	unsigned count, at;
	uint32_t inside;    /* bytes of the current record that were given */
	uint32_t left, cur; /* of the guest's read as the device reckons; cur 0: idle */
	uint32_t filler;    /* bytes of filler that are still to come */
	bool terminated;    /* the filler ends the invocation */
	unsigned reads;
	size_t read_sizes[64];
} dev;

static uint8_t memory[512 * 1024];
static uint64_t now, used;
static struct xport x;
static char want_text[200], saw_text[200];
static struct text want, saw;

static uint8_t record_byte(unsigned nr, uint32_t off)
{
	uint8_t header[24] = { 0x20, 0, 0, 0, (uint8_t)(nr + 1), 4 };

	if (off >= 24)
		return (uint8_t)(off * 7 + nr);
	vmci_put64(header + 16, dev.size[nr] - 24);
	return header[off];
}

static void start_record(void)
{
	uint32_t size = dev.size[dev.at];

	if (size <= dev.left)
		dev.left -= size;
	else
		dev.left = LARGEST - size, dev.cur = LARGEST;
}

static void end_record(void)
{
	dev.at++;
	dev.inside = 0;
	if (dev.left <= 16) {
		dev.filler = dev.left;
		dev.terminated = false;
		dev.left = dev.cur;
	}
}

static uint8_t next_byte(void)
{
	uint8_t b;

	if (!dev.cur)
		dev.cur = dev.left = 4096;
	if (!dev.filler && dev.at == dev.count) {
		dev.filler = dev.left;
		dev.terminated = true;
	}
	if (dev.filler) {
		if (--dev.filler == 0 && dev.terminated)
			dev.cur = 0;
		return 0xff;
	}
	if (!dev.inside)
		start_record();
	b = record_byte(dev.at, dev.inside);
	if (++dev.inside == dev.size[dev.at])
		end_record();
	return b;
}

static int read_bytes(void *ctx, enum machine_window w, uint32_t off, uint8_t *dst, size_t n)
{
	(void)ctx;
	assert_int_equal(w, MACHINE_PORTS);
	assert_int_equal(off, 0x14);
	if (dev.reads < 64)
		dev.read_sizes[dev.reads] = n;
	dev.reads++;
	for (size_t i = 0; i < n; i++)
		dst[i] = next_byte();
	return 0;
}

static int settle(void *ctx, uint64_t us)
{
	(void)ctx;
	now += us;
	return 0;
}

static uint64_t now_us(void *ctx)
{
	(void)ctx;
	return now;
}

static int mem_alloc(void *ctx, uint64_t bytes, uint64_t align, bool high, uint64_t *pa)
{
	(void)ctx;
	assert_false(high);
	used = (used + align - 1) & ~(align - 1);
	assert_true(bytes <= sizeof(memory) - used);
	*pa = used + 4096;
	used += bytes;
	return 0;
}

static int mem_read(void *ctx, uint64_t pa, void *dst, size_t n)
{
	(void)ctx;
	memcpy(dst, memory + pa - 4096, n);
	return 0;
}

static int mem_write(void *ctx, uint64_t pa, const void *src, size_t n)
{
	(void)ctx;
	memcpy(memory + pa - 4096, src, n);
	return 0;
}

static struct machine machine = { .page_shift = 12,
				  .reg_read_bytes = read_bytes,
				  .mem_alloc = mem_alloc,
				  .mem_read = mem_read,
				  .mem_write = mem_write,
				  .settle = settle,
				  .now_us = now_us };

static void start(bool dma)
{
	static uint8_t buffer[XPORT_RX_BYTES], fifo[XPORT_FIFO_BYTES];

	memset(&dev, 0, sizeof(dev));
	used = 0;
	text_start(&want, want_text, sizeof(want_text));
	text_start(&saw, saw_text, sizeof(saw_text));
	x.buffer = buffer;
	x.fifo = fifo;
	x.want = &want;
	x.saw = &saw;
	xport_start(&x, &machine, dma ? MACHINE_MMIO : MACHINE_PORTS, dma);
}

static void expect_all(void)
{
	const uint8_t *dg;
	uint32_t len;

	for (unsigned nr = 0; nr < dev.count; nr++) {
		assert_int_equal(xport_next(&x, &dg, &len), 0);
		assert_int_equal(len, dev.size[nr]);
		for (uint32_t i = 0; i < len; i += 1 + i / 64)
			assert_int_equal(dg[i], record_byte(nr, i));
	}
}

static void expect_idle(void)
{
	const uint8_t *dg;
	uint32_t len;

	assert_int_equal(dev.cur, 0);
	assert_int_equal(xport_next(&x, &dg, &len), 0);
	assert_int_equal(len, 0);
	assert_int_equal(dev.cur, 0);
}

static void trace(unsigned records, const uint32_t *sizes, unsigned reads, const size_t *lengths)
{
	start(false);
	if (records)
		memcpy(dev.size, sizes, records * sizeof(*sizes));
	dev.count = records;
	if (records) {
		expect_all();
	} else {
		expect_idle();
	}
	assert_int_equal(dev.reads, reads);
	for (unsigned i = 0; i < reads; i++)
		assert_int_equal(dev.read_sizes[i], lengths[i]);
	expect_idle();
}

static void traces_of_the_book(void **state)
{
	(void)state;
	trace(0, NULL, 1, (size_t[]){ 4096 });
	trace(2, (uint32_t[]){ 48, 56 }, 1, (size_t[]){ 4096 });
	trace(2, (uint32_t[]){ 4088, 48 }, 2, (size_t[]){ 4096, 4096 });
	trace(2, (uint32_t[]){ 4072, 48 }, 2, (size_t[]){ 4096, 69608 });
	trace(1, (uint32_t[]){ 69632 }, 3, (size_t[]){ 4096, 65536, 69632 });
	trace(1, (uint32_t[]){ 4096 }, 2, (size_t[]){ 4096, 4096 });
}

static uint32_t random32(void)
{
	static uint32_t s = 88172645u;

	s ^= s << 13;
	s ^= s >> 17;
	s ^= s << 5;
	return s;
}

static void random_queues(void **state)
{
	(void)state;
	for (int n = 0; n < 20000; n++) {
		uint32_t total = 0;

		start(false);
		dev.count = random32() % 12;
		for (unsigned i = 0; i < dev.count; i++) {
			static const uint32_t edges[] = { 24,	 32,	4056,  4064, 4072,
							  4080,	 4088,	4096,  4104, 8192,
							  69608, 69616, 69624, 69632 };
			uint32_t s = 24 + random32() % (n % 16 ? 600 : 60000) / 8 * 8;

			if (random32() % 8 == 0)
				s = edges[random32() % (n % 16 ? 9 : 14)];
			if (total + s + 4 * dev.count > XPORT_FIFO_BYTES - 64)
				s = 24;
			total += s;
			dev.size[i] = s;
		}
		if (dev.count)
			expect_all();
		expect_idle();
	}
}

/* Sizes that are no multiple of 8 come padded; the datagram itself is as long as its header says.
 */
static int read_padded(void *ctx, enum machine_window w, uint32_t off, uint8_t *dst, size_t n)
{
	(void)ctx;
	(void)w;
	(void)off;
	memset(dst, 0xff, n);
	memset(dst, 0, 32);
	dst[16] = 1;
	memset(dst + 32, 0, 24);
	return 0;
}

static void padding(void **state)
{
	const uint8_t *dg;
	uint32_t len;

	(void)state;
	start(false);
	machine.reg_read_bytes = read_padded;
	assert_int_equal(xport_next(&x, &dg, &len), 0);
	assert_int_equal(len, 25);
	assert_int_equal(xport_next(&x, &dg, &len), 0);
	assert_int_equal(len, 24);
	machine.reg_read_bytes = read_bytes;
}

static uint8_t constant;

static int read_constant(void *ctx, enum machine_window w, uint32_t off, uint8_t *dst, size_t n)
{
	(void)ctx;
	(void)w;
	(void)off;
	memset(dst, constant, n);
	return 0;
}

static int read_noise(void *ctx, enum machine_window w, uint32_t off, uint8_t *dst, size_t n)
{
	(void)ctx;
	(void)w;
	(void)off;
	for (size_t i = 0; i < n; i++)
		dst[i] = i % 24 == 16 || random32() % 4 == 0 ? (uint8_t)random32() : 0;
	return 0;
}

/* A device that sends rubbish makes a fault, whatever it is, and never more. */
static void rubbish(void **state)
{
	const uint8_t *dg;
	uint32_t len;

	(void)state;
	machine.reg_read_bytes = read_constant;
	for (int c = 0; c < 256; c++) {
		start(false);
		constant = (uint8_t)c;
		assert_int_equal(xport_next(&x, &dg, &len), c == 255 ? 0 : XPORT_FAULT);
		if (c != 255)
			assert_true(want_text[0] && saw_text[0]);
	}
	machine.reg_read_bytes = read_noise;
	for (int n = 0; n < 2000; n++) {
		start(false);
		for (int k = 0; k < 50; k++)
			if (xport_next(&x, &dg, &len))
				break;
	}
	machine.reg_read_bytes = read_bytes;
}

/* ---- DMA ---- */

static uint32_t result_low, busy_after, answer;
static bool write_answer, write_batch;

static int dma_write(void *ctx, enum machine_window w, unsigned bits, uint32_t off, uint32_t pa)
{
	uint8_t *head = memory + pa - 4096;
	uint8_t *data = memory + vmci_get64(head + 24) - 4096;
	bool wrote = dev.at < dev.count;

	(void)ctx;
	(void)w;
	assert_int_equal(bits, 32);
	vmci_put32(head, busy_after);
	if (off == 0x24) {
		assert_int_equal(vmci_get32(head + 4), 0);
		if (write_answer)
			vmci_put64(head + 16, answer);
		return 0;
	}
	assert_int_equal(off, 0x2c);
	assert_int_equal(vmci_get32(head + 4), 1);
	assert_int_equal(vmci_get64(head + 32), LARGEST);
	if (!write_batch)
		return 0;
	for (unsigned at = 0, room = LARGEST; dev.at < dev.count && room >= dev.size[dev.at];
	     dev.at++) {
		for (uint32_t i = 0; i < dev.size[dev.at]; i++)
			data[at + i] = record_byte(dev.at, i);
		at += dev.size[dev.at];
		room -= dev.size[dev.at];
		if (room >= 24)
			memset(data + at, 0xff, 24);
	}
	if (!wrote)
		memset(data, 0xff, 24);
	return 0;
}

static int dma_read(void *ctx, enum machine_window w, unsigned bits, uint32_t off, uint32_t *v)
{
	(void)ctx;
	(void)w;
	assert_int_equal(bits, 32);
	assert_int_equal(off, 0x1c);
	*v = result_low;
	return 0;
}

static void send_by_dma(void **state)
{
	uint8_t dg[24] = { 0 };
	uint32_t result;

	(void)state;
	machine.reg_write = dma_write;
	machine.reg_read = dma_read;
	write_answer = true;
	start(true);
	busy_after = 0;
	result_low = answer = 24;
	assert_int_equal(xport_send(&x, dg, 24, &result), 0);
	assert_int_equal(result, 24);
	start(true);
	busy_after = 1;
	assert_int_equal(xport_send(&x, dg, 24, &result), XPORT_FAULT);
	assert_string_equal(want_text, "busy 0 after the send");
}

static void receive_by_dma(void **state)
{
	const uint8_t *dg;
	uint32_t len;

	(void)state;
	machine.reg_write = dma_write;
	write_batch = true;
	busy_after = 1;
	start(true);
	dev.count = 4;
	memcpy(dev.size, (uint32_t[]){ 48, 69560, 24, 69632 }, 16);
	expect_all();
	dev.count = 0;
	dev.at = 0;
	assert_int_equal(xport_next(&x, &dg, &len), 0);
	assert_int_equal(len, 0);
	start(true);
	write_batch = false;
	assert_int_equal(xport_next(&x, &dg, &len), XPORT_FAULT);
	assert_string_equal(want_text, "whole datagrams, then a terminator");
	start(true);
	busy_after = 2;
	assert_int_equal(xport_next(&x, &dg, &len), XPORT_FAULT);
	assert_string_equal(saw_text, "busy 2");
	start(true);
	busy_after = 0;
	assert_int_equal(xport_next(&x, &dg, &len), XPORT_FAULT);
	assert_string_equal(want_text, "busy 1 after the receive request");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(traces_of_the_book),
		cmocka_unit_test(random_queues),
		cmocka_unit_test(padding),
		cmocka_unit_test(rubbish),
		cmocka_unit_test(send_by_dma),
		cmocka_unit_test(receive_by_dma),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
