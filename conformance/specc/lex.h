/* SPDX-License-Identifier: BSD-2-Clause */
/* lex.h - a cursor on one line of the vector language.
 *
 * The first error on a line is reported and ends the line: every function does
 * nothing once `failed` is set.
 */
#ifndef SPECC_LEX_H
#define SPECC_LEX_H

#include <stdbool.h>
#include <stdint.h>

#include "model.h"

struct scope;

struct lex {
	struct spec *sp;
	struct scope *scope; /* names of the vector, NULL where only constants count */
	const char *path;
	const char *prefix; /* "vector dg/x: ", "" where there is none */
	const char *p;
	int line;
	bool failed;
};

void lex_fail(struct lex *lx, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Skip blanks; true at the end of the line. */
bool lex_end(struct lex *lx);
/* The text here, shortened, for "expected X, not 'Y'"; "the end of the line". */
const char *lex_here(struct lex *lx);
/* The word (letters, digits, '_', '.') that starts here, or NULL; not consumed. */
const char *lex_peek(struct lex *lx);
/* Consume a word if it stands here. */
bool lex_accept(struct lex *lx, const char *word);
void lex_expect(struct lex *lx, const char *word);
/* Consume and return a word; what says what was expected. */
const char *lex_word(struct lex *lx, const char *what);
/* Punctuation. */
bool lex_accept_mark(struct lex *lx, const char *mark);
void lex_expect_mark(struct lex *lx, const char *mark);
/* Error unless the line ends here. */
void lex_expect_end(struct lex *lx);
/* "20ms", "500us", "1s" as microseconds. */
uint32_t lex_time(struct lex *lx);
/* An unsigned number; false without error if none stands here. */
bool lex_number(struct lex *lx, uint64_t *value);
/* "abc" with \n \t \0 \\ \" \xNN; bytes and their number. */
const uint8_t *lex_string(struct lex *lx, uint32_t *len);

/* A copy without the note that starts at a '#' behind a blank. */
char *lex_without_note(const char *s);

#endif
