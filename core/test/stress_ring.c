/* SPDX-License-Identifier: BSD-2-Clause */
/* Two threads at the two ends of one queue, for the thread sanitizer: every byte arrives, once,
 * in order, and nothing is shared but the two indices and the bytes between them. Prints TAP. */
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vmci/ring.h>

#define TOTAL (1u << 20) /* bytes through each queue */

struct run {
	const char *name;
	uint32_t size;
	bool is_contiguous, is_batched, is_in_place;
	struct vmci_ring put, take;
	const char *wrong; /* set by the consumer */
};

static uint32_t next(uint32_t *s)
{
	*s ^= *s << 13;
	*s ^= *s >> 17;
	*s ^= *s << 5;
	return *s;
}

static uint8_t byte_at(uint32_t i)
{
	return (uint8_t)(i * 2654435761u >> 24);
}

static void *produce(void *arg)
{
	struct run *r = arg;
	uint8_t bytes[600];
	uint32_t at = 0, s = 3;

	if (r->is_batched)
		vmci_ring_begin(&r->put);
	while (at < TOTAL) {
		uint32_t len = 1 + next(&s) % sizeof(bytes);
		int64_t n;
		void *span;

		if (len > TOTAL - at)
			len = TOTAL - at;
		if (r->is_in_place) {
			n = vmci_ring_span(&r->put, 0, &span);
			if (n > len)
				n = len;
			for (int64_t i = 0; i < n; i++)
				((uint8_t *)span)[i] = byte_at(at + (uint32_t)i);
			if (n > 0)
				vmci_ring_advance(&r->put, (uint64_t)n);
		} else {
			for (uint32_t i = 0; i < len; i++)
				bytes[i] = byte_at(at + i);
			n = vmci_ring_enqueue(&r->put, bytes, len);
		}
		if (n < 0)
			sched_yield();
		else
			at += (uint32_t)n;
	}
	vmci_ring_commit(&r->put);
	return NULL;
}

static void *consume(void *arg)
{
	struct run *r = arg;
	uint8_t bytes[600];
	uint32_t at = 0, s = 4;

	if (r->is_batched)
		vmci_ring_begin(&r->take);
	while (at < TOTAL) {
		const uint8_t *got = bytes;
		int64_t n;
		void *span;

		if (r->is_in_place) {
			n = vmci_ring_span(&r->take, 0, &span);
			got = span;
		} else {
			n = vmci_ring_dequeue(&r->take, bytes, 1 + next(&s) % sizeof(bytes));
		}
		if (n == VMCI_ERROR_QUEUEPAIR_NODATA) {
			sched_yield();
			continue;
		}
		if (n < 0) {
			r->wrong = "an error instead of bytes";
			return NULL;
		}
		for (int64_t i = 0; i < n; i++)
			if (got[i] != byte_at(at + (uint32_t)i)) {
				r->wrong = "a byte that was not put";
				return NULL;
			}
		if (r->is_in_place)
			vmci_ring_advance(&r->take, (uint64_t)n);
		at += (uint32_t)n;
	}
	vmci_ring_commit(&r->take);
	return NULL;
}

static void run(struct run *r)
{
	static uint64_t a[3], b[3];
	uint32_t npages = (r->size + 4095) / 4096;
	uint8_t *memory = calloc(npages, 8192);
	void **pages = calloc(npages, sizeof(*pages));
	struct vmci_ring_memory ma = { a, b, r->is_contiguous ? NULL : pages, memory, r->size, 12 };
	struct vmci_ring_memory mb = { b, a, r->is_contiguous ? NULL : pages, memory, r->size, 12 };
	pthread_t producer, consumer;

	for (uint32_t i = 0; i < npages; i++)
		pages[i] = memory + (size_t)(npages - 1 - i) * 8192;
	vmci_queue_header_init(a, vmci_handle(1, 2));
	vmci_queue_header_init(b, vmci_handle(1, 2));
	if (vmci_ring_init(&r->put, VMCI_RING_PRODUCER, &ma) ||
	    vmci_ring_init(&r->take, VMCI_RING_CONSUMER, &mb) ||
	    pthread_create(&producer, NULL, produce, r) ||
	    pthread_create(&consumer, NULL, consume, r)) {
		r->wrong = "cannot start";
		return;
	}
	pthread_join(consumer, NULL);
	if (r->wrong) /* the producer may wait for ever */
		return;
	pthread_join(producer, NULL);
	free(pages);
	free(memory);
}

int main(void)
{
	static struct run runs[] = {
		{ .name = "scattered pages", .size = 20000 },
		{ .name = "contiguous memory", .size = 20000, .is_contiguous = true },
		{ .name = "a tiny queue", .size = 7, .is_contiguous = true },
		{ .name = "batches", .size = 20000, .is_batched = true },
		{ .name = "batches in a tiny queue", .size = 100, .is_batched = true },
		{ .name = "in place", .size = 20000, .is_in_place = true },
		{ .name = "in place, in batches",
		  .size = 12288,
		  .is_in_place = true,
		  .is_batched = true },
	};
	int failed = 0;

	printf("1..%zu\n", sizeof(runs) / sizeof(runs[0]));
	for (size_t i = 0; i < sizeof(runs) / sizeof(runs[0]) && !failed; i++) {
		run(&runs[i]);
		failed = runs[i].wrong != NULL;
		printf("%sok %zu - %s%s%s\n", failed ? "not " : "", i + 1, runs[i].name,
		       failed ? ": " : "", failed ? runs[i].wrong : "");
	}
	return failed;
}
