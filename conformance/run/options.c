/* SPDX-License-Identifier: BSD-2-Clause */
/* options.c - the command line. */
#include "options.h"
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "records.h"
#include "target.h"

extern const unsigned char vmci_vectors[], vmci_vectors_end[];

void options_help(void)
{
	fputs("Usage: vmci-conform COMMAND [OPTION...]\n"
	      "Runs the vectors of the VMCI specification against an implementation.\n"
	      "\n"
	      "  run             run vectors, print failures and a table\n"
	      "  list [PATTERN]  list vectors, or clauses with --clauses\n"
	      "  explain ID      a clause or a vector: its text, place, steps, last result\n"
	      "  report FILE...  summary of result files (KTAP or JSON lines); - is standard input\n"
	      "  perturb         turn every expectation round: each has to fail on --target\n"
	      "  null            run device vectors without a device: none may pass\n"
	      "  mutants         break the core on purpose: what `catches` names has to fail (fault build)\n"
	      "\n"
	      "  -t, --target=T         core (default), core:WORDS, vfio-user:SOCKET, guest:SOCKET,\n"
	      "                         guest8k:SOCKET or null:KIND\n"
	      "  -o, --only=PATTERN     ids that match; * and ? as in a shell, a name without @ has all variants\n"
	      "  -r, --role=ROLE        device, guest or both: who is under test (default: what T offers)\n"
	      "  -f, --format=F         text (default), tap, jsonl or junit\n"
	      "      --out=FILE         write F there and the summary to standard output\n"
	      "      --shard=I/N        the I-th of N parts of the vectors\n"
	      "      --seed=N           another order of vectors and pages; the same N gives the same run\n"
	      "      --expect=FILE      known deviations: exactly these may fail\n"
	      "      --results=DIR      also keep results there, for explain and for the book; \"\" = nowhere\n"
	      "      --implementation=S name in results, default: as the target says\n"
	      "      --table=FILE       compiled vectors, default: those built in\n"
	      "      --fault=NAME       with this deliberate mistake (fault build)\n"
	      "      --check            the protocol monitor looks on (core only): see vmci-sim serve --check\n"
	      "  -v, --verbose          also list what passed\n"
	      "  -h, --help; --version  this text; which version this is\n"
	      "\n"
	      "Exit code: 0 as expected, 1 something failed, 2 usage or harness error, 4 nothing could run.\n",
	      stdout);
}

enum {
	LONG_OUT = 256,
	LONG_SHARD,
	LONG_SEED,
	LONG_EXPECT,
	LONG_RESULTS,
	LONG_IMPLEMENTATION,
	LONG_TABLE,
	LONG_FAULT,
	LONG_CLAUSES,
	LONG_CHECK
};

static const struct option longs[] = {
	{ "target", required_argument, NULL, 't' },
	{ "only", required_argument, NULL, 'o' },
	{ "role", required_argument, NULL, 'r' },
	{ "format", required_argument, NULL, 'f' },
	{ "out", required_argument, NULL, LONG_OUT },
	{ "shard", required_argument, NULL, LONG_SHARD },
	{ "seed", required_argument, NULL, LONG_SEED },
	{ "expect", required_argument, NULL, LONG_EXPECT },
	{ "results", required_argument, NULL, LONG_RESULTS },
	{ "implementation", required_argument, NULL, LONG_IMPLEMENTATION },
	{ "table", required_argument, NULL, LONG_TABLE },
	{ "fault", required_argument, NULL, LONG_FAULT },
	{ "clauses", no_argument, NULL, LONG_CLAUSES },
	{ "check", no_argument, NULL, LONG_CHECK },
	{ "verbose", no_argument, NULL, 'v' },
	{ "help", no_argument, NULL, 'h' },
	{ 0 },
};

static int wrong(const char *option, const char *value, const char *expected)
{
	fprintf(stderr, "vmci-conform: --%s=%s: expected %s\n", option, value, expected);
	return -1;
}

static int pick(const char *option, const char *value, const char *const *words,
		const char *expected)
{
	for (int i = 0; words[i]; i++)
		if (strcmp(words[i], value) == 0)
			return i;
	return wrong(option, value, expected);
}

static bool number(const char *s, unsigned long max, unsigned long *v)
{
	char *end;

	errno = 0;
	*v = strtoul(s, &end, 0);
	return *s >= '0' && *s <= '9' && !*end && !errno && *v <= max;
}

