/* SPDX-License-Identifier: BSD-2-Clause */
/* fake_device.c - a device led by a test. */
#include "fake_device.h"

#include <stdlib.h>
#include <string.h>
#include <vmci/defs.h>
#include <vmci/wire.h>

uint32_t fake_random(uint32_t *s)
{
	*s ^= *s << 13;
	*s ^= *s >> 17;
	*s ^= *s << 5;
	return *s;
}

size_t fake_record(uint8_t *dst, uint32_t resource, uint64_t payload_size)
{
	size_t size = (size_t)(VMCI_DATAGRAM_SIZE + payload_size + 7) & ~(size_t)7;

	memset(dst, 0, size);
	vmci_put_handle(dst + VMCI_DATAGRAM_DST_CONTEXT, vmci_handle(FAKE_CID, resource));
	vmci_put_handle(dst + VMCI_DATAGRAM_SRC_CONTEXT, vmci_handle(VMCI_HOST_CONTEXT_ID, 9));
	vmci_put64(dst + VMCI_DATAGRAM_PAYLOAD_SIZE, payload_size);
	return size;
}

int32_t fake_answer(struct fake *f, const uint8_t *dg, size_t len)
{
	(void)f;
	if (vmci_get32(dg + VMCI_DATAGRAM_DST_CONTEXT))
		return (int32_t)len;
	switch (vmci_get32(dg + VMCI_DATAGRAM_DST_RESOURCE)) {
	case VMCI_RESOURCES_QUERY:
		return 1;
	case VMCI_GET_CONTEXT_ID:
		return FAKE_CID;
	default:
		return 0;
	}
}

/* ---- memory ----------------------------------------------------------------------------- */

static bool fails(struct fake *f)
{
	return ++f->nalloc == f->fail_at;
}

/* In front of each piece, so that it is given back with the size that was asked for. */
#define SIZE_ROOM 16u

static void *fake_alloc(void *ctx, size_t size)
{
	struct fake *f = ctx;
	uint8_t *p;

	if (fails(f))
		return NULL;
	f->nlive++;
	p = calloc(1, SIZE_ROOM + size);
	memcpy(p, &size, sizeof(size));
	return p + SIZE_ROOM;
}

static void fake_free(void *ctx, void *p, size_t size)
{
	struct fake *f = ctx;

	assert_memory_equal((uint8_t *)p - SIZE_ROOM, &size, sizeof(size));
	/* What was freed is not looked at again. */
	memset(p, 0xdd, size);
	f->nlive--;
	free((uint8_t *)p - SIZE_ROOM);
}

static void *fake_dma_alloc(void *ctx, size_t size, uint64_t *addr)
{
	struct fake *f = ctx;
	size_t page = (size_t)1 << f->port.page_shift;
	void *p;

	if (fails(f) || (f->max_piece && size > f->max_piece) || (f->no_dma_page && size <= page))
		return NULL;
	f->nlive++;
	p = aligned_alloc(page, (size + page - 1) & ~(page - 1));
	memset(p, 0, size);
	*addr = (uintptr_t)p;
	return p;
}

static void fake_dma_free(void *ctx, void *p, size_t size, uint64_t addr)
{
	struct fake *f = ctx;

	assert_int_equal(addr, (uintptr_t)p);
	memset(p, 0xdd, size);
	f->nlive--;
	free(p);
}

/* ---- device ----------------------------------------------------------------------------- */

static void take_datagram(struct fake *f)
{
	f->nsends++;
	f->result = (f->answer ? f->answer : fake_answer)(f, f->last, f->last_len);
}

static void fake_out_bytes(void *ctx, uint32_t offset, const uint8_t *src, size_t len)
{
	struct fake *f = ctx;

	assert_int_equal(offset, VMCI_DATA_OUT_ADDR);
	if (f->last_len >= VMCI_DATAGRAM_SIZE &&
	    f->last_len == VMCI_DATAGRAM_SIZE + vmci_get64(f->last + VMCI_DATAGRAM_PAYLOAD_SIZE))
		f->last_len = 0;
	assert_true(f->last_len + len <= sizeof(f->last));
	memcpy(f->last + f->last_len, src, len);
	f->last_len += len;
	if (f->last_len >= VMCI_DATAGRAM_SIZE &&
	    f->last_len == VMCI_DATAGRAM_SIZE + vmci_get64(f->last + VMCI_DATAGRAM_PAYLOAD_SIZE))
		take_datagram(f);
}

static void fake_in_bytes(void *ctx, uint32_t offset, uint8_t *dst, size_t len)
{
	struct fake *f = ctx;

	assert_int_equal(offset, VMCI_DATA_IN_ADDR);
	f->nreceives++;
	f->now_us += len / 64;
	memset(dst, 0xff, len);
	if (f->fill && !f->is_gone)
		f->fill(f, dst, len);
}

/* A request says nothing where it has nothing to say, whatever the last answer left there. */
static void check_unused(const uint8_t *head)
{
	assert_int_equal(vmci_get32(head + VMCI_DMA_HEADER_RSVD), 0);
	assert_int_equal(vmci_get64(head + VMCI_DMA_HEADER_RESULT), 0);
}

static void scribble(uint8_t *head, uint64_t result)
{
	vmci_put32(head + VMCI_DMA_HEADER_RSVD, 0x5a5a5a5a);
	vmci_put64(head + VMCI_DMA_HEADER_RESULT, result);
}

