/* SPDX-License-Identifier: BSD-2-Clause */
/* fuzz_hypercall.c - any payload to any service of context 0.
 *
 * Input: u8 capabilities, then calls of { u8 service, u8 how, u8 length, bytes }.
 *   how bits 0..2  the payload is followed by so many ascending page numbers, times 8
 *       bit 3      the host rings and attaches to what is there
 *       bit 4      context id and resource in front of the bytes: a handle that exists more often
 */
#include "device_fuzz.h"

#include <stdlib.h>
#include <string.h>

static size_t add_pages(uint8_t *msg, size_t n, uint32_t how, bool wide)
{
	for (uint32_t i = 0; i < (how & 7) * 8; i++) {
		if (wide) {
			vmci_put64(msg + n, 16 + i);
			n += 8;
		} else {
			vmci_put32(msg + n, 16 + i);
			n += 4;
		}
	}
	return n;
}

static void host_joins(struct world *w, const uint8_t *msg)
{
	struct vmci_handle handle = vmci_get_handle(msg);
	struct vmci_pair_end *end = NULL;
	uint8_t byte = 0;

	vmci_context_ring(w->host, handle);
	/* With the sizes that the guest used, seen from here. */
	if (vmci_context_pair(w->host, handle, VMCI_INVALID_ID, VMCI_QPFLAG_ATTACH_ONLY, 0,
			      vmci_get64(msg + VMCI_QUEUEPAIR_ALLOC_MSG_CONSUME_SIZE),
			      vmci_get64(msg + VMCI_QUEUEPAIR_ALLOC_MSG_PRODUCE_SIZE), NULL, NULL,
			      &end))
		return;
	vmci_pair_enqueue(end, &byte, 1);
	vmci_pair_dequeue(end, &byte, 1);
	vmci_pair_detach(end);
}

static void call(struct world *w, struct input *in)
{
	static uint8_t msg[1024];
	uint32_t rid = input_u8(in) % 18;
	uint32_t how = input_u8(in);
	uint32_t len = input_u8(in);
	uint64_t pins = w->pins, alive = w->alive;
	size_t n = 0, got;
	const uint8_t *src;
	int32_t rc;

	memset(msg, 0, sizeof(msg));
	if (how & 16) {
		vmci_put_handle(msg, vmci_handle(WORLD_CID, 0x400 + (how >> 5)));
		n = VMCI_HANDLE_SIZE;
	}
	src = input_bytes(in, len, &got);
	if (got)
		memcpy(msg + n, src, got);
	n = add_pages(msg, n + got, how, (w->dev->regs.caps & VMCI_CAPS_PPN64) != 0);
	rc = world_call(w, rid, msg, n);
	if (rc < 0 && rid != VMCI_GET_CONTEXT_ID && w->pins != pins)
		abort(); /* a refusal keeps nothing */
	if (rc < 0 && w->alive > alive + 1)
		abort();
	if (how & 8)
		host_joins(w, msg);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	struct world w;

	fuzz_open(&w);
	world_out(&w, VMCI_CAPS_ADDR, input_u8(&in));
	while (in.left)
		call(&w, &in);
	fuzz_close(&w);
	return 0;
}
