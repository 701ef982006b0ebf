/* SPDX-License-Identifier: BSD-2-Clause */
/* pci_function.c - PCI configuration space of the device. */
#include "pci_function.h"
#include "mailbox_regs.h"
#include <vmci/defs.h>
#include <vmci/mem.h>
#include <vmci/wire.h>

#define REG_COMMAND	 0x04u
#define REG_STATUS	 0x06u
#define REG_BAR0	 0x10u
#define REG_BAR1	 0x14u
#define REG_BAR2	 0x18u
#define REG_CAPABILITIES 0x34u
#define REG_LINE	 0x3cu
#define REG_PIN		 0x3du

#define COMMAND_BITS	 0x0547u /* I/O, memory, master, parity, SERR, INTx disable */
#define COMMAND_MASTER	 0x0004u
#define STATUS_INTERRUPT 0x0008u
#define STATUS_FIXED	 0x0290u /* capabilities, fast back-to-back, DEVSEL medium */
#define BAR_TYPE_IO	 0x1u
#define BAR_TYPE_MEM64	 0x4u
#define LATENCY_TIMER	 64
#define MIN_GNT		 6
#define MAX_LAT		 255
#define CAP_MSI		 0x05
#define CAP_MSIX	 0x11
#define MSI_64_BIT	 0x0080u
#define MSI_ENABLE	 0x0001u
#define MSIX_ENABLE_MASK 0xc000u /* enable, function mask */

/* Chain one capability to the last: link is where its offset goes. */
static uint32_t chain(struct config *c, uint32_t link, uint32_t at, uint8_t id)
{
	c->reg[link] = (uint8_t)at;
	c->reg[at] = id;
	return at + 1;
}

static void add_msi(struct config *c, uint32_t at)
{
	vmci_put16(c->reg + at + 2, MSI_64_BIT);
	vmci_put16(c->writable + at + 2, MSI_ENABLE);
	vmci_put32(c->writable + at + 4, 0xfffffffcu);
	vmci_put32(c->writable + at + 8, 0xffffffffu);
	vmci_put16(c->writable + at + 12, 0xffffu);
}

static void add_msix(struct config *c, uint32_t at)
{
	vmci_put16(c->reg + at + 2, c->options.vectors - 1);
	vmci_put16(c->writable + at + 2, MSIX_ENABLE_MASK);
	vmci_put32(c->reg + at + 4, 1); /* table: BAR1, offset 0 */
	vmci_put32(c->reg + at + 8, config_pba_offset(c) | 1);
}

static void add_peer(struct config *c, uint32_t at)
{
	c->reg[at + 2] = PEERBOX_CAP_LENGTH;
	vmci_put32(c->reg + PEERBOX_MAGIC_REG, PEERBOX_MAGIC);
	vmci_put32(c->reg + PEERBOX_VERSION_REG, PEERBOX_VERSION);
}

static void add_capabilities(struct config *c)
{
	uint32_t link = REG_CAPABILITIES;

	if (c->options.irq != CONFIG_IRQ_INTX) {
		link = chain(c, link, VMCI_MSI_CAP_OFFSET, CAP_MSI);
		add_msi(c, VMCI_MSI_CAP_OFFSET);
	}
	if (c->options.irq == CONFIG_IRQ_MSIX) {
		link = chain(c, link, VMCI_MSIX_CAP_OFFSET, CAP_MSIX);
		add_msix(c, VMCI_MSIX_CAP_OFFSET);
	}
	if (c->options.peer) {
		chain(c, link, PEERBOX_OFFSET, PEERBOX_CAP_ID);
		add_peer(c, PEERBOX_OFFSET);
	}
}

static void add_bars(struct config *c)
{
	vmci_put32(c->reg + REG_BAR0, BAR_TYPE_IO);
	vmci_put32(c->writable + REG_BAR0, ~(uint32_t)(VMCI_BAR0_SIZE - 1));
	vmci_put32(c->reg + REG_BAR1, BAR_TYPE_MEM64);
	vmci_put32(c->writable + REG_BAR1, ~(c->options.bar1_bytes - 1));
	vmci_put32(c->writable + REG_BAR2, 0xffffffffu);
}

void config_init(struct config *c, const struct config_options *options)
{
	memset(c, 0, sizeof(*c));
	c->options = *options;
	vmci_put16(c->reg + 0x00, VMCI_PCI_VENDOR_ID);
	vmci_put16(c->reg + 0x02, VMCI_PCI_DEVICE_ID);
	vmci_put16(c->writable + REG_COMMAND, COMMAND_BITS);
	vmci_put16(c->reg + REG_STATUS, STATUS_FIXED);
	vmci_put32(c->reg + 0x08, (uint32_t)VMCI_PCI_CLASS << 8 | VMCI_PCI_REVISION);
	c->reg[0x0d] = LATENCY_TIMER;
	c->writable[0x0c] = 0xff; /* cache line size */
	c->writable[0x0d] = 0xf8;
	add_bars(c);
	vmci_put16(c->reg + 0x2c, VMCI_PCI_VENDOR_ID);
	vmci_put16(c->reg + 0x2e, VMCI_PCI_DEVICE_ID);
	c->writable[REG_LINE] = 0xff;
	c->reg[REG_PIN] = 1;
	c->reg[0x3e] = MIN_GNT;
	c->reg[0x3f] = MAX_LAT;
	add_capabilities(c);
	if (c->reg[REG_CAPABILITIES] == 0)
		c->reg[REG_STATUS] &= (uint8_t)~0x10u;
}

void config_reset(struct config *c)
{
	struct config_options options = c->options;

	config_init(c, &options);
}

void config_read(const struct config *c, uint32_t off, uint8_t *dst, uint32_t len)
{
	memcpy(dst, c->reg + off, len);
}

/* The words whose change matters to the device: COMMAND, MSI control, MSI-X control. */
struct watched {
	uint32_t command, msi, msix;
};

static struct watched watch(const struct config *c)
{
	struct watched w = { .command = vmci_get16(c->reg + REG_COMMAND) & COMMAND_MASTER };

	if (c->options.irq != CONFIG_IRQ_INTX)
		w.msi = vmci_get16(c->reg + VMCI_MSI_CAP_OFFSET + 2);
	if (c->options.irq == CONFIG_IRQ_MSIX)
		w.msix = vmci_get16(c->reg + VMCI_MSIX_CAP_OFFSET + 2);
	return w;
}

unsigned config_write(struct config *c, uint32_t off, const uint8_t *src, uint32_t len)
{
	struct watched before = watch(c), after;

	for (uint32_t i = 0; i < len; i++) {
		uint8_t mask = c->writable[off + i];

		c->reg[off + i] = (uint8_t)((c->reg[off + i] & ~mask) | (src[i] & mask));
	}
	after = watch(c);
	return (before.command != after.command ? CONFIG_BUS_MASTER : 0) |
	       (before.msi != after.msi || before.msix != after.msix ? CONFIG_MSI_STATE : 0);
}

bool config_bus_master(const struct config *c)
{
	return (vmci_get16(c->reg + REG_COMMAND) & COMMAND_MASTER) != 0;
}

void config_set_intx_status(struct config *c, bool pending)
{
	if (pending)
		c->reg[REG_STATUS] |= STATUS_INTERRUPT;
	else
		c->reg[REG_STATUS] &= (uint8_t)~STATUS_INTERRUPT;
}

uint32_t config_pba_offset(const struct config *c)
{
	return c->options.bar1_bytes == VMCI_BAR1_SIZE_MMIO ? VMCI_PBA_OFFSET_MMIO
							    : VMCI_PBA_OFFSET_PORTS;
}
