/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd_report.c - `vmci-conform report`: result files back to people, or to another format. */
#include <errno.h>
#include <string.h>
#include "commands.h"
#include "expect.h"
#include "junit.h"
#include "report.h"
#include "summary.h"

static void write_stream(void *ctx, const char *s, size_t n)
{
	fwrite(s, 1, n, ctx);
}

static void write_json(FILE *f, const struct options *o, const struct records *r)
{
	for (size_t i = 0; i < r->count; i++) {
		struct report rep = { .write = write_stream,
				      .ctx = f,
				      .table = r->table,
				      .implementation =
					      o->implementation ? o->implementation : "unknown",
				      .version = "?",
				      .target = r->list[i].target };

		if (r->list[i].vector != VCT_NONE)
			report_json(&rep, &r->list[i].result);
	}
}

static int write_format(const struct options *o, const struct records *r)
{
	FILE *f = o->out ? fopen(o->out, "w") : stdout;

	if (!f) {
		fprintf(stderr, "vmci-conform: %s: %s\n", o->out, strerror(errno));
		return -1;
	}
	if (o->format == FORMAT_JUNIT)
		junit_write(f, r, o->implementation ? o->implementation : "vmci");
	else
		write_json(f, o, r);
	return o->out ? fclose(f) : fflush(f);
}

int command_report(const struct options *o, const struct vct *t)
{
	struct expect x = { 0 };
	struct records r;
	struct term term;
	bool cut = false;
	unsigned wrong;
	int rc = 0, verdict;

	if (!o->nargs || o->format == FORMAT_TAP) {
		fprintf(stderr, "vmci-conform: report: %s\n",
			o->nargs ? "--format=tap: expected text, jsonl or junit"
				 : "expected result files");
		return EXIT_TROUBLE;
	}
	if (o->expect && expect_load(&x, o->expect, t))
		return EXIT_TROUBLE;
	records_start(&r, t);
	for (int i = 0; i < o->nargs && !rc; i++)
		rc = records_read(&r, o->args[i], &cut);
	wrong = rc ? 0 : expect_judge(&x, &r);
	if (!rc && o->format != FORMAT_TEXT)
		rc = write_format(o, &r);
	if (!rc && (o->format == FORMAT_TEXT || o->out)) {
		term_start(&term, stdout);
		summary_failures(&r, "vmci-conform run --only ", &term);
		summary_table(&r, &term);
	}
	verdict = rc ? EXIT_TROUBLE : records_verdict(&r);
	if (verdict == EXIT_AS_EXPECTED && wrong)
		verdict = EXIT_UNEXPECTED;
	if (cut && verdict != EXIT_UNEXPECTED)
		verdict = EXIT_TROUBLE;
	records_free(&r);
	expect_free(&x);
	return verdict;
}
