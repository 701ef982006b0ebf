/* SPDX-License-Identifier: BSD-2-Clause */
#include "commands.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "coverage.h"
#include "defs.h"
#include "ir.h"
#include "lock.h"
#include "options.h"
#include "spec.h"
#include "table_file.h"
#include "text.h"

/* Read the book that the options mean. Returns it when it is free of errors;
 * messages are printed either way. */
static struct spec *load(const struct options *o, bool paths)
{
	struct spec *sp = spec_load(o->dir, o->args, paths ? o->nargs : 0);

	diag_print(sp->diags, stderr, o->quiet && !o->strict);
	if (o->keep_going)
		return sp;
	if (diag_errors(sp->diags) || (o->strict && diag_warnings(sp->diags))) {
		spec_release(sp);
		return NULL;
	}
	return sp;
}

static int write_output(const char *command, const char *path, const char *s, size_t len)
{
	if (!path || strcmp(path, "-") == 0)
		return fwrite(s, 1, len, stdout) == len ? 0 : 2;
	if (file_write(path, s, len) == 0)
		return 0;
	fprintf(stderr, "specc %s: %s: cannot be written: %s\n", command, path, strerror(errno));
	return 2;
}

int command_check(int argc, char **argv)
{
	struct options o;
	struct spec *sp;
	size_t runs;

	if (options_read(&o, "check", 0, argc, argv))
		return 2;
	sp = load(&o, true);
	if (!sp)
		return 2;
	runs = sp->ir->runs.n;
	printf("%zu chapters, %zu clauses, %zu vectors, %zu runs, %zu constants: no errors\n",
	       sp->chapters.n, sp->clauses.n, sp->vectors.n, runs, sp->constants.n);
	spec_release(sp);
	return 0;
}

int command_table(int argc, char **argv)
{
	struct options o;
	struct spec *sp;
	struct text t = { 0 };
	int rc;

	if (options_read(&o, "table", OPT_OUTPUT, argc, argv))
		return 2;
	if (!o.output) {
		fputs("specc table: -o FILE is missing\n", stderr);
		return 2;
	}
	sp = load(&o, true);
	if (!sp)
		return 2;
	table_write(sp->ir, &t);
	rc = write_output("table", o.output, t.s, t.len);
	spec_release(sp);
	return rc;
}

int command_stamp(int argc, char **argv)
{
	struct options o;
	struct spec *sp;
	int rc;

	if (options_read(&o, "stamp", 0, argc, argv))
		return 2;
	/* The sentences are what they are; only their form must be right. */
	sp = spec_load(o.dir, NULL, 0);
	rc = lock_stamp(sp, o.args, o.nargs);
	if (rc)
		diag_print(sp->diags, stderr, true);
	else
		printf("%s/requirements.lock: %s\n", sp->dir,
		       o.nargs ? "stamped" : "new clauses added");
	spec_release(sp);
	return rc ? 2 : 0;
}

int command_dump(int argc, char **argv)
{
	struct options o;
	struct spec *sp = NULL;
	struct ir *ir;
	struct text t = { 0 };
	const char *why = NULL;
	size_t len;
	char *bytes;
	int rc;

	if (options_read(&o, "dump", OPT_OUTPUT, argc, argv))
		return 2;
	if (o.nargs == 1 && !strstr(o.args[0], ".md")) {
		bytes = file_read(o.args[0], &len);
		ir = bytes ? table_read(bytes, len, &why) : NULL;
		if (!ir) {
			fprintf(stderr, "specc dump: %s: is no table: %s\n", o.args[0],
				why ? why : strerror(errno));
			return 2;
		}
	} else {
		sp = load(&o, true);
		if (!sp)
			return 2;
		ir = sp->ir;
	}
	table_dump(ir, &t);
	rc = write_output("dump", o.output, t.s, t.len);
	if (sp)
		spec_release(sp);
	return rc;
}

int command_undump(int argc, char **argv)
{
	struct options o;
	struct text t = { 0 };
	const char *why = NULL;
	struct ir *ir;
	char *s;
	int line = 0;

	if (options_read(&o, "undump", OPT_OUTPUT, argc, argv))
		return 2;
	if (o.nargs != 1 || !o.output) {
		fputs("specc undump: expected TEXT -o FILE\n", stderr);
		return 2;
	}
	s = file_read(o.args[0], NULL);
	ir = s ? table_undump(s, &line, &why) : NULL;
	if (!ir) {
		fprintf(stderr, "%s:%d: %s\n", o.args[0], line, why ? why : strerror(errno));
		return 2;
	}
	table_write(ir, &t);
	return write_output("undump", o.output, t.s, t.len);
}

int command_defs(int argc, char **argv)
{
	struct options o;
	struct spec *sp;
	struct text t = { 0 };
	int rc;

	if (options_read(&o, "defs", OPT_OUTPUT | OPT_CHECK, argc, argv))
		return 2;
	sp = load(&o, true);
	if (!sp)
		return 2;
	if (o.check) {
		char *s = file_read(o.check, NULL);

		if (!s)
			fprintf(stderr, "specc defs: %s: cannot be read: %s\n", o.check,
				strerror(errno));
		rc = !s ? 2 : defs_compare(sp, o.check, s) ? 1 : 0;
	} else {
		defs_write(sp, &t);
		rc = write_output("defs", o.output, t.s, t.len);
	}
	spec_release(sp);
	return rc;
}

int command_list(int argc, char **argv)
{
	struct options o;
	struct spec *sp;
	struct text t = { 0 };
	int rc;

	if (options_read(&o, "list", OPT_LIST, argc, argv))
		return 2;
	sp = load(&o, true);
	if (!sp)
		return 2;
	text_add(&t, "");
	coverage_list(sp, o.clauses || !o.vectors, o.vectors || !o.clauses, &t);
	rc = write_output("list", NULL, t.s, t.len);
	spec_release(sp);
	return rc;
}

int command_coverage(int argc, char **argv)
{
	struct options o;
	struct spec *sp;
	struct text t = { 0 };
	long missing;
	int rc;

	if (options_read(&o, "coverage", OPT_ROWS, argc, argv))
		return 2;
	sp = spec_load(o.dir, o.args, o.nargs);
	if (diag_errors(sp->diags))
		fputs("specc coverage: the chapters have mistakes (specc check); counted is what could be read\n",
		      stderr);
	missing = coverage_report(sp, o.rows, &t);
	rc = write_output("coverage", NULL, t.s, t.len);
	spec_release(sp);
	if (missing < 0) {
		fprintf(stderr,
			"specc coverage: --rows %s: expected numbers below 1000 like 1-216,303\n",
			o.rows);
		return 2;
	}
	return rc ? rc : missing ? 1 : 0;
}
