/* SPDX-License-Identifier: BSD-2-Clause */
/* summary.c - what came out, for people. */
#include "summary.h"
#include <stdlib.h>
#include <string.h>
#include "report.h"

/* ---- failures ---- */

static void write_term(void *ctx, const char *s, size_t n)
{
	fwrite(s, 1, n, ((struct term *)ctx)->f);
}

static enum term_colour colour_of(enum engine_outcome o)
{
	switch (o) {
	case ENGINE_PASS:
		return TERM_GREEN;
	case ENGINE_FAIL:
	case ENGINE_ERROR:
	case ENGINE_TIMEOUT:
		return TERM_RED;
	case ENGINE_DIFFERS:
		return TERM_YELLOW;
	default:
		return TERM_DIM;
	}
}

void summary_failure(const struct records *r, const struct record *rec, const char *again,
		     struct term *t)
{
	struct report rep = { .write = write_term, .ctx = t, .table = r->table, .again = again };
	enum engine_outcome o = rec->result.outcome;

	term_clear(t);
	term_on(t, colour_of(o));
	fprintf(t->f, "%-8s", engine_outcome_name(o));
	term_off(t);
	fprintf(t->f, " %s%s%s%s", rec->id, rec->target[0] ? " on " : "", rec->target,
		rec->expected ? " (expected)" : "");
	if (rec->result.reason[0])
		fprintf(t->f, ": %s", rec->result.reason);
	fputc('\n', t->f);
	if (rec->vector == VCT_NONE)
		fputs("         not in this table of vectors\n", t->f);
	else
		report_failure(&rep, &rec->result, "         ");
}

void summary_failures(const struct records *r, const char *again, struct term *t)
{
	for (size_t i = 0; i < r->count; i++) {
		enum engine_outcome o = r->list[i].result.outcome;

		if (o != ENGINE_PASS && o != ENGINE_SKIP && o != ENGINE_UNOBSERVED)
			summary_failure(r, &r->list[i], again, t);
	}
}

/* ---- the table ---- */

#define MAX_CHAPTERS 64

struct row {
	const char *chapter;
	unsigned clauses, shown;
	unsigned count[ENGINE_OUTCOMES], vectors;
};

struct table {
	struct row rows[MAX_CHAPTERS], sum;
	unsigned n;
};

static struct row *row_of(struct table *tab, const char *chapter)
{
	for (unsigned i = 0; i < tab->n; i++)
		if (strcmp(tab->rows[i].chapter, chapter) == 0)
			return &tab->rows[i];
	if (tab->n == MAX_CHAPTERS)
		return &tab->rows[MAX_CHAPTERS - 1];
	memset(&tab->rows[tab->n], 0, sizeof(tab->rows[0]));
	tab->rows[tab->n].chapter = chapter;
	return &tab->rows[tab->n++];
}

/* Best and worst that the records say about each clause. */
static void count_clauses(const struct records *r, struct table *tab)
{
	const struct vct *t = r->table;
	unsigned char *good = must_alloc(t->header->req_count + 1);
	unsigned char *bad = must_alloc(t->header->req_count + 1);

	for (size_t i = 0; i < r->count; i++) {
		const struct vct_vector *v;
		enum engine_outcome o = r->list[i].result.outcome;

		if (r->list[i].vector == VCT_NONE)
			continue;
		v = &t->vectors[r->list[i].vector];
		for (uint32_t k = 0; k < v->cover_count; k++) {
			uint32_t q = t->covers[v->cover_first + k];

			good[q] |= o == ENGINE_PASS;
			bad[q] |= o != ENGINE_PASS && o != ENGINE_SKIP && o != ENGINE_UNOBSERVED;
		}
	}
	for (uint32_t q = 0; q < t->header->req_count; q++) {
		struct row *row;

		if (t->reqs[q].untestable)
			continue;
		row = row_of(tab, vct_str(t, t->reqs[q].chapter));
		row->clauses++;
		row->shown += good[q] && !bad[q];
	}
	free(good);
	free(bad);
}

static void count_vectors(const struct records *r, struct table *tab)
{
	for (size_t i = 0; i < r->count; i++) {
		const struct record *rec = &r->list[i];
		const char *chapter = "(not in this table)";
		struct row *row;

		if (rec->vector != VCT_NONE)
			chapter = report_chapter(r->table, &r->table->vectors[rec->vector]);
		row = row_of(tab, chapter);
		row->vectors++;
		row->count[rec->result.outcome]++;
	}
}

