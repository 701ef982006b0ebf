/* SPDX-License-Identifier: BSD-2-Clause */
/* build_table.h - small tables of vectors made by hand, for unit tests. */
#ifndef TEST_BUILD_TABLE_H
#define TEST_BUILD_TABLE_H

#include "../table.h"

#define BUILD_MAX 256

struct build {
	struct vct_vector vectors[8];
	struct vct_step steps[BUILD_MAX];
	struct vct_insn_rec code[4 * BUILD_MAX];
	uint32_t nvectors, nsteps, ncode, nstr, nraw;
	char strings[2048];
	uint8_t raw[512];
	_Alignas(8) uint8_t table[65536];
	uint32_t size;
};

void build_start(struct build *b);
uint32_t build_string(struct build *b, const char *s);
/* Append one instruction; returns its index. */
uint32_t build_insn(struct build *b, unsigned op, unsigned width, unsigned aux, uint64_t value);
/* Bytes for VCI_RAW and VCI_MASKED; the instruction is appended, its value is fixed up in
 * build_table(). */
uint32_t build_raw(struct build *b, unsigned op, const void *bytes, uint32_t len, uint32_t copies);
/* CONST and ARG for each value; END. Returns the first index. */
uint32_t build_args(struct build *b, unsigned n, const uint64_t *values);
struct vct_step *build_step(struct build *b, unsigned verb, unsigned nargs, const uint64_t *args);
/* A vector of the device role with all steps made since the last one. */
struct vct_vector *build_vector(struct build *b, const char *id);
/* Lay everything out in b->table. One clause, T.ONE.1, which every vector covers. */
void build_table(struct build *b);
/* Give a changed table its CRC. */
void build_crc(uint8_t *table, uint32_t size);

#endif
