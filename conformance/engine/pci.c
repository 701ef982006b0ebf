/* SPDX-License-Identifier: BSD-2-Clause */
/* pci.c - the few things the engine reads from PCI configuration space. */
#include "pci.h"

/* No list has more entries than fit in the 192 bytes behind the header. */
#define LONGEST_LIST 48

/* From entry `after` (0: from the beginning) to the next one of kind `id`, or to the end.
 *   *at    0: there is none
 *   *ends  false: neither was met */
static int walk(struct machine *m, uint32_t id, uint32_t after, uint32_t *at, bool *ends)
{
	uint32_t status = 0, here = 0, this_id = 0;
	int rc;

	*at = 0;
	*ends = true;
	if (!m->cfg_read)
		return MACHINE_UNSUPPORTED;
	rc = m->cfg_read(m->ctx, 16, PCI_STATUS, &status);
	if (rc || !(status & PCI_STATUS_CAPS))
		return rc;
	rc = m->cfg_read(m->ctx, 8, after ? after + 1 : PCI_CAP_POINTER, &here);
	for (int i = 0; !rc && i < LONGEST_LIST; i++) {
		here &= 0xfc;
		if (here < 0x40)
			return 0;
		rc = m->cfg_read(m->ctx, 8, here, &this_id);
		if (!rc && this_id == id) {
			*at = here;
			return 0;
		}
		if (!rc)
			rc = m->cfg_read(m->ctx, 8, here + 1, &here);
	}
	*ends = false;
	return rc;
}

int pci_find_capability(struct machine *m, uint32_t id, uint32_t after, uint32_t *at)
{
	bool ends;

	return walk(m, id, after, at, &ends);
}

int pci_capabilities_end(struct machine *m, bool *ends)
{
	uint32_t at;

	/* No entry is of this kind. */
	return walk(m, UINT32_MAX, 0, &at, ends);
}

uint32_t pci_interrupts(struct machine *m, uint32_t *vectors)
{
	uint32_t needs = 0, at, v = 0;

	*vectors = 0;
	if (pci_find_capability(m, PCI_CAP_MSIX, 0, &at) == 0 && at &&
	    m->cfg_read(m->ctx, 16, at + 2, &v) == 0) {
		*vectors = (v & 0x7ff) + 1;
		needs |= VCT_NEED_MSIX;
		needs |= *vectors >= 2 ? VCT_NEED_VECTORS2 : 0;
		needs |= *vectors >= 3 ? VCT_NEED_VECTORS3 : 0;
	}
	if (pci_find_capability(m, PCI_CAP_MSI, 0, &at) == 0 && at)
		needs |= VCT_NEED_MSI;
	if (m->cfg_read && m->cfg_read(m->ctx, 8, PCI_INTERRUPT_PIN, &v) == 0 && v >= 1 && v <= 4)
		needs |= VCT_NEED_INTX;
	return needs;
}
