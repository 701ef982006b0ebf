/* SPDX-License-Identifier: BSD-2-Clause */
/* monitor.c - keeps the score, and hands each event to the rules that it concerns. */
#include "monitor_state.h"
#include <text.h>

size_t monitor_bytes(void)
{
	return sizeof(struct monitor);
}

struct monitor *monitor_start(void *memory, const struct monitor_port *port, uint64_t patience_us)
{
	struct monitor *m = memory;

	memset(m, 0, sizeof(*m));
	m->port = *port;
	m->patience_us = patience_us;
	monitor_session_begin(m);
	return m;
}

/* ---- score ------------------------------------------------------------------------------ */

void monitor_holds(struct monitor *m, enum monitor_rule rule)
{
	m->scores[rule].held++;
}

void monitor_violates(struct monitor *m, enum monitor_rule rule, const char *what, uint64_t value,
		      uint64_t other)
{
	struct monitor_finding *f;

	m->scores[rule].violated++;
	for (unsigned i = 0; i < m->nfindings; i++) {
		f = &m->findings[i];
		if (f->rule == rule && !text_differs(f->what, what)) {
			f->count++;
			return;
		}
	}
	if (m->nfindings == FINDINGS)
		return;
	f = &m->findings[m->nfindings++];
	*f = (struct monitor_finding){ .rule = rule,
				       .what = what,
				       .value = value,
				       .other = other,
				       .event = m->events,
				       .line = m->line,
				       .count = 1 };
	if (m->port.found)
		m->port.found(m->port.ctx, f);
}

void monitor_judge(struct monitor *m, bool good, enum monitor_rule rule, const char *what,
		   uint64_t value, uint64_t other)
{
	if (good)
		monitor_holds(m, rule);
	else
		monitor_violates(m, rule, what, value, other);
}

void monitor_owe(struct monitor *m, struct owed *o)
{
	o->is_due = true;
	o->since_us = m->now_us;
	o->since_access = m->accesses;
}

bool monitor_is_late(const struct monitor *m, const struct owed *o)
{
	return o->is_due && m->now_us - o->since_us > m->patience_us &&
	       m->accesses - o->since_access >= BUSY;
}

static void refused(struct monitor *m, const struct vmci_trace *ev)
{
	struct monitor_refusal *r;

	/* Longer than anything may be: the only way in which this shows. */
	if (ev->clause && !text_differs(ev->clause, "DG.OUT.4"))
		monitor_violates(m, RULE_DG_GST_7, "a datagram longer than the device takes", 0, 0);
	for (unsigned i = 0; i < m->nrefusals; i++) {
		r = &m->refusals[i];
		if (r->result == ev->result && !text_differs(r->reason, ev->text)) {
			r->count++;
			return;
		}
	}
	if (m->nrefusals == REFUSALS)
		return;
	m->refusals[m->nrefusals++] = (struct monitor_refusal){ .reason = ev->text,
								.clause = ev->clause,
								.result = ev->result,
								.event = m->events,
								.line = m->line,
								.count = 1 };
}

/* ---- who the guest is ------------------------------------------------------------------- */

static void learn_cid(struct monitor *m, uint32_t cid)
{
	if (m->has_cid && m->cid == cid)
		return;
	if (m->has_cid) {
		m->former_cid = m->cid;
		m->has_former = true;
	}
	m->cid = cid;
	m->has_cid = true;
}

bool monitor_is_own(const struct monitor *m, uint32_t context)
{
	return (m->has_cid && context == m->cid) || (m->has_former && context == m->former_cid) ||
	       (m->was_told && context == m->told_cid);
}

void monitor_names_itself(struct monitor *m, uint32_t context)
{
	if (m->wants_cid)
		monitor_judge(m, context != VMCI_INVALID_ID, RULE_HC_CID_5,
			      "it goes on with all ones as its context id", 0, 0);
	m->wants_cid = false;
	if (m->was_told && m->told_cid >> 31)
		monitor_judge(m, monitor_is_own(m, context) || context == VMCI_INVALID_ID,
			      RULE_HC_CID_4, "it was told %x and calls itself %x", m->told_cid,
			      context);
	if (m->was_fooled)
		monitor_judge(m, context != VMCI_INVALID_ID, RULE_EV_GUEST_6,
			      "it calls itself all ones", 0, 0);
	m->was_fooled = false;
	if (!m->has_new_cid)
		return;
	if (context == m->cid) {
		monitor_holds(m, RULE_EV_GUEST_5);
		m->has_new_cid = false;
	} else if (context == m->former_cid && monitor_is_late(m, &m->cid_due)) {
		monitor_violates(m, RULE_EV_GUEST_5, "it still calls itself %x and is %x", context,
				 m->cid);
		m->has_new_cid = false;
	}
}

/* ---- events ----------------------------------------------------------------------------- */

void monitor_time(struct monitor *m, uint64_t now_us)
{
	m->now_us = now_us;
}

void monitor_line(struct monitor *m, uint64_t line)
{
	m->line = line;
}

