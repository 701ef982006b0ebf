/* SPDX-License-Identifier: BSD-2-Clause */
/* debts.c - what a guest owes after it was told of something. Spec: chapters 14, 22, 40. */
#include "monitor_state.h"

#define IRQ_MSIX 3u /* as enum vmci_irq_mode of vmci/device.h */

static bool is_exclusive(const struct monitor *m)
{
	return m->irq_mode == IRQ_MSIX && m->messages > 1;
}

/* ---- datagrams -------------------------------------------------------------------------- */

static void owe_fetch(struct monitor *m, enum monitor_rule rule)
{
	if (m->fetch.is_due)
		return;
	monitor_owe(m, &m->fetch);
	m->fetch_rule = rule;
}

void monitor_fetched(struct monitor *m)
{
	if (m->fetch.is_due)
		monitor_holds(m, m->fetch_rule);
	m->fetch.is_due = false;
}

void monitor_told(struct monitor *m, uint32_t causes)
{
	if (is_exclusive(m) || causes == UINT32_MAX)
		return;
	if (causes & VMCI_ICR_DATAGRAM)
		owe_fetch(m, RULE_DEV_HND_1);
	for (unsigned i = 0; i < RINGS; i++)
		m->rings[i].by_icr |= (causes & VMCI_ICR_NOTIFICATION) != 0;
}

void monitor_message(struct monitor *m, uint64_t vector)
{
	if (is_exclusive(m) && vector == 0)
		owe_fetch(m, RULE_DEV_HND_2);
}

/* ---- doorbells -------------------------------------------------------------------------- */

void monitor_rung(struct monitor *m, uint64_t index)
{
	struct ring *free = NULL;

	if (!m->has_bitmap || !m->s.is_enabled || !(m->s.imr & VMCI_IMR_NOTIFICATION))
		return;
	for (unsigned i = 0; i < RINGS; i++) {
		struct ring *r = &m->rings[i];

		if (r->owed.is_due && r->index == index) {
			/* It may have been cleared in between, unseen. */
			monitor_owe(m, &r->owed);
			return;
		}
		if (!r->owed.is_due)
			free = r;
	}
	if (!free)
		return;
	free->index = (uint32_t)index;
	free->by_icr = false;
	monitor_owe(m, &free->owed);
}

static void look_at_ring(struct monitor *m, struct ring *r)
{
	uint8_t byte;

	if (!r->owed.is_due)
		return;
	if (!m->has_bitmap || !monitor_reads(m, m->bitmap.addr + r->index, &byte, 1)) {
		r->owed.is_due = false;
		return;
	}
	if (!(byte & VMCI_NOTIFICATION_RUNG)) {
		monitor_holds(m, r->by_icr ? RULE_DEV_HND_1 : RULE_DB_GUEST_2);
		if (r->by_icr)
			monitor_holds(m, RULE_DB_GUEST_2);
		r->owed.is_due = false;
	} else if (monitor_is_late(m, &r->owed)) {
		monitor_violates(m, r->by_icr ? RULE_DEV_HND_1 : RULE_DB_GUEST_2,
				 "byte %u of the bitmap is not cleared", r->index, 0);
		r->owed.is_due = false;
	}
}

/* ---- time ------------------------------------------------------------------------------- */

void monitor_look_at_debts(struct monitor *m)
{
	look_at_ring(m, &m->rings[m->events % RINGS]);
	if (monitor_is_late(m, &m->fetch)) {
		monitor_violates(m, m->fetch_rule, "it was told of a datagram and did not fetch it",
				 0, 0);
		m->fetch.is_due = false;
	}
	if (monitor_is_late(m, &m->burst)) {
		monitor_violates(m, RULE_DG_PIN_2, "it left DATA_IN in the middle of a burst", 0,
				 0);
		m->burst.is_due = false;
	}
}
