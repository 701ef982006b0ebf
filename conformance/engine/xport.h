/* SPDX-License-Identifier: BSD-2-Clause */
/* xport.h - the engine's own way to move datagrams, as a driver would.
 *
 * Sends byte by byte through DATA_OUT or from one DMA buffer; receives with the algorithm of
 * the known drivers, through DATA_IN or into one DMA buffer. Independent of core/guest: what a
 * guest does is written down here once more. Bytes go out as they are, malformed or not.
 *
 * One receive runs a driver's whole invocation, to the point where a driver would stop, and
 * queues all datagrams; xport_next() hands them out one at a time.
 */
#ifndef CONFORMANCE_XPORT_H
#define CONFORMANCE_XPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "machine.h"
#include "text.h"

#define XPORT_RX_BYTES	 69632u	 /* a driver's receive buffer */
#define XPORT_FIFO_BYTES 262144u /* datagrams of one invocation, with 4 bytes each in front */

/* Return values beside 0 and the machine's negative ones. */
#define XPORT_FAULT 1 /* the device broke the transport: want and saw say how */

struct xport {
	struct machine *m;
	enum machine_window window; /* of the registers; DATA_OUT and DATA_IN are always ports */
	bool dma;
	uint64_t wait_us; /* how long a DMA request may take */

	uint64_t tx, tx_bytes; /* DMA send buffer: address, size; 0 = none yet */
	uint64_t rx;	       /* DMA receive buffer: a page for the header, then XPORT_RX_BYTES */

	uint8_t *buffer; /* XPORT_RX_BYTES, the caller's */
	uint8_t *fifo;	 /* XPORT_FIFO_BYTES, the caller's */
	uint32_t fifo_head, fifo_tail;
	uint64_t read_total; /* bytes taken through DATA_IN in this invocation */

	struct text *want, *saw; /* the caller's; written when XPORT_FAULT is returned */
};

/* Forget buffers and queued datagrams; the memory they had is the machine's business. */
void xport_start(struct xport *x, struct machine *m, enum machine_window window, bool dma);

/* Datagrams received but not taken yet are dropped (the device was reset). */
void xport_forget(struct xport *x);

/* Send len bytes as one datagram; *result gets RESULT_LOW. By DMA this also checks that `busy` was
 * cleared in time. Returns 0, XPORT_FAULT or the machine's error. */
int xport_send(struct xport *x, const uint8_t *bytes, size_t len, uint32_t *result);

/* The next datagram: from the queue, else after one invocation. *len 0: nothing waits.
 * The bytes are valid until the next call. Returns 0, XPORT_FAULT or the machine's error. */
int xport_next(struct xport *x, const uint8_t **dg, uint32_t *len);

#endif
