/* SPDX-License-Identifier: BSD-2-Clause */
/* Interrupt causes, messages and the line. Spec: chapter 10. */
#include "irq.h"

#include "guestmem.h"

#include <vmci/fault.h>

bool vmci_irq_is_one_vector(const struct vmci_device *dev)
{
	return dev->irq_mode == VMCI_IRQ_MSI ||
	       (dev->irq_mode == VMCI_IRQ_MSIX && dev->vectors < 2);
}

static void trace(struct vmci_device *dev, unsigned vector, uint32_t line)
{
	struct vmci_trace ev = {
		.kind = VMCI_TRACE_INTERRUPT, .cid = dev->ctx->cid, .offset = line, .value = vector
	};

	vmci_hub_trace(dev->hub, &ev);
}

static void send(struct vmci_device *dev, unsigned vector)
{
	if (VMCI_FAULT("irq.no-message"))
		return;
	trace(dev, vector, 0);
	dev->port->irq_message(dev->port->ctx, vector);
	if (VMCI_FAULT("irq.message-twice"))
		dev->port->irq_message(dev->port->ctx, vector);
}

static void set_line(struct vmci_device *dev, bool asserted)
{
	if (dev->regs.line == asserted)
		return;
	dev->regs.line = asserted;
	trace(dev, 0, asserted ? 1 : 2);
	dev->port->irq_line(dev->port->ctx, asserted);
}

/* The message of a cause. A function with fewer messages than causes shares the first one. */
static unsigned vector_of(const struct vmci_device *dev, unsigned cause)
{
	if (VMCI_FAULT("irq.all-on-message-0"))
		return 0;
	return cause < dev->vectors ? cause : 0;
}

static void update_exclusive(struct vmci_device *dev)
{
	struct vmci_regs *r = &dev->regs;

	for (unsigned cause = 0; cause < VMCI_VECTORS; cause++) {
		uint32_t bit = (uint32_t)1 << cause;
		unsigned vector = vector_of(dev, cause);

		if (!(r->unsent & r->imr & bit))
			continue;
		if (VMCI_FAULT("shared.cause-on-missing-vector") && cause >= dev->vectors)
			continue;
		if (!dev->is_usable[vector]) {
			if (VMCI_FAULT("irq.unusable-vector-forgets"))
				r->unsent &= ~bit;
			continue;
		}
		r->unsent &= ~bit;
		send(dev, vector);
	}
}

static void update_one_vector(struct vmci_device *dev)
{
	struct vmci_regs *r = &dev->regs;

	if (!(r->unsent & r->imr))
		return;
	if (VMCI_FAULT("shared.cause-on-missing-vector") &&
	    !(r->unsent & r->imr & VMCI_ICR_DATAGRAM))
		return;
	if (r->is_outstanding && !VMCI_FAULT("irq.one-vector-message-per-cause"))
		return;
	if (r->is_draining && !VMCI_FAULT("irq.one-vector-message-while-draining"))
		return;
	if (!dev->is_usable[0]) {
		if (VMCI_FAULT("irq.unusable-vector-forgets"))
			r->unsent = 0;
		return;
	}
	r->is_outstanding = true;
	/* The read of ICR that this message asks for shows all of them. */
	r->unsent = 0;
	send(dev, 0);
}

void vmci_irq_update(struct vmci_device *dev)
{
	struct vmci_regs *r = &dev->regs;
	bool is_enabled = r->is_enabled || VMCI_FAULT("irq.enable-ignored");

	set_line(dev, dev->irq_mode == VMCI_IRQ_INTX && is_enabled && (r->icr & r->imr) &&
			      !VMCI_FAULT("irq.no-line"));
	if (!is_enabled)
		return;
	/* A message is a write by the function. */
	if (!dev->bus_master && !VMCI_FAULT("busmaster.message"))
		return;
	if (vmci_irq_is_one_vector(dev))
		update_one_vector(dev);
	else if (dev->irq_mode == VMCI_IRQ_MSIX)
		update_exclusive(dev);
}

