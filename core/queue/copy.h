/* SPDX-License-Identifier: BSD-2-Clause */
/* copy.h - copies of bytes into a queue and out of it.
 *
 * Copies of a few bytes dominate short messages, and a call costs more than they do.
 */
#ifndef VMCI_QUEUE_COPY_H
#define VMCI_QUEUE_COPY_H

#include <stddef.h>
#include <stdint.h>
#include <vmci/mem.h>

/* Two moves of one width, overlapping in the middle, cover every length between the width and twice
 * of it. */
#define MOVE_TWICE(type)                                                                           \
	do {                                                                                       \
		type first, last;                                                                  \
		__builtin_memcpy(&first, s, sizeof(type));                                         \
		__builtin_memcpy(&last, s + n - sizeof(type), sizeof(type));                       \
		__builtin_memcpy(d, &first, sizeof(type));                                         \
		__builtin_memcpy(d + n - sizeof(type), &last, sizeof(type));                       \
	} while (0)

static inline void ring_copy16(uint8_t *d, const uint8_t *s)
{
	__builtin_memcpy(d, s, 16);
}

/* n bytes, at least 1, from s to d; they do not overlap. */
static inline void ring_copy(uint8_t *d, const uint8_t *s, size_t n)
{
	if (n > 128) {
		memcpy(d, s, n);
	} else if (n > 32) {
		ring_copy16(d, s);
		ring_copy16(d + 16, s + 16);
		if (n > 64) {
			ring_copy16(d + 32, s + 32);
			ring_copy16(d + 48, s + 48);
			ring_copy16(d + n - 64, s + n - 64);
			ring_copy16(d + n - 48, s + n - 48);
		}
		ring_copy16(d + n - 32, s + n - 32);
		ring_copy16(d + n - 16, s + n - 16);
	} else if (n >= 16) {
		ring_copy16(d, s);
		ring_copy16(d + n - 16, s + n - 16);
	} else if (n >= 8) {
		MOVE_TWICE(uint64_t);
	} else if (n >= 4) {
		MOVE_TWICE(uint32_t);
	} else if (n >= 2) {
		MOVE_TWICE(uint16_t);
	} else {
		*d = *s;
	}
}

#undef MOVE_TWICE

#endif
