/* SPDX-License-Identifier: BSD-2-Clause */
/* ring.h - one queue of a queue pair, seen from one end.
 *
 * A queue is a header and `size` data bytes. Producer and consumer each own one index; each index
 * lies in the header of the queue that its owner *produces* into:
 *
 *        header of A's produce queue        header of B's produce queue
 *       +---------------------------+      +---------------------------+
 *     0 | handle                    |      | handle                    |
 *     8 | producer_tail             |<-A   | producer_tail             |<-B
 *    16 | consumer_head             |<-A   | consumer_head             |<-B
 *       +---------------------------+      +---------------------------+
 *
 *                     consumer_head (B's)       producer_tail (A's)
 *                             v                         v
 *       data of      +--------+-------------------------+-----------+
 *       A's queue    | free   | ready to be taken by B  | free      |   size bytes
 *                    +--------+-------------------------+-----------+
 *                    page 0 | page 1 | ... any pages, or one piece of memory
 *
 * Equal indices mean empty, so at most size - 1 bytes are in the queue. `size` need not be a
 * multiple of the page size and may be 0: every operation on such a ring gives
 * VMCI_ERROR_INVALID_SIZE.
 *
 * struct vmci_ring is one end of one queue. It trusts nobody: the own index is kept here and only
 * ever written to shared memory; the index of the peer is read when the last value read is used
 * up, once, and refused unless it is below `size`. What lies between a good pair of indices is
 * always inside the queue, so a peer can spoil data, never memory. Because the last value serves
 * until it is used up, a peer's bad index is noticed when the ring next has to look: at the
 * latest when ready() or room() is asked.
 *
 * One caller at a time for each ring. Producer and consumer of one queue need no lock between
 * them, and neither do the two rings of one end.
 *
 * Order: stores to the own index have release semantics and pair with the peer's acquire load of
 * the same word, so
 *      producer: data, then tail     -> consumer: tail, then data
 *      consumer: data read, then head -> producer: head, then overwrites
 *
 * Example, both ends in one program:
 *
 *      uint64_t a_header[3], b_header[3];
 *      uint8_t bytes[4096];
 *      struct vmci_ring_memory at_a = { a_header, b_header, NULL, bytes, sizeof(bytes), 12 };
 *      struct vmci_ring_memory at_b = { b_header, a_header, NULL, bytes, sizeof(bytes), 12 };
 *      struct vmci_ring put, take;
 *
 *      vmci_queue_header_init(a_header, handle);
 *      vmci_queue_header_init(b_header, handle);
 *      vmci_ring_init(&put, VMCI_RING_PRODUCER, &at_a);
 *      vmci_ring_init(&take, VMCI_RING_CONSUMER, &at_b);
 *      vmci_ring_enqueue(&put, "hello", 5);              // 5
 *      vmci_ring_dequeue(&take, buffer, sizeof(buffer)); // 5
 *      vmci_ring_dequeue(&take, buffer, sizeof(buffer)); // VMCI_ERROR_QUEUEPAIR_NODATA
 *
 * Spec: chapter 60.
 */
#ifndef VMCI_RING_H
#define VMCI_RING_H

#include <stddef.h>
#include <stdint.h>
#include <vmci/error.h>
#include <vmci/wire.h>

enum vmci_ring_side {
	VMCI_RING_PRODUCER,
	VMCI_RING_CONSUMER
};

/* Where a queue lies, from the view of one end. Everything is borrowed until vmci_ring_unmap() or
 * the last call on the ring. */
struct vmci_ring_memory {
	void *own_header;	 /* of the queue that this end produces into; written */
	const void *peer_header; /* of the queue that the peer produces into; read */
	void *const *pages;	 /* data pages in order, ceil(size / page), or NULL: */
	void *contiguous;	 /* then all data bytes side by side */
	uint64_t size;		 /* data bytes */
	unsigned page_shift;	 /* log2 of the page size, 12..16; unused without pages */
};
/* Headers are 24 bytes used, aligned to 8. */

/* Private to core/queue: one cache line, so that thousands of rings stay cheap. A run is bytes that
 * lie side by side in memory; the current one is where the next byte goes. */
struct vmci_ring {
	uintptr_t run;	      /* plus an index in the current run: the byte's address */
	uint32_t run_end;     /* low half of the index behind the run; that of `own`: no run */
	uint16_t unpublished; /* bytes moved since the own index was last stored, capped */
	uint8_t page_shift;
	uint8_t flags;
	uint64_t avail; /* bytes that may be moved by what was last read of the peer */
	uint64_t own;	/* own index, 0..size-1 */
	uint64_t size;
	void *own_word;
	const void *peer_word;
	void *memory; /* of pages, or of bytes */
};

/* A batch is published by itself when it has moved this many bytes. */
#define VMCI_RING_BATCH_BYTES 4096

