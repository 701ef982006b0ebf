/* SPDX-License-Identifier: BSD-2-Clause */
/* target_guest.c - the core's guest, led by an agent, over a tap over the core's device. */
#include "target_guest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <vmci/defs.h>
#include <vmci/device.h>
#include "agent.h"
#include "guest_ram.h"
#include "target_tap.h"

#define PAGE	  4096u
#define RAM_PAGES 98304u /* 384 MiB; only what is used costs memory */
#define RAM_BYTES ((size_t)RAM_PAGES * PAGE)
#define RAM_BASE  (0x100000000ull - 64ull * 1024 * 1024)
#define CID	  0x42u
#define CAPS                                                                                       \
	(VMCI_CAPS_DATAGRAM | VMCI_CAPS_NOTIFICATIONS | VMCI_CAPS_PPN64 | VMCI_CAPS_DMA_DATAGRAM)
/* The longest piece that is always given side by side: buffers for DMA datagrams. */
#define PIECE_PAGES 18u

struct guest_target {
	struct target_tap tapped; /* first */
	const struct target *target;
	struct guest_ram ram;
	uint8_t taken[RAM_PAGES];
	uint32_t seed, random;
	uint64_t clock_us;
	struct vmci_hub_port hub_port;
	struct vmci_device_port device_port;
	struct vmci_guest_port guest_port;
	struct agent *agent;
	unsigned vectors; /* messages that the PCI function has */
};
#define VECTORS 3u

/* ---- memory ----------------------------------------------------------------------------- */

static uint32_t next_random(struct guest_target *g)
{
	g->random ^= g->random << 13;
	g->random ^= g->random >> 17;
	g->random ^= g->random << 5;
	return g->random;
}

static void *dma_alloc(void *ctx, size_t size, uint64_t *addr)
{
	struct guest_target *g = ctx;
	size_t n = (size + PAGE - 1) / PAGE, start = next_random(g) % RAM_PAGES, run = 0;

	if (n > PIECE_PAGES && next_random(g) % 4)
		return NULL;
	for (size_t tried = 0, i = start; tried < 2 * (size_t)RAM_PAGES; tried++, i++) {
		if (i == RAM_PAGES)
			i = run = 0;
		run = g->taken[i] ? 0 : run + 1;
		if (run == n) {
			size_t first = i + 1 - n;

			memset(g->taken + first, 1, n);
			memset(g->ram.bytes + first * PAGE, 0, n * PAGE);
			*addr = RAM_BASE + first * PAGE;
			return g->ram.bytes + first * PAGE;
		}
	}
	return NULL;
}

static void dma_free(void *ctx, void *p, size_t size, uint64_t addr)
{
	struct guest_target *g = ctx;

	(void)p;
	memset(g->taken + (addr - RAM_BASE) / PAGE, 0, (size + PAGE - 1) / PAGE);
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
	fprintf(stderr, "vmci-conform: the core found a mistake of its own: %s\n", where);
	abort();
}

static void trace(void *ctx, const struct vmci_trace *ev)
{
	const struct target *t = ((struct guest_target *)ctx)->target;

	if (t->trace)
		t->trace(t->trace_ctx, ev);
}

/* ---- the guest's port ------------------------------------------------------------------- */

static enum vmci_window window(enum vmci_guest_window w)
{
	return w == VMCI_GUEST_MMIO ? VMCI_WINDOW_MMIO : VMCI_WINDOW_PORTS;
}

static uint32_t in32(void *ctx, enum vmci_guest_window w, uint32_t offset)
{
	struct guest_target *g = ctx;

	return tap_read(g->tapped.tap, window(w), offset, 32);
}

static void out32(void *ctx, enum vmci_guest_window w, uint32_t offset, uint32_t value)
{
	struct guest_target *g = ctx;

	tap_write(g->tapped.tap, window(w), offset, 32, value);
}

static void out_bytes(void *ctx, uint32_t offset, const uint8_t *src, size_t len)
{
	struct guest_target *g = ctx;

	tap_write_bytes(g->tapped.tap, VMCI_WINDOW_PORTS, offset, src, len);
}

static void in_bytes(void *ctx, uint32_t offset, uint8_t *dst, size_t len)
{
	struct guest_target *g = ctx;

	tap_read_bytes(g->tapped.tap, VMCI_WINDOW_PORTS, offset, dst, len);
}

static uint64_t now_us(void *ctx)
{
	struct guest_target *g = ctx;

	return g->clock_us;
}

static void relax(void *ctx)
{
	struct guest_target *g = ctx;

	g->clock_us += 10;
}

/* ---- the machine ------------------------------------------------------------------------ */

static int machine_read(void *ctx, uint64_t pa, void *dst, size_t len)
{
	struct guest_target *g = ctx;

	return guest_ram_read(&g->ram, pa, dst, len) ? MACHINE_ERROR : 0;
}

static int machine_write(void *ctx, uint64_t pa, const void *src, size_t len)
{
	struct guest_target *g = ctx;

	return guest_ram_write(&g->ram, pa, src, len) ? MACHINE_ERROR : 0;
}

