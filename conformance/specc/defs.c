/* SPDX-License-Identifier: BSD-2-Clause */
#include "defs.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "expr.h"
#include "text.h"

/* Names are aligned up to this column. */
#define COLUMN 40

static void define(struct text *out, const char *name, const char *value, const char *meaning)
{
	text_printf(out, "#define %-*s %s", COLUMN, name, value);
	if (meaning && *meaning) {
		text_add(out, " /* ");
		/* A comment must neither end inside itself nor start again. */
		for (const char *p = meaning; *p; p++) {
			if (*p == '`')
				continue;
			text_bytes(out, p, 1);
			if ((p[0] == '*' && p[1] == '/') || (p[0] == '/' && p[1] == '*'))
				text_add(out, " ");
		}
		text_add(out, " */");
	}
	text_add(out, "\n");
}

/* Numbers stay as they are written, negative ones in parentheses, expressions
 * become a number. */
static const char *value_of(const struct constant *c)
{
	if (c->source[0] == '(')
		return c->value < 0 ? mem_printf("(%lld)", (long long)c->value)
				    : mem_printf("0x%llx", (unsigned long long)c->value);
	if (c->source[0] == '-' || !isdigit((unsigned char)c->source[0]))
		return mem_printf("(%lld)", (long long)c->value);
	if (str_starts(c->source, "0b"))
		return mem_printf("0x%llx", (unsigned long long)c->value);
	return c->source;
}

static void write_constants(const struct spec *sp, const struct group *g, struct text *out)
{
	text_printf(out, "\n/* %s (%s) */\n", g->name, str_base(CHAPTER_PATH(sp, g->chapter)));
	for (size_t i = g->const_first; i < g->const_first + g->const_count; i++) {
		const struct constant *c = &sp->constants.v[i];

		define(out, c->name, value_of(c), c->meaning);
	}
}

static void write_layout(const struct spec *sp, const struct group *g, struct text *out)
{
	const struct layout *lo = g->layout;

	text_printf(out, "\n/* %s %s: offsets in bytes (%s) */\n",
		    lo->registers ? "registers" : "layout", lo->name,
		    str_base(CHAPTER_PATH(sp, g->chapter)));
	for (size_t i = 0; i < lo->fields.n; i++) {
		const struct field *f = &lo->fields.v[i];
		const char *about = f->type;

		if (!f->macro)
			continue;
		if (f->access)
			about = mem_printf("%s, %s", about, f->access);
		if (*f->meaning)
			about = mem_printf("%s; %s", about, f->meaning);
		define(out, f->macro,
		       lo->registers ? mem_printf("0x%02llx", (unsigned long long)f->offset)
				     : mem_printf("%llu", (unsigned long long)f->offset),
		       about);
	}
	if (lo->sized)
		define(out, mem_printf("%s_SIZE", lo->macro),
		       mem_printf("%llu", (unsigned long long)lo->size), "bytes");
}

void defs_write(const struct spec *sp, struct text *out)
{
	text_add(
		out,
		"/* SPDX-License-Identifier: BSD-2-Clause */\n"
		"/* defs.h - numbers of the protocol: constants, and where fields lie.\n"
		" *\n"
		" * Generated from spec/ by specc, do not edit: `make defs` writes it. Each name is\n"
		" * explained in the chapter that its group names.\n"
		" */\n"
		"#ifndef VMCI_DEFS_H\n"
		"#define VMCI_DEFS_H\n");
	for (size_t i = 0; i < sp->groups.n; i++) {
		const struct group *g = &sp->groups.v[i];

		if (g->layout)
			write_layout(sp, g, out);
		else
			write_constants(sp, g, out);
	}
	text_add(out, "\n#endif\n");
}

struct def {
	const char *name, *value;
	int line;
};

/* All lines "#define NAME VALUE". */
static size_t read_defs(const char *s, struct def **list)
{
	VEC(struct def) defs = { 0 };
	int no = 0;

	while (*s) {
		size_t len = strcspn(s, "\n");
		char *line = mem_strndup(s, len);
		const char *p = line + 7, *name;
		char *comment;

		no++;
		s += len + (s[len] == '\n');
		if (!str_starts(line, "#define"))
			continue;
		name = str_word(&p);
		comment = strstr(p, "/*");
		if (comment)
			*comment = '\0';
		if (!name || strchr(name, '(') || !*str_fold(p))
			continue;
		*vec_add(&defs) = (struct def){ name, str_fold(p), no };
	}
	*list = defs.v;
	return defs.n;
}

static const struct def *def_find(const struct def *list, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(list[i].name, name) == 0)
			return &list[i];
	return NULL;
}

static bool same_value(const char *a, const char *b)
{
	while (*a == '(')
		a++;
	while (*b == '(')
		b++;
	return strtoll(a, NULL, 0) == strtoll(b, NULL, 0);
}

size_t defs_compare(const struct spec *sp, const char *file, const char *s)
{
	struct text mine = { 0 };
	struct def *theirs, *ours;
	size_t nt, no, bad = 0;

	defs_write(sp, &mine);
	nt = read_defs(s, &theirs);
	no = read_defs(mine.s, &ours);
	for (size_t i = 0; i < no; i++) {
		const struct def *d = def_find(theirs, nt, ours[i].name);

		if (!d)
			fprintf(stderr, "%s: %s is missing, the chapters say %s\n", file,
				ours[i].name, ours[i].value);
		else if (!same_value(d->value, ours[i].value))
			fprintf(stderr, "%s:%d: %s is %s, the chapters say %s\n", file, d->line,
				d->name, d->value, ours[i].value);
		else
			continue;
		bad++;
	}
	for (size_t i = 0; i < nt; i++) {
		if (def_find(ours, no, theirs[i].name))
			continue;
		fprintf(stderr, "%s:%d: %s is in no chapter\n", file, theirs[i].line,
			theirs[i].name);
		bad++;
	}
	if (!bad && strcmp(mine.s, s) != 0) {
		fprintf(stderr, "%s: the same names, but not the text that `make defs` writes\n",
			file);
		bad = 1;
	}
	return bad;
}
