/* SPDX-License-Identifier: BSD-2-Clause */
/* fuzz_dg_dma.c - any bytes as DMA buffer, sent or received, at any offset of a page.
 *
 * Input: pieces of { u8 how, u16 offset, u8 length, bytes }: the bytes go to the offset of a page,
 * then how bit 0  receive, else send bit 1  the host queues three datagrams first bit 2  one
 * interrupt vector bit 3  the buffer is at the end of memory bit 4  bus mastering is off for the
 * request bits 5..7    page shift 12 + n Every request ends with `busy` as the protocol wants it,
 * as far as its address is memory.
 */
#include "device_fuzz.h"

#include <stdlib.h>
#include <string.h>

static void queue_some(struct world *w)
{
	static const uint8_t payload[600];

	for (unsigned i = 0; i < 3; i++)
		vmci_context_send(w->host, vmci_handle(WORLD_CID, 0x500),
				  vmci_handle(VMCI_INVALID_ID, 0x600), payload, i * 300);
}

static void request(struct world *w, struct input *in)
{
	uint32_t how = input_u8(in);
	uint32_t offset = input_u16(in);
	uint32_t base = how & 8 ? WORLD_RAM - 4096 : 0x10000;
	uint32_t at = base + offset % (how & 8 ? 4200u : 65536u);
	size_t n;
	const uint8_t *src = input_bytes(in, input_u8(in), &n);
	bool header = at <= WORLD_RAM - VMCI_DMA_HEADER_SIZE;

	if (at < WORLD_RAM) {
		if (n > WORLD_RAM - at)
			n = WORLD_RAM - at;
		memcpy(w->ram + at, src, n);
	}
	world_out(w, VMCI_GUEST_PAGE_SHIFT_ADDR, 12 + (how >> 5));
	vmci_device_set_irq_mode(w->dev, VMCI_IRQ_MSIX, how & 4 ? 1 : 3);
	vmci_device_set_vector_usable(w->dev, 0, true);
	if (how & 2)
		queue_some(w);
	if (how & 16)
		vmci_device_set_bus_master(w->dev, false);
	if (how & 1) {
		world_out(w, VMCI_DATA_IN_LOW_ADDR, at);
		vmci_device_set_bus_master(w->dev, true);
		if (header && vmci_get32(w->ram + at) != 1)
			abort();
	} else {
		world_out(w, VMCI_DATA_OUT_LOW_ADDR, at);
		if (header && !(how & 16) && vmci_get32(w->ram + at))
			abort();
		vmci_device_set_bus_master(w->dev, true);
	}
	world_in(w, VMCI_ICR_ADDR);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	struct world w;

	fuzz_open(&w);
	world_out(&w, VMCI_CAPS_ADDR, WORLD_CAPS);
	world_out(&w, VMCI_IMR_ADDR, 7);
	world_out(&w, VMCI_CONTROL_ADDR, VMCI_CONTROL_INT_ENABLE);
	while (in.left)
		request(&w, &in);
	fuzz_close(&w);
	return 0;
}
