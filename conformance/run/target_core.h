/* SPDX-License-Identifier: BSD-2-Clause */
/* target_core.h - the core's device in this process, on virtual time. */
#ifndef CONFORM_TARGET_CORE_H
#define CONFORM_TARGET_CORE_H

#include "target.h"

/* options: "" or words separated by commas: 8k, 256k (size of BAR1), msix, msi, intx (what the
 * function offers), vectors=N. Returns 0, or -1 and one line in error. */
int target_core_open(struct target *t, const char *options, char *error, size_t size);

#endif
