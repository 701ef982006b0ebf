/* SPDX-License-Identifier: BSD-2-Clause */
/* world.c - guest memory, ports and clock for a guest and a device in process. */
#include "world.h"
#include <stdlib.h>
#include <string.h>
#include <vmci/defs.h>

static void *alloc(void *ctx, size_t size)
{
	(void)ctx;
	return calloc(1, size);
}

static void release(void *ctx, void *p, size_t size)
{
	(void)ctx;
	(void)size;
	free(p);
}

static void panic(void *ctx, const char *where)
{
	(void)ctx;
	(void)where;
	abort();
}

static uint32_t in32(void *ctx, enum vmci_guest_window w, uint32_t offset)
{
	struct world *world = ctx;

	return vmci_device_read(world->device,
				w == VMCI_GUEST_MMIO ? VMCI_WINDOW_MMIO : VMCI_WINDOW_PORTS, offset,
				32);
}

static void out32(void *ctx, enum vmci_guest_window w, uint32_t offset, uint32_t value)
{
	struct world *world = ctx;

	vmci_device_write(world->device,
			  w == VMCI_GUEST_MMIO ? VMCI_WINDOW_MMIO : VMCI_WINDOW_PORTS, offset, 32,
			  value);
}

static void out_bytes(void *ctx, uint32_t offset, const uint8_t *src, size_t len)
{
	struct world *world = ctx;

	vmci_device_write_bytes(world->device, VMCI_WINDOW_PORTS, offset, src, len);
}

static void in_bytes(void *ctx, uint32_t offset, uint8_t *dst, size_t len)
{
	struct world *world = ctx;

	vmci_device_read_bytes(world->device, VMCI_WINDOW_PORTS, offset, dst, len);
}

/* Page 0 stays free: it is no address. */
static void *dma_alloc(void *ctx, size_t size, uint64_t *addr)
{
	struct world *w = ctx;
	size_t n = (size + WORLD_PAGE - 1) / WORLD_PAGE, run = 0;

	for (size_t i = 1; i < WORLD_PAGES; i++) {
		run = w->used[i] ? 0 : run + 1;
		if (run < n)
			continue;
		i -= n - 1;
		memset(w->used + i, true, n);
		*addr = i * WORLD_PAGE;
		return memset(w->ram.bytes + *addr, 0, n * WORLD_PAGE);
	}
	return NULL;
}

static void dma_free(void *ctx, void *p, size_t size, uint64_t addr)
{
	struct world *w = ctx;

	(void)p;
	memset(w->used + addr / WORLD_PAGE, false, (size + WORLD_PAGE - 1) / WORLD_PAGE);
}

static uint64_t now_us(void *ctx)
{
	struct world *w = ctx;

	return w->clock;
}

static void relax(void *ctx)
{
	struct world *w = ctx;

	w->clock++;
}

struct world *world_open(void)
{
	const struct vmci_device_config config = { .cid = 0x42,
						   .caps = VMCI_CAPS_DATAGRAM |
							   VMCI_CAPS_NOTIFICATIONS |
							   VMCI_CAPS_PPN64 |
							   VMCI_CAPS_DMA_DATAGRAM };
	struct world *w = calloc(1, sizeof(*w));

	if (!w)
		return NULL;
	w->ram.bytes = calloc(1, WORLD_RAM);
	w->ram.size = WORLD_RAM;
	w->hub_port =
		(struct vmci_hub_port){ .ctx = w, .alloc = alloc, .free = release, .panic = panic };
	w->device_port = guest_ram_device_port(&w->ram);
	w->guest_port = (struct vmci_guest_port){ .ctx = w,
						  .has_ports = true,
						  .has_mmio = true,
						  .page_shift = 12,
						  .in32 = in32,
						  .out32 = out32,
						  .out_bytes = out_bytes,
						  .in_bytes = in_bytes,
						  .alloc = alloc,
						  .free = release,
						  .dma_alloc = dma_alloc,
						  .dma_free = dma_free,
						  .now_us = now_us,
						  .relax = relax };

	if (w->ram.bytes && vmci_hub_create(&w->hub_port, NULL, &w->hub) == 0 &&
	    vmci_device_create(w->hub, &config, &w->device_port, &w->device) == 0)
		return w;
	world_close(w);
	return NULL;
}

int world_probe(struct world *w, bool dma)
{
	struct vmci_guest_options options = { .mode = dma ? VMCI_GUEST_MODE_MMIO
							  : VMCI_GUEST_MODE_PORTS };

	return vmci_guest_probe(&w->guest_port, &options, &w->g);
}

void world_pump(struct world *w)
{
	vmci_hub_run(w->hub);
	while (vmci_guest_pump(w->g) > 0)
		;
}

void world_close(struct world *w)
{
	if (w->g)
		vmci_guest_remove(w->g);
	if (w->hub)
		vmci_hub_destroy(w->hub);
	free(w->ram.bytes);
	free(w);
}
