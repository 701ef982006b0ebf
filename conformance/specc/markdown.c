/* SPDX-License-Identifier: BSD-2-Clause */
#include "markdown.h"

#include <cmark-gfm-core-extensions.h>
#include <cmark-gfm.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

static const char *const kinds[] = { "const", "layout", "vector" };

void markdown_plain(struct cmark_node *node, struct text *out)
{
	cmark_iter *it = cmark_iter_new(node);
	cmark_event_type ev;

	text_add(out, "");
	while ((ev = cmark_iter_next(it)) != CMARK_EVENT_DONE) {
		cmark_node *n = cmark_iter_get_node(it);
		cmark_node_type type = cmark_node_get_type(n);

		if (ev != CMARK_EVENT_ENTER)
			continue;
		if (type == CMARK_NODE_TEXT || type == CMARK_NODE_CODE)
			text_add(out, cmark_node_get_literal(n));
		else if (type == CMARK_NODE_SOFTBREAK || type == CMARK_NODE_LINEBREAK)
			text_add(out, " ");
	}
	cmark_iter_free(it);
}

static int kind_of(const char *info)
{
	const char *p = info;
	const char *word = str_word(&p);

	for (size_t i = 0; word && i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(word, kinds[i]) == 0)
			return (int)i;
	return -1;
}

static void add_block(struct spec *sp, size_t chapter, cmark_node *node)
{
	const char *info = cmark_node_get_fence_info(node);
	const char *p = info, *s;
	int kind = kind_of(info), no;
	struct block *b;

	if (kind < 0)
		return;
	str_word(&p);
	b = vec_add(&sp->blocks);
	b->kind = (enum block_kind)kind;
	b->name = str_word(&p);
	b->rest = str_fold(p);
	b->chapter = chapter;
	b->line = cmark_node_get_start_line(node);
	b->node = node;
	if (!b->name)
		diag_error(sp->diags, CHAPTER_PATH(sp, chapter), b->line,
			   "a %s block needs a name behind the word", kinds[kind]);
	if (!b->name)
		b->name = "";
	no = b->line + 1;
	for (s = cmark_node_get_literal(node); *s; no++) {
		const char *e = strchr(s, '\n');
		size_t len = e ? (size_t)(e - s) : strlen(s);
		struct line *l = vec_add(&b->lines);

		if (len && s[len - 1] == '\r')
			l->s = mem_strndup(s, len - 1);
		else
			l->s = mem_strndup(s, len);
		l->no = no;
		s += len + (e != NULL);
	}
}

static void add_para(struct spec *sp, size_t chapter, cmark_node *node)
{
	cmark_node *first = cmark_node_first_child(node);
	struct text strong = { 0 }, all = { 0 };
	struct para *p;

	if (!first || cmark_node_get_type(first) != CMARK_NODE_STRONG)
		return;
	markdown_plain(first, &strong);
	markdown_plain(node, &all);
	p = vec_add(&sp->paras);
	p->strong = str_fold(strong.s);
	p->text = str_fold(all.s + strong.len);
	p->chapter = chapter;
	p->line = cmark_node_get_start_line(node);
	p->node = node;
}

static void walk(struct spec *sp, size_t chapter)
{
	struct chapter *ch = &sp->chapters.v[chapter];
	cmark_iter *it = cmark_iter_new(ch->doc);
	cmark_event_type ev;

	while ((ev = cmark_iter_next(it)) != CMARK_EVENT_DONE) {
		cmark_node *n = cmark_iter_get_node(it);

		if (ev != CMARK_EVENT_ENTER)
			continue;
		if (cmark_node_get_type(n) == CMARK_NODE_CODE_BLOCK &&
		    cmark_node_get_fenced(n, &(int){ 0 }, &(int){ 0 }, &(char){ 0 })) {
			add_block(sp, chapter, n);
		} else if (cmark_node_get_type(n) == CMARK_NODE_PARAGRAPH) {
			add_para(sp, chapter, n);
		} else if (cmark_node_get_type(n) == CMARK_NODE_HEADING && !ch->title) {
			struct text t = { 0 };

			markdown_plain(n, &t);
			ch->title = str_fold(t.s);
		}
	}
	cmark_iter_free(it);
	if (!ch->title) {
		diag_error(sp->diags, ch->path, 1, "a chapter starts with a heading, its title");
		ch->title = ch->slug;
	}
}

