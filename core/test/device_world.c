/* SPDX-License-Identifier: BSD-2-Clause */
/* A hub and a device with a small machine around them. */
#include "device_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- ports ------------------------------------------------------------------------------- */

static void *port_alloc(void *ctx, size_t size)
{
	struct world *w = ctx;
	void *p;

	w->allocs++;
	if (w->fail_at && (w->allocs == w->fail_at || (w->fail_on && w->allocs > w->fail_at))) {
		w->failed++;
		return NULL;
	}
	p = calloc(1, size);
	if (!p)
		abort();
	w->alive++;
	w->alive_bytes += size;
	if (w->alive_bytes > w->peak_bytes)
		w->peak_bytes = w->alive_bytes;
	return p;
}

static void port_free(void *ctx, void *p, size_t size)
{
	struct world *w = ctx;

	if (!p || w->alive_bytes < size)
		abort();
	w->alive--;
	w->alive_bytes -= size;
	memset(p, 0xdd, size); /* a wrong size is found by the address sanitizer */
	free(p);
}

static void port_trace(void *ctx, const struct vmci_trace *ev)
{
	struct world *w = ctx;

	w->refusals += ev->kind == VMCI_TRACE_REFUSAL;
}

static void port_panic(void *ctx, const char *where)
{
	(void)ctx;
	fprintf(stderr, "panic: %s\n", where);
	abort();
}

static uint8_t *memory(struct world *w, struct vmci_gpa gpa, uint64_t len)
{
	if (gpa.addr > WORLD_RAM || len > WORLD_RAM - gpa.addr)
		return NULL;
	return w->ram + gpa.addr;
}

static int port_read(void *ctx, struct vmci_gpa gpa, void *dst, size_t len)
{
	const uint8_t *p = memory(ctx, gpa, len);

	if (!p)
		return VMCI_LOCAL_BAD_ADDRESS;
	memcpy(dst, p, len);
	return 0;
}

static int port_write(void *ctx, struct vmci_gpa gpa, const void *src, size_t len)
{
	uint8_t *p = memory(ctx, gpa, len);

	if (!p)
		return VMCI_LOCAL_BAD_ADDRESS;
	memcpy(p, src, len);
	return 0;
}

static int port_store32(void *ctx, struct vmci_gpa gpa, uint32_t value)
{
	uint8_t bytes[4];

	if (gpa.addr & 3)
		abort();
	vmci_put32(bytes, value);
	return port_write(ctx, gpa, bytes, sizeof(bytes));
}

static int port_or8(void *ctx, struct vmci_gpa gpa, uint8_t bits)
{
	uint8_t *p = memory(ctx, gpa, 1);

	if (!p)
		return VMCI_LOCAL_BAD_ADDRESS;
	*p |= bits;
	return 0;
}

static void *port_pin(void *ctx, struct vmci_gpa gpa, unsigned page_shift)
{
	struct world *w = ctx;
	uint8_t *p = memory(w, gpa, (uint64_t)1 << page_shift);

	if (gpa.addr & (((uint64_t)1 << page_shift) - 1))
		abort();
	w->pins += p != NULL;
	return p;
}

static void port_unpin(void *ctx, struct vmci_gpa gpa, void *page, unsigned page_shift)
{
	struct world *w = ctx;

	if (page != memory(w, gpa, (uint64_t)1 << page_shift) || !w->pins)
		abort();
	w->pins--;
}

static void port_message(void *ctx, unsigned vector)
{
	struct world *w = ctx;

	w->messages[vector & 7]++;
}

static void port_line(void *ctx, bool asserted)
{
	struct world *w = ctx;

	w->line = asserted;
}

/* ---- life -------------------------------------------------------------------------------- */

int world_open_with(struct world *w, const struct vmci_device_config *config, uint64_t fail_at)
{
	int rc;

	memset(w, 0, sizeof(*w));
	w->hub_port = (struct vmci_hub_port){ w, port_alloc, port_free, port_trace, port_panic };
	w->device_port = (struct vmci_device_port){ w,	      port_read, port_write, port_store32,
						    port_or8, port_pin,	 port_unpin, port_message,
						    port_line };
	w->fail_at = fail_at;
	w->ram = calloc(1, WORLD_RAM);
	if (!w->ram)
		abort();
	rc = vmci_hub_create(&w->hub_port, NULL, &w->hub);
	if (rc)
		return rc;
	w->host = vmci_hub_find(w->hub, VMCI_HOST_CONTEXT_ID);
	return vmci_device_create(w->hub, config, &w->device_port, &w->dev);
}

void world_open(struct world *w)
{
	struct vmci_device_config config = { .cid = WORLD_CID, .caps = WORLD_CAPS };

	if (world_open_with(w, &config, 0))
		abort();
}