static int take_shard(struct options *o, const char *value)
{
	char *copy = must_copy(value), *slash = strchr(copy, '/');
	unsigned long i = 0, n = 0;
	bool ok = false;

	if (slash) {
		*slash = 0;
		ok = number(copy, 100000, &i) && number(slash + 1, 100000, &n) && i >= 1 && i <= n;
	}
	free(copy);
	if (!ok)
		return wrong("shard", value, "I/N with I from 1 to N");
	o->shard = (unsigned)i;
	o->shards = (unsigned)n;
	return 0;
}

static int take(struct options *o, int c)
{
	static const char *const roles[] = { "", "device", "guest", "both", NULL };
	static const char *const formats[] = { "text", "tap", "jsonl", "junit", NULL };
	unsigned long v;
	int i;

	switch (c) {
	case 't':
		o->target = optarg;
		if (!target_roles(optarg))
			return wrong("target", optarg, "core, vfio-user:SOCKET or null:KIND");
		return 0;
	case 'o':
		o->only = optarg;
		return 0;
	case 'r':
		i = pick("role", optarg, roles, "device, guest or both");
		o->roles = i > 0 ? (unsigned)i : 0;
		return i > 0 ? 0 : -1;
	case 'f':
		i = pick("format", optarg, formats, "text, tap, jsonl or junit");
		o->format = i >= 0 ? (enum format)i : FORMAT_TEXT;
		return i >= 0 ? 0 : -1;
	case LONG_OUT:
		o->out = optarg;
		return 0;
	case LONG_SHARD:
		return take_shard(o, optarg);
	case LONG_SEED:
		if (!number(optarg, 0xffffffffUL, &v))
			return wrong("seed", optarg, "a number below 2^32");
		o->seed = (uint32_t)v;
		return 0;
	case LONG_EXPECT:
		o->expect = optarg;
		return 0;
	case LONG_RESULTS:
		o->results = *optarg ? optarg : NULL;
		return 0;
	case LONG_IMPLEMENTATION:
		o->implementation = optarg;
		return 0;
	case LONG_TABLE:
		o->table = optarg;
		return 0;
	case LONG_FAULT:
		o->fault = optarg;
		return 0;
	case LONG_CLAUSES:
		o->clauses = true;
		return 0;
	case LONG_CHECK:
		o->check = true;
		return 0;
	case 'v':
		o->verbose = true;
		return 0;
	default:
		return -1;
	}
}

/* A program in a build tree keeps results beside itself: build/bin/vmci-conform in build/results.
 */
static void default_results(struct options *o)
{
	struct stat st;
	char *name;
	ssize_t n = readlink("/proc/self/exe", o->results_default, sizeof(o->results_default) - 32);

	if (n <= 0)
		return;
	o->results_default[n] = 0;
	for (int i = 0; i < 2; i++) {
		name = strrchr(o->results_default, '/');
		if (!name || (i == 1 && strcmp(name, "/bin") != 0))
			return;
		*name = 0;
	}
	name = o->results_default + strlen(o->results_default);
	strcpy(name, "/spec/vectors.bin");
	if (stat(o->results_default, &st))
		return;
	strcpy(name, "/results");
	o->results = o->results_default;
}

int options_read(struct options *o, int argc, char **argv)
{
	int c;

	memset(o, 0, sizeof(*o));
	o->target = "core";
	o->shard = 1;
	o->shards = 1;
	default_results(o);
	while ((c = getopt_long(argc, argv, "t:o:r:f:vh", longs, NULL)) >= 0) {
		if (c == 'h') {
			options_help();
			return 1;
		}
		if (take(o, c)) {
			if (c == '?')
				fputs("Try 'vmci-conform --help'.\n", stderr);
			return -1;
		}
	}
	o->args = argv + optind;
	o->nargs = argc - optind;
	return 0;
}

static void *read_whole(const char *name, size_t *len)
{
	FILE *f = fopen(name, "rb");
	char *buf = NULL;
	size_t n = 0, room = 0, got = 1;

	if (!f) {
		fprintf(stderr, "vmci-conform: %s: %s\n", name, strerror(errno));
		return NULL;
	}
	while (got) {
		if (n == room) {
			room = room ? 2 * room : 65536;
			buf = must_grow(buf, room);
		}
		got = fread(buf + n, 1, room - n, f);
		n += got;
	}
	fclose(f);
	*len = n;
	return buf;
}

int options_table(const struct options *o, struct vct *t)
{
	const void *base = vmci_vectors;
	size_t len = (size_t)(vmci_vectors_end - vmci_vectors);
	const char *why = "", *name = o->table ? o->table : "built-in table";

	if (o->table) {
		base = read_whole(o->table, &len);
		if (!base)
			return -1;
	}
	if (vct_open(t, base, len, &why)) {
		fprintf(stderr, "vmci-conform: %s: %s\n", name, why);
		return -1;
	}
	return 0;
}
