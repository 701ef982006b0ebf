/* SPDX-License-Identifier: BSD-2-Clause */
/* The contents page and the indexes of clauses, constants, layouts and vectors. */
#include <cmark-gfm.h>
#include <stdlib.h>
#include <string.h>

#include "book.h"
#include "clause.h"
#include "ir.h"
#include "names.h"

static const char reading[] =
	"<section class=\"reading\">\n<h2 id=\"reading\">How to read this book</h2>\n"
	"<p>Prose explains; <em>clauses</em> command. A clause is a box with an id that never "
	"changes, a level, the side it binds, and marks that say how we know. Below each stands "
	"what tests it: <em>vectors</em>, short transcripts of a conversation with the device or "
	"the guest under test. Open one to see it as a chart, as text, and with its last results."
	"</p>\n"
	"<div class=\"table\"><table class=\"legend\"><tbody>\n"
	"<tr><td><span class=\"badge level must\">MUST</span> <span class=\"badge level "
	"should\">SHOULD</span> <span class=\"badge level may\">MAY</span></td><td>how much it "
	"matters: others rely on it; better so; both are right</td></tr>\n"
	"<tr><td><span class=\"badge mark\">L</span> <span class=\"badge mark\">F</span> <span "
	"class=\"badge mark\">O</span> <span class=\"badge mark\">H</span></td><td>read in the "
	"Linux driver, the FreeBSD driver, open-vm-tools, VMware's own former kernel "
	"modules</td></tr>\n"
	"<tr><td><span class=\"badge mark\">V</span> <span class=\"badge mark\">W</span> <span "
	"class=\"badge mark\">I</span></td><td>VMware's public documents, watched on a running "
	"system, inferred from what the other side must see</td></tr>\n"
	"<tr><td><span class=\"badge mark choice\">C</span> <span class=\"badge "
	"choice\">choice</span></td><td>no source decides and we chose; who chose otherwise "
	"<em>differs</em>, and does not fail</td></tr>\n"
	"<tr><td><span class=\"dot pass\">pass</span> <span class=\"dot fail\">fail</span> <span class=\"dot "
	"differs\">differs</span> <span class=\"dot unobserved\">unobserved</span> <span class=\"dot skip\">skip</span> "
	"<span class=\"dot none\">none</span></td><td>passed, failed, differs, could not be observed, "
	"does not apply, never run</td></tr>\n"
	"</tbody></table></div>\n"
	"<p>In a chart, blue is what the suite does and green is what it expects of the side under "
	"test; the number at the left is the line in the chapter's source. Chapters have numbers with "
	"gaps, so that a new one can come between.</p>\n"
	"<p>Press <kbd>/</kbd> and type a name, a number or a few words to find a constant, a field, "
	"a clause or a vector.</p>\n</section>\n";

static size_t count_clauses(const struct spec *sp, size_t chapter)
{
	size_t n = 0;

	for (size_t i = 0; i < sp->clauses.n; i++)
		n += sp->clauses.v[i].chapter == chapter;
	return n;
}

static size_t count_runs(const struct spec *sp, size_t chapter)
{
	size_t n = 0;

	for (size_t i = 0; i < sp->vectors.n; i++)
		if (sp->vectors.v[i].chapter == chapter)
			n += sp->vectors.v[i].runs.n;
	return n;
}

/* Its first paragraph says what a chapter is for. */
static const char *abstract_of(const struct chapter *ch)
{
	cmark_node *n = cmark_node_first_child(ch->doc);
	char *s;
	const char *copy;

	while (n && cmark_node_get_type(n) != CMARK_NODE_PARAGRAPH)
		n = cmark_node_next(n);
	if (!n)
		return "";
	s = cmark_render_html(n, CMARK_OPT_DEFAULT, NULL);
	copy = mem_strdup(s);
	free(s);
	return copy;
}

