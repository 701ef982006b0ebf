/* SPDX-License-Identifier: BSD-2-Clause */
/* book.h - the HTML book: what its pages share.
 *
 * All pages lie in one directory, link each other by relative names and need no
 * server. They are well-formed XML.
 */
#ifndef SPECC_BOOK_H
#define SPECC_BOOK_H

#include "model.h"
#include "results.h"
#include "text.h"

/* A heading below the title of a chapter. */
struct heading {
	const char *text;
	const char *anchor;
	size_t chapter;
	int level;
	int line;
};

struct book {
	struct spec *sp;
	struct results *results;
	const char *dir;
	VEC(struct heading) headings;
	VEC(struct cmark_node *) dead; /* taken out of the tree of the present chapter */
	struct text search;	       /* entries of the search index */
};

/* Write all pages into dir (made if it is not there). Returns 0, or -1 with
 * errors in sp->diags. */
int book_write(struct spec *sp, struct results *results, const char *dir);

/* ---- addresses ---- */
const char *book_clause_url(const struct book *b, const struct clause *c);
const char *book_vector_url(const struct book *b, const struct vector *v);
const char *book_name_url(const struct book *b, const struct name *n);
const char *book_vector_anchor(const struct vector *v);

/* ---- pages (book_page.c) ---- */
/* Number of the chapter page that is being written, or BOOK_NO_CHAPTER. */
#define BOOK_NO_CHAPTER ((size_t)-1)
/* Head, search, sidebar, up to the start of the main text. file is the page's own name. */
void page_begin(struct book *b, struct text *out, const char *title, const char *file,
		size_t chapter);
/* Previous and next page, end, and write it. Returns 0 or -1 (reported). */
int page_end(struct book *b, struct text *out, const char *file, size_t chapter);
int book_file(struct book *b, const char *file, const char *s, size_t len);

/* ---- pieces (book_blocks.c) ---- */
void block_constants(struct book *b, const struct group *g, struct text *out);
void block_layout(struct book *b, const struct group *g, struct text *out);
void block_vector(struct book *b, const struct vector *v, struct text *out);
/* sentence: the HTML of the paragraph without id and tail. */
void block_clause(struct book *b, const struct clause *c, const char *sentence, struct text *out);
/* A dot that shows an outcome, with words for it. */
void block_dot(struct text *out, enum outcome o, const char *title);
/* Dots of all columns for a vector. */
void block_dots(struct book *b, const struct vector *v, struct text *out);
void block_badges(const struct clause *c, struct text *out);
/* Outcome that matters most over all columns. */
enum outcome block_worst(const struct book *b, const struct vector *v);

/* ---- whole pages ---- */
int book_chapter(struct book *b, size_t chapter);
int book_contents(struct book *b);
int book_indexes(struct book *b);
int book_matrix(struct book *b);

/* ---- search (book_search.c) ---- */
void search_add(struct book *b, const char *kind, const char *title, const char *url,
		const char *text);
int search_write(struct book *b);

/* book.css and book.js, as they are. */
extern const char book_css[], book_css_end[], book_js[], book_js_end[];

#endif
