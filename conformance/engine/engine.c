/* SPDX-License-Identifier: BSD-2-Clause */
/* engine.c - one vector: is it for this device, how it starts, its steps in order. */
#include "engine.h"
#include <vmci/mem.h>
#include "code_items.h"
#include "needs.h"
#include "probe.h"
#include "start.h"
#include "steps.h"

void engine_start(struct engine *e, const struct vct *t, struct machine *m)
{
	memset(e, 0, sizeof(*e));
	e->table = t;
	e->machine = m;
	e->env.table = t;
	e->env.invert_item = -1;
}

static int finish(struct engine *e, enum engine_outcome outcome, const char *prefix,
		  const char *reason)
{
	struct text t;

	e->result->outcome = outcome;
	text_start(&t, e->result->reason, ENGINE_TEXT);
	text_str(&t, prefix);
	text_str(&t, reason);
	return 1;
}

int step_error(struct engine *e, const char *reason)
{
	return finish(e, ENGINE_ERROR, "", reason);
}

int step_unobserved(struct engine *e, const char *reason)
{
	return finish(e, ENGINE_UNOBSERVED, "harness cannot ", reason);
}

int step_skip(struct engine *e, const char *reason)
{
	return finish(e, ENGINE_SKIP, "device lacks ", reason);
}

int step_machine(struct engine *e, int rc, const char *what)
{
	if (rc == 0)
		return 0;
	if (rc == MACHINE_UNSUPPORTED)
		return step_unobserved(e, what);
	if (rc == XPORT_FAULT)
		return step_fail(e, ENGINE_CLASS_VALUE);
	e->result->cls = ENGINE_CLASS_CRASH;
	return finish(e, ENGINE_ERROR, "no answer when trying to ", what);
}

int step_fail(struct engine *e, enum engine_class cls)
{
	bool choice = e->vector->flags & VCT_CHOICE;

	e->result->outcome = choice ? ENGINE_DIFFERS : ENGINE_FAIL;
	e->result->cls = cls;
	return 1;
}

int step_fail_text(struct engine *e, enum engine_class cls, const char *want, const char *saw)
{
	step_texts(e);
	text_str(&e->want, want);
	text_str(&e->saw, saw);
	return step_fail(e, cls);
}

void step_texts(struct engine *e)
{
	text_start(&e->want, e->result->want, ENGINE_TEXT);
	text_start(&e->saw, e->result->saw, ENGINE_TEXT);
}

int step_number(struct engine *e, const struct step *s, struct code_subject subject,
		enum engine_class cls)
{
	const struct vct_insn_rec *i;
	bool ok, negate;

	if (s->rec->ipat == VCT_NONE)
		return 0;
	step_texts(e);
	i = &e->table->code[s->rec->ipat];
	negate = e->perturb.kind == ENGINE_NEGATE_NUMBER && e->perturb.step == e->step &&
		 !((i->op == VCI_T_ANY || i->op == VCI_T_BIND) && i[1].op == VCI_END);
	ok = code_number(&e->env, s->rec->ipat, subject, &e->want);
	if (negate) {
		e->perturb.applied = true;
		ok = !ok;
	}
	if (ok)
		return 0;
	code_subject_text(&e->saw, subject);
	return step_fail(e, cls);
}

bool step_bytes(struct engine *e, const struct step *s, const uint8_t *p, size_t n,
		enum code_context context)
{
	bool ok;

	if (s->rec->bpat == VCT_NONE)
		return true;
	step_texts(e);
	e->env.invert_item = -1;
	if (e->perturb.kind == ENGINE_NEGATE_ITEM && e->perturb.step == e->step)
		e->env.invert_item = e->perturb.item;
	ok = code_bytes(&e->env, s->rec->bpat, p, n, context, &e->want, &e->saw);
	if (e->env.invert_item >= 0 && e->env.items > e->env.invert_item)
		e->perturb.applied = true;
	e->env.invert_item = -1;
	return ok;
}

bool step_opposite(struct engine *e)
{
	if (e->perturb.kind != ENGINE_OPPOSITE || e->perturb.step != e->step)
		return false;
	e->perturb.applied = true;
	return true;
}

/* Do timers of an actor's sockets run in this vector? Their clock is the vector's: it goes on only
 * while a step waits, so that a slow machine cannot let a timer run out between two steps. */
