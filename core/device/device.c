/* SPDX-License-Identifier: BSD-2-Clause */
/* A virtual device: its life, and what the machine around it does to it. Spec: chapter 10. */
#include "device.h"

#include "broker.h"
#include "dma.h"
#include "doorbell.h"
#include "event.h"
#include "hypercall.h"
#include "irq.h"
#include "port_stream.h"
#include "reset.h"
#include "route.h"

#include <vmci/fault.h>

int vmci_device_refuse(struct vmci_device *dev, int result, const char *reason, const char *clause)
{
	return vmci_refuse(dev->hub, dev->ctx->cid, result, reason, clause);
}

static int check_config(struct vmci_hub *hub, const struct vmci_device_config *c)
{
	if (c->cid < VMCI_RESERVED_CID_LIMIT || c->cid == VMCI_INVALID_ID)
		return vmci_refuse(hub, c->cid, VMCI_ERROR_INVALID_ARGS, "context id reserved",
				   NULL);
	if (c->caps & ~VMCI_CAPS_KNOWN)
		return vmci_refuse(hub, c->cid, VMCI_ERROR_INVALID_ARGS, "unknown capabilities",
				   NULL);
	if (c->priv & ~(uint32_t)VMCI_PRIVILEGE_FLAG_RESTRICTED)
		return vmci_refuse(hub, c->cid, VMCI_ERROR_INVALID_ARGS,
				   "a VM has no privilege flags but RESTRICTED", "PRIV.VM.1");
	return 0;
}

static void adopt_config(struct vmci_device *dev, const struct vmci_device_config *config)
{
	dev->config = *config;
	dev->config.cid = dev->ctx->cid;
	dev->config.caps |= VMCI_CAPS_DATAGRAM;
	if (!dev->config.qp_memory_bytes)
		dev->config.qp_memory_bytes = dev->hub->limits.qp_memory_bytes;
	dev->ctx->priv = config->priv;
}

int vmci_device_create(struct vmci_hub *hub, const struct vmci_device_config *config,
		       const struct vmci_device_port *port, struct vmci_device **out)
{
	struct vmci_device *dev;
	int rc = check_config(hub, config);

	if (rc)
		return rc;
	dev = vmci_hub_alloc(hub, sizeof(*dev));
	if (!dev)
		return VMCI_LOCAL_NO_MEMORY;
	rc = vmci_context_new(hub, config->cid, config->priv, &dev->ctx);
	if (rc) {
		vmci_hub_free(hub, dev, sizeof(*dev));
		return rc;
	}
	dev->hub = hub;
	dev->port = port;
	dev->ctx->device = dev;
	dev->bus_master = true;
	adopt_config(dev, config);
	vmci_regs_power_on(dev);
	*out = dev;
	return 0;
}

void vmci_device_free(struct vmci_device *dev)
{
	vmci_stream_reset(dev);
	dev->ctx->device = NULL;
	vmci_hub_free(dev->hub, dev, sizeof(*dev));
}

void vmci_device_destroy(struct vmci_device *dev)
{
	vmci_device_trace_end_run(dev);
	dev->is_quiesced = true;
	vmci_context_delete(dev->ctx);
}

struct vmci_context *vmci_device_context(struct vmci_device *dev)
{
	return dev->ctx;
}

int vmci_device_configure(struct vmci_device *dev, const struct vmci_device_config *config)
{
	int rc = check_config(dev->hub, config);
	uint32_t cid;

	if (rc)
		return rc;
	vmci_reset(dev, "configure");
	cid = vmci_context_pick_cid(dev->hub, config->cid, dev->ctx);
	if (cid != dev->ctx->cid)
		vmci_context_renumber(dev->ctx, cid);
	adopt_config(dev, config);
	vmci_regs_power_on(dev);
	return 0;
}

/* ---- datagrams -------------------------------------------------------------------------- */

int32_t vmci_device_dispatch(struct vmci_device *dev, uint8_t *dg, size_t len)
{
	struct vmci_trace ev = {
		.kind = VMCI_TRACE_DATAGRAM_OUT, .cid = dev->ctx->cid, .data = dg, .len = len
	};

	if (VMCI_FAULT("caps.gates-datagrams") && !vmci_device_uses(dev, VMCI_CAPS_DATAGRAM))
		ev.result = VMCI_ERROR_UNAVAILABLE;
	else if (VMCI_FAULT("probe.needs-interrupts") && !dev->regs.is_enabled)
		ev.result = VMCI_ERROR_UNAVAILABLE;
	else if (vmci_get32(dg + VMCI_DATAGRAM_DST_CONTEXT) == VMCI_HYPERVISOR_CONTEXT_ID)
		ev.result = vmci_hypercall(dev, dg, len);
	else
		ev.result = vmci_route_send(dev->ctx, true, dg, len);
	vmci_hub_trace(dev->hub, &ev);
	if (VMCI_FAULT("result.positive-error") && ev.result < 0)
		return -ev.result;
	return ev.result;
}

