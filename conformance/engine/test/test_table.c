/* SPDX-License-Identifier: BSD-2-Clause */
/* Opening tables: a good one, and thousands of damaged ones whose CRC is right. What is accepted
 * must run without leaving its bounds; the sanitizers watch. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "../engine.h"
#include "build_table.h"

static struct build b;
static uint64_t now;
static uint8_t memory[1 << 20];
static uint64_t used;

/* The least machine: registers of a device that offers datagrams, memory, time. */
static int reg_read(void *ctx, enum machine_window w, unsigned bits, uint32_t off, uint32_t *v)
{
	(void)ctx;
	(void)w;
	(void)bits;
	*v = off == 0x18 ? 0x1c : 0;
	return 0;
}

static int reg_write(void *ctx, enum machine_window w, unsigned bits, uint32_t off, uint32_t v)
{
	(void)ctx;
	(void)w;
	(void)bits;
	(void)off;
	(void)v;
	return 0;
}

static int write_bytes(void *ctx, enum machine_window w, uint32_t off, const uint8_t *src, size_t n)
{
	uint8_t sum = 0;

	(void)ctx;
	(void)w;
	(void)off;
	for (size_t i = 0; i < n; i++)
		sum ^= src[i];
	(void)sum;
	return 0;
}

static int read_bytes(void *ctx, enum machine_window w, uint32_t off, uint8_t *dst, size_t n)
{
	(void)ctx;
	(void)w;
	(void)off;
	memset(dst, 0xff, n);
	return 0;
}

static int bar_info(void *ctx, unsigned bar, uint64_t *size, enum machine_bar_kind *kind)
{
	(void)ctx;
	*size = bar ? 0 : 64;
	*kind = bar ? BAR_NONE : BAR_IO;
	return 0;
}

static int mem_alloc(void *ctx, uint64_t bytes, uint64_t align, bool high, uint64_t *pa)
{
	(void)ctx;
	(void)high;
	used = (used + align - 1) & ~(align - 1);
	if (used > sizeof(memory) || bytes > sizeof(memory) - used)
		return MACHINE_ERROR;
	*pa = used;
	used += bytes;
	return 0;
}

static int mem_read(void *ctx, uint64_t pa, void *dst, size_t n)
{
	(void)ctx;
	assert_true(pa <= sizeof(memory) && n <= sizeof(memory) - pa);
	memcpy(dst, memory + pa, n);
	return 0;
}

static int mem_write(void *ctx, uint64_t pa, const void *src, size_t n)
{
	(void)ctx;
	assert_true(pa <= sizeof(memory) && n <= sizeof(memory) - pa);
	memcpy(memory + pa, src, n);
	return 0;
}

