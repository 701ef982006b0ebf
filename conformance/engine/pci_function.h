/* SPDX-License-Identifier: BSD-2-Clause */
/* pci_function.h - PCI configuration space of the device: 256 bytes and who may write which bit.
 *
 * Identity, capabilities and BARs as VMware's device has them (spec: chapter 10). It
 * holds no VMCI state; what software writes here that matters to the device (COMMAND) is told by
 * the return value of config_write.
 */
#ifndef CONFORMANCE_PCI_FUNCTION_H
#define CONFORMANCE_PCI_FUNCTION_H

#include <stdbool.h>
#include <stdint.h>

#define CONFIG_BYTES 256u

enum config_irq {
	CONFIG_IRQ_MSIX, /* MSI-X, MSI and INTx */
	CONFIG_IRQ_MSI,	 /* MSI and INTx */
	CONFIG_IRQ_INTX	 /* INTx alone */
};

struct config_options {
	uint32_t bar1_bytes; /* VMCI_BAR1_SIZE_PORTS or VMCI_BAR1_SIZE_MMIO */
	enum config_irq irq;
	unsigned vectors; /* entries of the MSI-X table, 1..CONFIG_VECTORS_MAX */
	bool peer;	  /* the peer's mailbox capability exists */
};
#define CONFIG_VECTORS_MAX 8u

struct config {
	struct config_options options;
	uint8_t reg[CONFIG_BYTES];
	uint8_t writable[CONFIG_BYTES]; /* bits that software may change */
};

/* What a write changed. */
#define CONFIG_BUS_MASTER 1u
#define CONFIG_MSI_STATE  2u /* MSI or MSI-X control */

/* Power-on state. */
void config_init(struct config *c, const struct config_options *options);
/* Function reset: every writable bit back to power-on. */
void config_reset(struct config *c);

/* off + len <= CONFIG_BYTES. */
void config_read(const struct config *c, uint32_t off, uint8_t *dst, uint32_t len);
/* Returns CONFIG_* bits of what changed. */
unsigned config_write(struct config *c, uint32_t off, const uint8_t *src, uint32_t len);

bool config_bus_master(const struct config *c); /* COMMAND bit 2 */
/* STATUS bit 3. */
void config_set_intx_status(struct config *c, bool pending);

/* Offset of the pending bits in BAR1, bytes. */
uint32_t config_pba_offset(const struct config *c);

#endif
