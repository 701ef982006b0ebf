/* SPDX-License-Identifier: BSD-2-Clause */
#include "pattern.h"

#include <string.h>

#include "code.h"
#include "expr.h"
#include "packet.h"
#include "scope.h"
#include "text.h"

static void bind(struct lex *lx, struct ir_code *out)
{
	const char *name = lex_word(lx, "a name behind ?");
	struct var *v;

	if (lx->failed)
		return;
	v = scope_bind(lx, name, VAR_NUMBER, mem_printf("?%s", name));
	code_wide(out, VCI_T_BIND, 0, v->slot);
}

/* True if the parenthesis that opens here holds a pattern and no value. */
static bool pattern_inside(const char *s)
{
	int depth = 0;

	for (; *s; s++) {
		depth += *s == '(' ? 1 : *s == ')' ? -1 : 0;
		if (!depth)
			return false;
		if (*s == '?' || *s == '=' || *s == '!')
			return true;
		if ((*s == '<' || *s == '>') && s[1] == *s)
			s++;
		else if (*s == '<' || *s == '>')
			return true;
		if (strchr(" (", *s) && (str_starts(s + 1, "any") || str_starts(s + 1, "or ") ||
					 str_starts(s + 1, "and ")))
			return true;
	}
	return false;
}

static void term(struct lex *lx, struct ir_code *out)
{
	static const struct {
		const char *mark;
		enum vct_insn op;
	} tests[] = {
		{ "!=", VCI_T_NE }, { "<=", VCI_T_LE }, { ">=", VCI_T_GE },
		{ "<", VCI_T_LT },  { ">", VCI_T_GT },
	};

	if (lx->failed)
		return;
	if (lex_end(lx)) {
		lex_fail(lx, "expected a pattern, not the end of the line");
		return;
	}
	if (lex_accept(lx, "any")) {
		code_op(out, VCI_T_ANY);
		return;
	}
	if (lex_accept_mark(lx, "?")) {
		bind(lx, out);
		return;
	}
	if (lex_accept(lx, "bits")) {
		expr_value(lx, EXPR_VALUE, out);
		lex_expect_mark(lx, "=");
		expr_value(lx, EXPR_VALUE, out);
		code_op(out, VCI_T_BITS);
		return;
	}
	for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++) {
		if (lex_accept_mark(lx, tests[i].mark)) {
			expr_value(lx, EXPR_VALUE, out);
			code_op(out, tests[i].op);
			return;
		}
	}
	if (*lx->p == '(' && pattern_inside(lx->p)) {
		lx->p++;
		pattern_number(lx, out);
		lex_expect_mark(lx, ")");
		return;
	}
	expr_value(lx, EXPR_VALUE, out);
	code_op(out, VCI_T_EQ);
}

void pattern_number(struct lex *lx, struct ir_code *out)
{
	term(lx, out);
	while (!lx->failed) {
		enum vct_insn op;

		if (lex_accept(lx, "and"))
			op = VCI_T_AND;
		else if (lex_accept(lx, "or"))
			op = VCI_T_OR;
		else
			break;
		term(lx, out);
		code_op(out, op);
	}
}

void pattern_field(struct lex *lx, unsigned width, struct ir_code *out)
{
	struct ir_code test = { 0 };

	if (lx->failed)
		return;
	term(lx, &test);
	if (lx->failed)
		return;
	if (test.insns.n && vec_last(&test.insns)->rec.op == VCI_T_EQ) {
		test.insns.n--;
		code_append(out, &test);
		code_wide(out, VCI_PUT, width, 0);
	} else {
		code_wide(out, VCI_COND, width, (unsigned)test.insns.n);
		code_append(out, &test);
	}
}

void pattern_handle(struct lex *lx, struct ir_code *out)
{
	const char *save = lx->p;

	if (lex_accept(lx, "any") && !lex_accept_mark(lx, ":")) {
		for (int i = 0; i < 2; i++) {
			code_wide(out, VCI_COND, 4, 1);
			code_op(out, VCI_T_ANY);
		}
		return;
	}
	lx->p = save;
	pattern_field(lx, 4, out);
	lex_expect_mark(lx, ":");
	pattern_field(lx, 4, out);
}

static const char *const items[] = { "u8",     "u16", "u32",  "u64",  "handle", "hdr",
				     "packet", "hex", "text", "fill", "seq",	"ppn",
				     "ppns",   "any", "zero", "none", NULL };

