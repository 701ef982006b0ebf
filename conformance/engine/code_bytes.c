/* SPDX-License-Identifier: BSD-2-Clause */
/* Byte patterns. */
#include "code_bytes.h"

#include "code_items.h"

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

static bool match_item(struct match *m, const struct code_item *it)
{
	const struct vct_insn_rec *i = it->insn;
	uint8_t piece[16];
	uint64_t k, shown;

	if (too_short(m, it->len))
		return verdict(m, false);
	for (k = 0; k < it->len; k++)
		if (m->p[m->at + k] != code_item_byte(m->env, it, k))
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
		piece[b] = code_item_byte(m->env, it, k + b);
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
	if (verdict(m, code_judge(m->env, i + 1, end, s, m->want))) {
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
	struct code_stack s = { .n = 0 };

	env->items = 0;
	for (; i->op != VCI_END; i++) {
		struct code_item it;
		bool ok = true;

		if (code_is_item(i->op)) {
			if (code_item_start(env, i, &s, &it)) {
				text_str(want, "a page list");
				text_str(saw, "no such queue pair");
				return false;
			}
			ok = match_item(&m, &it);
		} else if (i->op == VCI_ANY) {
			ok = match_any(&m, code_pop(&s));
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
			code_compute(env, i, &s);
		}
		if (!ok)
			return false;
	}
	return match_end(&m);
}
