/* SPDX-License-Identifier: BSD-2-Clause */
/* code_number.h - number patterns: tests of one number, joined by and, or. */
#ifndef CONFORMANCE_CODE_NUMBER_H
#define CONFORMANCE_CODE_NUMBER_H

#include "code.h"
#include "text.h"

/* What a number pattern is held against. */
struct code_subject {
	uint64_t value;
	bool is32;	/* compared by the low 32 bits, sign-extended for order */
	bool is_result; /* negative numbers are VMCI results and get a name in texts */
};

/* Judge a number; binds variables. want gets the pattern as text. first must not be VCT_NONE. */
bool code_number(struct code_env *env, uint32_t first, struct code_subject s, struct text *want);

/* The same for a pattern that stands inside of other code: the instructions from `first` to before
 * `end`, or to VCI_END. */
bool code_judge(struct code_env *env, const struct vct_insn_rec *first,
		const struct vct_insn_rec *end, struct code_subject s, struct text *want);

/* Append a subject's value. */
void code_subject_text(struct text *t, struct code_subject s);

#endif
