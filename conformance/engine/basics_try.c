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

/* One thing from a fresh start. A broken transport is an answer; a machine that broke is none. */
static int from_start(struct trial *t, int (*thing)(struct trial *))
{
	int rc = fresh(t);

	if (!rc)
		rc = thing(t);
	return rc < 0 ? rc : 0;
}

static int try_transport(struct engine *e, bool dma)
{
	struct trial t = { .e = e, .dma = dma };
	int rc = 0;

	if (dma)
		rc = from_start(&t, trial_take);
	if (!rc)
		rc = from_start(&t, trial_calls);
	if (!rc && dma && !(t.bad & TRIAL_CALLS))
		rc = from_start(&t, trial_refused);
	/* Without an address of its own there is nothing to go on with. */
	if (t.bad & TRIAL_CALLS)
		t.bad |= dma ? BASIC_OWN_DMA : BASIC_OWN_PORTS;
	else if (!rc)
		rc = from_start(&t, trial_datagram);
	if (!rc && !(t.bad & TRIAL_OWNS))
		rc = from_start(&t, trial_order);
	if (!rc && !(t.bad & TRIAL_CALLS)) {
		rc = from_start(&t, trial_icr);
		if (!rc)
			rc = from_start(&t, trial_pair);
		if (!rc && e->offer.needs & VCT_NEED_NOTIFICATIONS)
			rc = from_start(&t, trial_ring);
		if (!rc && e->offer.needs & VCT_NEED_NOTIFICATIONS && !(t.bad & BASIC_RING))
			rc = from_start(&t, trial_ring_cause);
		if (!rc && !(t.bad & TRIAL_OWNS))
			rc = from_start(&t, trial_message);
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