/* Write a fresh header: handle, both indices 0. Before any peer can see it. */
void vmci_queue_header_init(void *header, struct vmci_handle handle);

/* Make one end of a fresh queue: both indices are taken to be 0, nothing shared is touched.
 *   mem  copied; what it points to is borrowed
 * Returns 0, or VMCI_LOCAL_BAD_ARGUMENT (a missing or unaligned header, no memory for a non-zero
 * size, page_shift). */
int vmci_ring_init(struct vmci_ring *r, enum vmci_ring_side side,
		   const struct vmci_ring_memory *mem);

/* Make one end of a queue that is in use: both indices are read once and checked.
 * Returns as vmci_ring_init, or VMCI_ERROR_INVALID_SIZE: an index is outside; *r is unusable. */
int vmci_ring_attach(struct vmci_ring *r, enum vmci_ring_side side,
		     const struct vmci_ring_memory *mem);

/* The memory goes away: the peer's index is read a last time and kept. Until vmci_ring_map(), ready
 * and room answer from it, everything else gives VMCI_ERROR_QUEUEPAIR_NOT_READY, and no memory
 * is touched. An open batch is published first. */
void vmci_ring_unmap(struct vmci_ring *r);
/* The memory is back, perhaps elsewhere. The own index is stored again, as it is known here.
 * Returns as vmci_ring_init, or VMCI_LOCAL_BAD_ARGUMENT for another size; then still unmapped. */
int vmci_ring_map(struct vmci_ring *r, const struct vmci_ring_memory *mem);

/* Bytes that can be taken, bytes that can be put; either question from either end. Reads the
 * peer's index. Returns 0..size-1, or VMCI_ERROR_INVALID_SIZE: the peer's index is outside. */
int64_t vmci_ring_ready(struct vmci_ring *r);
int64_t vmci_ring_room(struct vmci_ring *r);

/* Put up to len bytes (producer). Returns how many, at least 1 unless len is 0;
 * VMCI_ERROR_QUEUEPAIR_NOSPACE: full; VMCI_ERROR_INVALID_SIZE: the peer's index is outside;
 * VMCI_ERROR_QUEUEPAIR_NOT_READY: unmapped; VMCI_LOCAL_BAD_ARGUMENT: not a producer. After an error
 * nothing was touched. */
int64_t vmci_ring_enqueue(struct vmci_ring *r, const void *src, size_t len);
/* All len bytes or none: NOSPACE when fewer are free. */
int64_t vmci_ring_put(struct vmci_ring *r, const void *src, size_t len);

/* Take up to len bytes (consumer). Returns as enqueue, with VMCI_ERROR_QUEUEPAIR_NODATA: empty. */
int64_t vmci_ring_dequeue(struct vmci_ring *r, void *dst, size_t len);
/* All len bytes or none: NODATA when fewer are there. */
int64_t vmci_ring_take(struct vmci_ring *r, void *dst, size_t len);
/* As dequeue, and the bytes stay. */
int64_t vmci_ring_peek(struct vmci_ring *r, void *dst, size_t len);

/* Work in place: find bytes, use them where they lie, then advance.
 *   offset  bytes from the own index, to look at the runs behind the first one
 *   at      set to the first byte; readable (consumer) or writable (producer)
 * Returns the number of bytes that lie side by side from there, > 0; errors as enqueue and dequeue,
 * NOSPACE or NODATA also when offset is at or behind the end. The peer can change the bytes of a
 * consumer's span at any time: copy before checking. */
int64_t vmci_ring_span(struct vmci_ring *r, uint64_t offset, void **at);
/* Put or take n bytes that were found by spans. Returns 0; VMCI_LOCAL_BAD_ARGUMENT: more than
 * the spans found; VMCI_ERROR_QUEUEPAIR_NOT_READY. Nothing happened then. */
int vmci_ring_advance(struct vmci_ring *r, uint64_t n);

/* Several operations, one publication: between begin and commit the own index is stored only
 * when VMCI_RING_BATCH_BYTES have gathered or when the ring must look at the peer's index.
 * Committing the consumer right behind the producer of the same end is cheapest: the two words
 * share a cache line. Not nested. */
void vmci_ring_begin(struct vmci_ring *r);
void vmci_ring_commit(struct vmci_ring *r);

/* Look for something to move, at most `looks` times (at least once), with relax(ctx) called
 * `pauses` times between looks, so that the peer can gather a batch instead of being asked for each
 * byte. Returns what can be moved: > 0, or 0 after the last look, or
 * VMCI_ERROR_INVALID_SIZE, VMCI_ERROR_QUEUEPAIR_NOT_READY. */
int64_t vmci_ring_poll(struct vmci_ring *r, unsigned looks, unsigned pauses, void (*relax)(void *),
		       void *ctx);

#endif
