/* SPDX-License-Identifier: BSD-2-Clause */
/* mem.c - the four functions that the core and compilers call.
 *
 * gnu-efi's library has some of them, which ones depends on its version: weak, so that its own win.
 */
#include <stddef.h>
#include <stdint.h>
#include <vmci/mem.h>

/* Without this the compiler turns each loop into a call of the function it stands in. */
#pragma GCC optimize("no-tree-loop-distribute-patterns")

__attribute__((weak)) void *memcpy(void *dst, const void *src, size_t n)
{
	uint8_t *d = dst;
	const uint8_t *s = src;

	while (n--)
		*d++ = *s++;
	return dst;
}

__attribute__((weak)) void *memmove(void *dst, const void *src, size_t n)
{
	uint8_t *d = dst;
	const uint8_t *s = src;

	if ((uintptr_t)d <= (uintptr_t)s)
		return memcpy(dst, src, n);
	while (n--)
		d[n] = s[n];
	return dst;
}

__attribute__((weak)) void *memset(void *dst, int value, size_t n)
{
	uint8_t *d = dst;

	while (n--)
		*d++ = (uint8_t)value;
	return dst;
}

__attribute__((weak)) int memcmp(const void *a, const void *b, size_t n)
{
	const uint8_t *x = a, *y = b;

	for (; n--; x++, y++)
		if (*x != *y)
			return *x < *y ? -1 : 1;
	return 0;
}
