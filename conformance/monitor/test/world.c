/* SPDX-License-Identifier: BSD-2-Clause */
/* world.c - a guest made of events, in front of a monitor, for tests. */
#include "world.h"
#include <stdlib.h>
#include <string.h>

static int mem_read(void *ctx, struct vmci_gpa gpa, void *dst, size_t len)
{
	struct world *w = ctx;

	if (gpa.addr < RAM || len > RAM_SIZE || gpa.addr - RAM > RAM_SIZE - len)
		return -1;
	memcpy(dst, w->ram + (gpa.addr - RAM), len);
	return 0;
}

static void found(void *ctx, const struct monitor_finding *f)
{
	struct world *w = ctx;

	(void)f;
	w->found++;
}

void world_open(struct world *w)
{
	const struct monitor_port port = { .ctx = w, .mem_read = mem_read, .found = found };

	memset(w, 0, sizeof(*w));
	w->cid = CID;
	w->monitor = monitor_start(malloc(monitor_bytes()), &port, PATIENCE);
}

void world_close(struct world *w)
{
	free(w->monitor);
}

static void tell(struct world *w, struct vmci_trace ev)
{
	if (!ev.cid)
		ev.cid = w->cid;
	w->now_us += 10;
	monitor_time(w->monitor, w->now_us);
	monitor_event(w->monitor, &ev);
}

void in32(struct world *w, uint32_t offset, uint32_t value)
{
	tell(w,
	     (struct vmci_trace){
		     .kind = VMCI_TRACE_REG_READ, .offset = offset, .width = 32, .value = value });
}

void out(struct world *w, uint32_t offset, unsigned bits, uint32_t value)
{
	tell(w, (struct vmci_trace){ .kind = VMCI_TRACE_REG_WRITE,
				     .offset = offset,
				     .width = bits,
				     .value = value });
}

void bytes(struct world *w, uint32_t offset, unsigned bits, size_t len, bool unfinished)
{
	tell(w, (struct vmci_trace){ .kind = VMCI_TRACE_BYTES,
				     .offset = offset,
				     .width = bits,
				     .value = unfinished,
				     .len = len });
}

static void datagram(struct world *w, enum vmci_trace_kind kind, struct vmci_handle dst,
		     struct vmci_handle src, const uint8_t *payload, size_t len, int32_t result)
{
	uint8_t *dg = malloc(VMCI_DATAGRAM_SIZE + len);

	vmci_put_handle(dg + VMCI_DATAGRAM_DST_CONTEXT, dst);
	vmci_put_handle(dg + VMCI_DATAGRAM_SRC_CONTEXT, src);
	vmci_put64(dg + VMCI_DATAGRAM_PAYLOAD_SIZE, len);
	if (len)
		memcpy(dg + VMCI_DATAGRAM_PAYLOAD, payload, len);
	tell(w,
	     (struct vmci_trace){
		     .kind = kind, .data = dg, .len = VMCI_DATAGRAM_SIZE + len, .result = result });
	free(dg);
}

void send_dg(struct world *w, struct vmci_handle dst, struct vmci_handle src,
	     const uint8_t *payload, size_t len, int32_t result)
{
	datagram(w, VMCI_TRACE_DATAGRAM_OUT, dst, src, payload, len, result);
}

static void put_words(uint8_t *to, unsigned n, const uint32_t *words)
{
	for (unsigned i = 0; i < n; i++)
		vmci_put32(to + 4 * i, words[i]);
}

void call(struct world *w, uint32_t rid, int32_t result, unsigned nwords, const uint32_t *words)
{
	uint8_t payload[256];

	put_words(payload, nwords, words);
	send_dg(w, vmci_handle(0, rid), vmci_handle(ANY, ANY), payload, 4 * (size_t)nwords, result);
}

void deliver(struct world *w, struct vmci_handle dst, struct vmci_handle src, unsigned nwords,
	     const uint32_t *words)
{
	uint8_t payload[256];

	put_words(payload, nwords, words);
	datagram(w, VMCI_TRACE_DATAGRAM_IN, dst, src, payload, 4 * (size_t)nwords, 0);
}

