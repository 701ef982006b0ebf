/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "mem.h"

static const char help[] =
	"Usage: specc COMMAND [OPTION]... [FILE]...\n"
	"\n"
	"Compile the chapters of the VMCI specification. FILEs are chapters; without any,\n"
	"all of spec/.\n"
	"\n"
	"  check              read everything, report every mistake\n"
	"  table -o FILE      write the compiled vectors\n"
	"  defs [-o FILE | --check FILE]  write (or compare) the C header of names\n"
	"  book -o DIR        write the HTML book; --results FILE... adds last results\n"
	"  dump [TABLE]       print a compiled table (or that of the chapters) as text\n"
	"  undump TEXT -o FILE  make the table again from its text\n"
	"  list               clauses and vectors, one a line; --vectors, --clauses\n"
	"  coverage           rows of the fact sheet cited; --rows 1-216,303 names missing ones\n"
	"  stamp [ID]...      lock the sentences of these clauses (none: of new ones)\n"
	"\n"
	"  -o, --output FILE  where to write\n"
	"      --spec DIR     the directory of the chapters (default spec)\n"
	"  -q, --quiet        no warnings\n"
	"      --strict       warnings count as errors\n"
	"      --keep-going   leave out vectors with mistakes instead of stopping\n"
	"      --help, --version\n"
	"\n"
	"Exit code: 0 done, 1 a comparison failed, 2 usage or mistakes in the chapters.\n"
	"The language is explained in docs/vector-language.md.\n";

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
} commands[] = {
	{ "check", command_check }, { "table", command_table }, { "defs", command_defs },
	{ "book", command_book },   { "dump", command_dump },	{ "undump", command_undump },
	{ "list", command_list },   { "stamp", command_stamp }, { "coverage", command_coverage },
};

static int run(int argc, char **argv)
{
	if (argc < 2) {
		fputs("specc: a command is missing; see specc --help\n", stderr);
		return 2;
	}
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--help") == 0) {
			fputs(help, stdout);
			return 0;
		}
	}
	if (strcmp(argv[1], "--version") == 0) {
		puts("specc (OpenVMCI) 0.1");
		return 0;
	}
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strcmp(argv[1], commands[i].name) == 0)
			return commands[i].run(argc - 1, argv + 1);
	fprintf(stderr, "specc: unknown command '%s'; see specc --help\n", argv[1]);
	return 2;
}

int main(int argc, char **argv)
{
	int rc = run(argc, argv);

	mem_release();
	return rc;
}
