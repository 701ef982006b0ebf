/* SPDX-License-Identifier: BSD-2-Clause */
/* loop.h - the device built into the application as the one under test.
 *
 * Needs no hardware and no simulator: shows on any firmware that the suite works, and how a run
 * looks.
 */
#ifndef EFI_LOOP_H
#define EFI_LOOP_H

#include "console.h"
#include "options.h"
#include "suite.h"

/* Carry out o->command (run; others say what they need) on a fresh built-in device. */
enum suite_status loop_run(const struct options *o, struct console *c);

#endif
