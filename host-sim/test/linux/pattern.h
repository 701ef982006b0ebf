/* SPDX-License-Identifier: BSD-2-Clause */
/* pattern.h - bytes that both ends of a stream can compute, and a hash of bytes as they pass. */
#ifndef HOST_SIM_TEST_LINUX_PATTERN_H
#define HOST_SIM_TEST_LINUX_PATTERN_H

#include <stddef.h>
#include <stdint.h>

/* Bytes [at, at + len) of the stream that seed names. */
void pattern_fill(uint64_t seed, uint64_t at, uint8_t *dst, size_t len);

/* Zeroed at the start of a stream; the same bytes give the same hash however they are divided. */
struct sum {
	uint64_t bytes, hash, word;
};

void sum_add(struct sum *s, const uint8_t *src, size_t len);
/* Not 0 for a stream with bytes. */
uint64_t sum_end(const struct sum *s);

#endif