void vmci_irq_raise(struct vmci_device *dev, uint32_t causes)
{
	struct vmci_regs *r = &dev->regs;

	if (VMCI_FAULT("irq.suppressed-while-icr-set"))
		causes &= ~r->icr;
	if (VMCI_FAULT("irq.masked-cause-lost"))
		causes &= r->imr;
	if (VMCI_FAULT("irq.disabled-cause-lost") && !r->is_enabled)
		return;
	if (VMCI_FAULT("shared.drops-later-cause") && r->is_outstanding)
		return;
	r->icr |= causes;
	r->unsent |= causes;
	if (VMCI_FAULT("irq.imr-ignored"))
		r->imr = VMCI_CAUSES;
	vmci_irq_update(dev);
}

void vmci_irq_fetch_done(struct vmci_device *dev, uint32_t causes)
{
	dev->regs.is_draining = false;
	vmci_irq_raise(dev, causes);
}

uint32_t vmci_irq_read_icr(struct vmci_device *dev)
{
	struct vmci_regs *r = &dev->regs;
	uint32_t icr = r->icr;

	if (VMCI_FAULT("regs.icr-not-cleared"))
		return icr;
	if (VMCI_FAULT("icr.idle-ones") && !icr)
		return 0xffffffff;
	if (VMCI_FAULT("icr.one-at-a-time"))
		icr &= ~icr + 1;
	r->icr &= ~icr;
	r->unsent &= ~icr;
	r->is_outstanding = VMCI_FAULT("shared.never-again") && r->is_outstanding;
	if (VMCI_FAULT("in.icr-drops-datagram") && (icr & VMCI_ICR_DATAGRAM))
		vmci_datagram_free(dev->hub->port, vmci_dgqueue_take(&dev->ctx->queue));
	if (VMCI_FAULT("doorbell.clears-byte") && (icr & VMCI_ICR_NOTIFICATION))
		vmci_device_clear_notify_bytes(dev);
	if ((icr & VMCI_ICR_DATAGRAM) && vmci_irq_is_one_vector(dev) &&
	    vmci_device_uses(dev, VMCI_CAPS_DMA_DATAGRAM))
		r->is_draining = true;
	vmci_irq_update(dev);
	return icr;
}

void vmci_device_set_irq_mode(struct vmci_device *dev, enum vmci_irq_mode mode, unsigned vectors)
{
	struct vmci_regs *r = &dev->regs;
	struct vmci_trace ev = { .kind = VMCI_TRACE_IRQ_MODE,
				 .cid = dev->ctx->cid,
				 .value = (uint64_t)mode };

	if (vectors > VMCI_VECTORS)
		vectors = VMCI_VECTORS;
	if (mode == VMCI_IRQ_MSI)
		vectors = 1;
	ev.width = vectors;
	vmci_hub_trace(dev->hub, &ev);
	dev->irq_mode = mode;
	dev->vectors = vectors;
	for (unsigned i = 0; i < VMCI_VECTORS; i++)
		dev->is_usable[i] = false;
	/* Off and on again with one vector is how some hypervisors report a mask: the message stays
	 * outstanding. Another way of signalling has to hear what was not looked at. */
	if (mode != VMCI_IRQ_NONE && !vmci_irq_is_one_vector(dev)) {
		if (r->is_outstanding)
			r->unsent |= r->icr;
		r->is_outstanding = false;
		r->is_draining = false;
	}
	vmci_irq_update(dev);
}

void vmci_device_set_vector_usable(struct vmci_device *dev, unsigned vector, bool usable)
{
	if (vector >= VMCI_VECTORS)
		return;
	dev->is_usable[vector] = usable && vector < dev->vectors;
	vmci_irq_update(dev);
}

bool vmci_device_intx_status(const struct vmci_device *dev)
{
	const struct vmci_regs *r = &dev->regs;

	if ((dev->irq_mode == VMCI_IRQ_MSI || dev->irq_mode == VMCI_IRQ_MSIX) &&
	    !VMCI_FAULT("intx.status-with-msix"))
		return false;
	if (VMCI_FAULT("intx.status-ignores-imr"))
		return r->is_enabled && r->icr;
	if (VMCI_FAULT("irq.no-intx-status"))
		return false;
	return r->is_enabled && (r->icr & r->imr);
}

void vmci_device_intx_rearm(struct vmci_device *dev)
{
	if (dev->regs.line)
		dev->port->irq_line(dev->port->ctx, true);
}
