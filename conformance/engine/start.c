/* SPDX-License-Identifier: BSD-2-Clause */
/* A fresh start in front of each vector. */
#include "start.h"

#include <vmci/defs.h>
#include "needs.h"
#include "paths.h"
#include "probe.h"

static int peer_simple(struct engine *e, uint32_t op, const uint64_t *args, uint32_t nargs,
		       int64_t *rc)
{
	struct peer_request rq = { .op = op, .nargs = nargs };
	struct peer_reply rp = { .blob = e->data, .blob_max = ENGINE_DATA_MAX };
	int err;

	*rc = 0;
	if (!e->machine->peer)
		return MACHINE_UNSUPPORTED;
	for (uint32_t i = 0; i < nargs; i++)
		rq.args[i] = args[i];
	err = e->machine->peer(e->machine->ctx, &rq, &rp);
	*rc = rp.rc;
	return err;
}

/* The configuration of this vector, or the start-up one when the last vector had another. */
static int configure(struct engine *e)
{
	const struct vct_vector *v = e->vector;
	uint64_t args[1 + VCT_CONFIG_KEYS] = { v->config_mask };
	int64_t rc = 0;
	int err;

	if (!v->config_mask && !e->configured)
		return 0;
	for (int i = 0; i < VCT_CONFIG_KEYS; i++)
		args[1 + i] = v->config[i];
	e->probed = false;
	err = peer_simple(e, PEER_CONFIGURE, args, 1 + VCT_CONFIG_KEYS, &rc);
	if (err)
		return step_machine(e, err, "configure the device");
	if (rc == PEER_RC_UNSUPPORTED)
		return step_unobserved(e, "configure the device that way");
	if (rc)
		return step_error(e, "the peer refused the configuration");
	e->configured = v->config_mask != 0;
	return 0;
}

/* It was there and is not any more. That is told once; the vectors behind are spared. */
static int is_gone(struct engine *e)
{
	if (e->gone)
		return step_skip(e, "any answer since an earlier vector");
	e->gone = true;
	e->result->cls = ENGINE_CLASS_CRASH;
	return step_error(e, "the device has stopped to answer: CAPS reads as all ones");
}

/* A device that offers no datagrams is none: every driver gives up on it, and so does every vector
 * but those about the offer itself. */
static int look_alive(struct engine *e)
{
	const struct vct_vector *v = e->vector;
	uint32_t caps = 0;
	int rc = probe_offer(e, &caps);

	if (rc || v->config_mask >> VCT_CFG_CAPS & 1)
		return step_machine(e, rc, "read CAPS");
	if (caps == PROBE_ABSENT && e->offer.caps != PROBE_ABSENT)
		return is_gone(e);
	e->gone = false;
	if (probe_offers_datagrams(caps))
		return 0;
	if (!e->ignore_needs &&
	    (needs_only_pci(e) || (v->flags & VCT_BASIC && v->start == VCT_START_RAW)))
		return 0;
	if (!e->ignore_needs)
		return step_skip(e, "cap.datagram");
	step_fail_text(e, ENGINE_CLASS_MISSING, "CAPS that offer datagrams, before the first step",
		       "CAPS ");
	text_hex(&e->saw, caps, 8);
	return 1;
}

static int optional(int rc)
{
	return rc == MACHINE_UNSUPPORTED ? 0 : rc;
}

int start_clean(struct engine *e, bool deep, const char **what)
{
	struct machine *m = e->machine;
	uint32_t count;
	int64_t prc = 0;
	int rc = 0;

	*what = "reset the device";
	if (m->bus_master)
		rc = optional(m->bus_master(m->ctx, true));
	if (!rc)
		rc = tidy_streams(e);
	if (!rc && deep && m->plat_reset && (m->abilities & VCT_CAN_PLATRESET))
		rc = optional(m->plat_reset(m->ctx));
	if (!rc)
		rc = probe_reset(e);
	/* What the peer drops may still reach the device, so reset once more behind it. */
	if (!rc && m->peer && (m->abilities & VCT_CAN_PEER)) {
		rc = peer_simple(e, PEER_RESET, NULL, 0, &prc);
		if (rc || prc) {
			*what = "reset the peer";
			return rc ? rc : MACHINE_ERROR;
		}
		rc = probe_reset(e);
	}
	if (!rc)
		rc = tidy_handles(e);
	/* A RESET that takes bus mastering away, or leaves a cause, is for the vectors about RESET
	 * to tell. */
	if (!rc && m->bus_master)
		rc = optional(m->bus_master(m->ctx, true));
	if (!rc)
		rc = m->reg_read(m->ctx, probe_window(e), 32, VMCI_ICR_ADDR, &count);
	if (!rc && m->irq_mode)
		rc = optional(m->irq_mode(m->ctx, VCT_IRQ_OFF));
	for (unsigned i = 0; !rc && m->irq_take && i < e->offer.vectors; i++)
		rc = optional(m->irq_take(m->ctx, i, &count));
	if (!rc)
		m->mem_release_all(m->ctx);
	return rc;
}

int start_device(struct engine *e)
{
	struct machine *m = e->machine;
	const char *what;
	bool dma;
	int rc;

	if (configure(e))
		return 1;
	if (!e->probed) {
		rc = engine_probe(e);
		if (rc)
			return step_machine(e, rc, "look at the device");
	}
	if (needs_device(e))
		return 1;
	if (!e->offer.ports && !e->offer.mmio)
		return 0; /* there are no registers to reset it with */
	/* A reset that does too little must not spoil the vectors behind the one that is about it.
	 */
	rc = start_clean(e, e->spoilt || tidy_unfinished(&e->tidy), &what);
	if (rc)
		return step_machine(e, rc, what);
	e->env.ppn64 = false;
	dma = paths_choose(e);
	xport_start(&e->xport, m, e->window, dma);
	if (look_alive(e))
		return 1;
	if (e->vector->start == VCT_START_RAW)
		return 0;
	rc = probe_negotiate(e, dma);
	if (rc || !dma || e->vector->transport != VCT_TRANSPORT_AUTO || !e->offer.ports ||
	    e->dma_trial != ENGINE_DMA_UNTRIED)
		return step_machine(e, rc, "negotiate");
	/* Once for a device; then from the beginning, so that nothing of the trial is left. */
	e->dma_trial = paths_dma_carries(e) ? ENGINE_DMA_FIT : ENGINE_DMA_UNFIT;
	return start_device(e);
}

static int ask_simple(struct engine *e, uint32_t op)
{
	struct peer_request rq = { .op = op };
	struct peer_reply rp = { .blob = e->data, .blob_max = ENGINE_DATA_MAX };

	return e->machine->ask(e->machine->ctx, &rq, &rp);
}

int start_guest(struct engine *e)
{
	struct machine *m = e->machine;
	int64_t prc = 0;
	int rc;

	/* The guest of the last vector goes first, as well as it can. */
	rc = ask_simple(e, PEER_RESET);
	if (rc)
		return step_machine(e, rc, "reset the guest");
	if (configure(e))
		return 1;
	if (m->peer && (m->abilities & VCT_CAN_PEER)) {
		rc = peer_simple(e, PEER_RESET, NULL, 0, &prc);
		if (rc || prc)
			return step_machine(e, rc ? rc : MACHINE_ERROR, "reset the peer");
	}
	rc = m->fresh(m->ctx);
	if (rc)
		return step_machine(e, rc, "get a fresh device");
	if (m->mem_release_all)
		m->mem_release_all(m->ctx);
	return 0;
}
