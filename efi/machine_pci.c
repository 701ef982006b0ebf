/* SPDX-License-Identifier: BSD-2-Clause */
/* machine_pci.c - the engine's machine over a PCI function seen from firmware. */
#include "machine_pci.h"
#include <efilib.h>
#include <vmci/defs.h>

#define PCI_COMMAND	   0x04
#define PCI_STATUS	   0x06
#define COMMAND_DECODING   0x0003u
#define COMMAND_BUS_MASTER 0x0004u
#define STATUS_INTERRUPT   0x0008u

static bool place(struct machine_pci *mp, enum machine_window w, uint32_t off, unsigned *bar,
		  uint64_t *at)
{
	if (w == MACHINE_PORTS) {
		*bar = 0;
		*at = off;
		return mp->f->bar_kind[0] == BAR_IO;
	}
	*bar = 1;
	*at = (uint64_t)VMCI_MMIO_ACCESS_OFFSET + off;
	return mp->f->bar_size[1] > VMCI_MMIO_ACCESS_OFFSET;
}

static int reg_read(void *ctx, enum machine_window w, unsigned bits, uint32_t off, uint32_t *value)
{
	struct machine_pci *mp = ctx;
	unsigned bar;
	uint64_t at;

	if (!place(mp, w, off, &bar, &at))
		return MACHINE_UNSUPPORTED;
	return pci_read(mp->f, bar, at, bits, value) ? 0 : MACHINE_ERROR;
}

static int reg_write(void *ctx, enum machine_window w, unsigned bits, uint32_t off, uint32_t value)
{
	struct machine_pci *mp = ctx;
	unsigned bar;
	uint64_t at;

	if (!place(mp, w, off, &bar, &at))
		return MACHINE_UNSUPPORTED;
	/* Memory filled before this write is for the device to see, also where the processor is
	 * weakly ordered. */
	__sync_synchronize();
	return pci_write(mp->f, bar, at, bits, value) ? 0 : MACHINE_ERROR;
}

static int reg_write_bytes(void *ctx, enum machine_window w, uint32_t off, const uint8_t *src,
			   size_t len)
{
	struct machine_pci *mp = ctx;
	unsigned bar;
	uint64_t at;

	if (!place(mp, w, off, &bar, &at))
		return MACHINE_UNSUPPORTED;
	__sync_synchronize();
	return pci_write_fifo(mp->f, bar, at, src, len) ? 0 : MACHINE_ERROR;
}

static int reg_read_bytes(void *ctx, enum machine_window w, uint32_t off, uint8_t *dst, size_t len)
{
	struct machine_pci *mp = ctx;
	unsigned bar;
	uint64_t at;

	if (!place(mp, w, off, &bar, &at))
		return MACHINE_UNSUPPORTED;
	return pci_read_fifo(mp->f, bar, at, dst, len) ? 0 : MACHINE_ERROR;
}

static int cfg_read(void *ctx, unsigned bits, uint32_t off, uint32_t *value)
{
	struct machine_pci *mp = ctx;

	return pci_read(mp->f, PCI_CONFIG, off, bits, value) ? 0 : MACHINE_ERROR;
}

static int cfg_write(void *ctx, unsigned bits, uint32_t off, uint32_t value)
{
	struct machine_pci *mp = ctx;

	return pci_write(mp->f, PCI_CONFIG, off, bits, value) ? 0 : MACHINE_ERROR;
}

static int bar_info(void *ctx, unsigned bar, uint64_t *size, enum machine_bar_kind *kind)
{
	struct machine_pci *mp = ctx;

	*size = bar < 6 ? mp->f->bar_size[bar] : 0;
	*kind = bar < 6 ? (enum machine_bar_kind)mp->f->bar_kind[bar] : BAR_NONE;
	return 0;
}

static int mem_alloc(void *ctx, uint64_t bytes, uint64_t align, bool high, uint64_t *pa)
{
	struct machine_pci *mp = ctx;
	uint64_t slack = align > EFI_PAGE_SIZE ? align : 0;
	struct pci_memory *b;

	if (mp->nblocks == MACHINE_PCI_BLOCKS || bytes > (64u << 20) || slack > (64u << 20))
		return MACHINE_ERROR;
	b = &mp->blocks[mp->nblocks];
	if (!pci_memory_get(mp->f, (UINTN)((bytes + slack + EFI_PAGE_SIZE - 1) / EFI_PAGE_SIZE),
			    high, b))
		return high ? MACHINE_UNSUPPORTED : MACHINE_ERROR;
	mp->nblocks++;
	*pa = slack ? (b->device + slack - 1) / slack * slack : b->device;
	return 0;
}

