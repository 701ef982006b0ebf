/* SPDX-License-Identifier: BSD-2-Clause */
/* spec.h - the whole book, read. */
#ifndef SPECC_SPEC_H
#define SPECC_SPEC_H

#include "model.h"

/* Read these chapters (n 0: every NN-name.md of dir, in order) and all that
 * belongs to them; messages are in the result's diags. dir NULL: that of the
 * first chapter, or "spec". */
struct spec *spec_load(const char *dir, char *const *paths, size_t n);

/* Give back what mem.h does not own. */
void spec_release(struct spec *sp);

#endif
