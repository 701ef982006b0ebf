/* SPDX-License-Identifier: BSD-2-Clause */
#include "lex.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

void lex_fail(struct lex *lx, const char *fmt, ...)
{
	char buf[800];
	va_list ap;

	if (lx->failed)
		return;
	va_start(ap, fmt);
	vsnprintf(buf, sizeof(buf), fmt, ap);
	va_end(ap);
	diag_error(lx->sp->diags, lx->path, lx->line, "%s%s", lx->prefix, buf);
	lx->failed = true;
}

bool lex_end(struct lex *lx)
{
	lx->p += strspn(lx->p, " \t\r");
	return !*lx->p;
}

const char *lex_here(struct lex *lx)
{
	if (lex_end(lx))
		return "the end of the line";
	return mem_printf("'%.*s'", (int)(strlen(lx->p) > 24 ? 24 : strlen(lx->p)), lx->p);
}

static size_t word_len(const char *s)
{
	size_t n = 0;

	if (!isalpha((unsigned char)*s) && *s != '_')
		return 0;
	while (isalnum((unsigned char)s[n]) || s[n] == '_' ||
	       (s[n] == '.' && isalnum((unsigned char)s[n + 1])))
		n++;
	return n;
}

const char *lex_peek(struct lex *lx)
{
	size_t n;

	if (lx->failed || lex_end(lx))
		return NULL;
	n = word_len(lx->p);
	return n ? mem_strndup(lx->p, n) : NULL;
}

bool lex_accept(struct lex *lx, const char *word)
{
	size_t n;

	if (lx->failed || lex_end(lx))
		return false;
	n = word_len(lx->p);
	if (n != strlen(word) || strncmp(lx->p, word, n) != 0)
		return false;
	lx->p += n;
	return true;
}

void lex_expect(struct lex *lx, const char *word)
{
	if (!lex_accept(lx, word))
		lex_fail(lx, "expected '%s', not %s", word, lex_here(lx));
}

const char *lex_word(struct lex *lx, const char *what)
{
	const char *w = lex_peek(lx);

	if (!w) {
		lex_fail(lx, "expected %s, not %s", what, lex_here(lx));
		return "";
	}
	lx->p += strlen(w);
	return w;
}

bool lex_accept_mark(struct lex *lx, const char *mark)
{
	if (lx->failed || lex_end(lx) || !str_starts(lx->p, mark))
		return false;
	lx->p += strlen(mark);
	return true;
}

void lex_expect_mark(struct lex *lx, const char *mark)
{
	if (!lex_accept_mark(lx, mark))
		lex_fail(lx, "expected '%s', not %s", mark, lex_here(lx));
}

void lex_expect_end(struct lex *lx)
{
	if (!lx->failed && !lex_end(lx))
		lex_fail(lx, "%s is too much on this line", lex_here(lx));
}

bool lex_number(struct lex *lx, uint64_t *value)
{
	const char *s;
	uint64_t v = 0;
	unsigned base = 10;
	bool any = false;

	if (lx->failed || lex_end(lx) || !isdigit((unsigned char)*lx->p))
		return false;
	s = lx->p;
	if (s[0] == '0' && (s[1] == 'x' || s[1] == 'b')) {
		base = s[1] == 'x' ? 16 : 2;
		s += 2;
	}
	for (;; s++) {
		unsigned d = isdigit((unsigned char)*s)	   ? (unsigned)(*s - '0')
			     : isxdigit((unsigned char)*s) ? (unsigned)(tolower(*s) - 'a') + 10
							   : 99;

		if (d >= base)
			break;
		if (v > (UINT64_MAX - d) / base) {
			lex_fail(lx, "'%.*s' does not fit 64 bits", (int)strcspn(lx->p, " \t"),
				 lx->p);
			return false;
		}
		v = v * base + d;
		any = true;
	}
	if (!any || isalnum((unsigned char)*s) || *s == '_') {
		lex_fail(lx, "'%.*s' is no number", (int)strcspn(lx->p, " \t"), lx->p);
		return false;
	}
	lx->p = s;
	*value = v;
	return true;
}

uint32_t lex_time(struct lex *lx)
{
	static const struct {
		const char *unit;
		uint32_t us;
	} units[] = { { "us", 1 }, { "ms", 1000 }, { "s", 1000000 } };
	uint64_t v = 0;

	if (!lx->failed && !lex_end(lx)) {
		const char *s = lx->p;
		size_t digits = strspn(s, "0123456789"), n;

		n = strspn(s + digits, "mus");
		for (int i = 0; digits && digits < 8 && i < 3; i++) {
			if (strlen(units[i].unit) != n ||
			    strncmp(s + digits, units[i].unit, n) != 0)
				continue;
			v = strtoul(s, NULL, 10) * (uint64_t)units[i].us;
			if (v > 600u * 1000000u)
				break;
			lx->p += digits + n;
			return (uint32_t)v;
		}
	}
	lex_fail(lx, "expected a time up to 600s like 20ms, 500us or 1s, not %s", lex_here(lx));
	return 0;
}

static int hex_digit(int c)
{
	return isdigit(c) ? c - '0' : isxdigit(c) ? tolower(c) - 'a' + 10 : -1;
}

const uint8_t *lex_string(struct lex *lx, uint32_t *len)
{
	struct text t = { 0 };
	const char *s;

	*len = 0;
	text_bytes(&t, "", 0);
	lex_expect_mark(lx, "\"");
	if (lx->failed)
		return NULL;
	for (s = lx->p; *s && *s != '"'; s++) {
		char c = *s;

		if (c == '\\') {
			c = *++s;
			if (c == 'n') {
				c = '\n';
			} else if (c == 't') {
				c = '\t';
			} else if (c == '0') {
				c = '\0';
			} else if (c == 'x' && hex_digit(s[1]) >= 0 && hex_digit(s[2]) >= 0) {
				c = (char)(hex_digit(s[1]) * 16 + hex_digit(s[2]));
				s += 2;
			} else if (c != '"' && c != '\\') {
				lex_fail(lx, "unknown escape \\%c in a text", c ? c : '?');
				return NULL;
			}
		}
		text_bytes(&t, &c, 1);
	}
	if (*s != '"') {
		lex_fail(lx, "the text has no closing quote");
		return NULL;
	}
	lx->p = s + 1;
	*len = (uint32_t)t.len;
	return (const uint8_t *)t.s;
}

char *lex_without_note(const char *s)
{
	bool quoted = false;
	const char *p;

	for (p = s; *p; p++) {
		if (*p == '"' && (p == s || p[-1] != '\\'))
			quoted = !quoted;
		if (*p == '#' && !quoted && (p == s || p[-1] == ' ' || p[-1] == '\t'))
			break;
	}
	return mem_strndup(s, (size_t)(p - s));
}
