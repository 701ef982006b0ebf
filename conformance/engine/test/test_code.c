/* SPDX-License-Identifier: BSD-2-Clause */
/* Values, bytes and patterns, against hand-made code. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "../code_bytes.h"
#include "../code_items.h"
#include "../code_number.h"
#include "build_table.h"

static struct build b;
static struct vct table;
static struct code_env env;
static char want_text[200], saw_text[200];
static struct text want, saw;

static void start(void)
{
	build_start(&b);
}

static void open_table(void)
{
	const char *why;

	memset(&env, 0, sizeof(env));
	build_insn(&b, VCI_END, 0, 0, 0);
	build_table(&b);
	assert_int_equal(vct_open(&table, b.table, b.size, &why), 0);
	env.table = &table;
	env.invert_item = -1;
	text_start(&want, want_text, sizeof(want_text));
	text_start(&saw, saw_text, sizeof(saw_text));
}

static uint32_t constant(uint64_t v)
{
	return build_insn(&b, VCI_CONST, 0, 0, v);
}

static void op(unsigned o)
{
	build_insn(&b, o, 0, 0, 0);
}

/* a OP v as a number pattern, on its own. */
static bool test_one(unsigned o, uint64_t v, uint64_t subject, bool is32)
{
	start();
	constant(v);
	op(o);
	open_table();
	return code_number(&env, 0, (struct code_subject){ subject, is32, false }, &want);
}

static void numbers_of_32_bits(void **state)
{
	(void)state;
	assert_true(test_one(VCI_T_EQ, (uint64_t)-2, 0xfffffffe, true));
	assert_true(test_one(VCI_T_EQ, 0xfffffffe, (uint64_t)-2, true));
	assert_false(test_one(VCI_T_EQ, 0xfffffffe, (uint64_t)-2, false));
	assert_true(test_one(VCI_T_LT, 0, 0xfffffffe, true));
	assert_false(test_one(VCI_T_GE, 0, 0x80000000, true));
	assert_true(test_one(VCI_T_GE, 0, 0x80000000, false));
	assert_true(test_one(VCI_T_NE, 1, 0, true));
	assert_false(test_one(VCI_T_NE, 0xffffffff00000001, 1, true));
	assert_true(test_one(VCI_T_LE, 24, 24, true));
	assert_false(test_one(VCI_T_GT, 24, 24, true));
	assert_string_equal(want_text, "> 0x00000018");
}

static void arithmetic(void **state)
{
	uint64_t args[4];

	(void)state;
	start();
	constant(5);
	constant(3);
	op(VCI_SUB);
	op(VCI_ARG);
	constant(1);
	constant(64);
	op(VCI_SHL);
	op(VCI_ARG);
	constant(0xf0);
	constant(4);
	op(VCI_SHR);
	op(VCI_NEG);
	op(VCI_ARG);
	build_insn(&b, VCI_VAR, 0, 2, 0);
	op(VCI_NOT);
	op(VCI_ARG);
	open_table();
	env.slots[2] = 1;
	assert_int_equal(code_args(&env, 0, args), 4);
	assert_int_equal(args[0], 2);
	assert_int_equal(args[1], 0);
	assert_true(args[2] == (uint64_t)-15);
	assert_true(args[3] == ~(uint64_t)1);
}

static void alternatives(void **state)
{
	(void)state;
	start();
	constant(0);
	op(VCI_T_EQ);
	constant((uint64_t)-20);
	op(VCI_T_EQ);
	op(VCI_T_OR);
	open_table();
	assert_true(code_number(&env, 0, (struct code_subject){ 0, true, true }, &want));
	assert_true(
		code_number(&env, 0, (struct code_subject){ (uint32_t)-20, true, true }, &want));
	text_start(&want, want_text, sizeof(want_text));
	assert_false(code_number(&env, 0, (struct code_subject){ 1, true, true }, &want));
	assert_string_equal(want_text, "0 or -20 (VMCI_ERROR_UNAVAILABLE)");
}

static void binding(void **state)
{
	(void)state;
	start();
	build_insn(&b, VCI_T_BIND, 0, 1, 0);
	constant(0x10);
	op(VCI_T_GE);
	op(VCI_T_AND);
	build_vector(&b, "x");
	open_table();
	assert_true(code_number(&env, 0, (struct code_subject){ 0x2a, true, false }, &want));
	assert_int_equal(env.slots[1], 0x2a);
	assert_false(code_number(&env, 0, (struct code_subject){ 2, true, false }, &want));
}

static void bits(void **state)
{
	(void)state;
	start();
	constant(6);
	constant(4);
	op(VCI_T_BITS);
	open_table();
	assert_true(code_number(&env, 0, (struct code_subject){ 0xd, true, false }, &want));
	assert_false(code_number(&env, 0, (struct code_subject){ 0xf, true, false }, &want));
}

/* hdr, a fill and a seq as stimulus, and the same as pattern. */
static uint32_t mixed(void)
{
	uint32_t first = constant(0x11223344);

	build_insn(&b, VCI_PUT, 4, 0, 0);
	constant(0xfff);
	op(VCI_PUT_PPN);
	build_raw(&b, VCI_RAW, "abc", 3, 1);
	constant(2);
	constant(0xee);
	op(VCI_FILL);
	constant(4);
	constant(249);
	op(VCI_SEQ);
	return first;
}

