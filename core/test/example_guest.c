/* SPDX-License-Identifier: BSD-2-Clause */
/* The smallest driver: a guest port, a main loop, each mechanism once. docs/porting.md walks
 * through it. It prints TAP because it is a test too: an example that does not run is none.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vmci/guest.h>
#include <vmci/order.h>
#include "example_device.h"

#define ECHO	   5000u /* resource of the host's endpoint */
#define PAGE_BYTES 4096u

struct driver {
	struct example *machine;
	struct vmci_guest_port port;
	uint64_t next_page; /* first free guest-physical address; the example never runs out */
	uint64_t time_us;
	unsigned blocks;
	unsigned rings, answers;
};

/* ---- the port: registers ----------------------------------------------------------------- */

static enum vmci_window window(enum vmci_guest_window w)
{
	return w == VMCI_GUEST_PORTS ? VMCI_WINDOW_PORTS : VMCI_WINDOW_MMIO;
}

/* A kernel has inl() or readl() here. */
static uint32_t in32(void *ctx, enum vmci_guest_window w, uint32_t offset)
{
	struct driver *d = ctx;

	return vmci_device_read(d->machine->device, window(w), offset, 32);
}

/* ... outl() or writel(). What was stored before is visible before the device reacts. */
static void out32(void *ctx, enum vmci_guest_window w, uint32_t offset, uint32_t value)
{
	struct driver *d = ctx;

	vmci_full_barrier();
	vmci_device_write(d->machine->device, window(w), offset, 32, value);
}

/* ... rep outsb, rep insb. */
static void out_bytes(void *ctx, uint32_t offset, const uint8_t *src, size_t len)
{
	struct driver *d = ctx;

	vmci_device_write_bytes(d->machine->device, VMCI_WINDOW_PORTS, offset, src, len);
}

static void in_bytes(void *ctx, uint32_t offset, uint8_t *dst, size_t len)
{
	struct driver *d = ctx;

	vmci_device_read_bytes(d->machine->device, VMCI_WINDOW_PORTS, offset, dst, len);
}

/* ---- the port: memory and time ----------------------------------------------------------- */

static void *private_alloc(void *ctx, size_t size)
{
	struct driver *d = ctx;
	void *p = calloc(1, size);

	d->blocks += p != NULL;
	return p;
}

static void private_free(void *ctx, void *p, size_t size)
{
	struct driver *d = ctx;

	(void)size;
	d->blocks--;
	free(p);
}

