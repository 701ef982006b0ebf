/* SPDX-License-Identifier: BSD-2-Clause */
/* machine_pci.h - the engine's machine over a PCI function seen from firmware. */
#ifndef EFI_MACHINE_PCI_H
#define EFI_MACHINE_PCI_H

#include <mailbox.h>
#include <machine.h>
#include "clock.h"
#include "interrupts.h"
#include "pci.h"

#define MACHINE_PCI_BLOCKS 512u

struct machine_pci {
	struct pci_function *f;
	struct interrupts irq;
	struct efi_clock clock;
	struct mailbox mailbox;	    /* of the conformance peer; large */
	struct pci_memory messages; /* for the mailbox; host NULL: none */
	struct pci_memory blocks[MACHINE_PCI_BLOCKS];
	unsigned nblocks;
	uint32_t decoding; /* bits of the command register that open BAR0 and BAR1 */
};

/* Make m reach f. What the place can see is found out: interrupt messages by trying one, the
 * conformance peer by its capability. f and mp are borrowed until machine_pci_close.
 * Returns false when memory is short. */
bool machine_pci_open(struct machine_pci *mp, struct pci_function *f, struct machine *m);
void machine_pci_close(struct machine_pci *mp);

#endif
