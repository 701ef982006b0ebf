/* SPDX-License-Identifier: BSD-2-Clause */
/* What a driver does first, in the registers, before there is a transport. */
#include "probe.h"

#include <vmci/defs.h>
#include <vmci/mem.h>
#include "pci.h"

enum machine_window probe_window(const struct engine *e)
{
	return e->offer.ports || !e->offer.mmio ? MACHINE_PORTS : MACHINE_MMIO;
}

static void look_at_bars(struct engine *e)
{
	struct machine *m = e->machine;
	enum machine_bar_kind kind = BAR_NONE;
	uint64_t size = 0;

	if (m->bar_info(m->ctx, 0, &size, &kind) == 0)
		e->offer.ports = size >= VMCI_REGISTERS_SIZE && kind == BAR_IO;
	size = 0;
	if (m->bar_info(m->ctx, 1, &size, &kind) == 0)
		e->offer.mmio = size == VMCI_BAR1_SIZE_MMIO;
}

int engine_probe(struct engine *e)
{
	static const struct {
		uint32_t caps, need;
	} bits[] = { { VMCI_CAPS_HYPERCALL, VCT_NEED_HYPERCALL },
		     { VMCI_CAPS_DATAGRAM, VCT_NEED_DATAGRAM },
		     { VMCI_CAPS_NOTIFICATIONS, VCT_NEED_NOTIFICATIONS },
		     { VMCI_CAPS_PPN64, VCT_NEED_PPN64 },
		     { VMCI_CAPS_DMA_DATAGRAM, VCT_NEED_DMA } };
	struct machine *m = e->machine;
	struct engine_offer *o = &e->offer;
	int rc = 0;

	memset(o, 0, sizeof(*o));
	look_at_bars(e);
	if (e->ignore_needs)
		o->ports = o->mmio = true;
	if (o->ports || o->mmio)
		rc = m->reg_write(m->ctx, probe_window(e), 32, VMCI_CONTROL_ADDR,
				  VMCI_CONTROL_RESET);
	if (!rc && (o->ports || o->mmio))
		rc = m->reg_read(m->ctx, probe_window(e), 32, VMCI_CAPS_ADDR, &o->caps);
	if (rc)
		return rc;
	for (size_t i = 0; i < sizeof(bits) / sizeof(bits[0]); i++)
		if (o->caps & bits[i].caps)
			o->needs |= bits[i].need;
	o->needs |= (o->ports ? VCT_NEED_BAR_PORTS : 0) | (o->mmio ? VCT_NEED_BAR_MMIO : 0);
	o->needs |= pci_interrupts(m, &o->vectors);
	e->probed = true;
	return 0;
}

int probe_reset(struct engine *e)
{
	struct machine *m = e->machine;

	return m->reg_write(m->ctx, probe_window(e), 32, VMCI_CONTROL_ADDR, VMCI_CONTROL_RESET);
}

bool probe_offers_datagrams(uint32_t caps)
{
	return caps != PROBE_ABSENT && caps & VMCI_CAPS_DATAGRAM;
}

/* Where a device lets its offer shrink with what a guest
 * accepted, and keeps that over a reset, the whole offer is accepted once more: only the vectors
 * about that have to notice. */
int probe_offer(struct engine *e, uint32_t *caps)
{
	struct machine *m = e->machine;
	int rc = m->reg_read(m->ctx, e->window, 32, VMCI_CAPS_ADDR, caps);

	if (rc || *caps == e->offer.caps || !probe_offers_datagrams(e->offer.caps))
		return rc;
	rc = m->reg_write(m->ctx, e->window, 32, VMCI_CAPS_ADDR, e->offer.caps);
	return rc ? rc : m->reg_read(m->ctx, e->window, 32, VMCI_CAPS_ADDR, caps);
}

int probe_negotiate(struct engine *e, bool dma)
{
	struct machine *m = e->machine;
	uint32_t want = VMCI_CAPS_DATAGRAM | VMCI_CAPS_NOTIFICATIONS | VMCI_CAPS_PPN64 |
			(dma ? VMCI_CAPS_DMA_DATAGRAM : 0);
	uint32_t caps = 0;
	int rc = m->reg_read(m->ctx, e->window, 32, VMCI_CAPS_ADDR, &caps);

	want &= caps;
	if (!rc)
		rc = m->reg_write(m->ctx, e->window, 32, VMCI_CAPS_ADDR, want);
	if (!rc && dma) {
		rc = m->reg_write(m->ctx, e->window, 32, VMCI_GUEST_PAGE_SHIFT_ADDR, m->page_shift);
		if (!rc)
			rc = m->reg_write(m->ctx, e->window, 32, VMCI_DATA_IN_HIGH_ADDR, 0);
		if (!rc)
			rc = m->reg_write(m->ctx, e->window, 32, VMCI_DATA_OUT_HIGH_ADDR, 0);
	}
	e->env.ppn64 = want & VMCI_CAPS_PPN64;
	return rc;
}
