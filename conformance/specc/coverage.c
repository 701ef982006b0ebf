/* SPDX-License-Identifier: BSD-2-Clause */
#include "coverage.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "clause.h"
#include "ir.h"
#include "text.h"

#define MAX_ROW 1000

struct counts {
	size_t clauses, tested, untestable, open, choices, vectors, runs, rejected;
};

static void mark_rows(bool *cited, const char *rows)
{
	const char *word;

	while ((word = str_word(&rows)) != NULL) {
		unsigned long n = strtoul(word + 2, NULL, 10);

		if (n < MAX_ROW)
			cited[n] = true;
	}
}

static size_t rows_in(const char *rows)
{
	size_t n = 0;

	while (str_word(&rows))
		n++;
	return n;
}

static struct counts count(const struct spec *sp, size_t chapter)
{
	struct counts k = { 0 };

	for (size_t i = 0; i < sp->clauses.n; i++) {
		const struct clause *c = &sp->clauses.v[i];

		if (c->chapter != chapter)
			continue;
		k.clauses++;
		k.choices += c->choice;
		if (c->vectors.n)
			k.tested++;
		else if (c->reason)
			k.untestable++;
		else
			k.open++;
	}
	for (size_t i = 0; i < sp->vectors.n; i++) {
		if (sp->vectors.v[i].chapter == chapter) {
			k.vectors++;
			k.runs += sp->vectors.v[i].runs.n;
		}
	}
	for (size_t i = 0; i < sp->rejected.n; i++)
		if (sp->rejected.v[i].chapter == chapter)
			k.rejected += rows_in(sp->rejected.v[i].rows);
	return k;
}

static void put_counts(struct text *out, const char *name, const struct counts *k)
{
	text_printf(out, "%-34.34s %7zu %7zu %10zu %5zu %7zu %8zu %8zu %5zu\n", name, k->clauses,
		    k->tested, k->untestable, k->open, k->choices, k->rejected, k->vectors,
		    k->runs);
}

/* Numbers of the list that are not cited, appended to out; -1 if malformed. */
static long missing(const char *rows, const bool *cited, struct text *out)
{
	long n = 0;

	while (*rows) {
		char *end;
		unsigned long from = strtoul(rows, &end, 10), to = from;

		if (!isdigit((unsigned char)*rows))
			return -1;
		if (*end == '-') {
			rows = end + 1;
			to = strtoul(rows, &end, 10);
			if (!isdigit((unsigned char)*rows))
				return -1;
		}
		if (to < from || to >= MAX_ROW || (*end && *end != ','))
			return -1;
		for (; from <= to; from++) {
			if (!cited[from]) {
				text_printf(out, "%sR-%03lu", n++ ? " " : "", from);
			}
		}
		rows = *end ? end + 1 : end;
	}
	return n;
}

long coverage_report(const struct spec *sp, const char *rows, struct text *out)
{
	bool cited[MAX_ROW] = { false };
	struct counts all = { 0 };
	struct text list = { 0 };
	size_t ncited = 0;
	long n = 0;

	text_printf(out, "%-34s %7s %7s %10s %5s %7s %8s %8s %5s\n", "chapter", "clauses", "tested",
		    "untestable", "open", "choices", "rejected", "vectors", "runs");
	for (size_t i = 0; i < sp->chapters.n; i++) {
		struct counts k = count(sp, i);

		put_counts(out, sp->chapters.v[i].title, &k);
		all.clauses += k.clauses;
		all.tested += k.tested;
		all.untestable += k.untestable;
		all.open += k.open;
		all.choices += k.choices;
		all.vectors += k.vectors;
		all.runs += k.runs;
		all.rejected += k.rejected;
	}
	put_counts(out, "all", &all);
	for (size_t i = 0; i < sp->clauses.n; i++)
		mark_rows(cited, sp->clauses.v[i].rows);
	for (size_t i = 0; i < sp->rejected.n; i++)
		mark_rows(cited, sp->rejected.v[i].rows);
	for (size_t i = 0; i < MAX_ROW; i++)
		ncited += cited[i];
	text_printf(out, "\nrows of the fact sheet cited: %zu\n", ncited);
	if (rows) {
		n = missing(rows, cited, &list);
		if (n >= 0)
			text_printf(out, "rows missing of %s: %ld%s%s\n", rows, n, n ? "\n" : "",
				    text_str(&list));
	}
	return n;
}

void coverage_list(const struct spec *sp, bool clauses, bool vectors, struct text *out)
{
	for (size_t i = 0; clauses && i < sp->clauses.n; i++) {
		const struct clause *c = &sp->clauses.v[i];

		text_printf(out, "%s\t%s\t%s\t%s\t%zu vectors\t%s:%d\t%s\n", c->id,
			    clause_level_name(c->level), clause_side_name(c->side),
			    c->reason	? "untestable"
			    : c->choice ? "choice"
					: "-",
			    c->vectors.n, CHAPTER_PATH(sp, c->chapter), c->line, c->text);
	}
	for (size_t i = 0; vectors && i < sp->ir->runs.n; i++) {
		const struct ir_run *r = &sp->ir->runs.v[i];

		text_printf(out, "%s\t%s\t%s:%u\t%s\n", r->id,
			    r->role == VCT_ROLE_DEVICE ? "device" : "guest", r->file, r->line,
			    r->about);
	}
}
