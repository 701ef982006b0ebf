/* SPDX-License-Identifier: BSD-2-Clause */
/* Verbs of vectors with a device under test. */
#include <string.h>

#include "code.h"
#include "expr.h"
#include "pattern.h"
#include "scope.h"
#include "step_parts.h"

#define ANONYMOUS 0xffffffffu

/* "in32" with stem "in" is 32; 0 when verb is something else. */
static unsigned width_of(const char *verb, const char *stem)
{
	size_t n = strlen(stem);

	if (strncmp(verb, stem, n) != 0)
		return 0;
	return strcmp(verb + n, "8") == 0    ? 8
	       : strcmp(verb + n, "16") == 0 ? 16
	       : strcmp(verb + n, "32") == 0 ? 32
					     : 0;
}

static int word_of(struct maker *m, const char *const *words, const char *what)
{
	const char *w = lex_word(m->lx, what);

	for (int i = 0; words[i]; i++)
		if (strcmp(w, words[i]) == 0)
			return i;
	lex_fail(m->lx, "expected %s, not '%s'", what, w);
	return 0;
}

/* A vector number 0..2, known now. */
static void part_vector(struct maker *m)
{
	uint64_t v = expr_known(m->lx, "the number of a message");

	if (!m->lx->failed && v > 31)
		lex_fail(m->lx, "message %llu; expected 0 to 31", (unsigned long long)v);
	part_arg(m, v);
}

static bool step_access(struct maker *m, const char *verb)
{
	unsigned w;

	if ((w = width_of(verb, "in")) != 0) {
		m->s->verb = VCT_IN;
		part_arg(m, w);
		part_register(m);
		part_answer(m);
	} else if ((w = width_of(verb, "out")) != 0) {
		m->s->verb = VCT_OUT;
		part_arg(m, w);
		part_register(m);
		part_value(m);
	} else if ((w = width_of(verb, "cfgout")) != 0) {
		m->s->verb = VCT_CFG_OUT;
		part_arg(m, w);
		part_value(m);
		part_value(m);
	} else if ((w = width_of(verb, "cfg")) != 0) {
		m->s->verb = VCT_CFG_IN;
		part_arg(m, w);
		part_value(m);
		part_answer(m);
	} else {
		return false;
	}
	if (m->s->verb == VCT_CFG_IN || m->s->verb == VCT_CFG_OUT)
		m->run->abilities |= VCT_CAN_CFGSPACE;
	return true;
}

/* A count that is known now, or -1; an argument either way. */
static int64_t part_count(struct maker *m)
{
	size_t before = m->s->args.insns.n;
	uint64_t v;

	expr_value(m->lx, EXPR_VALUE, &m->s->args);
	if (m->s->args.insns.n != before + 1 || !code_last_const(&m->s->args, &v))
		v = UINT64_MAX;
	code_op(&m->s->args, VCI_ARG);
	m->s->nargs++;
	return (int64_t)v;
}

static void part_source(struct maker *m)
{
	if (lex_accept(m->lx, "from")) {
		part_handle(m);
	} else {
		part_arg(m, ANONYMOUS);
		part_arg(m, ANONYMOUS);
	}
}

static bool step_datagram(struct maker *m, const char *verb)
{
	if (strcmp(verb, "call") == 0) {
		m->s->verb = VCT_CALL;
		part_value(m);
		part_source(m);
		part_payload(m);
		part_answer(m);
	} else if (strcmp(verb, "send") == 0) {
		m->s->verb = VCT_SEND;
		part_handle(m);
		part_source(m);
		part_payload(m);
		part_answer(m);
	} else if (strcmp(verb, "recv") == 0) {
		const char *save;

		m->s->verb = VCT_RECV;
		lex_expect_mark(m->lx, "->");
		save = m->lx->p;
		if (lex_accept(m->lx, "none")) {
			part_arg(m, 1);
		} else if (lex_accept(m->lx, "any") && (lex_end(m->lx) || lex_peek(m->lx)) &&
			   !(lex_peek(m->lx) && strcmp(lex_peek(m->lx), "from") == 0)) {
			part_arg(m, 2);
		} else {
			m->lx->p = save;
			part_arg(m, 0);
			pattern_datagram(m->lx, &m->s->bpat);
		}
	} else {
		return false;
	}
	return true;
}

