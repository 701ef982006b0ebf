/* SPDX-License-Identifier: BSD-2-Clause */
/* json_check.c - is this text one JSON object? */
#include "json_check.h"
#include <string.h>

struct scan {
	const char *at, *end;
};

static void blanks(struct scan *s)
{
	while (s->at < s->end &&
	       (*s->at == ' ' || *s->at == '\t' || *s->at == '\n' || *s->at == '\r'))
		s->at++;
}

static bool take(struct scan *s, char c)
{
	if (s->at == s->end || *s->at != c)
		return false;
	s->at++;
	return true;
}

static bool word(struct scan *s, const char *w)
{
	size_t n = strlen(w);

	if ((size_t)(s->end - s->at) < n || memcmp(s->at, w, n) != 0)
		return false;
	s->at += n;
	return true;
}

static bool digits(struct scan *s)
{
	const char *from = s->at;

	while (s->at < s->end && *s->at >= '0' && *s->at <= '9')
		s->at++;
	return s->at > from;
}

static bool number(struct scan *s)
{
	take(s, '-');
	if (!take(s, '0') && !digits(s))
		return false;
	if (take(s, '.') && !digits(s))
		return false;
	if (take(s, 'e') || take(s, 'E')) {
		if (!take(s, '+'))
			take(s, '-');
		return digits(s);
	}
	return true;
}

static bool hex4(struct scan *s)
{
	for (int i = 0; i < 4; i++, s->at++)
		if (s->at == s->end || *s->at == '\0' || !strchr("0123456789abcdefABCDEF", *s->at))
			return false;
	return true;
}

static bool string(struct scan *s)
{
	if (!take(s, '"'))
		return false;
	while (s->at < s->end) {
		unsigned char c = (unsigned char)*s->at++;

		if (c == '"')
			return true;
		if (c < 0x20)
			return false;
		if (c != '\\')
			continue;
		if (s->at == s->end)
			return false;
		c = (unsigned char)*s->at++;
		if (c == 'u') {
			if (!hex4(s))
				return false;
		} else if (c == '\0' || !strchr("\"\\/bfnrt", c)) {
			return false;
		}
	}
	return false;
}

static bool value(struct scan *s, int depth);

/* What stands between the brackets of an object (keys true) or an array. */
static bool members(struct scan *s, bool keys, char close, int depth)
{
	blanks(s);
	if (take(s, close))
		return true;
	for (;;) {
		blanks(s);
		if (keys) {
			if (!string(s))
				return false;
			blanks(s);
			if (!take(s, ':'))
				return false;
		}
		if (!value(s, depth))
			return false;
		if (take(s, close))
			return true;
		if (!take(s, ','))
			return false;
	}
}

static bool value(struct scan *s, int depth)
{
	bool good;

	if (depth == 0)
		return false;
	blanks(s);
	if (take(s, '{'))
		good = members(s, true, '}', depth - 1);
	else if (take(s, '['))
		good = members(s, false, ']', depth - 1);
	else if (s->at < s->end && *s->at == '"')
		good = string(s);
	else
		good = word(s, "true") || word(s, "false") || word(s, "null") || number(s);
	blanks(s);
	return good;
}

bool json_check_object(const char *text, size_t len)
{
	struct scan s = { .at = text, .end = text + len };

	blanks(&s);
	return s.at < s.end && *s.at == '{' && value(&s, JSON_CHECK_DEPTH) && s.at == s.end;
}
