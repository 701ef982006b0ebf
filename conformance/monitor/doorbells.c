/* SPDX-License-Identifier: BSD-2-Clause */
/* doorbells.c - the indexes that a guest links. Spec: chapter 40. */
#include "monitor_state.h"

void monitor_bells_forget(struct monitor *m)
{
	m->has_bitmap = false;
	memset(m->links, 0, sizeof(m->links));
	memset(m->handed_out, 0, sizeof(m->handed_out));
	m->next_index = 0;
	m->has_gap = m->has_released = m->is_overfull = false;
	m->nrefused_links = 0;
}

static struct link *find(struct monitor *m, struct vmci_handle h)
{
	for (unsigned i = 0; i < LINKS; i++)
		if (m->links[i].is_used && vmci_handle_equal(m->links[i].handle, h))
			return &m->links[i];
	return NULL;
}

/* A hole below an index in use. Behind the last one a driver may have shortened its search. */
static bool is_hole(const struct monitor *m, uint32_t index)
{
	bool is_below = false;

	for (unsigned i = 0; i < LINKS; i++) {
		if (!m->links[i].is_used)
			continue;
		if (m->links[i].index == index)
			return false;
		is_below |= m->links[i].index > index;
	}
	return is_below;
}

static bool was_handed_out(const struct monitor *m, uint32_t index)
{
	return m->handed_out[index / 8] >> index % 8 & 1;
}

/* Two processors may link in another order than they got their indexes: one link that jumps ahead
 * is judged by the next. */
static void judge_upward(struct monitor *m, uint32_t index)
{
	if (m->has_gap) {
		monitor_judge(m, index < m->gap, RULE_DB_INDEX_2,
			      "index %u is handed out before %u", m->gap, m->next_index);
		m->has_gap = false;
		if (m->next_index <= m->gap)
			m->next_index = m->gap + 1;
	}
	if (was_handed_out(m, index))
		return;
	if (index > m->next_index) {
		m->has_gap = true;
		m->gap = index;
	} else {
		monitor_holds(m, RULE_DB_INDEX_2);
	}
	if (!m->has_gap && index >= m->next_index)
		m->next_index = index + 1;
}

static void judge_index(struct monitor *m, uint32_t index)
{
	if (m->has_released && is_hole(m, m->released))
		monitor_judge(m, index == m->released, RULE_DB_INDEX_3,
			      "index %u, and %u was released last", index, m->released);
	judge_upward(m, index);
	m->has_released = false;
	m->handed_out[index / 8] |= (uint8_t)(1u << index % 8);
}

void monitor_link(struct monitor *m, const uint8_t *msg, int32_t result)
{
	struct vmci_handle h = vmci_get_handle(msg + VMCI_DOORBELL_LINK_MSG_HANDLE);
	uint64_t index = vmci_get64(msg + VMCI_DOORBELL_LINK_MSG_NOTIFY_IDX);
	struct link *l = m->links;

	monitor_judge(m, h.context == VMCI_HOST_CONTEXT_ID || monitor_is_own(m, h.context),
		      RULE_DB_GUEST_5, "a doorbell %h", h.context, h.resource);
	if (h.context != VMCI_HOST_CONTEXT_ID)
		monitor_names_itself(m, h.context);
	monitor_judge(m, !find(m, h), RULE_DB_GUEST_6, "a second doorbell %h", h.context,
		      h.resource);
	monitor_judge(m, index < monitor_page(m), RULE_DB_INDEX_1, "index %u in a page of %u bytes",
		      index, monitor_page(m));
	if (index >= monitor_page(m))
		return;
	if (!m->is_overfull)
		judge_index(m, (uint32_t)index);
	if (result < 0) {
		m->refused_links[m->nrefused_links++ % REFUSED] = h;
		m->has_released = true;
		m->released = (uint32_t)index;
		return;
	}
	while (l < m->links + LINKS && l->is_used)
		l++;
	if (l == m->links + LINKS) {
		m->is_overfull = true;
		return;
	}
	*l = (struct link){ true, h, (uint32_t)index };
}

void monitor_unlink(struct monitor *m, const uint8_t *msg, int32_t result)
{
	struct vmci_handle h = vmci_get_handle(msg + VMCI_DOORBELL_UNLINK_MSG_HANDLE);
	struct link *l = find(m, h);
	unsigned n = m->nrefused_links < REFUSED ? m->nrefused_links : REFUSED;

	(void)result; /* the doorbell is gone whatever the device says: DB.GUEST.4 */
	if (l) {
		m->released = l->index;
		l->is_used = false;
		m->has_released = true;
		monitor_holds(m, RULE_DB_GUEST_6);
		return;
	}
	if (m->is_overfull)
		return;
	for (unsigned i = 0; i < n; i++)
		if (vmci_handle_equal(m->refused_links[i], h)) {
			monitor_violates(m, RULE_DB_GUEST_3,
					 "%h is unlinked, and its link was refused", h.context,
					 h.resource);
			m->nrefused_links = 0;
			return;
		}
	monitor_violates(m, RULE_DB_GUEST_6, "%h is unlinked and was not linked", h.context,
			 h.resource);
}