static void mem_release_all(void *ctx)
{
	(void)ctx;
	used = 0;
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

static struct machine machine = { .abilities = 0xffffffff & ~(uint32_t)VCT_CAN_PEER,
				  .page_shift = 12,
				  .reg_read = reg_read,
				  .reg_write = reg_write,
				  .reg_write_bytes = write_bytes,
				  .reg_read_bytes = read_bytes,
				  .bar_info = bar_info,
				  .mem_alloc = mem_alloc,
				  .mem_read = mem_read,
				  .mem_write = mem_write,
				  .mem_release_all = mem_release_all,
				  .settle = settle,
				  .now_us = now_us };

static uint32_t zero_pattern(uint32_t count)
{
	uint32_t first = build_insn(&b, VCI_CONST, 0, 0, count);

	build_insn(&b, VCI_CONST, 0, 0, 0);
	build_insn(&b, VCI_FILL, 0, 0, 0);
	build_insn(&b, VCI_END, 0, 0, 0);
	return first;
}

static uint32_t equals(uint64_t v)
{
	uint32_t first = build_insn(&b, VCI_CONST, 0, 0, v);

	build_insn(&b, VCI_T_EQ, 0, 0, 0);
	build_insn(&b, VCI_END, 0, 0, 0);
	return first;
}

/* A vector with most kinds of steps; it passes on the machine above. */
static void make(void)
{
	struct vct_step *s;
	uint32_t code;

	build_start(&b);
	build_step(&b, VCT_REGION, 4, (uint64_t[]){ 0, 4096, 4096, 0 });
	build_step(&b, VCT_QUEUES, 5, (uint64_t[]){ 0, 5000, 4096, 1, 2 });
	build_step(&b, VCT_LET, 2, (uint64_t[]){ 3, 9 });
	s = build_step(&b, VCT_IN, 2, (uint64_t[]){ 32, 0x18 });
	s->ipat = equals(0x1c);
	s = build_step(&b, VCT_CALL, 3, (uint64_t[]){ 10, ~0u, ~0u });
	code = build_insn(&b, VCI_PUT_PPNS, 0, 0, 0);
	build_insn(&b, VCI_VAR, 0, 0, 0);
	build_insn(&b, VCI_PUT, 8, 0, 0);
	build_raw(&b, VCI_RAW, "text", 4, 1);
	build_insn(&b, VCI_END, 0, 0, 0);
	s->blob = code;
	s->ipat = equals(0);
	code = build_insn(&b, VCI_VAR, 0, 0, 0);
	build_insn(&b, VCI_ARG, 0, 0, 0);
	build_insn(&b, VCI_CONST, 0, 0, 64);
	build_insn(&b, VCI_ARG, 0, 0, 0);
	build_insn(&b, VCI_END, 0, 0, 0);
	s = build_step(&b, VCT_READ, 0, NULL);
	s->args = code;
	s->nargs = 2;
	s->bpat = zero_pattern(64);
	build_step(&b, VCT_REPEAT, 2, (uint64_t[]){ 3, 1 });
	build_step(&b, VCT_RECV, 1, (uint64_t[]){ 1 });
	s = build_step(&b, VCT_PULL, 2, (uint64_t[]){ 0, 16 });
	s->ipat = equals((uint64_t)-36);
	build_step(&b, VCT_WAIT, 1, (uint64_t[]){ 10 });
	build_vector(&b, "t/one");
	build_table(&b);
}

static struct engine engine;

static enum engine_outcome run(struct vct *t)
{
	struct engine_result r;

	engine_start(&engine, t, &machine);
	engine_run(&engine, 0, &r);
	engine_finish(&engine);
	assert_true(memchr(r.want, 0, sizeof(r.want)) && memchr(r.saw, 0, sizeof(r.saw)));
	return r.outcome;
}

static void good_table(void **state)
{
	const char *why;
	struct vct t;

	(void)state;
	make();
	assert_int_equal(vct_open(&t, b.table, b.size, &why), 0);
	assert_string_equal(vct_str(&t, t.vectors[0].id), "t/one");
	assert_string_equal(vct_str(&t, VCT_NONE), "");
	assert_int_equal(run(&t), ENGINE_PASS);
}

static void refused(const uint8_t *base, size_t len)
{
	const char *why = "";
	struct vct t = { .base = base };

	assert_int_equal(vct_open(&t, base, len, &why), -1);
	assert_true(*why && t.base == base && !t.header);
}

static void damage_is_seen(void **state)
{
	(void)state;
	make();
	for (uint32_t n = 0; n < b.size; n++)
		refused(b.table, n);
	for (uint32_t i = 0; i < b.size; i++) {
		b.table[i] ^= 0x10;
		refused(b.table, b.size);
		b.table[i] ^= 0x10;
	}
	refused(b.table + 4, b.size - 4);
}

static uint32_t random32(void)
{
	static uint32_t x = 2463534242u;

	x ^= x << 13;
	x ^= x >> 17;
	x ^= x << 5;
	return x;
}

static void forged_tables(void **state)
{
	static _Alignas(8) uint8_t forged[sizeof(b.table)];
	static const uint32_t nasty[] = { 0, 1, 7, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff };
	unsigned accepted = 0;

	(void)state;
	make();
	for (int n = 0; n < 3000; n++) {
		unsigned changes = 1 + random32() % 3;
		const char *why;
		struct vct t;

		memcpy(forged, b.table, b.size);
		while (changes--) {
			uint32_t at = random32() % (b.size / 4) * 4, v = random32();

			if (v % 3 == 0)
				v = nasty[random32() % 7];
			else if (v % 3 == 1)
				v = random32() % 64;
			if (random32() % 2)
				memcpy(forged + at, &v, 4);
			else
				forged[at + random32() % 4] = (uint8_t)v;
		}
		build_crc(forged, b.size);
		if (vct_open(&t, forged, b.size, &why) || !t.header->vec_count)
			continue;
		accepted++;
		run(&t);
	}
	assert_true(accepted > 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_table),
		cmocka_unit_test(damage_is_seen),
		cmocka_unit_test(forged_tables),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