static void bytes_made_and_matched(void **state)
{
	static const uint8_t expected[] = { 0x44, 0x33, 0x22, 0x11, 0xff, 0x0f, 0, 0, 'a',
					    'b',  'c',	0xee, 0xee, 249,  250,	0, 1 };
	uint8_t buf[64];
	size_t n = 0;

	(void)state;
	start();
	mixed();
	open_table();
	assert_int_equal(code_blob(&env, 0, buf, sizeof(buf), &n), 0);
	assert_int_equal(n, sizeof(expected));
	assert_memory_equal(buf, expected, n);
	assert_true(code_bytes(&env, 0, buf, n, CODE_PLAIN, &want, &saw));
	assert_int_equal(env.items, 6);
	for (size_t i = 0; i < n; i++) {
		buf[i] ^= 0x80;
		assert_false(code_bytes(&env, 0, buf, n, CODE_PLAIN, &want, &saw));
		buf[i] ^= 0x80;
	}
	for (size_t i = 0; i < n; i++)
		assert_false(code_bytes(&env, 0, buf, i, CODE_PLAIN, &want, &saw));
	assert_false(code_bytes(&env, 0, buf, n + 1, CODE_PLAIN, &want, &saw));
	for (int item = 0; item < 6; item++) {
		env.invert_item = item;
		assert_false(code_bytes(&env, 0, buf, n, CODE_PLAIN, &want, &saw));
	}
	assert_int_equal(code_blob(&env, 0, buf, n - 1, &n), -1);
	env.ppn64 = true;
	assert_int_equal(code_blob(&env, 0, buf, sizeof(buf), &n), 0);
	assert_int_equal(n, sizeof(expected) + 4);
}

static void words_of_a_mismatch(void **state)
{
	uint8_t dg[28] = { 0x20 };

	(void)state;
	start();
	constant(24);
	op(VCI_ANY);
	constant(7);
	build_insn(&b, VCI_PUT, 4, 0, 0);
	open_table();
	dg[24] = 9;
	assert_false(code_bytes(&env, 0, dg, sizeof(dg), CODE_DATAGRAM, &want, &saw));
	assert_string_equal(want_text, "u32 7 at payload byte 0");
	assert_string_equal(saw_text, "u32 9");
	start();
	constant(0x21);
	build_insn(&b, VCI_PUT, 4, 0, 0);
	op(VCI_REST);
	open_table();
	assert_false(code_bytes(&env, 0, dg, sizeof(dg), CODE_DATAGRAM, &want, &saw));
	assert_string_equal(want_text, "u32 0x21 at dst.context");
	assert_string_equal(saw_text, "u32 0x20");
}

static void masked_conditions_and_zeros(void **state)
{
	static const uint8_t pattern[] = { 1, 0, 3, 0xff, 0, 0xff };
	uint8_t buf[64] = { 1, 77, 3, 8, 0 };

	(void)state;
	start();
	build_raw(&b, VCI_MASKED, pattern, 3, 2);
	build_insn(&b, VCI_COND, 2, 3, 0);
	constant(8);
	op(VCI_T_EQ);
	op(VCI_T_ANY);
	b.code[b.ncode - 1].op = VCI_END;
	b.ncode--;
	b.code[b.ncode - 3].aux = 2;
	open_table();
	assert_true(code_bytes(&env, 0, buf, 5, CODE_PLAIN, &want, &saw));
	buf[4] = 1;
	assert_false(code_bytes(&env, 0, buf, 5, CODE_PLAIN, &want, &saw));
	start();
	constant(1);
	constant(63);
	build_insn(&b, VCI_ZERO_EXCEPT, 0, 2, 0);
	open_table();
	memset(buf, 0, sizeof(buf));
	buf[1] = buf[63] = 1;
	assert_true(code_bytes(&env, 0, buf, 64, CODE_PLAIN, &want, &saw));
	buf[40] = 1;
	assert_false(code_bytes(&env, 0, buf, 64, CODE_PLAIN, &want, &saw));
	assert_string_equal(want_text, "00 at byte 40");
}

/* Texts that are cut stay inside their buffer. */
static void short_buffers(void **state)
{
	char tiny[8];
	struct text t;

	(void)state;
	text_start(&t, tiny, sizeof(tiny));
	text_str(&t, "0123456789");
	text_hex(&t, ~(uint64_t)0, 16);
	assert_string_equal(tiny, "0123456");
	text_start(&t, want_text, sizeof(want_text));
	text_s64(&t, INT64_MIN);
	assert_string_equal(want_text, "-9223372036854775808");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_of_32_bits),
		cmocka_unit_test(arithmetic),
		cmocka_unit_test(alternatives),
		cmocka_unit_test(binding),
		cmocka_unit_test(bits),
		cmocka_unit_test(bytes_made_and_matched),
		cmocka_unit_test(words_of_a_mismatch),
		cmocka_unit_test(masked_conditions_and_zeros),
		cmocka_unit_test(short_buffers),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
