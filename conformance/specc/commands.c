/* SPDX-License-Identifier: BSD-2-Clause */
#include "commands.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

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
