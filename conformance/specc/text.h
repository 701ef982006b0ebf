/* SPDX-License-Identifier: BSD-2-Clause */
/* text.h - strings that grow, files, and small questions about text. */
#ifndef SPECC_TEXT_H
#define SPECC_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A string or a run of bytes that grows; all zero is the empty one. s is always
 * NUL-ended once something was added (text_str gives "" before). */
struct text {
	char *s;
	size_t len;
	size_t room;
};

void text_add(struct text *t, const char *s);
void text_bytes(struct text *t, const void *p, size_t n);
void text_printf(struct text *t, const char *fmt, ...)
	__attribute__((format(printf, 2, 3), nonnull(2)));
/* Escaped for an HTML or SVG text or a double-quoted attribute. */
void text_html(struct text *t, const char *s);
/* In double quotes, with \" \\ \n \xNN. */
void text_quoted(struct text *t, const char *s);
const char *text_str(const struct text *t);

/* The whole file, NUL behind it, its length in *len (may be NULL), or NULL. */
char *file_read(const char *path, size_t *len);
/* Write a file, leaving one alone that already has these bytes, so that make
 * sees no change. Returns 0, or -1 with errno. */
int file_write(const char *path, const void *p, size_t len);

/* Words: blanks folded to one, none at the ends. */
char *str_fold(const char *s);
/* s without what stands in front of its last slash. */
const char *str_base(const char *path);
bool str_starts(const char *s, const char *prefix);
/* Next word at *p in a copy, *p moved behind it; NULL at the end. */
char *str_word(const char **p);
/* Lower case, what is no letter or digit folded to one '-'. */
char *str_slug(const char *s);
/* Steps of insertion, deletion, change or swap between two names. */
size_t str_distance(const char *a, const char *b);

/* IEEE CRC-32; start with crc 0. */
uint32_t crc32_add(uint32_t crc, const void *p, size_t n);

#endif
