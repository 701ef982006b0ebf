/* SPDX-License-Identifier: BSD-2-Clause */
/* tap.c - notes what a guest writes and sends, and answers where it was told to. */
#include "tap.h"

#include <vmci/defs.h>
#include <vmci/mem.h>

/* ---- what was seen ---------------------------------------------------------------------- */

#define LOG_HEAD 24u

static void note(struct tap *t, uint32_t kind, uint32_t bits, uint32_t offset, uint64_t value,
		 const uint8_t *bytes, uint32_t len)
{
	uint32_t size = (LOG_HEAD + len + 7) & ~7u;
	uint8_t *at;

	if (t->log_head == t->log_len)
		t->log_head = t->log_len = 0;
	if (size > TAP_LOG - t->log_len) {
		t->is_log_full = true;
		return;
	}
	at = t->log + t->log_len;
	vmci_put32(at, kind);
	vmci_put32(at + 4, bits);
	vmci_put32(at + 8, offset);
	vmci_put32(at + 12, len);
	vmci_put64(at + 16, value);
	if (len)
		memcpy(at + LOG_HEAD, bytes, len);
	t->log_len += size;
}

void tap_trace(struct tap *t, struct vmci_trace ev)
{
	if (!t->trace)
		return;
	ev.cid = vmci_context_cid(vmci_device_context(t->device));
	t->trace(t->trace_ctx, &ev);
}

static void trace_access(struct tap *t, enum vmci_trace_kind kind, uint32_t offset, unsigned bits,
			 uint32_t value)
{
	tap_trace(t, (struct vmci_trace){
			     .kind = kind, .offset = offset, .width = bits, .value = value });
}

/* The datagram in t->out was answered here. */
static void trace_datagram(struct tap *t)
{
	tap_trace(t, (struct vmci_trace){ .kind = VMCI_TRACE_DATAGRAM_OUT,
					  .data = t->out,
					  .len = t->out_len < TAP_OUT_MAX ? (size_t)t->out_len
									  : TAP_OUT_MAX,
					  .result = t->is_gone ? -1 : (int32_t)t->result });
}

int tap_saw(struct tap *t, struct machine_event *ev)
{
	const uint8_t *at = t->log + t->log_head;

	if (t->is_log_full)
		return MACHINE_ERROR;
	if (t->log_head == t->log_len)
		return 0;
	ev->kind = vmci_get32(at);
	ev->width_bits = vmci_get32(at + 4);
	ev->offset = vmci_get32(at + 8);
	ev->len = vmci_get32(at + 12);
	ev->value = vmci_get64(at + 16);
	ev->bytes = at + LOG_HEAD;
	t->log_head += (LOG_HEAD + ev->len + 7) & ~7u;
	return 1;
}

/* ---- settings --------------------------------------------------------------------------- */

void tap_init(struct tap *t, struct vmci_device *device, const struct vmci_device_port *port)
{
	t->device = device;
	t->port = port;
	tap_fresh(t);
}

void tap_fresh(struct tap *t)
{
	t->is_gone = t->has_offer = t->has_result = false;
	t->nanswers = 0;
	t->out_len = t->out_total = 0;
	t->is_out_ours = false;
	t->out_high = t->in_high = 0;
	t->records_len = t->record = t->record_at = t->record_size = 0;
	t->nraw = 0;
	tap_in_reset(t);
	t->log_head = t->log_len = 0;
	t->is_log_full = false;
}

int tap_offer(struct tap *t, uint32_t caps)
{
	t->has_offer = true;
	t->offer = caps;
	return 0;
}

int tap_answer(struct tap *t, int32_t result)
{
	if (t->nanswers == TAP_ANSWERS)
		return MACHINE_ERROR;
	t->answers[t->nanswers++] = result;
	return 0;
}

int tap_gone(struct tap *t)
{
	t->is_gone = true;
	return 0;
}

/* Is the next datagram to be answered here? Then its answer becomes the result. */
static bool take_answer(struct tap *t)
{
	t->has_result = t->nanswers != 0;
	if (!t->has_result)
		return false;
	t->result = (uint32_t)t->answers[0];
	t->nanswers--;
	memmove(t->answers, t->answers + 1, t->nanswers * sizeof(t->answers[0]));
	return true;
}

/* ---- datagrams through the port --------------------------------------------------------- */

