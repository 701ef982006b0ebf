/* SPDX-License-Identifier: BSD-2-Clause */
/* interrupts.h - see interrupt messages without taking interrupts.
 *
 * A message-signalled interrupt is a write of a data word to an address. Under UEFI nobody serves
 * the vectors, so the messages are aimed at memory instead of at the interrupt controller: word n
 * of one page becomes non-zero when message n was sent. That works wherever the chipset passes such
 * writes on to memory, QEMU without an in-kernel interrupt controller for one; elsewhere messages
 * stay unseen. A word cannot count: several messages between two looks are one.
 */
#ifndef EFI_INTERRUPTS_H
#define EFI_INTERRUPTS_H

#include "pci.h"
#include <table.h>

struct interrupts {
	const struct pci_function *f;
	struct pci_memory page; /* where messages land, 16 bytes apart */
	uint32_t msix, msi;	/* capability offsets, 0 = absent */
	unsigned table_bar;
	uint32_t table_off;
	unsigned entries;
};

/* Look at the capabilities. Returns false when memory is short; nothing is then held. */
bool interrupts_open(struct interrupts *irq, const struct pci_function *f);
void interrupts_close(struct interrupts *irq);

/* Program the function for a mode (enum vct_irq_mode). Messages seen before are forgotten. Returns
 * false when the function lacks it; everything is then off. */
bool interrupts_mode(struct interrupts *irq, enum vct_irq_mode mode);
bool interrupts_mask(struct interrupts *irq, unsigned vector, bool masked);
/* 1: message `vector` came since the last look. */
uint32_t interrupts_take(struct interrupts *irq, unsigned vector);

#endif
