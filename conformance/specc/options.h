/* SPDX-License-Identifier: BSD-2-Clause */
/* options.h - the options of all commands, read in one way. */
#ifndef SPECC_OPTIONS_H
#define SPECC_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

struct options {
	const char *output; /* -o, --output */
	const char *dir;    /* --spec DIR */
	const char *rows;   /* --rows LIST */
	const char *check;  /* --check FILE: compare instead of writing */
	char **results;	    /* --results FILE, several */
	size_t nresults;
	bool quiet;	       /* -q, --quiet: no warnings */
	bool strict;	       /* --strict: warnings are errors */
	bool keep_going;       /* --keep-going: leave out what has mistakes */
	bool vectors, clauses; /* --vectors, --clauses */
	char **args;	       /* the rest */
	size_t nargs;
};

/* Letters of the options that a command takes. */
enum options_allowed {
	OPT_OUTPUT = 1,
	OPT_ROWS = 2,
	OPT_CHECK = 4,
	OPT_RESULTS = 8,
	OPT_LIST = 16
};

/* Read the options of a command; allowed names those beside --spec, --quiet,
 * --strict and --keep-going. --results takes all words up to the next option. Returns 0, or 2
 * after a message. */
int options_read(struct options *o, const char *command, unsigned allowed, int argc, char **argv);

#endif
