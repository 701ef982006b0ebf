/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd_list.c - `vmci-conform list` and `vmci-conform explain`. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "commands.h"
#include "engine.h"
#include "records.h"
#include "report.h"
#include "store.h"

static const char *role_name(const struct vct_vector *v)
{
	return v->role == VCT_ROLE_GUEST ? "guest" : "device";
}

static unsigned list_vectors(const struct options *o, const struct vct *t, const char *pattern)
{
	unsigned n = 0;

	for (uint32_t i = 0; i < t->header->vec_count; i++) {
		const struct vct_vector *v = &t->vectors[i];

		if ((o->roles && !(o->roles & v->role)) ||
		    (pattern && !engine_match(pattern, vct_str(t, v->id))))
			continue;
		printf("%-40s %-6s %s\n", vct_str(t, v->id), role_name(v), vct_str(t, v->about));
		n++;
	}
	return n;
}

static unsigned vectors_of(const struct vct *t, uint32_t req)
{
	unsigned n = 0;

	for (uint32_t i = 0; i < t->header->vec_count; i++)
		for (uint32_t k = 0; k < t->vectors[i].cover_count; k++)
			n += t->covers[t->vectors[i].cover_first + k] == req;
	return n;
}

static unsigned list_clauses(const struct vct *t, const char *pattern)
{
	unsigned n = 0;

	for (uint32_t i = 0; i < t->header->req_count; i++) {
		const struct vct_req *q = &t->reqs[i];

		if (pattern && !engine_match(pattern, vct_str(t, q->id)))
			continue;
		printf("%-14s %-10s %-8s ", vct_str(t, q->id), report_level(q->level),
		       report_side(q->side));
		if (q->untestable)
			fputs("untestable  ", stdout);
		else
			printf("%3u vectors ", vectors_of(t, i));
		printf("%s\n", vct_str(t, q->text));
		n++;
	}
	return n;
}

int command_list(const struct options *o, const struct vct *t)
{
	const char *pattern = o->nargs ? o->args[0] : o->only;
	unsigned n = o->clauses ? list_clauses(t, pattern) : list_vectors(o, t, pattern);

	if (n)
		return EXIT_AS_EXPECTED;
	fprintf(stderr, "vmci-conform: nothing matches %s\n", pattern ? pattern : "");
	return EXIT_NOTHING_RAN;
}

/* ---- explain ---- */

static void last_results(const struct options *o, const struct vct *t, const char *id)
{
	struct records r;

	records_start(&r, t);
	if (o->results)
		store_find(o->results, id, &r);
	if (!r.count)
		puts("  last result: none kept");
	for (size_t i = 0; i < r.count; i++) {
		const struct engine_result *res = &r.list[i].result;

		printf("  last result on %s: %s", r.list[i].target,
		       engine_outcome_name(res->outcome));
		if (res->reason[0])
			printf(" (%s)", res->reason);
		if (res->want[0])
			printf(", step %u %s: want %s saw %s", res->step, r.list[i].where,
			       res->want, res->saw);
		putchar('\n');
	}
	records_free(&r);
}

static void print_clause(const struct vct *t, uint32_t i)
{
	const struct vct_req *q = &t->reqs[i];

	printf("%s  %s, %s%s  (%s)\n  %s\n  %s:%u, chapter \"%s\"\n", vct_str(t, q->id),
	       report_level(q->level), report_side(q->side), q->choice ? ", our choice" : "",
	       vct_str(t, q->marks), vct_str(t, q->text), vct_str(t, q->file), q->line,
	       vct_str(t, q->chapter));
	if (q->untestable)
		printf("  untestable: %s\n", vct_str(t, q->reason));
}

static const char *need_list(const struct vct_vector *v, char *buf, size_t max)
{
	static const char *const names[] = { "cap.hypercall", "cap.datagram", "cap.notifications",
					     "cap.ppn64",     "cap.dma",      "bar.ports",
					     "bar.mmio",      "msix",	      "msi",
					     "intx",	      "vectors.2",    "vectors.3" };
	struct text t;

	text_start(&t, buf, max);
	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!(v->needs >> i & 1))
			continue;
		text_str(&t, t.len ? " " : "");
		text_str(&t, names[i]);
	}
	return buf;
}

static void print_vector(const struct options *o, const struct vct *t, uint32_t i)
{
	const struct vct_vector *v = &t->vectors[i];
	char needs[256];

	printf("%s  (%s under test)\n  %s\n", vct_str(t, v->id), role_name(v),
	       vct_str(t, v->about));
	if (v->why != VCT_NONE)
		printf("  why: %s\n", vct_str(t, v->why));
	printf("  %s:%u, chapter \"%s\"\n", vct_str(t, v->file), v->line, report_chapter(t, v));
	if (v->needs)
		printf("  needs: %s\n", need_list(v, needs, sizeof(needs)));
	if (v->catches != VCT_NONE)
		printf("  catches: %s\n", vct_str(t, v->catches));
	last_results(o, t, vct_str(t, v->id));
	puts("  steps:");
	for (uint32_t k = 0; k < v->step_count; k++)
		printf("  %3u  %s\n", k + 1, vct_str(t, t->steps[v->step_first + k].text));
	puts("  covers:");
	for (uint32_t k = 0; k < v->cover_count; k++) {
		const struct vct_req *q = &t->reqs[t->covers[v->cover_first + k]];

		printf("  %s (%s, %s) %s\n", vct_str(t, q->id), report_level(q->level),
		       report_side(q->side), vct_str(t, q->text));
	}
}

static bool explain_clause(const struct options *o, const struct vct *t, const char *id)
{
	for (uint32_t i = 0; i < t->header->req_count; i++) {
		if (strcmp(vct_str(t, t->reqs[i].id), id) != 0)
			continue;
		print_clause(t, i);
		for (uint32_t n = 0; n < t->header->vec_count; n++) {
			const struct vct_vector *v = &t->vectors[n];

			for (uint32_t k = 0; k < v->cover_count; k++) {
				if (t->covers[v->cover_first + k] != i)
					continue;
				printf("\n%s  %s\n", vct_str(t, v->id), vct_str(t, v->about));
				last_results(o, t, vct_str(t, v->id));
			}
		}
		return true;
	}
	return false;
}

int command_explain(const struct options *o, const struct vct *t)
{
	bool found;

	if (o->nargs != 1) {
		fputs("vmci-conform: explain: expected the id of a clause or a vector\n", stderr);
		return EXIT_TROUBLE;
	}
	found = explain_clause(o, t, o->args[0]);
	for (uint32_t i = 0; i < t->header->vec_count; i++) {
		if (!engine_match(o->args[0], vct_str(t, t->vectors[i].id)))
			continue;
		if (found)
			putchar('\n');
		print_vector(o, t, i);
		found = true;
	}
	if (found)
		return EXIT_AS_EXPECTED;
	fprintf(stderr, "vmci-conform: no clause and no vector is called %s\n", o->args[0]);
	return EXIT_TROUBLE;
}
