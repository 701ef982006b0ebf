/* SPDX-License-Identifier: BSD-2-Clause */
#include "layout.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "expr.h"
#include "names.h"
#include "text.h"

struct reader {
	struct spec *sp;
	const struct block *b;
	const char *path;
	struct layout *lo;
	uint64_t end; /* of the fields so far */
	bool open;    /* the last field has no size of its own yet */
};

static char *macro_of(const char *s)
{
	char *m = mem_strdup(s);

	for (char *p = m; *p; p++)
		*p = isalnum((unsigned char)*p) ? (char)toupper((unsigned char)*p) : '_';
	return m;
}

static bool is_access(const char *s)
{
	return strcmp(s, "rw") == 0 || strcmp(s, "r") == 0 || strcmp(s, "w") == 0 ||
	       strcmp(s, "rc") == 0;
}

static bool is_hole(const char *name)
{
	return str_starts(name, "reserved");
}

/* Bytes of a type, 0 for `bytes`, -1 for none. */
static int64_t type_size(const char *type)
{
	static const struct {
		const char *name;
		int size;
	} types[] = { { "u8", 1 },  { "u16", 2 },    { "u32", 4 },
		      { "u64", 8 }, { "handle", 8 }, { "bytes", 0 } };
	size_t len = strcspn(type, "[");
	int64_t count = -1;

	if (type[len]) {
		char *e;

		count = strtol(type + len + 1, &e, 0);
		if (count <= 0 || count > 1 << 20 || strcmp(e, "]") != 0)
			return -1;
	}
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (strlen(types[i].name) != len || strncmp(type, types[i].name, len) != 0)
			continue;
		if (count < 0)
			return types[i].size;
		return count * (types[i].size ? types[i].size : 1);
	}
	return -1;
}

static const char *field_macro(const struct layout *lo, const char *name, const char *access)
{
	const char *m;

	if (access && !is_hole(name))
		return mem_printf("VMCI_%s_ADDR", macro_of(name));
	m = mem_printf("%s_%s", lo->macro, macro_of(name));
	if (strcmp(name, "size") == 0)
		m = mem_printf("%s_FIELD", m);
	return m;
}

/* The field before this one ends where this one starts. */
static void close_field(struct reader *r, uint64_t offset, int line)
{
	struct field *last = r->lo->fields.n ? vec_last(&r->lo->fields) : NULL;

	if (r->open) {
		last->size = offset > last->offset ? offset - last->offset : 0;
		r->end = offset;
		r->open = false;
	}
	if (offset < r->end)
		diag_error(r->sp->diags, r->path, line,
			   "layout %s: offset %llu overlaps %s, which ends at %llu", r->lo->name,
			   (unsigned long long)offset, last->name, (unsigned long long)r->end);
	else if (offset > r->end)
		diag_error(r->sp->diags, r->path, line,
			   "layout %s: bytes %llu to %llu are a hole; name it reserved",
			   r->lo->name, (unsigned long long)r->end, (unsigned long long)offset - 1);
}

static void read_field(struct reader *r, const struct line *l)
{
	const char *p = l->s, *q;
	const char *offset = str_word(&p), *name, *type, *access;
	struct field f = { 0 };
	int64_t v, size;

	if (!offset || offset[0] == '#')
		return;
	name = str_word(&p);
	type = str_word(&p);
	if (!type) {
		diag_error(r->sp->diags, r->path, l->no,
			   "layout %s: a line is OFFSET FIELD TYPE MEANING", r->lo->name);
		return;
	}
	if (!expr_constant(r->sp, r->path, l->no, mem_printf("layout %s: ", r->lo->name), offset,
			   &v))
		return;
	size = type_size(type);
	if (size < 0) {
		diag_error(
			r->sp->diags, r->path, l->no,
			"layout %s: type '%s' is none of u8 u16 u32 u64 handle bytes (or TYPE[N])",
			r->lo->name, type);
		return;
	}
	q = p;
	access = str_word(&q);
	if (access && is_access(access)) {
		f.access = access;
		p = q;
		r->lo->registers = true;
	}
	f.name = name;
	f.type = type;
	f.offset = (uint64_t)v;
	f.size = (uint64_t)size;
	f.meaning = str_fold(p);
	f.line = l->no;
	f.macro = field_macro(r->lo, name, f.access);
	close_field(r, f.offset, l->no);
	r->open = size == 0;
	r->end = f.offset + f.size;
	/* A register file's holes are no names, nor is a second hole. */
	if (is_hole(name) && (names_find(r->sp, f.macro) || r->lo->registers))
		f.macro = NULL;
	*vec_add(&r->lo->fields) = f;
	if (f.macro)
		names_add(r->sp, f.macro, v, r->b->chapter, l->no, f.access != NULL);
}

static void read_info(struct reader *r)
{
	const char *p = r->b->rest, *word;

	while ((word = str_word(&p)) != NULL) {
		int64_t v;

		if (str_starts(word, "size=") &&
		    expr_constant(r->sp, r->path, r->b->line,
				  mem_printf("layout %s: ", r->lo->name), word + 5, &v)) {
			r->lo->size = (uint64_t)v;
			r->lo->sized = true;
		} else if (!str_starts(word, "size=")) {
			diag_error(r->sp->diags, r->path, r->b->line,
				   "layout %s: '%s' is unknown; expected size=N", r->lo->name,
				   word);
		}
	}
}

struct layout *layout_read(struct spec *sp, const struct block *b)
{
	struct reader r = { .sp = sp, .b = b, .path = CHAPTER_PATH(sp, b->chapter) };
	struct layout *lo = mem_alloc(sizeof(*lo));

	r.lo = lo;
	lo->name = b->name;
	lo->macro = mem_printf("VMCI_%s", names_short(macro_of(b->name)));
	read_info(&r);
	for (size_t i = 0; i < b->lines.n; i++)
		read_field(&r, &b->lines.v[i]);
	if (!lo->fields.n)
		diag_error(sp->diags, r.path, b->line, "layout %s has no fields", lo->name);
	if (lo->sized && lo->fields.n) {
		const struct field *last = vec_last(&lo->fields);
		uint64_t end = r.open ? last->offset : r.end;

		if (r.open && last->offset < lo->size) {
			vec_last(&lo->fields)->size = lo->size - last->offset;
			end = lo->size;
		}
		if (end > lo->size)
			diag_error(sp->diags, r.path, last->line,
				   "layout %s: %s ends at %llu, beyond size=%llu", lo->name,
				   last->name, (unsigned long long)end,
				   (unsigned long long)lo->size);
		else if (end < lo->size)
			diag_error(sp->diags, r.path, last->line,
				   "layout %s: bytes %llu to %llu are a hole; name it reserved",
				   lo->name, (unsigned long long)end,
				   (unsigned long long)lo->size - 1);
	}
	if (lo->sized)
		names_add(sp, mem_printf("%s_SIZE", lo->macro), (int64_t)lo->size, b->chapter,
			  b->line, false);
	return lo;
}
