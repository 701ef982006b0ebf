/* SPDX-License-Identifier: BSD-2-Clause */
/* datagrams.c - what the guest sends, and events it was sent. Spec: chapters 20, 30, 50. */
#include "monitor_state.h"

static bool is_service(uint32_t rid)
{
	return rid <= VMCI_QUEUEPAIR_DETACH;
}

void monitor_first_datagram(struct monitor *m)
{
	struct session *s = &m->s;

	if (s->has_sent)
		return;
	s->has_sent = true;
	if (!s->wrote_caps)
		monitor_violates(m, RULE_DEV_DRV_2, "a datagram before CAPS was written", 0, 0);
	else if ((s->caps & VMCI_CAPS_DATAGRAM) && !(s->has_offer && (s->caps & ~s->offer)))
		monitor_holds(m, RULE_DEV_DRV_2);
	if (!(s->caps & VMCI_CAPS_DMA_DATAGRAM))
		return;
	if (!s->wrote_shift)
		monitor_violates(m, RULE_DEV_DRV_4,
				 "a datagram before GUEST_PAGE_SHIFT was written", 0, 0);
	else if (!s->wrote_in_high)
		monitor_violates(m, RULE_DEV_DRV_4, "a datagram before DATA_IN_HIGH was written", 0,
				 0);
	else if (!s->wrote_out_high)
		monitor_violates(m, RULE_DEV_DRV_4, "a datagram before DATA_OUT_HIGH was written",
				 0, 0);
	else
		monitor_holds(m, RULE_DEV_DRV_4);
}

static void routed(struct monitor *m, const uint8_t *dg, size_t len)
{
	uint32_t src = vmci_get32(dg + VMCI_DATAGRAM_SRC_CONTEXT);

	monitor_judge(m, len <= VMCI_MAX_DG_SIZE, RULE_DG_GST_7, "a datagram of %u bytes", len, 0);
	monitor_judge(m, src == VMCI_INVALID_ID || monitor_is_own(m, src), RULE_DG_GST_3,
		      "a datagram from context %x, which it is not", src, 0);
	if (src != VMCI_INVALID_ID || m->wants_cid)
		monitor_names_itself(m, src);
	(void)monitor_stream_packet(m, dg, len);
}

void monitor_datagram(struct monitor *m, const struct vmci_trace *ev)
{
	uint32_t dst, rid;

	if (!ev->data || ev->len < VMCI_DATAGRAM_SIZE)
		return;
	monitor_uses_device(m);
	monitor_first_datagram(m);
	dst = vmci_get32(ev->data + VMCI_DATAGRAM_DST_CONTEXT);
	rid = vmci_get32(ev->data + VMCI_DATAGRAM_DST_RESOURCE);
	if (dst == VMCI_HYPERVISOR_CONTEXT_ID && is_service(rid)) {
		m->s.called = true;
		monitor_hypercall(m, rid, ev->data, ev->len, ev->result);
	} else {
		routed(m, ev->data, ev->len);
	}
}

/* ---- hypercalls ------------------------------------------------------------------------- */

static void query(struct monitor *m, const uint8_t *msg, size_t len, int32_t result)
{
	uint32_t n = vmci_get32(msg + VMCI_RESOURCES_QUERY_MSG_NUM_RESOURCES);

	monitor_judge(m, !vmci_get32(msg + VMCI_RESOURCES_QUERY_MSG_RESERVED), RULE_HC_CALL_7,
		      "RESOURCES_QUERY with padding %x",
		      vmci_get32(msg + VMCI_RESOURCES_QUERY_MSG_RESERVED), 0);
	if (!n || n > VMCI_RESOURCES_QUERY_MAX ||
	    len < VMCI_RESOURCES_QUERY_MSG_SIZE + (size_t)n * 4 ||
	    (uint32_t)result == ((uint32_t)1 << n) - 1)
		return;
	m->s.owes_query = true;
	/* All ones in the register of the result: the device may look gone, and then it is left. */
	m->s.looks_gone = result == -1;
	if (n == 1 && vmci_get32(msg + VMCI_RESOURCES_QUERY_MSG_RESOURCES) == VMCI_GET_CONTEXT_ID)
		m->s.owes_5 = true;
}

static void context_id(struct monitor *m, int32_t result)
{
	if (m->wants_cid)
		monitor_holds(m, RULE_HC_CID_5);
	m->wants_cid = result == -1;
	m->was_told = result != -1;
	m->told_cid = (uint32_t)result;
}

