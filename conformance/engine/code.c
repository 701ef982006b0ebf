/* SPDX-License-Identifier: BSD-2-Clause */
/* code.c - running the code of a step. */
#include "code.h"
#include <vmci/error.h>
#include <vmci/mem.h>
#include <vmci/wire.h>

struct stack {
	uint64_t v[VCT_STACK + 1];
	unsigned n;
};

static uint64_t pop(struct stack *s)
{
	return s->v[--s->n];
}

static void push(struct stack *s, uint64_t v)
{
	s->v[s->n++] = v;
}

static uint64_t binary(unsigned op, uint64_t a, uint64_t b)
{
	switch (op) {
	case VCI_ADD:
		return a + b;
	case VCI_SUB:
		return a - b;
	case VCI_MUL:
		return a * b;
	case VCI_SHL:
		return b < 64 ? a << b : 0;
	case VCI_SHR:
		return b < 64 ? a >> b : 0;
	case VCI_AND:
		return a & b;
	default:
		return a | b;
	}
}

/* Run an instruction that only computes. */
static void compute(const struct code_env *env, const struct vct_insn_rec *i, struct stack *s)
{
	uint64_t b;

	switch (i->op) {
	case VCI_CONST:
		push(s, i->value);
		break;
	case VCI_VAR:
		push(s, env->slots[i->aux]);
		break;
	case VCI_NOT:
		push(s, ~pop(s));
		break;
	case VCI_NEG:
		push(s, 0 - pop(s));
		break;
	default:
		b = pop(s);
		push(s, binary(i->op, pop(s), b));
		break;
	}
}

unsigned code_args(const struct code_env *env, uint32_t first, uint64_t *args)
{
	struct stack s = { .n = 0 };
	unsigned n = 0;

	if (first == VCT_NONE)
		return 0;
	for (const struct vct_insn_rec *i = &env->table->code[first]; i->op != VCI_END; i++) {
		if (i->op == VCI_ARG)
			args[n++] = pop(&s);
		else
			compute(env, i, &s);
	}
	return n;
}

/* Items that stand for bytes, both as stimulus and as pattern. The bytes are made a piece at a
 * time, so that a pattern needs no buffer. */
struct item {
	const struct vct_insn_rec *insn;
	uint64_t a, b; /* operands from the stack */
	uint64_t len;  /* bytes */
};

static unsigned ppn_width(const struct code_env *env)
{
	return env->ppn64 ? 8 : 4;
}

static int item_start(const struct code_env *env, const struct vct_insn_rec *i, struct stack *s,
		      struct item *it)
{
	const struct ring_pair *q;

	it->insn = i;
	it->a = 0;
	it->b = 0;
	switch (i->op) {
	case VCI_PUT:
		it->a = pop(s);
		it->len = i->width;
		break;
	case VCI_PUT_PPN:
		it->a = pop(s);
		it->len = ppn_width(env);
		break;
	case VCI_PUT_PPNS:
		q = &env->pairs[i->aux];
		if (!q->used)
			return -2;
		it->len = (uint64_t)q->npages * ppn_width(env);
		break;
	case VCI_RAW:
		it->len = i->len;
		break;
	default: /* VCI_FILL, VCI_SEQ */
		it->b = pop(s);
		it->len = pop(s);
		break;
	}
	return 0;
}

static uint8_t item_byte(const struct code_env *env, const struct item *it, uint64_t k)
{
	unsigned width = ppn_width(env);
	const struct ring_pair *q;

	switch (it->insn->op) {
	case VCI_PUT:
	case VCI_PUT_PPN:
		return (uint8_t)(it->a >> (8 * k));
	case VCI_PUT_PPNS:
		q = &env->pairs[it->insn->aux];
		return (uint8_t)(ring_page(q, (uint32_t)(k / width)) >> q->page_shift >>
				 (8 * (k % width)));
	case VCI_RAW:
		return env->table->base[it->insn->value + k];
	case VCI_FILL:
		return (uint8_t)it->b;
	default:
		return (uint8_t)((it->b % 251 + k % 251) % 251);
	}
}

static bool is_item(unsigned op)
{
	return op >= VCI_PUT && op <= VCI_SEQ;
}

