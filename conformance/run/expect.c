/* SPDX-License-Identifier: BSD-2-Clause */
/* expect.c - lists of known deviations. */
#include "expect.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool matches(const char *p, const char *s)
{
	if (*p == '*') {
		do {
			if (matches(p + 1, s))
				return true;
		} while (*s && !strchr("/.@", *s++));
		return false;
	}
	if (!*p || !*s)
		return *p == *s;
	return *p == *s && matches(p + 1, s + 1);
}

static int complain(const struct expect *x, unsigned line, const char *what, const char *about)
{
	fprintf(stderr, "vmci-conform: %s:%u: %s%s%s\n", x->name, line, what, *about ? ": " : "",
		about);
	return -1;
}

static int parse_outcome(const struct expect *x, struct expect_line *l, char *word)
{
	char *cls = strchr(word, ':'), *step = NULL, *end = NULL;

	if (cls) {
		*cls++ = 0;
		step = strchr(cls, '@');
		if (!step)
			return complain(x, l->line, "expected OUTCOME:CLASS@STEP, no @ in", cls);
		*step++ = 0;
		l->exact = true;
		l->step = (uint32_t)strtoul(step, &end, 10);
		if (!record_class(cls, &l->cls) || !*step || *end)
			return complain(x, l->line,
					"expected CLASS@STEP, for instance value@4, not", cls);
	}
	if (!record_outcome(word, &l->outcome) || l->outcome == ENGINE_PASS)
		return complain(x, l->line, "expected fail, differs, error or timeout, not", word);
	return 0;
}

static int parse_line(struct expect *x, char *text, unsigned nr, const struct vct *t)
{
	struct expect_line l = { .line = nr };
	char *why = strchr(text, '#'), *save = NULL, *id, *word;
	bool known = false;

	if (why)
		*why++ = 0;
	id = strtok_r(text, " \t\n", &save);
	if (!id)
		return 0;
	word = strtok_r(NULL, " \t\n", &save);
	if (!word || strtok_r(NULL, " \t\n", &save))
		return complain(x, nr, "expected ID OUTCOME[:CLASS@STEP] # why", "");
	if (!why || !why[strspn(why, " \t\n")] || strstr(why, "TODO"))
		return complain(x, nr, "no reason behind #, for", id);
	for (uint32_t i = 0; i < t->header->vec_count && !known; i++)
		known = matches(id, vct_str(t, t->vectors[i].id));
	if (!known)
		return complain(x, nr, "no vector of that name", id);
	if (x->count) {
		int order = strcmp(x->lines[x->count - 1].id, id);

		if (order >= 0)
			return complain(x, nr, order ? "not in sorted order" : "named twice", id);
	}
	if (parse_outcome(x, &l, word))
		return -1;
	l.id = must_copy(id);
	x->lines = must_grow(x->lines, (x->count + 1) * sizeof(*x->lines));
	x->lines[x->count++] = l;
	return 0;
}

int expect_load(struct expect *x, const char *name, const struct vct *t)
{
	FILE *f = fopen(name, "r");
	char *text = NULL;
	size_t room = 0;
	unsigned nr = 0;
	int rc = 0;

	memset(x, 0, sizeof(*x));
	if (!f) {
		fprintf(stderr, "vmci-conform: %s: %s\n", name, strerror(errno));
		return -1;
	}
	x->name = must_copy(name);
	while (getline(&text, &room, f) >= 0)
		if (parse_line(x, text, ++nr, t))
			rc = -1;
	free(text);
	fclose(f);
	return rc;
}

void expect_free(struct expect *x)
{
	for (size_t i = 0; i < x->count; i++)
		free(x->lines[i].id);
	free(x->lines);
	free(x->name);
	memset(x, 0, sizeof(*x));
}

static bool holds(const struct expect_line *l, const struct engine_result *res)
{
	return res->outcome == l->outcome &&
	       (!l->exact || (res->cls == l->cls && res->step == l->step));
}

/* The list's line for a record, NULL: none. */
static const struct expect_line *line_for(const struct expect *x, const struct record *rec)
{
	for (size_t i = 0; i < x->count; i++)
		if (matches(x->lines[i].id, rec->id))
			return &x->lines[i];
	return NULL;
}

unsigned expect_judge(const struct expect *x, struct records *r)
{
	unsigned wrong = 0;

	for (size_t k = 0; x->name && k < r->count; k++) {
		struct record *rec = &r->list[k];
		const struct expect_line *l = line_for(x, rec);
		char saw[160];

		if (rec->result.outcome == ENGINE_SKIP || rec->result.outcome == ENGINE_UNOBSERVED)
			continue;
		if (!l && rec->result.outcome != ENGINE_DIFFERS)
			continue;
		rec->expected = l && holds(l, &rec->result);
		if (rec->expected)
			continue;
		snprintf(saw, sizeof(saw), "%.80s is %s%s%s@%u", rec->id,
			 engine_outcome_name(rec->result.outcome), rec->result.cls ? ":" : "",
			 engine_class_name(rec->result.cls), rec->result.step);
		complain(x, l ? l->line : 0, l ? "does not hold" : "not in the list", saw);
		wrong++;
	}
	return wrong;
}