static void print_count(unsigned n, enum term_colour c, int width, struct term *t)
{
	term_on(t, n ? c : TERM_DIM);
	fprintf(t->f, " %*u", width, n);
	term_off(t);
}

static void print_row(const struct row *row, struct term *t)
{
	char clauses[24];

	snprintf(clauses, sizeof(clauses), "%u/%u", row->shown, row->clauses);
	fprintf(t->f, "%-36.36s %8s %8u", row->chapter, clauses, row->vectors);
	print_count(row->count[ENGINE_PASS], TERM_GREEN, 6, t);
	print_count(row->count[ENGINE_FAIL], TERM_RED, 5, t);
	print_count(row->count[ENGINE_DIFFERS], TERM_YELLOW, 8, t);
	print_count(row->count[ENGINE_SKIP], TERM_PLAIN, 5, t);
	print_count(row->count[ENGINE_UNOBSERVED], TERM_PLAIN, 6, t);
	print_count(row->count[ENGINE_ERROR] + row->count[ENGINE_TIMEOUT], TERM_RED, 6, t);
	fputc('\n', t->f);
}

static void add_row(struct row *sum, const struct row *row)
{
	sum->clauses += row->clauses;
	sum->shown += row->shown;
	sum->vectors += row->vectors;
	for (int i = 0; i < ENGINE_OUTCOMES; i++)
		sum->count[i] += row->count[i];
}

/* Why vectors were skipped or not observed: each reason once, with how many and one of them. */
static void print_reasons(const struct records *r, enum engine_outcome o, struct term *t)
{
	bool *told = must_alloc(r->count + 1);

	for (size_t i = 0; i < r->count; i++) {
		unsigned n = 0;

		if (r->list[i].result.outcome != o || told[i])
			continue;
		for (size_t k = i; k < r->count; k++) {
			if (r->list[k].result.outcome != o ||
			    strcmp(r->list[k].result.reason, r->list[i].result.reason) != 0)
				continue;
			told[k] = true;
			n++;
		}
		fprintf(t->f, "  %s: %u x %s (%s%s)\n", engine_outcome_name(o), n,
			r->list[i].result.reason, r->list[i].id, n > 1 ? ", ..." : "");
	}
	free(told);
}

static void closing_line(const struct records *r, const struct row *sum, struct term *t)
{
	unsigned expected = 0;
	int verdict = records_verdict(r);

	for (size_t i = 0; i < r->count; i++)
		expected += r->list[i].expected;
	term_on(t, verdict == EXIT_AS_EXPECTED ? TERM_GREEN : TERM_RED);
	fprintf(t->f, "%u passed, %u failed", sum->count[ENGINE_PASS], sum->count[ENGINE_FAIL]);
	term_off(t);
	fprintf(t->f, ", %u differ, %u skipped, %u unobserved, %u errors",
		sum->count[ENGINE_DIFFERS], sum->count[ENGINE_SKIP], sum->count[ENGINE_UNOBSERVED],
		sum->count[ENGINE_ERROR] + sum->count[ENGINE_TIMEOUT]);
	if (expected)
		fprintf(t->f, "; %u as the expectation list says", expected);
	if (verdict == EXIT_NOTHING_RAN)
		fputs("; nothing could run", t->f);
	fputc('\n', t->f);
}

void summary_table(const struct records *r, struct term *t)
{
	struct table *tab = must_alloc(sizeof(*tab));

	term_clear(t);
	count_clauses(r, tab);
	count_vectors(r, tab);
	term_on(t, TERM_BOLD);
	fprintf(t->f, "%-36s %8s %8s %6s %5s %8s %5s %6s %6s", "chapter", "clauses", "vectors",
		"pass", "fail", "differs", "skip", "unobs", "error");
	term_off(t);
	fputc('\n', t->f);
	tab->sum.chapter = "all";
	for (unsigned i = 0; i < tab->n; i++) {
		if (!tab->rows[i].vectors)
			continue;
		print_row(&tab->rows[i], t);
		add_row(&tab->sum, &tab->rows[i]);
	}
	print_row(&tab->sum, t);
	print_reasons(r, ENGINE_SKIP, t);
	print_reasons(r, ENGINE_UNOBSERVED, t);
	closing_line(r, &tab->sum, t);
	free(tab);
}
