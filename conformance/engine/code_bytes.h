/* SPDX-License-Identifier: BSD-2-Clause */
/* code_bytes.h - byte patterns: what an answer, a datagram or memory must look like. */
#ifndef CONFORMANCE_CODE_BYTES_H
#define CONFORMANCE_CODE_BYTES_H

#include "code_number.h"

/* What the bytes are, for texts: offsets of a datagram have names. */
enum code_context {
	CODE_PLAIN,
	CODE_DATAGRAM, /* whole datagrams */
	CODE_PAYLOAD   /* what follows a header */
};

/* Judge n bytes at p; binds variables. At the first difference want and saw get texts that name it;
 * they are empty before. */
bool code_bytes(struct code_env *env, uint32_t first, const uint8_t *p, size_t n,
		enum code_context context, struct text *want, struct text *saw);

#endif
