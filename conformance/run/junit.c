/* SPDX-License-Identifier: BSD-2-Clause */
/* junit.c - results as JUnit XML. */
#include "junit.h"
#include <string.h>
#include "report.h"

static void escaped(FILE *f, const char *s)
{
	for (; *s; s++) {
		switch (*s) {
		case '&':
			fputs("&amp;", f);
			break;
		case '<':
			fputs("&lt;", f);
			break;
		case '>':
			fputs("&gt;", f);
			break;
		case '"':
			fputs("&quot;", f);
			break;
		default:
			fputc((unsigned char)*s < ' ' ? ' ' : *s, f);
			break;
		}
	}
}

static void attribute(FILE *f, const char *name, const char *value)
{
	fprintf(f, " %s=\"", name);
	escaped(f, value);
	fputc('"', f);
}

static const char *chapter_of(const struct records *r, const struct record *rec)
{
	return rec->vector == VCT_NONE ? "other"
				       : report_chapter(r->table, &r->table->vectors[rec->vector]);
}

static void write_file(void *ctx, const char *s, size_t n)
{
	char one[2] = { 0 };

	for (size_t i = 0; i < n; i++) {
		one[0] = s[i];
		if (s[i] == '\n')
			fputc('\n', ctx);
		else
			escaped(ctx, one);
	}
}

static void verdict(FILE *f, const struct records *r, const struct record *rec)
{
	struct report rep = { .write = write_file,
			      .ctx = f,
			      .table = r->table,
			      .again = "vmci-conform run --only " };
	const struct engine_result *res = &rec->result;

	switch (res->outcome) {
	case ENGINE_PASS:
		break;
	case ENGINE_FAIL:
		fputs("<failure", f);
		attribute(f, "type", engine_class_name(res->cls));
		fputs(" message=\"want ", f);
		escaped(f, res->want);
		fputs(" saw ", f);
		escaped(f, res->saw);
		fputs("\">", f);
		if (rec->vector != VCT_NONE)
			report_failure(&rep, res, "");
		fputs("</failure>", f);
		break;
	case ENGINE_ERROR:
	case ENGINE_TIMEOUT:
		fputs("<error", f);
		attribute(f, "type", engine_outcome_name(res->outcome));
		attribute(f, "message", res->reason);
		fputs("/>", f);
		break;
	case ENGINE_DIFFERS:
		fputs("<skipped message=\"differs: want ", f);
		escaped(f, res->want);
		fputs(" saw ", f);
		escaped(f, res->saw);
		fputs("\"/>", f);
		break;
	default:
		fputs("<skipped message=\"", f);
		fputs(engine_outcome_name(res->outcome), f);
		fputs(": ", f);
		escaped(f, res->reason);
		fputs("\"/>", f);
		break;
	}
}

static void test_case(FILE *f, const struct records *r, const struct record *rec,
		      const char *implementation)
{
	fputs("    <testcase", f);
	attribute(f, "name", rec->id);
	fputs(" classname=\"", f);
	escaped(f, implementation);
	fputc('.', f);
	escaped(f, rec->role);
	fprintf(f, "\" time=\"%u.%03u\">", rec->result.ms / 1000, rec->result.ms % 1000);
	verdict(f, r, rec);
	fputs("</testcase>\n", f);
}

static void suite(FILE *f, const struct records *r, size_t first, const char *implementation)
{
	const char *chapter = chapter_of(r, &r->list[first]);
	unsigned n = 0, failures = 0, errors = 0, skipped = 0;

	for (size_t i = first; i < r->count; i++) {
		enum engine_outcome o = r->list[i].result.outcome;

		if (strcmp(chapter_of(r, &r->list[i]), chapter) != 0)
			continue;
		n++;
		failures += o == ENGINE_FAIL;
		errors += o == ENGINE_ERROR || o == ENGINE_TIMEOUT;
		skipped += o == ENGINE_SKIP || o == ENGINE_UNOBSERVED || o == ENGINE_DIFFERS;
	}
	fputs("  <testsuite", f);
	attribute(f, "name", chapter);
	fprintf(f, " tests=\"%u\" failures=\"%u\" errors=\"%u\" skipped=\"%u\">\n", n, failures,
		errors, skipped);
	for (size_t i = first; i < r->count; i++)
		if (strcmp(chapter_of(r, &r->list[i]), chapter) == 0)
			test_case(f, r, &r->list[i], implementation);
	fputs("  </testsuite>\n", f);
}

int junit_write(FILE *f, const struct records *r, const char *implementation)
{
	fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"vmci\">\n", f);
	for (size_t i = 0; i < r->count; i++) {
		bool first = true;

		for (size_t k = 0; k < i && first; k++)
			if (strcmp(chapter_of(r, &r->list[k]), chapter_of(r, &r->list[i])) == 0)
				first = false;
		if (first)
			suite(f, r, i, implementation);
	}
	fputs("</testsuites>\n", f);
	return ferror(f) ? -1 : 0;
}
