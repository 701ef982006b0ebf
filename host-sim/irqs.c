/* SPDX-License-Identifier: BSD-2-Clause */
/* irqs.c - interrupts of a vfio-user device. */
#include "irqs.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

void irqs_init(struct irqs *q, const unsigned counts[3], void (*changed)(void *ctx), void *ctx)
{
	memset(q, 0, sizeof(*q));
	q->changed = changed;
	q->ctx = ctx;
	for (unsigned k = 0; k <= VFU_MSIX; k++) {
		q->kind[k].count = counts[k] < IRQS_VECTORS ? counts[k] : IRQS_VECTORS;
		for (unsigned v = 0; v < IRQS_VECTORS; v++)
			q->kind[k].fd[v] = -1;
	}
}

static void set_fd(struct irqs_kind *kind, unsigned v, int fd)
{
	if (kind->fd[v] >= 0)
		close(kind->fd[v]);
	kind->fd[v] = fd;
	kind->polite[v] = fd >= 0 && (fcntl(fd, F_GETFL) & O_NONBLOCK) != 0;
}

static void kind_off(struct irqs_kind *kind)
{
	for (unsigned v = 0; v < IRQS_VECTORS; v++) {
		set_fd(kind, v, -1);
		kind->masked[v] = false;
		kind->pending[v] = false;
	}
	kind->enabled = 0;
}

void irqs_drop(struct irqs *q)
{
	for (unsigned k = 0; k <= VFU_MSIX; k++)
		kind_off(&q->kind[k]);
}

enum irqs_mode irqs_mode(const struct irqs *q)
{
	if (q->kind[VFU_MSIX].enabled)
		return IRQS_MSIX;
	if (q->kind[VFU_MSI].enabled)
		return IRQS_MSI;
	return q->kind[VFU_INTX].enabled ? IRQS_INTX : IRQS_OFF;
}

static const struct irqs_kind *in_force(const struct irqs *q)
{
	switch (irqs_mode(q)) {
	case IRQS_MSIX:
		return &q->kind[VFU_MSIX];
	case IRQS_MSI:
		return &q->kind[VFU_MSI];
	case IRQS_INTX:
		return &q->kind[VFU_INTX];
	default:
		return NULL;
	}
}

uint32_t irqs_usable(const struct irqs *q)
{
	const struct irqs_kind *kind = in_force(q);
	uint32_t bits = 0;

	for (unsigned v = 0; kind && v < kind->count; v++)
		if (kind->fd[v] >= 0)
			bits |= UINT32_C(1) << v;
	return bits;
}

static bool kick(const struct irqs_kind *kind, unsigned v)
{
	static const uint64_t one = 1;
	struct pollfd p = { .fd = kind->fd[v], .events = POLLOUT };

	if (kind->fd[v] < 0)
		return false;
	/* The descriptor is the client's: it may be full, or no eventfd at all. A write that
	 * would block is not needed, the client has not fetched the last ones. */
	if (kind->polite[v] || (poll(&p, 1, 0) == 1 && (p.revents & POLLOUT)))
		if (write(kind->fd[v], &one, sizeof(one)) < 0 && errno != EAGAIN)
			return false;
	return true;
}

static bool fire(struct irqs_kind *kind, unsigned v)
{
	if (kind->fd[v] < 0)
		return false;
	if (kind->masked[v]) {
		kind->pending[v] = true;
		return true;
	}
	return kick(kind, v);
}

/* INTx masks itself with each trigger. */
static void raise_line(struct irqs *q)
{
	struct irqs_kind *kind = &q->kind[VFU_INTX];

	if (q->line && irqs_mode(q) == IRQS_INTX && kind->fd[0] >= 0 && !kind->masked[0]) {
		kick(kind, 0);
		kind->masked[0] = true;
	}
}

static void unmask(struct irqs *q, unsigned index, unsigned v)
{
	struct irqs_kind *kind = &q->kind[index];

	kind->masked[v] = false;
	if (index == VFU_INTX) {
		raise_line(q);
	} else if (kind->pending[v]) {
		kind->pending[v] = false;
		kick(kind, v);
	}
}

static void act(struct irqs *q, unsigned index, unsigned v, uint32_t action)
{
	struct irqs_kind *kind = &q->kind[index];

	if (action == VFU_SET_MASK)
		kind->masked[v] = true;
	else if (action == VFU_SET_UNMASK)
		unmask(q, index, v);
	else
		fire(kind, v);
}

static int check(const struct irqs *q, const struct vfu_irq_set *set, size_t len, unsigned nfds)
{
	uint32_t data = set->flags & VFU_SET_DATA, action = set->flags & VFU_SET_ACTION;
	unsigned count = set->index <= VFU_MSIX ? q->kind[set->index].count : 0;

	if (set->flags & ~(VFU_SET_DATA | VFU_SET_ACTION) || set->index >= VFU_IRQS)
		return -EINVAL;
	if ((data & (data - 1)) != 0 || data == 0 || (action & (action - 1)) != 0 || action == 0)
		return -EINVAL;
	if (set->start > count || set->count > count - set->start)
		return -EINVAL;
	if (set->count == 0 && (data != VFU_SET_NONE || action != VFU_SET_TRIGGER || set->start))
		return -EINVAL;
	if (len != (data == VFU_SET_BOOL ? set->count : 0))
		return -EINVAL;
	/* No descriptor at all: these vectors have no trigger. */
	if (nfds != 0 && (data != VFU_SET_EVENTFD || nfds != set->count))
		return -EINVAL;
	if (data == VFU_SET_EVENTFD && action != VFU_SET_TRIGGER)
		return -ENOTSUP;
	return 0;
}

int irqs_set(struct irqs *q, const struct vfu_irq_set *set, const uint8_t *data, size_t len,
	     int *fds, unsigned nfds)
{
	enum irqs_mode mode = irqs_mode(q);
	uint32_t usable = irqs_usable(q);
	struct irqs_kind *kind;
	int rc = check(q, set, len, nfds);

	/* An index without vectors (ERR, REQ) passes only as "off". */
	if (rc || set->index > VFU_MSIX)
		return rc;
	kind = &q->kind[set->index];
	if (set->count == 0) {
		kind_off(kind);
	} else if (set->flags & VFU_SET_EVENTFD) {
		for (unsigned i = 0; i < set->count; i++) {
			set_fd(kind, set->start + i, nfds ? fds[i] : -1);
			kind->masked[set->start + i] = false;
			if (nfds)
				fds[i] = -1;
		}
		if (kind->enabled < set->start + set->count)
			kind->enabled = set->start + set->count;
	} else {
		for (unsigned i = 0; i < set->count; i++)
			if (!(set->flags & VFU_SET_BOOL) || data[i])
				act(q, set->index, set->start + i, set->flags & VFU_SET_ACTION);
	}
	if ((mode != irqs_mode(q) || usable != irqs_usable(q)) && q->changed)
		q->changed(q->ctx);
	raise_line(q);
	return 0;
}

bool irqs_message(struct irqs *q, unsigned vector)
{
	enum irqs_mode mode = irqs_mode(q);
	struct irqs_kind *kind = &q->kind[mode == IRQS_MSIX ? VFU_MSIX : VFU_MSI];

	if ((mode != IRQS_MSIX && mode != IRQS_MSI) || vector >= kind->count)
		return false;
	return fire(kind, vector);
}

void irqs_line(struct irqs *q, bool raised)
{
	q->line = raised;
	raise_line(q);
}