static void end_datagram(struct tap *t)
{
	note(t, MACHINE_SAW_DATAGRAM, 0, 0, 0, t->out,
	     (uint32_t)(t->out_len < TAP_OUT_MAX ? t->out_len : TAP_OUT_MAX));
	if (t->is_out_ours || t->is_gone)
		trace_datagram(t);
	t->out_len = 0;
	t->out_total = 0;
	t->is_out_ours = false;
}

/* How many of len bytes belong to the datagram that is under way. */
static size_t part_of_datagram(const struct tap *t, size_t len)
{
	uint64_t until = t->out_len < VMCI_DATAGRAM_SIZE ? VMCI_DATAGRAM_SIZE : t->out_total;

	return until - t->out_len < len ? (size_t)(until - t->out_len) : len;
}

static void out_bytes(struct tap *t, enum vmci_window w, const uint8_t *src, size_t len)
{
	while (len) {
		size_t n = part_of_datagram(t, len);
		size_t kept = t->out_len < TAP_OUT_MAX ? (size_t)(TAP_OUT_MAX - t->out_len) : 0;

		if (!t->out_len)
			t->is_out_ours = take_answer(t);
		memcpy(t->out + (t->out_len < TAP_OUT_MAX ? t->out_len : 0), src,
		       n < kept ? n : kept);
		t->out_len += n;
		if (!t->is_out_ours && !t->is_gone)
			vmci_device_write_bytes(t->device, w, VMCI_DATA_OUT_ADDR, src, n);
		src += n;
		len -= n;
		if (t->out_len == VMCI_DATAGRAM_SIZE) {
			uint64_t payload = vmci_get64(t->out + VMCI_DATAGRAM_PAYLOAD_SIZE);

			t->out_total = payload > UINT64_MAX - VMCI_DATAGRAM_SIZE
					       ? UINT64_MAX
					       : VMCI_DATAGRAM_SIZE + payload;
		}
		if (t->out_len >= VMCI_DATAGRAM_SIZE && t->out_len == t->out_total)
			end_datagram(t);
	}
}

/* ---- datagrams by DMA ------------------------------------------------------------------- */

static bool get_memory(struct tap *t, uint64_t addr, void *dst, size_t len)
{
	struct vmci_gpa gpa = { addr };

	return !t->port->mem_read(t->port->ctx, gpa, dst, len);
}

/* Append guest memory to the datagram being read, as far as it is kept. */
static bool gather(struct tap *t, uint64_t addr, uint64_t len)
{
	if (len > TAP_OUT_MAX - t->out_len)
		len = TAP_OUT_MAX - t->out_len;
	if (!get_memory(t, addr, t->out + t->out_len, (size_t)len))
		return false;
	t->out_len += len;
	return true;
}

static bool read_request(struct tap *t, uint64_t addr)
{
	uint8_t header[VMCI_DMA_HEADER_SIZE], element[VMCI_SG_ELEM_SIZE];
	uint64_t at = addr + VMCI_DMA_HEADER_SIZE;
	uint32_t opcode, size;

	t->out_len = 0;
	if (!get_memory(t, addr, header, sizeof(header)))
		return false;
	opcode = vmci_get32(header + VMCI_DMA_HEADER_OPCODE);
	size = vmci_get32(header + VMCI_DMA_HEADER_SIZE_FIELD);
	if (opcode == VMCI_DMA_OPCODE_INLINE)
		return gather(t, at, size);
	if (opcode != VMCI_DMA_OPCODE_SG)
		return false;
	for (; size && t->out_len < TAP_OUT_MAX; size--, at += VMCI_SG_ELEM_SIZE)
		if (!get_memory(t, at, element, sizeof(element)) ||
		    !gather(t, vmci_get64(element + VMCI_SG_ELEM_ADDR),
			    vmci_get64(element + VMCI_SG_ELEM_SIZE_FIELD)))
			return false;
	return true;
}

static void complete_send(struct tap *t, uint64_t addr)
{
	struct vmci_gpa result = { addr + VMCI_DMA_HEADER_RESULT };
	struct vmci_gpa busy = { addr + VMCI_DMA_HEADER_BUSY };
	uint8_t bytes[8];

	vmci_put64(bytes, (uint64_t)(int64_t)(int32_t)t->result);
	t->port->mem_write(t->port->ctx, result, bytes, sizeof(bytes));
	t->port->mem_store32_release(t->port->ctx, busy, 0);
}

