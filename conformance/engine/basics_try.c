/* SPDX-License-Identifier: BSD-2-Clause */
/* basics_try.c - trying what nearly every vector stands on, once for each device. */
#include "basics_trial.h"

#include "probe.h"
#include "start.h"

/* The vector's own state goes first, host actors' included: a machine that they paused would answer
 * nothing. */
static int fresh(struct trial *t)
{
	struct engine *e = t->e;
	const char *what;
	uint32_t caps;
	int rc = start_clean(e, true, &what);

	e->window = t->dma && e->offer.mmio ? MACHINE_MMIO : probe_window(e);
	xport_start(&e->xport, e->machine, e->window, t->dma);
	if (!rc)
		rc = probe_offer(e, &caps);
	return rc ? rc : probe_negotiate(e, t->dma);
}

/* By name: the address of a function in another file would need a table that somebody relocates. */
enum thing {
	TAKE,
	CALLS,
	REFUSED,
	DATAGRAM,
	ORDER,
	ICR,
	PAIR,
	RING,
	RING_CAUSE,
	MESSAGE,
};

static int try_thing(struct trial *t, enum thing thing)
{
	switch (thing) {
	case TAKE:
		return trial_take(t);
	case CALLS:
		return trial_calls(t);
	case REFUSED:
		return trial_refused(t);
	case DATAGRAM:
		return trial_datagram(t);
	case ORDER:
		return trial_order(t);
	case ICR:
		return trial_icr(t);
	case PAIR:
		return trial_pair(t);
	case RING:
		return trial_ring(t);
	case RING_CAUSE:
		return trial_ring_cause(t);
	case MESSAGE:
		return trial_message(t);
	}
	return 0;
}

/* One thing from a fresh start. A broken transport is an answer; a machine that broke is none. */
static int from_start(struct trial *t, enum thing thing)
{
	int rc = fresh(t);

	if (!rc)
		rc = try_thing(t, thing);
	return rc < 0 ? rc : 0;
}

static int try_transport(struct engine *e, bool dma)
{
	struct trial t = { .e = e, .dma = dma };
	int rc = 0;

	if (dma)
		rc = from_start(&t, TAKE);
	if (!rc)
		rc = from_start(&t, CALLS);
	if (!rc && dma && !(t.bad & TRIAL_CALLS))
		rc = from_start(&t, REFUSED);
	/* Without an address of its own there is nothing to go on with. */
	if (t.bad & TRIAL_CALLS)
		t.bad |= dma ? BASIC_OWN_DMA : BASIC_OWN_PORTS;
	else if (!rc)
		rc = from_start(&t, DATAGRAM);
	if (!rc && !(t.bad & TRIAL_OWNS))
		rc = from_start(&t, ORDER);
	if (!rc && !(t.bad & TRIAL_CALLS)) {
		rc = from_start(&t, ICR);
		if (!rc)
			rc = from_start(&t, PAIR);
		if (!rc && e->offer.needs & VCT_NEED_NOTIFICATIONS)
			rc = from_start(&t, RING);
		if (!rc && e->offer.needs & VCT_NEED_NOTIFICATIONS && !(t.bad & BASIC_RING))
			rc = from_start(&t, RING_CAUSE);
		if (!rc && !(t.bad & TRIAL_OWNS))
			rc = from_start(&t, MESSAGE);
	}
	e->basics.broken |= t.bad;
	return rc;
}

int basics_try(struct engine *e)
{
	int rc = 0;

	e->basics.broken = 0;
	if (e->offer.ports)
		rc = try_transport(e, false);
	if (!rc && e->offer.needs & VCT_NEED_DMA)
		rc = try_transport(e, true);
	e->basics.tried = rc == 0;
	return rc;
}
