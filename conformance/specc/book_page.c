/* SPDX-License-Identifier: BSD-2-Clause */
/* The frame of each page: head, search field, sidebar, previous and next. */
#include <string.h>

#include "book.h"

static const struct {
	const char *file, *title;
} extras[] = {
	{ "clauses.html", "All clauses" }, { "constants.html", "Constants" },
	{ "layouts.html", "Layouts" },	   { "vectors.html", "Vectors" },
	{ "matrix.html", "Results" },
};
#define EXTRAS (sizeof(extras) / sizeof(extras[0]))

static void link_to(struct text *out, const char *url, const char *class_, const char *label)
{
	text_printf(out, "<a href=\"%s\"", url);
	if (*class_)
		text_printf(out, " class=\"%s\"", class_);
	text_add(out, ">");
	text_html(out, label);
	text_add(out, "</a>");
}

static void sections(struct book *b, struct text *out, size_t chapter)
{
	bool open = false;

	for (size_t i = 0; i < b->headings.n; i++) {
		const struct heading *h = &b->headings.v[i];

		if (h->chapter != chapter || h->level != 2)
			continue;
		if (!open)
			text_add(out, "\n<ul>");
		open = true;
		text_add(out, "<li>");
		link_to(out, mem_printf("#%s", h->anchor), "", h->text);
		text_add(out, "</li>\n");
	}
	if (open)
		text_add(out, "</ul>");
}

static void sidebar(struct book *b, struct text *out, const char *file, size_t chapter)
{
	text_add(out, "<nav class=\"side\" id=\"side\" aria-label=\"Contents\">\n");
	link_to(out, "index.html", strcmp(file, "index.html") == 0 ? "home here" : "home",
		"Contents");
	text_add(out, "\n<ol class=\"chapters\">\n");
	for (size_t i = 0; i < b->sp->chapters.n; i++) {
		const struct chapter *ch = &b->sp->chapters.v[i];

		text_printf(out, "<li><span class=\"no\">%d</span>", ch->number);
		link_to(out, mem_printf("%s.html", ch->slug), i == chapter ? "here" : "",
			ch->title);
		if (i == chapter)
			sections(b, out, chapter);
		text_add(out, "</li>\n");
	}
	text_add(out, "</ol>\n<ul class=\"extras\">\n");
	for (size_t i = 0; i < EXTRAS; i++) {
		text_add(out, "<li>");
		link_to(out, extras[i].file, strcmp(file, extras[i].file) == 0 ? "here" : "",
			extras[i].title);
		text_add(out, "</li>\n");
	}
	text_add(out, "</ul>\n</nav>\n");
}

void page_begin(struct book *b, struct text *out, const char *title, const char *file,
		size_t chapter)
{
	text_add(out, "<!DOCTYPE html>\n<html lang=\"en\" xmlns=\"http://www.w3.org/1999/xhtml\">\n"
		      "<head>\n<meta charset=\"utf-8\"/>\n"
		      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n"
		      "<meta name=\"color-scheme\" content=\"light dark\"/>\n<title>");
	text_html(out, title);
	text_add(
		out,
		" · The VMCI specification</title>\n"
		"<link rel=\"stylesheet\" href=\"book.css\"/>\n"
		"<script defer=\"defer\" src=\"search-index.js\"></script>\n"
		"<script defer=\"defer\" src=\"book.js\"></script>\n"
		"</head>\n<body>\n"
		"<header class=\"top\">\n"
		"<button type=\"button\" id=\"menu\" aria-controls=\"side\" aria-expanded=\"false\" "
		"aria-label=\"Contents\">☰</button>\n"
		"<a class=\"brand\" href=\"index.html\">The VMCI specification</a>\n");
	text_printf(out, "<span class=\"version\">version %s</span>\n", b->sp->version_text);
	text_add(out, "<div class=\"search\" role=\"search\">"
		      "<input type=\"search\" id=\"search\" placeholder=\"Search (press /)\" "
		      "aria-label=\"Search the book\" autocomplete=\"off\" spellcheck=\"false\"/>"
		      "<div id=\"found\" hidden=\"hidden\"></div></div>\n"
		      "</header>\n<div class=\"frame\">\n");
	sidebar(b, out, file, chapter);
	text_add(out, "<main>\n");
}

static void neighbour(struct text *out, const char *class_, const char *word, const char *url,
		      const char *title)
{
	text_printf(out, "<a class=\"%s\" rel=\"%s\" href=\"%s\"><span>%s</span>", class_,
		    class_[0] == 'p' ? "prev" : "next", url, word);
	text_html(out, title);
	text_add(out, "</a>\n");
}

/* The place of a page in reading order: contents, chapters, the rest. */
static size_t place_of(const struct book *b, const char *file, size_t chapter)
{
	if (chapter != BOOK_NO_CHAPTER)
		return chapter + 1;
	for (size_t i = 0; i < EXTRAS; i++)
		if (strcmp(file, extras[i].file) == 0)
			return b->sp->chapters.n + 1 + i;
	return 0;
}

static void page_at(const struct book *b, size_t place, const char **url, const char **title)
{
	size_t n = b->sp->chapters.n;

	if (place == 0) {
		*url = "index.html";
		*title = "Contents";
	} else if (place <= n) {
		*url = mem_printf("%s.html", b->sp->chapters.v[place - 1].slug);
		*title = b->sp->chapters.v[place - 1].title;
	} else {
		*url = extras[place - n - 1].file;
		*title = extras[place - n - 1].title;
	}
}

int page_end(struct book *b, struct text *out, const char *file, size_t chapter)
{
	size_t place = place_of(b, file, chapter);
	const char *url, *title;

	text_add(out, "<nav class=\"turn\" aria-label=\"Pages\">\n");
	if (place > 0) {
		page_at(b, place - 1, &url, &title);
		neighbour(out, "previous", "Previous", url, title);
	}
	if (place < b->sp->chapters.n + EXTRAS) {
		page_at(b, place + 1, &url, &title);
		neighbour(out, "next", "Next", url, title);
	}
	text_add(
		out,
		"</nav>\n"
		"<footer>OpenVMCI · prose CC-BY-4.0, vectors BSD-2-Clause · made by specc</footer>\n"
		"</main>\n</div>\n</body>\n</html>\n");
	return book_file(b, file, out->s, out->len);
}