bool pattern_bytes_starts(struct lex *lx)
{
	const char *word = lex_peek(lx);

	if (!lx->failed && !lex_end(lx) && str_starts(lx->p, "..."))
		return true;
	for (int i = 0; word && items[i]; i++)
		if (strcmp(word, items[i]) == 0)
			return true;
	return false;
}

/* Words of hex digit pairs; in a pattern also ".." for any byte. */
static int64_t hex(struct lex *lx, bool pattern, struct ir_code *out)
{
	struct text bytes = { 0 }, mask = { 0 };
	bool masked = false;

	text_add(&bytes, "");
	while (!lx->failed && !lex_end(lx)) {
		size_t len = strcspn(lx->p, " \t\r");
		size_t good = strspn(lx->p, "0123456789abcdefABCDEF.");

		if (len != good || len % 2)
			break;
		for (; len; len -= 2, lx->p += 2) {
			unsigned v = 0;
			bool dots = lx->p[0] == '.' && lx->p[1] == '.';

			if (!dots && (lx->p[0] == '.' || lx->p[1] == '.')) {
				lex_fail(lx, "hex: %s is no byte", lex_here(lx));
				return -1;
			}
			if (!dots)
				sscanf(lx->p, "%2x", &v);
			masked |= dots;
			text_bytes(&bytes, &(uint8_t){ (uint8_t)v }, 1);
			text_bytes(&mask, &(uint8_t){ dots ? 0 : 0xff }, 1);
		}
	}
	if (!bytes.len)
		lex_fail(lx, "hex: expected pairs of digits, not %s", lex_here(lx));
	if (masked && !pattern)
		lex_fail(lx, "hex: '..' is for patterns, these bytes are sent");
	code_bytes(out, (uint8_t *)bytes.s, masked ? (uint8_t *)mask.s : NULL, (uint32_t)bytes.len);
	return (int64_t)bytes.len;
}

/* A count: compiled to out, returned when it is known, else -1. */
static int64_t count(struct lex *lx, struct ir_code *out)
{
	struct ir_code code = { 0 };
	uint64_t v;
	bool known;

	expr_value(lx, EXPR_VALUE, &code);
	known = code.insns.n == 1 && code_last_const(&code, &v);
	if (known && v > 1 << 20) {
		lex_fail(lx, "%lld bytes are more than a megabyte", (long long)v);
		return -1;
	}
	code_append(out, &code);
	return known ? (int64_t)v : -1;
}

static void sent_or_field(struct lex *lx, bool pattern, unsigned width, struct ir_code *out)
{
	if (pattern) {
		pattern_field(lx, width, out);
		return;
	}
	expr_value(lx, EXPR_VALUE, out);
	code_wide(out, VCI_PUT, width, 0);
}

static void sent_or_handle(struct lex *lx, bool pattern, struct ir_code *out)
{
	if (pattern) {
		pattern_handle(lx, out);
		return;
	}
	sent_or_field(lx, false, 4, out);
	lex_expect_mark(lx, ":");
	sent_or_field(lx, false, 4, out);
}

static int64_t pages_of(struct lex *lx, struct ir_code *out)
{
	const char *name = lex_word(lx, "the name of queues behind ppns");
	const struct var *v = scope_find(lx->scope, name);

	if (lx->failed)
		return -1;
	if (!v || v->kind != VAR_QUEUES) {
		lex_fail(lx, "ppns: no line `queues %s ...` before this one", name);
		return -1;
	}
	lx->sp->bindings.v[v->binding].used = true;
	code_wide(out, VCI_PUT_PPNS, 0, scope_object(lx, name));
	return -1;
}

static int64_t zero_except(struct lex *lx, struct ir_code *out)
{
	unsigned n = 0;

	while (expr_starts(lx)) {
		expr_value(lx, EXPR_VALUE, out);
		n++;
	}
	if (!n || n > VCT_STACK)
		lex_fail(lx, "zero except: expected 1 to %d offsets", VCT_STACK);
	code_wide(out, VCI_ZERO_EXCEPT, 0, n);
	return -1;
}

