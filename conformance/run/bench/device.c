/* SPDX-License-Identifier: BSD-2-Clause */
/* device.c - datagrams and hypercalls between the core's guest and the core's device, in process.
 */
#include <stdlib.h>
#include <string.h>
#include <vmci/defs.h>
#include <vmci/device.h>
#include <vmci/guest.h>
#include "bench.h"

#define RAM	 (1u << 20)
#define RESOURCE 0x500u
#define PAYLOAD	 64u
#define TIMES	 32000u /* 64 bursts of 500: as many datagrams wait together */

/* Guest memory is one piece from address 0; allocations are never given back but at the end. */
struct world {
	uint8_t *ram;
	size_t used;
	struct vmci_hub *hub;
	struct vmci_device *device;
	struct vmci_guest *g;
	uint64_t clock;
	uint64_t got;
};

static uint8_t *at(struct world *w, uint64_t gpa, size_t len)
{
	return gpa <= RAM && len <= RAM - gpa ? w->ram + gpa : NULL;
}

static int mem_read(void *ctx, struct vmci_gpa gpa, void *dst, size_t len)
{
	uint8_t *p = at(ctx, gpa.addr, len);

	if (!p)
		return VMCI_LOCAL_BAD_ADDRESS;
	memcpy(dst, p, len);
	return 0;
}

static int mem_write(void *ctx, struct vmci_gpa gpa, const void *src, size_t len)
{
	uint8_t *p = at(ctx, gpa.addr, len);

	if (!p)
		return VMCI_LOCAL_BAD_ADDRESS;
	memcpy(p, src, len);
	return 0;
}

static int store32(void *ctx, struct vmci_gpa gpa, uint32_t value)
{
	uint8_t *p = at(ctx, gpa.addr, 4);

	if (!p || (gpa.addr & 3))
		return VMCI_LOCAL_BAD_ADDRESS;
	__atomic_store_n((uint32_t *)(void *)p, value, __ATOMIC_RELEASE);
	return 0;
}

static int or8(void *ctx, struct vmci_gpa gpa, uint8_t bits)
{
	uint8_t *p = at(ctx, gpa.addr, 1);

	if (!p)
		return VMCI_LOCAL_BAD_ADDRESS;
	__atomic_fetch_or(p, bits, __ATOMIC_ACQ_REL);
	return 0;
}

static void *pin(void *ctx, struct vmci_gpa gpa, unsigned page_shift)
{
	return at(ctx, gpa.addr, (size_t)1 << page_shift);
}

static void unpin(void *ctx, struct vmci_gpa gpa, void *page, unsigned page_shift)
{
	(void)ctx;
	(void)gpa;
	(void)page;
	(void)page_shift;
}

static void message(void *ctx, unsigned vector)
{
	(void)ctx;
	(void)vector;
}

static void line(void *ctx, bool asserted)
{
	(void)ctx;
	(void)asserted;
}

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

static void *dma_alloc(void *ctx, size_t size, uint64_t *addr)
{
	struct world *w = ctx;
	size_t start = w->used;

	size = (size + 4095) & ~(size_t)4095;
	if (size > RAM - start)
		return NULL;
	w->used += size;
	memset(w->ram + start, 0, size);
	*addr = start;
	return w->ram + start;
}

static void dma_free(void *ctx, void *p, size_t size, uint64_t addr)
{
	(void)ctx;
	(void)p;
	(void)size;
	(void)addr;
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

static int on_datagram(void *arg, const uint8_t *data, size_t len)
{
	struct world *w = arg;

	(void)data;
	w->got += len != 0;
	return 0;
}

static void calls(void *arg, uint64_t count)
{
	struct world *w = arg;
	int32_t result;

	for (; count; count--)
		if (vmci_guest_call(w->g, VMCI_GET_CONTEXT_ID, NULL, 0, &result))
			abort();
}

static void sends(void *arg, uint64_t count)
{
	struct world *w = arg;
	const struct vmci_handle to = { VMCI_HOST_CONTEXT_ID, RESOURCE };
	const struct vmci_handle from = { VMCI_INVALID_ID, RESOURCE };
	uint8_t payload[PAYLOAD] = { 0 };

	for (; count; count--)
		if (vmci_guest_send(w->g, to, from, payload, sizeof(payload)) < 0)
			abort();
}

/* Queueing by the host and fetching by the guest, together. */
static void receives(void *arg, uint64_t count)
{
	struct world *w = arg;
	const struct vmci_handle to = { (uint32_t)vmci_guest_cid(w->g), RESOURCE };
	const struct vmci_handle from = { VMCI_HOST_CONTEXT_ID, RESOURCE };
	struct vmci_context *host = vmci_hub_find(w->hub, VMCI_HOST_CONTEXT_ID);
	uint8_t payload[PAYLOAD] = { 0 };

	for (uint64_t i = 0; i < count; i++)
		if (vmci_context_send(host, to, from, payload, sizeof(payload)) < 0)
			abort();
	w->got = 0;
	while (w->got < count)
		if (vmci_guest_pump(w->g) <= 0)
			abort();
}

int bench_device(struct outcome *o)
{
	const struct vmci_device_config config = { .cid = 0x42,
						   .caps = VMCI_CAPS_DATAGRAM |
							   VMCI_CAPS_NOTIFICATIONS |
							   VMCI_CAPS_PPN64 |
							   VMCI_CAPS_DMA_DATAGRAM };
	struct world w = { .ram = calloc(1, RAM) };
	const struct vmci_hub_port hub_port = {
		.ctx = &w, .alloc = alloc, .free = release, .panic = panic
	};
	const struct vmci_device_port device_port = { .ctx = &w,
						      .mem_read = mem_read,
						      .mem_write = mem_write,
						      .mem_store32_release = store32,
						      .mem_or8 = or8,
						      .page_pin = pin,
						      .page_unpin = unpin,
						      .irq_message = message,
						      .irq_line = line };
	const struct vmci_guest_port guest_port = { .ctx = &w,
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

	if (vmci_hub_create(&hub_port, NULL, &w.hub) ||
	    vmci_device_create(w.hub, &config, &device_port, &w.device) ||
	    vmci_context_endpoint(vmci_hub_find(w.hub, VMCI_HOST_CONTEXT_ID), RESOURCE, 0, 0,
				  on_datagram, &w) != RESOURCE)
		return -1;
	for (int dma = 0; dma < 2; dma++) {
		struct vmci_guest_options options = { .mode = dma ? VMCI_GUEST_MODE_MMIO
								  : VMCI_GUEST_MODE_PORTS };
		double ns[3][5];

		w.used = 0;
		if (vmci_guest_probe(&guest_port, &options, &w.g) ||
		    vmci_guest_endpoint(w.g, RESOURCE, 0, on_datagram, &w) != RESOURCE)
			return -1;
		for (int r = 0; r < 5; r++) {
			ns[0][r] = bench_bursts(calls, &w, TIMES);
			ns[1][r] = bench_bursts(sends, &w, TIMES);
			ns[2][r] = bench_bursts(receives, &w, TIMES);
		}
		o->call_ns[dma] = bench_median(ns[0], 5);
		o->send_ns[dma] = bench_median(ns[1], 5);
		o->receive_ns[dma] = bench_median(ns[2], 5);
		vmci_guest_remove(w.g);
	}
	vmci_hub_destroy(w.hub);
	free(w.ram);
	return 0;
}