/* The fence that a line consists of (behind any blanks, quote marks or list
 * marks), or NULL. */
static const char *fence_in(const char *s)
{
	s += strspn(s, " \t>");
	if ((*s == '-' || *s == '*' || *s == '+') && s[1] == ' ')
		s += 1 + strspn(s + 1, " \t");
	return str_starts(s, "```") || str_starts(s, "~~~") ? s : NULL;
}

static const struct block *block_at(const struct spec *sp, size_t chapter, int line)
{
	for (size_t i = 0; i < sp->blocks.n; i++)
		if (sp->blocks.v[i].chapter == chapter && sp->blocks.v[i].line == line)
			return &sp->blocks.v[i];
	return NULL;
}

/* Compare what looks like a fence in the file with what Markdown made of it. */
static void check_fences(struct spec *sp, size_t chapter, const char *file)
{
	const char *path = CHAPTER_PATH(sp, chapter);
	int no = 0, open = 0;
	char mark = 0;
	bool ours = false;

	while (*file) {
		size_t len = strcspn(file, "\n");
		const char *line = mem_strndup(file, len);
		const char *f = fence_in(line);

		no++;
		file += len + (file[len] == '\n');
		if (!f)
			continue;
		if (open && f[0] == mark && strspn(f + 3, "`~ \t\r") == strlen(f + 3)) {
			open = 0;
		} else if (!open) {
			int kind = kind_of(f + strspn(f, "`~"));

			open = no;
			mark = f[0];
			ours = kind >= 0;
			if (ours && !block_at(sp, chapter, no))
				diag_error(sp->diags, path, no,
					   "this %s block is lost: Markdown sees no fence here "
					   "(indented four blanks or more?)",
					   kinds[kind]);
		} else if (kind_of(f + strspn(f, "`~")) >= 0) {
			diag_error(
				sp->diags, path, no,
				"a block starts inside the one of line %d, which has no closing fence",
				open);
			open = no;
			mark = f[0];
			ours = true;
		}
	}
	if (open)
		diag_error(sp->diags, path, open, "the fence of this %sblock is never closed",
			   ours ? "" : "code ");
}

static void read_one(struct spec *sp, const char *path, cmark_syntax_extension *table)
{
	size_t len;
	char *file = file_read(path, &len);
	struct chapter *ch;
	cmark_parser *parser;
	const char *dot;

	if (!file) {
		diag_error(sp->diags, path, 0, "cannot be read: %s", strerror(errno));
		return;
	}
	if (strlen(file) != len) {
		diag_error(sp->diags, path, 0, "has a NUL byte");
		return;
	}
	parser = cmark_parser_new(CMARK_OPT_DEFAULT);
	cmark_parser_attach_syntax_extension(parser, table);
	cmark_parser_feed(parser, file, len);
	ch = vec_add(&sp->chapters);
	ch->path = path;
	dot = strrchr(str_base(path), '.');
	ch->slug =
		dot ? mem_strndup(str_base(path), (size_t)(dot - str_base(path))) : str_base(path);
	ch->number = atoi(ch->slug);
	ch->doc = cmark_parser_finish(parser);
	cmark_parser_free(parser);
	walk(sp, sp->chapters.n - 1);
	check_fences(sp, sp->chapters.n - 1, file);
}

void markdown_read(struct spec *sp, char *const *paths, size_t n)
{
	cmark_syntax_extension *table;

	cmark_gfm_core_extensions_ensure_registered();
	table = cmark_find_syntax_extension("table");
	for (size_t i = 0; i < n; i++)
		read_one(sp, paths[i], table);
}

void markdown_release(struct spec *sp)
{
	for (size_t i = 0; i < sp->chapters.n; i++)
		cmark_node_free(sp->chapters.v[i].doc);
}
