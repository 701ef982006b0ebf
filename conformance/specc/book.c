/* SPDX-License-Identifier: BSD-2-Clause */
#include "book.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "commands.h"
#include "ir.h"
#include "options.h"
#include "spec.h"
#include "table_file.h"

const char *book_vector_anchor(const struct vector *v)
{
	return mem_printf("v-%s", str_slug(v->id));
}

const char *book_clause_url(const struct book *b, const struct clause *c)
{
	return mem_printf("%s.html#%s", b->sp->chapters.v[c->chapter].slug, c->id);
}

const char *book_vector_url(const struct book *b, const struct vector *v)
{
	return mem_printf("%s.html#%s", b->sp->chapters.v[v->chapter].slug, book_vector_anchor(v));
}

const char *book_name_url(const struct book *b, const struct name *n)
{
	return mem_printf("%s.html#%s", b->sp->chapters.v[n->chapter].slug, n->name);
}

int book_file(struct book *b, const char *file, const char *s, size_t len)
{
	const char *path = mem_printf("%s/%s", b->dir, file);

	if (file_write(path, s, len) == 0)
		return 0;
	diag_error(b->sp->diags, path, 0, "cannot be written: %s", strerror(errno));
	return -1;
}

static int make_directory(struct book *b)
{
	char *path = mem_strdup(b->dir);

	for (char *p = path + 1; *p; p++) {
		if (*p != '/')
			continue;
		*p = '\0';
		mkdir(path, 0777);
		*p = '/';
	}
	if (mkdir(path, 0777) != 0 && errno != EEXIST) {
		diag_error(b->sp->diags, path, 0, "cannot be made: %s", strerror(errno));
		return -1;
	}
	return 0;
}

int book_write(struct spec *sp, struct results *results, const char *dir)
{
	struct book b = { .sp = sp, .results = results, .dir = dir };
	int rc = make_directory(&b);

	if (rc)
		return rc;
	/* Contents need the headings that the chapters find. */
	for (size_t i = 0; i < sp->chapters.n; i++)
		rc |= book_chapter(&b, i);
	rc |= book_contents(&b);
	rc |= book_indexes(&b);
	rc |= book_matrix(&b);
	rc |= search_write(&b);
	rc |= book_file(&b, "book.css", book_css, (size_t)(book_css_end - book_css));
	rc |= book_file(&b, "book.js", book_js, (size_t)(book_js_end - book_js));
	return rc;
}

static uint32_t checksum_of(const struct spec *sp)
{
	struct text t = { 0 };
	uint32_t crc;

	table_write(sp->ir, &t);
	memcpy(&crc, t.s + offsetof(struct vct_header, crc32), sizeof(crc));
	return crc;
}

int command_book(int argc, char **argv)
{
	struct options o;
	struct spec *sp;
	struct results *rs;
	int rc;

	if (options_read(&o, "book", OPT_OUTPUT | OPT_RESULTS, argc, argv))
		return 2;
	if (!o.output) {
		fputs("specc book: -o DIR is missing\n", stderr);
		return 2;
	}
	sp = spec_load(o.dir, o.args, o.nargs);
	rs = results_read(sp->diags, sp, o.results, o.nresults, checksum_of(sp));
	rc = diag_errors(sp->diags) && !o.keep_going ? 2 : 0;
	if (!rc && book_write(sp, rs, o.output))
		rc = 2;
	diag_print(sp->diags, stderr, o.quiet);
	spec_release(sp);
	return rc;
}
