/* SPDX-License-Identifier: BSD-2-Clause */
/* records.h - results in memory, whether just run or read back from files.
 *
 * Functions that allocate end the program with one line when there is no memory.
 */
#ifndef CONFORM_RECORDS_H
#define CONFORM_RECORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include "engine.h"

/* Exit codes of the program. */
enum {
	EXIT_AS_EXPECTED = 0,
	EXIT_UNEXPECTED = 1,
	EXIT_TROUBLE = 2, /* usage, harness, transport */
	EXIT_NOTHING_RAN = 4
};

struct record {
	char *id;
	char *target;	 /* "core", "vfio-user", "efi-256k"; "" unknown */
	char *role;	 /* "device", "guest" */
	uint32_t vector; /* index in the table, VCT_NONE: unknown there */
	struct engine_result result;
	char *where;   /* "spec/20-datagrams.md:31" */
	bool expected; /* an expectation list accounts for it */
};

struct records {
	struct record *list;
	size_t count, room;
	const struct vct *table;
};

void *must_alloc(size_t bytes); /* zeroed */
void *must_grow(void *p, size_t bytes);
char *must_copy(const char *s);

void records_start(struct records *r, const struct vct *table);
void records_free(struct records *r);

/* A new record at the end; strings are copied. vector is looked up by id. */
struct record *records_add(struct records *r, const char *id, const char *target, const char *role);
/* The same for a result of the engine. */
struct record *records_add_result(struct records *r, const struct engine_result *res,
				  const char *target);

/* Index of a vector by id, VCT_NONE when the table has none. */
uint32_t records_find_vector(const struct vct *t, const char *id);

/* Whether this outcome makes a run bad when nothing excuses it. */
bool record_is_bad(const struct record *rec);

/* The exit code all records make together. An actor that stopped answering in the middle of a
 * vector (class crash) counts as that implementation's failure. */
int records_verdict(const struct records *r);

/* Read results: KTAP or JSON lines, told apart by the first character. Problems are one line each
 * on stderr: name:line: what. Returns 0, or -1: the file cannot be read or is no result file. A log
 * without its end adds an error record for the vector that was running, and sets *cut. */
int records_read(struct records *r, const char *name, bool *cut);
int records_read_ktap(struct records *r, FILE *f, const char *name, bool *cut);
int records_read_jsonl(struct records *r, FILE *f, const char *name);

/* Outcome and class by name; false: no such name. */
bool record_outcome(const char *name, enum engine_outcome *o);
bool record_class(const char *name, enum engine_class *c);

#endif
