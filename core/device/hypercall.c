/* SPDX-License-Identifier: BSD-2-Clause */
/* Hypercalls. Each decodes its payload, refuses or performs. Spec: chapter 30. */
#include "hypercall.h"

#include "broker.h"
#include "doorbell.h"
#include "endpoint.h"
#include "guestmem.h"
#include "route.h"

#include <vmci/fault.h>
#include <vmci/mem.h>

static int32_t refuse(struct vmci_device *dev, int32_t result, const char *reason,
		      const char *clause)
{
	return vmci_device_refuse(dev, result, reason, clause);
}

/* Shortest payload that a service can decode, or UINT32_MAX: the device has no such service. */
static uint32_t least_payload(uint32_t rid)
{
	switch (rid) {
	case VMCI_RESOURCES_QUERY:
		return VMCI_RESOURCES_QUERY_MSG_SIZE;
	case VMCI_GET_CONTEXT_ID:
		return 0;
	case VMCI_SET_NOTIFY_BITMAP:
		return VMCI_SET_NOTIFY_BITMAP_MSG_SIZE;
	case VMCI_DOORBELL_LINK:
		return VMCI_DOORBELL_LINK_MSG_SIZE;
	case VMCI_DOORBELL_UNLINK:
		return VMCI_DOORBELL_UNLINK_MSG_SIZE;
	case VMCI_DOORBELL_NOTIFY:
		return VMCI_DOORBELL_NOTIFY_MSG_SIZE;
	case VMCI_EVENT_SUBSCRIBE:
	case VMCI_EVENT_UNSUBSCRIBE:
		return VMCI_EVENT_SUBSCRIBE_MSG_SIZE;
	case VMCI_QUEUEPAIR_ALLOC:
		return VMCI_QUEUEPAIR_ALLOC_MSG_SIZE;
	case VMCI_QUEUEPAIR_DETACH:
		return VMCI_QUEUEPAIR_DETACH_MSG_SIZE;
	default:
		return UINT32_MAX;
	}
}

static bool is_supported(const struct vmci_device *dev, uint32_t rid)
{
	if (VMCI_FAULT("call.obsolete-offered") &&
	    (rid == VMCI_DATAGRAM_REQUEST_MAP || rid == VMCI_DATAGRAM_REMOVE_MAP))
		return true;
	return least_payload(rid) != UINT32_MAX || vmci_endpoint_find(dev->hub->hypervisor, rid);
}

static int32_t resources_query(struct vmci_device *dev, const uint8_t *msg, size_t len)
{
	uint32_t n = vmci_get32(msg + VMCI_RESOURCES_QUERY_MSG_NUM_RESOURCES);
	uint32_t mask = 0;

	if (VMCI_FAULT("query.count-off-by-one") && n == VMCI_RESOURCES_QUERY_MAX)
		return VMCI_ERROR_INVALID_ARGS;
	if (VMCI_FAULT("probe.needs-bitmap") && !dev->regs.has_bitmap)
		return 0;
	if (VMCI_FAULT("call.query-pad-checked") &&
	    vmci_get32(msg + VMCI_RESOURCES_QUERY_MSG_RESERVED))
		return VMCI_ERROR_INVALID_ARGS;
	if ((!n || n > VMCI_RESOURCES_QUERY_MAX) && !(VMCI_FAULT("call.query-count-unchecked")))
		return refuse(dev, VMCI_ERROR_INVALID_ARGS, "RESOURCES_QUERY: count not 1..31",
			      "HC.QUERY.4");
	if ((len - VMCI_RESOURCES_QUERY_MSG_RESOURCES) / 4 < n) {
		if (!VMCI_FAULT("call.query-short-accepted"))
			return refuse(dev, VMCI_ERROR_INVALID_ARGS,
				      "RESOURCES_QUERY: list shorter than its count", "HC.QUERY.4");
		n = (uint32_t)(len - VMCI_RESOURCES_QUERY_MSG_RESOURCES) / 4;
	}
	for (uint32_t i = 0; i < n && i < 32; i++) {
		uint32_t rid = vmci_get32(msg + VMCI_RESOURCES_QUERY_MSG_RESOURCES + 4 * i);

		if (is_supported(dev, rid))
			mask |= (uint32_t)1 << i;
	}
	if (VMCI_FAULT("call.query-all-ones"))
		mask = 0x7fffffff;
	if (VMCI_FAULT("call.query-count-not-mask"))
		mask = mask ? n : 0;
	return (int32_t)mask;
}

