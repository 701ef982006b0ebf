/* SPDX-License-Identifier: BSD-2-Clause */
/* xport.c - the engine's own way to move datagrams. */
#include "xport.h"
#include <vmci/defs.h>
#include <vmci/mem.h>
#include <vmci/wire.h>

#define PAGE	    4096u
#define HEADER	    VMCI_DATAGRAM_SIZE
#define NO_DATAGRAM 0xffffffffu
/* More than every queue of a device can hold: behind it delivery has no end. */
#define READ_LIMIT (1024u * 1024u)
/* What the result field holds before a send: a value no service answers. */
#define UNTOUCHED 0x5aa55aa55aa55aa5u
#define STALE	  0xee /* fills a receive buffer: read as a header it is no datagram */

void xport_start(struct xport *x, struct machine *m, enum machine_window window, bool dma)
{
	x->m = m;
	x->window = window;
	x->dma = dma;
	x->wait_us = 250000;
	x->tx = 0;
	x->tx_bytes = 0;
	x->rx = 0;
	xport_forget(x);
}

void xport_forget(struct xport *x)
{
	x->fifo_head = 0;
	x->fifo_tail = 0;
}

static int fault(struct xport *x, const char *want, const char *saw)
{
	text_str(x->want, want);
	text_str(x->saw, saw);
	return XPORT_FAULT;
}

static int fault_size(struct xport *x, const char *want, uint64_t payload_size)
{
	text_str(x->want, want);
	text_str(x->saw, "a header with payload_size ");
	text_hex(x->saw, payload_size, 1);
	return XPORT_FAULT;
}

/* Wait until `busy` at pa is `done`. */
static int wait_busy(struct xport *x, uint64_t pa, uint32_t done, const char *request)
{
	uint64_t began = x->m->now_us(x->m->ctx), spent = 0;
	uint32_t busy;
	uint8_t raw[4];
	int rc = x->m->settle(x->m->ctx, 0);

	for (;;) {
		if (!rc)
			rc = x->m->mem_read(x->m->ctx, pa, raw, sizeof(raw));
		if (rc)
			return rc;
		busy = vmci_get32(raw);
		if (busy == done)
			return 0;
		if (busy > 1 || spent >= x->wait_us ||
		    x->m->now_us(x->m->ctx) - began >= x->wait_us)
			break;
		rc = x->m->settle(x->m->ctx, 1000);
		spent += 1000;
	}
	text_str(x->want, "busy ");
	text_u64(x->want, done);
	text_str(x->want, request);
	text_str(x->saw, "busy ");
	text_number(x->saw, busy, 1);
	return XPORT_FAULT;
}

static int send_ports(struct xport *x, const uint8_t *bytes, size_t len, uint32_t *result)
{
	int rc = x->m->reg_write_bytes(x->m->ctx, MACHINE_PORTS, VMCI_DATA_OUT_ADDR, bytes, len);

	return rc ? rc : x->m->reg_read(x->m->ctx, x->window, 32, VMCI_RESULT_LOW_ADDR, result);
}

static int send_dma(struct xport *x, const uint8_t *bytes, size_t len, uint32_t *result)
{
	uint8_t head[VMCI_DMA_HEADER_SIZE] = { 0 };
	uint64_t need = VMCI_DMA_HEADER_SIZE + (uint64_t)len;
	int rc = 0;

	if (x->tx_bytes < need) {
		x->tx_bytes = need < XPORT_RX_BYTES + PAGE ? XPORT_RX_BYTES + PAGE : need;
		rc = x->m->mem_alloc(x->m->ctx, x->tx_bytes, PAGE, false, &x->tx);
		if (rc) {
			x->tx_bytes = 0;
			return rc;
		}
	}
	vmci_put32(head + VMCI_DMA_HEADER_BUSY, 1);
	vmci_put32(head + VMCI_DMA_HEADER_OPCODE, VMCI_DMA_OPCODE_INLINE);
	vmci_put32(head + VMCI_DMA_HEADER_SIZE_FIELD, (uint32_t)len);
	rc = x->m->mem_write(x->m->ctx, x->tx, head, sizeof(head));
	if (!rc)
		rc = x->m->mem_write(x->m->ctx, x->tx + VMCI_DMA_HEADER_DATA, bytes, len);
	if (!rc)
		rc = x->m->reg_write(x->m->ctx, x->window, 32, VMCI_DATA_OUT_LOW_ADDR,
				     (uint32_t)x->tx);
	if (!rc)
		rc = wait_busy(x, x->tx, 0, " after the send");
	/* The register counts, as for the known drivers; that the buffer has the same result is for
	 * the vectors that make a send by hand. Here it would fail every vector for one mistake. */
	if (!rc)
		rc = x->m->reg_read(x->m->ctx, x->window, 32, VMCI_RESULT_LOW_ADDR, result);
	return rc;
}

int xport_send(struct xport *x, const uint8_t *bytes, size_t len, uint32_t *result)
{
	*result = 0;
	return x->dma ? send_dma(x, bytes, len, result) : send_ports(x, bytes, len, result);
}

/* Room for one datagram at the end of the queue, NULL when there is none. */
static uint8_t *fifo_room(struct xport *x, uint32_t len)
{
	uint8_t *p = x->fifo + x->fifo_tail;

	if (XPORT_FIFO_BYTES - x->fifo_tail < 4 || XPORT_FIFO_BYTES - x->fifo_tail - 4 < len)
		return NULL;
	vmci_put32(p, len);
	x->fifo_tail += 4 + len;
	return p + 4;
}