static void send_dma(struct fake *f, uint64_t addr)
{
	uint8_t *tx = (uint8_t *)(uintptr_t)addr, *element = tx + VMCI_DMA_HEADER_SIZE;
	uint32_t size = vmci_get32(tx + VMCI_DMA_HEADER_SIZE_FIELD);

	assert_int_equal(vmci_get32(tx + VMCI_DMA_HEADER_BUSY), 1);
	check_unused(tx);
	f->last_tx = tx;
	if (vmci_get32(tx + VMCI_DMA_HEADER_OPCODE) == VMCI_DMA_OPCODE_INLINE) {
		assert_true(size <= VMCI_MAX_DG_SIZE);
		memcpy(f->last, element, size);
		f->last_len = size;
	} else {
		f->last_len = 0;
		for (uint32_t i = 0; i < size; i++, element += VMCI_SG_ELEM_SIZE) {
			size_t n = (size_t)vmci_get64(element + VMCI_SG_ELEM_SIZE_FIELD);

			memcpy(f->last + f->last_len,
			       (void *)(uintptr_t)vmci_get64(element + VMCI_SG_ELEM_ADDR), n);
			f->last_len += n;
		}
	}
	if (f->keeps_sends || f->is_gone)
		return;
	take_datagram(f);
	scribble(tx, (uint64_t)f->result);
	vmci_put32(tx + VMCI_DMA_HEADER_BUSY, 0);
}

void fake_complete_receive(struct fake *f)
{
	uint8_t *rx = f->receive;

	assert_non_null(rx);
	vmci_put32(rx + VMCI_DMA_HEADER_BUSY, 1);
	f->receive = NULL;
}

static void receive_dma(struct fake *f, uint64_t addr)
{
	uint8_t *rx = (uint8_t *)(uintptr_t)addr, *element = rx + VMCI_DMA_HEADER_SIZE, *data;

	f->nreceives++;
	assert_null(f->receive);
	check_unused(rx);
	assert_int_equal(vmci_get32(rx + VMCI_DMA_HEADER_OPCODE), VMCI_DMA_OPCODE_SG);
	assert_int_equal(vmci_get32(rx + VMCI_DMA_HEADER_SIZE_FIELD), 1);
	assert_int_equal(vmci_get64(element + VMCI_SG_ELEM_SIZE_FIELD), VMCI_MAX_DG_SIZE);
	data = (uint8_t *)(uintptr_t)vmci_get64(element + VMCI_SG_ELEM_ADDR);
	f->receive = rx;
	memset(data, 0xff, VMCI_MAX_DG_SIZE);
	if (f->fill)
		f->fill(f, data, VMCI_MAX_DG_SIZE);
	if (f->is_gone)
		return;
	scribble(rx, UINT64_MAX);
	vmci_put32(rx + VMCI_DMA_HEADER_BUSY, f->receive_busy);
	if (f->receive_busy == 1)
		f->receive = NULL;
}

static uint32_t fake_in32(void *ctx, enum vmci_guest_window w, uint32_t offset)
{
	struct fake *f = ctx;
	uint32_t causes = f->causes;

	(void)w;
	if (f->is_gone)
		return UINT32_MAX;
	switch (offset) {
	case VMCI_CAPS_ADDR:
		return f->caps;
	case VMCI_RESULT_LOW_ADDR:
		return (uint32_t)f->result;
	case VMCI_ICR_ADDR:
		f->causes = 0;
		return causes;
	default:
		fail_msg("the guest reads register 0x%x", offset);
		return 0;
	}
}

static void fake_out32(void *ctx, enum vmci_guest_window w, uint32_t offset, uint32_t value)
{
	struct fake *f = ctx;

	(void)w;
	switch (offset) {
	case VMCI_DATA_OUT_LOW_ADDR:
		send_dma(f, f->out_high << 32 | value);
		return;
	case VMCI_DATA_IN_LOW_ADDR:
		receive_dma(f, f->in_high << 32 | value);
		return;
	case VMCI_DATA_OUT_HIGH_ADDR:
		f->out_high = value;
		break;
	case VMCI_DATA_IN_HIGH_ADDR:
		f->in_high = value;
		break;
	default:
		break;
	}
	assert_true(f->nwrites < 64);
	f->writes[f->nwrites][0] = offset;
	f->writes[f->nwrites++][1] = value;
}

static uint64_t fake_now_us(void *ctx)
{
	struct fake *f = ctx;

	return f->now_us;
}

static void fake_relax(void *ctx)
{
	struct fake *f = ctx;

	f->now_us += 50;
}

static void fake_note(void *ctx, const char *what, int code)
{
	struct fake *f = ctx;

	assert_non_null(what);
	assert_true(code < 0);
	f->nnotes++;
}

void fake_init(struct fake *f)
{
	memset(f, 0, sizeof(*f));
	f->caps = VMCI_CAPS_DATAGRAM | VMCI_CAPS_NOTIFICATIONS | VMCI_CAPS_PPN64 |
		  VMCI_CAPS_DMA_DATAGRAM;
	f->receive_busy = 1;
	f->port = (struct vmci_guest_port){ .ctx = f,
					    .has_ports = true,
					    .has_mmio = true,
					    .page_shift = 12,
					    .in32 = fake_in32,
					    .out32 = fake_out32,
					    .out_bytes = fake_out_bytes,
					    .in_bytes = fake_in_bytes,
					    .alloc = fake_alloc,
					    .free = fake_free,
					    .dma_alloc = fake_dma_alloc,
					    .dma_free = fake_dma_free,
					    .now_us = fake_now_us,
					    .relax = fake_relax,
					    .note = fake_note };
}