static int64_t item(struct lex *lx, bool pattern, struct ir_code *out, bool *last)
{
	const char *word =
		lex_word(lx, "bytes (u8 u16 u32 u64 handle hdr packet hex text fill seq ppn ppns)");
	const uint8_t *s;
	uint32_t len;
	int64_t n;

	if (lx->failed)
		return -1;
	if (word[0] == 'u') {
		n = word[1] == '8' ? 1 : word[1] == '1' ? 2 : word[1] == '3' ? 4 : 8;
		sent_or_field(lx, pattern, (unsigned)n, out);
		return n;
	}
	if (strcmp(word, "handle") == 0) {
		sent_or_handle(lx, pattern, out);
		return 8;
	}
	if (strcmp(word, "hdr") == 0) {
		sent_or_handle(lx, pattern, out);
		sent_or_handle(lx, pattern, out);
		sent_or_field(lx, pattern, 8, out);
		return 24;
	}
	if (strcmp(word, "packet") == 0) {
		packet_item(lx, pattern, out);
		return PACKET_BYTES;
	}
	if (strcmp(word, "hex") == 0)
		return hex(lx, pattern, out);
	if (strcmp(word, "text") == 0) {
		s = lex_string(lx, &len);
		if (!lx->failed)
			code_bytes(out, s, NULL, len);
		return len;
	}
	if (strcmp(word, "fill") == 0 || strcmp(word, "seq") == 0) {
		n = count(lx, out);
		expr_value(lx, EXPR_VALUE, out);
		code_op(out, word[0] == 'f' ? VCI_FILL : VCI_SEQ);
		return n;
	}
	if (strcmp(word, "ppn") == 0) {
		expr_value(lx, EXPR_VALUE, out);
		code_op(out, VCI_PUT_PPN);
		return -1;
	}
	if (strcmp(word, "ppns") == 0)
		return pages_of(lx, out);
	if (!pattern) {
		lex_fail(lx, "'%s' is for patterns, these bytes are sent", word);
		return -1;
	}
	if (strcmp(word, "zero") == 0) {
		if (lex_accept(lx, "except")) {
			*last = true;
			return zero_except(lx, out);
		}
		n = count(lx, out);
		code_const(out, 0);
		code_op(out, VCI_FILL);
		return n;
	}
	if (strcmp(word, "any") == 0 && expr_starts(lx)) {
		n = count(lx, out);
		code_op(out, VCI_ANY);
		return n;
	}
	*last = true;
	if (strcmp(word, "any") == 0) {
		code_op(out, VCI_REST);
		return -1;
	}
	return 0; /* none */
}

int64_t pattern_bytes(struct lex *lx, bool pattern, struct ir_code *out)
{
	int64_t total = 0;
	bool first = true, last = false;

	out->present = true;
	do {
		int64_t n;

		if (lex_accept_mark(lx, "...")) {
			if (!pattern)
				lex_fail(lx, "'...' is for patterns, these bytes are sent");
			code_op(out, VCI_REST);
			total = -1;
			last = true;
			break;
		}
		if (!first &&
		    (strcmp(lex_peek(lx), "none") == 0 || (str_starts(lx->p, "zero except"))))
			lex_fail(lx, "%s stands alone", lex_here(lx));
		if (!pattern_bytes_starts(lx))
			lex_fail(
				lx,
				"expected bytes (u8 u16 u32 u64 handle hdr packet hex text fill seq ppn ppns%s), "
				"not %s",
				pattern ? " any zero ..." : "", lex_here(lx));
		n = item(lx, pattern, out, &last);
		total = n < 0 || total < 0 ? -1 : total + n;
		first = false;
	} while (!lx->failed && !last && pattern_bytes_starts(lx));
	if (!lx->failed && last && pattern_bytes_starts(lx))
		lex_fail(lx, "%s cannot follow here", lex_here(lx));
	return total;
}

void pattern_datagram(struct lex *lx, struct ir_code *out)
{
	struct ir_code payload = { 0 };
	int64_t len;

	out->present = true;
	pattern_handle(lx, out);
	lex_expect(lx, "from");
	pattern_handle(lx, out);
	/* As in what is sent, no payload is an empty one. */
	len = lex_accept(lx, "payload") ? pattern_bytes(lx, true, &payload) : 0;
	if (len >= 0) {
		code_const(out, (uint64_t)len);
		code_wide(out, VCI_PUT, 8, 0);
	} else {
		code_wide(out, VCI_COND, 8, 1);
		code_op(out, VCI_T_ANY);
	}
	code_append(out, &payload);
}