static bool has_timers(const struct engine *e)
{
	return e->vector->flags & VCT_SOCKETS && e->vector->abilities & VCT_CAN_PEER &&
	       e->machine->peer;
}

/* Time passed: what an actor's sockets do by the clock, they do now. */
static int settle(struct engine *e, uint64_t us)
{
	struct machine *m = e->machine;
	struct peer_request rq = { .op = PEER_SYNC, .nargs = 1, .args = { us } };
	struct peer_reply rp = { 0 };
	int rc = m->settle(m->ctx, us);

	if (!rc && us && has_timers(e))
		rc = m->peer(m->ctx, &rq, &rp);
	return rc;
}

int step_wait_start(struct engine *e, struct step_wait *w, uint64_t us)
{
	w->began = e->machine->now_us(e->machine->ctx);
	w->us = us < ENGINE_TIMEOUT_US ? us : ENGINE_TIMEOUT_US;
	w->spent = 0;
	w->rc = settle(e, 0);
	return step_machine(e, w->rc, "wait");
}

bool step_wait_more(struct engine *e, struct step_wait *w)
{
	uint64_t piece = w->us - w->spent, longest = 1000;
	uint64_t real = e->machine->now_us(e->machine->ctx) - w->began;

	if (has_timers(e)) {
		/* All of it passes on the vector's clock, in pieces that grow: a look may cost more
		 * than the piece. */
		longest += w->spent;
		if (real >= ENGINE_TIMEOUT_US)
			return false;
	} else if (real >= w->us) {
		return false;
	}
	if (!piece)
		return false;
	if (piece > longest)
		piece = longest;
	w->spent += piece;
	w->rc = settle(e, piece);
	return w->rc == 0;
}

static int run_step(struct engine *e, const struct vct_step *rec)
{
	struct step s = { .rec = rec };
	int rc;

	code_args(&e->env, rec->args, s.args);
	rc = code_blob(&e->env, rec->blob, e->blob, ENGINE_BLOB_MAX, &s.blob_len);
	if (rc)
		return step_error(e, rc == -1 ? "the step has more bytes than the engine can hold"
					      : "the step uses a queue pair that has no memory");
	s.within_us = rec->within_us ? rec->within_us : ENGINE_WITHIN_US;
	switch (rec->verb) {
	case VCT_LET:
		if (s.args[0] >= VCT_SLOTS)
			return step_error(e, "the table names a variable that is not there");
		e->env.slots[s.args[0]] = s.args[1];
		return 0;
	case VCT_WAIT:
		return step_machine(
			e, settle(e, s.args[0] > ENGINE_TIMEOUT_US ? ENGINE_TIMEOUT_US : s.args[0]),
			"wait");
	case VCT_RECV:
	case VCT_READ:
	case VCT_PUSH:
	case VCT_PULL:
	case VCT_DEV_IRQ:
	case VCT_DEV_IRQS:
	case VCT_DEV_NOIRQ:
	case VCT_DEV_LINE:
	case VCT_SET_LOAD:
		return step_look(e, &s);
	default:
		return rec->verb >= VCT_HOST ? step_actor(e, &s) : step_device(e, &s);
	}
}

/* Steps from first up to end; a repeat runs its block here as well, one level deep. */
static int run_steps(struct engine *e, uint32_t first, uint32_t end, bool repeated)
{
	const struct vct_step *steps = e->table->steps + e->vector->step_first;
	uint64_t args[PEER_ARGS];

	for (uint32_t i = first; i < end; i++) {
		e->step = i;
		e->result->step = i + 1;
		e->result->line = steps[i].line;
		if (e->machine->now_us(e->machine->ctx) - e->began > ENGINE_TIMEOUT_US)
			return finish(e, ENGINE_TIMEOUT, "", "the vector took more than a minute");
		if (steps[i].verb != VCT_REPEAT) {
			if (run_step(e, &steps[i]))
				return 1;
			continue;
		}
		code_args(&e->env, steps[i].args, args);
		if (repeated || args[1] > end - i - 1 || args[0] > ENGINE_REPEAT_MAX)
			return step_error(e, "the table has a wrong repeat");
		for (uint64_t n = 0; n < args[0]; n++)
			if (run_steps(e, i + 1, i + 1 + (uint32_t)args[1], true))
				return 1;
		i += (uint32_t)args[1];
	}
	return 0;
}