/* Size of the record a header starts, padding included; 0: larger than any datagram. */
static uint32_t record_bytes(const uint8_t *header, uint32_t *len)
{
	uint64_t payload = vmci_get64(header + VMCI_DATAGRAM_PAYLOAD_SIZE);

	if (payload > XPORT_RX_BYTES - HEADER)
		return 0;
	*len = HEADER + (uint32_t)payload;
	return (*len + VMCI_DG_ALIGN - 1) & ~(uint32_t)(VMCI_DG_ALIGN - 1);
}

static int take_bytes(struct xport *x, uint32_t at, uint32_t n)
{
	x->read_total += n;
	if (x->read_total > READ_LIMIT)
		return fault(x, "an end of the delivery", "more than 1 MiB in one invocation");
	return x->m->reg_read_bytes(x->m->ctx, MACHINE_PORTS, VMCI_DATA_IN_ADDR, x->buffer + at, n);
}

static int receive_ports(struct xport *x)
{
	uint32_t cur = PAGE, p = 0;
	int rc;

	x->read_total = 0;
	rc = take_bytes(x, 0, cur);
	while (!rc) {
		uint32_t rem = cur - p, len = 0, record;
		const uint8_t *header = x->buffer + p;
		uint8_t *room;

		if (rem < HEADER) {
			p = 0;
			rc = take_bytes(x, 0, cur);
			continue;
		}
		if (vmci_get32(header + VMCI_DATAGRAM_DST_RESOURCE) == NO_DATAGRAM) {
			if (rem <= PAGE)
				return 0;
			p = (p / PAGE + 1) * PAGE;
			continue;
		}
		record = record_bytes(header, &len);
		if (!record)
			return fault_size(x, "records of at most 69632 bytes",
					  vmci_get64(header + VMCI_DATAGRAM_PAYLOAD_SIZE));
		if (record > rem) {
			memmove(x->buffer, header, rem);
			p = 0;
			cur = XPORT_RX_BYTES;
			rc = take_bytes(x, rem, cur - rem);
			if (rc)
				break;
		}
		room = fifo_room(x, len);
		if (!room)
			return fault(x, "an end of the delivery",
				     "more datagrams than a device may queue");
		memcpy(room, x->buffer + p, len);
		p += record;
	}
	return rc;
}

static int prepare_dma(struct xport *x)
{
	uint8_t head[VMCI_DMA_HEADER_SIZE + VMCI_SG_ELEM_SIZE] = { 0 };
	uint8_t *elem = head + VMCI_DMA_HEADER_DATA;
	int rc = 0;

	if (!x->rx)
		rc = x->m->mem_alloc(x->m->ctx, PAGE + XPORT_RX_BYTES, PAGE, false, &x->rx);
	memset(x->buffer, STALE, XPORT_RX_BYTES);
	if (!rc)
		rc = x->m->mem_write(x->m->ctx, x->rx + PAGE, x->buffer, XPORT_RX_BYTES);
	vmci_put32(head + VMCI_DMA_HEADER_OPCODE, VMCI_DMA_OPCODE_SG);
	vmci_put32(head + VMCI_DMA_HEADER_SIZE_FIELD, 1);
	vmci_put64(elem + VMCI_SG_ELEM_ADDR, x->rx + PAGE);
	vmci_put64(elem + VMCI_SG_ELEM_SIZE_FIELD, XPORT_RX_BYTES);
	return rc ? rc : x->m->mem_write(x->m->ctx, x->rx, head, sizeof(head));
}

/* One batch; *again when a driver would ask for another one at once. */
static int receive_batch(struct xport *x, bool *again)
{
	uint32_t p = 0;
	int rc = prepare_dma(x);

	if (!rc)
		rc = x->m->reg_write(x->m->ctx, x->window, 32, VMCI_DATA_IN_LOW_ADDR,
				     (uint32_t)x->rx);
	if (!rc)
		rc = wait_busy(x, x->rx, 1, " after the receive request");
	*again = false;
	while (!rc && XPORT_RX_BYTES - p >= HEADER) {
		uint64_t at = x->rx + PAGE + p;
		uint32_t record, len = 0;
		uint8_t header[HEADER], *room;

		rc = x->m->mem_read(x->m->ctx, at, header, sizeof(header));
		if (rc || vmci_get32(header + VMCI_DATAGRAM_DST_RESOURCE) == NO_DATAGRAM)
			return rc;
		record = record_bytes(header, &len);
		if (!record || record > XPORT_RX_BYTES - p)
			return fault_size(x, "whole datagrams, then a terminator",
					  vmci_get64(header + VMCI_DATAGRAM_PAYLOAD_SIZE));
		room = fifo_room(x, len);
		if (!room)
			return fault(x, "an end of the delivery",
				     "more datagrams than a device may queue");
		rc = x->m->mem_read(x->m->ctx, at, room, len);
		p += record;
	}
	*again = true;
	return rc;
}

static int receive(struct xport *x)
{
	bool again = true;
	int rc = 0;

	if (!x->dma)
		return receive_ports(x);
	/* Each batch that asks for another one fills most of the queue, so few can follow. */
	for (int i = 0; i < 16 && again && !rc; i++)
		rc = receive_batch(x, &again);
	if (!rc && again)
		return fault(x, "an end of the delivery", "full batches without end");
	return rc;
}

int xport_next(struct xport *x, const uint8_t **dg, uint32_t *len)
{
	int rc;

	*len = 0;
	if (x->fifo_head == x->fifo_tail) {
		xport_forget(x);
		rc = receive(x);
		if (rc || x->fifo_tail == 0)
			return rc;
	}
	*len = vmci_get32(x->fifo + x->fifo_head);
	*dg = x->fifo + x->fifo_head + 4;
	x->fifo_head += 4 + *len;
	return 0;
}
