/* SPDX-License-Identifier: BSD-2-Clause */
/* Code of a step that computes numbers. */
#include "code.h"

void code_compute(const struct code_env *env, const struct vct_insn_rec *i, struct code_stack *s)
{
	uint64_t b;

	switch (i->op) {
	case VCI_CONST:
		code_push(s, i->value);
		break;
	case VCI_VAR:
		code_push(s, env->slots[i->aux]);
		break;
	case VCI_NOT:
		code_push(s, ~code_pop(s));
		break;
	case VCI_NEG:
		code_push(s, 0 - code_pop(s));
		break;
	default:
		b = code_pop(s);
		code_push(s, vct_binary((enum vct_insn)i->op, code_pop(s), b));
		break;
	}
}

unsigned code_args(const struct code_env *env, uint32_t first, uint64_t *args)
{
	struct code_stack s = { .n = 0 };
	unsigned n = 0;

	if (first == VCT_NONE)
		return 0;
	for (const struct vct_insn_rec *i = &env->table->code[first]; i->op != VCI_END; i++) {
		if (i->op == VCI_ARG)
			args[n++] = code_pop(&s);
		else
			code_compute(env, i, &s);
	}
	return n;
}
