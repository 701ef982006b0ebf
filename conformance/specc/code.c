/* SPDX-License-Identifier: BSD-2-Clause */
#include "code.h"

#include <string.h>

static struct vct_insn_rec *add(struct ir_code *c, enum vct_insn op)
{
	struct ir_insn *i = vec_add(&c->insns);

	c->present = true;
	i->rec.op = (uint8_t)op;
	return &i->rec;
}

void code_op(struct ir_code *c, enum vct_insn op)
{
	add(c, op);
}

void code_const(struct ir_code *c, uint64_t value)
{
	add(c, VCI_CONST)->value = value;
}

void code_wide(struct ir_code *c, enum vct_insn op, unsigned width, unsigned aux)
{
	struct vct_insn_rec *r = add(c, op);

	r->width = (uint8_t)width;
	r->aux = (uint16_t)aux;
}

bool code_last_const(const struct ir_code *c, uint64_t *value)
{
	if (!c->insns.n || vec_last(&c->insns)->rec.op != VCI_CONST)
		return false;
	*value = vec_last(&c->insns)->rec.value;
	return true;
}

void code_operator(struct ir_code *c, enum vct_insn op)
{
	uint64_t a, b;

	if (!code_last_const(c, &b)) {
		code_op(c, op);
		return;
	}
	if (op == VCI_NOT || op == VCI_NEG) {
		vec_last(&c->insns)->rec.value = op == VCI_NOT ? ~b : 0 - b;
		return;
	}
	/* Code is postfix: two constants at the end are the two operands. */
	c->insns.n--;
	if (code_last_const(c, &a)) {
		vec_last(&c->insns)->rec.value = vct_binary(op, a, b);
		return;
	}
	c->insns.n++;
	code_op(c, op);
}

void code_bytes(struct ir_code *c, const uint8_t *bytes, const uint8_t *mask, uint32_t len)
{
	struct ir_insn *i;

	add(c, mask ? VCI_MASKED : VCI_RAW)->len = len;
	i = vec_last(&c->insns);
	if (mask) {
		uint8_t *both = mem_alloc(2 * (size_t)len);

		memcpy(both, bytes, len);
		memcpy(both + len, mask, len);
		bytes = both;
	}
	i->bytes = bytes;
}

void code_append(struct ir_code *c, const struct ir_code *more)
{
	c->present |= more->present;
	for (size_t i = 0; i < more->insns.n; i++)
		*vec_add(&c->insns) = more->insns.v[i];
}

/* What an instruction takes from the stack and leaves there. */
static void effect(const struct vct_insn_rec *r, int *takes, int *leaves)
{
	*takes = *leaves = 0;
	switch ((enum vct_insn)r->op) {
	case VCI_CONST:
	case VCI_VAR:
	case VCI_T_ANY:
	case VCI_T_BIND:
		*leaves = 1;
		break;
	case VCI_ADD:
	case VCI_SUB:
	case VCI_MUL:
	case VCI_SHL:
	case VCI_SHR:
	case VCI_AND:
	case VCI_OR:
	case VCI_T_BITS:
	case VCI_T_AND:
	case VCI_T_OR:
		*takes = 2;
		*leaves = 1;
		break;
	case VCI_NOT:
	case VCI_NEG:
	case VCI_T_EQ:
	case VCI_T_NE:
	case VCI_T_LT:
	case VCI_T_LE:
	case VCI_T_GT:
	case VCI_T_GE:
		*takes = *leaves = 1;
		break;
	case VCI_ARG:
	case VCI_PUT:
	case VCI_PUT_PPN:
	case VCI_ANY:
		*takes = 1;
		break;
	case VCI_FILL:
	case VCI_SEQ:
		*takes = 2;
		break;
	case VCI_ZERO_EXCEPT:
		*takes = r->aux;
		break;
	default:
		break;
	}
}

int code_depth(const struct ir_code *c)
{
	int depth = 0, most = 0, cond = -1;

	for (size_t i = 0; i < c->insns.n; i++) {
		const struct vct_insn_rec *r = &c->insns.v[i].rec;
		int takes, leaves;

		effect(r, &takes, &leaves);
		if (depth < takes)
			return -1;
		depth += leaves - takes;
		if (depth > most)
			most = depth;
		if (r->op == VCI_COND)
			cond = r->aux;
		else if (cond > 0 && --cond == 0)
			depth--; /* the judgement of a condition is taken by the condition */
	}
	return most;
}
