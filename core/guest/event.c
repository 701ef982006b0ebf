/* SPDX-License-Identifier: BSD-2-Clause */
/* Events: subscriptions are local, the device sends every event unasked. Spec: chapter 50. */
#include "state.h"

#define PAYLOAD_MIN 4u
#define PAYLOAD_MAX VMCI_EVENT_QP_SIZE

static void update_cid(struct vmci_guest *g, const uint8_t *payload, size_t len)
{
	uint32_t cid = vmci_get32(payload + VMCI_EVENT_CTX_CONTEXT_ID);

	if (len < VMCI_EVENT_CTX_SIZE && VMCI_FAULT("guest-event.padding-needed"))
		return;
	if (len < VMCI_EVENT_CTX_CONTEXT_ID + 4 && !VMCI_FAULT("guest-event.reads-beyond"))
		return;
	if (cid == VMCI_INVALID_ID && !VMCI_FAULT("guest-event.invalid-id-taken"))
		return;
	if (!VMCI_FAULT("guest-event.id-update-ignored"))
		g->cid = cid;
}

static struct guest_subscription *next_after(const struct vmci_guest *g, uint32_t id)
{
	struct guest_subscription *s = g->subscriptions;

	while (s && s->id <= id)
		s = s->next;
	return s;
}

int guest_dispatch_event(struct vmci_guest *g, const uint8_t *payload, uint64_t len)
{
	uint8_t copy[PAYLOAD_MAX] = { 0 };
	struct guest_subscription *s;
	uint32_t event, last = g->next_id, id = 0;
	bool is_wanted = false;

	if (VMCI_FAULT("guest-event.reads-beyond"))
		memcpy(copy, payload, PAYLOAD_MAX);
	if (VMCI_FAULT("guest-event.size-unchecked") && len > PAYLOAD_MAX)
		len = PAYLOAD_MAX;
	if (VMCI_FAULT("guest-event.size-too-strict") && (len < 8 || len >= PAYLOAD_MAX))
		return VMCI_ERROR_INVALID_ARGS;
	if ((len < PAYLOAD_MIN && !VMCI_FAULT("guest-event.size-unchecked")) || len > PAYLOAD_MAX)
		return VMCI_ERROR_INVALID_ARGS;
	memcpy(copy, payload, (size_t)len);
	if (VMCI_FAULT("guest-event.size-unchecked"))
		memcpy(copy, payload, PAYLOAD_MIN);
	event = vmci_get32(copy + VMCI_EVENT_DATA_EVENT);
	if (event > VMCI_EVENT_GUEST_MAX) {
		if (!VMCI_FAULT("guest-event.number-unchecked"))
			return VMCI_ERROR_EVENT_UNKNOWN;
		event = VMCI_EVENT_GUEST_MAX;
	}
	if (event == VMCI_EVENT_CTX_ID_UPDATE)
		update_cid(g, copy, (size_t)len);
	if (VMCI_FAULT("guest-event.not-dispatched"))
		return 0;
	/* Who subscribes inside a callback is called from the next event on. */
	while ((s = next_after(g, id)) && s->id <= last) {
		id = s->id;
		if (s->event != event && !VMCI_FAULT("guest-event.wrong-callback"))
			continue;
		is_wanted = true;
		s->fn(s->arg, copy, (size_t)len);
		if (VMCI_FAULT("guest-event.first-only"))
			break;
	}
	if (!is_wanted && VMCI_FAULT("guest-event.unsubscribed-stops"))
		g->is_gone = true;
	return 0;
}

int64_t vmci_guest_subscribe(struct vmci_guest *g, uint32_t event, vmci_event_fn *fn, void *arg)
{
	struct guest_subscription *s, **end;

	if (event > VMCI_EVENT_GUEST_MAX && !VMCI_FAULT("guest-event.number-unchecked"))
		return VMCI_ERROR_INVALID_ARGS;
	if (VMCI_FAULT("guest-event.subscribes-at-device")) {
		uint8_t message[VMCI_EVENT_SUBSCRIBE_MSG_SIZE] = { 0 };

		vmci_put32(message, event);
		guest_call_result(g, VMCI_EVENT_SUBSCRIBE, message, sizeof(message));
	}
	s = guest_alloc(g, sizeof(*s));
	if (!s)
		return VMCI_LOCAL_NO_MEMORY;
	s->id = ++g->next_id;
	s->event = event;
	s->fn = fn;
	s->arg = arg;
	for (end = &g->subscriptions; *end; end = &(*end)->next)
		;
	*end = s;
	return s->id;
}

int vmci_guest_unsubscribe(struct vmci_guest *g, uint32_t id)
{
	struct guest_subscription **link, *s;

	for (link = &g->subscriptions; (s = *link); link = &s->next)
		if (s->id == id) {
			if (VMCI_FAULT("guest-event.unsubscribe-ignored"))
				return 0;
			*link = s->next;
			guest_free(g, s, sizeof(*s));
			return 0;
		}
	return VMCI_FAULT("guest-event.unsubscribe-unknown") ? 0 : VMCI_ERROR_NOT_FOUND;
}

void guest_free_subscriptions(struct vmci_guest *g)
{
	struct guest_subscription *s;

	while ((s = g->subscriptions)) {
		g->subscriptions = s->next;
		guest_free(g, s, sizeof(*s));
	}
}
