/* SPDX-License-Identifier: BSD-2-Clause */
/* One chapter: the Markdown tree with our blocks put in, rendered. */
#include <cmark-gfm.h>
#include <cmark-gfm-core-extensions.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "book.h"
#include "clause.h"
#include "head.h"
#include "markdown.h"
#include "names.h"

/* ---- links inside prose ---- */

static cmark_node *node_link(const char *url, cmark_node *inside)
{
	cmark_node *link = cmark_node_new(CMARK_NODE_LINK);

	cmark_node_set_url(link, url);
	cmark_node_append_child(link, inside);
	return link;
}

static cmark_node *node_text(const char *s, size_t n)
{
	cmark_node *t = cmark_node_new(CMARK_NODE_TEXT);

	cmark_node_set_literal(t, mem_strndup(s, n));
	return t;
}

/* `CAPS` and `dg/x` in code spans lead to what they name. */
static void link_code(struct book *b, cmark_node *code)
{
	const char *s = cmark_node_get_literal(code);
	const struct vector *v = vector_find(b->sp, s, NULL);
	const struct clause *c = clause_find(b->sp, s, NULL);
	const struct name *n = NULL;
	const char *url = NULL;
	cmark_node *copy;

	if (isupper((unsigned char)s[0]) &&
	    strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == strlen(s)) {
		n = names_find(b->sp, s);
		if (!n)
			n = names_register(b->sp, s);
	}
	if (v)
		url = book_vector_url(b, v);
	else if (c)
		url = book_clause_url(b, c);
	else if (n && n->line)
		url = book_name_url(b, n);
	if (!url)
		return;
	copy = cmark_node_new(CMARK_NODE_CODE);
	cmark_node_set_literal(copy, s);
	cmark_node_insert_before(code, node_link(url, copy));
	cmark_node_free(code);
}

/* Length of the clause id at s, or 0. */
static size_t id_at(const char *s)
{
	size_t n = 0;

	while (isupper((unsigned char)s[n]) || isdigit((unsigned char)s[n]) ||
	       (s[n] == '.' && isalnum((unsigned char)s[n + 1])))
		n++;
	return n && clause_is_id(mem_strndup(s, n)) ? n : 0;
}

/* "chapter 24": length of the words and the address, or 0. */
static size_t chapter_at(const struct book *b, const char *s, const char **url)
{
	int number = -1, end = 0;

	if ((str_starts(s, "chapter ") || str_starts(s, "Chapter ")) &&
	    sscanf(s + 8, "%d%n", &number, &end) == 1)
		for (size_t i = 0; i < b->sp->chapters.n; i++)
			if (b->sp->chapters.v[i].number == number) {
				*url = mem_printf("%s.html", b->sp->chapters.v[i].slug);
				return 8 + (size_t)end;
			}
	return 0;
}

static void link_text(struct book *b, cmark_node *text)
{
	const char *s = mem_strdup(cmark_node_get_literal(text)), *from = s;
	bool any = false;

	for (const char *p = s; *p; p++) {
		size_t n = (p == s || !isalnum((unsigned char)p[-1])) ? id_at(p) : 0;
		const struct clause *c = n ? clause_find(b->sp, mem_strndup(p, n), NULL) : NULL;
		const char *url = c ? book_clause_url(b, c) : NULL;

		if (!c)
			n = chapter_at(b, p, &url);
		if (!url)
			continue;
		if (p > from)
			cmark_node_insert_before(text, node_text(from, (size_t)(p - from)));
		cmark_node_insert_before(text, node_link(url, node_text(p, n)));
		any = true;
		p += n - 1;
		from = p + 1;
	}
	if (any)
		cmark_node_set_literal(text, from);
}

static bool inside(cmark_node *n, cmark_node_type type)
{
	for (; n; n = cmark_node_parent(n))
		if (cmark_node_get_type(n) == type)
			return true;
	return false;
}

/* ---- our blocks ---- */