static uint8_t *inside_block(const struct pci_memory *b, uint64_t pa, size_t len)
{
	uint64_t size = (uint64_t)b->pages * EFI_PAGE_SIZE;

	if (!b->host || pa < b->device || pa - b->device > size || len > size - (pa - b->device))
		return NULL;
	return (uint8_t *)b->host + (pa - b->device);
}

/* Host bytes of device addresses that mem_alloc gave out; NULL for anything else. */
static uint8_t *inside(struct machine_pci *mp, uint64_t pa, size_t len)
{
	uint8_t *p = inside_block(&mp->messages, pa, len);

	for (unsigned i = 0; i < mp->nblocks && !p; i++)
		p = inside_block(&mp->blocks[i], pa, len);
	return p;
}

static int mem_read(void *ctx, uint64_t pa, void *dst, size_t len)
{
	uint8_t *p = inside(ctx, pa, len);

	if (!p)
		return MACHINE_ERROR;
	__sync_synchronize();
	CopyMem(dst, p, len);
	return 0;
}

static int mem_write(void *ctx, uint64_t pa, const void *src, size_t len)
{
	uint8_t *p = inside(ctx, pa, len);

	if (!p)
		return MACHINE_ERROR;
	CopyMem(p, (void *)src, len);
	__sync_synchronize();
	return 0;
}

static void mem_release_all(void *ctx)
{
	struct machine_pci *mp = ctx;

	while (mp->nblocks > 0)
		pci_memory_put(mp->f, &mp->blocks[--mp->nblocks]);
}

static int irq_mode(void *ctx, enum vct_irq_mode mode)
{
	struct machine_pci *mp = ctx;

	return interrupts_mode(&mp->irq, mode) ? 0 : MACHINE_UNSUPPORTED;
}

static int irq_mask(void *ctx, unsigned vector, bool masked)
{
	struct machine_pci *mp = ctx;

	return interrupts_mask(&mp->irq, vector, masked) ? 0 : MACHINE_UNSUPPORTED;
}

static int irq_take(void *ctx, unsigned vector, uint32_t *count)
{
	struct machine_pci *mp = ctx;

	*count = interrupts_take(&mp->irq, vector);
	return 0;
}

static int irq_line(void *ctx, bool *asserted)
{
	struct machine_pci *mp = ctx;
	uint32_t status;

	if (!pci_read(mp->f, PCI_CONFIG, PCI_STATUS, 16, &status))
		return MACHINE_ERROR;
	*asserted = (status & STATUS_INTERRUPT) != 0;
	return 0;
}

static int bus_master(void *ctx, bool on)
{
	struct machine_pci *mp = ctx;
	uint32_t command;

	if (!pci_read(mp->f, PCI_CONFIG, PCI_COMMAND, 16, &command))
		return MACHINE_ERROR;
	/* A device that forgot these at RESET would be shut off by what it answers. */
	command |= mp->decoding;
	command = on ? command | COMMAND_BUS_MASTER : command & ~COMMAND_BUS_MASTER;
	return pci_write(mp->f, PCI_CONFIG, PCI_COMMAND, 16, command) ? 0 : MACHINE_ERROR;
}

static int settle(void *ctx, uint64_t us)
{
	struct machine_pci *mp = ctx;
	uint32_t ignored;

	/* Memory writes are posted; a read from the function comes back behind them. */
	if (!pci_read(mp->f, PCI_CONFIG, PCI_STATUS, 16, &ignored))
		return MACHINE_ERROR;
	clock_wait_us(us);
	return 0;
}

static uint64_t now_us(void *ctx)
{
	struct machine_pci *mp = ctx;

	return clock_us(&mp->clock);
}

/* Whether a message reaches memory here: a datagram to nobody gives an error, but a doorbell or an
 * event needs more than one register; the cheapest cause that every device has is a datagram sent
 * to the own context. */
