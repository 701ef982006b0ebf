/* SPDX-License-Identifier: BSD-2-Clause */
#include "results.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "ir.h"
#include "text.h"

static const char *const names[] = { "none",	"skip",	   "unobserved", "pass",
				     "differs", "timeout", "error",	 "fail" };

const char *outcome_name(enum outcome o)
{
	return names[o];
}

const char *column_name(const struct column *c)
{
	return mem_printf("%s %s, %s, %s", c->implementation, c->version, c->role, c->target);
}

static const char *member(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s ? mem_strdup(s) : "";
}

static struct column *column_of(struct results *rs, const json_t *o)
{
	const char *implementation = member(o, "implementation"), *role = member(o, "role");
	const char *target = member(o, "target"), *version = member(o, "version");
	struct column *c;

	for (size_t i = 0; i < rs->columns.n; i++) {
		c = &rs->columns.v[i];
		if (strcmp(c->implementation, implementation) == 0 && strcmp(c->role, role) == 0 &&
		    strcmp(c->target, target) == 0) {
			c->version = version;
			return c;
		}
	}
	c = vec_add(&rs->columns);
	c->implementation = implementation;
	c->version = version;
	c->role = role;
	c->target = target;
	return c;
}

const struct result *results_find(const struct column *c, const char *run_id)
{
	for (size_t i = 0; i < c->results.n; i++)
		if (strcmp(c->results.v[i].id, run_id) == 0)
			return &c->results.v[i];
	return NULL;
}

static void add(struct results *rs, const json_t *o, uint32_t table_crc)
{
	struct column *c = column_of(rs, o);
	const char *id = member(o, "id"), *outcome = member(o, "outcome");
	struct result *r = (struct result *)results_find(c, id);
	const char *crc = member(o, "table");

	if (!r)
		r = vec_add(&c->results);
	r->id = id;
	r->outcome = OUTCOME_NONE;
	for (int i = 0; i <= OUTCOME_FAIL; i++)
		if (strcmp(outcome, names[i]) == 0)
			r->outcome = (enum outcome)i;
	r->line = member(o, "line");
	r->want = member(o, "want");
	r->saw = member(o, "saw");
	r->reason = member(o, "reason");
	r->class_ = member(o, "class");
	r->stale = *crc && strtoul(crc, NULL, 16) != table_crc;
}

static bool known_run(const struct spec *sp, const char *id)
{
	for (size_t i = 0; i < sp->ir->runs.n; i++)
		if (strcmp(sp->ir->runs.v[i].id, id) == 0)
			return true;
	return false;
}

static void read_file(struct results *rs, struct diags *d, const struct spec *sp, const char *path,
		      uint32_t table_crc)
{
	char *s = file_read(path, NULL);
	int no = 0;

	if (!s) {
		diag_error(d, path, 0, "cannot be read: %s", strerror(errno));
		return;
	}
	while (*s) {
		size_t len = strcspn(s, "\n");
		json_error_t error;
		json_t *o;

		no++;
		if (strspn(s, " \t\r") < len) {
			o = json_loadb(s, len, 0, &error);
			if (!o)
				diag_error(d, path, no, "is no JSON: %s", error.text);
			else if (!*member(o, "id") || !*member(o, "outcome"))
				diag_error(d, path, no, "is no result: id and outcome are missing");
			else if (known_run(sp, member(o, "id")))
				add(rs, o, table_crc);
			json_decref(o);
		}
		s += len + (s[len] == '\n');
	}
}

static int by_name(const void *a, const void *b)
{
	const struct column *x = a, *y = b;
	int c = strcmp(x->implementation, y->implementation);

	if (!c)
		c = strcmp(x->role, y->role);
	return c ? c : strcmp(x->target, y->target);
}

struct results *results_read(struct diags *d, const struct spec *sp, char *const *files, size_t n,
			     uint32_t table_crc)
{
	struct results *rs = mem_alloc(sizeof(*rs));

	for (size_t i = 0; i < n; i++)
		read_file(rs, d, sp, files[i], table_crc);
	if (rs->columns.n)
		qsort(rs->columns.v, rs->columns.n, sizeof(rs->columns.v[0]), by_name);
	for (size_t i = 0; i < rs->columns.n; i++)
		for (size_t k = 0; k < rs->columns.v[i].results.n; k++)
			rs->columns.v[i].count[rs->columns.v[i].results.v[k].outcome]++;
	return rs;
}

enum outcome results_of_vector(const struct spec *sp, const struct column *c,
			       const struct vector *v)
{
	enum outcome most = OUTCOME_NONE;

	for (size_t i = 0; i < v->runs.n; i++) {
		const struct result *r = results_find(c, sp->ir->runs.v[v->runs.v[i]].id);

		if (r && r->outcome > most)
			most = r->outcome;
	}
	return most;
}

enum outcome results_of_clause(const struct spec *sp, const struct column *c,
			       const struct clause *cl)
{
	enum outcome most = OUTCOME_NONE;

	for (size_t i = 0; i < cl->vectors.n; i++) {
		enum outcome o = results_of_vector(sp, c, &sp->vectors.v[cl->vectors.v[i]]);

		if (o > most)
			most = o;
	}
	return most;
}
