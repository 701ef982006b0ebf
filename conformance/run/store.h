/* SPDX-License-Identifier: BSD-2-Clause */
/* store.h - the results directory: TARGET.jsonl holds the last result of each vector on a target.
 */
#ifndef CONFORM_STORE_H
#define CONFORM_STORE_H

#include "records.h"
#include "report.h"

/* Put the results of one run (target and names from rep) into dir: they replace the same ids, other
 * results of the same table stay, results of another table go. The directory is made when missing;
 * the file changes in one step. Returns 0, or -1 with one line on stderr. */
int store_save(const char *dir, struct report *rep, const struct records *r, const char *target);

/* The last results of one id, from all files there; each becomes a record. A missing directory has
 * none. */
void store_find(const char *dir, const char *id, struct records *r);

#endif
