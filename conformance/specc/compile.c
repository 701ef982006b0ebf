/* SPDX-License-Identifier: BSD-2-Clause */
#include "compile.h"

#include <ctype.h>
#include <string.h>

#include "clause.h"
#include "head.h"
#include "ir.h"
#include "lex.h"
#include "scope.h"
#include "step.h"
#include "text.h"

#define MAX_RUNS 256 /* of one vector */

/* One run of a vector in the making. */
struct maker {
	struct spec *sp;
	const struct vector *v;	   /* whose run it is */
	const char *const *values; /* of v->each */
	struct ir_run run;
	struct scope scope;
	bool failed;
	size_t repeat; /* index of the open repeat step + 1, or 0 */
};

/* Replace %NAME by the value of this run; NULL after an error. */
static char *substitute(struct maker *mk, const char *s, const struct line *l)
{
	struct text t = { 0 };
	bool good = true;

	text_add(&t, "");
	for (; *s; s++) {
		size_t n = 0, i;

		if (*s != '%' || !isalpha((unsigned char)s[1])) {
			text_bytes(&t, s, 1);
			continue;
		}
		while (isalnum((unsigned char)s[1 + n]) || s[1 + n] == '_')
			n++;
		for (i = 0; i < mk->v->each.n; i++)
			if (strlen(mk->v->each.v[i].name) == n &&
			    strncmp(mk->v->each.v[i].name, s + 1, n) == 0)
				break;
		if (i == mk->v->each.n) {
			diag_error(mk->sp->diags, CHAPTER_PATH(mk->sp, mk->v->chapter), l->no,
				   "vector %s: %%%.*s: no line `each %.*s = ...`", mk->v->id,
				   (int)n, s + 1, (int)n, s + 1);
			mk->failed = true;
			good = false;
		} else {
			text_add(&t, mk->values[i]);
		}
		s += n;
	}
	return good ? t.s : NULL;
}

static void close_repeat(struct maker *mk, struct lex *lx)
{
	struct ir_step *open;
	uint64_t inside;

	if (!mk->repeat) {
		lex_fail(lx, "'}' closes nothing");
		return;
	}
	open = &mk->run.steps.v[mk->repeat - 1];
	inside = mk->run.steps.n - mk->repeat;
	if (!inside)
		lex_fail(lx, "nothing is repeated");
	*vec_add(&open->args.insns) =
		(struct ir_insn){ .rec = { .op = VCI_CONST, .value = inside } };
	*vec_add(&open->args.insns) = (struct ir_insn){ .rec = { .op = VCI_ARG } };
	open->nargs++;
	mk->repeat = 0;
	lex_expect_end(lx);
}

/* A line with a mistake still binds its names, so that the lines that use them
 * are not reported as well. */
static void bind_anyway(struct lex *lx, const char *s)
{
	while ((s = strchr(s, '?')) != NULL) {
		struct lex at = *lx;
		const char *name;

		at.p = ++s;
		at.failed = false;
		name = lex_peek(&at);
		if (name && !scope_find(lx->scope, name))
			scope_bind(&at, name, VAR_NUMBER, NULL);
	}
}

static void one_step(struct maker *mk, const struct vector *v, size_t index, const struct line *l)
{
	char *replaced = substitute(mk, lex_without_note(l->s), l);
	char *text = str_fold(replaced ? replaced : "");
	struct lex lx = { .sp = mk->sp,
			  .scope = &mk->scope,
			  .path = CHAPTER_PATH(mk->sp, v->chapter),
			  .prefix = mem_printf("vector %s: ", v->id),
			  .p = text,
			  .line = l->no };
	struct ir_step s = { .line = (uint32_t)l->no, .text = text };

	if (!*text)
		return;
	mk->scope.vector = index;
	mk->scope.chapter = v->chapter;
	if (lex_accept_mark(&lx, "}")) {
		close_repeat(mk, &lx);
	} else {
		step_compile(&lx, &mk->run, &s);
		if (s.verb == VCT_REPEAT && s.nargs && mk->repeat && !lx.failed)
			lex_fail(&lx, "repeat inside repeat; there is one level");
		*vec_add(&mk->run.steps) = s;
		if (s.verb == VCT_REPEAT && !lx.failed)
			mk->repeat = mk->run.steps.n;
	}
	if (lx.failed)
		bind_anyway(&lx, text);
	mk->failed |= lx.failed;
}

