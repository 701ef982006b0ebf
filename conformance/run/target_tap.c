/* SPDX-License-Identifier: BSD-2-Clause */
/* target_tap.c - a guest under test, seen and provoked through a tap. */
#include "target_tap.h"

#include <vmci/defs.h>

static int peer(void *ctx, const struct peer_request *rq, struct peer_reply *rp)
{
	struct target_tap *t = ctx;

	peer_actor_execute(t->peer, rq, rp);
	vmci_hub_run(t->hub);
	return 0;
}

static int saw(void *ctx, struct machine_event *ev)
{
	return tap_saw(((struct target_tap *)ctx)->tap, ev);
}

static int set_offer(void *ctx, uint32_t caps)
{
	return tap_offer(((struct target_tap *)ctx)->tap, caps);
}

static int set_answer(void *ctx, int32_t result)
{
	return tap_answer(((struct target_tap *)ctx)->tap, result);
}

static int set_deliver(void *ctx, const uint8_t *record, size_t len)
{
	return tap_deliver(((struct target_tap *)ctx)->tap, record, len);
}

static int set_event(void *ctx, const uint8_t *payload, size_t len)
{
	struct target_tap *t = ctx;
	uint32_t cid = vmci_context_cid(vmci_device_context(t->device));
	int rc = vmci_context_send(
		vmci_hub_find(t->hub, VMCI_HYPERVISOR_CONTEXT_ID),
		vmci_handle(cid, VMCI_EVENT_HANDLER),
		vmci_handle(VMCI_HYPERVISOR_CONTEXT_ID, VMCI_CONTEXT_RESOURCE_ID), payload, len);

	return rc < 0 ? MACHINE_ERROR : 0;
}

static int set_gone(void *ctx)
{
	return tap_gone(((struct target_tap *)ctx)->tap);
}

/* The guest's memory is the guest's: a vector has none of its own. */
static void mem_release_all(void *ctx)
{
	(void)ctx;
}

struct machine target_tap_machine(struct target_tap *t)
{
	return (struct machine){ .ctx = t,
				 .abilities = VCT_CAN_ASK | VCT_CAN_PEER | VCT_CAN_CONFIG,
				 .page_shift = 12,
				 .mem_release_all = mem_release_all,
				 .peer = peer,
				 .saw = saw,
				 .set_offer = set_offer,
				 .set_answer = set_answer,
				 .set_deliver = set_deliver,
				 .set_event = set_event,
				 .set_gone = set_gone };
}