int code_blob(const struct code_env *env, uint32_t first, uint8_t *buf, size_t max, size_t *len)
{
	struct stack s = { .n = 0 };
	size_t n = 0;

	*len = 0;
	if (first == VCT_NONE)
		return 0;
	for (const struct vct_insn_rec *i = &env->table->code[first]; i->op != VCI_END; i++) {
		struct item it;
		int rc;

		if (!is_item(i->op)) {
			compute(env, i, &s);
			continue;
		}
		rc = item_start(env, i, &s, &it);
		if (rc)
			return rc;
		if (it.len > max - n)
			return -1;
		for (uint64_t k = 0; k < it.len; k++)
			buf[n++] = item_byte(env, &it, k);
	}
	*len = n;
	return 0;
}

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

static bool test(struct code_env *env, const struct vct_insn_rec *i, struct stack *st,
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
		v = pop(st);
		mask = pop(st);
		text_str(want, "bits ");
		text_hex(want, mask, 1);
		text_str(want, " = ");
		text_hex(want, v, 1);
		return equal(s.value & mask, v, s.is32);
	default:
		break;
	}
	v = pop(st);
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

static bool judge(struct code_env *env, const struct vct_insn_rec *first,
		  const struct vct_insn_rec *end, struct code_subject s, struct text *want)
{
	struct stack st = { .n = 0 };
	unsigned tests = 0;

	for (const struct vct_insn_rec *i = first; i < end && i->op != VCI_END; i++) {
		uint64_t b;

		if (i->op < VCI_T_ANY) {
			compute(env, i, &st);
		} else if (i->op < VCI_T_AND) {
			if (tests)
				text_str(want, joint(first, end, tests - 1));
			tests++;
			push(&st, test(env, i, &st, s, want));
		} else {
			b = pop(&st);
			push(&st, i->op == VCI_T_AND ? pop(&st) & b : pop(&st) | b);
		}
	}
	return pop(&st) != 0;
}

bool code_number(struct code_env *env, uint32_t first, struct code_subject s, struct text *want)
{
	const struct vct *t = env->table;

	return judge(env, &t->code[first], &t->code[t->header->code_count], s, want);
}

/* ---- byte patterns ---- */

struct match {
	struct code_env *env;
	const uint8_t *p;
	uint64_t n, at;
	enum code_context context;
	struct text *want, *saw;
};

static void place(struct match *m, struct text *t, uint64_t at)
{
	static const char *const names[] = { "dst.context",  "dst.resource", "src.context",
					     "src.resource", "payload_size", "payload_size" };

	if (m->context == CODE_DATAGRAM && at < 24) {
		text_str(t, " at ");
		text_str(t, names[at / 4]);
		return;
	}
	text_str(t, m->context == CODE_PLAIN ? " at byte " : " at payload byte ");
	text_u64(t, m->context == CODE_DATAGRAM ? at - 24 : at);
}

static void show(struct match *m, struct text *t, uint64_t at, uint64_t len)
{
	uint64_t n = at < m->n ? m->n - at : 0;

	if (n > len)
		n = len;
	if (n)
		text_bytes(t, m->p + at, (size_t)n, 16);
	else
		text_str(t, "no byte");
}

/* The verdict on one item, which a test of the suite may turn round. */
static bool verdict(struct match *m, bool ok)
{
	return m->env->items++ == m->env->invert_item ? !ok : ok;
}

static bool too_short(struct match *m, uint64_t len)
{
	if (len <= m->n - m->at)
		return false;
	text_str(m->want, "at least ");
	text_u64(m->want, m->at + len);
	text_str(m->want, " bytes");
	text_u64(m->saw, m->n);
	text_str(m->saw, " bytes: ");
	show(m, m->saw, 0, m->n);
	return true;
}

static void number_of(struct text *t, uint64_t v, unsigned width)
{
	text_char(t, 'u');
	text_u64(t, 8 * width);
	text_char(t, ' ');
	text_number(t, v, 0);
}

static bool match_item(struct match *m, const struct item *it)
{
	const struct vct_insn_rec *i = it->insn;
	uint8_t piece[16];
	uint64_t k, shown;

	if (too_short(m, it->len))
		return verdict(m, false);
	for (k = 0; k < it->len; k++)
		if (m->p[m->at + k] != item_byte(m->env, it, k))
			break;
	if (verdict(m, k == it->len)) {
		m->at += it->len;
		return true;
	}
	if (k == it->len)
		k = 0;
	if (i->op == VCI_PUT || i->op == VCI_PUT_PPN) {
		uint64_t v = 0;

		for (unsigned b = 0; b < it->len; b++)
			v |= (uint64_t)m->p[m->at + b] << (8 * b);
		number_of(m->want,
			  it->len < 8 ? it->a & (((uint64_t)1 << (8 * it->len)) - 1) : it->a,
			  (unsigned)it->len);
		place(m, m->want, m->at);
		number_of(m->saw, v, (unsigned)it->len);
		return false;
	}
	shown = it->len - k < sizeof(piece) ? it->len - k : sizeof(piece);
	for (uint64_t b = 0; b < shown; b++)
		piece[b] = item_byte(m->env, it, k + b);
	text_bytes(m->want, piece, (size_t)shown, sizeof(piece));
	place(m, m->want, m->at + k);
	show(m, m->saw, m->at + k, shown);
	return false;
}

