/* SPDX-License-Identifier: BSD-2-Clause */
/* Items of code that stand for bytes. They are made a byte at a time, so that a pattern of many
 * megabytes needs no buffer. */
#include "code_items.h"

static unsigned ppn_width(const struct code_env *env)
{
	return env->ppn64 ? 8 : 4;
}

int code_item_start(const struct code_env *env, const struct vct_insn_rec *i, struct code_stack *s,
		    struct code_item *it)
{
	const struct ring_pair *q;

	it->insn = i;
	it->a = 0;
	it->b = 0;
	switch (i->op) {
	case VCI_PUT:
		it->a = code_pop(s);
		it->len = i->width;
		break;
	case VCI_PUT_PPN:
		it->a = code_pop(s);
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
		it->b = code_pop(s);
		it->len = code_pop(s);
		break;
	}
	return 0;
}

uint8_t code_item_byte(const struct code_env *env, const struct code_item *it, uint64_t k)
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

bool code_is_item(unsigned op)
{
	return op >= VCI_PUT && op <= VCI_SEQ;
}

int code_blob(const struct code_env *env, uint32_t first, uint8_t *buf, size_t max, size_t *len)
{
	struct code_stack s = { .n = 0 };
	size_t n = 0;

	*len = 0;
	if (first == VCT_NONE)
		return 0;
	for (const struct vct_insn_rec *i = &env->table->code[first]; i->op != VCI_END; i++) {
		struct code_item it;
		int rc;

		if (!code_is_item(i->op)) {
			code_compute(env, i, &s);
			continue;
		}
		rc = code_item_start(env, i, &s, &it);
		if (rc)
			return rc;
		if (it.len > max - n)
			return -1;
		for (uint64_t k = 0; k < it.len; k++)
			buf[n++] = code_item_byte(env, &it, k);
	}
	*len = n;
	return 0;
}
