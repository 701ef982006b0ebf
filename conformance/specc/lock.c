/* SPDX-License-Identifier: BSD-2-Clause */
#include "lock.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "clause.h"
#include "text.h"

struct entry {
	const char *id;
	uint32_t hash;
	int line;
};

struct lock {
	const char *path;
	VEC(struct entry) entries;
};

static void lock_load(struct spec *sp, struct lock *lk)
{
	char *s;
	int no = 0;

	lk->path = mem_printf("%s/requirements.lock", sp->dir);
	s = file_read(lk->path, NULL);
	while (s && *s) {
		size_t len = strcspn(s, "\n");
		const char *p = mem_strndup(s, len), *id, *hash;
		char *end = NULL;
		struct entry *e;

		no++;
		s += len + (s[len] == '\n');
		id = str_word(&p);
		if (!id || id[0] == '#')
			continue;
		hash = str_word(&p);
		e = vec_add(&lk->entries);
		e->id = id;
		e->line = no;
		if (hash)
			e->hash = (uint32_t)strtoul(hash, &end, 16);
		if (!hash || *end || !clause_is_id(id))
			diag_error(sp->diags, lk->path, no, "expected ID HASH");
	}
}

static struct entry *lock_find(struct lock *lk, const char *id)
{
	for (size_t i = 0; i < lk->entries.n; i++)
		if (strcmp(lk->entries.v[i].id, id) == 0)
			return &lk->entries.v[i];
	return NULL;
}

static bool is_retired(const char *retired, const char *id)
{
	const char *p = retired;

	while (p && *p) {
		size_t len = strcspn(p, "\n");
		const char *q = mem_strndup(p, len), *word = str_word(&q);

		if (word && strcmp(word, id) == 0)
			return true;
		p += len + (p[len] == '\n');
	}
	return false;
}

void lock_check(struct spec *sp)
{
	struct lock lk = { 0 };
	const char *retired_path = mem_printf("%s/retired.txt", sp->dir);
	const char *retired = file_read(retired_path, NULL);
	size_t fresh = 0;

	lock_load(sp, &lk);
	for (size_t i = 0; i < sp->clauses.n; i++) {
		const struct clause *c = &sp->clauses.v[i];
		const struct entry *e = lock_find(&lk, c->id);

		if (is_retired(retired, c->id))
			diag_error(sp->diags, CHAPTER_PATH(sp, c->chapter), c->line,
				   "clause %s: this id is retired (%s); ids are never used again",
				   c->id, retired_path);
		if (!e)
			fresh++;
		else if (e->hash != c->hash)
			diag_error(sp->diags, CHAPTER_PATH(sp, c->chapter), c->line,
				   "clause %s: the sentence changed; look at its vectors, then "
				   "`make spec-review ID=%s`",
				   c->id, c->id);
	}
	if (fresh)
		diag_warning(sp->diags, lk.path, 0,
			     "clauses not locked yet: %zu (`make spec-review` adds them)", fresh);
	for (size_t i = 0; i < lk.entries.n; i++)
		if (!clause_find(sp, lk.entries.v[i].id, NULL) &&
		    !is_retired(retired, lk.entries.v[i].id))
			diag_error(sp->diags, lk.path, lk.entries.v[i].line,
				   "clause %s is gone; a removed id goes into %s",
				   lk.entries.v[i].id, retired_path);
}

int lock_stamp(struct spec *sp, char *const *ids, size_t n)
{
	struct lock lk = { 0 };
	struct text out = { 0 };
	size_t before = diag_errors(sp->diags);

	lock_load(sp, &lk);
	for (size_t i = 0; i < n; i++)
		if (!clause_find(sp, ids[i], NULL))
			diag_error(sp->diags, NULL, 0, "stamp: unknown clause %s%s", ids[i],
				   clause_near(sp, ids[i]));
	if (diag_errors(sp->diags) != before)
		return -1;
	text_add(&out,
		 "# What each clause said when its vectors were last looked at: id, hash of the\n"
		 "# sentence. Written by `make spec-review ID=...`; do not edit.\n");
	for (size_t i = 0; i < sp->clauses.n; i++) {
		const struct clause *c = &sp->clauses.v[i];
		const struct entry *e = lock_find(&lk, c->id);
		bool named = false;

		for (size_t k = 0; k < n; k++)
			named |= strcmp(ids[k], c->id) == 0;
		if (named || (!e && !n))
			text_printf(&out, "%s %08x\n", c->id, c->hash);
		else if (e)
			text_printf(&out, "%s %08x\n", c->id, e->hash);
	}
	if (file_write(lk.path, out.s, out.len) != 0) {
		diag_error(sp->diags, lk.path, 0, "cannot be written: %s", strerror(errno));
		return -1;
	}
	return 0;
}
