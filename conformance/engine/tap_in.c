/* SPDX-License-Identifier: BSD-2-Clause */
/* tap_in.c - records that a guest receives from the tap in place of the device. */
#include <vmci/defs.h>
#include <vmci/mem.h>
#include "tap.h"

/* A raw record that announces more than this is not padded to what it announces. */
#define PAD_MAX 0x100000u

/* ---- records ---------------------------------------------------------------------------- */

static bool append(struct tap *t, const uint8_t *bytes, size_t len)
{
	uint32_t size;

	if (len > TAP_RECORDS - 16 || t->records_len > TAP_RECORDS - 16 - len)
		return false;
	size = (uint32_t)(8 + len + 7) & ~7u;
	vmci_put32(t->records + t->records_len, (uint32_t)len);
	memcpy(t->records + t->records_len + 8, bytes, len);
	t->records_len += size;
	return true;
}

int tap_deliver(struct tap *t, const uint8_t *record, size_t len)
{
	if (t->is_in_ours || !len || !append(t, record, len))
		return MACHINE_ERROR;
	t->nraw++;
	return 0;
}

void tap_in_reset(struct tap *t)
{
	t->left = 0;
	t->read = 0;
	t->is_in_ours = false;
	if (t->record) {
		/* In the middle of an invocation: the rest of it is lost with the reset. */
		t->record = 0;
		t->records_len = 0;
		t->nraw = 0;
	}
	t->record_at = 0;
	t->record_size = 0;
}

/* What a record takes in the stream, by its own words, whatever its bytes are. */
static uint32_t stream_size(const uint8_t *bytes, uint32_t len)
{
	uint64_t payload, size = (len + 7) & ~(uint64_t)7;

	if (len < VMCI_DATAGRAM_SIZE)
		return (uint32_t)size;
	payload = vmci_get64(bytes + VMCI_DATAGRAM_PAYLOAD_SIZE);
	if (payload < PAD_MAX && VMCI_DATAGRAM_SIZE + payload > len)
		size = (VMCI_DATAGRAM_SIZE + payload + 7) & ~(uint64_t)7;
	return (uint32_t)size;
}

/* ---- the device's own records ----------------------------------------------------------- */

static void device_bytes(struct tap *t, uint32_t offset, uint32_t len)
{
	vmci_device_read_bytes(t->device, VMCI_WINDOW_PORTS, VMCI_DATA_IN_ADDR, t->scratch + offset,
			       len);
}

/* Read the device as a guest does until it has nothing more. It is the reference device: its
 * records are good. */
static void take_from_device(struct tap *t)
{
	uint32_t read = VMCI_DATA_IN_FIRST_READ, at = 0;

	device_bytes(t, 0, read);
	for (;;) {
		uint32_t left = read - at;
		uint64_t size;

		if (left < VMCI_DATAGRAM_SIZE) {
			device_bytes(t, 0, read);
			at = 0;
			continue;
		}
		if (vmci_get32(t->scratch + at + VMCI_DATAGRAM_DST_RESOURCE) == VMCI_INVALID_ID)
			return;
		size = VMCI_DATAGRAM_SIZE +
		       ((vmci_get64(t->scratch + at + VMCI_DATAGRAM_PAYLOAD_SIZE) + 7) &
			~(uint64_t)7);
		if (size > VMCI_MAX_DG_SIZE)
			return;
		if (size > left) {
			memmove(t->scratch, t->scratch + at, left);
			read = VMCI_MAX_DG_SIZE;
			device_bytes(t, left, read - left);
			at = 0;
		}
		if (!append(t, t->scratch + at, (size_t)size))
			return;
		at += (uint32_t)size;
	}
}

/* ---- through the port ------------------------------------------------------------------- */

bool tap_in_starts(struct tap *t)
{
	if (!t->nraw)
		return false;
	take_from_device(t);
	t->is_in_ours = true;
	t->read = VMCI_DATA_IN_FIRST_READ;
	t->left = t->read;
	return true;
}

/* A record starts: how long it is, and where the guest's reads stand behind it. */
static void start_record(struct tap *t)
{
	const uint8_t *head = t->records + t->record;
	uint32_t len = vmci_get32(head), over;

	t->record_size = stream_size(head + 8, len);
	t->record_at = 0;
	if (t->record_size <= t->left) {
		t->left -= t->record_size;
		return;
	}
	over = t->record_size - t->left;
	t->read = VMCI_MAX_DG_SIZE;
	if (t->record_size <= VMCI_MAX_DG_SIZE)
		t->left = VMCI_MAX_DG_SIZE - t->record_size; /* it was moved to the front */
	else
		t->left = (VMCI_MAX_DG_SIZE - over % VMCI_MAX_DG_SIZE) % VMCI_MAX_DG_SIZE;
}

