/* SPDX-License-Identifier: BSD-2-Clause */
/* Whether a vector applies. */
#include "needs.h"

static const char *const need_names[] = { "cap.hypercall", "cap.datagram", "cap.notifications",
					  "cap.ppn64",	   "cap.dma",	   "bar.ports",
					  "bar.mmio",	   "msix",	   "msi",
					  "intx",	   "vectors.2",	   "vectors.3" };

static const char *const ability_names[] = {
	"see interrupt messages",
	"see the INTx line",
	"mask interrupt messages",
	"play host actors (no conformance peer)",
	"configure the device",
	"reach PCI configuration space",
	"switch bus mastering",
	"reset the PCI function",
	"give memory above 4 GiB",
	"ask a guest",
	"program MSI",
	"count interrupt messages",
};

static const char *lowest_name(const char *const *names, size_t n, uint32_t bits)
{
	for (size_t i = 0; i < n; i++)
		if (bits >> i & 1)
			return names[i];
	return "?";
}

static uint32_t missing_abilities(const struct engine *e)
{
	const struct vct_vector *v = e->vector;
	uint32_t need = v->abilities | (v->config_mask ? VCT_CAN_CONFIG : 0);

	if (v->role == VCT_ROLE_GUEST)
		need |= VCT_CAN_ASK;
	return need & ~e->machine->abilities;
}

int needs_harness(struct engine *e)
{
	const struct machine *m = e->machine;
	uint32_t missing = missing_abilities(e);

	if (missing)
		return step_unobserved(e, lowest_name(ability_names,
						      sizeof(ability_names) / sizeof(char *),
						      missing));
	if (e->vector->role == VCT_ROLE_GUEST && (!m->ask || !m->saw || !m->fresh))
		return step_unobserved(e, "ask a guest");
	if (e->vector->role == VCT_ROLE_DEVICE && !m->reg_read)
		return step_unobserved(e, "reach a device");
	return 0;
}

bool needs_only_pci(const struct engine *e)
{
	const struct vct_vector *v = e->vector;

	for (uint32_t i = 0; i < v->step_count; i++) {
		switch (e->table->steps[v->step_first + i].verb) {
		case VCT_CFG_IN:
		case VCT_BAR_SIZE:
		case VCT_BAR_KIND:
		case VCT_PCICAP:
		case VCT_LET:
			break;
		default:
			return false;
		}
	}
	return v->start == VCT_START_RAW;
}

int needs_device(struct engine *e)
{
	const struct vct_vector *v = e->vector;
	uint32_t needs = v->needs;

	if (e->ignore_needs)
		return 0;
	if (v->transport == VCT_TRANSPORT_PIO)
		needs |= VCT_NEED_BAR_PORTS;
	if (v->transport == VCT_TRANSPORT_DMA)
		needs |= VCT_NEED_DMA;
	if (v->window == VCT_WINDOW_PORTS)
		needs |= VCT_NEED_BAR_PORTS;
	if (v->window == VCT_WINDOW_MMIO)
		needs |= VCT_NEED_BAR_MMIO;
	needs &= ~e->offer.needs;
	if (needs)
		return step_skip(
			e, lowest_name(need_names, sizeof(need_names) / sizeof(char *), needs));
	if (!e->offer.ports && !e->offer.mmio && !needs_only_pci(e))
		return step_skip(e, "bar.ports");
	return 0;
}