static int32_t set_notify_bitmap(struct vmci_device *dev, const uint8_t *msg)
{
	uint64_t ppn = vmci_get32(msg + VMCI_SET_NOTIFY_BITMAP_MSG_PPN);
	struct vmci_gpa page;

	if (vmci_device_uses(dev, VMCI_CAPS_PPN64) || VMCI_FAULT("call.bitmap-pad-used"))
		ppn = vmci_get64(msg + VMCI_SET_NOTIFY_BITMAP_MSG_PPN);
	if (!vmci_device_uses(dev, VMCI_CAPS_NOTIFICATIONS) &&
	    !VMCI_FAULT("doorbell.without-capability"))
		return refuse(dev, VMCI_ERROR_UNAVAILABLE,
			      "SET_NOTIFY_BITMAP: notifications are not in use", "DB.CAPS.1");
	page.addr = ppn << dev->regs.page_shift;
	if (VMCI_FAULT("bitmap.address-32-bit"))
		page.addr &= 0xffffffff;
	if (VMCI_FAULT("bitmap.second-refused") && dev->regs.has_bitmap)
		return VMCI_ERROR_ALREADY_EXISTS;
	if (page.addr >> dev->regs.page_shift != ppn || !vmci_guest_is_page(dev, page)) {
		if (VMCI_FAULT("call.bad-bitmap-drops-old"))
			dev->regs.has_bitmap = false;
		if (!VMCI_FAULT("call.bad-bitmap-accepted"))
			return refuse(dev, VMCI_ERROR_INVALID_ARGS,
				      "SET_NOTIFY_BITMAP: not a page of memory", "HC.BITMAP.4");
	}
	if (VMCI_FAULT("call.second-bitmap-ignored") && dev->regs.has_bitmap)
		return 0;
	dev->regs.has_bitmap = true;
	dev->regs.bitmap = page;
	vmci_doorbell_deliver_rings(dev->ctx);
	return VMCI_FAULT("bitmap.result-nonzero") ? 1 : 0;
}

static int32_t doorbell_link(struct vmci_device *dev, const uint8_t *msg)
{
	if (!vmci_device_uses(dev, VMCI_CAPS_NOTIFICATIONS) &&
	    !VMCI_FAULT("doorbell.without-capability"))
		return refuse(dev, VMCI_ERROR_UNAVAILABLE,
			      "DOORBELL_LINK: notifications are not in use", "DB.CAPS.1");
	return vmci_doorbell_link(dev->ctx, vmci_get_handle(msg + VMCI_DOORBELL_LINK_MSG_HANDLE),
				  vmci_get64(msg + VMCI_DOORBELL_LINK_MSG_NOTIFY_IDX),
				  vmci_device_page_size(dev));
}

static int32_t doorbell_notify(struct vmci_device *dev, const uint8_t *msg)
{
	struct vmci_handle handle = vmci_get_handle(msg + VMCI_DOORBELL_NOTIFY_MSG_HANDLE);

	if (VMCI_FAULT("call.notify-not-delivered"))
		return 0;
	/* Doorbells of the hypervisor do not exist. */
	if (handle.context == VMCI_HYPERVISOR_CONTEXT_ID)
		return refuse(dev,
			      VMCI_FAULT("call.notify-hypervisor-ok") ? 0 : VMCI_ERROR_NOT_FOUND,
			      "DOORBELL_NOTIFY: the hypervisor has no doorbells", "HC.NOTIFY.3");
	if (VMCI_FAULT("notify.result-nonzero")) {
		(void)vmci_context_ring(dev->ctx, handle);
		return 1;
	}
	return vmci_context_ring(dev->ctx, handle);
}

/* Accepted and without effect: events are sent to everybody they are for. */
static int32_t event_subscribe(struct vmci_device *dev, uint32_t rid, const uint8_t *msg)
{
	if (VMCI_FAULT("event.subscribe-refused"))
		return VMCI_ERROR_UNAVAILABLE;
	if (VMCI_FAULT("event.needs-subscription") && rid == VMCI_EVENT_SUBSCRIBE)
		dev->ctx->mark = dev;
	if (VMCI_FAULT("event.unsubscribe-works"))
		dev->ctx->mark = rid == VMCI_EVENT_UNSUBSCRIBE ? dev : NULL;
	if (vmci_get32(msg + VMCI_EVENT_SUBSCRIBE_MSG_EVENT) > VMCI_EVENT_GUEST_MAX &&
	    !VMCI_FAULT("call.unknown-event-accepted"))
		return refuse(dev, VMCI_ERROR_EVENT_UNKNOWN, "not an event for guests",
			      "HC.EVENT.1");
	return 0;
}