void message(struct world *w, unsigned vector)
{
	tell(w, (struct vmci_trace){ .kind = VMCI_TRACE_INTERRUPT, .value = vector });
}

void rung(struct world *w, uint32_t index)
{
	tell(w, (struct vmci_trace){ .kind = VMCI_TRACE_DOORBELL, .value = index });
}

void irq_mode(struct world *w, unsigned mode, unsigned messages)
{
	tell(w,
	     (struct vmci_trace){ .kind = VMCI_TRACE_IRQ_MODE, .value = mode, .width = messages });
}

void refuse(struct world *w, const char *reason, const char *clause, int32_t result)
{
	tell(w, (struct vmci_trace){ .kind = VMCI_TRACE_REFUSAL,
				     .text = reason,
				     .clause = clause,
				     .result = result });
}

void pair_event(struct world *w, uint32_t cid, uint32_t resource, uint32_t state, const char *what)
{
	tell(w, (struct vmci_trace){ .kind = VMCI_TRACE_QUEUE_PAIR,
				     .cid = cid,
				     .handle = vmci_handle(CID, resource),
				     .value = state,
				     .text = what });
}

void platform_reset(struct world *w)
{
	tell(w, (struct vmci_trace){ .kind = VMCI_TRACE_RESET, .text = "platform" });
}

void wait_busy(struct world *w)
{
	w->now_us += 2 * PATIENCE;
	for (int i = 0; i < 64; i++)
		in32(w, VMCI_RESULT_LOW_ADDR, 0);
}

static void start(struct world *w, uint32_t caps, bool dma)
{
	in32(w, VMCI_CAPS_ADDR, 0x3c);
	out(w, VMCI_CAPS_ADDR, 32, caps);
	if (dma) {
		out(w, VMCI_GUEST_PAGE_SHIFT_ADDR, 32, 12);
		out(w, VMCI_DATA_IN_HIGH_ADDR, 32, 0);
		out(w, VMCI_DATA_OUT_HIGH_ADDR, 32, 0);
	}
	CALL(w, VMCI_SET_NOTIFY_BITMAP, 0, RAM >> 12, 0);
	CALL(w, VMCI_RESOURCES_QUERY, 1, 1, 0, VMCI_GET_CONTEXT_ID);
	CALL(w, VMCI_GET_CONTEXT_ID, CID);
	out(w, VMCI_IMR_ADDR, 32, 3);
	out(w, VMCI_CONTROL_ADDR, 32, VMCI_CONTROL_INT_ENABLE);
}

void start_ports(struct world *w)
{
	start(w, 0x0c, false);
}

void start_dma(struct world *w)
{
	start(w, 0x3c, true);
}

void alloc_pair(struct world *w, uint32_t resource, uint32_t offset)
{
	uint32_t page = (RAM + offset) >> 12;
	uint8_t *ph = w->ram + offset, *ch = ph + 0x2000;

	memset(ph, 0, 0x4000);
	vmci_put_handle(ph, vmci_handle(CID, resource));
	vmci_put_handle(ch, vmci_handle(CID, resource));
	CALL(w, VMCI_QUEUEPAIR_ALLOC, 0, CID, resource, 2, 0, 4096, 0, 4096, 0, 4, 0, page,
	     page + 1, page + 2, page + 3);
}

void detach_pair(struct world *w, uint32_t resource)
{
	CALL(w, VMCI_QUEUEPAIR_DETACH, 0, CID, resource);
}

void link_bell(struct world *w, uint32_t resource, uint32_t index, int32_t result)
{
	CALL(w, VMCI_DOORBELL_LINK, result, CID, resource, index, 0);
}

void unlink_bell(struct world *w, uint32_t resource)
{
	CALL(w, VMCI_DOORBELL_UNLINK, 0, CID, resource);
}