static void all_config(struct maker *mk, const struct vector *v)
{
	const char *s;

	if (!v->config.s)
		return;
	s = substitute(mk, v->config.s, &v->config);
	if (s &&
	    !head_config(mk->sp, CHAPTER_PATH(mk->sp, v->chapter), v->config.no,
			 mem_printf("vector %s: ", v->id), s, &mk->run.config_mask, mk->run.config))
		mk->failed = true;
}

/* Steps of `after` first, then its own. */
static void all_steps(struct maker *mk, const struct vector *v, int depth)
{
	size_t index = (size_t)(v - mk->sp->vectors.v);

	if (v->after) {
		const struct vector *base = vector_find(mk->sp, v->after, NULL);

		if (!base || depth > 8 || base->chapter != v->chapter || base->role != v->role) {
			diag_error(mk->sp->diags, CHAPTER_PATH(mk->sp, v->chapter), v->after_line,
				   "vector %s: after %s: %s", v->id, v->after,
				   !base       ? "there is no such vector"
				   : depth > 8 ? "the vectors follow each other in a ring"
				   : base->role != v->role ? "it has another dut"
							   : "it stands in another chapter");
			mk->failed = true;
			all_config(mk, v);
			return;
		}
		all_steps(mk, base, depth + 1);
		mk->run.needs |= base->needs;
		if (base->start_given && !v->start_given)
			mk->run.start = base->start;
	}
	all_config(mk, v);
	for (size_t i = 0; i < v->steps.n; i++)
		one_step(mk, v, index, &v->steps.v[i]);
	if (mk->repeat) {
		diag_error(mk->sp->diags, CHAPTER_PATH(mk->sp, v->chapter),
			   (int)mk->run.steps.v[mk->repeat - 1].line,
			   "vector %s: this repeat is never closed by a line '}'", v->id);
		mk->failed = true;
		mk->repeat = 0;
	}
}

/* What the engine's own `each` names mean. */
static void apply_known(struct maker *mk)
{
	struct ir_run *r = &mk->run;

	for (size_t i = 0; i < mk->v->each.n; i++) {
		const char *name = mk->v->each.v[i].name, *value = mk->values[i];

		if (strcmp(name, "transport") == 0) {
			bool dma = strcmp(value, "dma") == 0;

			r->transport = dma ? VCT_TRANSPORT_DMA : VCT_TRANSPORT_PIO;
			r->needs |= dma ? VCT_NEED_DMA | VCT_NEED_BAR_MMIO : VCT_NEED_BAR_PORTS;
		} else if (strcmp(name, "window") == 0) {
			bool mmio = strcmp(value, "mmio") == 0;

			r->window = mmio ? VCT_WINDOW_MMIO : VCT_WINDOW_PORTS;
			r->needs |= mmio ? VCT_NEED_BAR_MMIO : VCT_NEED_BAR_PORTS;
		}
	}
}

/* An address of `ask alloc NAME` is used anywhere: the alloc must bind it. */
static bool uses_pairs(const struct vector *v)
{
	for (size_t i = 0; i < v->steps.n; i++)
		if (strstr(v->steps.v[i].s, ".ph") || strstr(v->steps.v[i].s, ".ch"))
			return true;
	return false;
}

