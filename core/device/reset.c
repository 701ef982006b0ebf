/* SPDX-License-Identifier: BSD-2-Clause */
/* Back to power-on. Spec: chapter 10. */
#include "reset.h"

#include "broker.h"
#include "dgqueue.h"
#include "doorbell.h"
#include "irq.h"
#include "port_stream.h"

#include <vmci/fault.h>
#include <vmci/mem.h>

static void power_on(struct vmci_regs *r, uint32_t caps)
{
	memset(r, 0, sizeof(*r));
	r->caps = VMCI_FAULT("caps.gates-datagrams") ? 0 : caps & VMCI_CAPS_UNACKED;
	r->result = VMCI_FAULT("result.starts-nonzero") ? 1 : 0;
	r->page_shift = VMCI_GUEST_PAGE_SHIFT_MIN;
}

void vmci_regs_power_on(struct vmci_device *dev)
{
	power_on(&dev->regs, dev->config.caps);
}

static void trace(struct vmci_device *dev, const char *why)
{
	struct vmci_trace ev = { .kind = VMCI_TRACE_RESET, .cid = dev->ctx->cid, .text = why };

	vmci_device_trace_end_run(dev);
	vmci_hub_trace(dev->hub, &ev);
}

static void drop_objects(struct vmci_device *dev)
{
	if (!VMCI_FAULT("reset.caps-keeps-receive")) {
		dev->regs.has_receive = false;
		dev->regs.receive.addr = 0;
	}
	if (!VMCI_FAULT("reset.bitmap-kept")) {
		dev->regs.has_bitmap = false;
		dev->regs.bitmap.addr = 0;
	}
	if (!VMCI_FAULT("reset.streams-kept"))
		vmci_stream_reset(dev);
	if (!VMCI_FAULT("reset.doorbells-kept"))
		vmci_doorbell_drop_all(dev->ctx);
	if (!VMCI_FAULT("reset.datagrams-kept"))
		vmci_dgqueue_clear(&dev->ctx->queue, dev->hub->port);
}

/* Last, because the other ends hear of it: what they do then meets a device that has forgotten
 * everything, and what they send is for the next driver. */
static void drop_pairs(struct vmci_device *dev)
{
	bool was_closing = dev->hub->is_closing;

	if (VMCI_FAULT("reset.no-detach-event"))
		dev->hub->is_closing = true;
	if (!VMCI_FAULT("reset.pairs-kept"))
		vmci_broker_context_gone(dev->ctx);
	dev->hub->is_closing = was_closing;
}

void vmci_reset_guest_objects(struct vmci_device *dev, const char *why)
{
	trace(dev, why);
	drop_objects(dev);
	if (!VMCI_FAULT("reset.caps-keeps-page-shift"))
		dev->regs.page_shift = VMCI_GUEST_PAGE_SHIFT_MIN;
	dev->regs.is_draining = false;
	drop_pairs(dev);
}

/* What a forgetful device would keep. */
static void keep(struct vmci_regs *now, const struct vmci_regs *old)
{
	if (VMCI_FAULT("reset.bitmap-kept")) {
		now->has_bitmap = old->has_bitmap;
		now->bitmap = old->bitmap;
	}
	if (VMCI_FAULT("reset.icr-kept"))
		now->icr = old->icr;
	if (VMCI_FAULT("reset.imr-kept"))
		now->imr = old->imr;
	if (VMCI_FAULT("reset.enable-kept"))
		now->is_enabled = old->is_enabled;
	if (VMCI_FAULT("reset.caps-kept"))
		now->caps = old->caps;
	if (VMCI_FAULT("reset.page-shift-kept"))
		now->page_shift = old->page_shift;
	if (VMCI_FAULT("reset.result-kept"))
		now->result = old->result;
	if (VMCI_FAULT("reset.high-addresses-kept")) {
		now->out_high = old->out_high;
		now->in_high = old->in_high;
	}
	if (VMCI_FAULT("route.former-source-for-ever")) {
		now->formers = old->formers;
		memcpy(now->former, old->former, sizeof(now->former));
	}
}

void vmci_reset(struct vmci_device *dev, const char *why)
{
	struct vmci_regs old = dev->regs;
	bool was_clean = VMCI_FAULT("reset.needs-state") && vmci_reset_is_clean(dev);

	trace(dev, why);
	dev->regs.is_enabled = false;
	vmci_irq_update(dev); /* lowers the line */
	drop_objects(dev);
	vmci_regs_power_on(dev);
	keep(&dev->regs, &old);
	drop_pairs(dev);
	if (was_clean)
		dev->config.caps = 0;
	if (VMCI_FAULT("reset.kills-datagrams") && old.result) {
		dev->out.have_head = VMCI_DATAGRAM_SIZE;
		dev->out.swallow = UINT64_MAX;
	}
	if (VMCI_FAULT("reset.changes-cid") && !vmci_hub_find(dev->hub, dev->ctx->cid + 1))
		vmci_context_renumber(dev->ctx, dev->ctx->cid + 1);
}

void vmci_device_platform_reset(struct vmci_device *dev)
{
	if (VMCI_FAULT("reset.platform-ignored"))
		return;
	dev->bus_master = false;
	vmci_reset(dev, "platform");
	vmci_device_set_irq_mode(dev, VMCI_IRQ_NONE, 0);
}

static bool same_regs(const struct vmci_regs *a, const struct vmci_regs *b)
{
	return a->caps == b->caps && a->imr == b->imr && a->icr == b->icr &&
	       a->unsent == b->unsent && a->is_enabled == b->is_enabled &&
	       a->is_outstanding == b->is_outstanding && a->is_draining == b->is_draining &&
	       a->line == b->line && a->page_shift == b->page_shift && a->out_high == b->out_high &&
	       a->in_high == b->in_high && a->result == b->result &&
	       a->has_bitmap == b->has_bitmap && a->bitmap.addr == b->bitmap.addr &&
	       a->has_receive == b->has_receive && a->receive.addr == b->receive.addr &&
	       a->formers == b->formers;
}

bool vmci_reset_is_clean(const struct vmci_device *dev)
{
	const struct vmci_context *ctx = dev->ctx;
	const struct vmci_stream_out *out = &dev->out;
	const struct vmci_stream_in *in = &dev->in;
	struct vmci_regs fresh;

	power_on(&fresh, dev->config.caps);
	if (!same_regs(&dev->regs, &fresh))
		return false;
	if (out->have_head || out->buf || out->len || out->have || out->swallow || out->verdict)
		return false;
	if (in->is_active || in->read || in->left || in->filler || in->ends || in->record || in->at)
		return false;
	return !ctx->queue.count && !ctx->queue.bytes && !ctx->doorbell_count && !ctx->ring_count &&
	       !ctx->end_count && !ctx->pair_bytes && ctx->cid == dev->config.cid;
}
