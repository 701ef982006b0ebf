/* SPDX-License-Identifier: BSD-2-Clause */
/* guest_port.c - the core's guest role on a PCI function seen from firmware. */
#include "guest_port.h"
#include <efilib.h>
#include <machine.h>
#include <vmci/defs.h>

static unsigned bar_of(enum vmci_guest_window w, uint32_t offset, uint64_t *at)
{
	*at = w == VMCI_GUEST_PORTS ? offset : (uint64_t)VMCI_MMIO_ACCESS_OFFSET + offset;
	return w == VMCI_GUEST_PORTS ? 0 : 1;
}

static uint32_t in32(void *ctx, enum vmci_guest_window w, uint32_t offset)
{
	struct efi_guest_port *p = ctx;
	uint32_t value = 0xffffffff; /* what a function that is gone reads as */
	uint64_t at;
	unsigned bar = bar_of(w, offset, &at);

	pci_read(p->f, bar, at, 32, &value);
	return value;
}

static void out32(void *ctx, enum vmci_guest_window w, uint32_t offset, uint32_t value)
{
	struct efi_guest_port *p = ctx;
	uint64_t at;
	unsigned bar = bar_of(w, offset, &at);

	__sync_synchronize();
	pci_write(p->f, bar, at, 32, value);
}

static void out_bytes(void *ctx, uint32_t offset, const uint8_t *src, size_t len)
{
	struct efi_guest_port *p = ctx;

	pci_write_fifo(p->f, 0, offset, src, len);
}

static void in_bytes(void *ctx, uint32_t offset, uint8_t *dst, size_t len)
{
	struct efi_guest_port *p = ctx;

	if (!pci_read_fifo(p->f, 0, offset, dst, len))
		SetMem(dst, len, 0xff);
}

static void *pool_alloc(void *ctx, size_t size)
{
	(void)ctx;
	return AllocateZeroPool(size);
}

static void pool_free(void *ctx, void *p, size_t size)
{
	(void)ctx;
	(void)size;
	FreePool(p);
}

static void *dma_alloc(void *ctx, size_t size, uint64_t *addr)
{
	struct efi_guest_port *p = ctx;

	for (unsigned i = 0; i < GUEST_PORT_BLOCKS; i++) {
		struct pci_memory *b = &p->blocks[i];

		if (b->host)
			continue;
		if (!pci_memory_get(p->f, (size + EFI_PAGE_SIZE - 1) / EFI_PAGE_SIZE, false, b)) {
			b->host = NULL;
			return NULL;
		}
		*addr = b->device;
		return b->host;
	}
	return NULL;
}

static void dma_free(void *ctx, void *host, size_t size, uint64_t addr)
{
	struct efi_guest_port *p = ctx;

	(void)size;
	(void)addr;
	for (unsigned i = 0; i < GUEST_PORT_BLOCKS; i++)
		if (p->blocks[i].host == host)
			pci_memory_put(p->f, &p->blocks[i]);
}

static void dma_observe(void *ctx)
{
	(void)ctx;
	__sync_synchronize();
}

static uint64_t now_us(void *ctx)
{
	struct efi_guest_port *p = ctx;

	return clock_us(p->clock);
}

static void relax(void *ctx)
{
	(void)ctx;
#if defined(__x86_64__)
	__asm__ volatile("pause");
#elif defined(__aarch64__)
	__asm__ volatile("yield");
#endif
}

void efi_guest_port_init(struct efi_guest_port *p, const struct pci_function *f,
			 const struct efi_clock *clock)
{
	SetMem(p, sizeof(*p), 0);
	p->f = f;
	p->clock = clock;
	p->port.ctx = p;
	p->port.has_ports = f->bar_kind[0] == BAR_IO;
	p->port.has_mmio = f->bar_size[1] == VMCI_BAR1_SIZE_MMIO;
	p->port.page_shift = EFI_PAGE_SHIFT;
	p->port.in32 = in32;
	p->port.out32 = out32;
	p->port.out_bytes = out_bytes;
	p->port.in_bytes = in_bytes;
	p->port.alloc = pool_alloc;
	p->port.free = pool_free;
	p->port.dma_alloc = dma_alloc;
	p->port.dma_free = dma_free;
	p->port.dma_observe = dma_observe;
	p->port.now_us = now_us;
	p->port.relax = relax;
}