static bool is_own_event(struct monitor *m, const struct vmci_trace *ev)
{
	switch (ev->kind) {
	case VMCI_TRACE_REG_READ:
	case VMCI_TRACE_REG_WRITE:
	case VMCI_TRACE_BYTES:
	case VMCI_TRACE_DATAGRAM_OUT:
		/* Nobody but the guest of this device makes these. */
		learn_cid(m, ev->cid);
		m->accesses++;
		return true;
	case VMCI_TRACE_QUEUE_PAIR:
		return true;
	default:
		return !m->has_cid || ev->cid == m->cid;
	}
}

void monitor_event(struct monitor *m, const struct vmci_trace *ev)
{
	m->events++;
	if (!is_own_event(m, ev))
		return;
	switch (ev->kind) {
	case VMCI_TRACE_REG_READ:
	case VMCI_TRACE_REG_WRITE:
		monitor_register(m, ev);
		break;
	case VMCI_TRACE_BYTES:
		monitor_bytes_run(m, ev);
		break;
	case VMCI_TRACE_DATAGRAM_OUT:
		monitor_datagram(m, ev);
		break;
	case VMCI_TRACE_DATAGRAM_IN:
		monitor_delivered(m, ev);
		break;
	case VMCI_TRACE_INTERRUPT:
		if (!ev->offset)
			monitor_message(m, ev->value);
		break;
	case VMCI_TRACE_IRQ_MODE:
		m->irq_mode = ev->value;
		m->messages = ev->width;
		break;
	case VMCI_TRACE_DOORBELL:
		monitor_rung(m, ev->value);
		break;
	case VMCI_TRACE_QUEUE_PAIR:
		monitor_pair_event(m, ev);
		break;
	case VMCI_TRACE_RESET:
		/* CONTROL and CAPS are seen as the guest's writes. */
		if (text_differs(ev->text, "control") && text_differs(ev->text, "caps"))
			monitor_session_end(m, false);
		break;
	case VMCI_TRACE_REFUSAL:
		refused(m, ev);
		break;
	case VMCI_TRACE_DATAGRAM_QUEUED:
	case VMCI_TRACE_HYPERCALL:
	case VMCI_TRACE_EVENT:
		break;
	}
	monitor_look_at_debts(m);
	monitor_look_at_pairs(m);
}

void monitor_finish(struct monitor *m)
{
	for (unsigned i = 0; i < RINGS; i++, m->events++)
		monitor_look_at_debts(m);
	for (unsigned i = 0; i < m->npairs_top; i++)
		monitor_look_at_pairs(m);
	m->events -= RINGS;
	monitor_session_end(m, false);
}

/* ---- what came out ---------------------------------------------------------------------- */

const char *monitor_clause(enum monitor_rule rule)
{
#define CLAUSE(name, clause) [RULE_##name] = clause,
	static const char *const clauses[] = { MONITOR_RULES(CLAUSE) };

	return clauses[rule];
}

struct monitor_score monitor_score(const struct monitor *m, enum monitor_rule rule)
{
	return m->scores[rule];
}

uint64_t monitor_events(const struct monitor *m)
{
	return m->events;
}

const struct monitor_finding *monitor_finding(const struct monitor *m, unsigned n)
{
	return n < m->nfindings ? &m->findings[n] : NULL;
}

const struct monitor_refusal *monitor_refusal(const struct monitor *m, unsigned n)
{
	return n < m->nrefusals ? &m->refusals[n] : NULL;
}

static const char *register_name(uint64_t offset)
{
	static const char *const names[] = {
		"STATUS",	"CONTROL",	    "ICR",	     "IMR",
		"DATA_OUT",	"DATA_IN",	    "CAPS",	     "RESULT_LOW",
		"RESULT_HIGH",	"DATA_OUT_LOW",	    "DATA_OUT_HIGH", "DATA_IN_LOW",
		"DATA_IN_HIGH", "GUEST_PAGE_SHIFT",
	};

	return offset / 4 < sizeof(names) / sizeof(names[0]) && offset % 4 == 0 ? names[offset / 4]
										: NULL;
}

const char *monitor_finding_text(const struct monitor_finding *f, char *buf, size_t size)
{
	uint64_t numbers[] = { f->value, f->other };
	unsigned n = 0;
	struct text t;

	text_start(&t, buf, size);
	for (const char *s = f->what; *s; s++) {
		uint64_t number = n < 2 ? numbers[n] : 0;

		if (*s != '%') {
			text_char(&t, *s);
			continue;
		}
		n++;
		switch (*++s) {
		case 'u':
			text_u64(&t, number);
			break;
		case 'x':
			text_hex(&t, number, 1);
			break;
		case 'h':
			text_hex(&t, f->value, 1);
			text_char(&t, ':');
			text_hex(&t, f->other, 1);
			break;
		case 'r':
			if (register_name(number)) {
				text_str(&t, register_name(number));
			} else {
				text_str(&t, "offset ");
				text_hex(&t, number, 2);
			}
			break;
		default:
			break;
		}
	}
	return buf;
}
