/* SPDX-License-Identifier: BSD-2-Clause */
/* pci.h - the few things the engine reads from PCI configuration space. */
#ifndef CONFORMANCE_PCI_H
#define CONFORMANCE_PCI_H

#include <stdbool.h>
#include <stdint.h>
#include "machine.h"

#define PCI_STATUS	  0x06u
#define PCI_STATUS_CAPS	  0x10u
#define PCI_CAP_POINTER	  0x34u
#define PCI_INTERRUPT_PIN 0x3du
#define PCI_CAP_MSI	  0x05u
#define PCI_CAP_VENDOR	  0x09u
#define PCI_CAP_MSIX	  0x11u

/* Offset of the first capability `id` behind capability `after` (0: from the start) in *at, 0 when
 * there is none. A list that does not end counts as ended. Returns 0 or the machine's error. */
int pci_find_capability(struct machine *m, uint32_t id, uint32_t after, uint32_t *at);

/* Whether the list of capabilities ends, in *ends. Returns 0 or the machine's error. */
int pci_capabilities_end(struct machine *m, bool *ends);

/* enum vct_need bits of the interrupts a function has, and the number of its MSI-X entries. What
 * cannot be read is not there. */
uint32_t pci_interrupts(struct machine *m, uint32_t *vectors);

#endif
