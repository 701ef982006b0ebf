/* SPDX-License-Identifier: BSD-2-Clause */
/* packet.h - the bytes item `packet`: what a control packet of stream sockets carries. */
#ifndef SPECC_PACKET_H
#define SPECC_PACKET_H

#include "ir.h"
#include "lex.h"

#define PACKET_BYTES 32 /* the payload of the datagram */

/* TYPE SRC:DST and what follows of `proto V`, `size V`, `mode V`, `handle C:R`, `generation V`,
 * `offset V`, `version V`, `reserved V`; what is not given is 0, the version 1. TYPE is a name
 * without STREAM_, or a number. In a pattern each V may be a simple number pattern. */
void packet_item(struct lex *lx, bool pattern, struct ir_code *out);

#endif
