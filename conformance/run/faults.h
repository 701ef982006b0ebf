/* SPDX-License-Identifier: BSD-2-Clause */
/* faults.h - deliberate mistakes of the core, in a program built with -DVMCI_FAULTS. */
#ifndef CONFORM_FAULTS_H
#define CONFORM_FAULTS_H

#include <stdbool.h>
#include <stddef.h>

/* Switch on one mistake, NULL: none. Returns 0, or -1 with one line on stderr: this program
 * has none built in. */
int faults_select(const char *name);

/* Whether the program has them. */
bool faults_built_in(void);

/* Names that the core asked for so far, in the order of first use, and their number. Static. */
const char *const *faults_met(size_t *count);

/* How often the selected mistake was made since it was selected. */
unsigned long faults_made(void);

#endif
