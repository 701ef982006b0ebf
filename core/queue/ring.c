/* SPDX-License-Identifier: BSD-2-Clause */
/* One queue of a queue pair, seen from one end. Spec: chapter 60. */
#include <vmci/ring.h>

#include <vmci/defs.h>
#include <vmci/fault.h>
#include <vmci/mem.h>
#include <vmci/order.h>

enum {
	RING_CONSUMER = 1,
	RING_CONTIGUOUS = 2,
	RING_BATCH = 4,
	RING_UNMAPPED = 8,
	RING_CORRUPT = 16, /* the last look before unmapping found a bad index */
};

#define LIKELY(x) __builtin_expect(!!(x), 1)

/* ---- copying ---------------------------------------------------------------------------- */

/* Copies of a few bytes dominate short messages, and a call costs more than they do. Two moves of
 * one width, overlapping in the middle, cover every length between the width and twice of it. */
#define MOVE_TWICE(type)                                                                           \
	do {                                                                                       \
		type first, last;                                                                  \
		__builtin_memcpy(&first, s, sizeof(type));                                         \
		__builtin_memcpy(&last, s + n - sizeof(type), sizeof(type));                       \
		__builtin_memcpy(d, &first, sizeof(type));                                         \
		__builtin_memcpy(d + n - sizeof(type), &last, sizeof(type));                       \
	} while (0)

static inline void copy16(uint8_t *d, const uint8_t *s)
{
	__builtin_memcpy(d, s, 16);
}

static inline void copy(uint8_t *d, const uint8_t *s, size_t n)
{
	if (n > 128) {
		memcpy(d, s, n);
	} else if (n > 32) {
		copy16(d, s);
		copy16(d + 16, s + 16);
		if (n > 64) {
			copy16(d + 32, s + 32);
			copy16(d + 48, s + 48);
			copy16(d + n - 64, s + n - 64);
			copy16(d + n - 48, s + n - 48);
		}
		copy16(d + n - 32, s + n - 32);
		copy16(d + n - 16, s + n - 16);
	} else if (n >= 16) {
		copy16(d, s);
		copy16(d + n - 16, s + n - 16);
	} else if (n >= 8) {
		MOVE_TWICE(uint64_t);
	} else if (n >= 4) {
		MOVE_TWICE(uint32_t);
	} else if (n >= 2) {
		MOVE_TWICE(uint16_t);
	} else {
		*d = *s;
	}
}

/* ---- indices ---------------------------------------------------------------------------- */

static inline bool is_consumer(const struct vmci_ring *r)
{
	return (r->flags & RING_CONSUMER) != 0;
}

/* Pairs with the peer's acquire load in its look(). */
static inline void publish(struct vmci_ring *r)
{
	uint64_t own = r->own;

	if (VMCI_FAULT("ring.pointer-not-wrapped") &&
	    own < vmci_load_acquire64(r->own_word) % (r->size + !r->size))
		own += r->size;
	if (VMCI_FAULT("ring.never-wraps") && r->size) {
		uint64_t before = vmci_load_acquire64(r->own_word);

		own = before + (own + r->size - before % r->size) % r->size;
	}
	vmci_store_release64(r->own_word, own);
	r->unpublished = 0;
}

/* Read the peer's index, the only place that does, and tell what may be moved by it. Pairs with the
 * peer's release store. */
static int64_t read_peer(const struct vmci_ring *r)
{
	uint64_t peer = vmci_load_acquire64(r->peer_word), ready;

	if (VMCI_FAULT("ring.pointer-32-bit"))
		peer = (uint32_t)peer;
	if (VMCI_FAULT("ring.zero-size") && !r->size)
		return 0;
	if (VMCI_FAULT("ring.empty-as-full") && is_consumer(r) && peer == r->own)
		return (int64_t)r->size - 1;
	if (peer >= r->size) {
		if (!VMCI_FAULT("ring.trust-peer-index") || !r->size)
			return VMCI_ERROR_INVALID_SIZE;
		peer %= r->size;
	}
	if (is_consumer(r))
		return (int64_t)(peer >= r->own ? peer - r->own : r->size - r->own + peer);
	ready = r->own >= peer ? r->own - peer : r->size - peer + r->own;
	return (int64_t)(r->size - 1 - ready) + (VMCI_FAULT("ring.no-gap") ? 1 : 0);
}

