/* SPDX-License-Identifier: BSD-2-Clause */
/* vguest.c - a guest with sockets and without a machine. */
#include "vguest.h"
#include "../../conformance/run/vfu_client.h"
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <vmci/defs.h>
#include <vmci/wire.h>

#define PAGE	   4096u
#define ANSWER_MS  10000u
#define VECTORS	   3u
#define PCI_CMD	   4u
#define PCI_ALL_ON 7u

static uint64_t place(enum vmci_guest_window w, uint32_t offset)
{
	return (w == VMCI_GUEST_MMIO ? VMCI_MMIO_ACCESS_OFFSET : 0) + (uint64_t)offset;
}

static uint32_t in32(void *ctx, enum vmci_guest_window w, uint32_t offset)
{
	struct vguest *v = ctx;
	uint8_t raw[4];

	if (vfuc_read(v->c, w == VMCI_GUEST_MMIO ? VFUC_BAR1 : VFUC_BAR0, place(w, offset), raw,
		      sizeof(raw)))
		return UINT32_MAX;
	return vmci_get32(raw);
}

static void out32(void *ctx, enum vmci_guest_window w, uint32_t offset, uint32_t value)
{
	struct vguest *v = ctx;
	uint8_t raw[4];

	vmci_put32(raw, value);
	if (w == VMCI_GUEST_MMIO)
		vfuc_write_posted(v->c, VFUC_BAR1, place(w, offset), raw, sizeof(raw));
	else
		vfuc_write(v->c, VFUC_BAR0, place(w, offset), raw, sizeof(raw));
}

static void out_bytes(void *ctx, uint32_t offset, const uint8_t *src, size_t len)
{
	vfuc_write_bytes(((struct vguest *)ctx)->c, VFUC_BAR0, offset, src, len);
}

static void in_bytes(void *ctx, uint32_t offset, uint8_t *dst, size_t len)
{
	vfuc_read_bytes(((struct vguest *)ctx)->c, VFUC_BAR0, offset, dst, len);
}

static void *get(void *ctx, size_t size)
{
	(void)ctx;
	return calloc(1, size);
}

static void give(void *ctx, void *p, size_t size)
{
	(void)ctx;
	(void)size;
	free(p);
}

static void *dma_alloc(void *ctx, size_t size, uint64_t *addr)
{
	struct vguest *v = ctx;
	size_t n = (size + PAGE - 1) / PAGE, run = 0;

	for (size_t turn = 0; turn < 2 * VGUEST_PAGES; turn++) {
		size_t at = (v->hint + turn) % VGUEST_PAGES;
		void *p;

		run = at == 0 ? 0 : run;
		run = v->used[at] ? 0 : run + 1;
		if (run < n)
			continue;
		at -= n - 1;
		memset(v->used + at, 1, n);
		v->hint = at + n;
		*addr = VFUC_LOW_BASE + at * PAGE;
		p = vfuc_memory(v->c, *addr, n * PAGE);
		memset(p, 0, n * PAGE);
		return p;
	}
	return NULL;
}

static void dma_free(void *ctx, void *p, size_t size, uint64_t addr)
{
	struct vguest *v = ctx;

	(void)p;
	memset(v->used + (addr - VFUC_LOW_BASE) / PAGE, 0, (size + PAGE - 1) / PAGE);
}

static uint64_t now_us(void *ctx)
{
	struct timespec t;

	(void)ctx;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000u + (uint64_t)t.tv_nsec / 1000u;
}

static void relax(void *ctx)
{
	(void)ctx;
	sched_yield();
}

static int make_guest(struct vguest *v)
{
	const struct vmci_guest_options options = { .mode = VMCI_GUEST_MODE_MMIO };
	const struct vmci_socket_limits limits = { .may_bind_privileged = true };

	v->port = (struct vmci_guest_port){ .ctx = v,
					    .has_ports = true,
					    .has_mmio = true,
					    .page_shift = 12,
					    .in32 = in32,
					    .out32 = out32,
					    .out_bytes = out_bytes,
					    .in_bytes = in_bytes,
					    .alloc = get,
					    .free = give,
					    .dma_alloc = dma_alloc,
					    .dma_free = dma_free,
					    .now_us = now_us,
					    .relax = relax };
	v->socket_port =
		(struct vmci_socket_port){ .ctx = v, .alloc = get, .free = give, .now_us = now_us };
	if (vfuc_cfg_write(v->c, 16, PCI_CMD, PCI_ALL_ON) ||
	    vfuc_irq_mode(v->c, VFUC_IRQ_MSIX, VECTORS) ||
	    vmci_guest_probe(&v->port, &options, &v->g))
		return -1;
	v->transport = vmci_transport_of_guest(v->g, v, get, give);
	return v->transport && vmci_sockets_create(v->transport, &v->socket_port, &limits,
						   &v->sockets) == 0
		       ? 0
		       : -1;
}

struct vguest *vguest_open(const char *path)
{
	struct vguest *v = calloc(1, sizeof(*v));
	char error[200] = "no memory";

	if (v)
		v->c = vfuc_open(path, ANSWER_MS, error, sizeof(error));
	if (!v || !v->c || make_guest(v)) {
		fprintf(stderr, "%s: %s\n", path, v && v->c ? "no usable device" : error);
		vguest_close(v);
		return NULL;
	}
	return v;
}

void vguest_close(struct vguest *v)
{
	if (!v)
		return;
	if (v->sockets)
		vmci_sockets_destroy(v->sockets);
	vmci_transport_free(v->transport);
	if (v->g)
		vmci_guest_remove(v->g);
	if (v->c)
		vfuc_close(v->c);
	free(v);
}

bool vguest_turn(struct vguest *v, unsigned timeout_ms)
{
	uint64_t due = vmci_sockets_pump(v->sockets) / 1000;

	for (unsigned m = 0; m < VECTORS; m++) {
		uint32_t count = 0;

		if (m == 0)
			vfuc_irq_wait(v->c, m, due < timeout_ms ? (unsigned)due : timeout_ms,
				      &count);
		else
			vfuc_irq_take(v->c, m, &count);
		if (count)
			vmci_guest_interrupt(v->g, m);
	}
	while (vmci_guest_is_pending(v->g) && vmci_guest_pump(v->g) >= 0)
		;
	vmci_sockets_pump(v->sockets);
	/* A server that went is noticed by who asks it something. */
	if (timeout_ms >= VGUEST_IDLE_MS)
		in32(v, VMCI_GUEST_PORTS, VMCI_STATUS_ADDR);
	return !vmci_guest_is_gone(v->g) && !vfuc_dead(v->c);
}
