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
#include "peer_actor.h"
#include "tap.h"

#define PAGE	  4096u
#define RAM_PAGES 98304u /* 384 MiB; only what is used costs memory */
#define RAM_BASE  (0x100000000ull - 64ull * 1024 * 1024)
#define CID	  0x42u
#define CAPS                                                                                       \
	(VMCI_CAPS_DATAGRAM | VMCI_CAPS_NOTIFICATIONS | VMCI_CAPS_PPN64 | VMCI_CAPS_DMA_DATAGRAM)
/* The longest piece that is always given side by side: buffers for DMA datagrams. */
#define PIECE_PAGES 18u

struct guest_target {
	const struct target *target;
	uint8_t *ram;
	uint8_t taken[RAM_PAGES];
	uint32_t seed, random;
	uint64_t clock_us;
	struct vmci_hub_port hub_port;
	struct vmci_hub *hub;
	struct vmci_device_port device_port;
	struct vmci_device *device;
	struct vmci_guest_port guest_port;
	struct tap *tap;
	struct agent *agent;
	struct peer_actor *peer;
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

static uint8_t *ram_at(struct guest_target *g, uint64_t gpa, size_t len)
{
	uint64_t size = (uint64_t)RAM_PAGES * PAGE;

	if (gpa < RAM_BASE || gpa - RAM_BASE > size || len > size - (gpa - RAM_BASE))
		return NULL;
	return g->ram + (gpa - RAM_BASE);
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
			memset(g->ram + first * PAGE, 0, n * PAGE);
			*addr = RAM_BASE + first * PAGE;
			return g->ram + first * PAGE;
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

static int mem_read(void *ctx, struct vmci_gpa gpa, void *dst, size_t len)
{
	uint8_t *p = ram_at(ctx, gpa.addr, len);

	if (!p)
		return VMCI_LOCAL_BAD_ADDRESS;
	memcpy(dst, p, len);
	return 0;
}

static int mem_write(void *ctx, struct vmci_gpa gpa, const void *src, size_t len)
{
	uint8_t *p = ram_at(ctx, gpa.addr, len);

	if (!p)
		return VMCI_LOCAL_BAD_ADDRESS;
	memcpy(p, src, len);
	return 0;
}

static int mem_store32_release(void *ctx, struct vmci_gpa gpa, uint32_t value)
{
	uint8_t *p = ram_at(ctx, gpa.addr, 4);

	if (!p || (gpa.addr & 3))
		return VMCI_LOCAL_BAD_ADDRESS;
	__atomic_store_n((uint32_t *)(void *)p, value, __ATOMIC_RELEASE);
	return 0;
}

static int mem_or8(void *ctx, struct vmci_gpa gpa, uint8_t bits)
{
	uint8_t *p = ram_at(ctx, gpa.addr, 1);

	if (!p)
		return VMCI_LOCAL_BAD_ADDRESS;
	__atomic_fetch_or(p, bits, __ATOMIC_ACQ_REL);
	return 0;
}

static void *page_pin(void *ctx, struct vmci_gpa gpa, unsigned page_shift)
{
	return ram_at(ctx, gpa.addr, (size_t)1 << page_shift);
}

static void page_unpin(void *ctx, struct vmci_gpa gpa, void *page, unsigned page_shift)
{
	(void)ctx;
	(void)gpa;
	(void)page;
	(void)page_shift;
}

/* The guest is polled: what it is told by interrupts, it finds by looking. */
static void irq_message(void *ctx, unsigned vector)
{
	(void)ctx;
	(void)vector;
}

static void irq_line(void *ctx, bool asserted)
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

	return tap_read(g->tap, window(w), offset, 32);
}

static void out32(void *ctx, enum vmci_guest_window w, uint32_t offset, uint32_t value)
{
	struct guest_target *g = ctx;

	tap_write(g->tap, window(w), offset, 32, value);
}

static void out_bytes(void *ctx, uint32_t offset, const uint8_t *src, size_t len)
{
	struct guest_target *g = ctx;

	tap_write_bytes(g->tap, VMCI_WINDOW_PORTS, offset, src, len);
}

static void in_bytes(void *ctx, uint32_t offset, uint8_t *dst, size_t len)
{
	struct guest_target *g = ctx;

	tap_read_bytes(g->tap, VMCI_WINDOW_PORTS, offset, dst, len);
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
	return mem_read(ctx, (struct vmci_gpa){ pa }, dst, len) ? MACHINE_ERROR : 0;
}

static int machine_write(void *ctx, uint64_t pa, const void *src, size_t len)
{
	return mem_write(ctx, (struct vmci_gpa){ pa }, src, len) ? MACHINE_ERROR : 0;
}

static int ask(void *ctx, const struct peer_request *rq, struct peer_reply *rp)
{
	struct guest_target *g = ctx;

	agent_execute(g->agent, rq, rp);
	vmci_hub_run(g->hub);
	return 0;
}

static int peer(void *ctx, const struct peer_request *rq, struct peer_reply *rp)
{
	struct guest_target *g = ctx;

	peer_actor_execute(g->peer, rq, rp);
	vmci_hub_run(g->hub);
	return 0;
}

static int settle(void *ctx, uint64_t us)
{
	struct guest_target *g = ctx;

	vmci_hub_run(g->hub);
	g->clock_us += us;
	return 0;
}

static int saw(void *ctx, struct machine_event *ev)
{
	struct guest_target *g = ctx;

	return tap_saw(g->tap, ev);
}

static int set_offer(void *ctx, uint32_t caps)
{
	struct guest_target *g = ctx;

	return tap_offer(g->tap, caps);
}

static int set_answer(void *ctx, int32_t result)
{
	struct guest_target *g = ctx;

	return tap_answer(g->tap, result);
}

static int set_deliver(void *ctx, const uint8_t *record, size_t len)
{
	struct guest_target *g = ctx;

	return tap_deliver(g->tap, record, len);
}

static int set_event(void *ctx, const uint8_t *payload, size_t len)
{
	struct guest_target *g = ctx;
	uint32_t cid = vmci_context_cid(vmci_device_context(g->device));
	int rc = vmci_context_send(
		vmci_hub_find(g->hub, VMCI_HYPERVISOR_CONTEXT_ID),
		vmci_handle(cid, VMCI_EVENT_HANDLER),
		vmci_handle(VMCI_HYPERVISOR_CONTEXT_ID, VMCI_CONTEXT_RESOURCE_ID), payload, len);

	return rc < 0 ? MACHINE_ERROR : 0;
}

static int set_gone(void *ctx)
{
	struct guest_target *g = ctx;

	return tap_gone(g->tap);
}

/* As firmware and the guest's system leave the function: bus master, every message usable. */
static void reset_function(struct guest_target *g)
{
	vmci_device_platform_reset(g->device);
	vmci_device_set_bus_master(g->device, true);
	vmci_device_set_irq_mode(g->device, VMCI_IRQ_MSIX, g->vectors);
	for (unsigned i = 0; i < g->vectors; i++)
		vmci_device_set_vector_usable(g->device, i, true);
	g->agent->is_shared = g->vectors == 1;
}

static int configure(void *ctx, const struct vmci_device_config *config, unsigned vectors)
{
	struct guest_target *g = ctx;
	int rc;

	if (vectors > VECTORS)
		return PEER_RC_UNSUPPORTED;
	rc = vmci_device_configure(g->device, config);
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
	tap_fresh(g->tap);
	memset(g->taken, 0, sizeof(g->taken));
	g->random = g->seed;
	return 0;
}

static void release_all(void *ctx)
{
	(void)ctx;
}

/* ---- life ------------------------------------------------------------------------------- */

static void close_target(struct target *t)
{
	struct guest_target *g = t->priv;
	struct peer_request rq = { .op = PEER_RESET };
	struct peer_reply rp = { 0 };

	if (g->agent)
		agent_execute(g->agent, &rq, &rp);
	if (g->peer)
		peer_actor_free(g->peer);
	if (g->hub)
		vmci_hub_destroy(g->hub);
	if (g->ram != MAP_FAILED)
		munmap(g->ram, (size_t)RAM_PAGES * PAGE);
	free(g->tap);
	free(g->agent);
	free(g);
}

static void fill_ports(struct guest_target *g)
{
	g->hub_port = (struct vmci_hub_port){
		.ctx = g, .alloc = alloc, .free = release, .trace = trace, .panic = panic
	};
	g->device_port = (struct vmci_device_port){ .ctx = g,
						    .mem_read = mem_read,
						    .mem_write = mem_write,
						    .mem_store32_release = mem_store32_release,
						    .mem_or8 = mem_or8,
						    .page_pin = page_pin,
						    .page_unpin = page_unpin,
						    .irq_message = irq_message,
						    .irq_line = irq_line };
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
	g->ram = mmap(NULL, (size_t)RAM_PAGES * PAGE, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	g->tap = calloc(1, sizeof(*g->tap));
	g->agent = calloc(1, sizeof(*g->agent));
	fill_ports(g);
	if (g->ram == MAP_FAILED || !g->tap || !g->agent ||
	    vmci_hub_create(&g->hub_port, NULL, &g->hub) < 0 ||
	    vmci_device_create(g->hub, &config, &g->device_port, &g->device) < 0) {
		snprintf(error, size, "core: no memory for hub and device");
		close_target(t);
		return -1;
	}
	world.hub = g->hub;
	world.port = &g->hub_port;
	world.device = g->device;
	g->peer = peer_actor_new(&world);
	if (!g->peer) {
		snprintf(error, size, "core: no memory for the peer");
		close_target(t);
		return -1;
	}
	tap_init(g->tap, g->device, &g->device_port);
	g->tap->trace = trace;
	g->tap->trace_ctx = g;
	agent_init(g->agent, &g->guest_port, NULL);
	fresh(g);
	t->close = close_target;
	t->machine = (struct machine){ .ctx = g,
				       .abilities = VCT_CAN_ASK | VCT_CAN_PEER | VCT_CAN_CONFIG,
				       .page_shift = 12,
				       .mem_read = machine_read,
				       .mem_write = machine_write,
				       .mem_release_all = release_all,
				       .settle = settle,
				       .now_us = now_us,
				       .peer = peer,
				       .ask = ask,
				       .saw = saw,
				       .set_offer = set_offer,
				       .set_answer = set_answer,
				       .set_deliver = set_deliver,
				       .set_event = set_event,
				       .set_gone = set_gone,
				       .fresh = fresh };
	snprintf(t->name, sizeof(t->name), "core");
	snprintf(t->implementation, sizeof(t->implementation), "OpenVMCI core, guest role");
	return 0;
}
