/* SPDX-License-Identifier: BSD-2-Clause */
/* table_file.h - the compiled form as bytes (table.h) and as text.
 *
 * Both forms hold the same: bytes -> text -> bytes gives the same bytes, which is
 * how each of the four functions is tested.
 */
#ifndef SPECC_TABLE_FILE_H
#define SPECC_TABLE_FILE_H

#include "ir.h"

struct text;

/* Append the table's bytes. Equal code, steps of runs and strings are stored once;
 * the bytes depend on nothing but ir. */
void table_write(const struct ir *ir, struct text *out);

/* Read a table back. Returns NULL and *why if it is none; offsets, counts and
 * the checksum are checked. */
struct ir *table_read(const void *bytes, size_t len, const char **why);

/* The text form. */
void table_dump(const struct ir *ir, struct text *out);

/* Read the text form. Returns NULL with *line and *why on the first mistake. */
struct ir *table_undump(const char *s, int *line, const char **why);

/* Names of numbers in the text form; NULL behind the last. */
extern const char *const insn_names[];
extern const char *const verb_names[];
extern const char *const actor_names[];

#endif
