/* SPDX-License-Identifier: BSD-2-Clause */
/* read_jsonl.c - results.jsonl read back. One object a line, as report_json() writes it; members
 * that are not known are passed over, whatever they hold. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "records.h"

struct reader {
	const char *p; /* rest of the line, NUL-ended */
};

static void blanks(struct reader *in)
{
	while (isspace((unsigned char)*in->p))
		in->p++;
}

static bool take(struct reader *in, char c)
{
	blanks(in);
	if (*in->p != c)
		return false;
	in->p++;
	return true;
}

static int hex_value(const char *p)
{
	int v = 0;

	for (int i = 0; i < 4; i++) {
		int d = tolower((unsigned char)p[i]);

		if (!isxdigit(d))
			return -1;
		v = v * 16 + (isdigit(d) ? d - '0' : d - 'a' + 10);
	}
	return v;
}

/* One escape behind a backslash; characters above ASCII become ?, nothing we write has them. */
static int escape(struct reader *in)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	const char *at = *in->p ? strchr(from, *in->p) : NULL;
	int v;

	if (at) {
		in->p++;
		return to[at - from];
	}
	if (*in->p != 'u')
		return -1;
	v = hex_value(in->p + 1);
	if (v < 0)
		return -1;
	in->p += 5;
	return v < 128 ? v : '?';
}

/* A string into buf, cut to max; false: there is none. */
static bool string(struct reader *in, char *buf, size_t max)
{
	size_t n = 0;

	if (!take(in, '"'))
		return false;
	while (*in->p && *in->p != '"') {
		int c = (unsigned char)*in->p++;

		if (c == '\\')
			c = escape(in);
		if (c < 0)
			return false;
		if (n + 1 < max)
			buf[n++] = (char)c;
	}
	buf[n] = 0;
	return *in->p++ == '"';
}

static bool skip_value(struct reader *in, int depth);

static bool skip_list(struct reader *in, char close, int depth)
{
	char junk[8];

	if (depth > 16)
		return false;
	if (take(in, close))
		return true;
	do {
		if (close == '}' && (!string(in, junk, sizeof(junk)) || !take(in, ':')))
			return false;
		if (!skip_value(in, depth + 1))
			return false;
	} while (take(in, ','));
	return take(in, close);
}

static bool skip_value(struct reader *in, int depth)
{
	const char *start;
	char junk[8];

	blanks(in);
	if (*in->p == '"')
		return string(in, junk, sizeof(junk));
	if (take(in, '['))
		return skip_list(in, ']', depth);
	if (take(in, '{'))
		return skip_list(in, '}', depth);
	start = in->p;
	while (isalnum((unsigned char)*in->p) || (*in->p && strchr("+-.", *in->p)))
		in->p++;
	return in->p > start;
}

struct fields {
	char id[256], target[64], role[16], outcome[16], cls[16], line[256];
	char want[ENGINE_TEXT], saw[ENGINE_TEXT], reason[ENGINE_TEXT];
	char step[24], ms[24], schema[24];
};

static bool plain_number(struct reader *in, char *buf, size_t max)
{
	size_t n = 0;

	blanks(in);
	while (isdigit((unsigned char)*in->p)) {
		if (n + 1 < max)
			buf[n++] = *in->p;
		in->p++;
	}
	buf[n] = 0;
	return n > 0;
}

static bool member(struct reader *in, struct fields *f, const char *name)
{
	const struct {
		const char *name;
		char *buf;
		size_t max;
		bool number;
	} known[] = {
		{ "id", f->id, sizeof(f->id), false },
		{ "target", f->target, sizeof(f->target), false },
		{ "role", f->role, sizeof(f->role), false },
		{ "outcome", f->outcome, sizeof(f->outcome), false },
		{ "class", f->cls, sizeof(f->cls), false },
		{ "line", f->line, sizeof(f->line), false },
		{ "want", f->want, sizeof(f->want), false },
		{ "saw", f->saw, sizeof(f->saw), false },
		{ "reason", f->reason, sizeof(f->reason), false },
		{ "step", f->step, sizeof(f->step), true },
		{ "ms", f->ms, sizeof(f->ms), true },
		{ "schema", f->schema, sizeof(f->schema), true },
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strcmp(known[i].name, name) == 0)
			return known[i].number ? plain_number(in, known[i].buf, known[i].max)
					       : string(in, known[i].buf, known[i].max);
	return skip_value(in, 0);
}

static bool object(struct reader *in, struct fields *f)
{
	char name[32];

	if (!take(in, '{'))
		return false;
	if (take(in, '}'))
		return true;
	do {
		if (!string(in, name, sizeof(name)) || !take(in, ':') || !member(in, f, name))
			return false;
	} while (take(in, ','));
	if (!take(in, '}'))
		return false;
	blanks(in);
	return *in->p == 0;
}

static uint32_t small(const char *digits)
{
	unsigned long v = strtoul(digits, NULL, 10);

	return v > 0xffffffffUL ? 0xffffffffU : (uint32_t)v;
}

static bool keep(struct records *r, const struct fields *f)
{
	enum engine_outcome outcome;
	enum engine_class cls;
	struct record *rec;

	if (!f->id[0] || !record_outcome(f->outcome, &outcome) || !record_class(f->cls, &cls))
		return false;
	rec = records_add(r, f->id, f->target, f->role);
	rec->result.outcome = outcome;
	rec->result.cls = cls;
	rec->result.step = small(f->step);
	rec->result.ms = small(f->ms);
	memcpy(rec->result.want, f->want, sizeof(f->want));
	memcpy(rec->result.saw, f->saw, sizeof(f->saw));
	memcpy(rec->result.reason, f->reason, sizeof(f->reason));
	free(rec->where);
	rec->where = must_copy(f->line);
	return true;
}

int records_read_jsonl(struct records *r, FILE *file, const char *name)
{
	char *line = NULL;
	size_t room = 0;
	unsigned nr = 0;
	int rc = 0;

	while (!rc && getline(&line, &room, file) >= 0) {
		struct fields f = { .id = "" };
		struct reader in = { line };

		nr++;
		blanks(&in);
		if (!*in.p)
			continue;
		if (!object(&in, &f) || strcmp(f.schema, "1") != 0 || !keep(r, &f)) {
			fprintf(stderr, "vmci-conform: %s:%u: not a result of schema 1\n", name,
				nr);
			rc = -1;
		}
	}
	free(line);
	return rc;
}
