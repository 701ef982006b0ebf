/* SPDX-License-Identifier: BSD-2-Clause */
/* fuzz_guest.c - the guest role against a device that the input writes.
 *
 * Input: two streams that share the bytes. From the front come the operations of the guest's user,
 * { u8 operation, u8 number }; from the back come the device's answers: register values, completion
 * flags, data received, bytes of the bitmap, words of queue headers. When they meet, the device
 * answers zero.
 *
 * Beyond the sanitizers (memory is given out in exact pieces): every call returns after a bounded
 * number of port calls, and at the end nothing is left allocated.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <vmci/defs.h>
#include <vmci/guest.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define PAIRS	   4u
#define DMA_PIECES 512u
#define CALLS_MAX  400000u /* port calls in one call of the guest */

struct world {
	const uint8_t *front, *back; /* what is left of the input */
	struct vmci_guest_port port;
	struct vmci_guest *g;
	struct vmci_guest_pair *pairs[PAIRS];
	uint64_t now_us;
	uint64_t out_high, in_high;
	uint32_t calls;
	size_t nlive;
	struct piece {
		uint8_t *p;
		size_t size;
	} dma[DMA_PIECES];
};

static void require(bool holds)
{
	if (!holds)
		abort();
}

static uint8_t next_back(struct world *w)
{
	return w->back > w->front ? *--w->back : 0;
}

static uint32_t next_back32(struct world *w)
{
	uint32_t v = 0;

	for (int i = 0; i < 4; i++)
		v = v << 8 | next_back(w);
	return v;
}

static void count(struct world *w)
{
	require(++w->calls < CALLS_MAX);
}

/* The device may write anywhere in the memory that it was given. */
static struct piece *piece_of(struct world *w, uint64_t addr)
{
	for (unsigned i = 0; i < DMA_PIECES; i++)
		if (w->dma[i].p && addr - (uintptr_t)w->dma[i].p < w->dma[i].size)
			return &w->dma[i];
	return NULL;
}

static void scribble(struct world *w)
{
	struct piece *piece = &w->dma[next_back32(w) % DMA_PIECES];
	uint32_t at = next_back32(w);

	if (!piece->p)
		return;
	for (unsigned n = next_back(w) % 40; n; n--)
		piece->p[at++ % piece->size] = next_back(w);
}

/* ---- the port --------------------------------------------------------------------------- */

static uint32_t in32(void *ctx, enum vmci_guest_window window, uint32_t offset)
{
	struct world *w = ctx;
	uint8_t how = next_back(w);

	(void)window;
	count(w);
	if (offset == VMCI_CAPS_ADDR && how < 240)
		return 0x3c ^ (how < 60 ? how : 0);
	if (how < 100)
		return how & 1; /* what a query wants to hear, or success */
	return how < 200 ? next_back(w) : next_back32(w);
}

static void send(struct world *w, uint64_t addr)
{
	struct piece *piece = piece_of(w, addr);
	uint8_t how = next_back(w);

	require(piece && piece->p == (uint8_t *)(uintptr_t)addr);
	if (how < 250)
		memset(piece->p, 0, 4);
	if (how & 1)
		scribble(w);
}

static void receive(struct world *w, uint64_t addr)
{
	struct piece *piece = piece_of(w, addr);
	uint32_t n = next_back32(w) % 600, at = 0;
	uint8_t how = next_back(w);

	require(piece && piece->p == (uint8_t *)(uintptr_t)addr);
	if (how < 128) {
		memset(piece->p + 4096, 0xff, piece->size - 4096);
		for (; n; n--)
			piece->p[4096 + at++] = next_back(w);
	}
	if (how & 1)
		scribble(w);
	if (how < 250)
		piece->p[0] = 1;
}

