/* SPDX-License-Identifier: BSD-2-Clause */
#include "packet.h"

#include <string.h>

#include "code.h"
#include "expr.h"
#include "names.h"
#include "pattern.h"
#include "text.h"

/* Words that may follow the ports, and the part each one fills. */
enum part {
	PART_VERSION,
	PART_TYPE,
	PART_PROTO,
	PART_SRC,
	PART_DST,
	PART_RESERVED,
	PART_VALUE,
	PART_OFFSET,
	PARTS
};

static const struct {
	const char *word;
	enum part part;
} words[] = {
	{ "proto", PART_PROTO },     { "size", PART_VALUE },	    { "mode", PART_VALUE },
	{ "handle", PART_VALUE },    { "generation", PART_VALUE },  { "offset", PART_OFFSET },
	{ "version", PART_VERSION }, { "reserved", PART_RESERVED },
};

static const unsigned widths[PARTS] = { 1, 1, 2, 4, 4, 4, 8, 8 };

static void field(struct lex *lx, bool pattern, unsigned width, struct ir_code *out)
{
	if (pattern) {
		pattern_field(lx, width, out);
		return;
	}
	expr_value(lx, EXPR_VALUE, out);
	code_wide(out, VCI_PUT, width, 0);
}

static void type(struct lex *lx, bool pattern, struct ir_code *out)
{
	const char *word = lex_peek(lx);
	const struct name *n = word ? names_find(lx->sp, mem_printf("STREAM_%s", word)) : NULL;

	if (!n) {
		field(lx, pattern, 1, out);
		return;
	}
	lex_word(lx, "a type");
	code_const(out, (uint64_t)n->value);
	code_wide(out, VCI_PUT, 1, 0);
}

static bool part_here(struct lex *lx, enum part *part, bool *handle)
{
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (lex_end(lx) || !lex_accept(lx, words[i].word))
			continue;
		*part = words[i].part;
		*handle = strcmp(words[i].word, "handle") == 0;
		return true;
	}
	return false;
}

void packet_item(struct lex *lx, bool pattern, struct ir_code *out)
{
	struct ir_code parts[PARTS] = { 0 };
	bool given[PARTS] = { false }, handle;
	enum part p;

	type(lx, pattern, &parts[PART_TYPE]);
	field(lx, pattern, 4, &parts[PART_SRC]);
	lex_expect_mark(lx, ":");
	field(lx, pattern, 4, &parts[PART_DST]);
	given[PART_TYPE] = given[PART_SRC] = given[PART_DST] = true;
	while (!lx->failed && part_here(lx, &p, &handle)) {
		if (given[p])
			lex_fail(lx, "packet: this field was given before");
		given[p] = true;
		if (handle) {
			field(lx, pattern, 4, &parts[p]);
			lex_expect_mark(lx, ":");
			field(lx, pattern, 4, &parts[p]);
		} else {
			field(lx, pattern, widths[p], &parts[p]);
		}
	}
	for (int i = 0; i < PARTS && !lx->failed; i++) {
		if (!given[i]) {
			code_const(&parts[i], i == PART_VERSION);
			code_wide(&parts[i], VCI_PUT, widths[i], 0);
		}
		code_append(out, &parts[i]);
	}
}
