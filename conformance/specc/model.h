/* SPDX-License-Identifier: BSD-2-Clause */
/* model.h - what the chapters say, once read: the parts of a struct spec.
 *
 * Filled in this order: chapters and raw blocks (markdown.c), constants and
 * layouts (names.c), clauses (clause.c), vector heads (head.c), runs (compile.c).
 * Strings and arrays live as long as the run (mem.h).
 */
#ifndef SPECC_MODEL_H
#define SPECC_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "diag.h"
#include "mem.h"
#include "table.h"

struct cmark_node;

/* One source line of a block. */
struct line {
	const char *s;
	int no; /* in its file, from 1 */
};

enum block_kind {
	BLOCK_CONST,
	BLOCK_LAYOUT,
	BLOCK_VECTOR
};

/* A fenced block that means something. */
struct block {
	enum block_kind kind;
	const char *name; /* second word of the info string */
	const char *rest; /* words behind it */
	size_t chapter;
	int line; /* of the fence */
	VEC(struct line) lines;
	struct cmark_node *node;
};

/* A paragraph that starts with strong emphasis: a clause or a remark on one. */
struct para {
	const char *strong; /* the emphasised words */
	const char *text;   /* plain text behind them */
	size_t chapter;
	int line;
	struct cmark_node *node;
};

struct chapter {
	const char *path;  /* as given, "spec/20-datagrams.md" */
	const char *title; /* first heading */
	const char *slug;  /* "20-datagrams" */
	int number;	   /* 20 */
	const char *part;  /* first part of its clause ids, or NULL */
	struct cmark_node *doc;
};

struct constant {
	const char *name;    /* with VMCI_ */
	const char *source;  /* value as written */
	const char *meaning; /* may be "" */
	int64_t value;
	size_t group; /* index of struct group */
	int line;
};

struct field {
	const char *name;    /* as written: "dst.context" */
	const char *type;    /* as written */
	const char *access;  /* "rw", "r", "w", "rc", or NULL */
	const char *meaning; /* may be "" */
	const char *macro;   /* VMCI_DATAGRAM_DST_CONTEXT, or NULL (a further hole) */
	uint64_t offset;
	uint64_t size; /* bytes, 0 = the rest */
	int line;
};

struct layout {
	const char *name;  /* "vmci_datagram" */
	const char *macro; /* VMCI_DATAGRAM */
	uint64_t size;	   /* bytes; valid if sized */
	bool sized;
	bool registers; /* has an access column */
	VEC(struct field) fields;
};

/* A const or layout block, in the order of the book. */
struct group {
	const char *name;
	size_t chapter;
	int line;
	struct layout *layout; /* NULL: constants */
	size_t const_first, const_count;
	const struct block *block;
};

/* A name that vectors can use. */
struct name {
	const char *name;
	int64_t value;
	int line;
	size_t chapter;
	size_t group;
	bool reg; /* offset of a register */
};

struct clause {
	const char *id;
	const char *text; /* the sentence, blanks folded */
	const char *tail; /* "L F; R-047" */
	const char *rows; /* "R-047 R-050" */
	size_t chapter;
	int line;
	uint32_t hash;
	enum vct_level level;
	enum vct_side side;
	bool choice;
	const char *reason; /* of an untestable clause, or NULL */
	int reason_line;
	struct cmark_node *reason_node;
	VEC(size_t) vectors; /* indices of struct vector that cover it */
	struct cmark_node *node;
};

/* Rows of the fact sheet that are no clause. */
struct rejected {
	const char *rows; /* "R-193 R-194" */
	const char *reason;
	size_t chapter;
	int line;
	struct cmark_node *node;
};

struct each {
	const char *name;
	VEC(const char *) values;
	int line;
};

/* A vector as written. */
struct vector {
	const char *id;
	size_t chapter;
	int line;
	const char *about, *why, *after, *catches; /* the last three may be NULL */
	VEC(size_t) covers;			   /* clause indices */
	uint32_t needs, flags;
	uint8_t role, start;
	bool start_given;
	struct line config; /* s NULL: none */
	VEC(struct each) each;
	VEC(struct line) steps;
	const struct block *block;
	bool broken; /* the head has errors: not compiled */
	int after_line;
	VEC(size_t) runs; /* indices of struct run */
};

/* A place in a vector that binds a variable. */
struct binding {
	const char *name;
	size_t chapter;
	int line;
	size_t vector;
	bool used;
	const char *what; /* "?cid", "region bitmap" */
};

struct ir; /* ir.h */

struct spec {
	struct diags *diags;
	const char *dir; /* where retired.txt, requirements.lock and VERSION are */
	uint32_t version;
	const char *version_text;
	VEC(struct chapter) chapters;
	VEC(struct block) blocks;
	VEC(struct para) paras;
	VEC(struct group) groups;
	VEC(struct constant) constants;
	VEC(struct name) names;
	VEC(struct clause) clauses;
	VEC(struct rejected) rejected;
	VEC(struct vector) vectors;
	VEC(struct binding) bindings;
	struct ir *ir;
};

/* File of a chapter, for messages. */
#define CHAPTER_PATH(sp, i) ((sp)->chapters.v[i].path)

#endif