static void out32(void *ctx, enum vmci_guest_window window, uint32_t offset, uint32_t value)
{
	struct world *w = ctx;

	(void)window;
	count(w);
	if (offset == VMCI_DATA_OUT_HIGH_ADDR)
		w->out_high = value;
	else if (offset == VMCI_DATA_IN_HIGH_ADDR)
		w->in_high = value;
	else if (offset == VMCI_DATA_OUT_LOW_ADDR)
		send(w, w->out_high << 32 | value);
	else if (offset == VMCI_DATA_IN_LOW_ADDR)
		receive(w, w->in_high << 32 | value);
}

static void out_bytes(void *ctx, uint32_t offset, const uint8_t *src, size_t len)
{
	uint8_t sum = 0;

	(void)offset;
	count(ctx);
	for (size_t i = 0; i < len; i++)
		sum = (uint8_t)(sum + src[i]);
	(void)*(volatile uint8_t *)&sum;
}

static void in_bytes(void *ctx, uint32_t offset, uint8_t *dst, size_t len)
{
	struct world *w = ctx;
	uint8_t how = next_back(w);

	(void)offset;
	count(w);
	memset(dst, how & 1 ? 0xff : 0, len);
	for (size_t i = 0; i < len && i < (size_t)how * 4; i++)
		dst[i] = next_back(w);
	w->now_us += len;
}

static void *alloc(void *ctx, size_t size)
{
	struct world *w = ctx;

	count(w);
	if (next_back(w) == 0xfe)
		return NULL;
	w->nlive++;
	return calloc(1, size);
}

static void release(void *ctx, void *p, size_t size)
{
	struct world *w = ctx;

	(void)size;
	w->nlive--;
	free(p);
}

static void *dma_alloc(void *ctx, size_t size, uint64_t *addr)
{
	struct world *w = ctx;
	unsigned i = 0;

	count(w);
	while (i < DMA_PIECES && w->dma[i].p)
		i++;
	if (i == DMA_PIECES || next_back(w) == 0xfe)
		return NULL;
	w->dma[i].p = aligned_alloc(4096, (size + 4095) & ~(size_t)4095);
	w->dma[i].size = (size + 4095) & ~(size_t)4095;
	memset(w->dma[i].p, 0, w->dma[i].size);
	*addr = (uintptr_t)w->dma[i].p;
	w->nlive++;
	return w->dma[i].p;
}

static void dma_free(void *ctx, void *p, size_t size, uint64_t addr)
{
	struct world *w = ctx;
	struct piece *piece = piece_of(w, addr);

	(void)size;
	require(piece && piece->p == p);
	free(p);
	piece->p = NULL;
	w->nlive--;
}

static uint64_t now_us(void *ctx)
{
	struct world *w = ctx;

	return w->now_us;
}

static void relax(void *ctx)
{
	struct world *w = ctx;

	count(w);
	w->now_us += 100;
}

/* ---- the user --------------------------------------------------------------------------- */

static int on_datagram(void *arg, const uint8_t *data, size_t len)
{
	struct world *w = arg;

	require(len >= VMCI_DATAGRAM_SIZE && len <= VMCI_MAX_DG_SIZE);
	require(vmci_get64(data + VMCI_DATAGRAM_PAYLOAD_SIZE) == len - VMCI_DATAGRAM_SIZE);
	if (next_back(w) == 1)
		vmci_guest_endpoint_close(w->g, 300 + next_back(w) % 4);
	return 0;
}

static void on_event(void *arg, const uint8_t *payload, size_t len)
{
	struct world *w = arg;

	require(len >= 4 && len <= 24 && vmci_get32(payload) <= VMCI_EVENT_GUEST_MAX);
	require(vmci_get64(payload + 16) || true); /* all 24 bytes can be read */
	if (next_back(w) == 1)
		vmci_guest_unsubscribe(w->g, 1 + next_back(w) % 4);
}

static void on_ring(void *arg, struct vmci_handle handle)
{
	struct world *w = arg;

	if (next_back(w) == 1)
		vmci_guest_doorbell_close(w->g, handle);
}