/* Somebody in this process answers for a resource of the hypervisor. */
static int32_t to_endpoint(struct vmci_device *dev, uint8_t *dg, size_t len)
{
	struct vmci_endpoint *ep;
	uint32_t src = vmci_get32(dg + VMCI_DATAGRAM_SRC_CONTEXT);
	uint32_t priv;

	ep = vmci_endpoint_find(dev->hub->hypervisor, vmci_get32(dg + VMCI_DATAGRAM_DST_RESOURCE));
	if (!ep)
		return refuse(dev,
			      VMCI_FAULT("call.unknown-is-success") ? 0
			      : VMCI_FAULT("call.unknown-is-no-handle")
				      ? VMCI_ERROR_NO_HANDLE
				      : VMCI_ERROR_INVALID_RESOURCE,
			      "no such service of the hypervisor", "HC.CALL.4");
	if (len > VMCI_MAX_DG_SIZE)
		return refuse(dev, VMCI_ERROR_INVALID_ARGS, "datagram too large to be routed",
			      "DG.RES.2");
	if (!vmci_route_is_own_source(dev->ctx, src) &&
	    !VMCI_FAULT("route.hypervisor-takes-forged"))
		return refuse(dev, VMCI_ERROR_NO_ACCESS, "source context is not the sender's",
			      "DG.ROUTE.13");
	priv = ep->priv;
	if (!VMCI_FAULT("route.hypervisor-not-stamped"))
		vmci_put32(dg + VMCI_DATAGRAM_SRC_CONTEXT, dev->ctx->cid);
	/* What the hypervisor offers to machines it offers to restricted ones too. */
	if (!VMCI_FAULT("priv.hypervisor-endpoint-untrusted"))
		priv |= VMCI_PRIVILEGE_FLAG_TRUSTED;
	if (vmci_priv_denies(dev->ctx->priv, priv) && !VMCI_FAULT("priv.hypervisor-endpoint-open"))
		return refuse(dev, VMCI_ERROR_NO_ACCESS, "privileges of machine and endpoint",
			      "PRIV.DG.6");
	return vmci_endpoint_deliver(ep, dg, len);
}

static int32_t perform(struct vmci_device *dev, uint32_t rid, const uint8_t *msg, size_t len)
{
	switch (rid) {
	case VMCI_RESOURCES_QUERY:
		return resources_query(dev, msg, len);
	case VMCI_GET_CONTEXT_ID:
		if (VMCI_FAULT("cid.zero"))
			return 0;
		return VMCI_FAULT("call.context-id-constant") ? 16 : (int32_t)dev->ctx->cid;
	case VMCI_SET_NOTIFY_BITMAP:
		return set_notify_bitmap(dev, msg);
	case VMCI_DOORBELL_LINK:
		return doorbell_link(dev, msg);
	case VMCI_DOORBELL_UNLINK:
		return vmci_doorbell_unlink(dev->ctx,
					    vmci_get_handle(msg + VMCI_DOORBELL_UNLINK_MSG_HANDLE));
	case VMCI_DOORBELL_NOTIFY:
		return doorbell_notify(dev, msg);
	case VMCI_EVENT_SUBSCRIBE:
	case VMCI_EVENT_UNSUBSCRIBE:
		return event_subscribe(dev, rid, msg);
	case VMCI_QUEUEPAIR_ALLOC:
		return vmci_broker_guest_alloc(dev, msg, len);
	default:
		return vmci_broker_guest_detach(
			dev->ctx, vmci_get_handle(msg + VMCI_QUEUEPAIR_DETACH_MSG_HANDLE));
	}
}

int32_t vmci_hypercall(struct vmci_device *dev, uint8_t *dg, size_t len)
{
	uint32_t rid = vmci_get32(dg + VMCI_DATAGRAM_DST_RESOURCE);
	const uint8_t *msg = dg + VMCI_DATAGRAM_PAYLOAD;
	uint32_t least = least_payload(rid);
	struct vmci_trace ev = { .kind = VMCI_TRACE_HYPERCALL,
				 .cid = dev->ctx->cid,
				 .value = rid,
				 .data = msg,
				 .len = len - VMCI_DATAGRAM_SIZE };
	uint8_t short_msg[VMCI_QUEUEPAIR_ALLOC_MSG_SIZE];

	if (VMCI_FAULT("wire.big-endian") && rid != VMCI_GET_CONTEXT_ID << 24)
		return VMCI_ERROR_INVALID_RESOURCE;
	len -= VMCI_DATAGRAM_SIZE;
	if (VMCI_FAULT("priv.denies-calls") && (dev->ctx->priv & VMCI_PRIVILEGE_FLAG_RESTRICTED))
		return VMCI_ERROR_NO_ACCESS;
	if (VMCI_FAULT("call.source-checked") &&
	    vmci_get32(dg + VMCI_DATAGRAM_SRC_CONTEXT) != VMCI_INVALID_ID)
		return VMCI_ERROR_INVALID_ARGS;
	if (least != UINT32_MAX && len < least && VMCI_FAULT("call.short-accepted")) {
		memset(short_msg, 0, sizeof(short_msg));
		memcpy(short_msg, msg, len);
		msg = short_msg;
		len = least;
	}
	if (VMCI_FAULT("call.long-refused") && least != UINT32_MAX && len > least &&
	    rid != VMCI_QUEUEPAIR_ALLOC && rid != VMCI_RESOURCES_QUERY)
		ev.result = VMCI_ERROR_INVALID_ARGS;
	else if (least == UINT32_MAX)
		ev.result = to_endpoint(dev, dg, len + VMCI_DATAGRAM_SIZE);
	else if (len < least)
		ev.result = refuse(dev, VMCI_ERROR_INVALID_ARGS,
				   "hypercall shorter than its layout", "HC.CALL.1");
	else
		ev.result = perform(dev, rid, msg, len);
	vmci_hub_trace(dev->hub, &ev);
	return ev.result;
}
