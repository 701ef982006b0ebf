/* SPDX-License-Identifier: BSD-2-Clause */
/* records.c - results in memory. */
#include "records.h"
#include <stdlib.h>
#include <string.h>

static void *check(void *p)
{
	if (!p) {
		fputs("vmci-conform: out of memory\n", stderr);
		exit(EXIT_TROUBLE);
	}
	return p;
}

void *must_alloc(size_t bytes)
{
	return check(calloc(1, bytes ? bytes : 1));
}

void *must_grow(void *p, size_t bytes)
{
	return check(realloc(p, bytes ? bytes : 1));
}

char *must_copy(const char *s)
{
	return check(strdup(s));
}

void records_start(struct records *r, const struct vct *table)
{
	memset(r, 0, sizeof(*r));
	r->table = table;
}

void records_free(struct records *r)
{
	for (size_t i = 0; i < r->count; i++) {
		free(r->list[i].id);
		free(r->list[i].target);
		free(r->list[i].role);
		free(r->list[i].where);
	}
	free(r->list);
	memset(r, 0, sizeof(*r));
}

uint32_t records_find_vector(const struct vct *t, const char *id)
{
	for (uint32_t i = 0; i < t->header->vec_count; i++)
		if (strcmp(vct_str(t, t->vectors[i].id), id) == 0)
			return i;
	return VCT_NONE;
}

struct record *records_add(struct records *r, const char *id, const char *target, const char *role)
{
	struct record *rec;

	if (r->count == r->room) {
		r->room = r->room ? 2 * r->room : 64;
		r->list = must_grow(r->list, r->room * sizeof(*r->list));
	}
	rec = &r->list[r->count++];
	memset(rec, 0, sizeof(*rec));
	rec->id = must_copy(id);
	rec->target = must_copy(target);
	rec->vector = records_find_vector(r->table, id);
	if (!*role && rec->vector != VCT_NONE)
		role = r->table->vectors[rec->vector].role == VCT_ROLE_GUEST ? "guest" : "device";
	rec->role = must_copy(role);
	rec->result.vector = rec->vector;
	rec->where = must_copy("");
	return rec;
}

struct record *records_add_result(struct records *r, const struct engine_result *res,
				  const char *target)
{
	const struct vct_vector *v = &r->table->vectors[res->vector];
	struct record *rec = records_add(r, vct_str(r->table, v->id), target, "");
	size_t n = strlen(vct_str(r->table, v->file)) + 16;

	rec->vector = res->vector;
	rec->result = *res;
	free(rec->where);
	rec->where = must_alloc(n);
	snprintf(rec->where, n, "%s:%u", vct_str(r->table, v->file), res->line);
	return rec;
}

bool record_is_bad(const struct record *rec)
{
	enum engine_outcome o = rec->result.outcome;

	return !rec->expected && (o == ENGINE_FAIL || o == ENGINE_ERROR || o == ENGINE_TIMEOUT);
}

int records_verdict(const struct records *r)
{
	bool failed = false, trouble = false, ran = false;

	for (size_t i = 0; i < r->count; i++) {
		const struct record *rec = &r->list[i];

		if (rec->result.outcome != ENGINE_SKIP && rec->result.outcome != ENGINE_UNOBSERVED)
			ran = true;
		if (!record_is_bad(rec))
			continue;
		if (rec->result.outcome == ENGINE_FAIL || rec->result.cls == ENGINE_CLASS_CRASH)
			failed = true;
		else
			trouble = true;
	}
	if (failed)
		return EXIT_UNEXPECTED;
	if (trouble)
		return EXIT_TROUBLE;
	return ran ? EXIT_AS_EXPECTED : EXIT_NOTHING_RAN;
}

bool record_outcome(const char *name, enum engine_outcome *o)
{
	for (int i = 0; i < ENGINE_OUTCOMES; i++) {
		if (strcmp(name, engine_outcome_name((enum engine_outcome)i)) == 0) {
			*o = (enum engine_outcome)i;
			return true;
		}
	}
	return false;
}

bool record_class(const char *name, enum engine_class *c)
{
	for (int i = 0; i < ENGINE_CLASSES; i++) {
		if (strcmp(name, engine_class_name((enum engine_class)i)) == 0) {
			*c = (enum engine_class)i;
			return true;
		}
	}
	return false;
}

int records_read(struct records *r, const char *name, bool *cut)
{
	FILE *f = strcmp(name, "-") == 0 ? stdin : fopen(name, "r");
	int c, rc;

	if (!f) {
		fprintf(stderr, "vmci-conform: %s: ", name);
		perror(NULL);
		return -1;
	}
	do {
		c = getc(f);
	} while (c == '\n' || c == ' ');
	ungetc(c, f);
	rc = c == '{' ? records_read_jsonl(r, f, name) : records_read_ktap(r, f, name, cut);
	if (f != stdin)
		fclose(f);
	return rc;
}
