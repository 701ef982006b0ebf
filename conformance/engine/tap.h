/* SPDX-License-Identifier: BSD-2-Clause */
/* tap.h - stands between a guest under test and the device, sees what the guest does and can
 * answer in the device's place.
 *
 * Register accesses of the guest go through here; the tap notes writes and datagrams, then hands
 * them on. Guest memory is reached through the device's port. The same tap serves the guest in
 * process and one that a real machine runs.
 *
 *      guest under test --tap_read/tap_write--> tap --vmci_device_*--> device
 *                                                |
 *             tap_saw <--- what it did           +--- answer, deliver, offer, gone
 *
 * Receiving is passed through untouched, except while raw records wait (tap_deliver). Then the tap
 * takes what the device has, and serves an invocation of its own: raw records first, the device's
 * behind them, by the rules of chapter 22; by DMA one batch of raw records.
 *
 * Spec: chapter 90.
 */
#ifndef CONFORMANCE_TAP_H
#define CONFORMANCE_TAP_H

#include <vmci/device.h>
#include "machine.h"

#define TAP_LOG	    0x180000u /* bytes of what the guest did and nobody asked for yet */
#define TAP_RECORDS 0xc0000u  /* bytes of records to be received */
#define TAP_OUT_MAX 300000u   /* bytes kept of one datagram */
#define TAP_ANSWERS 16u

/* The caller's memory, large; zeroed, then tap_init(). */
struct tap {
	struct vmci_device *device;
	const struct vmci_device_port *port;
	/* Takes as events what the tap does in the device's place; the device's own come from its
	 * hub. NULL: nobody watches. The caller sets it behind tap_init. */
	void (*trace)(void *ctx, const struct vmci_trace *ev);
	void *trace_ctx;

	/* what the device pretends to be */
	bool is_gone, has_offer, has_result;
	uint32_t offer, result;
	int32_t answers[TAP_ANSWERS]; /* of the next datagrams */
	uint32_t nanswers;

	/* sending: the datagram that comes through the port, and the high address words */
	uint8_t out[TAP_OUT_MAX];
	uint64_t out_len, out_total; /* bytes so far; of all, once 24 are there */
	bool is_out_ours;	     /* it is answered here */
	uint32_t out_high, in_high;

	/* receiving */
	uint8_t records[TAP_RECORDS];	 /* raw: u32 length, then bytes, 8-aligned */
	uint32_t records_len, record;	 /* record: offset of the one being served */
	uint32_t record_at, record_size; /* bytes of it served; that it takes in the stream */
	uint32_t nraw;			 /* records put there by tap_deliver, not yet served */
	uint32_t left, read;		 /* of the guest's current read; 0: idle */
	bool is_in_ours;
	uint8_t scratch[VMCI_MAX_DG_SIZE];

	/* what was seen: u32 kind, width, offset, length, u64 value, then bytes, 8-aligned */
	uint8_t log[TAP_LOG];
	uint32_t log_head, log_len;
	bool is_log_full;
};

/* device and port (that of the device) are borrowed. */
void tap_init(struct tap *t, struct vmci_device *device, const struct vmci_device_port *port);
/* Nothing seen, nothing set. The device is the caller's to reset. */
void tap_fresh(struct tap *t);

/* Accesses of the guest, as vmci_device_read and so on. */
uint32_t tap_read(struct tap *t, enum vmci_window w, uint32_t offset, unsigned bits);
void tap_write(struct tap *t, enum vmci_window w, uint32_t offset, unsigned bits, uint32_t value);
void tap_read_bytes(struct tap *t, enum vmci_window w, uint32_t offset, uint8_t *dst, size_t len);
void tap_write_bytes(struct tap *t, enum vmci_window w, uint32_t offset, const uint8_t *src,
		     size_t len);

/* The functions of machine.h of the same names, with their results. tap_answer may be called
 * up to TAP_ANSWERS times before the datagrams come; tap_deliver: records are served in the
 * order of the calls; MACHINE_ERROR: no room. */
int tap_saw(struct tap *t, struct machine_event *ev);
int tap_offer(struct tap *t, uint32_t caps);
int tap_answer(struct tap *t, int32_t result);
int tap_deliver(struct tap *t, const uint8_t *record, size_t len);
int tap_gone(struct tap *t);

/* ---- between tap.c and tap_in.c --------------------------------------------------------- */

uint8_t tap_in_byte(struct tap *t); /* the guest reads DATA_IN and the stream is ours */
void tap_trace(struct tap *t, struct vmci_trace ev); /* with the guest's context id */
bool tap_in_starts(struct tap *t);		     /* an invocation starts: is it ours? */
bool tap_in_dma(struct tap *t, uint32_t low);	     /* a receive starts: was it ours? */
void tap_in_reset(struct tap *t);		     /* the device was reset by the guest */

#endif