void vmci_device_datagram_waits(struct vmci_device *dev)
{
	if (!VMCI_FAULT("irq.no-datagram-cause"))
		vmci_irq_raise(dev, VMCI_ICR_DATAGRAM);
}

/* ---- context id ------------------------------------------------------------------------- */

bool vmci_device_had_cid(const struct vmci_device *dev, uint32_t cid)
{
	if (VMCI_FAULT("route.former-id-refused"))
		return false;
	for (uint32_t i = 0; i < dev->regs.formers; i++)
		if (dev->regs.former[i] == cid)
			return true;
	return false;
}

struct vmci_context *vmci_device_once_was(const struct vmci_hub *hub, uint32_t cid)
{
	struct vmci_list *at;

	for (at = hub->members.next; at != &hub->members; at = at->next) {
		struct vmci_context *ctx = VMCI_HOLDER(at, struct vmci_context, member);

		if (ctx->device && vmci_device_had_cid(ctx->device, cid))
			return ctx;
	}
	return NULL;
}

static void remember_cid(struct vmci_device *dev, uint32_t cid)
{
	struct vmci_regs *r = &dev->regs;

	if (vmci_device_had_cid(dev, cid))
		return;
	if (r->formers == VMCI_FORMER_CIDS) {
		for (uint32_t i = 1; i < VMCI_FORMER_CIDS; i++)
			r->former[i - 1] = r->former[i];
		r->formers--;
	}
	r->former[r->formers++] = cid;
}

int vmci_device_set_cid(struct vmci_device *dev, uint32_t cid)
{
	uint32_t old = dev->ctx->cid;

	if ((cid < VMCI_RESERVED_CID_LIMIT || cid == VMCI_INVALID_ID) &&
	    !VMCI_FAULT("cid.reserved-accepted"))
		return vmci_device_refuse(dev, VMCI_ERROR_INVALID_ARGS, "context id reserved",
					  "CTX.ID.6");
	if (cid == old)
		return 0;
	if (vmci_hub_find(dev->hub, cid) && !VMCI_FAULT("cid.taken-accepted"))
		return vmci_device_refuse(dev, VMCI_ERROR_ALREADY_EXISTS, "context id in use",
					  "CTX.ID.7");
	remember_cid(dev, old);
	vmci_context_renumber(dev->ctx, cid);
	dev->config.cid = cid;
	if (!VMCI_FAULT("event.no-id-update"))
		(void)vmci_event_context(dev->ctx, VMCI_EVENT_CTX_ID_UPDATE, cid);
	return 0;
}

int vmci_device_resumed(struct vmci_device *dev)
{
	if (VMCI_FAULT("event.no-resumed"))
		return 0;
	return vmci_event_context(dev->ctx, VMCI_EVENT_QP_RESUMED, dev->ctx->cid);
}

/* ---- guest memory comes and goes -------------------------------------------------------- */

static void memory_gone(struct vmci_device *dev)
{
	vmci_broker_unmap_all(dev->ctx);
}

static void memory_back(struct vmci_device *dev)
{
	if (!vmci_device_has_memory(dev))
		return;
	vmci_broker_map_all(dev->ctx);
	vmci_doorbell_deliver_rings(dev->ctx);
	vmci_dma_continue(dev);
}

void vmci_device_set_bus_master(struct vmci_device *dev, bool on)
{
	if (dev->bus_master == on)
		return;
	/* While the pages can still be reached for a last look at the indices. */
	if (!on && vmci_device_has_memory(dev))
		memory_gone(dev);
	dev->bus_master = on;
	if (!on)
		return;
	memory_back(dev);
	vmci_irq_update(dev); /* a message is a write to memory too */
}

void vmci_device_quiesce(struct vmci_device *dev)
{
	if (vmci_device_has_memory(dev))
		memory_gone(dev);
	dev->is_quiesced = true;
}

void vmci_device_unquiesce(struct vmci_device *dev)
{
	if (!dev->is_quiesced)
		return;
	dev->is_quiesced = false;
	memory_back(dev);
	/* A message sent while the guest stood still may have been lost with its old machine. */
	if (dev->ctx->queue.count && !VMCI_FAULT("irq.not-repeated-after-quiesce"))
		vmci_irq_raise(dev, VMCI_ICR_DATAGRAM);
}

void vmci_device_memory_changed(struct vmci_device *dev)
{
	vmci_broker_memory_changed(dev->ctx);
}
