/* SPDX-License-Identifier: BSD-2-Clause */
/* Clauses, constants, layouts and vectors as HTML. */
#include <string.h>

#include "book.h"
#include "chart.h"
#include "clause.h"
#include "head.h"
#include "ir.h"

static const struct {
	char mark;
	const char *means;
} marks[] = {
	{ 'L', "read in the Linux driver" },
	{ 'F', "read in the FreeBSD driver" },
	{ 'O', "read in open-vm-tools" },
	{ 'H', "read in VMware's own former kernel modules" },
	{ 'V', "read in VMware's public documents" },
	{ 'W', "watched on a running system" },
	{ 'I', "inferred from what the other side must see" },
	{ 'C', "our choice: no source decides" },
};

void block_dot(struct text *out, enum outcome o, const char *title)
{
	text_printf(out, "<span class=\"dot %s\" title=\"", outcome_name(o));
	text_html(out, title);
	text_printf(out, "\">%s</span>", outcome_name(o));
}

void block_dots(struct book *b, const struct vector *v, struct text *out)
{
	for (size_t i = 0; i < b->results->columns.n; i++) {
		const struct column *c = &b->results->columns.v[i];
		enum outcome o = results_of_vector(b->sp, c, v);

		if (o != OUTCOME_NONE)
			block_dot(out, o, mem_printf("%s: %s", column_name(c), outcome_name(o)));
	}
}

enum outcome block_worst(const struct book *b, const struct vector *v)
{
	enum outcome most = OUTCOME_NONE;

	for (size_t i = 0; i < b->results->columns.n; i++) {
		enum outcome o = results_of_vector(b->sp, &b->results->columns.v[i], v);

		if (o > most)
			most = o;
	}
	return most;
}

void block_badges(const struct clause *c, struct text *out)
{
	const char *p = mem_strndup(c->tail, strcspn(c->tail, ";")), *mark;

	text_printf(out, "<span class=\"badge level %s\">%s</span>",
		    c->level < VCT_SHOULD ? "must"
		    : c->level == VCT_MAY ? "may"
					  : "should",
		    clause_level_name(c->level));
	text_printf(out, "<span class=\"badge side\">%s</span>", clause_side_name(c->side));
	while ((mark = str_word(&p)) != NULL) {
		const char *means = "";

		for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
			if (marks[i].mark == mark[0])
				means = marks[i].means;
		text_printf(out, "<span class=\"badge mark%s\" title=\"%s\">%s</span>",
			    mark[0] == 'C' ? " choice" : "", means, mark);
	}
	if (c->choice)
		text_add(out, "<span class=\"badge choice\" title=\"a device that chose otherwise "
			      "differs, it does not fail\">choice</span>");
}

void block_clause(struct book *b, const struct clause *c, const char *sentence, struct text *out)
{
	text_printf(out, "<div class=\"clause %s\" id=\"%s\">\n<div class=\"bar\">",
		    c->level < VCT_SHOULD ? "must"
		    : c->level == VCT_MAY ? "may"
					  : "should",
		    c->id);
	text_printf(out, "<a class=\"id\" href=\"#%s\">%s</a>", c->id, c->id);
	block_badges(c, out);
	if (*c->rows)
		text_printf(out, "<span class=\"rows\" title=\"rows of the fact sheet\">%s</span>",
			    c->rows);
	text_add(out, "</div>\n");
	text_add(out, sentence);
	text_add(out, "<div class=\"tested\">");
	for (size_t i = 0; i < c->vectors.n; i++) {
		const struct vector *v = &b->sp->vectors.v[c->vectors.v[i]];

		text_add(out, i ? " " : "Tested by ");
		text_printf(out, "<a class=\"vref\" href=\"%s\">", book_vector_url(b, v));
		if (b->results->columns.n)
			block_dot(out, block_worst(b, v), outcome_name(block_worst(b, v)));
		text_html(out, v->id);
		text_add(out, "</a>");
	}
	if (!c->vectors.n && c->reason) {
		text_add(out, "No vector: ");
		text_html(out, c->reason);
	} else if (!c->vectors.n) {
		text_add(out, "No vector covers this yet.");
	}
	text_add(out, "</div>\n</div>\n");
}

void block_constants(struct book *b, const struct group *g, struct text *out)
{
	text_printf(out,
		    "<div class=\"table\"><table class=\"names\" id=\"const-%s\">\n<thead><tr>"
		    "<th>Name</th><th>Value</th><th>Meaning</th></tr></thead>\n<tbody>\n",
		    str_slug(g->name));
	for (size_t i = g->const_first; i < g->const_first + g->const_count; i++) {
		const struct constant *c = &b->sp->constants.v[i];

		text_printf(out, "<tr id=\"%s\"><td><code>%s</code></td><td class=\"value\"><code>",
			    c->name, c->name);
		text_html(out, c->source);
		if (c->source[0] == '(')
			text_printf(out, "</code> = <code>0x%llx", (unsigned long long)c->value);
		text_add(out, "</code></td><td>");
		text_html(out, c->meaning);
		text_add(out, "</td></tr>\n");
	}
	text_add(out, "</tbody></table></div>\n");
}

