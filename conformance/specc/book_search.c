/* SPDX-License-Identifier: BSD-2-Clause */
/* The search index: a script that defines an array, since a page opened from a
 * file may load scripts but no data. */
#include "book.h"
#include "clause.h"
#include "names.h"

/* A JavaScript string; '<' is escaped so that no end of a script can be inside. */
static void put_string(struct text *out, const char *s)
{
	text_add(out, "\"");
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;

		if (c == '"' || c == '\\')
			text_printf(out, "\\%c", c);
		else if (c < 0x20 || c == '<')
			text_printf(out, "\\x%02x", c);
		else
			text_bytes(out, s, 1);
	}
	text_add(out, "\"");
}

void search_add(struct book *b, const char *kind, const char *title, const char *url,
		const char *text)
{
	text_add(&b->search, b->search.len ? ",\n[" : "[");
	put_string(&b->search, kind);
	text_add(&b->search, ",");
	put_string(&b->search, title);
	text_add(&b->search, ",");
	put_string(&b->search, url);
	text_add(&b->search, ",");
	put_string(&b->search, text);
	text_add(&b->search, "]");
}

static void add_names(struct book *b)
{
	const struct spec *sp = b->sp;

	for (size_t g = 0; g < sp->groups.n; g++) {
		const struct group *gr = &sp->groups.v[g];
		const char *slug = sp->chapters.v[gr->chapter].slug;
		const struct layout *lo = gr->layout;

		for (size_t i = 0; i < gr->const_count; i++) {
			const struct constant *c = &sp->constants.v[gr->const_first + i];

			search_add(b, "constant", c->name, mem_printf("%s.html#%s", slug, c->name),
				   mem_printf("%s  %s", c->source, c->meaning));
		}
		if (lo)
			search_add(b, "layout", lo->name,
				   mem_printf("%s.html#layout-%s", slug, str_slug(lo->name)), "");
		for (size_t i = 0; lo && i < lo->fields.n; i++) {
			const struct field *f = &lo->fields.v[i];

			if (f->macro)
				search_add(b, lo->registers ? "register" : "field", f->macro,
					   mem_printf("%s.html#%s", slug, f->macro),
					   mem_printf("offset %llu, %s  %s",
						      (unsigned long long)f->offset, f->type,
						      f->meaning));
		}
	}
}

int search_write(struct book *b)
{
	struct text out = { 0 };

	for (size_t i = 0; i < b->sp->clauses.n; i++) {
		const struct clause *c = &b->sp->clauses.v[i];

		search_add(b, "clause", c->id, book_clause_url(b, c), c->text);
	}
	add_names(b);
	for (size_t i = 0; i < b->sp->vectors.n; i++) {
		const struct vector *v = &b->sp->vectors.v[i];

		search_add(b, "vector", v->id, book_vector_url(b, v), v->about ? v->about : "");
	}
	text_add(&out, "window.bookIndex = [\n");
	text_add(&out, text_str(&b->search));
	text_add(&out, "\n];\n");
	return book_file(b, "search-index.js", out.s, out.len);
}
