/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd_run.c - `vmci-conform run`. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "commands.h"
#include "expect.h"
#include "faults.h"
#include "junit.h"
#include "report.h"
#include "select.h"
#include "session.h"
#include "store.h"
#include "summary.h"
#include "term.h"
#include "watch.h"

struct run {
	const struct options *o;
	const struct vct *table;
	struct selection selection;
	struct records records;
	struct report report;
	struct watch watch;
	struct term text;     /* failures and the summary */
	struct term progress; /* standard error */
	FILE *out;	      /* the chosen format */
	bool own_out;
	unsigned gone; /* vectors that found no target any more */
	char again[512];
	char target[32], implementation[64], version[32];
};

static void write_stream(void *ctx, const char *s, size_t n)
{
	fwrite(s, 1, n, ctx);
}

/* Where the machine-readable format goes, and where text for people goes beside it. */
static int open_outputs(struct run *run)
{
	const struct options *o = run->o;

	run->out = stdout;
	if (o->out) {
		run->out = fopen(o->out, "w");
		run->own_out = true;
		if (!run->out) {
			fprintf(stderr, "vmci-conform: %s: %s\n", o->out, strerror(errno));
			return -1;
		}
	}
	/* With --out the summary has the standard output for itself. */
	term_start(&run->text, o->format == FORMAT_TEXT && o->out ? run->out : stdout);
	term_start(&run->progress, stderr);
	return 0;
}

static bool wants_text(const struct run *run)
{
	return run->o->format == FORMAT_TEXT || run->o->out;
}

static void name_target(struct run *run, const struct session *s)
{
	snprintf(run->target, sizeof(run->target), "%s", s->target.name);
	snprintf(run->implementation, sizeof(run->implementation), "%s",
		 run->o->implementation ? run->o->implementation : s->target.implementation);
	snprintf(run->version, sizeof(run->version), "%s", s->target.version);
	run->report = (struct report){ .write = write_stream,
				       .ctx = run->out,
				       .table = run->table,
				       .implementation = run->implementation,
				       .version = run->version,
				       .target = run->target,
				       .again = run->again,
				       .count = run->report.count };
}

static void show(struct run *run, const struct record *rec)
{
	const struct engine_result *res = &rec->result;

	switch (run->o->format) {
	case FORMAT_TAP:
		report_ktap_result(&run->report, res);
		break;
	case FORMAT_JSONL:
		report_json(&run->report, res);
		break;
	default:
		break;
	}
	if (!wants_text(run))
		return;
	if (res->outcome == ENGINE_PASS || res->outcome == ENGINE_SKIP ||
	    res->outcome == ENGINE_UNOBSERVED) {
		if (run->o->verbose) {
			term_clear(&run->progress);
			fprintf(run->text.f, "%-8s %s%s%s\n", engine_outcome_name(res->outcome),
				rec->id, res->reason[0] ? ": " : "", res->reason);
		}
		return;
	}
	/* The vector that lost the target was shown; the others did not even start. */
	if (strcmp(res->reason, SESSION_GONE) == 0) {
		run->gone++;
		return;
	}
	term_clear(&run->progress);
	summary_failure(&run->records, rec, run->again, &run->text);
}

/* All selected vectors of one role, from *next on. */
static int run_role(struct run *run, unsigned role, uint32_t *next)
{
	struct session s;

	if (*next == run->selection.count ||
	    run->table->vectors[run->selection.list[*next]].role != role)
		return 0;
	if (session_open(&s, run->table, run->o->target, role, run->o->seed))
		return -1;
	name_target(run, &s);
	if (run->o->check)
		watch_session(&run->watch, &s);
	if (*next == 0 && run->o->format == FORMAT_TAP)
		report_ktap_begin(&run->report, run->selection.count);
	for (; *next < run->selection.count && !term_interrupted(); ++*next) {
		uint32_t vector = run->selection.list[*next];
		struct engine_result res;

		if (run->table->vectors[vector].role != role)
			break;
		term_progress(&run->progress, *next + 1, run->selection.count,
			      vct_str(run->table, run->table->vectors[vector].id));
		if (run->o->format == FORMAT_TAP) {
			report_ktap_run(&run->report, vector);
			fflush(run->out);
		}
		if (run->o->check)
			watch_before(&run->watch);
		session_run(&s, vector, &res);
		show(run, records_add_result(&run->records, &res, run->target));
		if (run->o->check) {
			term_clear(&run->progress);
			watch_after(&run->watch, vector, run->text.f);
		}
	}
	s.target.trace = NULL;
	session_close(&s);
	return 0;
}

