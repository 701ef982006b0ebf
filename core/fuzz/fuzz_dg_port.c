/* SPDX-License-Identifier: BSD-2-Clause */
/* fuzz_dg_port.c - any bytes into DATA_OUT, in any pieces, with reads of DATA_IN between.
 *
 * Input: pieces of { u8 how, u8 length, bytes }. how bit 0: read that many from DATA_IN instead;
 * bit 1: drain a whole burst; bit 2: the bytes are the payload of a datagram to how's upper bits;
 * bit 3: write CAPS.
 */
#include "device_fuzz.h"

#include <stdlib.h>
#include <string.h>

static const struct vmci_handle places[] = {
	{ VMCI_HOST_CONTEXT_ID, 0x600 },
	{ WORLD_CID, 0x500 },
	{ 0, VMCI_RESOURCES_QUERY },
	{ 0, VMCI_QUEUEPAIR_ALLOC },
	{ 0, 13 },
	{ 0, 14 },
	{ VMCI_INVALID_ID, 0 },
	{ VMCI_HOST_CONTEXT_ID, 0 },
	{ 77, 1 },
};

/* The largest datagram the stream may hold, and what a piece brings. */
#define BURST 4096u

static void drain(struct world *w)
{
	static uint8_t burst[BURST];

	vmci_device_read_bytes(w->dev, VMCI_WINDOW_PORTS, VMCI_DATA_IN_ADDR, burst, sizeof(burst));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	uint8_t buf[256];
	struct world w;

	fuzz_open(&w);
	while (in.left) {
		uint32_t how = input_u8(&in);
		uint32_t len = input_u8(&in);
		const uint8_t *src;
		size_t n;

		if (how & 1) {
			vmci_device_read_bytes(w.dev, VMCI_WINDOW_PORTS, VMCI_DATA_IN_ADDR, buf,
					       len);
			continue;
		}
		if (how & 2)
			drain(&w);
		if (how & 8)
			world_out(&w, VMCI_CAPS_ADDR, len);
		src = input_bytes(&in, len, &n);
		if (how & 4) {
			world_send(&w, places[(how >> 4) % (sizeof(places) / sizeof(places[0]))],
				   vmci_handle(VMCI_INVALID_ID, len), src, n);
			continue;
		}
		vmci_device_write_bytes(w.dev, VMCI_WINDOW_PORTS, VMCI_DATA_OUT_ADDR, src, n);
	}
	if (w.peak_bytes > 4u << 20)
		abort(); /* a guest made the device keep more than its quotas add up to */
	fuzz_close(&w);
	return 0;
}
