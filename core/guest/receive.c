/* SPDX-License-Identifier: BSD-2-Clause */
/* Datagrams from the device, through the ports or by DMA. Spec: chapter 20.
 *
 * Records are 8-aligned and follow each other; a destination resource of all ones ends them.
 * Records are looked at in private memory only: what comes through the ports is a copy by nature,
 * what comes by DMA is copied one record at a time, header first, once.
 */
#include "state.h"

/* An oversize record longer than this cannot be meant: its length is noise. */
#define SKIP_MAX ((uint64_t)16 * VMCI_MAX_DG_SIZE)

/* Reads that a drain may still do. */
struct budget {
	uint32_t reads;
	uint64_t start;
};

static bool is_spent(struct vmci_guest *g, struct budget *b)
{
	if (b->reads && g->port->now_us(g->port->ctx) - b->start < g->options.timeout_us) {
		b->reads--;
		return false;
	}
	return true;
}

/* Bytes that a record takes in the stream; UINT64_MAX for a size that overflows. */
static uint64_t aligned_size(const uint8_t *header)
{
	uint64_t payload = vmci_get64(header + VMCI_DATAGRAM_PAYLOAD_SIZE);

	if (VMCI_FAULT("guest.size-wraps"))
		payload = (uint32_t)payload;
	if (VMCI_FAULT("guest.record-limit-off-by-one") && payload == VMCI_MAX_DG_PAYLOAD_SIZE + 1)
		payload--; /* the buffer has room for it */
	if (payload > UINT64_MAX - VMCI_DATAGRAM_SIZE - VMCI_DG_ALIGN)
		return UINT64_MAX;
	return (VMCI_DATAGRAM_SIZE + payload + VMCI_DG_ALIGN - 1) & ~(uint64_t)(VMCI_DG_ALIGN - 1);
}

static bool is_terminator(const uint8_t *header)
{
	return vmci_get32(header + VMCI_DATAGRAM_DST_RESOURCE) == VMCI_INVALID_ID;
}

/* Hand on the record at an offset of g->record, complete and of a good size. */
static void dispatch_at(struct vmci_guest *g, size_t at)
{
	const uint8_t *dg = g->record + at;

	guest_dispatch(g, dg,
		       VMCI_DATAGRAM_SIZE + (size_t)vmci_get64(dg + VMCI_DATAGRAM_PAYLOAD_SIZE));
}

/* ---- ports ------------------------------------------------------------------------------ */

static void read_ports(struct vmci_guest *g, size_t offset, size_t len)
{
	g->port->in_bytes(g->port->ctx, VMCI_DATA_IN_ADDR, g->record + offset, len);
}

static bool are_ones(const uint8_t *p, size_t len)
{
	while (len && *p == 0xff) {
		p++;
		len--;
	}
	return !len;
}

/* Look at one read of g->rx_read bytes, from `at` on. Returns 1: the next read is described by
 * rx_read, rx_have and rx_skip; 0: the invocation is over; or an error. */
static int walk_ports(struct vmci_guest *g, uint32_t at, int64_t *count)
{
	uint32_t left;
	uint64_t size;

	for (;;) {
		left = g->rx_read - at;
		if (left < VMCI_DATAGRAM_SIZE && VMCI_FAULT("guest.in-ignores-rest"))
			return 0;
		if (left < VMCI_DATAGRAM_SIZE)
			return 1; /* no header starts in what is left */
		if (is_terminator(g->record + at)) {
			if (left <= VMCI_DATA_IN_FIRST_READ)
				return 0;
			/* A record may still start on a page boundary behind the filler. */
			at = (at / VMCI_DATA_IN_FIRST_READ + 1) * VMCI_DATA_IN_FIRST_READ;
			continue;
		}
		size = aligned_size(g->record + at);
		if (size > VMCI_MAX_DG_SIZE) {
			guest_note(g, "a datagram is larger than any may be",
				   VMCI_ERROR_PAYLOAD_TOO_LARGE);
			if (size - left > SKIP_MAX)
				return VMCI_LOCAL_PROTOCOL;
			g->rx_skip = size > left ? size - left : 0;
			g->rx_read = VMCI_MAX_DG_SIZE;
			return 1;
		}
		if (size > left && VMCI_FAULT("guest.in-drops-straddling"))
			return 0;
		if (size > left) {
			/* The rest follows in the next read, behind what is here. */
			memmove(g->record, g->record + at, left);
			g->rx_have = left;
			g->rx_read = VMCI_MAX_DG_SIZE;
			return 1;
		}
		dispatch_at(g, at);
		++*count;
		at += (uint32_t)size;
	}
}

/* One invocation: the first read is 4096 bytes; the first record that does not fit makes all
 * further reads VMCI_MAX_DG_SIZE bytes. The device's model of us depends on exactly this, so a
 * drain whose budget ends leaves the next one to go on with the same read. */
