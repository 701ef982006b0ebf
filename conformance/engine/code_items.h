/* SPDX-License-Identifier: BSD-2-Clause */
/* code_items.h - items of code that stand for bytes (VCI_PUT .. VCI_SEQ), as stimulus and as
 * pattern alike. */
#ifndef CONFORMANCE_CODE_ITEMS_H
#define CONFORMANCE_CODE_ITEMS_H

#include "code.h"

/* One item with its operands. */
struct code_item {
	const struct vct_insn_rec *insn;
	uint64_t a, b; /* operands from the stack */
	uint64_t len;  /* bytes */
};

/* Whether an instruction is such an item. */
bool code_is_item(unsigned op);

/* Take the operands of item i from the stack. Returns 0 and *it, or -2: a page list of a pair that
 * does not exist. i is borrowed for as long as *it is used. */
int code_item_start(const struct code_env *env, const struct vct_insn_rec *i, struct code_stack *s,
		    struct code_item *it);
/* Byte k of the item, k < it->len. */
uint8_t code_item_byte(const struct code_env *env, const struct code_item *it, uint64_t k);

/* Build bytes. Returns 0 and *len, or -1: more than max bytes; or -2: a page list of a pair that
 * does not exist. VCT_NONE gives no bytes. */
int code_blob(const struct code_env *env, uint32_t first, uint8_t *buf, size_t max, size_t *len);

#endif