static bool step_memory(struct maker *m, const char *verb)
{
	int64_t n;

	if (strcmp(verb, "read") == 0) {
		m->s->verb = VCT_READ;
		part_address(m);
		n = part_count(m);
		part_answer_bytes(m, n);
	} else if (strcmp(verb, "write") == 0) {
		m->s->verb = VCT_WRITE;
		part_address(m);
		part_bytes(m);
	} else if (strcmp(verb, "outs") == 0) {
		m->s->verb = VCT_OUTS;
		part_register(m);
		part_bytes(m);
	} else if (strcmp(verb, "ins") == 0) {
		m->s->verb = VCT_INS;
		part_register(m);
		n = part_count(m);
		part_answer_bytes(m, n);
	} else if (strcmp(verb, "push") == 0) {
		m->s->verb = VCT_PUSH;
		part_queues(m);
		part_bytes(m);
		part_answer(m);
	} else if (strcmp(verb, "pull") == 0) {
		m->s->verb = VCT_PULL;
		part_queues(m);
		part_value(m);
		part_answer_both(m, false);
	} else {
		return false;
	}
	return true;
}

static void step_irq_mode(struct maker *m)
{
	static const char *const modes[] = { "off", "exclusive", "shared", "msi", "intx", NULL };
	static const uint32_t needs[] = { 0, VCT_NEED_MSIX | VCT_NEED_VECTORS2, VCT_NEED_MSIX,
					  VCT_NEED_MSI, VCT_NEED_INTX };
	int mode = word_of(m, modes, "exclusive, shared, msi, intx or off");

	m->s->verb = VCT_IRQ_MODE;
	m->run->needs |= needs[mode];
	if (mode == VCT_IRQ_MSI)
		m->run->abilities |= VCT_CAN_MSI_MODE;
	part_arg(m, (uint64_t)mode);
}

static bool step_function(struct maker *m, const char *verb)
{
	static const char *const on_off[] = { "off", "on", NULL };
	static const struct {
		const char *name;
		enum vct_verb verb;
	} asks[] = { { "bar", VCT_BAR_SIZE },
		     { "barkind", VCT_BAR_KIND },
		     { "pcicap", VCT_PCICAP } };

	for (int i = 0; i < 3; i++) {
		if (strcmp(verb, asks[i].name) == 0) {
			m->s->verb = (uint8_t)asks[i].verb;
			m->run->abilities |= VCT_CAN_CFGSPACE;
			part_value(m);
			part_answer(m);
			return true;
		}
	}
	if (strcmp(verb, "irq") == 0) {
		step_irq_mode(m);
	} else if (strcmp(verb, "irqmask") == 0 || strcmp(verb, "irqunmask") == 0) {
		m->s->verb = VCT_IRQ_MASK;
		m->run->abilities |= VCT_CAN_IRQ_MASK;
		part_vector(m);
		part_arg(m, verb[3] == 'm');
	} else if (strcmp(verb, "busmaster") == 0) {
		m->s->verb = VCT_BUSMASTER;
		m->run->abilities |= VCT_CAN_BUSMASTER;
		part_arg(m, (uint64_t)word_of(m, on_off, "on or off"));
	} else if (strcmp(verb, "platreset") == 0) {
		m->s->verb = VCT_PLATRESET;
		m->run->abilities |= VCT_CAN_PLATRESET;
	} else {
		return false;
	}
	return true;
}

bool step_guest(struct maker *m, const char *verb)
{
	if (m->run->role != VCT_ROLE_DEVICE)
		return false;
	return step_access(m, verb) || step_datagram(m, verb) || step_memory(m, verb) ||
	       step_function(m, verb);
}

