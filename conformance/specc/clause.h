/* SPDX-License-Identifier: BSD-2-Clause */
/* clause.h - clauses, untestable and rejected remarks. */
#ifndef SPECC_CLAUSE_H
#define SPECC_CLAUSE_H

#include "model.h"

/* Sort the paragraphs into clauses and remarks, and judge their form. */
void clause_read(struct spec *sp);

/* The clause of an id, or NULL; *index its place (may be NULL). */
struct clause *clause_find(const struct spec *sp, const char *id, size_t *index);

/* " (did you mean X?)" or "". */
const char *clause_near(const struct spec *sp, const char *id);

/* "DG.SEND.3": two or three upper-case parts and a number. */
bool clause_is_id(const char *s);

/* "MUST NOT", "device": as the book says it. */
const char *clause_level_name(enum vct_level level);
const char *clause_side_name(enum vct_side side);

#endif