static bool sees_messages(struct machine_pci *mp)
{
	static const uint8_t whoami[24] = { [4] = VMCI_GET_CONTEXT_ID,
					    [8] = 0xff,
					    [9] = 0xff,
					    [10] = 0xff,
					    [11] = 0xff,
					    [12] = 0xff,
					    [13] = 0xff,
					    [14] = 0xff,
					    [15] = 0xff };
	uint8_t self[24] = { [4] = 0xfe, [5] = 0xff };
	uint32_t cid, seen = 0;

	if (mp->irq.entries < 2 || mp->f->bar_kind[0] != BAR_IO)
		return true;
	reg_write(mp, MACHINE_PORTS, 32, VMCI_CONTROL_ADDR, VMCI_CONTROL_RESET);
	reg_write_bytes(mp, MACHINE_PORTS, VMCI_DATA_OUT_ADDR, whoami, sizeof(whoami));
	if (reg_read(mp, MACHINE_PORTS, 32, VMCI_RESULT_LOW_ADDR, &cid))
		return false;
	for (int i = 0; i < 4; i++)
		self[i] = self[8 + i] = (uint8_t)(cid >> 8 * i);
	self[12] = 0xfe;
	self[13] = 0xff;
	if (!interrupts_mode(&mp->irq, VCT_IRQ_EXCLUSIVE))
		return false;
	reg_write(mp, MACHINE_PORTS, 32, VMCI_IMR_ADDR, VMCI_IMR_DATAGRAM);
	reg_write(mp, MACHINE_PORTS, 32, VMCI_CONTROL_ADDR, VMCI_CONTROL_INT_ENABLE);
	reg_write_bytes(mp, MACHINE_PORTS, VMCI_DATA_OUT_ADDR, self, sizeof(self));
	for (int tries = 0; tries < 50 && !seen; tries++) {
		settle(mp, 1000);
		seen = interrupts_take(&mp->irq, 0);
	}
	reg_write(mp, MACHINE_PORTS, 32, VMCI_CONTROL_ADDR, VMCI_CONTROL_RESET);
	interrupts_mode(&mp->irq, VCT_IRQ_OFF);
	return seen != 0;
}

/* QEMU's emulation of the processor passes messages on to memory: there a device that sends none is
 * at fault, elsewhere it may be the place. */
static bool is_emulated(void)
{
#if defined(__x86_64__)
	uint32_t a = 0x40000000, b, c, d;

	__asm__ volatile("cpuid" : "+a"(a), "=b"(b), "=c"(c), "=d"(d));
	return b == 0x54474354 && c == 0x43544743 && d == 0x47435447; /* "TCGTCGTCGTCG" */
#else
	return false;
#endif
}

static int peer(void *ctx, const struct peer_request *rq, struct peer_reply *rp)
{
	struct machine_pci *mp = ctx;

	return mailbox_call(&mp->mailbox, rq, rp);
}

bool machine_pci_open(struct machine_pci *mp, struct pci_function *f, struct machine *m)
{
	static const struct machine table = {
		.page_shift = EFI_PAGE_SHIFT,
		.reg_read = reg_read,
		.reg_write = reg_write,
		.reg_write_bytes = reg_write_bytes,
		.reg_read_bytes = reg_read_bytes,
		.cfg_read = cfg_read,
		.cfg_write = cfg_write,
		.bar_info = bar_info,
		.mem_alloc = mem_alloc,
		.mem_read = mem_read,
		.mem_write = mem_write,
		.mem_release_all = mem_release_all,
		.irq_mode = irq_mode,
		.irq_mask = irq_mask,
		.irq_take = irq_take,
		.irq_line = irq_line,
		.bus_master = bus_master,
		.settle = settle,
		.now_us = now_us,
	};

	SetMem(mp, sizeof(*mp), 0);
	mp->f = f;
	if (pci_read(f, PCI_CONFIG, PCI_COMMAND, 16, &mp->decoding))
		mp->decoding &= COMMAND_DECODING;
	else
		mp->decoding = 0;
	clock_start(&mp->clock);
	if (!interrupts_open(&mp->irq, f))
		return false;
	*m = table;
	m->ctx = mp;
	m->abilities = VCT_CAN_LINE | VCT_CAN_CFGSPACE | VCT_CAN_BUSMASTER | VCT_CAN_MEM_HIGH;
	if (is_emulated() || sees_messages(mp))
		m->abilities |= VCT_CAN_IRQ | VCT_CAN_IRQ_MASK | VCT_CAN_MSI_MODE;
	m->peer = peer;
	if (mailbox_open(&mp->mailbox, m) == 0 && mp->mailbox.at != 0) {
		m->abilities |= VCT_CAN_PEER | VCT_CAN_CONFIG;
		if (pci_memory_get(f, PEER_MESSAGE_MAX / EFI_PAGE_SIZE + 1, false, &mp->messages))
			mailbox_use_memory(&mp->mailbox, mp->messages.device);
		else
			mp->messages.host = NULL;
	}
	return true;
}

void machine_pci_close(struct machine_pci *mp)
{
	mem_release_all(mp);
	if (mp->messages.host)
		pci_memory_put(mp->f, &mp->messages);
	interrupts_close(&mp->irq);
}
