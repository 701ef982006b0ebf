/* SPDX-License-Identifier: BSD-2-Clause */
/* text.c - short texts in buffers of fixed size. */
#include "text.h"

void text_start(struct text *t, char *buf, size_t max)
{
	t->buf = buf;
	t->max = max;
	t->len = 0;
	buf[0] = 0;
}

void text_char(struct text *t, char c)
{
	if (t->len + 1 < t->max) {
		t->buf[t->len++] = c;
		t->buf[t->len] = 0;
	}
}

void text_str(struct text *t, const char *s)
{
	for (; *s; s++)
		text_char(t, *s);
}

void text_u64(struct text *t, uint64_t v)
{
	char digits[20];
	unsigned n = 0;

	do {
		digits[n++] = (char)('0' + v % 10);
		v /= 10;
	} while (v);
	while (n)
		text_char(t, digits[--n]);
}

void text_s64(struct text *t, int64_t v)
{
	if (v < 0) {
		text_char(t, '-');
		text_u64(t, 0 - (uint64_t)v);
	} else {
		text_u64(t, (uint64_t)v);
	}
}

static char hex_digit(unsigned v)
{
	return "0123456789abcdef"[v & 15];
}

void text_hex(struct text *t, uint64_t v, unsigned digits)
{
	unsigned n = 16;

	while (n > digits && n > 1 && !(v >> (4 * (n - 1))))
		n--;
	text_str(t, "0x");
	while (n--)
		text_char(t, hex_digit((unsigned)(v >> (4 * n))));
}

void text_bytes(struct text *t, const uint8_t *p, size_t n, size_t most)
{
	for (size_t i = 0; i < n && i < most; i++) {
		if (i)
			text_char(t, ' ');
		text_char(t, hex_digit(p[i] >> 4));
		text_char(t, hex_digit(p[i]));
	}
	if (n > most)
		text_str(t, " ...");
}

void text_number(struct text *t, uint64_t v, int is32)
{
	int64_t s = is32 && v <= 0xffffffffu ? (int32_t)(uint32_t)v : (int64_t)v;

	if (s > -4096 && s < 10)
		text_s64(t, s);
	else
		text_hex(t, is32 ? v & 0xffffffffu : v, is32 ? 8 : 1);
}

size_t text_length(const char *s)
{
	size_t n = 0;

	while (s[n])
		n++;
	return n;
}

int text_differs(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return *a != *b;
}
