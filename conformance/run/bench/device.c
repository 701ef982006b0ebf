/* SPDX-License-Identifier: BSD-2-Clause */
/* device.c - datagrams and hypercalls between the core's guest and the core's device, in process.
 */
#include <stdlib.h>
#include <vmci/defs.h>
#include "bench.h"
#include "world.h"

#define RESOURCE 0x500u
#define PAYLOAD	 64u
#define TIMES	 32000u /* 64 bursts of 500: as many datagrams wait together */

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
	struct world *w = world_open();
	bool is_open = w && vmci_context_endpoint(vmci_hub_find(w->hub, VMCI_HOST_CONTEXT_ID),
						  RESOURCE, 0, 0, on_datagram, w) == RESOURCE;

	for (int dma = 0; is_open && dma < 2; dma++) {
		double ns[3][5];

		is_open = world_probe(w, dma) == 0 &&
			  vmci_guest_endpoint(w->g, RESOURCE, 0, on_datagram, w) == RESOURCE;
		for (int r = 0; is_open && r < 5; r++) {
			ns[0][r] = bench_bursts(calls, w, TIMES);
			ns[1][r] = bench_bursts(sends, w, TIMES);
			ns[2][r] = bench_bursts(receives, w, TIMES);
		}
		if (!is_open)
			break;
		o->call_ns[dma] = bench_median(ns[0], 5);
		o->send_ns[dma] = bench_median(ns[1], 5);
		o->receive_ns[dma] = bench_median(ns[2], 5);
		vmci_guest_remove(w->g);
		w->g = NULL;
	}
	if (w)
		world_close(w);
	return is_open ? 0 : -1;
}
