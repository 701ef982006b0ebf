/* SPDX-License-Identifier: BSD-2-Clause */
#include "names.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "expr.h"
#include "layout.h"
#include "text.h"

const char *names_short(const char *name)
{
	return str_starts(name, "VMCI_") ? name + 5 : name;
}

static const struct name *find(const struct spec *sp, const char *name, const char *suffix)
{
	const char *want = mem_printf("%s%s", names_short(name), suffix);

	for (size_t i = 0; i < sp->names.n; i++)
		if (strcmp(names_short(sp->names.v[i].name), want) == 0)
			return &sp->names.v[i];
	return NULL;
}

/* Words of the language itself, no part of the protocol. */
static const struct name builtin[] = {
	{ .name = "BAR_NONE", .value = 0 },
	{ .name = "BAR_IO", .value = 1 },
	{ .name = "BAR_MEM32", .value = 2 },
	{ .name = "BAR_MEM64", .value = 3 },
};

const struct name *names_find(const struct spec *sp, const char *name)
{
	for (size_t i = 0; i < sizeof(builtin) / sizeof(builtin[0]); i++)
		if (strcmp(builtin[i].name, name) == 0)
			return &builtin[i];
	return find(sp, name, "");
}

const struct name *names_register(const struct spec *sp, const char *name)
{
	const struct name *n = find(sp, name, "_ADDR");

	return n ? n : find(sp, name, "");
}

const char *names_near(const struct spec *sp, const char *name, const char *const *extra)
{
	const char *s = names_short(name), *best = NULL;
	size_t limit = strlen(s) < 4 ? 1 : strlen(s) / 3 + 1, least = limit + 1;

	for (size_t i = 0; i < sp->names.n; i++) {
		const char *n = names_short(sp->names.v[i].name);
		size_t len = strlen(n), d;

		/* Registers are written without what makes them addresses. */
		if (sp->names.v[i].reg && len > 5)
			n = mem_strndup(n, len - 5);
		d = str_distance(s, n);

		/* A name that only continues what was written is near as well. */
		if (strlen(s) >= 3 && (str_starts(n, s) || strstr(n, s)) && d > limit)
			d = limit;
		if (d < least) {
			least = d;
			best = n;
		}
	}
	for (; extra && *extra; extra++) {
		size_t d = str_distance(s, *extra);

		if (d < least) {
			least = d;
			best = *extra;
		}
	}
	return best ? mem_printf(" (did you mean %s?)", best) : "";
}

void names_add(struct spec *sp, const char *name, int64_t value, size_t chapter, int line, bool reg)
{
	const struct name *old = names_find(sp, name);
	struct name *n;

	if (old) {
		diag_error(sp->diags, CHAPTER_PATH(sp, chapter), line,
			   "%s is defined twice, first at %s:%d", name,
			   CHAPTER_PATH(sp, old->chapter), old->line);
		return;
	}
	n = vec_add(&sp->names);
	n->name = name;
	n->value = value;
	n->line = line;
	n->chapter = chapter;
	n->group = sp->groups.n ? sp->groups.n - 1 : 0;
	n->reg = reg;
}

static bool is_macro(const char *s)
{
	if (!isupper((unsigned char)*s))
		return false;
	for (; *s; s++)
		if (!isupper((unsigned char)*s) && !isdigit((unsigned char)*s) && *s != '_')
			return false;
	return true;
}

/* The value in front of *p: a number, a signed number or a parenthesis. */
static char *take_value(const char **p)
{
	const char *s = *p + strspn(*p, " \t"), *e = s;
	int depth = 0;

	for (; *e && (depth || (*e != ' ' && *e != '\t')); e++)
		depth += *e == '(' ? 1 : *e == ')' ? -1 : 0;
	*p = e;
	return mem_strndup(s, (size_t)(e - s));
}

static void read_constant(struct spec *sp, const struct block *b, const struct line *l)
{
	const char *path = CHAPTER_PATH(sp, b->chapter), *p = l->s;
	const char *name = str_word(&p), *value;
	struct constant *c;
	int64_t v;

	if (!name || name[0] == '#')
		return;
	if (!is_macro(name)) {
		diag_error(sp->diags, path, l->no,
			   "constants are upper case: NAME VALUE MEANING, not '%s'", name);
		return;
	}
	value = take_value(&p);
	if (!*value) {
		diag_error(sp->diags, path, l->no, "%s has no value", name);
		return;
	}
	if (!expr_constant(sp, path, l->no, mem_printf("constant %s: ", name), value, &v))
		return;
	if (!str_starts(name, "VMCI_"))
		name = mem_printf("VMCI_%s", name);
	c = vec_add(&sp->constants);
	c->name = name;
	c->source = value;
	c->meaning = str_fold(p);
	c->value = v;
	c->group = sp->groups.n - 1;
	c->line = l->no;
	vec_last(&sp->groups)->const_count++;
	names_add(sp, name, v, b->chapter, l->no, strcmp(name + strlen(name) - 5, "_ADDR") == 0);
}

void names_read(struct spec *sp)
{
	for (size_t i = 0; i < sp->blocks.n; i++) {
		const struct block *b = &sp->blocks.v[i];
		struct group *g;

		if (b->kind == BLOCK_VECTOR)
			continue;
		g = vec_add(&sp->groups);
		g->name = b->name;
		g->chapter = b->chapter;
		g->line = b->line;
		g->block = b;
		g->const_first = sp->constants.n;
		if (b->kind == BLOCK_LAYOUT) {
			g->layout = layout_read(sp, b);
			continue;
		}
		for (size_t k = 0; k < b->lines.n; k++)
			read_constant(sp, b, &b->lines.v[k]);
		if (!vec_last(&sp->groups)->const_count)
			diag_error(sp->diags, CHAPTER_PATH(sp, b->chapter), b->line,
				   "const block %s has no constants", b->name);
	}
}