static void out_dma(struct tap *t, enum vmci_window w, uint32_t low)
{
	uint64_t addr = (uint64_t)t->out_high << 32 | low;
	bool good = read_request(t, addr);

	/* A request that cannot be read is the device's to judge. */
	if (good)
		note(t, MACHINE_SAW_DATAGRAM, 0, 0, 0, t->out, (uint32_t)t->out_len);
	if (t->is_gone || (good && take_answer(t))) {
		trace_access(t, VMCI_TRACE_REG_WRITE, VMCI_DATA_OUT_LOW_ADDR, 32, low);
		if (good)
			trace_datagram(t);
		if (!t->is_gone)
			complete_send(t, addr);
		t->out_len = 0;
		return;
	}
	t->out_len = 0;
	t->has_result = false;
	vmci_device_write(t->device, w, VMCI_DATA_OUT_LOW_ADDR, 32, low);
}

/* ---- accesses --------------------------------------------------------------------------- */

static uint32_t ones(unsigned bits)
{
	return bits >= 32 ? UINT32_MAX : (1u << bits) - 1;
}

uint32_t tap_read(struct tap *t, enum vmci_window w, uint32_t offset, unsigned bits)
{
	uint8_t byte;

	if (t->is_gone) {
		trace_access(t, VMCI_TRACE_REG_READ, offset, bits, ones(bits));
		return ones(bits);
	}
	if (offset == VMCI_DATA_IN_ADDR && bits == 8) {
		tap_read_bytes(t, w, offset, &byte, 1);
		return byte;
	}
	if (offset == VMCI_CAPS_ADDR && bits == 32 && t->has_offer) {
		trace_access(t, VMCI_TRACE_REG_READ, offset, bits, t->offer);
		return t->offer;
	}
	if (offset == VMCI_RESULT_LOW_ADDR && bits == 32 && t->has_result)
		return t->result;
	return vmci_device_read(t->device, w, offset, bits);
}

void tap_read_bytes(struct tap *t, enum vmci_window w, uint32_t offset, uint8_t *dst, size_t len)
{
	if (t->is_gone) {
		memset(dst, 0xff, len);
		return;
	}
	if (offset != VMCI_DATA_IN_ADDR || !(t->is_in_ours || tap_in_starts(t))) {
		vmci_device_read_bytes(t->device, w, offset, dst, len);
		return;
	}
	for (size_t i = 0; i < len; i++)
		dst[i] = tap_in_byte(t);
}

void tap_write(struct tap *t, enum vmci_window w, uint32_t offset, unsigned bits, uint32_t value)
{
	uint8_t byte = (uint8_t)value;

	if (offset == VMCI_DATA_OUT_ADDR && bits == 8) {
		out_bytes(t, w, &byte, 1);
		return;
	}
	if (offset == VMCI_DATA_OUT_LOW_ADDR && bits == 32) {
		out_dma(t, w, value);
		return;
	}
	if (offset == VMCI_DATA_IN_LOW_ADDR && bits == 32) {
		if (!t->is_gone && !tap_in_dma(t, value))
			vmci_device_write(t->device, w, offset, bits, value);
		return;
	}
	note(t, MACHINE_SAW_WRITE, bits, offset, value, NULL, 0);
	if (t->is_gone) {
		trace_access(t, VMCI_TRACE_REG_WRITE, offset, bits, value);
		return;
	}
	if (offset == VMCI_DATA_OUT_HIGH_ADDR && bits == 32)
		t->out_high = value;
	if (offset == VMCI_DATA_IN_HIGH_ADDR && bits == 32)
		t->in_high = value;
	if (offset == VMCI_CONTROL_ADDR && (value & VMCI_CONTROL_RESET)) {
		t->out_high = t->in_high = 0;
		t->out_len = t->out_total = 0;
		t->is_out_ours = t->has_result = false;
		tap_in_reset(t);
	}
	vmci_device_write(t->device, w, offset, bits, value);
}

void tap_write_bytes(struct tap *t, enum vmci_window w, uint32_t offset, const uint8_t *src,
		     size_t len)
{
	if (offset == VMCI_DATA_OUT_ADDR) {
		out_bytes(t, w, src, len);
		return;
	}
	for (size_t i = 0; i < len; i++)
		tap_write(t, w, offset, 8, src[i]);
}
