/* SPDX-License-Identifier: BSD-2-Clause */
/* pattern.h - what an answer must be: number patterns, byte sequences, byte patterns. */
#ifndef SPECC_PATTERN_H
#define SPECC_PATTERN_H

#include "ir.h"
#include "lex.h"

/* A number pattern, with `and` and `or`. */
void pattern_number(struct lex *lx, struct ir_code *out);

/* One number in a byte pattern, width bytes: a value or a simple number pattern. */
void pattern_field(struct lex *lx, unsigned width, struct ir_code *out);

/* C:R, each side a value or a simple number pattern, or `any` for both: two u32. */
void pattern_handle(struct lex *lx, struct ir_code *out);

/* Items up to the end of the line or a word that is no item. Bytes to be sent
 * (pattern false) or a byte pattern. Returns the length in bytes, or -1 when it
 * is not known before the run. */
int64_t pattern_bytes(struct lex *lx, bool pattern, struct ir_code *out);

/* True if an item of a byte sequence or pattern starts here. */
bool pattern_bytes_starts(struct lex *lx);

/* "C:R from C:R [payload BPAT]" as a pattern over a whole datagram. */
void pattern_datagram(struct lex *lx, struct ir_code *out);

#endif
