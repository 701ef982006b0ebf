/* SPDX-License-Identifier: BSD-2-Clause */
/* defs.h - the C header of all constants and layouts (core/include/vmci/defs.h). */
#ifndef SPECC_DEFS_H
#define SPECC_DEFS_H

#include "model.h"

struct text;

void defs_write(const struct spec *sp, struct text *out);

/* Report how `file` (its bytes in s) differs from what the chapters say: each
 * name that is missing, too much or has another value, on stderr. Returns the
 * number of differences; other text is one difference. */
size_t defs_compare(const struct spec *sp, const char *file, const char *s);

#endif