static void use_pair(struct world *w, uint8_t number)
{
	struct vmci_guest_pair **p = &w->pairs[number % PAIRS];
	uint8_t bytes[200] = { 0 };
	void *at;

	if (!*p) {
		static const uint64_t sizes[] = { 0, 1, 100, 4096, 4097, 70000 };
		uint32_t flags = number & 0x40 ? VMCI_QPFLAG_LOCAL : 0;

		if (vmci_guest_pair_alloc(w->g, vmci_handle(0x42, 600 + number % 2),
					  VMCI_INVALID_ID, flags, 0, sizes[number % 6],
					  sizes[number / 6 % 6], p) < 0)
			*p = NULL;
		return;
	}
	switch (number >> 2 & 7) {
	case 0:
	case 1:
		vmci_ring_enqueue(vmci_guest_pair_produce(*p), bytes, number % sizeof(bytes));
		break;
	case 2:
	case 3:
		vmci_ring_dequeue(vmci_guest_pair_consume(*p), bytes, sizeof(bytes));
		break;
	case 4:
		vmci_ring_peek(vmci_guest_pair_consume(*p), bytes, sizeof(bytes));
		break;
	case 5:
		vmci_ring_room(vmci_guest_pair_produce(*p));
		vmci_ring_ready(vmci_guest_pair_consume(*p));
		break;
	case 6:
		if (vmci_ring_span(vmci_guest_pair_produce(*p), number, &at) > 0)
			memset(at, 1, 1);
		break;
	default:
		if (vmci_guest_pair_detach(*p) >= 0)
			*p = NULL;
		break;
	}
}

static void operate(struct world *w, uint8_t operation, uint8_t number)
{
	struct vmci_handle own = { 0x42, 500u + number % 8 };
	int32_t result;
	uint8_t bytes[256] = { 0 };

	w->calls = 0;
	switch (operation % 16) {
	case 0:
	case 1:
		vmci_guest_pump(w->g);
		break;
	case 2:
		vmci_guest_interrupt(w->g, number % 4);
		break;
	case 3:
		vmci_guest_shared_interrupt(w->g);
		break;
	case 4:
		vmci_guest_endpoint(w->g, 300 + number % 4, number >> 6 << 1, on_datagram, w);
		break;
	case 5:
		vmci_guest_subscribe(w->g, number % 8, on_event, w);
		break;
	case 6:
		vmci_guest_doorbell(w->g, own, number >> 7, number >> 5 & 3, on_ring, w);
		break;
	case 7:
		vmci_guest_doorbell_close(w->g, own);
		break;
	case 8:
		vmci_guest_send(w->g, vmci_handle(2, 9),
				vmci_handle(VMCI_INVALID_ID, 300 + number % 4), bytes, number);
		break;
	case 9:
		vmci_guest_call(w->g, number, bytes, number, &result);
		break;
	case 10:
		scribble(w);
		break;
	case 11:
		vmci_guest_cid(w->g);
		vmci_guest_ring(w->g, own);
		break;
	case 12:
		w->now_us += number * 10000u;
		break;
	default:
		use_pair(w, number);
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct world *w = calloc(1, sizeof(*w));
	struct vmci_guest_options options = { .max_reads = 4, .timeout_us = 20000 };
	uint8_t first;

	if (size < 2) {
		free(w);
		return 0;
	}
	first = data[0];
	w->front = data + 1;
	w->back = data + size;
	w->port = (struct vmci_guest_port){ .ctx = w,
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
	options.mode = (enum vmci_guest_mode)(first % 3);
	options.polled = first & 0x80;
	if (vmci_guest_probe(&w->port, &options, &w->g) == 0) {
		while (w->back - w->front >= 2) {
			uint8_t operation = w->front[0], number = w->front[1];

			w->front += 2;
			operate(w, operation, number);
		}
		w->calls = 0;
		vmci_guest_remove(w->g);
	}
	require(w->nlive == 0);
	free(w);
	return 0;
}
