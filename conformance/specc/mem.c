/* SPDX-License-Identifier: BSD-2-Clause */
#include "mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_SIZE ((size_t)1 << 20)

struct block {
	struct block *next;
	size_t used;
	size_t size;
	max_align_t data[];
};

static struct block *blocks;

static struct block *block_new(size_t size)
{
	struct block *b = calloc(1, sizeof(*b) + size);

	if (!b) {
		fputs("specc: out of memory\n", stderr);
		exit(2);
	}
	b->size = size;
	b->next = blocks;
	blocks = b;
	return b;
}

void *mem_alloc(size_t size)
{
	const size_t align = _Alignof(max_align_t);
	struct block *b = blocks;
	void *p;

	size = (size + align - 1) / align * align;
	if (!b || b->size - b->used < size)
		b = block_new(size > BLOCK_SIZE ? size : BLOCK_SIZE);
	p = (char *)b->data + b->used;
	b->used += size;
	return p;
}

char *mem_strndup(const char *s, size_t n)
{
	char *p = mem_alloc(n + 1);

	memcpy(p, s, n);
	return p;
}

char *mem_strdup(const char *s)
{
	return mem_strndup(s, strlen(s));
}

char *mem_printf(const char *fmt, ...)
{
	va_list ap;
	int n;
	char *p;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0)
		n = 0;
	p = mem_alloc((size_t)n + 1);
	va_start(ap, fmt);
	vsnprintf(p, (size_t)n + 1, fmt, ap);
	va_end(ap);
	return p;
}

void mem_release(void)
{
	while (blocks) {
		struct block *b = blocks;

		blocks = b->next;
		free(b);
	}
}

void *mem_room(void *v, size_t element, size_t n, size_t *room)
{
	void *p;

	if (n < *room) {
		/* The place may have been used and given up. */
		memset((char *)v + n * element, 0, element);
		return v;
	}
	*room = *room ? *room * 2 : 8;
	p = mem_alloc(*room * element);
	if (n)
		memcpy(p, v, n * element);
	return p;
}
