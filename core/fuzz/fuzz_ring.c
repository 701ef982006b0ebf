/* SPDX-License-Identifier: BSD-2-Clause */
/* fuzz_ring.c - operations on both ends of one queue.
 *
 * Input: { u16 size, u8 how } then pieces of { u8 operation, u16 number }.
 *   how bit 0  contiguous memory      bits 1..2  page shift 12, 13, 14, 16
 * Operations 0..9 are those of two honest ends: everything must be as in a plain array. Operation
 * 10 and up write the number, or it and all ones above, into one of the four shared words: from
 * then on only the bounds count, which the sanitizer watches.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <vmci/ring.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define LIMIT 300u /* bytes of one operation */

struct model {
	uint32_t size, used;
	uint8_t next_in, next_out;
	bool is_hostile;
	unsigned batches; /* open: bit 0 of the producer, bit 1 of the consumer */
};

static void require(bool holds)
{
	if (!holds)
		abort();
}

static uint32_t lesser(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static void check_put(struct model *m, int64_t rc, uint32_t want)
{
	require(rc < 0 || rc <= want);
	if (m->is_hostile)
		return;
	if (m->size == 0)
		require(rc == VMCI_ERROR_INVALID_SIZE);
	else if (m->used == m->size - 1 || rc == VMCI_ERROR_QUEUEPAIR_NOSPACE)
		require(rc == VMCI_ERROR_QUEUEPAIR_NOSPACE &&
			(m->used == m->size - 1 || m->batches));
	else
		require(m->batches ? rc <= lesser(want, m->size - 1 - m->used)
				   : rc == lesser(want, m->size - 1 - m->used));
	if (rc > 0) {
		m->used += (uint32_t)rc;
		m->next_in = (uint8_t)(m->next_in + rc);
	}
}

static void check_take(struct model *m, int64_t rc, uint32_t want, const uint8_t *bytes, bool stays)
{
	require(rc < 0 || rc <= want);
	if (m->is_hostile)
		return;
	if (m->size == 0)
		require(rc == VMCI_ERROR_INVALID_SIZE);
	else if (!m->used || rc == VMCI_ERROR_QUEUEPAIR_NODATA)
		require(rc == VMCI_ERROR_QUEUEPAIR_NODATA && (!m->used || m->batches));
	else
		require(m->batches ? rc <= lesser(want, m->used) : rc == lesser(want, m->used));
	for (int64_t i = 0; i < rc; i++)
		require(bytes[i] == (uint8_t)(m->next_out + i));
	if (rc > 0 && !stays) {
		m->used -= (uint32_t)rc;
		m->next_out = (uint8_t)(m->next_out + rc);
	}
}

static void in_place(struct vmci_ring *r, struct model *m, uint32_t len, bool consumer)
{
	void *at;
	int64_t n = vmci_ring_span(r, m->is_hostile ? len % 64 : 0, &at);

	if (n <= 0)
		return;
	if (n > len)
		n = len;
	for (int64_t i = 0; i < n; i++) {
		uint8_t *byte = (uint8_t *)at + i;

		if (!consumer)
			*byte = (uint8_t)(m->next_in + i);
		else
			require(m->is_hostile || *byte == (uint8_t)(m->next_out + i));
	}
	if (vmci_ring_advance(r, (uint64_t)n) || m->is_hostile)
		return;
	if (consumer) {
		m->used -= (uint32_t)n;
		m->next_out = (uint8_t)(m->next_out + n);
	} else {
		m->used += (uint32_t)n;
		m->next_in = (uint8_t)(m->next_in + n);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const unsigned shifts[] = { 12, 13, 14, 16 };
	uint64_t a[3], b[3], *words[] = { &a[1], &a[2], &b[1], &b[2] };
	uint8_t bytes[LIMIT + 256], out[LIMIT];
	struct model m = { 0 };
	struct vmci_ring put, take;
	unsigned shift;
	bool contiguous;
	void **pages;
	uint8_t *memory = NULL;
	size_t npages;

	if (size < 3)
		return 0;
	m.size = (uint32_t)data[0] | (uint32_t)data[1] << 8;
	contiguous = data[2] & 1;
	shift = shifts[data[2] >> 1 & 3];
	npages = (m.size + ((size_t)1 << shift) - 1) >> shift;
	pages = calloc(npages + 1, sizeof(*pages));
	/* Pieces of exactly the bytes used, so that one byte too far is seen. */
	for (size_t i = 0; i < npages && !contiguous; i++)
		pages[i] = malloc(lesser(1u << shift, m.size - (uint32_t)(i << shift)));
	if (contiguous)
		memory = malloc(m.size + !m.size);
	struct vmci_ring_memory ma = { a, b, contiguous ? NULL : pages, memory, m.size, shift };
	struct vmci_ring_memory mb = { b, a, contiguous ? NULL : pages, memory, m.size, shift };

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)i;
	vmci_queue_header_init(a, vmci_handle(1, 2));
	vmci_queue_header_init(b, vmci_handle(1, 2));
	require(!vmci_ring_init(&put, VMCI_RING_PRODUCER, &ma));
	require(!vmci_ring_init(&take, VMCI_RING_CONSUMER, &mb));
	for (data += 3, size -= 3; size >= 3; data += 3, size -= 3) {
		uint32_t number = (uint32_t)data[1] | (uint32_t)data[2] << 8;
		uint32_t len = number % LIMIT;
		int64_t rc;

		switch (data[0] % 16) {
		case 0:
		case 1:
			rc = vmci_ring_enqueue(&put, bytes + m.next_in, len);
			check_put(&m, rc, len);
			break;
		case 2:
		case 3:
			rc = vmci_ring_dequeue(&take, out, len);
			check_take(&m, rc, len, out, false);
			break;
		case 4:
			rc = vmci_ring_peek(&take, out, len);
			check_take(&m, rc, len, out, true);
			break;
		case 5:
			in_place(&put, &m, len, false);
			break;
		case 6:
			in_place(&take, &m, len, true);
			break;
		case 7:
			number & 1 ? vmci_ring_begin(&put) : vmci_ring_commit(&put);
			m.batches = (m.batches & 2) | (number & 1);
			break;
		case 8:
			number & 1 ? vmci_ring_begin(&take) : vmci_ring_commit(&take);
			m.batches = (m.batches & 1) | (number & 1) << 1;
			break;
		case 9:
			vmci_ring_commit(&put);
			vmci_ring_unmap(&put);
			vmci_ring_unmap(&take);
			require(m.is_hostile || !m.size || vmci_ring_ready(&take) == m.used);
			require(vmci_ring_enqueue(&put, bytes, 1) < 0);
			require(!vmci_ring_map(&put, &ma) && !vmci_ring_map(&take, &mb));
			m.batches = 0; /* unmapping ends them */
			break;
		case 10:
			m.is_hostile = true;
			vmci_ring_attach(&put, VMCI_RING_PRODUCER, &ma);
			if (vmci_ring_attach(&take, VMCI_RING_CONSUMER, &mb) < 0 ||
			    vmci_ring_attach(&put, VMCI_RING_PRODUCER, &ma) < 0) {
				a[1] = a[2] = b[1] = b[2] = 0;
				require(!vmci_ring_init(&put, VMCI_RING_PRODUCER, &ma));
				require(!vmci_ring_init(&take, VMCI_RING_CONSUMER, &mb));
			}
			break;
		default:
			m.is_hostile = true;
			*words[data[0] >> 4 & 3] =
				data[0] & 0x40 ? number | ~(uint64_t)0xffff : number;
			break;
		}
		/* What is not committed is not to be seen, so only a lower bound holds then. */
		rc = vmci_ring_ready(&take);
		require(m.is_hostile || !m.size || (rc >= 0 && rc <= m.used));
	}
	for (size_t i = 0; i < npages && !contiguous; i++)
		free(pages[i]);
	free(pages);
	free(memory);
	return 0;
}