/* A record has reached the guest. */
static void trace_record(struct tap *t, uint32_t at)
{
	tap_trace(t, (struct vmci_trace){ .kind = VMCI_TRACE_DATAGRAM_IN,
					  .data = t->records + at + 8,
					  .len = vmci_get32(t->records + at) });
}

uint8_t tap_in_byte(struct tap *t)
{
	uint8_t byte = 0xff;

	for (;;) {
		const uint8_t *head = t->records + t->record;

		if (t->record_at < t->record_size) {
			if (t->record_at < vmci_get32(head))
				byte = head[8 + t->record_at];
			t->record_at++;
			if (t->record_at == t->record_size) {
				trace_record(t, t->record);
				t->record += (8 + vmci_get32(head) + 7) & ~7u;
				t->record_at = t->record_size = 0;
			}
			return byte;
		}
		if (t->left && (t->left < VMCI_DATAGRAM_SIZE || t->record == t->records_len))
			break; /* filler to the end of this read */
		if (t->left) {
			start_record(t);
			continue;
		}
		t->left = t->read; /* the guest reads on */
	}
	t->left--;
	if (!t->left && t->record == t->records_len) {
		t->is_in_ours = false;
		t->records_len = t->record = 0;
		t->nraw = 0;
	}
	return byte;
}

/* ---- by DMA ----------------------------------------------------------------------------- */

/* Copy bytes into the guest's scatter list, going on where the last call stopped. */
struct sink {
	uint64_t list, addr, size; /* next element; what is left of the current one */
	uint32_t n;		   /* elements left */
	uint64_t room;		   /* bytes left in all */
};

static void put(struct tap *t, struct sink *s, const uint8_t *bytes, uint64_t len)
{
	uint8_t element[VMCI_SG_ELEM_SIZE];

	while (len && s->room) {
		uint64_t n;

		if (!s->size) {
			struct vmci_gpa at = { s->list };

			if (!s->n || t->port->mem_read(t->port->ctx, at, element, sizeof(element)))
				return;
			s->addr = vmci_get64(element + VMCI_SG_ELEM_ADDR);
			s->size = vmci_get64(element + VMCI_SG_ELEM_SIZE_FIELD);
			s->list += sizeof(element);
			s->n--;
			continue;
		}
		n = len < s->size ? len : s->size;
		n = n < s->room ? n : s->room;
		t->port->mem_write(t->port->ctx, (struct vmci_gpa){ s->addr }, bytes, (size_t)n);
		bytes += n;
		len -= n;
		s->addr += n;
		s->size -= n;
		s->room -= n;
	}
}

bool tap_in_dma(struct tap *t, uint32_t low)
{
	uint64_t addr = (uint64_t)t->in_high << 32 | low;
	struct sink sink = { .list = addr + VMCI_DMA_HEADER_SIZE, .room = VMCI_MAX_DG_SIZE };
	static const uint8_t zeros[8];
	uint8_t header[VMCI_DMA_HEADER_SIZE], end[VMCI_DATAGRAM_SIZE];
	uint32_t at = 0;

	if (!t->nraw ||
	    t->port->mem_read(t->port->ctx, (struct vmci_gpa){ addr }, header, sizeof(header)))
		return false;
	if (vmci_get32(header + VMCI_DMA_HEADER_OPCODE) == VMCI_DMA_OPCODE_SG) {
		sink.n = vmci_get32(header + VMCI_DMA_HEADER_SIZE_FIELD);
	} else {
		sink.addr = sink.list;
		sink.size = vmci_get32(header + VMCI_DMA_HEADER_SIZE_FIELD);
	}
	while (at < t->records_len) {
		uint32_t len = vmci_get32(t->records + at);

		put(t, &sink, t->records + at + 8, len);
		trace_record(t, at);
		put(t, &sink, zeros, (8 - len % 8) % 8);
		at += (8 + len + 7) & ~7u;
	}
	memset(end, 0xff, sizeof(end));
	if (sink.room >= sizeof(end))
		put(t, &sink, end, sizeof(end));
	t->records_len = t->record = 0;
	t->nraw = 0;
	t->port->mem_store32_release(t->port->ctx, (struct vmci_gpa){ addr + VMCI_DMA_HEADER_BUSY },
				     1);
	return true;
}
