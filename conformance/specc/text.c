/* SPDX-License-Identifier: BSD-2-Clause */
#include "text.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"

static void text_room(struct text *t, size_t more)
{
	char *p;

	if (t->s && t->len + more + 1 <= t->room)
		return;
	t->room = (t->len + more + 1) * 2;
	p = mem_alloc(t->room);
	if (t->len)
		memcpy(p, t->s, t->len);
	t->s = p;
}

void text_bytes(struct text *t, const void *p, size_t n)
{
	text_room(t, n);
	if (n)
		memcpy(t->s + t->len, p, n);
	t->len += n;
	t->s[t->len] = '\0';
}

void text_add(struct text *t, const char *s)
{
	text_bytes(t, s, strlen(s));
}

void text_printf(struct text *t, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n <= 0)
		return;
	text_room(t, (size_t)n);
	va_start(ap, fmt);
	vsnprintf(t->s + t->len, (size_t)n + 1, fmt, ap);
	va_end(ap);
	t->len += (size_t)n;
}

void text_html(struct text *t, const char *s)
{
	for (; *s; s++) {
		if (*s == '&')
			text_add(t, "&amp;");
		else if (*s == '<')
			text_add(t, "&lt;");
		else if (*s == '>')
			text_add(t, "&gt;");
		else if (*s == '"')
			text_add(t, "&quot;");
		else
			text_bytes(t, s, 1);
	}
}

void text_quoted(struct text *t, const char *s)
{
	text_add(t, "\"");
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;

		if (c == '"' || c == '\\')
			text_printf(t, "\\%c", c);
		else if (c == '\n')
			text_add(t, "\\n");
		else if (c < 0x20 || c == 0x7f)
			text_printf(t, "\\x%02x", c);
		else
			text_bytes(t, s, 1);
	}
	text_add(t, "\"");
}

const char *text_str(const struct text *t)
{
	return t->s ? t->s : "";
}

char *file_read(const char *path, size_t *len)
{
	FILE *f = fopen(path, "rb");
	struct text t = { 0 };
	char buf[16384];
	size_t n;
	bool bad;

	if (!f)
		return NULL;
	text_bytes(&t, "", 0);
	while ((n = fread(buf, 1, sizeof(buf), f)) > 0)
		text_bytes(&t, buf, n);
	bad = ferror(f) != 0;
	fclose(f);
	if (bad)
		return NULL;
	if (len)
		*len = t.len;
	return t.s;
}

int file_write(const char *path, const void *p, size_t len)
{
	size_t have;
	char *old = file_read(path, &have);
	FILE *f;
	bool bad;

	if (old && have == len && memcmp(old, p, len) == 0)
		return 0;
	f = fopen(path, "wb");
	if (!f)
		return -1;
	bad = fwrite(p, 1, len, f) != len;
	bad |= fclose(f) != 0;
	return bad ? -1 : 0;
}

char *str_fold(const char *s)
{
	char *out = mem_alloc(strlen(s) + 1), *q = out;

	for (; *s; s++) {
		if (!isspace((unsigned char)*s))
			*q++ = *s;
		else if (q > out && q[-1] != ' ')
			*q++ = ' ';
	}
	if (q > out && q[-1] == ' ')
		q--;
	*q = '\0';
	return out;
}

const char *str_base(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

bool str_starts(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

char *str_word(const char **p)
{
	const char *s = *p, *e;

	while (*s == ' ' || *s == '\t')
		s++;
	for (e = s; *e && *e != ' ' && *e != '\t'; e++)
		;
	*p = e;
	return e == s ? NULL : mem_strndup(s, (size_t)(e - s));
}

char *str_slug(const char *s)
{
	char *out = mem_alloc(strlen(s) + 1), *q = out;

	for (; *s; s++) {
		if (isalnum((unsigned char)*s))
			*q++ = (char)tolower((unsigned char)*s);
		else if (q > out && q[-1] != '-')
			*q++ = '-';
	}
	while (q > out && q[-1] == '-')
		q--;
	*q = '\0';
	return out;
}

static size_t min3(size_t a, size_t b, size_t c)
{
	size_t m = a < b ? a : b;

	return m < c ? m : c;
}

size_t str_distance(const char *a, const char *b)
{
	size_t na = strlen(a), nb = strlen(b), i, j;
	size_t *row[3];

	if (na > 100 || nb > 100)
		return 100;
	for (i = 0; i < 3; i++)
		row[i] = calloc(nb + 1, sizeof(size_t));
	if (!row[0] || !row[1] || !row[2])
		abort();
	for (j = 0; j <= nb; j++)
		row[1][j] = j;
	for (i = 1; i <= na; i++) {
		size_t *t = row[0];

		row[2][0] = i;
		for (j = 1; j <= nb; j++) {
			size_t same = a[i - 1] != b[j - 1];

			row[2][j] = min3(row[1][j] + 1, row[2][j - 1] + 1, row[1][j - 1] + same);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				row[2][j] = min3(row[2][j], row[0][j - 2] + 1, (size_t)-1);
		}
		row[0] = row[1];
		row[1] = row[2];
		row[2] = t;
	}
	j = row[1][nb];
	for (i = 0; i < 3; i++)
		free(row[i]);
	return j;
}

uint32_t crc32_add(uint32_t crc, const void *p, size_t n)
{
	const uint8_t *b = p;

	crc = ~crc;
	while (n--) {
		crc ^= *b++;
		for (int k = 0; k < 8; k++)
			crc = (crc >> 1) ^ (0xedb88320u & (0u - (crc & 1)));
	}
	return ~crc;
}
