/* SPDX-License-Identifier: BSD-2-Clause */
/* markdown.h - from the files of the book to blocks and paragraphs with places. */
#ifndef SPECC_MARKDOWN_H
#define SPECC_MARKDOWN_H

#include "model.h"

struct text;

/* Read the chapters and extract const, layout and vector blocks and the
 * paragraphs that start with strong emphasis. Lost fences are reported: one
 * that is never closed, one that is indented so far that Markdown sees no
 * fence, one inside another block. Unreadable files are errors too. */
void markdown_read(struct spec *sp, char *const *paths, size_t n);

/* Give the trees back. */
void markdown_release(struct spec *sp);

/* Plain text of all inline nodes below node, soft breaks as blanks. */
void markdown_plain(struct cmark_node *node, struct text *out);

#endif
