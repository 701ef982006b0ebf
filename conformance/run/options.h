/* SPDX-License-Identifier: BSD-2-Clause */
/* options.h - the command line: one set of options, each command takes some of them. */
#ifndef CONFORM_OPTIONS_H
#define CONFORM_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>
#include "table.h"

enum format {
	FORMAT_TEXT,
	FORMAT_TAP,
	FORMAT_JSONL,
	FORMAT_JUNIT
};

struct options {
	const char *target; /* "core" */
	const char *only;   /* pattern, NULL = all */
	unsigned roles;	    /* bits of enum vct_role, 0 = what the target has */
	enum format format;
	const char *out;	    /* file for the format, NULL = standard output */
	unsigned shard, shards;	    /* 1-based, 1/1 = all */
	uint32_t seed;		    /* 0 = the table's order */
	const char *expect;	    /* file, NULL = none */
	const char *table;	    /* file, NULL = the embedded one */
	const char *results;	    /* directory, NULL = none */
	const char *fault;	    /* name of a deliberate mistake, NULL = none */
	const char *implementation; /* NULL = as the target says */
	bool clauses;		    /* list: clauses in place of vectors */
	bool check;		    /* run: the monitor looks on */
	bool verbose;
	char **args; /* what is not an option */
	int nargs;
	char results_default[4096];
};

/* Read the command line of a command; argv[0] is the command. A mistake is one line on stderr.
 * Returns 0, or -1: a mistake; or 1: help was asked for and given. */
int options_read(struct options *o, int argc, char **argv);

/* The whole help, which fits a screen. */
void options_help(void);

/* Open the table: that of --table or the embedded one. Returns 0, or -1 with one line on stderr.
 * The table lives as long as the program. */
int options_table(const struct options *o, struct vct *t);

#endif