static bool expect_device(struct maker *m, const char *verb)
{
	if (strcmp(verb, "irq") == 0) {
		m->s->verb = VCT_DEV_IRQ;
		part_vector(m);
	} else if (strcmp(verb, "irqs") == 0) {
		m->s->verb = VCT_DEV_IRQS;
		m->run->abilities |= VCT_CAN_IRQ_COUNT;
		part_vector(m);
		part_answer(m);
		if (!m->lx->failed && !m->s->ipat.present)
			lex_fail(m->lx, "device irqs: expected '->' and a number, not %s",
				 lex_here(m->lx));
	} else if (strcmp(verb, "noirq") == 0) {
		m->s->verb = VCT_DEV_NOIRQ;
		if (lex_accept(m->lx, "any"))
			part_arg(m, VCT_ANY_IRQ);
		else
			part_vector(m);
	} else if (strcmp(verb, "line") == 0) {
		uint64_t v;

		m->s->verb = VCT_DEV_LINE;
		m->run->abilities |= VCT_CAN_LINE;
		v = expr_known(m->lx, "the line's state");
		if (!m->lx->failed && v > 1)
			lex_fail(m->lx, "device line: expected 0 or 1");
		part_arg(m, v);
		return true;
	} else {
		return false;
	}
	m->run->abilities |= VCT_CAN_IRQ;
	return true;
}

/* What the engine does as the device when a guest is under test. */
static bool play_device(struct maker *m, const char *verb)
{
	static const struct {
		const char *name;
		enum vct_verb verb;
		char args; /* v a value, b bytes, a address and bytes, - nothing */
	} verbs[] = {
		{ "offer", VCT_SET_OFFER, 'v' },     { "answer", VCT_SET_ANSWER, 'v' },
		{ "deliver", VCT_SET_DELIVER, 'b' }, { "event", VCT_SET_EVENT, 'b' },
		{ "gone", VCT_SET_GONE, '-' },	     { "store", VCT_SET_STORE, 'a' },
		{ "load", VCT_SET_LOAD, 'l' },
	};

	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		if (strcmp(verb, verbs[i].name) != 0)
			continue;
		m->s->verb = (uint8_t)verbs[i].verb;
		if (verbs[i].args == 'v')
			part_value(m);
		if (verbs[i].args == 'a' || verbs[i].args == 'l')
			part_address(m);
		if (verbs[i].args == 'a' || verbs[i].args == 'b')
			part_bytes(m);
		if (verbs[i].args == 'l') {
			int64_t n = part_count(m);

			part_answer_bytes(m, n);
		}
		return true;
	}
	return false;
}

bool step_device(struct maker *m, const char *verb)
{
	return m->run->role == VCT_ROLE_DEVICE ? expect_device(m, verb) : play_device(m, verb);
}

void step_does(struct maker *m)
{
	const char *what = lex_word(m->lx, "out8, out16, out32, call, send, nothing or skip");
	unsigned w = width_of(what, "out");

	m->run->abilities |= VCT_CAN_ASK;
	if (m->lx->failed)
		return;
	if (w || strcmp(what, "out") == 0) {
		m->s->verb = VCT_DOES_OUT;
		part_arg(m, w);
		if (lex_accept(m->lx, "any"))
			part_arg(m, VCT_ANY_REG);
		else
			part_register(m);
		m->s->ipat.present = true;
		pattern_number(m->lx, &m->s->ipat);
	} else if (strcmp(what, "call") == 0) {
		m->s->verb = VCT_DOES_CALL;
		part_value(m);
		if (lex_accept(m->lx, "payload"))
			pattern_bytes(m->lx, true, &m->s->bpat);
	} else if (strcmp(what, "send") == 0) {
		m->s->verb = VCT_DOES_SEND;
		pattern_datagram(m->lx, &m->s->bpat);
	} else if (strcmp(what, "nothing") == 0) {
		m->s->verb = VCT_DOES_NOTHING;
	} else if (strcmp(what, "skip") == 0) {
		m->s->verb = VCT_DOES_SKIP;
	} else {
		lex_fail(
			m->lx,
			"guest does '%s'; expected out8, out16, out32, call, send, nothing or skip",
			what);
	}
}
