/* SPDX-License-Identifier: BSD-2-Clause */
/* code.h - making instructions: emit, fold constants, measure the stack. */
#ifndef SPECC_CODE_H
#define SPECC_CODE_H

#include "ir.h"

void code_op(struct ir_code *c, enum vct_insn op);
void code_const(struct ir_code *c, uint64_t value);
/* An instruction with a width and an aux field. */
void code_wide(struct ir_code *c, enum vct_insn op, unsigned width, unsigned aux);
/* An operator of the value stack; applied at once to constants. */
void code_operator(struct ir_code *c, enum vct_insn op);
/* VCI_RAW, or VCI_MASKED when mask is not NULL. Bytes are kept by reference. */
void code_bytes(struct ir_code *c, const uint8_t *bytes, const uint8_t *mask, uint32_t len);
void code_append(struct ir_code *c, const struct ir_code *more);

/* True if the last instruction is a constant, its value in *value. */
bool code_last_const(const struct ir_code *c, uint64_t *value);

/* Highest stack use, or -1 if the code takes from an empty stack. */
int code_depth(const struct ir_code *c);

#endif