/* Bytes of a picture's row. */
#define ROW 8u

static void cell(struct text *out, const struct field *f, uint64_t width, bool goes_on)
{
	bool hole = str_starts(f->name, "reserved");

	text_printf(out, "<td colspan=\"%u\" class=\"%s%s\" title=\"", (unsigned)width,
		    hole ? "hole" : "field", goes_on ? " more" : "");
	text_html(out, f->meaning);
	text_add(out, "\">");
	text_html(out, goes_on ? "…" : f->size ? f->name : mem_printf("%s …", f->name));
	text_add(out, "</td>");
}

/* Fields as cells of rows of eight bytes. */
static void picture(const struct layout *lo, struct text *out)
{
	uint64_t at = 0;

	text_add(out, "<div class=\"table\"><table class=\"bytes\"><thead><tr><th></th>");
	for (unsigned i = 0; i < ROW; i++)
		text_printf(out, "<th>%u</th>", i);
	text_add(out, "</tr></thead>\n<tbody>\n<tr><th>0</th>");
	for (size_t i = 0; i < lo->fields.n; i++) {
		const struct field *f = &lo->fields.v[i];
		uint64_t left = f->size ? f->size : ROW - at % ROW;
		bool goes_on = false;

		while (left) {
			uint64_t n = ROW - at % ROW < left ? ROW - at % ROW : left;

			if (at && at % ROW == 0)
				text_printf(out, "</tr>\n<tr><th>%llu</th>",
					    (unsigned long long)at);
			/* A long field is three rows: its start, dots, its end. */
			if (goes_on && left > 2 * ROW) {
				n = left - left % ROW - ROW;
				cell(out, f, ROW, true);
			} else {
				cell(out, f, n, goes_on);
			}
			at += n;
			left -= n;
			goes_on = true;
		}
	}
	if (at % ROW)
		text_printf(out, "<td colspan=\"%u\" class=\"end\"></td>",
			    (unsigned)(ROW - at % ROW));
	text_add(out, "</tr>\n</tbody></table></div>\n");
}

static bool has_access(const struct layout *lo)
{
	return lo->registers;
}

void block_layout(struct book *b, const struct group *g, struct text *out)
{
	const struct layout *lo = g->layout;

	(void)b;
	text_printf(out, "<figure class=\"layout\" id=\"layout-%s\"><figcaption><code>",
		    str_slug(lo->name));
	text_html(out, lo->name);
	text_add(out, "</code>");
	if (lo->sized)
		text_printf(out, ", %llu bytes", (unsigned long long)lo->size);
	text_add(out, "</figcaption>\n");
	if (!lo->registers)
		picture(lo, out);
	text_printf(
		out,
		"<div class=\"table\"><table class=\"names\"><thead><tr><th>Offset</th><th>Field</th>"
		"<th>Type</th>%s<th>Meaning</th></tr></thead>\n<tbody>\n",
		has_access(lo) ? "<th>Access</th>" : "");
	for (size_t i = 0; i < lo->fields.n; i++) {
		const struct field *f = &lo->fields.v[i];

		text_add(out, "<tr");
		if (f->macro)
			text_printf(out, " id=\"%s\"", f->macro);
		text_printf(out,
			    lo->registers
				    ? "><td class=\"value\"><code>0x%02llx</code></td><td><code>"
				    : "><td class=\"value\"><code>%llu</code></td><td><code>",
			    (unsigned long long)f->offset);
		text_html(out, f->name);
		text_add(out, "</code></td><td><code>");
		text_html(out, f->type);
		text_add(out, "</code></td>");
		if (has_access(lo))
			text_printf(out, "<td>%s</td>",
				    !f->access			   ? ""
				    : strcmp(f->access, "rc") == 0 ? "read clears"
				    : strcmp(f->access, "r") == 0  ? "read"
				    : strcmp(f->access, "w") == 0  ? "write"
								   : "read, write");
		text_add(out, "<td>");
		text_html(out, f->meaning);
		text_add(out, "</td></tr>\n");
	}
	text_add(out, "</tbody></table></div>\n");
	if (lo->sized)
		text_printf(out, "<span id=\"%s_SIZE\"></span>", lo->macro);
	text_add(out, "</figure>\n");
}

static void vector_facts(const struct vector *v, struct text *out)
{
	for (int i = 0; need_names[i]; i++)
		if (v->needs & 1u << i)
			text_printf(out, "<span class=\"badge need\">needs %s</span>",
				    need_names[i]);
	for (int i = 0; flag_names[i]; i++)
		if (v->flags & 1u << i)
			text_printf(out, "<span class=\"badge flag\">%s</span>", flag_names[i]);
	if (v->start == VCT_START_RAW)
		text_add(out, "<span class=\"badge need\">starts raw</span>");
	for (size_t i = 0; i < v->each.n; i++) {
		text_add(out, "<span class=\"badge need\">");
		text_html(out, v->each.v[i].name);
		for (size_t k = 0; k < v->each.v[i].values.n; k++) {
			text_add(out, k ? ", " : ": ");
			text_html(out, v->each.v[i].values.v[k]);
		}
		text_add(out, "</span>");
	}
}