static bool match_masked(struct match *m, const struct vct_insn_rec *i)
{
	const uint8_t *want = m->env->table->base + i->value, *mask = want + i->len;
	uint32_t k;

	if (too_short(m, i->len))
		return verdict(m, false);
	for (k = 0; k < i->len; k++)
		if ((m->p[m->at + k] ^ want[k]) & mask[k])
			break;
	if (verdict(m, k == i->len)) {
		m->at += i->len;
		return true;
	}
	if (k == i->len)
		k = 0;
	text_bytes(m->want, want + k, 1, 1);
	place(m, m->want, m->at + k);
	show(m, m->saw, m->at + k, 1);
	return false;
}

static bool match_cond(struct match *m, const struct vct_insn_rec *i)
{
	const struct vct_insn_rec *end = i + 1 + i->aux;
	struct code_subject s = { 0, i->width == 4, false };

	if (too_short(m, i->width))
		return verdict(m, false);
	for (unsigned b = 0; b < i->width; b++)
		s.value |= (uint64_t)m->p[m->at + b] << (8 * b);
	if (end - i == 2 && (i[1].op == VCI_T_ANY || i[1].op == VCI_T_BIND)) {
		/* No condition, nothing that could be turned round. */
		if (i[1].op == VCI_T_BIND)
			m->env->slots[i[1].aux] = s.value;
		m->at += i->width;
		return true;
	}
	if (verdict(m, judge(m->env, i + 1, end, s, m->want))) {
		m->at += i->width;
		m->want->len = 0;
		m->want->buf[0] = 0;
		return true;
	}
	place(m, m->want, m->at);
	number_of(m->saw, s.value, i->width);
	return false;
}

static bool match_any(struct match *m, uint64_t len)
{
	if (too_short(m, len))
		return false;
	m->at += len;
	return true;
}

static bool match_zero_except(struct match *m, const uint64_t *offsets, unsigned count)
{
	for (uint64_t k = 0; k < m->n; k++) {
		bool excepted = false;

		for (unsigned j = 0; j < count; j++)
			if (offsets[j] == k)
				excepted = true;
		if (excepted || !m->p[k])
			continue;
		if (verdict(m, false))
			return true;
		text_str(m->want, "00");
		place(m, m->want, k);
		show(m, m->saw, k, 1);
		return false;
	}
	m->at = m->n;
	if (verdict(m, true))
		return true;
	text_str(m->want, "a byte that is not zero");
	text_str(m->saw, "zeros");
	return false;
}

static bool match_end(struct match *m)
{
	if (verdict(m, m->at == m->n))
		return true;
	text_u64(m->want, m->at);
	text_str(m->want, " bytes");
	text_u64(m->saw, m->n);
	text_str(m->saw, " bytes, behind them: ");
	show(m, m->saw, m->at, m->n - m->at);
	return false;
}

bool code_bytes(struct code_env *env, uint32_t first, const uint8_t *p, size_t n,
		enum code_context context, struct text *want, struct text *saw)
{
	struct match m = { env, p, n, 0, context, want, saw };
	const struct vct_insn_rec *i = &env->table->code[first];
	struct stack s = { .n = 0 };

	env->items = 0;
	for (; i->op != VCI_END; i++) {
		struct item it;
		bool ok = true;

		if (is_item(i->op)) {
			if (item_start(env, i, &s, &it)) {
				text_str(want, "a page list");
				text_str(saw, "no such queue pair");
				return false;
			}
			ok = match_item(&m, &it);
		} else if (i->op == VCI_ANY) {
			ok = match_any(&m, pop(&s));
		} else if (i->op == VCI_MASKED) {
			ok = match_masked(&m, i);
		} else if (i->op == VCI_COND) {
			ok = match_cond(&m, i);
			i += i->aux;
		} else if (i->op == VCI_ZERO_EXCEPT) {
			s.n -= i->aux;
			ok = match_zero_except(&m, &s.v[s.n], i->aux);
		} else if (i->op == VCI_REST) {
			return true;
		} else {
			compute(env, i, &s);
		}
		if (!ok)
			return false;
	}
	return match_end(&m);
}
