/* SPDX-License-Identifier: BSD-2-Clause */
/* code.h - running the code of a step: a stack machine that computes numbers.
 *
 * What the code of a step is for has a file each: bytes to send (code_items.h), patterns of numbers
 * (code_number.h) and of bytes (code_bytes.h). The table was checked by vct_open(), so code always
 * ends and never leaves its stack. All results go to buffers of the caller.
 */
#ifndef CONFORMANCE_CODE_H
#define CONFORMANCE_CODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "rings.h"
#include "table.h"

struct code_env {
	const struct vct *table;
	uint64_t slots[VCT_SLOTS]; /* variables */
	struct ring_pair pairs[VCT_OBJECTS];
	bool ppn64; /* width of page numbers as negotiated */

	/* For testing the suite: the judged item with this number gives the opposite verdict
	 * (0 is the first one of a pattern), -1 none. code_bytes() leaves in `items` how
	 * many items it judged. */
	int invert_item;
	int items;
};

/* Operands of running code; starts with n 0. */
struct code_stack {
	uint64_t v[VCT_STACK + 1];
	unsigned n;
};

static inline uint64_t code_pop(struct code_stack *s)
{
	return s->v[--s->n];
}

static inline void code_push(struct code_stack *s, uint64_t v)
{
	s->v[s->n++] = v;
}

/* Run an instruction that only computes: VCI_CONST .. VCI_NEG. */
void code_compute(const struct code_env *env, const struct vct_insn_rec *i, struct code_stack *s);

/* Arguments of a step, at most PEER_ARGS of them. Returns their number; none for VCT_NONE. */
unsigned code_args(const struct code_env *env, uint32_t first, uint64_t *args);

#endif
