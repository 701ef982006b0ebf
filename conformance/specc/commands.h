/* SPDX-License-Identifier: BSD-2-Clause */
/* commands.h - what the words behind `specc` do.
 *
 * Each command gets the words behind its own and returns the exit code:
 * 0 done, 1 a comparison failed, 2 usage or errors in the book.
 */
#ifndef SPECC_COMMANDS_H
#define SPECC_COMMANDS_H

int command_check(int argc, char **argv);
int command_table(int argc, char **argv);
int command_dump(int argc, char **argv);
int command_undump(int argc, char **argv);
int command_defs(int argc, char **argv);
int command_book(int argc, char **argv);
int command_stamp(int argc, char **argv);
int command_list(int argc, char **argv);
int command_coverage(int argc, char **argv);

#endif
