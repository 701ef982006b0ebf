/* SPDX-License-Identifier: BSD-2-Clause */
/* ir.h - the compiled form before it is bytes: what table_write() writes and
 * table_read() gives back. Strings may be NULL where table.h says VCT_NONE. */
#ifndef SPECC_IR_H
#define SPECC_IR_H

#include <stdbool.h>

#include "mem.h"
#include "table.h"

/* One instruction; value of VCI_RAW and VCI_MASKED stays 0, bytes holds the
 * data: rec.len bytes, twice as many for VCI_MASKED (bytes, then the mask). */
struct ir_insn {
	struct vct_insn_rec rec;
	const uint8_t *bytes;
};

struct ir_code {
	VEC(struct ir_insn) insns; /* without the final VCI_END */
	bool present;
};

struct ir_step {
	uint8_t actor, verb, nargs;
	uint32_t op, line, within_us;
	const char *text;
	struct ir_code args, blob, ipat, bpat;
};

struct ir_run {
	const char *id, *about, *why, *file, *catches;
	uint32_t line, needs, abilities, flags;
	VEC(uint32_t) covers; /* clause indices */
	uint8_t role, start, transport, window;
	uint32_t config_mask, nslots, nobjects;
	uint64_t config[VCT_CONFIG_KEYS];
	VEC(struct ir_step) steps;
};

struct ir_req {
	const char *id, *text, *marks, *file, *reason, *chapter;
	uint32_t line, hash;
	uint8_t level, side, choice, untestable;
};

struct ir {
	uint32_t spec_version;
	VEC(struct ir_req) reqs;
	VEC(struct ir_run) runs;
};

#endif
