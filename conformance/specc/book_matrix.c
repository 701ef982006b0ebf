/* SPDX-License-Identifier: BSD-2-Clause */
/* The matrix: what is known of each clause for each implementation, role and target. */
#include <string.h>

#include "book.h"
#include "clause.h"

static void head(struct book *b, struct text *out)
{
	text_add(out, "<thead><tr><th>Clause</th><th>Level</th>");
	for (size_t i = 0; i < b->results->columns.n; i++) {
		const struct column *c = &b->results->columns.v[i];

		text_add(out, "<th class=\"col\">");
		text_html(out, mem_printf("%s %s", c->implementation, c->version));
		text_add(out, "<br/>");
		text_html(out, c->role);
		text_add(out, "<br/>");
		text_html(out, c->target);
		text_add(out, "</th>");
	}
	text_add(out, "</tr></thead>\n");
}

static void cell(struct book *b, const struct column *c, const struct clause *cl, struct text *out)
{
	enum outcome o = results_of_clause(b->sp, c, cl);
	size_t n = 0, run = 0;
	const struct vector *worst = NULL;

	for (size_t i = 0; i < cl->vectors.n; i++) {
		const struct vector *v = &b->sp->vectors.v[cl->vectors.v[i]];
		enum outcome vo = results_of_vector(b->sp, c, v);

		run += vo != OUTCOME_NONE;
		n += vo == o && vo != OUTCOME_NONE;
		if (vo == o && !worst)
			worst = v;
	}
	if (o == OUTCOME_NONE) {
		text_printf(out, "<td class=\"none\">%s</td>", cl->reason ? "untestable" : "–");
		return;
	}
	text_printf(out, "<td class=\"cell %s\"><a href=\"%s\" title=\"%zu of %zu vectors\">%s",
		    outcome_name(o), book_vector_url(b, worst), n, run, outcome_name(o));
	if (run > 1)
		text_printf(out, " %zu/%zu", n, run);
	text_add(out, "</a></td>");
}

int book_matrix(struct book *b)
{
	const struct spec *sp = b->sp;
	struct text out = { 0 };

	page_begin(b, &out, "Results", "matrix.html", BOOK_NO_CHAPTER);
	text_add(&out, "<h1>Results</h1>\n");
	if (!b->results->columns.n)
		text_add(&out, "<p>No results were given when this book was made. "
			       "<code>make conform book</code> runs all vectors and adds "
			       "them.</p>\n");
	else
		text_add(&out,
			 "<p>Each cell shows the outcome that matters most among the vectors "
			 "of a clause, and how many had it. It leads to the first of them.</p>\n");
	for (size_t ch = 0; ch < sp->chapters.n && b->results->columns.n; ch++) {
		bool any = false;

		for (size_t i = 0; i < sp->clauses.n; i++) {
			const struct clause *c = &sp->clauses.v[i];

			if (c->chapter != ch)
				continue;
			if (!any) {
				text_printf(&out, "<h2 id=\"%s\">", sp->chapters.v[ch].slug);
				text_html(&out, sp->chapters.v[ch].title);
				text_add(&out,
					 "</h2>\n<div class=\"table\"><table class=\"matrix\">");
				head(b, &out);
				text_add(&out, "<tbody>\n");
				any = true;
			}
			text_printf(&out, "<tr><th><a href=\"%s\" title=\"", book_clause_url(b, c));
			text_html(&out, c->text);
			text_printf(&out, "\">%s</a></th><td>%s%s</td>", c->id,
				    clause_level_name(c->level), c->choice ? ", choice" : "");
			for (size_t k = 0; k < b->results->columns.n; k++)
				cell(b, &b->results->columns.v[k], c, &out);
			text_add(&out, "</tr>\n");
		}
		if (any)
			text_add(&out, "</tbody></table></div>\n");
	}
	return page_end(b, &out, "matrix.html", BOOK_NO_CHAPTER);
}