static int64_t drain_ports(struct vmci_guest *g, struct budget *budget)
{
	bool is_first = !g->rx_read;
	int64_t count = 0;
	uint32_t at;
	int rc;

	if (is_first)
		g->rx_read = VMCI_FAULT("guest.in-short-read") ? VMCI_DATA_IN_FIRST_READ / 2
							       : VMCI_DATA_IN_FIRST_READ;
	do {
		if (is_spent(g, budget)) {
			g->is_rx_pending = true;
			return count;
		}
		read_ports(g, g->rx_have, g->rx_read - g->rx_have);
		g->rx_have = 0;
		if (g->rx_skip >= g->rx_read) {
			g->rx_skip -= g->rx_read;
			rc = 1;
			continue;
		}
		at = (uint32_t)g->rx_skip;
		g->rx_skip = 0;
		if (is_first && are_ones(g->record, VMCI_DATAGRAM_SIZE) && guest_check_gone(g))
			return VMCI_LOCAL_GONE;
		is_first = false;
		rc = walk_ports(g, at, &count);
	} while (rc > 0);

	g->rx_read = 0;
	g->rx_skip = 0;
	return rc < 0 ? rc : count;
}

/* ---- DMA -------------------------------------------------------------------------------- */

static int receive_dma(struct vmci_guest *g)
{
	uint8_t *rx = g->rx, *element = rx + VMCI_DMA_HEADER_SIZE;
	int rc;

	/* After a timeout the device still owns the buffer: wait for that answer. */
	if (!g->is_rx_started) {
		vmci_put32(rx + VMCI_DMA_HEADER_OPCODE, VMCI_DMA_OPCODE_SG);
		vmci_put32(rx + VMCI_DMA_HEADER_SIZE_FIELD, 1);
		vmci_put32(rx + VMCI_DMA_HEADER_RSVD, 0);
		vmci_put64(rx + VMCI_DMA_HEADER_RESULT, 0);
		vmci_put64(element + VMCI_SG_ELEM_ADDR, g->rx_addr + guest_page(g));
		vmci_put64(element + VMCI_SG_ELEM_SIZE_FIELD, VMCI_MAX_DG_SIZE);
		vmci_store_release32(rx + VMCI_DMA_HEADER_BUSY, 0);
		g->is_rx_started = true;
		guest_out32(g, VMCI_DATA_IN_LOW_ADDR, (uint32_t)g->rx_addr);
	}
	/* Pairs with the device's release of busy after the data. */
	rc = guest_wait32(g, rx + VMCI_DMA_HEADER_BUSY, 1);
	if (!rc)
		g->is_rx_started = false;
	return rc;
}

/* Look at one completed buffer. *more: it held records and did not end with a terminator. */
static int64_t walk_dma(struct vmci_guest *g, bool *more)
{
	const uint8_t *batch = g->rx + guest_page(g);
	uint8_t *header = g->record;
	uint32_t at = 0;
	int64_t count = 0;
	uint64_t size;

	*more = true;
	while (VMCI_MAX_DG_SIZE - at >= VMCI_DATAGRAM_SIZE) {
		memcpy(header, batch + at, VMCI_DATAGRAM_SIZE);
		if (is_terminator(header)) {
			*more = false;
			return count;
		}
		size = aligned_size(header);
		if (size > VMCI_MAX_DG_SIZE - at) {
			/* Whole records only; what follows cannot be found. */
			guest_note(g, "a datagram is larger than its buffer",
				   VMCI_ERROR_PAYLOAD_TOO_LARGE);
			return VMCI_LOCAL_PROTOCOL;
		}
		memcpy(header + VMCI_DATAGRAM_SIZE, batch + at + VMCI_DATAGRAM_SIZE,
		       (size_t)size - VMCI_DATAGRAM_SIZE);
		dispatch_at(g, 0);
		count++;
		at += (uint32_t)size;
	}
	return count;
}

static int64_t drain_dma(struct vmci_guest *g, struct budget *budget, bool all)
{
	int64_t count = 0, n, error = 0;
	bool more;

	do {
		if (is_spent(g, budget)) {
			g->is_rx_pending = true;
			break;
		}
		n = receive_dma(g);
		if (n < 0)
			return n;
		n = walk_dma(g, &more);
		if (n < 0)
			error = n;
		else
			count += n;
	} while ((more && n >= 0) || (all && n));
	return error ? error : count;
}

int64_t guest_drain(struct vmci_guest *g, bool all)
{
	struct budget budget = { g->options.max_reads, g->port->now_us(g->port->ctx) };

	g->is_rx_pending = false;
	/* Through the ports an invocation lasts until nothing waits. */
	return g->caps & VMCI_CAPS_DMA_DATAGRAM ? drain_dma(g, &budget, all)
						: drain_ports(g, &budget);
}
