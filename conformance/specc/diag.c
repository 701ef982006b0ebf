/* SPDX-License-Identifier: BSD-2-Clause */
#include "diag.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"

struct diag {
	const char *file;
	const char *text;
	size_t seq;
	int line;
	bool warning;
};

struct diags {
	VEC(struct diag) list;
	size_t errors, warnings;
};

struct diags *diag_new(void)
{
	return mem_alloc(sizeof(struct diags));
}

static void add(struct diags *d, bool warning, const char *file, int line, const char *fmt,
		va_list ap)
{
	char buf[1024];
	struct diag *m;

	vsnprintf(buf, sizeof(buf), fmt, ap);
	file = file ? file : "";
	for (size_t i = 0; i < d->list.n; i++) {
		m = &d->list.v[i];
		if (m->line == line && strcmp(m->text, buf) == 0 && strcmp(m->file, file) == 0)
			return;
	}
	m = vec_add(&d->list);
	*m = (struct diag){ file, mem_strdup(buf), d->list.n, line, warning };
	if (warning)
		d->warnings++;
	else
		d->errors++;
}

void diag_error(struct diags *d, const char *file, int line, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add(d, false, file, line, fmt, ap);
	va_end(ap);
}

void diag_warning(struct diags *d, const char *file, int line, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add(d, true, file, line, fmt, ap);
	va_end(ap);
}

static int by_place(const void *a, const void *b)
{
	const struct diag *x = a, *y = b;
	int c = strcmp(x->file, y->file);

	if (c)
		return c;
	if (x->line != y->line)
		return x->line < y->line ? -1 : 1;
	return x->seq < y->seq ? -1 : 1;
}

size_t diag_print(struct diags *d, FILE *out, bool quiet)
{
	if (d->list.n)
		qsort(d->list.v, d->list.n, sizeof(d->list.v[0]), by_place);
	for (size_t i = 0; i < d->list.n; i++) {
		const struct diag *m = &d->list.v[i];

		if (m->warning && quiet)
			continue;
		if (m->file[0] && m->line)
			fprintf(out, "%s:%d: ", m->file, m->line);
		else if (m->file[0])
			fprintf(out, "%s: ", m->file);
		fprintf(out, "%s%s\n", m->warning ? "warning: " : "", m->text);
	}
	return d->errors;
}

size_t diag_errors(const struct diags *d)
{
	return d->errors;
}

size_t diag_warnings(const struct diags *d)
{
	return d->warnings;
}
