/* SPDX-License-Identifier: BSD-2-Clause */
/* interrupts.c - see interrupt messages without taking interrupts. */
#include "interrupts.h"
#include <efilib.h>

#define CAP_MSI		   0x05
#define CAP_MSIX	   0x11
#define MSIX_ENABLE	   0x8000u
#define MSIX_FUNCTION_MASK 0x4000u
#define MSI_ENABLE	   0x0001u
#define MSI_64BIT	   0x0080u
#define ENTRY_MASKED	   1u
#define PCI_COMMAND	   0x04
#define COMMAND_INTX_OFF   0x0400u
#define MESSAGE		   0x5a5au
#define SPACING		   16u
#define MAX_ENTRIES	   16u

bool interrupts_open(struct interrupts *irq, const struct pci_function *f)
{
	uint32_t v;

	SetMem(irq, sizeof(*irq), 0);
	irq->f = f;
	if (!pci_memory_get(f, 1, false, &irq->page))
		return false;
	irq->msi = pci_capability(f, CAP_MSI);
	irq->msix = pci_capability(f, CAP_MSIX);
	if (irq->msix && pci_read(f, PCI_CONFIG, irq->msix + 2, 16, &v)) {
		irq->entries = (v & 0x7ff) + 1;
		if (irq->entries > MAX_ENTRIES)
			irq->entries = MAX_ENTRIES;
		if (pci_read(f, PCI_CONFIG, irq->msix + 4, 32, &v)) {
			irq->table_bar = v & 7;
			irq->table_off = v & ~7u;
		}
	}
	return true;
}

static void all_off(struct interrupts *irq)
{
	uint32_t v;

	if (irq->msix && pci_read(irq->f, PCI_CONFIG, irq->msix + 2, 16, &v))
		pci_write(irq->f, PCI_CONFIG, irq->msix + 2, 16,
			  v & ~(MSIX_ENABLE | MSIX_FUNCTION_MASK));
	if (irq->msi && pci_read(irq->f, PCI_CONFIG, irq->msi + 2, 16, &v))
		pci_write(irq->f, PCI_CONFIG, irq->msi + 2, 16, v & ~MSI_ENABLE);
	SetMem(irq->page.host, MAX_ENTRIES * SPACING, 0);
}

static void intx(struct interrupts *irq, bool on)
{
	uint32_t v;

	if (pci_read(irq->f, PCI_CONFIG, PCI_COMMAND, 16, &v))
		pci_write(irq->f, PCI_CONFIG, PCI_COMMAND, 16,
			  on ? v & ~COMMAND_INTX_OFF : v | COMMAND_INTX_OFF);
}

void interrupts_close(struct interrupts *irq)
{
	all_off(irq);
	pci_memory_put(irq->f, &irq->page);
}

static void entry_write(struct interrupts *irq, unsigned n, bool used)
{
	uint64_t at = irq->table_off + 16u * n;
	uint64_t address = used ? irq->page.device + SPACING * n : 0;

	pci_write(irq->f, irq->table_bar, at + 12, 32, ENTRY_MASKED);
	pci_write(irq->f, irq->table_bar, at + 0, 32, (uint32_t)address);
	pci_write(irq->f, irq->table_bar, at + 4, 32, (uint32_t)(address >> 32));
	pci_write(irq->f, irq->table_bar, at + 8, 32, used ? MESSAGE : 0);
	if (used)
		pci_write(irq->f, irq->table_bar, at + 12, 32, 0);
}

static bool msix_on(struct interrupts *irq, unsigned used)
{
	uint32_t v;

	if (!irq->msix || irq->entries < used ||
	    !pci_read(irq->f, PCI_CONFIG, irq->msix + 2, 16, &v))
		return false;
	/* Enabled under the function mask, so that no half-written entry is ever live. */
	pci_write(irq->f, PCI_CONFIG, irq->msix + 2, 16, v | MSIX_ENABLE | MSIX_FUNCTION_MASK);
	for (unsigned n = 0; n < irq->entries; n++)
		entry_write(irq, n, n < used);
	return pci_write(irq->f, PCI_CONFIG, irq->msix + 2, 16,
			 (v & ~MSIX_FUNCTION_MASK) | MSIX_ENABLE);
}

static bool msi_on(struct interrupts *irq)
{
	uint32_t v, data;

	if (!irq->msi || !pci_read(irq->f, PCI_CONFIG, irq->msi + 2, 16, &v))
		return false;
	pci_write(irq->f, PCI_CONFIG, irq->msi + 4, 32, (uint32_t)irq->page.device);
	data = irq->msi + 8;
	if (v & MSI_64BIT) {
		pci_write(irq->f, PCI_CONFIG, irq->msi + 8, 32, (uint32_t)(irq->page.device >> 32));
		data = irq->msi + 12;
	}
	pci_write(irq->f, PCI_CONFIG, data, 16, MESSAGE);
	return pci_write(irq->f, PCI_CONFIG, irq->msi + 2, 16, (v & ~0x70u) | MSI_ENABLE);
}

bool interrupts_mode(struct interrupts *irq, enum vct_irq_mode mode)
{
	bool ok = true;

	all_off(irq);
	intx(irq, mode == VCT_IRQ_INTX);
	if (mode == VCT_IRQ_EXCLUSIVE)
		ok = irq->entries >= 2 && msix_on(irq, irq->entries);
	else if (mode == VCT_IRQ_SHARED)
		ok = msix_on(irq, 1);
	else if (mode == VCT_IRQ_MSI)
		ok = msi_on(irq);
	if (!ok)
		all_off(irq);
	return ok;
}

bool interrupts_mask(struct interrupts *irq, unsigned vector, bool masked)
{
	if (!irq->msix || vector >= irq->entries)
		return false;
	return pci_write(irq->f, irq->table_bar, irq->table_off + 16u * vector + 12, 32,
			 masked ? ENTRY_MASKED : 0);
}

uint32_t interrupts_take(struct interrupts *irq, unsigned vector)
{
	volatile uint32_t *word;

	if (vector >= MAX_ENTRIES)
		return 0;
	word = (volatile uint32_t *)((uint8_t *)irq->page.host + SPACING * vector);
	if (*word == 0)
		return 0;
	*word = 0;
	return 1;
}
