/* SPDX-License-Identifier: BSD-2-Clause */
/* registers.c - how a driver begins, what it may do when, and how it leaves. Spec: chapter 12. */
#include "monitor_state.h"

/* ---- sessions --------------------------------------------------------------------------- */

void monitor_session_begin(struct monitor *m)
{
	memset(&m->s, 0, sizeof(m->s));
	m->s.page_shift = VMCI_GUEST_PAGE_SHIFT_MIN;
	memset(m->rings, 0, sizeof(m->rings));
	m->fetch.is_due = m->burst.is_due = false;
	m->wants_cid = m->has_new_cid = m->was_fooled = m->has_subscribed = false;
	m->was_told = m->has_former = false;
	monitor_bells_forget(m);
	monitor_pairs_forget(m);
	monitor_streams_forget(m);
}

static bool owes_leaving(const struct session *s)
{
	return s->owes_5 || s->owes_10 || s->owes_query;
}

/* It left when it had to. */
static void gave_up(struct monitor *m, bool by_reset)
{
	struct session *s = &m->s;

	if (!owes_leaving(s))
		return;
	if (s->owes_5)
		monitor_holds(m, RULE_DEV_DRV_5);
	if (s->owes_10)
		monitor_holds(m, RULE_DEV_DRV_10);
	if (s->owes_query)
		monitor_holds(m, RULE_HC_QUERY_7);
	s->owes_5 = s->owes_10 = s->owes_query = false;
	if (s->wrote_caps && (by_reset || !s->looks_gone))
		monitor_judge(m, by_reset, RULE_DEV_DRV_11, "it gave up without RESET", 0, 0);
}

static void left_alone(struct monitor *m)
{
	if (m->s.lacks_datagram)
		monitor_holds(m, RULE_DEV_DRV_1);
	if (m->s.is_absent)
		monitor_holds(m, RULE_DEV_DRV_8);
	if (m->s.is_reset && m->s.was_used)
		monitor_holds(m, RULE_DEV_DRV_7);
	m->s.lacks_datagram = m->s.is_absent = m->s.is_reset = false;
}

void monitor_session_end(struct monitor *m, bool by_guest)
{
	struct session *s = &m->s;

	if (m->nrefused_pairs)
		monitor_holds(m, RULE_QP_GUEST_5);
	if (m->nrefused_links)
		monitor_holds(m, RULE_DB_GUEST_3);
	if (by_guest) {
		unsigned held = monitor_pairs_held(m);
		bool was_used = s->was_used;

		gave_up(m, true);
		if (s->had_pairs) {
			monitor_judge(m, !held, RULE_DEV_DRV_9,
				      "RESET with %u queue pairs attached", held, 0);
			monitor_judge(m, !held, RULE_QP_GUEST_6,
				      "RESET with %u queue pairs attached", held, 0);
		}
		monitor_session_begin(m);
		s->is_reset = true;
		s->was_used = was_used;
	} else {
		gave_up(m, false);
		left_alone(m);
		monitor_session_begin(m);
	}
}

void monitor_uses_device(struct monitor *m)
{
	struct session *s = &m->s;

	if (s->is_absent)
		monitor_violates(m, RULE_DEV_DRV_8, "it goes on although CAPS reads as all ones", 0,
				 0);
	else if (s->lacks_datagram)
		monitor_violates(m, RULE_DEV_DRV_1, "it goes on although CAPS offers only %x",
				 s->offer, 0);
	else if (s->is_reset && s->was_used)
		monitor_violates(m, RULE_DEV_DRV_7, "it goes on after RESET without reading CAPS",
				 0, 0);
	if (s->owes_5)
		monitor_violates(m, RULE_DEV_DRV_5,
				 "it goes on although the device cannot tell the context id", 0, 0);
	if (s->owes_10)
		monitor_violates(m, RULE_DEV_DRV_10,
				 "it goes on although the device did not take the bitmap", 0, 0);
	if (s->owes_query)
		monitor_violates(m, RULE_HC_QUERY_7,
				 "it goes on although not all it asked for is there", 0, 0);
	/* Told once. */
	s->is_absent = s->lacks_datagram = s->is_reset = false;
	s->owes_5 = s->owes_10 = s->owes_query = false;
}

/* ---- capabilities ----------------------------------------------------------------------- */

static void read_caps(struct monitor *m, uint32_t offer)
{
	struct session *s = &m->s;

	if (owes_leaving(s)) {
		/* It comes again, so it had left. */
		gave_up(m, false);
		monitor_session_begin(m);
	}
	left_alone(m);
	s->was_used = s->was_used && s->wrote_caps;
	s->offer = offer;
	s->has_offer = true;
	s->is_absent = offer == UINT32_MAX;
	s->lacks_datagram = !s->is_absent && !(offer & VMCI_CAPS_DATAGRAM);
}

