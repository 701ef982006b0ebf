/* SPDX-License-Identifier: BSD-2-Clause */
/* code.h - running the code of a step: values, bytes to send, patterns to compare with.
 *
 * The table was checked by vct_open(), so code always ends and never leaves its stack. All
 * results go to buffers of the caller.
 */
#ifndef CONFORMANCE_CODE_H
#define CONFORMANCE_CODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "rings.h"
#include "table.h"
#include "text.h"

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

/* What a number pattern is held against. */
struct code_subject {
	uint64_t value;
	bool is32;	/* compared by the low 32 bits, sign-extended for order */
	bool is_result; /* negative numbers are VMCI results and get a name in texts */
};

/* Arguments of a step, at most PEER_ARGS of them. Returns their number. */
unsigned code_args(const struct code_env *env, uint32_t first, uint64_t *args);

/* Build bytes. Returns 0 and *len, or -1: more than max bytes; or -2: a page list of a pair that
 * does not exist. VCT_NONE gives no bytes. */
int code_blob(const struct code_env *env, uint32_t first, uint8_t *buf, size_t max, size_t *len);

/* Judge a number; binds variables. want gets the pattern as text. first must not be VCT_NONE. */
bool code_number(struct code_env *env, uint32_t first, struct code_subject s, struct text *want);

/* What the bytes are, for texts: offsets of a datagram have names. */
enum code_context {
	CODE_PLAIN,
	CODE_DATAGRAM, /* whole datagrams */
	CODE_PAYLOAD   /* what follows a header */
};

/* Judge bytes; binds variables. At the first difference want and saw get texts that name it. */
bool code_bytes(struct code_env *env, uint32_t first, const uint8_t *p, size_t n,
		enum code_context context, struct text *want, struct text *saw);

/* Append a subject's value. */
void code_subject_text(struct text *t, struct code_subject s);

#endif
