/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd_suite.c - tests of the suite itself: perturbed expectations, no device. */
#include <stdlib.h>
#include <string.h>
#include "commands.h"
#include "records.h"
#include "select.h"
#include "session.h"
#include "target_null.h"
#include "term.h"

/* ---- perturb ---- */

struct perturb {
	struct session *s;
	const struct vct *t;
	struct term progress;
	unsigned vectors, expectations, survivors, unusable;
};

static const char *kind_name(enum engine_perturbation kind)
{
	static const char *const names[] = { "", "the number negated", "bytes negated",
					     "the opposite" };

	return names[kind];
}

/* Run with one expectation turned round. false: there is no such expectation. */
static bool perturb_one(struct perturb *p, uint32_t vector, uint32_t step,
			enum engine_perturbation kind, int item)
{
	const struct vct_vector *v = &p->t->vectors[vector];
	const struct vct_step *rec = &p->t->steps[v->step_first + step];
	struct engine *e = p->s->engine;
	struct engine_result res;

	e->perturb = (struct engine_perturb){ .kind = kind, .step = step, .item = item };
	session_run(p->s, vector, &res);
	if (!p->s->engine->perturb.applied)
		return false;
	e->perturb.kind = ENGINE_AS_IT_IS;
	p->expectations++;
	if (res.outcome == ENGINE_PASS) {
		p->survivors++;
		term_clear(&p->progress);
		printf("survivor %s step %u %s:%u %s [%s %d]\n", vct_str(p->t, v->id), step + 1,
		       vct_str(p->t, v->file), rec->line, vct_str(p->t, rec->text), kind_name(kind),
		       item);
	}
	return true;
}

static void perturb_vector(struct perturb *p, uint32_t vector)
{
	const struct vct_vector *v = &p->t->vectors[vector];
	struct engine_result res;

	p->s->engine->perturb.kind = ENGINE_AS_IT_IS;
	session_run(p->s, vector, &res);
	if (res.outcome != ENGINE_PASS) {
		p->unusable++;
		term_clear(&p->progress);
		printf("left out %s: it is %s as it stands\n", vct_str(p->t, v->id),
		       engine_outcome_name(res.outcome));
		return;
	}
	p->vectors++;
	for (uint32_t step = 0; step < v->step_count; step++) {
		perturb_one(p, vector, step, ENGINE_NEGATE_NUMBER, 0);
		perturb_one(p, vector, step, ENGINE_OPPOSITE, 0);
		for (int item = 0; perturb_one(p, vector, step, ENGINE_NEGATE_ITEM, item); item++)
			;
	}
}

int command_perturb(const struct options *o, const struct vct *t)
{
	static const unsigned roles[] = { VCT_ROLE_DEVICE, VCT_ROLE_GUEST };
	unsigned offered = target_roles(o->target) & (o->roles ? o->roles : ~0u);
	struct perturb p = { .t = t };
	struct selection sel;
	struct session s;

	term_catch_signals();
	term_start(&p.progress, stderr);
	for (int r = 0; r < 2; r++) {
		select_vectors(&sel, o, t, offered & roles[r]);
		if (sel.count && session_open(&s, t, o->target, roles[r], o->seed))
			return EXIT_TROUBLE;
		p.s = &s;
		for (uint32_t i = 0; i < sel.count && !term_interrupted(); i++) {
			term_progress(&p.progress, i + 1, sel.count,
				      vct_str(t, t->vectors[sel.list[i]].id));
			perturb_vector(&p, sel.list[i]);
		}
		if (sel.count)
			session_close(&s);
		select_free(&sel);
	}
	term_clear(&p.progress);
	printf("%u expectations of %u vectors turned round, %u survivors, %u vectors left out\n",
	       p.expectations, p.vectors, p.survivors, p.unusable);
	if (term_interrupted())
		return EXIT_TROUBLE;
	if (p.survivors)
		return EXIT_UNEXPECTED;
	return p.vectors ? EXIT_AS_EXPECTED : EXIT_NOTHING_RAN;
}

/* ---- null ---- */

/* Vectors that pass on one null machine. */
static int run_null(const struct options *o, const struct vct *t, const char *kind, unsigned *ran,
		    unsigned *passed)
{
	struct engine_result res;
	struct selection sel;
	struct session s;
	char name[32];

	snprintf(name, sizeof(name), "null:%s", kind);
	if (session_open(&s, t, name, VCT_ROLE_DEVICE, o->seed))
		return -1;
	s.ignore_needs = true;
	s.engine->ignore_needs = true;
	select_vectors(&sel, o, t, VCT_ROLE_DEVICE);
	for (uint32_t i = 0; i < sel.count && !term_interrupted(); i++) {
		const struct vct_vector *v = &t->vectors[sel.list[i]];

		session_run(&s, sel.list[i], &res);
		++*ran;
		if (res.outcome != ENGINE_PASS)
			continue;
		++*passed;
		printf("passes without a device (%s): %s %s:%u\n", kind, vct_str(t, v->id),
		       vct_str(t, v->file), v->line);
	}
	select_free(&sel);
	session_close(&s);
	return 0;
}

int command_null(const struct options *o, const struct vct *t)
{
	unsigned ran = 0, passed = 0;

	term_catch_signals();
	for (int i = 0; target_null_kinds[i]; i++)
		if (run_null(o, t, target_null_kinds[i], &ran, &passed))
			return EXIT_TROUBLE;
	printf("%u runs without a device, %u passed\n", ran, passed);
	if (term_interrupted())
		return EXIT_TROUBLE;
	if (passed)
		return EXIT_UNEXPECTED;
	return ran ? EXIT_AS_EXPECTED : EXIT_NOTHING_RAN;
}
