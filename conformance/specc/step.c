/* SPDX-License-Identifier: BSD-2-Clause */
#include "step.h"

#include <string.h>

#include "code.h"
#include "expr.h"
#include "pattern.h"
#include "scope.h"
#include "step_parts.h"
#include "text.h"

#define PAGE 4096u

void part_arg(struct maker *m, uint64_t constant)
{
	code_const(&m->s->args, constant);
	code_op(&m->s->args, VCI_ARG);
	m->s->nargs++;
}

void part_value(struct maker *m)
{
	expr_arg(m->lx, EXPR_VALUE, &m->s->args, &m->s->nargs);
}

void part_register(struct maker *m)
{
	expr_arg(m->lx, EXPR_REGISTER, &m->s->args, &m->s->nargs);
}

void part_address(struct maker *m)
{
	expr_arg(m->lx, EXPR_ADDRESS, &m->s->args, &m->s->nargs);
}

void part_handle(struct maker *m)
{
	part_value(m);
	lex_expect_mark(m->lx, ":");
	part_value(m);
}

void part_queues(struct maker *m)
{
	const char *name = lex_word(m->lx, "the name of queues");
	const struct var *v = scope_find(m->lx->scope, name);

	if (m->lx->failed)
		return;
	if (!v || v->kind != VAR_QUEUES) {
		lex_fail(m->lx, "no line `queues %s ...` before this one", name);
		return;
	}
	m->lx->sp->bindings.v[v->binding].used = true;
	part_arg(m, scope_object(m->lx, name));
}

void part_bytes(struct maker *m)
{
	pattern_bytes(m->lx, false, &m->s->blob);
}

void part_payload(struct maker *m)
{
	if (lex_accept(m->lx, "payload"))
		part_bytes(m);
}

void part_answer(struct maker *m)
{
	if (lex_accept_mark(m->lx, "->")) {
		m->s->ipat.present = true;
		pattern_number(m->lx, &m->s->ipat);
	}
}

void part_answer_bytes(struct maker *m, int64_t n)
{
	int64_t have;

	if (!lex_accept_mark(m->lx, "->"))
		return;
	have = pattern_bytes(m->lx, true, &m->s->bpat);
	if (!m->lx->failed && n >= 0 && have >= 0 && n != have)
		lex_fail(m->lx, "%lld bytes are read, the pattern has %lld", (long long)n,
			 (long long)have);
}

void part_answer_both(struct maker *m, bool must)
{
	part_answer(m);
	if (lex_accept(m->lx, "bytes"))
		pattern_bytes(m->lx, true, &m->s->bpat);
	else if (must && m->s->ipat.present)
		lex_fail(m->lx, "expected 'bytes' and a pattern, not %s", lex_here(m->lx));
}

static void step_region(struct maker *m)
{
	const char *name = lex_word(m->lx, "a name");
	const struct var *v;
	bool high = false;

	if (m->lx->failed)
		return;
	v = scope_bind(m->lx, name, VAR_REGION, mem_printf("region %s", name));
	part_arg(m, v->slot);
	part_value(m);
	if (lex_accept(m->lx, "align"))
		part_value(m);
	else
		part_arg(m, PAGE);
	if (lex_accept(m->lx, "high")) {
		high = true;
		m->run->abilities |= VCT_CAN_MEM_HIGH;
	}
	part_arg(m, high);
	m->s->verb = VCT_REGION;
}

static void step_queues(struct maker *m)
{
	const char *name = lex_word(m->lx, "a name");
	uint64_t produce, consume;
	struct var *v;
	uint32_t object;

	if (m->lx->failed)
		return;
	v = scope_bind(m->lx, name, VAR_QUEUES, mem_printf("queues %s", name));
	object = scope_object(m->lx, name);
	m->lx->scope->objects.v[object].queues = true;
	produce = expr_known(m->lx, "a queue's size");
	consume = expr_known(m->lx, "a queue's size");
	if (!m->lx->failed && (produce > 1u << 30 || consume > 1u << 30))
		lex_fail(m->lx, "queues of more than a gigabyte");
	v->npages = 2 + (produce + PAGE - 1) / PAGE + (consume + PAGE - 1) / PAGE;
	part_arg(m, object);
	part_arg(m, produce);
	part_arg(m, consume);
	part_arg(m, v->slot);
	part_arg(m, v->slot2);
	m->s->verb = VCT_QUEUES;
}