void world_close(struct world *w)
{
	if (w->hub)
		vmci_hub_destroy(w->hub);
	if (w->alive || w->alive_bytes || w->pins) {
		fprintf(stderr, "left behind: %llu pieces, %llu bytes, %llu pages pinned\n",
			(unsigned long long)w->alive, (unsigned long long)w->alive_bytes,
			(unsigned long long)w->pins);
		abort();
	}
	free(w->ram);
	w->ram = NULL;
}

/* ---- a guest's hand ---------------------------------------------------------------------- */

uint32_t world_in(struct world *w, uint32_t reg)
{
	return vmci_device_read(w->dev, VMCI_WINDOW_PORTS, reg, 32);
}

void world_out(struct world *w, uint32_t reg, uint32_t value)
{
	vmci_device_write(w->dev, VMCI_WINDOW_PORTS, reg, 32, value);
}

int32_t world_send(struct world *w, struct vmci_handle dst, struct vmci_handle src,
		   const void *payload, size_t len)
{
	uint8_t head[VMCI_DATAGRAM_SIZE];

	vmci_put_handle(head + VMCI_DATAGRAM_DST_CONTEXT, dst);
	vmci_put_handle(head + VMCI_DATAGRAM_SRC_CONTEXT, src);
	vmci_put64(head + VMCI_DATAGRAM_PAYLOAD_SIZE, len);
	vmci_device_write_bytes(w->dev, VMCI_WINDOW_PORTS, VMCI_DATA_OUT_ADDR, head, sizeof(head));
	vmci_device_write_bytes(w->dev, VMCI_WINDOW_PORTS, VMCI_DATA_OUT_ADDR, payload, len);
	return (int32_t)world_in(w, VMCI_RESULT_LOW_ADDR);
}

int32_t world_call(struct world *w, uint32_t rid, const void *payload, size_t len)
{
	return world_send(w, vmci_handle(VMCI_HYPERVISOR_CONTEXT_ID, rid),
			  vmci_handle(VMCI_INVALID_ID, VMCI_INVALID_ID), payload, len);
}

int32_t world_link(struct world *w, uint32_t resource, uint64_t index)
{
	uint8_t msg[VMCI_DOORBELL_LINK_MSG_SIZE];

	vmci_put_handle(msg, vmci_handle(WORLD_CID, resource));
	vmci_put64(msg + VMCI_DOORBELL_LINK_MSG_NOTIFY_IDX, index);
	return world_call(w, VMCI_DOORBELL_LINK, msg, sizeof(msg));
}

int32_t world_bitmap(struct world *w, uint64_t ppn)
{
	uint8_t msg[VMCI_SET_NOTIFY_BITMAP_MSG_SIZE];

	vmci_put64(msg, ppn);
	return world_call(w, VMCI_SET_NOTIFY_BITMAP, msg, sizeof(msg));
}

int32_t world_alloc(struct world *w, uint32_t resource, uint64_t produce, uint64_t consume,
		    uint64_t first_ppn)
{
	uint64_t n = (produce + 4095) / 4096 + (consume + 4095) / 4096 + 2;
	uint8_t *msg = malloc(VMCI_QUEUEPAIR_ALLOC_MSG_SIZE + n * 4);
	int32_t rc;

	if (!msg)
		abort();
	vmci_put_handle(msg, vmci_handle(WORLD_CID, resource));
	vmci_put32(msg + VMCI_QUEUEPAIR_ALLOC_MSG_PEER, VMCI_INVALID_ID);
	vmci_put32(msg + VMCI_QUEUEPAIR_ALLOC_MSG_FLAGS, 0);
	vmci_put64(msg + VMCI_QUEUEPAIR_ALLOC_MSG_PRODUCE_SIZE, produce);
	vmci_put64(msg + VMCI_QUEUEPAIR_ALLOC_MSG_CONSUME_SIZE, consume);
	vmci_put64(msg + VMCI_QUEUEPAIR_ALLOC_MSG_NUM_PPNS, n);
	for (uint64_t i = 0; i < n; i++)
		vmci_put32(msg + VMCI_QUEUEPAIR_ALLOC_MSG_PPNS + i * 4, (uint32_t)(first_ppn + i));
	rc = world_call(w, VMCI_QUEUEPAIR_ALLOC, msg, VMCI_QUEUEPAIR_ALLOC_MSG_SIZE + n * 4);
	free(msg);
	return rc;
}

int32_t world_detach(struct world *w, uint32_t resource)
{
	uint8_t msg[VMCI_QUEUEPAIR_DETACH_MSG_SIZE];

	vmci_put_handle(msg, vmci_handle(WORLD_CID, resource));
	return world_call(w, VMCI_QUEUEPAIR_DETACH, msg, sizeof(msg));
}

uint32_t world_random(uint64_t *state)
{
	/* splitmix64: any seed will do, also 0. */
	uint64_t z = *state += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return (uint32_t)(z ^ z >> 31);
}
