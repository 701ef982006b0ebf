/* SPDX-License-Identifier: BSD-2-Clause */
/* main.c - vmci-conform: which command. */
#include <stdio.h>
#include <string.h>
#include "commands.h"
#include "records.h"

static const struct {
	const char *name;
	int (*run)(const struct options *o, const struct vct *t);
	int most; /* arguments beside options */
} commands[] = {
	{ "run", command_run, 0 },	   { "list", command_list, 1 },
	{ "explain", command_explain, 1 }, { "report", command_report, 1 << 16 },
	{ "perturb", command_perturb, 0 }, { "null", command_null, 0 },
	{ "mutants", command_mutants, 0 },
};

static int run_command(int which, int argc, char **argv)
{
	struct options o;
	struct vct t;
	int rc = options_read(&o, argc, argv);

	if (rc)
		return rc > 0 ? EXIT_AS_EXPECTED : EXIT_TROUBLE;
	if (o.nargs > commands[which].most) {
		fprintf(stderr, "vmci-conform: %s: what is '%s'?\n", commands[which].name,
			o.args[commands[which].most]);
		return EXIT_TROUBLE;
	}
	if (options_table(&o, &t))
		return EXIT_TROUBLE;
	return commands[which].run(&o, &t);
}

int main(int argc, char **argv)
{
	if (argc < 2) {
		fputs("vmci-conform: no command; try 'vmci-conform --help'\n", stderr);
		return EXIT_TROUBLE;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
	    strcmp(argv[1], "help") == 0) {
		options_help();
		return EXIT_AS_EXPECTED;
	}
	if (strcmp(argv[1], "--version") == 0) {
		puts("vmci-conform (OpenVMCI) 0.1.0");
		return EXIT_AS_EXPECTED;
	}
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strcmp(argv[1], commands[i].name) == 0)
			return run_command((int)i, argc - 1, argv + 1);
	fprintf(stderr, "vmci-conform: no command '%s'; try 'vmci-conform --help'\n", argv[1]);
	return EXIT_TROUBLE;
}