static void put_summary(struct book *b, struct text *out)
{
	if (!b->results->columns.n)
		return;
	text_add(
		out,
		"<section>\n<h2 id=\"results\">Last results</h2>\n<div class=\"table\"><table "
		"class=\"results\"><thead><tr><th>Implementation</th><th>Role</th><th>Target</th>");
	for (int o = OUTCOME_FAIL; o > OUTCOME_NONE; o--)
		text_printf(out, "<th class=\"num\">%s</th>", outcome_name((enum outcome)o));
	text_add(out, "</tr></thead>\n<tbody>\n");
	for (size_t i = 0; i < b->results->columns.n; i++) {
		const struct column *c = &b->results->columns.v[i];

		text_add(out, "<tr><td>");
		text_html(out, mem_printf("%s %s", c->implementation, c->version));
		text_add(out, "</td><td>");
		text_html(out, c->role);
		text_add(out, "</td><td>");
		text_html(out, c->target);
		text_add(out, "</td>");
		for (int o = OUTCOME_FAIL; o > OUTCOME_NONE; o--)
			text_printf(out, "<td class=\"num %s\">%zu</td>",
				    c->count[o] ? outcome_name((enum outcome)o) : "zero",
				    c->count[o]);
		text_add(out, "</tr>\n");
	}
	text_add(out, "</tbody></table></div>\n<p><a href=\"matrix.html\">All clauses against all "
		      "implementations</a></p>\n</section>\n");
}

int book_contents(struct book *b)
{
	const struct spec *sp = b->sp;
	struct text out = { 0 };

	page_begin(b, &out, "Contents", "index.html", BOOK_NO_CHAPTER);
	text_add(&out, "<div class=\"cover\">\n<h1>VMCI</h1>\n<p class=\"subtitle\">The Virtual "
		       "Machine Communication Interface, specified and tested</p>\n");
	text_printf(&out,
		    "<p class=\"figures\">%zu clauses · %zu vectors in %zu runs · %zu "
		    "constants and fields</p>\n</div>\n",
		    sp->clauses.n, sp->vectors.n, sp->ir->runs.n, sp->names.n);
	text_add(&out, "<h2 id=\"contents\">Contents</h2>\n<ol class=\"toc\">\n");
	for (size_t i = 0; i < sp->chapters.n; i++) {
		const struct chapter *ch = &sp->chapters.v[i];

		text_printf(&out,
			    "<li><span class=\"no\">%d</span><a class=\"title\" href=\"%s.html\">",
			    ch->number, ch->slug);
		text_html(&out, ch->title);
		text_printf(&out, "</a><span class=\"count\">%zu clauses, %zu runs</span>\n",
			    count_clauses(sp, i), count_runs(sp, i));
		text_add(&out, abstract_of(ch));
		text_add(&out, "</li>\n");
	}
	text_add(&out, "</ol>\n");
	text_add(&out, reading);
	put_summary(b, &out);
	return page_end(b, &out, "index.html", BOOK_NO_CHAPTER);
}

static int page_clauses(struct book *b)
{
	const struct spec *sp = b->sp;
	struct text out = { 0 };

	page_begin(b, &out, "All clauses", "clauses.html", BOOK_NO_CHAPTER);
	text_add(&out, "<h1>All clauses</h1>\n");
	for (size_t ch = 0; ch < sp->chapters.n; ch++) {
		if (!count_clauses(sp, ch))
			continue;
		text_printf(&out, "<h2 id=\"%s\">", sp->chapters.v[ch].slug);
		text_html(&out, sp->chapters.v[ch].title);
		text_add(&out, "</h2>\n<div class=\"table\"><table class=\"index\"><tbody>\n");
		for (size_t i = 0; i < sp->clauses.n; i++) {
			const struct clause *c = &sp->clauses.v[i];

			if (c->chapter != ch)
				continue;
			text_printf(&out, "<tr><td><a href=\"%s\">%s</a></td><td class=\"badges\">",
				    book_clause_url(b, c), c->id);
			block_badges(c, &out);
			text_add(&out, "</td><td>");
			text_html(&out, c->text);
			text_add(&out, "</td></tr>\n");
		}
		text_add(&out, "</tbody></table></div>\n");
	}
	return page_end(b, &out, "clauses.html", BOOK_NO_CHAPTER);
}

static int by_constant(const void *a, const void *b)
{
	return strcmp((*(const struct constant *const *)a)->name,
		      (*(const struct constant *const *)b)->name);
}

