/* SPDX-License-Identifier: BSD-2-Clause */
/* lock.h - requirements.lock: what each clause said when its vectors were last
 * looked at. Lines "ID HASH" in the order of the book. */
#ifndef SPECC_LOCK_H
#define SPECC_LOCK_H

#include "model.h"

/* Compare clauses, lock and retired.txt; report what does not fit. */
void lock_check(struct spec *sp);

/* Write the hashes of these ids (n 0: of all clauses that have none yet) into
 * the lock; lines of clauses that are gone are dropped. Returns 0, or -1 after
 * an error, which is reported. */
int lock_stamp(struct spec *sp, char *const *ids, size_t n);

#endif