/* Pages that processor and device share. With an IOMMU, *addr is what the device has to say. */
static void *dma_alloc(void *ctx, size_t size, uint64_t *addr)
{
	struct driver *d = ctx;
	uint64_t whole = ((uint64_t)size + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES;

	if (size > EXAMPLE_RAM || whole > EXAMPLE_RAM - d->next_page)
		return NULL;
	*addr = d->next_page;
	d->next_page += whole;
	d->blocks++;
	memset(d->machine->ram + *addr, 0, whole);
	return d->machine->ram + *addr;
}

static void dma_free(void *ctx, void *p, size_t size, uint64_t addr)
{
	struct driver *d = ctx;

	(void)p;
	(void)size;
	(void)addr;
	d->blocks--;
}

static uint64_t now_us(void *ctx)
{
	struct driver *d = ctx;

	return d->time_us;
}

/* Here only waiting takes time; a kernel says cpu_relax() and lets its clock run. */
static void relax(void *ctx)
{
	struct driver *d = ctx;

	d->time_us++;
}

static void driver_init(struct driver *d, struct example *machine)
{
	memset(d, 0, sizeof(*d));
	d->machine = machine;
	d->next_page = 1 << 20;
	d->port = (struct vmci_guest_port){ .ctx = d,
					    .has_ports = true,
					    .has_mmio = true,
					    .page_shift = 12,
					    .in32 = in32,
					    .out32 = out32,
					    .out_bytes = out_bytes,
					    .in_bytes = in_bytes,
					    .alloc = private_alloc,
					    .free = private_free,
					    .dma_alloc = dma_alloc,
					    .dma_free = dma_free,
					    .now_us = now_us,
					    .relax = relax };
}

/* ---- what the two programs do ------------------------------------------------------------ */

/* A program of the host: each datagram goes back to where it came from. */
static int echo(void *arg, const uint8_t *data, size_t len)
{
	struct example *e = arg;
	struct vmci_handle to = vmci_get_handle(data + VMCI_DATAGRAM_SRC_CONTEXT);

	vmci_context_send(e->host, to, vmci_handle(VMCI_HOST_CONTEXT_ID, ECHO),
			  data + VMCI_DATAGRAM_SIZE, len - VMCI_DATAGRAM_SIZE);
	return 0;
}

static int on_answer(void *arg, const uint8_t *data, size_t len)
{
	struct driver *d = arg;

	d->answers +=
		len == VMCI_DATAGRAM_SIZE + 5 && memcmp(data + VMCI_DATAGRAM_SIZE, "hello", 5) == 0;
	return 0;
}

static void on_ring(void *arg, struct vmci_handle handle)
{
	struct driver *d = arg;

	(void)handle;
	d->rings++;
}

/* The main loop: in a kernel, three handlers of one line each. */
static void serve_interrupts(struct driver *d, struct vmci_guest *g)
{
	while (d->machine->messages) {
		unsigned n = (unsigned)__builtin_ctz(d->machine->messages);

		d->machine->messages &= ~(1u << n);
		vmci_guest_interrupt(g, n);
		while (vmci_guest_is_pending(g))
			vmci_guest_pump(g);
	}
}

static bool datagrams(struct driver *d, struct vmci_guest *g)
{
	int64_t me = vmci_guest_endpoint(g, VMCI_INVALID_ID, 0, on_answer, d);
	int sent;

	if (me < 0)
		return false;
	sent = vmci_guest_send(g, vmci_handle(VMCI_HOST_CONTEXT_ID, ECHO),
			       vmci_handle(VMCI_INVALID_ID, (uint32_t)me), "hello", 5);
	serve_interrupts(d, g);
	return sent == VMCI_DATAGRAM_SIZE + 5 && d->answers == 1;
}

static bool doorbells(struct driver *d, struct vmci_guest *g)
{
	int64_t bell = vmci_guest_doorbell(g, vmci_handle(VMCI_INVALID_ID, VMCI_INVALID_ID), 0, 0,
					   on_ring, d);

	if (bell < 0)
		return false;
	vmci_context_ring(d->machine->host, vmci_handle(EXAMPLE_CID, (uint32_t)bell));
	serve_interrupts(d, g);
	return d->rings == 1;
}

static bool queue_pairs(struct driver *d, struct vmci_guest *g)
{
	struct vmci_guest_pair *pair;
	struct vmci_pair_end *end;
	struct vmci_handle used;
	char buf[16] = "";
	bool ok;

	if (vmci_guest_pair_alloc(g, vmci_handle(VMCI_INVALID_ID, VMCI_INVALID_ID),
				  VMCI_HOST_CONTEXT_ID, 0, 0, 8192, 4096, &pair))
		return false;
	/* What the guest produces the host consumes: the sizes change places. */
	if (vmci_context_pair(d->machine->host, vmci_guest_pair_handle(pair), EXAMPLE_CID,
			      VMCI_QPFLAG_ATTACH_ONLY, 0, 4096, 8192, NULL, &used, &end))
		return false;
	ok = vmci_ring_enqueue(vmci_guest_pair_produce(pair), "ping", 4) == 4 &&
	     vmci_pair_dequeue(end, buf, sizeof(buf)) == 4 && memcmp(buf, "ping", 4) == 0;
	ok = ok && vmci_pair_enqueue(end, "pong", 4) == 4 &&
	     vmci_ring_dequeue(vmci_guest_pair_consume(pair), buf, sizeof(buf)) == 4 &&
	     memcmp(buf, "pong", 4) == 0;
	vmci_pair_detach(end);
	return vmci_guest_pair_detach(pair) == 0 && ok;
}

static unsigned points;
static bool failed;

static void point(bool ok, const char *what)
{
	printf("%sok %u - %s\n", ok ? "" : "not ", ++points, what);
	failed |= !ok;
}

int main(void)
{
	struct example machine;
	struct driver d;
	struct vmci_guest *g = NULL;

	printf("1..6\n");
	if (example_open(&machine))
		return 1;
	driver_init(&d, &machine);
	point(vmci_context_endpoint(machine.host, ECHO, 0, 0, echo, &machine) == ECHO &&
		      vmci_guest_probe(&d.port, NULL, &g) == 0,
	      "the driver finds the device and takes it into use");
	if (!g)
		return 1;
	point(vmci_guest_cid(g) == EXAMPLE_CID, "it learns its context id");
	point(datagrams(&d, g), "a datagram goes to the host and its answer comes back");
	point(doorbells(&d, g), "the host rings a doorbell of the guest");
	point(queue_pairs(&d, g), "bytes go through a queue pair in both directions");
	vmci_guest_remove(g);
	example_close(&machine);
	point(d.blocks == 0 && machine.blocks == 0 && machine.pins == 0, "nothing is left behind");
	return failed;
}
