/* SPDX-License-Identifier: BSD-2-Clause */
/* target_guest.h - the core's guest as the one under test, all in this process.
 *
 *      agent -> guest -> tap -> device -> hub <- peer (host actors)
 *
 * Memory lies across the 4 GiB line and is given out in pieces and places that depend on the seed,
 * so that high address words and scattered pages are the ordinary case. Time is virtual: it passes
 * when somebody waits.
 */
#ifndef CONFORM_TARGET_GUEST_H
#define CONFORM_TARGET_GUEST_H

#include "target.h"

/* Returns 0, or -1 and one line in error. */
int target_guest_open(struct target *t, uint32_t seed, char *error, size_t size);

#endif
