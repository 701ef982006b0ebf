/* SPDX-License-Identifier: BSD-2-Clause */
#include "options.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "mem.h"

enum {
	LONG_SPEC = 256,
	LONG_ROWS,
	LONG_CHECK,
	LONG_RESULTS,
	LONG_STRICT,
	LONG_VECTORS,
	LONG_CLAUSES,
	LONG_KEEP_GOING
};

static const struct option longs[] = {
	{ "output", required_argument, NULL, 'o' },
	{ "quiet", no_argument, NULL, 'q' },
	{ "spec", required_argument, NULL, LONG_SPEC },
	{ "rows", required_argument, NULL, LONG_ROWS },
	{ "check", required_argument, NULL, LONG_CHECK },
	{ "results", required_argument, NULL, LONG_RESULTS },
	{ "strict", no_argument, NULL, LONG_STRICT },
	{ "keep-going", no_argument, NULL, LONG_KEEP_GOING },
	{ "vectors", no_argument, NULL, LONG_VECTORS },
	{ "clauses", no_argument, NULL, LONG_CLAUSES },
	{ 0 },
};

static unsigned needs(int c)
{
	switch (c) {
	case 'o':
		return OPT_OUTPUT;
	case LONG_ROWS:
		return OPT_ROWS;
	case LONG_CHECK:
		return OPT_CHECK;
	case LONG_RESULTS:
		return OPT_RESULTS;
	case LONG_VECTORS:
	case LONG_CLAUSES:
		return OPT_LIST;
	default:
		return 0;
	}
}

static void take(struct options *o, int c, int argc, char **argv)
{
	switch (c) {
	case 'o':
		o->output = optarg;
		break;
	case 'q':
		o->quiet = true;
		break;
	case LONG_SPEC:
		o->dir = optarg;
		break;
	case LONG_ROWS:
		o->rows = optarg;
		break;
	case LONG_CHECK:
		o->check = optarg;
		break;
	case LONG_RESULTS:
		o->results[o->nresults++] = optarg;
		while (optind < argc && argv[optind][0] != '-')
			o->results[o->nresults++] = argv[optind++];
		break;
	case LONG_STRICT:
		o->strict = true;
		break;
	case LONG_KEEP_GOING:
		o->keep_going = true;
		break;
	case LONG_VECTORS:
		o->vectors = true;
		break;
	default:
		o->clauses = true;
		break;
	}
}

int options_read(struct options *o, const char *command, unsigned allowed, int argc, char **argv)
{
	int c;

	memset(o, 0, sizeof(*o));
	o->results = mem_alloc((size_t)(argc + 1) * sizeof(char *));
	o->args = mem_alloc((size_t)(argc + 1) * sizeof(char *));
	optind = 1;
	/* '-' keeps the order, so that words behind --results belong to it. */
	while ((c = getopt_long(argc, argv, "-o:q", longs, NULL)) != -1) {
		if (c == '?') {
			fprintf(stderr, "specc %s: see specc --help\n", command);
			return 2;
		}
		if (needs(c) & ~allowed) {
			fprintf(stderr, "specc %s: %s is no option of this command\n", command,
				argv[optind - 1]);
			return 2;
		}
		if (c == 1)
			o->args[o->nargs++] = optarg;
		else
			take(o, c, argc, argv);
	}
	while (optind < argc)
		o->args[o->nargs++] = argv[optind++];
	return 0;
}
