/* SPDX-License-Identifier: BSD-2-Clause */
/* Moving bytes through one queue of a queue pair, seen from one end. Spec: chapter 60. */
#include <vmci/ring.h>

#include <vmci/defs.h>
#include <vmci/mem.h>
#include "copy.h"
#include "ring_index.h"

#define LIKELY(x) __builtin_expect(!!(x), 1)

/* ---- runs of bytes side by side --------------------------------------------------------- */

static inline uint64_t lesser(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* The run that starts at an index: its address, and its length, at least 1. Pages that happen to
 * be neighbours make one run, looked for as far as `want` bytes need it. */
static uint32_t run_at(const struct vmci_ring *r, uint64_t index, uint64_t want, uint8_t **at)
{
	uint64_t to_end = r->size - index;

	if (r->flags & RING_CONTIGUOUS) {
		*at = (uint8_t *)r->memory + index;
		return (uint32_t)lesser(to_end, UINT32_MAX);
	}

	void *const *page = (void *const *)r->memory + (index >> r->page_shift);
	uint64_t bytes = (uint64_t)1 << r->page_shift;
	uint64_t offset = index & (bytes - 1);
	uint64_t run = bytes - offset;

	*at = (uint8_t *)page[0] + offset;
	want = lesser(want, (uint64_t)1 << 30);
	while (run < want && run < to_end && page[1] == (uint8_t *)page[0] + bytes) {
		run += bytes;
		page++;
	}
	return (uint32_t)lesser(run, to_end);
}

/* Bytes left in the current run. */
static inline uint32_t left_in_run(const struct vmci_ring *r)
{
	return r->run_end - (uint32_t)r->own;
}

static inline uint8_t *next_byte(const struct vmci_ring *r)
{
	return (uint8_t *)(r->run + (uintptr_t)r->own);
}

/* Move the own index by n bytes of the current run. */
static inline void step(struct vmci_ring *r, uint32_t n)
{
	uint64_t own = r->own + n;

	r->avail -= n;
	if (own == r->size) {
		own = 0;
		r->run_end = 0;
	}
	r->own = own;
}

/* After n bytes were moved: tell the peer, unless a batch waits for more. */
static inline void publish_moved(struct vmci_ring *r, uint64_t n)
{
	if (LIKELY(!(r->flags & RING_BATCH)) || n + r->unpublished >= VMCI_RING_BATCH_BYTES)
		ring_publish(r);
	else
		r->unpublished = (uint16_t)(r->unpublished + n);
}

/* ---- moving ----------------------------------------------------------------------------- */

static int nothing(const struct vmci_ring *r)
{
	return ring_is_consumer(r) ? VMCI_ERROR_QUEUEPAIR_NODATA : VMCI_ERROR_QUEUEPAIR_NOSPACE;
}

/* The general case of a transfer of up to len bytes. data is NULL to skip. */
static __attribute__((noinline)) int64_t move_runs(struct vmci_ring *r, uint8_t *data, uint64_t len)
{
	uint64_t done = 0;
	int rc;

	if (r->flags & RING_UNMAPPED)
		return VMCI_ERROR_QUEUEPAIR_NOT_READY;
	if ((len > r->avail && !VMCI_FAULT("ring.cached-space")) || !r->avail) {
		rc = ring_look(r);
		if (rc < 0)
			return rc;
	}
	if (!r->avail && ring_is_consumer(r) && VMCI_FAULT("ring.no-nodata"))
		return 0;
	if (!r->avail && !ring_is_consumer(r) && VMCI_FAULT("ring.no-nospace"))
		return 0;
	if (!r->avail || (VMCI_FAULT("ring.no-partial") && len > r->avail))
		return nothing(r);

	len = lesser(lesser(len, r->avail), INT64_MAX);
	while (done < len) {
		uint64_t at = VMCI_FAULT("ring.split-wrong") ? 0 : done;
		uint32_t n;

		if (!left_in_run(r)) {
			uint8_t *start;
			uint32_t run = run_at(r, r->own, len - done, &start);

			r->run = (uintptr_t)start - (uintptr_t)r->own;
			r->run_end = (uint32_t)r->own + run;
		}
		n = (uint32_t)lesser(len - done, left_in_run(r));
		if (data && ring_is_consumer(r))
			memcpy(data + at, next_byte(r), n);
		else if (data)
			memcpy(next_byte(r), data + at, n);
		step(r, n);
		done += n;
	}
	if (done)
		publish_moved(r, done);
	return (int64_t)done;
}

/* True when one run suffices, after at most one look; false also for len 0. */
static inline bool is_short(struct vmci_ring *r, size_t len)
{
	return len - 1 < left_in_run(r) &&
	       (len <= r->avail ||
		(!VMCI_FAULT("ring.cached-space") && ring_look(r) >= 0 && len <= r->avail));
}

/* The mistake to go by the own index in shared memory, where the peer can write it. It leads out of
 * the queue; here not out of its first page, so that a vector and not a crash tells. */
static void trust_own_word(struct vmci_ring *r)
{
	if (!VMCI_FAULT("ring.own-pointer-trusted") || !r->size || (r->flags & RING_UNMAPPED))
		return;
	r->own = vmci_load_acquire64(r->own_word);
	r->avail = 0;
	if (r->own >= r->size) {
		r->own = r->size + (r->own & 0xff);
		r->avail = r->size - 1;
	}
	r->run_end = (uint32_t)r->own;
}

/* ---- use -------------------------------------------------------------------------------- */

/* A question is answered from the peer's index as it is now; what was seen for moving stays. */
static int64_t ask(struct vmci_ring *r)
{
	if (VMCI_FAULT("ring.cached-space") && !(r->flags & RING_UNMAPPED))
		ring_look(r);
	if (r->flags & RING_UNMAPPED)
		return r->flags & RING_CORRUPT ? VMCI_ERROR_INVALID_SIZE : (int64_t)r->avail;
	return ring_read_peer(r);
}

int64_t vmci_ring_ready(struct vmci_ring *r)
{
	int64_t avail = ask(r);

	return avail < 0 || ring_is_consumer(r) ? avail : (int64_t)r->size - 1 - avail;
}

int64_t vmci_ring_room(struct vmci_ring *r)
{
	int64_t avail = ask(r);

	return avail < 0 || !ring_is_consumer(r) ? avail : (int64_t)r->size - 1 - avail;
}

int64_t vmci_ring_enqueue(struct vmci_ring *r, const void *src, size_t len)
{
	if (ring_is_consumer(r))
		return VMCI_LOCAL_BAD_ARGUMENT;
	trust_own_word(r);
	if (LIKELY(is_short(r, len))) {
		ring_copy(next_byte(r), src, len);
		step(r, (uint32_t)len);
		publish_moved(r, len);
		return (int64_t)len;
	}
	/* A producer's bytes are only read: move_runs() writes to them for consumers alone. */
	return move_runs(r, (uint8_t *)(uintptr_t)src, len);
}

int64_t vmci_ring_dequeue(struct vmci_ring *r, void *dst, size_t len)
{
	if (!ring_is_consumer(r))
		return VMCI_LOCAL_BAD_ARGUMENT;
	trust_own_word(r);
	if (LIKELY(is_short(r, len))) {
		ring_copy(dst, next_byte(r), len);
		step(r, (uint32_t)len);
		publish_moved(r, len);
		return (int64_t)len;
	}
	return move_runs(r, dst, len);
}

/* Can len bytes be moved at once? What is there now does not become less before they are. */
static int ensure(struct vmci_ring *r, size_t len)
{
	int rc;

	if (len <= r->avail)
		return 0;
	if (r->flags & RING_UNMAPPED)
		return VMCI_ERROR_QUEUEPAIR_NOT_READY;
	rc = ring_look(r);
	if (rc < 0)
		return rc;
	return len <= r->avail ? 0 : nothing(r);
}

int64_t vmci_ring_put(struct vmci_ring *r, const void *src, size_t len)
{
	int rc = ensure(r, len);

	return rc < 0 ? rc : vmci_ring_enqueue(r, src, len);
}

int64_t vmci_ring_take(struct vmci_ring *r, void *dst, size_t len)
{
	int rc = ensure(r, len);

	return rc < 0 ? rc : vmci_ring_dequeue(r, dst, len);
}

int64_t vmci_ring_peek(struct vmci_ring *r, void *dst, size_t len)
{
	uint8_t *out = dst;
	uint64_t done = 0;
	int64_t n;
	void *at;

	if (!ring_is_consumer(r))
		return VMCI_LOCAL_BAD_ARGUMENT;
	if (VMCI_FAULT("ring.peek-takes"))
		return vmci_ring_dequeue(r, dst, len);
	if (len > r->avail && !(r->flags & RING_UNMAPPED)) {
		n = ring_look(r);
		if (n < 0)
			return n;
	}
	do {
		n = vmci_ring_span(r, done, &at);
		if (n < 0)
			break;
		if ((uint64_t)n > len - done)
			n = (int64_t)(len - done);
		if (n)
			memcpy(out + done, at, (size_t)n);
		done += (uint64_t)n;
	} while (done < len);
	/* The bytes end before len: fine, unless there were none at all. */
	return done || n >= 0 ? (int64_t)done : n;
}

int64_t vmci_ring_span(struct vmci_ring *r, uint64_t offset, void **at)
{
	uint64_t index, avail;
	uint8_t *byte;
	uint32_t run;
	int rc;

	if (r->flags & RING_UNMAPPED)
		return VMCI_ERROR_QUEUEPAIR_NOT_READY;
	if (offset >= r->avail) {
		rc = ring_look(r);
		if (rc < 0)
			return rc;
		if (offset >= r->avail)
			return ring_is_consumer(r) ? VMCI_ERROR_QUEUEPAIR_NODATA
						   : VMCI_ERROR_QUEUEPAIR_NOSPACE;
	}
	avail = r->avail - offset;
	index = r->own < r->size - offset ? r->own + offset : r->own - (r->size - offset);
	run = run_at(r, index, avail, &byte);
	*at = byte;
	return (int64_t)lesser(run, avail);
}

int vmci_ring_advance(struct vmci_ring *r, uint64_t n)
{
	if (r->flags & RING_UNMAPPED)
		return VMCI_ERROR_QUEUEPAIR_NOT_READY;
	if (n > r->avail)
		return VMCI_LOCAL_BAD_ARGUMENT;
	if (n)
		move_runs(r, NULL, n);
	return 0;
}

void vmci_ring_begin(struct vmci_ring *r)
{
	if (!(r->flags & RING_UNMAPPED))
		r->flags |= RING_BATCH;
}

void vmci_ring_commit(struct vmci_ring *r)
{
	r->flags &= (uint8_t)~RING_BATCH;
	if (r->unpublished)
		ring_publish(r);
}

int64_t vmci_ring_poll(struct vmci_ring *r, unsigned looks, unsigned pauses, void (*relax)(void *),
		       void *ctx)
{
	while (!r->avail) {
		int rc = r->flags & RING_UNMAPPED ? VMCI_ERROR_QUEUEPAIR_NOT_READY : ring_look(r);

		if (rc < 0)
			return rc;
		if (r->avail || looks <= 1)
			break;
		looks--;
		for (unsigned i = 0; i < pauses; i++)
			relax(ctx);
	}
	return (int64_t)r->avail;
}