static void check_run(struct maker *mk)
{
	const char *path = CHAPTER_PATH(mk->sp, mk->v->chapter);
	bool checks = false;

	for (size_t i = 0; i < mk->run.steps.n; i++)
		checks |= step_checks(&mk->run.steps.v[i]);
	if (!checks && !mk->failed) {
		diag_error(mk->sp->diags, path, mk->v->line,
			   "vector %s: no step expects anything; it cannot fail", mk->v->id);
		mk->failed = true;
	}
}

static void one_run(struct spec *sp, struct vector *v, const char *const *values)
{
	struct maker mk = { .sp = sp, .v = v, .values = values };
	struct text id = { 0 };

	text_add(&id, v->id);
	for (size_t i = 0; i < v->each.n; i++)
		text_printf(&id, "%c%s", i ? ',' : '@', values[i]);
	for (char *p = id.s; *p; p++)
		if (*p == ' ' || *p == '\t')
			*p = '_';
	mk.run.id = id.s;
	mk.run.about = v->about;
	mk.run.why = v->why;
	mk.run.catches = v->catches;
	mk.run.file = CHAPTER_PATH(sp, v->chapter);
	mk.run.line = (uint32_t)v->line;
	mk.run.role = v->role;
	mk.run.start = v->start;
	mk.run.needs = v->needs;
	mk.run.flags = v->flags;
	for (size_t i = 0; i < v->covers.n; i++)
		*vec_add(&mk.run.covers) = (uint32_t)v->covers.v[i];
	mk.scope.wants_pair = v->role == VCT_ROLE_GUEST && uses_pairs(v);
	apply_known(&mk);
	if (v->role == VCT_ROLE_GUEST)
		mk.run.abilities |= VCT_CAN_ASK;
	all_steps(&mk, v, 0);
	check_run(&mk);
	if (mk.run.config_mask)
		mk.run.abilities |= VCT_CAN_CONFIG;
	mk.run.nslots = mk.scope.nslots;
	mk.run.nobjects = (uint32_t)mk.scope.objects.n;
	if (mk.failed) {
		v->broken = true;
		return;
	}
	*vec_add(&v->runs) = sp->ir->runs.n;
	*vec_add(&sp->ir->runs) = mk.run;
}

static void all_runs(struct spec *sp, struct vector *v)
{
	size_t at[16] = { 0 }, n = v->each.n, i;
	const char *values[16];
	size_t total = 1;

	for (i = 0; i < n; i++)
		total *= v->each.v[i].values.n;
	if (n > 16 || !total || total > MAX_RUNS) {
		diag_error(sp->diags, CHAPTER_PATH(sp, v->chapter), v->line,
			   "vector %s: %zu runs; expected 1 to %d", v->id, total, MAX_RUNS);
		v->broken = true;
		return;
	}
	do {
		for (i = 0; i < n; i++)
			values[i] = v->each.v[i].values.v[at[i]];
		one_run(sp, v, values);
		for (i = n; i > 0 && ++at[i - 1] == v->each.v[i - 1].values.n; i--)
			at[i - 1] = 0;
	} while (i > 0);
}

static void add_req(struct spec *sp, const struct clause *c)
{
	struct ir_req *r = vec_add(&sp->ir->reqs);

	r->id = c->id;
	r->text = c->text;
	r->marks = c->tail;
	r->file = CHAPTER_PATH(sp, c->chapter);
	r->chapter = sp->chapters.v[c->chapter].title;
	r->line = (uint32_t)c->line;
	r->hash = c->hash;
	r->level = (uint8_t)c->level;
	r->side = (uint8_t)c->side;
	r->choice = c->choice;
	r->untestable = c->reason != NULL;
	r->reason = c->reason;
}

void compile_all(struct spec *sp)
{
	sp->ir = mem_alloc(sizeof(*sp->ir));
	sp->ir->spec_version = sp->version;
	for (size_t i = 0; i < sp->clauses.n; i++)
		add_req(sp, &sp->clauses.v[i]);
	for (size_t i = 0; i < sp->vectors.n; i++)
		if (!sp->vectors.v[i].broken)
			all_runs(sp, &sp->vectors.v[i]);
}
