/* SPDX-License-Identifier: BSD-2-Clause */
/* junit.h - results as JUnit XML: a suite for each chapter, a case for each vector. */
#ifndef CONFORM_JUNIT_H
#define CONFORM_JUNIT_H

#include "records.h"

/* Write all records. implementation is the first part of each class name. Returns 0, or -1: writing
 * failed. */
int junit_write(FILE *f, const struct records *r, const char *implementation);

#endif