static int finish(struct run *run, const struct expect *x)
{
	unsigned wrong = expect_judge(x, &run->records);
	int verdict;

	if (run->o->format == FORMAT_TAP && !term_interrupted())
		report_ktap_end(&run->report);
	if (run->o->format == FORMAT_JUNIT)
		junit_write(run->out, &run->records, run->implementation);
	if (run->o->results && !run->o->fault && run->records.count)
		store_save(run->o->results, &run->report, &run->records, run->target);
	if (wants_text(run) && run->gone)
		fprintf(run->text.f, "error    %s, and %u vectors could not run\n", SESSION_GONE,
			run->gone);
	if (run->o->check)
		watch_summary(&run->watch, run->text.f);
	if (wants_text(run))
		summary_table(&run->records, &run->text);
	verdict = records_verdict(&run->records);
	if (term_interrupted()) {
		fprintf(stderr, "vmci-conform: interrupted after %zu of %u vectors\n",
			run->records.count, run->selection.count);
		return EXIT_TROUBLE;
	}
	return verdict == EXIT_AS_EXPECTED && wrong ? EXIT_UNEXPECTED : verdict;
}

static int close_outputs(struct run *run)
{
	int bad = ferror(run->out) | fflush(run->out);
	bool closed = errno == EPIPE; /* who reads has seen enough */

	if (run->own_out)
		bad |= fclose(run->out);
	if (bad && !closed)
		fprintf(stderr, "vmci-conform: %s: writing failed\n",
			run->o->out ? run->o->out : "standard output");
	return bad ? -1 : 0;
}

/* What to type to see a result again, up to the id. */
static void set_again(struct run *run)
{
	bool core = strcmp(run->o->target, "core") == 0;

	snprintf(run->again, sizeof(run->again), "vmci-conform run %s%s%s--only ",
		 core ? "" : "--target ", core ? "" : run->o->target, core ? "" : " ");
}

int command_run(const struct options *o, const struct vct *t)
{
	unsigned offered = target_roles(o->target), roles = o->roles ? o->roles & offered : offered;
	struct run run = { .o = o, .table = t };
	struct expect x = { 0 };
	uint32_t next = 0;
	int rc = EXIT_TROUBLE;

	if (!roles) {
		fprintf(stderr, "vmci-conform: %s has no guest to test\n", o->target);
		return EXIT_TROUBLE;
	}
	if (faults_select(o->fault))
		return EXIT_TROUBLE;
	if (o->expect && expect_load(&x, o->expect, t)) {
		expect_free(&x);
		return EXIT_TROUBLE;
	}
	term_catch_signals();
	set_again(&run);
	records_start(&run.records, t);
	watch_open(&run.watch, t);
	select_vectors(&run.selection, o, t, roles);
	if (!run.selection.count) {
		fprintf(stderr, "vmci-conform: no vector matches%s%s\n", o->only ? " " : "",
			o->only ? o->only : "");
		rc = EXIT_NOTHING_RAN;
	} else if (open_outputs(&run) == 0) {
		if (run_role(&run, VCT_ROLE_DEVICE, &next) == 0 &&
		    run_role(&run, VCT_ROLE_GUEST, &next) == 0)
			rc = finish(&run, &x);
		term_clear(&run.progress);
		if (close_outputs(&run))
			rc = EXIT_TROUBLE;
	}
	watch_close(&run.watch);
	select_free(&run.selection);
	records_free(&run.records);
	expect_free(&x);
	return rc;
}