static int ask(void *ctx, const struct peer_request *rq, struct peer_reply *rp)
{
	struct guest_target *g = ctx;

	agent_execute(g->agent, rq, rp);
	vmci_hub_run(g->tapped.hub);
	return 0;
}

static int settle(void *ctx, uint64_t us)
{
	struct guest_target *g = ctx;

	vmci_hub_run(g->tapped.hub);
	g->clock_us += us;
	return 0;
}

/* As firmware and the guest's system leave the function: bus master, every message usable. */
static void reset_function(struct guest_target *g)
{
	vmci_device_platform_reset(g->tapped.device);
	vmci_device_set_bus_master(g->tapped.device, true);
	vmci_device_set_irq_mode(g->tapped.device, VMCI_IRQ_MSIX, g->vectors);
	for (unsigned i = 0; i < g->vectors; i++)
		vmci_device_set_vector_usable(g->tapped.device, i, true);
	g->agent->is_shared = g->vectors == 1;
}

static int configure(void *ctx, const struct vmci_device_config *config, unsigned vectors)
{
	struct guest_target *g = ctx;
	int rc;

	if (vectors > VECTORS)
		return PEER_RC_UNSUPPORTED;
	rc = vmci_device_configure(g->tapped.device, config);
	if (rc < 0)
		return rc;
	g->vectors = vectors ? vectors : VECTORS;
	reset_function(g);
	return 0;
}

static int fresh(void *ctx)
{
	struct guest_target *g = ctx;

	reset_function(g);
	tap_fresh(g->tapped.tap);
	memset(g->taken, 0, sizeof(g->taken));
	g->random = g->seed;
	return 0;
}

/* ---- life ------------------------------------------------------------------------------- */

static void close_target(struct target *t)
{
	struct guest_target *g = t->priv;
	struct peer_request rq = { .op = PEER_RESET };
	struct peer_reply rp = { 0 };

	if (g->agent)
		agent_execute(g->agent, &rq, &rp);
	if (g->tapped.peer)
		peer_actor_free(g->tapped.peer);
	if (g->tapped.hub)
		vmci_hub_destroy(g->tapped.hub);
	if (g->ram.bytes != MAP_FAILED)
		munmap(g->ram.bytes, RAM_BYTES);
	free(g->tapped.tap);
	free(g->agent);
	free(g);
}

static void fill_ports(struct guest_target *g)
{
	g->hub_port = (struct vmci_hub_port){
		.ctx = g, .alloc = alloc, .free = release, .trace = trace, .panic = panic
	};
	g->device_port = guest_ram_device_port(&g->ram);
	g->guest_port = (struct vmci_guest_port){ .ctx = g,
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
}

int target_guest_open(struct target *t, uint32_t seed, char *error, size_t size)
{
	const struct vmci_device_config config = { .cid = CID, .caps = CAPS };
	struct guest_target *g = calloc(1, sizeof(*g));
	struct peer_world world = {
		.startup = config,
		.name = "OpenVMCI core",
		.configure = configure,
		.now_us = now_us,
		.ctx = g,
	};

	if (!g) {
		snprintf(error, size, "core: no memory");
		return -1;
	}
	t->priv = g;
	g->target = t;
	g->seed = seed ? seed : 1;
	g->random = g->seed;
	g->vectors = VECTORS;
	g->ram.base = RAM_BASE;
	g->ram.size = RAM_BYTES;
	g->ram.bytes = mmap(NULL, RAM_BYTES, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	g->tapped.tap = calloc(1, sizeof(*g->tapped.tap));
	g->agent = calloc(1, sizeof(*g->agent));
	fill_ports(g);
	if (g->ram.bytes == MAP_FAILED || !g->tapped.tap || !g->agent ||
	    vmci_hub_create(&g->hub_port, NULL, &g->tapped.hub) < 0 ||
	    vmci_device_create(g->tapped.hub, &config, &g->device_port, &g->tapped.device) < 0) {
		snprintf(error, size, "core: no memory for hub and device");
		close_target(t);
		return -1;
	}
	world.hub = g->tapped.hub;
	world.port = &g->hub_port;
	world.device = g->tapped.device;
	g->tapped.peer = peer_actor_new(&world);
	if (!g->tapped.peer) {
		snprintf(error, size, "core: no memory for the peer");
		close_target(t);
		return -1;
	}
	tap_init(g->tapped.tap, g->tapped.device, &g->device_port);
	g->tapped.tap->trace = trace;
	g->tapped.tap->trace_ctx = g;
	agent_init(g->agent, &g->guest_port, NULL);
	fresh(g);
	t->close = close_target;
	t->machine = target_tap_machine(&g->tapped);
	t->machine.mem_read = machine_read;
	t->machine.mem_write = machine_write;
	t->machine.settle = settle;
	t->machine.now_us = now_us;
	t->machine.ask = ask;
	t->machine.fresh = fresh;
	snprintf(t->name, sizeof(t->name), "core");
	snprintf(t->implementation, sizeof(t->implementation), "OpenVMCI core, guest role");
	return 0;
}
