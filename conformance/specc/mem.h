/* SPDX-License-Identifier: BSD-2-Clause */
/* mem.h - memory of one run of specc.
 *
 * specc reads some files, writes some files and ends. What it allocates lives
 * until the end of the run, in blocks that mem_release() gives back; nothing is
 * freed alone. Out of memory ends the program with exit code 2.
 */
#ifndef SPECC_MEM_H
#define SPECC_MEM_H

#include <stddef.h>

/* size zeroed bytes, aligned for any type; never NULL. */
void *mem_alloc(size_t size);

/* A copy of n bytes of s (or of all of the string s) with a NUL behind it. */
char *mem_strndup(const char *s, size_t n);
char *mem_strdup(const char *s);

/* A string as printf makes it. */
char *mem_printf(const char *fmt, ...) __attribute__((format(printf, 1, 2), nonnull(1)));

/* Give everything back. Every pointer of this module is invalid afterwards. */
void mem_release(void);

/* A growing array: VEC(int) a = { 0 }; *vec_add(&a) = 3; a.v[0]. Elements move
 * when it grows, so an index outlives a vec_add and a pointer does not. */
#define VEC(type)                                                                                  \
	struct {                                                                                   \
		type *v;                                                                           \
		size_t n;                                                                          \
		size_t room;                                                                       \
	}
#define vec_add(a)                                                                                 \
	((a)->v = mem_room((a)->v, sizeof(*(a)->v), (a)->n, &(a)->room), (a)->n++,                 \
	 &(a)->v[(a)->n - 1])
#define vec_last(a) (&(a)->v[(a)->n - 1])

/* Array v of n elements with place for one more, moved if *room is used up; the
 * new element is zero. For vec_add. */
void *mem_room(void *v, size_t element, size_t n, size_t *room);

#endif
