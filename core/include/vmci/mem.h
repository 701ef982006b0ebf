/* SPDX-License-Identifier: BSD-2-Clause */
/* mem.h - the four functions that the core calls and does not bring along.
 *
 * Every C environment has them, also a freestanding one (the compiler itself calls them).
 */
#ifndef VMCI_MEM_H
#define VMCI_MEM_H

#include <stddef.h>

void *memcpy(void *restrict dst, const void *restrict src, size_t n);
void *memmove(void *dst, const void *src, size_t n);
void *memset(void *dst, int c, size_t n);
int memcmp(const void *a, const void *b, size_t n);

#endif