static cmark_node *node_html(const char *s)
{
	cmark_node *n = cmark_node_new(CMARK_NODE_CUSTOM_BLOCK);

	cmark_node_set_on_enter(n, s);
	cmark_node_set_on_exit(n, "");
	return n;
}

/* Nodes are still in the list of those to be visited: they are freed later. */
static void take_out(struct book *b, cmark_node *n)
{
	cmark_node_unlink(n);
	*vec_add(&b->dead) = n;
}

static void replace(struct book *b, cmark_node *old, const char *html)
{
	cmark_node_insert_before(old, node_html(html));
	take_out(b, old);
}

static char *render(cmark_node *n)
{
	char *s = cmark_render_html(n, CMARK_OPT_DEFAULT, NULL);
	char *copy = mem_strdup(s);

	free(s);
	return copy;
}

static void put_block(struct book *b, const struct block *bl)
{
	struct text t = { 0 };

	text_add(&t, "");
	if (bl->kind == BLOCK_VECTOR) {
		for (size_t i = 0; i < b->sp->vectors.n; i++)
			if (b->sp->vectors.v[i].block == bl)
				block_vector(b, &b->sp->vectors.v[i], &t);
	} else {
		for (size_t i = 0; i < b->sp->groups.n; i++) {
			const struct group *g = &b->sp->groups.v[i];

			if (g->block == bl && g->layout)
				block_layout(b, g, &t);
			else if (g->block == bl)
				block_constants(b, g, &t);
		}
	}
	replace(b, bl->node, t.s);
}

static void put_clause(struct book *b, const struct clause *c)
{
	cmark_node *first = cmark_node_first_child(c->node);
	cmark_node *last = cmark_node_last_child(c->node);
	struct text t = { 0 };

	take_out(b, first);
	if (cmark_node_get_type(last) == CMARK_NODE_EMPH)
		take_out(b, last);
	last = cmark_node_last_child(c->node);
	if (last && cmark_node_get_type(last) == CMARK_NODE_SOFTBREAK)
		take_out(b, last);
	block_clause(b, c, render(c->node), &t);
	replace(b, c->node, t.s);
}

static void put_remark(struct book *b, cmark_node *para, const char *kind)
{
	struct text t = { 0 };

	text_printf(&t, "<div class=\"remark %s\">\n%s</div>\n", kind, render(para));
	replace(b, para, t.s);
}

/* ---- headings, tables ---- */

static bool anchor_used(const struct book *b, size_t chapter, const char *anchor)
{
	for (size_t i = 0; i < b->headings.n; i++)
		if (b->headings.v[i].chapter == chapter &&
		    strcmp(b->headings.v[i].anchor, anchor) == 0)
			return true;
	return false;
}

static void put_heading(struct book *b, size_t chapter, cmark_node *n)
{
	int level = cmark_node_get_heading_level(n);
	struct text plain = { 0 }, t = { 0 };
	const char *anchor, *html = render(n);
	struct heading *h;

	markdown_plain(n, &plain);
	anchor = str_slug(plain.s);
	for (int i = 2; anchor_used(b, chapter, anchor); i++)
		anchor = mem_printf("%s-%d", str_slug(plain.s), i);
	h = vec_add(&b->headings);
	h->text = str_fold(plain.s);
	h->anchor = anchor;
	h->chapter = chapter;
	h->level = level;
	h->line = cmark_node_get_start_line(n);
	if (level == 1)
		text_printf(&t, "<p class=\"chapternumber\">Chapter %d</p>\n",
			    b->sp->chapters.v[chapter].number);
	else
		search_add(b, "section", h->text,
			   mem_printf("%s.html#%s", b->sp->chapters.v[chapter].slug, anchor),
			   b->sp->chapters.v[chapter].title);
	text_printf(&t, "<h%d id=\"%s\">", level, anchor);
	if (level > 1)
		text_printf(&t, "<a class=\"self\" href=\"#%s\" aria-label=\"link here\">§</a>",
			    anchor);
	text_add(&t, strchr(html, '>') + 1);
	replace(b, n, t.s);
}

