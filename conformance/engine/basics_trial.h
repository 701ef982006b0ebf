/* SPDX-License-Identifier: BSD-2-Clause */
/* basics_trial.h - inside of basics: the single things that are tried, and what they share.
 *
 * Each trial starts with a negotiated transport on a clean device and notes in t->bad what did not
 * work. It returns 0, XPORT_FAULT or the machine's error, like the transport.
 */
#ifndef CONFORMANCE_BASICS_TRIAL_H
#define CONFORMANCE_BASICS_TRIAL_H

#include <vmci/defs.h>
#include "basics.h"
#include "engine.h"

#define TRIAL_PAYLOAD_MAX 72u /* bytes: a queue pair of four pages, their numbers in 64 bits */
#define TRIAL_OWN	  (VMCI_RESERVED_RESOURCE_ID_MAX + 1u) /* a doorbell, a queue pair */
#define TRIAL_WORD	  0x0123456789abcdefull
#define TRIAL_PATIENCE	  (ENGINE_WITHIN_US / ENGINE_QUIET_US) /* looks, until something is there */

#define TRIAL_CALLS (BASIC_CALL_PORTS | BASIC_CALL_DMA)
#define TRIAL_OWNS  (BASIC_OWN_PORTS | BASIC_OWN_DMA)

/* The trials by one transport. */
struct trial {
	struct engine *e;
	bool dma;
	uint32_t cid; /* by trial_calls(), for all behind it */
	uint32_t bad; /* enum basic */
};

/* Make a hypercall with a payload of at most TRIAL_PAYLOAD_MAX bytes. */
int trial_call(struct engine *e, uint32_t service, const uint8_t *payload, size_t len,
	       uint32_t *result);
/* Send `value` as a datagram to the own context. */
int trial_send_word(struct trial *t, uint64_t value, uint32_t *result);

/* Hypercalls and datagrams (basics_datagrams.c). */
int trial_calls(struct trial *t);
int trial_take(struct trial *t);     /* a receive when nothing waits */
int trial_refused(struct trial *t);  /* a send that is refused */
int trial_datagram(struct trial *t); /* one to the own context */
int trial_order(struct trial *t);    /* two of them */

/* Queue pairs, doorbells and interrupts (basics_objects.c). */
int trial_pair(struct trial *t);
int trial_icr(struct trial *t);
int trial_ring(struct trial *t);       /* an own doorbell, seen in the bitmap */
int trial_ring_cause(struct trial *t); /* the same, seen in ICR */
int trial_message(struct trial *t);    /* interrupt messages; without MSI-X nothing is tried */

#endif
