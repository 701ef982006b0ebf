/* SPDX-License-Identifier: BSD-2-Clause */
/* fake_device.h - a guest port with a device behind it that does what a test says, right or wrong.
 *
 * Device addresses are the addresses of the memory. Everything allocated is counted; memory given
 * out is surrounded by the sanitizer. The clock advances only by relax() and by reading bytes.
 */
#ifndef TEST_FAKE_DEVICE_H
#define TEST_FAKE_DEVICE_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <vmci/guest.h>

#define FAKE_CID 0x42u

struct fake {
	struct vmci_guest_port port;
	uint32_t caps;
	int32_t result;
	uint64_t now_us;
	bool is_gone;

	/* Answer to one datagram of the guest; NULL: fake_answer(). */
	int32_t (*answer)(struct fake *f, const uint8_t *dg, size_t len);
	bool keeps_sends; /* a DMA send is never completed */
	/* Fill one receive: through the ports the next len bytes, by DMA the whole buffer.
	 * NULL: nothing waits. */
	void (*fill)(struct fake *f, uint8_t *dst, size_t len);
	uint32_t receive_busy; /* what busy becomes after a receive; 1 is right */
	uint32_t causes;       /* ICR */

	/* what the guest did */
	uint32_t writes[64][2]; /* offset, value */
	unsigned nwrites;
	unsigned nsends, nreceives, nnotes;
	uint8_t last[300000]; /* the last datagram */
	size_t last_len;
	uint64_t out_high, in_high;
	uint8_t *last_tx; /* buffer of the last DMA send */
	uint8_t *receive; /* buffer of the last DMA receive, until it is answered */

	/* memory */
	size_t nlive, nalloc, fail_at; /* fail_at: number of the allocation that fails, from 1 */
	size_t max_piece;	       /* largest dma_alloc, 0: any */
	bool no_dma_page;	       /* a single page is not to be had */

	void *arg; /* the test's */
};

/* A good device of both windows that offers everything. */
void fake_init(struct fake *f);
/* RESOURCES_QUERY: 1, GET_CONTEXT_ID: FAKE_CID, to other contexts: the size, else 0. */
int32_t fake_answer(struct fake *f, const uint8_t *dg, size_t len);
/* Complete the receive that the guest waits for. */
void fake_complete_receive(struct fake *f);
/* Write a record (header and payload_size zero bytes of payload, padded). Returns its length. */
size_t fake_record(uint8_t *dst, uint32_t resource, uint64_t payload_size);
/* 32-bit generator, state in *s. */
uint32_t fake_random(uint32_t *s);

#endif
