/* SPDX-License-Identifier: BSD-2-Clause */
/* Number patterns. */
#include "code_number.h"

#include <vmci/error.h>

static int64_t ordered(uint64_t v, bool is32)
{
	return is32 && v <= 0xffffffffu ? (int32_t)(uint32_t)v : (int64_t)v;
}

static bool equal(uint64_t a, uint64_t b, bool is32)
{
	return is32 ? (uint32_t)a == (uint32_t)b : a == b;
}

static void number_text(struct text *t, uint64_t v, struct code_subject s)
{
	int64_t x = ordered(v, s.is32);

	text_number(t, v, s.is32);
	if (s.is_result && x < 0 && x > -4096) {
		text_str(t, " (");
		text_str(t, vmci_error_name((int)x));
		text_char(t, ')');
	}
}

void code_subject_text(struct text *t, struct code_subject s)
{
	number_text(t, s.value, s);
}

static bool test(struct code_env *env, const struct vct_insn_rec *i, struct code_stack *st,
		 struct code_subject s, struct text *want)
{
	static const char prefix[VCI_COUNT][4] = { [VCI_T_NE] = "!= ",
						   [VCI_T_LT] = "< ",
						   [VCI_T_LE] = "<= ",
						   [VCI_T_GT] = "> ",
						   [VCI_T_GE] = ">= " };
	int64_t a = ordered(s.value, s.is32), b;
	uint64_t v, mask;

	switch (i->op) {
	case VCI_T_ANY:
		text_str(want, "any");
		return true;
	case VCI_T_BIND:
		text_str(want, "any");
		env->slots[i->aux] = s.is32 ? (uint32_t)s.value : s.value;
		return true;
	case VCI_T_BITS:
		v = code_pop(st);
		mask = code_pop(st);
		text_str(want, "bits ");
		text_hex(want, mask, 1);
		text_str(want, " = ");
		text_hex(want, v, 1);
		return equal(s.value & mask, v, s.is32);
	default:
		break;
	}
	v = code_pop(st);
	b = ordered(v, s.is32);
	text_str(want, prefix[i->op]);
	number_text(want, v, s);
	switch (i->op) {
	case VCI_T_EQ:
		return equal(s.value, v, s.is32);
	case VCI_T_NE:
		return !equal(s.value, v, s.is32);
	case VCI_T_LT:
		return a < b;
	case VCI_T_LE:
		return a <= b;
	case VCI_T_GT:
		return a > b;
	default:
		return a >= b;
	}
}

/* The word between two tests of a pattern: they are joined in the order in which they stand. */
static const char *joint(const struct vct_insn_rec *i, const struct vct_insn_rec *end, unsigned nth)
{
	for (; i < end && i->op != VCI_END; i++)
		if ((i->op == VCI_T_AND || i->op == VCI_T_OR) && nth-- == 0)
			return i->op == VCI_T_AND ? " and " : " or ";
	return " ";
}

bool code_judge(struct code_env *env, const struct vct_insn_rec *first,
		const struct vct_insn_rec *end, struct code_subject s, struct text *want)
{
	struct code_stack st = { .n = 0 };
	unsigned tests = 0;

	for (const struct vct_insn_rec *i = first; i < end && i->op != VCI_END; i++) {
		uint64_t b;

		if (i->op < VCI_T_ANY) {
			code_compute(env, i, &st);
		} else if (i->op < VCI_T_AND) {
			if (tests)
				text_str(want, joint(first, end, tests - 1));
			tests++;
			code_push(&st, test(env, i, &st, s, want));
		} else {
			b = code_pop(&st);
			code_push(&st, i->op == VCI_T_AND ? code_pop(&st) & b : code_pop(&st) | b);
		}
	}
	return code_pop(&st) != 0;
}

bool code_number(struct code_env *env, uint32_t first, struct code_subject s, struct text *want)
{
	const struct vct *t = env->table;

	return code_judge(env, &t->code[first], &t->code[t->header->code_count], s, want);
}
