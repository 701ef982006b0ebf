/* SPDX-License-Identifier: BSD-2-Clause */
/* pattern.c - bytes that both ends can compute. The guest is emulated, so eight bytes at a time. */
#include <string.h>
#include "pattern.h"

static uint64_t mix(uint64_t x)
{
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
	x = (x ^ x >> 27) * 0x94d049bb133111ebu;
	return x ^ x >> 31;
}

static uint64_t word_of(uint64_t seed, uint64_t index)
{
	return mix((seed << 40) + (index + 1) * 0x9e3779b97f4a7c15u);
}

void pattern_fill(uint64_t seed, uint64_t at, uint8_t *dst, size_t len)
{
	while (len) {
		uint64_t word = word_of(seed, at / 8);
		size_t skip = at % 8, n = 8 - skip < len ? 8 - skip : len;

		memcpy(dst, (const uint8_t *)&word + skip, n);
		dst += n;
		at += n;
		len -= n;
	}
}

void sum_add(struct sum *s, const uint8_t *src, size_t len)
{
	while (len) {
		size_t have = s->bytes % 8, n = 8 - have < len ? 8 - have : len;

		memcpy((uint8_t *)&s->word + have, src, n);
		s->bytes += n;
		src += n;
		len -= n;
		if (s->bytes % 8 == 0) {
			s->hash = mix(s->hash ^ s->word) + s->bytes;
			s->word = 0;
		}
	}
}

uint64_t sum_end(const struct sum *s)
{
	return s->bytes ? mix(s->hash ^ s->word ^ s->bytes << 56) + s->bytes : 0;
}