static void result_row(const struct column *c, const char *run, enum outcome o, bool stale,
		       struct text *out)
{
	text_add(out, "<tr><td class=\"who\">");
	text_html(out, column_name(c));
	text_add(out, "</td><td>");
	text_html(out, run);
	text_add(out, "</td><td class=\"outcome\">");
	block_dot(out, o, outcome_name(o));
	text_printf(out, " %s%s</td><td>", outcome_name(o), stale ? " (older vectors)" : "");
}

/* Runs that passed are counted, the others are shown one by one. */
static void result_rows(struct book *b, const struct vector *v, const struct column *c,
			struct text *out)
{
	size_t passed = 0, all = 0;
	bool stale = false;

	for (size_t i = 0; i < v->runs.n; i++) {
		const char *id = b->sp->ir->runs.v[v->runs.v[i]].id;
		const struct result *r = results_find(c, id);

		if (!r)
			continue;
		all++;
		if (r->outcome == OUTCOME_PASS) {
			passed++;
			stale |= r->stale;
			continue;
		}
		result_row(c, strchr(id, '@') ? strchr(id, '@') + 1 : "", r->outcome, r->stale,
			   out);
		if (*r->want || *r->saw) {
			text_html(out, r->line);
			text_add(out, ": want <code>");
			text_html(out, r->want);
			text_add(out, "</code>, saw <code>");
			text_html(out, r->saw);
			text_add(out, "</code> ");
		}
		text_html(out, r->reason);
		text_add(out, "</td></tr>\n");
	}
	if (!passed)
		return;
	result_row(c,
		   all == 1	   ? ""
		   : passed == all ? mem_printf("all %zu", all)
				   : mem_printf("%zu of %zu", passed, all),
		   OUTCOME_PASS, stale, out);
	text_add(out, "</td></tr>\n");
}

static void vector_results(struct book *b, const struct vector *v, struct text *out)
{
	struct text rows = { 0 };

	for (size_t i = 0; i < b->results->columns.n; i++)
		result_rows(b, v, &b->results->columns.v[i], &rows);
	if (!rows.len)
		return;
	text_add(out,
		 "<h5>Last results</h5>\n<div class=\"table\"><table class=\"results\"><thead><tr>"
		 "<th>Who</th><th>Run</th><th>Outcome</th><th></th></tr></thead>\n<tbody>\n");
	text_add(out, rows.s);
	text_add(out, "</tbody></table></div>\n");
}

static void vector_source(const struct vector *v, struct text *out)
{
	text_add(out, "<pre class=\"source\"><code>");
	for (size_t i = 0; i < v->block->lines.n; i++) {
		const char *s = v->block->lines.v[i].s;
		size_t code = strlen(s);

		for (size_t k = 0; s[k]; k++)
			if (s[k] == '#' && (k == 0 || s[k - 1] == ' ')) {
				code = k;
				break;
			}
		text_printf(out, "<span class=\"ln\">%d</span>", v->block->lines.v[i].no);
		text_html(out, mem_strndup(s, code));
		if (s[code]) {
			text_add(out, "<span class=\"remark\">");
			text_html(out, s + code);
			text_add(out, "</span>");
		}
		text_add(out, "\n");
	}
	text_add(out, "</code></pre>\n");
}

void block_vector(struct book *b, const struct vector *v, struct text *out)
{
	text_printf(out, "<details class=\"vector\" id=\"%s\"><summary><span class=\"vid\">",
		    book_vector_anchor(v));
	text_html(out, v->id);
	text_printf(out, "</span><span class=\"badge role\">%s under test</span>",
		    v->role == VCT_ROLE_GUEST ? "guest" : "device");
	text_add(out, "<span class=\"dots\">");
	block_dots(b, v, out);
	text_add(out, "</span><span class=\"about\">");
	text_html(out, v->about ? v->about : "");
	text_add(out, "</span></summary>\n<div class=\"inside\">\n");
	if (v->why) {
		text_add(out, "<p class=\"why\">");
		text_html(out, v->why);
		text_add(out, "</p>\n");
	}
	text_add(out, "<p class=\"facts\">Covers");
	for (size_t i = 0; i < v->covers.n; i++) {
		const struct clause *c = &b->sp->clauses.v[v->covers.v[i]];

		text_printf(out, " <a href=\"%s\">%s</a>", book_clause_url(b, c), c->id);
	}
	text_add(out, " ");
	vector_facts(v, out);
	text_add(out, "</p>\n<div class=\"chartbox\">\n");
	chart_write(b->sp, v, out);
	text_add(out, "</div>\n");
	vector_source(v, out);
	vector_results(b, v, out);
	text_add(out, "</div>\n</details>\n");
}
