/* SPDX-License-Identifier: BSD-2-Clause */
/* irqs.h - interrupts of a vfio-user device: eventfds, masks and the INTx line.
 *
 * Follows what the client asks with SET_IRQS and tells which kind of interrupt is in
 * force. It keeps no cause: a message for a vector that cannot deliver now is the caller's
 * to remember, except under a mask, where one message stays pending.
 *
 * INTx is a level. Each trigger masks it until the client unmasks; a line still raised then
 * triggers again.
 */
#ifndef HOST_SIM_IRQS_H
#define HOST_SIM_IRQS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "vfu_proto.h"

#define IRQS_VECTORS 32u /* most vectors of one kind */

enum irqs_mode {
	IRQS_OFF,
	IRQS_INTX,
	IRQS_MSI,
	IRQS_MSIX
};

struct irqs_kind {
	unsigned count;	  /* vectors the device offers */
	unsigned enabled; /* vectors the client switched on: 0..enabled - 1; 0 = kind is off */
	int fd[IRQS_VECTORS];
	bool polite[IRQS_VECTORS]; /* a write cannot block */
	bool masked[IRQS_VECTORS];
	bool pending[IRQS_VECTORS];
};

struct irqs {
	struct irqs_kind kind[VFU_MSIX + 1]; /* INTx, MSI, MSI-X */
	bool line;			     /* level of INTx as the device wants it */
	void (*changed)(void *ctx);	     /* mode or usable vectors changed; may be NULL */
	void *ctx;
};

/* counts: vectors of INTx (0 or 1), MSI, MSI-X, each at most IRQS_VECTORS. */
void irqs_init(struct irqs *q, const unsigned counts[3], void (*changed)(void *ctx), void *ctx);
/* Close every eventfd, masks off. The line's level stays. Does not call changed. */
void irqs_drop(struct irqs *q);

/* Carry out one SET_IRQS.
 *   data, len  what follows the fixed part
 *   fds, nfds  descriptors of the message; those that are kept are set to -1
 * Returns 0 or a negative errno, nothing changed: -EINVAL (flags, index, range, length or
 * descriptor count), -ENOTSUP (an eventfd as mask or unmask source). */
int irqs_set(struct irqs *q, const struct vfu_irq_set *set, const uint8_t *data, size_t len,
	     int *fds, unsigned nfds);

/* The kind in force: MSI-X before MSI before INTx. */
enum irqs_mode irqs_mode(const struct irqs *q);
/* Bit n: vector n of that kind has an eventfd. */
uint32_t irqs_usable(const struct irqs *q);

/* Send message vector of the kind in force. False: it is off or has no eventfd. */
bool irqs_message(struct irqs *q, unsigned vector);
/* Set the level of INTx. */
void irqs_line(struct irqs *q, bool raised);

#endif
