/* SPDX-License-Identifier: BSD-2-Clause */
/* text.h - short texts in buffers of fixed size.
 *
 * Every function appends and keeps the text NUL-ended. What does not fit is cut: a message
 * may lose its end, it never overruns. The caller owns the buffer.
 */
#ifndef CONFORMANCE_TEXT_H
#define CONFORMANCE_TEXT_H

#include <stddef.h>
#include <stdint.h>

struct text {
	char *buf;
	size_t max; /* bytes of buf, the NUL included; at least 1 */
	size_t len; /* characters in use, < max */
};

/* Start an empty text in buf. */
void text_start(struct text *t, char *buf, size_t max);

void text_str(struct text *t, const char *s);
void text_char(struct text *t, char c);
/* Decimal. */
void text_u64(struct text *t, uint64_t v);
void text_s64(struct text *t, int64_t v);
/* "0x" and at least `digits` hexadecimal digits, 1..16. */
void text_hex(struct text *t, uint64_t v, unsigned digits);
/* Bytes as "0a 1b ...", at most `most` of them, then "..." when some were left out. */
void text_bytes(struct text *t, const uint8_t *p, size_t n, size_t most);
/* A number as people read it: 64-bit numbers and large ones in hexadecimal, small negative
 * 32-bit numbers in decimal (results), small ones in decimal as well. */
void text_number(struct text *t, uint64_t v, int is32);

/* Length of s. */
size_t text_length(const char *s);
/* 0 when equal. */
int text_differs(const char *a, const char *b);

#endif