static void step_let(struct maker *m)
{
	struct ir_code value = { 0 };
	const char *name;

	lex_accept_mark(m->lx, "?");
	name = lex_word(m->lx, "a name");
	lex_expect_mark(m->lx, "=");
	expr_value(m->lx, EXPR_ADDRESS, &value);
	if (m->lx->failed)
		return;
	part_arg(m, scope_bind(m->lx, name, VAR_NUMBER, mem_printf("let %s", name))->slot);
	code_append(&m->s->args, &value);
	code_op(&m->s->args, VCI_ARG);
	m->s->nargs++;
	m->s->verb = VCT_LET;
}

static bool step_common(struct maker *m, const char *verb)
{
	if (strcmp(verb, "region") == 0) {
		step_region(m);
	} else if (strcmp(verb, "queues") == 0) {
		step_queues(m);
	} else if (strcmp(verb, "let") == 0) {
		step_let(m);
	} else if (strcmp(verb, "wait") == 0) {
		m->s->verb = VCT_WAIT;
		part_arg(m, lex_time(m->lx));
	} else if (strcmp(verb, "repeat") == 0) {
		m->s->verb = VCT_REPEAT;
		part_value(m);
		lex_expect_mark(m->lx, "{");
	} else {
		return false;
	}
	if (m->run->role == VCT_ROLE_GUEST && (verb[0] == 'q' || strcmp(verb, "region") == 0))
		lex_fail(m->lx, "%s: with dut guest the memory is the guest's own", verb);
	return true;
}

static void step_actor(struct maker *m, const char *actor)
{
	bool guest = actor[0] == 'g', under_test = m->run->role == VCT_ROLE_GUEST;
	const char *verb;

	m->s->actor = guest ? VCT_ACT_GUEST : VCT_ACT_DEVICE;
	verb = lex_word(m->lx, "a verb");
	if (m->lx->failed)
		return;
	if (guest && strcmp(verb, "ask") == 0 && under_test) {
		step_ask(m);
		return;
	}
	if (guest && strcmp(verb, "does") == 0 && under_test) {
		step_does(m);
		return;
	}
	if (guest ? !step_guest(m, verb) : !step_device(m, verb))
		lex_fail(m->lx, "unknown verb '%s %s' in a vector with dut %s", actor, verb,
			 under_test ? "guest" : "device");
}

bool step_checks(const struct ir_step *s)
{
	return s->ipat.present || s->bpat.present || s->verb == VCT_DEV_IRQ ||
	       s->verb == VCT_DEV_NOIRQ || s->verb == VCT_DEV_LINE || s->verb == VCT_RECV ||
	       (s->verb >= VCT_DOES_OUT && s->verb <= VCT_DOES_NOTHING);
}

static void check_depth(struct maker *m)
{
	const struct ir_code *codes[] = { &m->s->args, &m->s->blob, &m->s->ipat, &m->s->bpat };

	for (int i = 0; i < 4; i++)
		if (code_depth(codes[i]) > VCT_STACK)
			lex_fail(m->lx, "an expression is nested too deep");
}

void step_compile(struct lex *lx, struct ir_run *run, struct ir_step *s)
{
	struct maker m = { lx, run, s };
	const char *actor =
		lex_word(lx, "guest, device, host, region, queues, let, wait or repeat");

	if (lx->failed)
		return;
	if (strcmp(actor, "guest") == 0 || strcmp(actor, "device") == 0)
		step_actor(&m, actor);
	else if (strcmp(actor, "host") == 0)
		step_host(&m);
	else if (!step_common(&m, actor))
		lex_fail(
			lx,
			"'%s' starts no step; expected guest, device, host, region, queues, let, wait or repeat",
			actor);
	if (lex_accept(lx, "within")) {
		if (!step_checks(s))
			lex_fail(lx, "within: nothing is expected on this line");
		s->within_us = lex_time(lx);
	}
	lex_expect_end(lx);
	if (!lx->failed)
		check_depth(&m);
}
