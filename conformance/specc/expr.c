/* SPDX-License-Identifier: BSD-2-Clause */
#include "expr.h"

#include <ctype.h>
#include <string.h>

#include "code.h"
#include "names.h"
#include "scope.h"
#include "text.h"

static void unary(struct lex *lx, enum expr_mode mode, struct ir_code *out);

static void variable(struct lex *lx, struct ir_code *out)
{
	const char *word, *dot, *field = "";

	if (!lx->scope) {
		lex_fail(lx, "no variables here, only constants");
		return;
	}
	word = lex_word(lx, "a name behind $");
	dot = strchr(word, '.');
	if (dot) {
		field = dot + 1;
		word = mem_strndup(word, (size_t)(dot - word));
	}
	if (!lx->failed)
		scope_value(lx, word, field, out);
}

static void bare_word(struct lex *lx, enum expr_mode mode, struct ir_code *out)
{
	const char *word = lex_peek(lx);
	const struct name *n;
	const struct var *v;

	if (!word) {
		lex_fail(lx, "expected a value, not %s", lex_here(lx));
		return;
	}
	v = scope_find(lx->scope, word);
	if (mode == EXPR_ADDRESS && v && v->kind == VAR_REGION) {
		lx->p += strlen(word);
		scope_value(lx, word, "pa", out);
		return;
	}
	n = mode == EXPR_REGISTER ? names_register(lx->sp, word) : names_find(lx->sp, word);
	if (!n) {
		lex_fail(lx, "unknown name %s%s", word,
			 v ? mem_printf(" (did you mean $%s?)", word)
			   : names_near(lx->sp, word, NULL));
		return;
	}
	lx->p += strlen(word);
	code_const(out, (uint64_t)n->value);
}

static void primary(struct lex *lx, enum expr_mode mode, struct ir_code *out)
{
	uint64_t v;

	if (lx->failed)
		return;
	if (lex_number(lx, &v)) {
		code_const(out, v);
	} else if (lx->failed) {
		return;
	} else if (lex_accept_mark(lx, "$")) {
		variable(lx, out);
	} else if (lex_accept_mark(lx, "(")) {
		expr_value(lx, mode, out);
		lex_expect_mark(lx, ")");
	} else {
		bare_word(lx, mode, out);
	}
}

static void unary(struct lex *lx, enum expr_mode mode, struct ir_code *out)
{
	if (lex_end(lx)) {
		lex_fail(lx, "expected a value, not the end of the line");
	} else if (lx->p[0] == '-' && lx->p[1] != '>') {
		lx->p++;
		unary(lx, mode, out);
		if (!lx->failed)
			code_operator(out, VCI_NEG);
	} else if (lex_accept_mark(lx, "~")) {
		unary(lx, mode, out);
		if (!lx->failed)
			code_operator(out, VCI_NOT);
	} else {
		primary(lx, mode, out);
	}
}

/* Consume a two-sided operator. A '-' with a blank in front and none behind is
 * the sign of the next value. */
static bool operator_here(struct lex *lx, enum vct_insn *op)
{
	static const struct {
		const char *mark;
		enum vct_insn op;
	} ops[] = {
		{ "<<", VCI_SHL }, { ">>", VCI_SHR }, { "+", VCI_ADD }, { "*", VCI_MUL },
		{ "&", VCI_AND },  { "|", VCI_OR },   { "-", VCI_SUB },
	};
	const char *before = lx->p;

	if (lx->failed || lex_end(lx))
		return false;
	for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
		const char *behind = lx->p + strlen(ops[i].mark);

		if (!str_starts(lx->p, ops[i].mark))
			continue;
		if (ops[i].op == VCI_SUB &&
		    (*behind == '>' || (before != lx->p && !isspace((unsigned char)*behind))))
			return false;
		lx->p = behind;
		*op = ops[i].op;
		return true;
	}
	return false;
}

void expr_value(struct lex *lx, enum expr_mode mode, struct ir_code *out)
{
	enum vct_insn op;

	unary(lx, mode, out);
	while (operator_here(lx, &op)) {
		unary(lx, mode, out);
		if (!lx->failed)
			code_operator(out, op);
	}
}

void expr_arg(struct lex *lx, enum expr_mode mode, struct ir_code *out, uint8_t *nargs)
{
	expr_value(lx, mode, out);
	code_op(out, VCI_ARG);
	++*nargs;
}

uint64_t expr_known(struct lex *lx, const char *what)
{
	struct ir_code code = { 0 };
	uint64_t v = 0;

	expr_value(lx, EXPR_VALUE, &code);
	if (!lx->failed && (code.insns.n != 1 || !code_last_const(&code, &v)))
		lex_fail(lx, "%s must be a constant", what);
	return v;
}

bool expr_starts(struct lex *lx)
{
	const char *word;

	if (lx->failed || lex_end(lx))
		return false;
	if (isdigit((unsigned char)*lx->p) || strchr("$(~", *lx->p))
		return true;
	if (*lx->p == '-')
		return lx->p[1] != '>';
	word = lex_peek(lx);
	return word && (names_find(lx->sp, word) || scope_find(lx->scope, word));
}

bool expr_constant(struct spec *sp, const char *path, int line, const char *prefix,
		   const char *text, int64_t *value)
{
	struct lex lx = { .sp = sp, .path = path, .prefix = prefix, .p = text, .line = line };
	uint64_t v = expr_known(&lx, "the value");

	lex_expect_end(&lx);
	*value = (int64_t)v;
	return !lx.failed;
}