static int page_constants(struct book *b)
{
	const struct spec *sp = b->sp;
	const struct constant **list = mem_alloc((sp->constants.n + 1) * sizeof(*list));
	struct text out = { 0 };

	for (size_t i = 0; i < sp->constants.n; i++)
		list[i] = &sp->constants.v[i];
	qsort(list, sp->constants.n, sizeof(*list), by_constant);
	page_begin(b, &out, "Constants", "constants.html", BOOK_NO_CHAPTER);
	text_add(&out, "<h1>Constants</h1>\n<p>By name. In C they are in "
		       "<code>core/include/vmci/defs.h</code>; in a vector the leading "
		       "<code>VMCI_</code> may be left out.</p>\n<div class=\"table\"><table "
		       "class=\"names\"><thead><tr><th>Name</th><th>Value</th><th>Meaning</th>"
		       "<th>Group</th></tr></thead>\n<tbody>\n");
	for (size_t i = 0; i < sp->constants.n; i++) {
		const struct constant *c = list[i];
		const struct group *g = &sp->groups.v[c->group];

		text_printf(&out, "<tr><td><a href=\"%s.html#%s\"><code>%s</code></a></td>",
			    sp->chapters.v[g->chapter].slug, c->name, c->name);
		text_add(&out, "<td class=\"value\"><code>");
		text_html(&out, c->source);
		text_add(&out, "</code></td><td>");
		text_html(&out, c->meaning);
		text_add(&out, "</td><td>");
		text_html(&out, g->name);
		text_add(&out, "</td></tr>\n");
	}
	text_add(&out, "</tbody></table></div>\n");
	return page_end(b, &out, "constants.html", BOOK_NO_CHAPTER);
}

static int page_layouts(struct book *b)
{
	const struct spec *sp = b->sp;
	struct text out = { 0 };

	page_begin(b, &out, "Layouts", "layouts.html", BOOK_NO_CHAPTER);
	text_add(&out, "<h1>Layouts</h1>\n<p>Every structure in memory and every register file, in "
		       "the order of the book. All fields are little-endian.</p>\n");
	for (size_t i = 0; i < sp->groups.n; i++) {
		const struct group *g = &sp->groups.v[i];
		struct text one = { 0 };

		if (!g->layout)
			continue;
		block_layout(b, g, &one);
		text_add(&out, one.s);
		text_printf(&out, "<p class=\"where\"><a href=\"%s.html#layout-%s\">",
			    sp->chapters.v[g->chapter].slug, str_slug(g->layout->name));
		text_html(&out, sp->chapters.v[g->chapter].title);
		text_add(&out, "</a></p>\n");
	}
	return page_end(b, &out, "layouts.html", BOOK_NO_CHAPTER);
}

static int page_vectors(struct book *b)
{
	const struct spec *sp = b->sp;
	struct text out = { 0 };

	page_begin(b, &out, "Vectors", "vectors.html", BOOK_NO_CHAPTER);
	text_printf(&out, "<h1>Vectors</h1>\n<p>%zu vectors, %zu runs with their variants.</p>\n",
		    sp->vectors.n, sp->ir->runs.n);
	for (size_t ch = 0; ch < sp->chapters.n; ch++) {
		if (!count_runs(sp, ch))
			continue;
		text_printf(&out, "<h2 id=\"%s\">", sp->chapters.v[ch].slug);
		text_html(&out, sp->chapters.v[ch].title);
		text_add(&out, "</h2>\n<div class=\"table\"><table class=\"index\"><tbody>\n");
		for (size_t i = 0; i < sp->vectors.n; i++) {
			const struct vector *v = &sp->vectors.v[i];

			if (v->chapter != ch)
				continue;
			text_printf(&out, "<tr><td><a href=\"%s\">", book_vector_url(b, v));
			text_html(&out, v->id);
			text_printf(
				&out,
				"</a></td><td>%s</td><td class=\"num\">%zu</td><td class=\"dots\">",
				v->role == VCT_ROLE_GUEST ? "guest" : "device", v->runs.n);
			block_dots(b, v, &out);
			text_add(&out, "</td><td>");
			text_html(&out, v->about ? v->about : "");
			text_add(&out, "</td></tr>\n");
		}
		text_add(&out, "</tbody></table></div>\n");
	}
	return page_end(b, &out, "vectors.html", BOOK_NO_CHAPTER);
}

int book_indexes(struct book *b)
{
	return page_clauses(b) | page_constants(b) | page_layouts(b) | page_vectors(b);
}