static void bitmap(struct monitor *m, const uint8_t *msg, int32_t result)
{
	uint64_t ppn = vmci_get64(msg + VMCI_SET_NOTIFY_BITMAP_MSG_PPN);

	if (!(m->s.caps & VMCI_CAPS_PPN64)) {
		monitor_judge(m, !(ppn >> 32), RULE_HC_CALL_7, "SET_NOTIFY_BITMAP with padding %x",
			      ppn >> 32, 0);
		ppn &= UINT32_MAX;
	}
	if (result) {
		m->s.owes_10 = true;
		m->s.looks_gone = result == -1;
		return;
	}
	m->has_bitmap = true;
	m->bitmap.addr = ppn << m->s.page_shift;
}

static void subscribe(struct monitor *m)
{
	monitor_violates(m, RULE_EV_GUEST_10, "it subscribes to events at the device", 0, 0);
	m->has_subscribed = true;
}

void monitor_hypercall(struct monitor *m, uint32_t rid, const uint8_t *dg, size_t len,
		       int32_t result)
{
	const uint8_t *msg = dg + VMCI_DATAGRAM_PAYLOAD;
	struct vmci_handle src = vmci_get_handle(dg + VMCI_DATAGRAM_SRC_CONTEXT);

	len -= VMCI_DATAGRAM_SIZE;
	monitor_judge(m, src.context == VMCI_INVALID_ID && src.resource == VMCI_INVALID_ID,
		      RULE_HC_CALL_6, "a hypercall from %h", src.context, src.resource);
	if (rid == VMCI_GET_CONTEXT_ID)
		context_id(m, result);
	else if (rid == VMCI_RESOURCES_QUERY && len >= VMCI_RESOURCES_QUERY_MSG_SIZE)
		query(m, msg, len, result);
	else if (rid == VMCI_SET_NOTIFY_BITMAP && len >= VMCI_SET_NOTIFY_BITMAP_MSG_SIZE)
		bitmap(m, msg, result);
	else if (rid == VMCI_DOORBELL_LINK && len >= VMCI_DOORBELL_LINK_MSG_SIZE)
		monitor_link(m, msg, result);
	else if (rid == VMCI_DOORBELL_UNLINK && len >= VMCI_DOORBELL_UNLINK_MSG_SIZE)
		monitor_unlink(m, msg, result);
	else if (rid == VMCI_EVENT_SUBSCRIBE)
		subscribe(m);
	else if (rid == VMCI_QUEUEPAIR_ALLOC)
		monitor_alloc(m, msg, len, result);
	else if (rid == VMCI_QUEUEPAIR_DETACH && len >= VMCI_QUEUEPAIR_DETACH_MSG_SIZE)
		monitor_detach(m, msg, result);
}

/* ---- to the guest ----------------------------------------------------------------------- */

void monitor_delivered(struct monitor *m, const struct vmci_trace *ev)
{
	const uint8_t *payload;

	if (ev->data && ev->len >= VMCI_DATAGRAM_SIZE)
		monitor_stream_delivered(m, ev->data, ev->len);
	if (!ev->data || ev->len < VMCI_DATAGRAM_SIZE + VMCI_EVENT_DATA_SIZE ||
	    vmci_get32(ev->data + VMCI_DATAGRAM_SRC_CONTEXT) != VMCI_HYPERVISOR_CONTEXT_ID ||
	    vmci_get32(ev->data + VMCI_DATAGRAM_DST_RESOURCE) != VMCI_EVENT_HANDLER)
		return;
	payload = ev->data + VMCI_DATAGRAM_PAYLOAD;
	if (!m->has_subscribed)
		monitor_holds(m, RULE_EV_GUEST_10);
	if (ev->len < VMCI_DATAGRAM_SIZE + VMCI_EVENT_CTX_SIZE ||
	    vmci_get32(payload + VMCI_EVENT_CTX_EVENT) != VMCI_EVENT_CTX_ID_UPDATE)
		return;
	if (vmci_get32(payload + VMCI_EVENT_CTX_CONTEXT_ID) == VMCI_INVALID_ID) {
		m->was_fooled = true;
		return;
	}
	m->has_new_cid = m->has_former;
	m->was_told = false;
	monitor_owe(m, &m->cid_due);
}
