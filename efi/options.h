/* SPDX-License-Identifier: BSD-2-Clause */
/* options.h - what the person at the console or the file on the medium asked for.
 *
 * Plain C over ASCII text: the host's tests include it too. One syntax everywhere: words
 * separated by blanks, tabs and line ends; `#` starts a note to the end of the line.
 */
#ifndef EFI_OPTIONS_H
#define EFI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum command {
	CMD_RUN,
	CMD_INFO,
	CMD_BENCH,
	CMD_ECHO,
	CMD_CAT,
	CMD_HELP,
	CMD_LIST
};
enum end {
	END_RETURN,
	END_SHUTDOWN
};
enum tap {
	TAP_AUTO,
	TAP_SERIAL,
	TAP_CONSOLE,
	TAP_OFF
};

struct options {
	enum command command;
	char pattern[128]; /* "" = all */
	bool loop;	   /* the built-in device instead of a PCI function */
	unsigned roles;	   /* enum vct_role bits; 0 = both as far as possible */
	enum end end;
	enum tap tap;
	bool slow;		 /* include vectors flagged slow */
	char results[64];	 /* files on the medium: NAME.tap, NAME.jsonl; "" = none */
	uint32_t bench_seconds;	 /* 1..600 */
	uint32_t port;		 /* of cat; 0: none was named */
	char send[64], save[64]; /* files on the medium, of cat; "" = keyboard, console */
};

/* The defaults: run all, both roles, return to the caller, results in \vmci-results.tap and .jsonl.
 */
void options_init(struct options *o);

/* Read words into o, on top of what it holds.
 *   text, len  ASCII, need not end in NUL; where names the source in messages ("load options",
 * "vmci.cfg") Returns 0, or the number of the line (from 1) of the first mistake; message then
 * holds one line: what, where and what was expected, and o has what the other words said. */
int options_parse(struct options *o, const char *where, const char *text, size_t len, char *message,
		  size_t message_size);

/* The help text, lines separated by \n, fits 80x24. */
const char *options_help(void);

#endif