static void write_caps(struct monitor *m, uint32_t caps)
{
	struct session *s = &m->s, old = *s;

	if (s->wrote_caps && s->has_sent)
		monitor_violates(m, RULE_DEV_DRV_7, "CAPS is written anew without RESET before", 0,
				 0);
	/* To the device this is a start. */
	monitor_session_begin(m);
	s->offer = old.offer;
	s->has_offer = old.has_offer;
	s->wrote_in_high = old.wrote_in_high;
	s->wrote_out_high = old.wrote_out_high;
	s->wrote_caps = true;
	s->was_used = true;
	s->caps = caps;
	if (s->has_offer && (caps & ~s->offer))
		monitor_violates(m, RULE_DEV_DRV_2, "it accepts %x of an offer of %x", caps,
				 s->offer);
	else if (!(caps & VMCI_CAPS_DATAGRAM))
		monitor_violates(m, RULE_DEV_DRV_2, "it accepts %x, without DATAGRAM", caps, 0);
}

/* ---- accesses --------------------------------------------------------------------------- */

static void write_control(struct monitor *m, uint32_t value)
{
	struct session *s = &m->s;

	if (value & VMCI_CONTROL_RESET) {
		monitor_session_end(m, true);
		return;
	}
	monitor_uses_device(m);
	if (!(value & VMCI_CONTROL_INT_ENABLE))
		return;
	if (!s->wrote_imr)
		monitor_violates(m, RULE_DEV_DRV_6, "INT_ENABLE before IMR was written", 0, 0);
	else if (!s->called)
		monitor_violates(m, RULE_DEV_DRV_6, "INT_ENABLE before the first hypercall", 0, 0);
	else if (!s->is_enabled)
		monitor_holds(m, RULE_DEV_DRV_6);
	s->is_enabled = true;
}

static void write_register(struct monitor *m, uint32_t offset, uint32_t value)
{
	struct session *s = &m->s;

	if (offset == VMCI_CONTROL_ADDR) {
		write_control(m, value);
		return;
	}
	monitor_uses_device(m);
	switch (offset) {
	case VMCI_CAPS_ADDR:
		write_caps(m, value);
		break;
	case VMCI_IMR_ADDR:
		s->imr = value;
		s->wrote_imr = true;
		if (!s->called)
			monitor_violates(m, RULE_DEV_DRV_6, "IMR before the first hypercall", 0, 0);
		break;
	case VMCI_DATA_OUT_HIGH_ADDR:
		s->wrote_out_high = true;
		break;
	case VMCI_DATA_IN_HIGH_ADDR:
		s->wrote_in_high = true;
		break;
	case VMCI_GUEST_PAGE_SHIFT_ADDR:
		s->wrote_shift = true;
		if (value >= VMCI_GUEST_PAGE_SHIFT_MIN && value <= VMCI_GUEST_PAGE_SHIFT_MAX)
			s->page_shift = value;
		break;
	case VMCI_DATA_OUT_LOW_ADDR:
		/* Also when the device finds no datagram at that address. */
		monitor_first_datagram(m);
		break;
	case VMCI_DATA_IN_LOW_ADDR:
		monitor_fetched(m);
		break;
	default:
		break;
	}
}

static bool is_writable(uint32_t offset)
{
	return offset < VMCI_REGISTERS_SIZE && offset != VMCI_STATUS_ADDR &&
	       offset != VMCI_ICR_ADDR && offset != VMCI_DATA_IN_ADDR &&
	       offset != VMCI_RESULT_LOW_ADDR && offset != VMCI_RESULT_HIGH_ADDR;
}

void monitor_register(struct monitor *m, const struct vmci_trace *ev)
{
	monitor_judge(m, ev->width == 32 && ev->offset % 4 == 0, RULE_DEV_DRV_12,
		      "an access of %u bits at %r", ev->width, ev->offset);
	if (ev->width != 32 || ev->offset % 4)
		return;
	if (ev->kind == VMCI_TRACE_REG_WRITE)
		monitor_judge(m, is_writable(ev->offset), RULE_DEV_DRV_13, "a write of %x to %r",
			      ev->value, ev->offset);
	if (ev->kind == VMCI_TRACE_REG_WRITE)
		write_register(m, ev->offset, (uint32_t)ev->value);
	else if (ev->offset == VMCI_CAPS_ADDR)
		read_caps(m, (uint32_t)ev->value);
	else if (ev->offset == VMCI_ICR_ADDR)
		monitor_told(m, (uint32_t)ev->value);
}

void monitor_bytes_run(struct monitor *m, const struct vmci_trace *ev)
{
	struct session *s = &m->s;

	monitor_judge(m, ev->width == 8, RULE_DEV_DRV_12, "accesses of %u bits to %r", ev->width,
		      ev->offset);
	if (s->caps & VMCI_CAPS_DMA_DATAGRAM)
		monitor_violates(m, RULE_DEV_DRV_3,
				 "%u bytes through a data port with DMA accepted", ev->len, 0);
	else if (s->wrote_caps && (s->offer & VMCI_CAPS_DMA_DATAGRAM))
		monitor_holds(m, RULE_DEV_DRV_3);
	if (ev->offset != VMCI_DATA_IN_ADDR)
		return;
	monitor_fetched(m);
	if (ev->value) {
		monitor_owe(m, &m->burst);
	} else {
		m->burst.is_due = false;
		monitor_holds(m, RULE_DG_PIN_2);
	}
}
