/* SPDX-License-Identifier: BSD-2-Clause */
/* expr.h - values: numbers, names, variables and arithmetic. */
#ifndef SPECC_EXPR_H
#define SPECC_EXPR_H

#include "ir.h"
#include "lex.h"

/* How a bare word is looked up first. */
enum expr_mode {
	EXPR_VALUE,
	EXPR_REGISTER, /* a register's name is its offset */
	EXPR_ADDRESS   /* a region's name is its address */
};

/* Compile one value; operators are applied left to right. */
void expr_value(struct lex *lx, enum expr_mode mode, struct ir_code *out);

/* The same as an argument: the value, then VCI_ARG; counts *nargs. */
void expr_arg(struct lex *lx, enum expr_mode mode, struct ir_code *out, uint8_t *nargs);

/* A value that is known now. */
uint64_t expr_known(struct lex *lx, const char *what);

/* True if a value starts here (not a keyword that is no name). */
bool expr_starts(struct lex *lx);

/* The whole of text as a constant; false after an error, which is reported. */
bool expr_constant(struct spec *sp, const char *path, int line, const char *prefix,
		   const char *text, int64_t *value);

#endif
