/* SPDX-License-Identifier: BSD-2-Clause */
/* needs.h - whether a vector applies: what it needs of this harness, and of the device under test.
 *
 * The two are told apart in the outcome: unobserved is a hole in the evidence, skip is none.
 * Results are those of a step: 0, or 1 and e->result has the first thing that is missing.
 */
#ifndef CONFORMANCE_NEEDS_H
#define CONFORMANCE_NEEDS_H

#include "steps.h"

/* Before anything is touched: can this harness do what the vector needs? */
int needs_harness(struct engine *e);
/* With e->offer probed: does the device offer what the vector is about? With ignore_needs always.
 */
int needs_device(struct engine *e);
/* Whether the vector looks at nothing but the PCI function, so that it needs no registers. */
bool needs_only_pci(const struct engine *e);

#endif
