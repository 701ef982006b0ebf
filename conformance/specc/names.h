/* SPDX-License-Identifier: BSD-2-Clause */
/* names.h - constants and layouts: the words of the book that have numbers. */
#ifndef SPECC_NAMES_H
#define SPECC_NAMES_H

#include "model.h"

/* Read all const and layout blocks into constants, groups and names. */
void names_read(struct spec *sp);

/* A name as written, with or without VMCI_; NULL if there is none. */
const struct name *names_find(const struct spec *sp, const char *name);

/* The same where a register is meant: CAPS is the register, not a bit of it. */
const struct name *names_register(const struct spec *sp, const char *name);

/* " (did you mean X?)" for the nearest name, or "" if nothing is near. extra are
 * further words that would have been possible, NULL-ended, or NULL. */
const char *names_near(const struct spec *sp, const char *name, const char *const *extra);

/* Add one name; a second definition is an error. */
void names_add(struct spec *sp, const char *name, int64_t value, size_t chapter, int line,
	       bool reg);

/* Without the leading VMCI_. */
const char *names_short(const char *name);

#endif
