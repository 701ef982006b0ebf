/* SPDX-License-Identifier: BSD-2-Clause */
/* guest_port.h - the core's guest role on a PCI function seen from firmware. */
#ifndef EFI_GUEST_PORT_H
#define EFI_GUEST_PORT_H

#include <vmci/guest_port.h>
#include "clock.h"
#include "pci.h"

#define GUEST_PORT_BLOCKS 256u

struct efi_guest_port {
	struct vmci_guest_port port; /* give this to vmci_guest_probe() */
	const struct pci_function *f;
	const struct efi_clock *clock;
	struct pci_memory blocks[GUEST_PORT_BLOCKS]; /* host NULL = free */
};

/* f and clock are borrowed for as long as a guest uses the port. */
void efi_guest_port_init(struct efi_guest_port *p, const struct pci_function *f,
			 const struct efi_clock *clock);

#endif