static int look(struct vmci_ring *r)
{
	int64_t avail;

	if (r->unpublished)
		publish(r); /* or a full ring would wait for a peer that sees nothing of it */
	avail = read_peer(r);
	if (avail < 0)
		return (int)avail;
	r->avail = (uint64_t)avail;
	return 0;
}

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
		publish(r);
	else
		r->unpublished = (uint16_t)(r->unpublished + n);
}

/* ---- moving ----------------------------------------------------------------------------- */

static int nothing(const struct vmci_ring *r)
{
	return is_consumer(r) ? VMCI_ERROR_QUEUEPAIR_NODATA : VMCI_ERROR_QUEUEPAIR_NOSPACE;
}

/* The general case of a transfer of up to len bytes. data is NULL to skip. */
static __attribute__((noinline)) int64_t move_runs(struct vmci_ring *r, uint8_t *data, uint64_t len)
{
	uint64_t done = 0;
	int rc;

	if (r->flags & RING_UNMAPPED)
		return VMCI_ERROR_QUEUEPAIR_NOT_READY;
	if ((len > r->avail && !VMCI_FAULT("ring.cached-space")) || !r->avail) {
		rc = look(r);
		if (rc < 0)
			return rc;
	}
	if (!r->avail && is_consumer(r) && VMCI_FAULT("ring.no-nodata"))
		return 0;
	if (!r->avail && !is_consumer(r) && VMCI_FAULT("ring.no-nospace"))
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
		if (data && is_consumer(r))
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
	return len - 1 < left_in_run(r) && (len <= r->avail || (!VMCI_FAULT("ring.cached-space") &&
								look(r) >= 0 && len <= r->avail));
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

/* ---- life ------------------------------------------------------------------------------- */

void vmci_queue_header_init(void *header, struct vmci_handle handle)
{
	uint8_t *bytes = header;

	memset(bytes, 0, VMCI_FAULT("pair.half-cleared") ? 12 : VMCI_QUEUE_HEADER_SIZE);
	vmci_put_handle(bytes + VMCI_QUEUE_HEADER_HANDLE, handle);
}

static int check_memory(const struct vmci_ring_memory *m)
{
	if (!m->own_header || !m->peer_header || ((uintptr_t)m->own_header & 7) ||
	    ((uintptr_t)m->peer_header & 7))
		return VMCI_LOCAL_BAD_ARGUMENT;
	if (m->size && !m->pages && !m->contiguous)
		return VMCI_LOCAL_BAD_ARGUMENT;
	if (m->pages && (m->page_shift < VMCI_GUEST_PAGE_SHIFT_MIN ||
			 m->page_shift > VMCI_GUEST_PAGE_SHIFT_MAX))
		return VMCI_LOCAL_BAD_ARGUMENT;
	return 0;
}

static void set_memory(struct vmci_ring *r, const struct vmci_ring_memory *m)
{
	uint8_t *own = m->own_header;
	const uint8_t *peer = m->peer_header;

	if (is_consumer(r)) {
		r->own_word = own + VMCI_QUEUE_HEADER_CONSUMER_HEAD;
		r->peer_word = peer + VMCI_QUEUE_HEADER_PRODUCER_TAIL;
	} else {
		r->own_word = own + VMCI_QUEUE_HEADER_PRODUCER_TAIL;
		r->peer_word = peer + VMCI_QUEUE_HEADER_CONSUMER_HEAD;
	}
	r->flags &= RING_CONSUMER;
	if (m->pages) {
		r->memory = (void *)(uintptr_t)m->pages;
		r->page_shift = (uint8_t)m->page_shift;
	} else {
		r->memory = m->contiguous;
		r->flags |= RING_CONTIGUOUS;
	}
	r->run_end = (uint32_t)r->own;
}

int vmci_ring_init(struct vmci_ring *r, enum vmci_ring_side side,
		   const struct vmci_ring_memory *mem)
{
	int rc = check_memory(mem);

	if (rc < 0)
		return rc;
	memset(r, 0, sizeof(*r));
	r->flags = side == VMCI_RING_CONSUMER ? RING_CONSUMER : 0;
	r->size = mem->size;
	set_memory(r, mem);
	return 0;
}

int vmci_ring_attach(struct vmci_ring *r, enum vmci_ring_side side,
		     const struct vmci_ring_memory *mem)
{
	int rc = vmci_ring_init(r, side, mem);

	if (rc < 0)
		return rc;
	/* The own index is ours but has been in shared memory: believed like one of the peer. */
	r->own = vmci_load_acquire64(r->own_word);
	if (r->own >= r->size)
		return VMCI_ERROR_INVALID_SIZE;
	r->run_end = (uint32_t)r->own;
	return look(r);
}

void vmci_ring_unmap(struct vmci_ring *r)
{
	bool is_corrupt;

	if (r->flags & RING_UNMAPPED)
		return;
	is_corrupt = look(r) < 0;
	r->flags &= RING_CONSUMER;
	r->flags |= RING_UNMAPPED | (is_corrupt ? RING_CORRUPT : 0);
	r->run_end = (uint32_t)r->own;
	r->own_word = NULL;
	r->peer_word = NULL;
	r->memory = NULL;
}

int vmci_ring_map(struct vmci_ring *r, const struct vmci_ring_memory *mem)
{
	int rc = check_memory(mem);

	if (rc < 0)
		return rc;
	if (mem->size != r->size)
		return VMCI_LOCAL_BAD_ARGUMENT;
	set_memory(r, mem);
	r->avail = 0; /* the next use looks */
	publish(r);
	return 0;
}

/* ---- use -------------------------------------------------------------------------------- */

/* A question is answered from the peer's index as it is now; what was seen for moving stays. */
static int64_t ask(struct vmci_ring *r)
{
	if (VMCI_FAULT("ring.cached-space") && !(r->flags & RING_UNMAPPED))
		look(r);
	if (r->flags & RING_UNMAPPED)
		return r->flags & RING_CORRUPT ? VMCI_ERROR_INVALID_SIZE : (int64_t)r->avail;
	return read_peer(r);
}

int64_t vmci_ring_ready(struct vmci_ring *r)
{
	int64_t avail = ask(r);

	return avail < 0 || is_consumer(r) ? avail : (int64_t)r->size - 1 - avail;
}

int64_t vmci_ring_room(struct vmci_ring *r)
{
	int64_t avail = ask(r);

	return avail < 0 || !is_consumer(r) ? avail : (int64_t)r->size - 1 - avail;
}

int64_t vmci_ring_enqueue(struct vmci_ring *r, const void *src, size_t len)
{
	if (is_consumer(r))
		return VMCI_LOCAL_BAD_ARGUMENT;
	trust_own_word(r);
	if (LIKELY(is_short(r, len))) {
		copy(next_byte(r), src, len);
		step(r, (uint32_t)len);
		publish_moved(r, len);
		return (int64_t)len;
	}
	/* A producer's bytes are only read: move_runs() writes to them for consumers alone. */
	return move_runs(r, (uint8_t *)(uintptr_t)src, len);
}

int64_t vmci_ring_dequeue(struct vmci_ring *r, void *dst, size_t len)
{
	if (!is_consumer(r))
		return VMCI_LOCAL_BAD_ARGUMENT;
	trust_own_word(r);
	if (LIKELY(is_short(r, len))) {
		copy(dst, next_byte(r), len);
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
	rc = look(r);
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

	if (!is_consumer(r))
		return VMCI_LOCAL_BAD_ARGUMENT;
	if (VMCI_FAULT("ring.peek-takes"))
		return vmci_ring_dequeue(r, dst, len);
	if (len > r->avail && !(r->flags & RING_UNMAPPED)) {
		n = look(r);
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
		rc = look(r);
		if (rc < 0)
			return rc;
		if (offset >= r->avail)
			return is_consumer(r) ? VMCI_ERROR_QUEUEPAIR_NODATA
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
		publish(r);
}

int64_t vmci_ring_poll(struct vmci_ring *r, unsigned looks, unsigned pauses, void (*relax)(void *),
		       void *ctx)
{
	while (!r->avail) {
		int rc = r->flags & RING_UNMAPPED ? VMCI_ERROR_QUEUEPAIR_NOT_READY : look(r);

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