static void wrap_table(cmark_node *n)
{
	cmark_node_insert_before(n, node_html("<div class=\"table\">"));
	cmark_node_insert_after(n, node_html("</div>"));
}

/* Prose goes into the search index under the heading it stands below. */
static void index_para(struct book *b, size_t chapter, cmark_node *n)
{
	const struct heading *h = NULL;
	struct text plain = { 0 };

	if (b->headings.n && vec_last(&b->headings)->chapter == chapter)
		h = vec_last(&b->headings);
	markdown_plain(n, &plain);
	if (plain.len > 40 && h)
		search_add(b, "text", h->text,
			   mem_printf("%s.html#%s", b->sp->chapters.v[chapter].slug, h->anchor),
			   str_fold(plain.s));
}

typedef void visit_fn(struct book *b, size_t chapter, cmark_node *n);

/* All nodes are collected first: visiting changes the tree. */
static void visit_all(struct book *b, size_t chapter, visit_fn *visit)
{
	cmark_iter *it = cmark_iter_new(b->sp->chapters.v[chapter].doc);
	VEC(cmark_node *) nodes = { 0 };
	cmark_event_type ev;

	while ((ev = cmark_iter_next(it)) != CMARK_EVENT_DONE)
		if (ev == CMARK_EVENT_ENTER)
			*vec_add(&nodes) = cmark_iter_get_node(it);
	cmark_iter_free(it);
	for (size_t i = 0; i < nodes.n; i++)
		visit(b, chapter, nodes.v[i]);
}

static void visit_inline(struct book *b, size_t chapter, cmark_node *n)
{
	cmark_node_type type = cmark_node_get_type(n);

	(void)chapter;
	if ((type != CMARK_NODE_CODE && type != CMARK_NODE_TEXT) || inside(n, CMARK_NODE_LINK) ||
	    inside(n, CMARK_NODE_HEADING))
		return;
	/* The id that starts a clause is no link to itself. */
	if (inside(n, CMARK_NODE_STRONG))
		return;
	if (type == CMARK_NODE_CODE)
		link_code(b, n);
	else
		link_text(b, n);
}

static void visit_block(struct book *b, size_t chapter, cmark_node *n)
{
	switch ((int)cmark_node_get_type(n)) {
	case CMARK_NODE_HEADING:
		put_heading(b, chapter, n);
		return;
	case CMARK_NODE_CODE_BLOCK:
		for (size_t i = 0; i < b->sp->blocks.n; i++)
			if (b->sp->blocks.v[i].node == n)
				put_block(b, &b->sp->blocks.v[i]);
		return;
	case CMARK_NODE_PARAGRAPH:
		for (size_t i = 0; i < b->sp->clauses.n; i++) {
			if (b->sp->clauses.v[i].node == n) {
				put_clause(b, &b->sp->clauses.v[i]);
				return;
			}
			if (b->sp->clauses.v[i].reason_node == n) {
				put_remark(b, n, "untestable");
				return;
			}
		}
		for (size_t i = 0; i < b->sp->rejected.n; i++) {
			if (b->sp->rejected.v[i].node == n) {
				put_remark(b, n, "rejected");
				return;
			}
		}
		index_para(b, chapter, n);
		return;
	default:
		if (strcmp(cmark_node_get_type_string(n), "table") == 0)
			wrap_table(n);
		return;
	}
}

int book_chapter(struct book *b, size_t chapter)
{
	const struct chapter *ch = &b->sp->chapters.v[chapter];
	const char *file = mem_printf("%s.html", ch->slug);
	struct text out = { 0 };

	visit_all(b, chapter, visit_inline);
	visit_all(b, chapter, visit_block);
	page_begin(b, &out, ch->title, file, chapter);
	text_add(&out, "<article>\n");
	text_add(&out, render(ch->doc));
	text_add(&out, "</article>\n");
	for (size_t i = 0; i < b->dead.n; i++)
		cmark_node_free(b->dead.v[i]);
	b->dead.n = 0;
	return page_end(b, &out, file, chapter);
}
