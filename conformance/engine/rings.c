/* SPDX-License-Identifier: BSD-2-Clause */
/* rings.c - the engine's own end of a queue pair, in raw guest memory. */
#include "rings.h"
#include <vmci/defs.h>
#include <vmci/wire.h>

#define TAIL_OFFSET 8u
#define HEAD_OFFSET 16u

static uint64_t pages_of(uint64_t bytes, uint32_t shift)
{
	uint64_t page = (uint64_t)1 << shift;

	return (bytes >> shift) + (bytes & (page - 1) ? 1 : 0);
}

static uint32_t common_divisor(uint32_t a, uint32_t b)
{
	while (b) {
		uint32_t r = a % b;

		a = b;
		b = r;
	}
	return a;
}

int ring_create(struct ring_pair *q, struct machine *m, uint64_t produce, uint64_t consume,
		uint32_t seed)
{
	uint64_t np = pages_of(produce, m->page_shift), nc = pages_of(consume, m->page_shift);
	int rc;

	q->used = false;
	if (np > RING_PAGES_MAX || nc > RING_PAGES_MAX || np + nc + 2 > RING_PAGES_MAX)
		return 1;
	q->page_shift = m->page_shift;
	q->npages = (uint32_t)(np + nc + 2);
	q->produce = produce;
	q->consume = consume;
	q->produce_pages = np;
	q->stride = q->npages * 5 / 8 + 1;
	while (common_divisor(q->npages, q->stride) != 1)
		q->stride++;
	q->start = seed % q->npages;
	rc = m->mem_alloc(m->ctx, (uint64_t)q->npages << q->page_shift,
			  (uint64_t)1 << q->page_shift, false, &q->base);
	q->used = rc == 0;
	return rc;
}

uint64_t ring_page(const struct ring_pair *q, uint32_t i)
{
	uint64_t n = (q->start + (uint64_t)i * q->stride) % q->npages;

	return q->base + (n << q->page_shift);
}

uint64_t ring_produce_header(const struct ring_pair *q)
{
	return ring_page(q, 0);
}

uint64_t ring_consume_header(const struct ring_pair *q)
{
	return ring_page(q, (uint32_t)q->produce_pages + 1);
}

struct indices {
	uint64_t tail, head;
};

static int get64(struct machine *m, uint64_t pa, uint64_t *v)
{
	uint8_t raw[8];
	int rc = m->mem_read(m->ctx, pa, raw, sizeof(raw));

	*v = rc ? 0 : vmci_get64(raw);
	return rc;
}

static int put64(struct machine *m, uint64_t pa, uint64_t v)
{
	uint8_t raw[8];

	vmci_put64(raw, v);
	return m->mem_write(m->ctx, pa, raw, sizeof(raw));
}

/* Tail in the header of the queue, head in the header of the other one. */
static int get_indices(struct machine *m, uint64_t own, uint64_t other, struct indices *x)
{
	int rc = get64(m, own + TAIL_OFFSET, &x->tail);

	return rc ? rc : get64(m, other + HEAD_OFFSET, &x->head);
}

static uint64_t advance(uint64_t v, uint64_t n, uint64_t size)
{
	return v >= size - n ? v - (size - n) : v + n;
}

/* Move len bytes between buf and the data pages that start at list index first. */
static int move(const struct ring_pair *q, struct machine *m, uint32_t first, uint64_t size,
		uint64_t at, uint8_t *to, const uint8_t *from, uint64_t len)
{
	uint64_t page = (uint64_t)1 << q->page_shift;

	while (len) {
		uint64_t off = at & (page - 1), n = page - off;
		uint64_t pa = ring_page(q, first + (uint32_t)(at >> q->page_shift)) + off;
		int rc;

		if (n > size - at)
			n = size - at;
		if (n > len)
			n = len;
		rc = to ? m->mem_read(m->ctx, pa, to, (size_t)n)
			: m->mem_write(m->ctx, pa, from, (size_t)n);
		if (rc)
			return rc;
		if (to)
			to += n;
		else
			from += n;
		at = advance(at, n, size);
		len -= n;
	}
	return 0;
}

int ring_push(const struct ring_pair *q, struct machine *m, const uint8_t *src, size_t len,
	      int64_t *result)
{
	uint64_t own = ring_produce_header(q), other = ring_consume_header(q), n;
	struct indices x;
	int rc = get_indices(m, own, other, &x);

	if (rc)
		return rc;
	if (x.tail >= q->produce || x.head >= q->produce) {
		*result = VMCI_ERROR_INVALID_SIZE;
		return 0;
	}
	n = x.tail >= x.head ? q->produce - (x.tail - x.head) - 1 : x.head - x.tail - 1;
	if (!n) {
		*result = VMCI_ERROR_QUEUEPAIR_NOSPACE;
		return 0;
	}
	if (n > len)
		n = len;
	rc = move(q, m, 1, q->produce, x.tail, NULL, src, n);
	if (!rc)
		rc = put64(m, own + TAIL_OFFSET, advance(x.tail, n, q->produce));
	*result = (int64_t)n;
	return rc;
}

int ring_pull(const struct ring_pair *q, struct machine *m, uint8_t *dst, size_t len,
	      int64_t *result)
{
	uint64_t own = ring_produce_header(q), other = ring_consume_header(q), n;
	struct indices x;
	int rc = get_indices(m, other, own, &x);

	if (rc)
		return rc;
	if (x.tail >= q->consume || x.head >= q->consume) {
		*result = VMCI_ERROR_INVALID_SIZE;
		return 0;
	}
	n = x.tail >= x.head ? x.tail - x.head : q->consume - (x.head - x.tail);
	if (!n) {
		*result = VMCI_ERROR_QUEUEPAIR_NODATA;
		return 0;
	}
	if (n > len)
		n = len;
	rc = move(q, m, (uint32_t)q->produce_pages + 2, q->consume, x.head, dst, NULL, n);
	if (!rc)
		rc = put64(m, own + HEAD_OFFSET, advance(x.head, n, q->consume));
	*result = (int64_t)n;
	return rc;
}
