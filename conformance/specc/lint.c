/* SPDX-License-Identifier: BSD-2-Clause */
#include "lint.h"

#include <string.h>

#include "clause.h"

static void lint_clause(struct spec *sp, const struct clause *c)
{
	const char *path = CHAPTER_PATH(sp, c->chapter);
	bool must = c->level == VCT_MUST || c->level == VCT_MUST_NOT;

	if (c->vectors.n && c->reason)
		diag_warning(sp->diags, path, c->reason_line,
			     "clause %s is called untestable, but vector %s covers it", c->id,
			     sp->vectors.v[c->vectors.v[0]].id);
	if (c->vectors.n || c->reason)
		return;
	if (must)
		diag_error(sp->diags, path, c->line,
			   "clause %s: no vector covers it and nothing calls it untestable", c->id);
	else
		diag_warning(sp->diags, path, c->line, "clause %s: no vector covers it", c->id);
}

/* A clause's side must be the one under test in some vector that covers it:
 * device and host clauses in `dut device`, guest clauses in `dut guest`. */
static void lint_side(struct spec *sp, const struct clause *c)
{
	bool fits = c->vectors.n == 0 || c->side == VCT_SIDE_ENDPOINT || c->side == VCT_SIDE_SOCKET;

	for (size_t i = 0; i < c->vectors.n; i++) {
		uint8_t role = sp->vectors.v[c->vectors.v[i]].role;

		fits |= !role || (c->side == VCT_SIDE_GUEST) == (role == VCT_ROLE_GUEST);
	}
	if (!fits)
		diag_warning(sp->diags, CHAPTER_PATH(sp, c->chapter), c->line,
			     "clause %s speaks of a %s, its vectors test the other side", c->id,
			     clause_side_name(c->side));
}

static void lint_binding(struct spec *sp, const struct binding *b)
{
	const struct vector *v = &sp->vectors.v[b->vector];

	/* A vector with errors may have been left before the use. */
	if (!b->used && b->what && !v->broken)
		diag_error(sp->diags, CHAPTER_PATH(sp, b->chapter), b->line,
			   "vector %s: %s is never used", v->id, b->what);
}

void lint_all(struct spec *sp)
{
	for (size_t i = 0; i < sp->clauses.n; i++) {
		lint_clause(sp, &sp->clauses.v[i]);
		lint_side(sp, &sp->clauses.v[i]);
	}
	for (size_t i = 0; i < sp->bindings.n; i++)
		lint_binding(sp, &sp->bindings.v[i]);
}
