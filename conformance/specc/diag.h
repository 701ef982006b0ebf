/* SPDX-License-Identifier: BSD-2-Clause */
/* diag.h - what specc has to say about the chapters.
 *
 * Messages are collected and printed sorted by place, each once, so that a run
 * reports all it finds and in an order that does not depend on how it looked.
 */
#ifndef SPECC_DIAG_H
#define SPECC_DIAG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct diags;

struct diags *diag_new(void);

/* One line without a full stop at the end; file may be NULL, line 0 (none). */
void diag_error(struct diags *d, const char *file, int line, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
void diag_warning(struct diags *d, const char *file, int line, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* Print all, errors and (unless quiet) warnings; returns the number of errors. */
size_t diag_print(struct diags *d, FILE *out, bool quiet);
size_t diag_errors(const struct diags *d);
size_t diag_warnings(const struct diags *d);

#endif