/* A guest under test has to have done nothing that no line named. */
static int nothing_left(struct engine *e)
{
	struct machine_event ev;
	int rc;

	if (e->vector->role != VCT_ROLE_GUEST || e->skip_seen)
		return 0;
	rc = e->machine->saw(e->machine->ctx, &ev);
	if (rc <= 0)
		return step_machine(e, rc, "see what the guest does");
	step_texts(e);
	text_str(&e->want, "nothing more at the end of the vector");
	if (ev.kind == MACHINE_SAW_WRITE) {
		text_str(&e->saw, "a write of ");
		text_number(&e->saw, ev.value, 1);
		text_str(&e->saw, " to register ");
		text_hex(&e->saw, ev.offset, 2);
	} else {
		text_str(&e->saw, "a datagram: ");
		text_bytes(&e->saw, ev.bytes, ev.len, 32);
	}
	return step_fail(e, ENGINE_CLASS_EXTRA);
}

/* A failure of what the vector stands on is no failure of what it is about. */
static void stands_on_nothing(struct engine *e)
{
	const char *missing = basics_missing(e);

	if (!missing)
		return;
	step_texts(e);
	e->result->cls = ENGINE_CLASS_NONE;
	step_skip(e, missing);
}

void engine_run(struct engine *e, uint32_t index, struct engine_result *r)
{
	memset(r, 0, sizeof(*r));
	e->began = e->machine->now_us(e->machine->ctx);
	e->vector = &e->table->vectors[index];
	e->result = r;
	e->step = VCT_NONE;
	e->skip_seen = false;
	basics_begin(&e->basics);
	e->nregions = 0;
	e->env.ppn64 = false;
	memset(e->env.slots, 0, sizeof(e->env.slots));
	memset(e->env.pairs, 0, sizeof(e->env.pairs));
	e->xport.buffer = e->rx;
	e->xport.fifo = e->fifo;
	e->xport.want = &e->want;
	e->xport.saw = &e->saw;
	step_texts(e);
	r->vector = index;
	r->line = e->vector->line;
	if (!needs_harness(e) &&
	    !(e->vector->role == VCT_ROLE_GUEST ? start_guest(e) : start_device(e)) &&
	    !run_steps(e, 0, e->vector->step_count, false) && !nothing_left(e)) {
		r->outcome = ENGINE_PASS;
		step_texts(e);
	}
	e->spoilt = r->outcome != ENGINE_PASS && r->outcome != ENGINE_SKIP &&
		    r->outcome != ENGINE_UNOBSERVED;
	if (r->outcome == ENGINE_FAIL || r->outcome == ENGINE_DIFFERS)
		stands_on_nothing(e);
	r->ms = (uint32_t)((e->machine->now_us(e->machine->ctx) - e->began) / 1000);
}

void engine_finish(struct engine *e)
{
	struct machine *m = e->machine;

	if (m->reg_write && e->probed) {
		if (m->irq_mode)
			m->irq_mode(m->ctx, VCT_IRQ_OFF);
		probe_reset(e);
	}
	if (m->mem_release_all)
		m->mem_release_all(m->ctx);
}

static bool glob(const char *p, const char *s)
{
	const char *star = NULL, *from = s;

	while (*s) {
		if (*p == '*') {
			star = p++;
			from = s;
		} else if (*p == '?' || *p == *s) {
			p++;
			s++;
		} else if (star) {
			p = star + 1;
			s = ++from;
		} else {
			break;
		}
	}
	while (*p == '*')
		p++;
	/* A pattern without variants stands for all of them. */
	return !*p && (!*s || *s == '@');
}

bool engine_match(const char *pattern, const char *s)
{
	return glob(pattern, s);
}

const char *engine_outcome_name(enum engine_outcome o)
{
	static const char *const names[ENGINE_OUTCOMES] = { "pass",	  "fail",  "skip",
							    "unobserved", "error", "timeout",
							    "differs" };

	return o < ENGINE_OUTCOMES ? names[o] : "?";
}

const char *engine_class_name(enum engine_class c)
{
	static const char *const names[ENGINE_CLASSES] = { "",	    "value", "missing",
							   "extra", "order", "crash" };

	return c < ENGINE_CLASSES ? names[c] : "?";
}
