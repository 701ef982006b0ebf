/* SPDX-License-Identifier: BSD-2-Clause */
/* start.c - before the first step: what the device offers, whether the vector applies, a fresh
 * start. */
#include <vmci/defs.h>
#include <vmci/mem.h>
#include <vmci/wire.h>
#include "pci.h"
#include "steps.h"

#define TRIAL_RESOURCE 0x7f00u
#define ABSENT	       0xffffffffu /* what registers read as when there is no device */

enum machine_window start_window(const struct engine *e)
{
	return e->offer.ports || !e->offer.mmio ? MACHINE_PORTS : MACHINE_MMIO;
}

static void look_at_bars(struct engine *e)
{
	struct machine *m = e->machine;
	enum machine_bar_kind kind = BAR_NONE;
	uint64_t size = 0;

	if (m->bar_info(m->ctx, 0, &size, &kind) == 0)
		e->offer.ports = size >= VMCI_REGISTERS_SIZE && kind == BAR_IO;
	size = 0;
	if (m->bar_info(m->ctx, 1, &size, &kind) == 0)
		e->offer.mmio = size == VMCI_BAR1_SIZE_MMIO;
}

int engine_probe(struct engine *e)
{
	static const struct {
		uint32_t caps, need;
	} bits[] = { { VMCI_CAPS_HYPERCALL, VCT_NEED_HYPERCALL },
		     { VMCI_CAPS_DATAGRAM, VCT_NEED_DATAGRAM },
		     { VMCI_CAPS_NOTIFICATIONS, VCT_NEED_NOTIFICATIONS },
		     { VMCI_CAPS_PPN64, VCT_NEED_PPN64 },
		     { VMCI_CAPS_DMA_DATAGRAM, VCT_NEED_DMA } };
	struct machine *m = e->machine;
	struct engine_offer *o = &e->offer;
	int rc = 0;

	memset(o, 0, sizeof(*o));
	look_at_bars(e);
	if (e->ignore_needs)
		o->ports = o->mmio = true;
	if (o->ports || o->mmio)
		rc = m->reg_write(m->ctx, start_window(e), 32, VMCI_CONTROL_ADDR,
				  VMCI_CONTROL_RESET);
	if (!rc && (o->ports || o->mmio))
		rc = m->reg_read(m->ctx, start_window(e), 32, VMCI_CAPS_ADDR, &o->caps);
	if (rc)
		return rc;
	for (size_t i = 0; i < sizeof(bits) / sizeof(bits[0]); i++)
		if (o->caps & bits[i].caps)
			o->needs |= bits[i].need;
	o->needs |= (o->ports ? VCT_NEED_BAR_PORTS : 0) | (o->mmio ? VCT_NEED_BAR_MMIO : 0);
	o->needs |= pci_interrupts(m, &o->vectors);
	e->probed = true;
	return 0;
}

static const char *const need_names[] = { "cap.hypercall", "cap.datagram", "cap.notifications",
					  "cap.ppn64",	   "cap.dma",	   "bar.ports",
					  "bar.mmio",	   "msix",	   "msi",
					  "intx",	   "vectors.2",	   "vectors.3" };

static const char *const ability_names[] = {
	"see interrupt messages",
	"see the INTx line",
	"mask interrupt messages",
	"play host actors (no conformance peer)",
	"configure the device",
	"reach PCI configuration space",
	"switch bus mastering",
	"reset the PCI function",
	"give memory above 4 GiB",
	"ask a guest",
	"program MSI",
	"count interrupt messages",
};

static const char *lowest_name(const char *const *names, size_t n, uint32_t bits)
{
	for (size_t i = 0; i < n; i++)
		if (bits >> i & 1)
			return names[i];
	return "?";
}

static uint32_t missing_abilities(const struct engine *e)
{
	const struct vct_vector *v = e->vector;
	uint32_t need = v->abilities | (v->config_mask ? VCT_CAN_CONFIG : 0);

	if (v->role == VCT_ROLE_GUEST)
		need |= VCT_CAN_ASK;
	return need & ~e->machine->abilities;
}

/* Before anything is touched: can this harness run it at all? */
int start_allowed(struct engine *e)
{
	const struct machine *m = e->machine;
	uint32_t missing = missing_abilities(e);

	if (missing)
		return step_unobserved(e, lowest_name(ability_names,
						      sizeof(ability_names) / sizeof(char *),
						      missing));
	if (e->vector->role == VCT_ROLE_GUEST && (!m->ask || !m->saw || !m->fresh))
		return step_unobserved(e, "ask a guest");
	if (e->vector->role == VCT_ROLE_DEVICE && !m->reg_read)
		return step_unobserved(e, "reach a device");
	return 0;
}

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

/* Whether the vector looks at nothing but the PCI function. */
static bool only_pci(const struct engine *e)
{
	const struct vct_vector *v = e->vector;

	for (uint32_t i = 0; i < v->step_count; i++) {
		switch (e->table->steps[v->step_first + i].verb) {
		case VCT_CFG_IN:
		case VCT_BAR_SIZE:
		case VCT_BAR_KIND:
		case VCT_PCICAP:
		case VCT_LET:
			break;
		default:
			return false;
		}
	}
	return v->start == VCT_START_RAW;
}

/* What the device offers against what the vector is about. */
static int check_needs(struct engine *e)
{
	const struct vct_vector *v = e->vector;
	uint32_t needs = v->needs;

	if (e->ignore_needs)
		return 0;
	if (v->transport == VCT_TRANSPORT_PIO)
		needs |= VCT_NEED_BAR_PORTS;
	if (v->transport == VCT_TRANSPORT_DMA)
		needs |= VCT_NEED_DMA;
	if (v->window == VCT_WINDOW_PORTS)
		needs |= VCT_NEED_BAR_PORTS;
	if (v->window == VCT_WINDOW_MMIO)
		needs |= VCT_NEED_BAR_MMIO;
	needs &= ~e->offer.needs;
	if (needs)
		return step_skip(
			e, lowest_name(need_names, sizeof(need_names) / sizeof(char *), needs));
	if (!e->offer.ports && !e->offer.mmio && !only_pci(e))
		return step_skip(e, "bar.ports");
	return 0;
}

/* Steps that handle the byte ports themselves. */
static bool touches_byte_ports(const struct engine *e)
{
	const struct vct_step *s = e->table->steps + e->vector->step_first;

	for (uint32_t i = 0; i < e->vector->step_count; i++)
		if (s[i].verb == VCT_OUTS || s[i].verb == VCT_INS)
			return true;
	return false;
}

/* Whether a device that offers DMA does it well enough to carry vectors that are about something
 * else: a hypercall, an empty receive, a datagram to itself. What is wrong with it the vectors of
 * DMA tell. */
static bool dma_carries(struct engine *e)
{
	uint8_t call[VMCI_DATAGRAM_SIZE] = { 0 }, self[VMCI_DATAGRAM_SIZE + 8] = { 0 };
	const uint8_t *got = NULL;
	uint32_t cid = 0, result = 0, len = 1;

	vmci_put32(call + VMCI_DATAGRAM_DST_RESOURCE, VMCI_GET_CONTEXT_ID);
	memset(call + VMCI_DATAGRAM_SRC_CONTEXT, 0xff, VMCI_HANDLE_SIZE);
	if (xport_send(&e->xport, call, sizeof(call), &cid) || cid < VMCI_RESERVED_CID_LIMIT ||
	    xport_next(&e->xport, &got, &len) || len)
		return false;
	vmci_put_handle(self + VMCI_DATAGRAM_DST_CONTEXT, vmci_handle(cid, TRIAL_RESOURCE));
	vmci_put_handle(self + VMCI_DATAGRAM_SRC_CONTEXT, vmci_handle(cid, TRIAL_RESOURCE));
	vmci_put64(self + VMCI_DATAGRAM_PAYLOAD_SIZE, 8);
	vmci_put64(self + VMCI_DATAGRAM_PAYLOAD, 0x0123456789abcdefull);
	return xport_send(&e->xport, self, sizeof(self), &result) == 0 && result == sizeof(self) &&
	       xport_next(&e->xport, &got, &len) == 0 && len == sizeof(self) &&
	       memcmp(got, self, sizeof(self)) == 0 && xport_next(&e->xport, &got, &len) == 0 &&
	       !len;
}

/* A vector that names no transport does not care. By DMA a receive costs a few accesses, through
 * the ports thousands, each a trap: a whole run takes a third of the time. */
static bool prefers_dma(const struct engine *e)
{
	return e->dma_trial != ENGINE_DMA_UNFIT && e->vector->start != VCT_START_RAW &&
	       e->vector->window == VCT_WINDOW_AUTO && e->offer.ports &&
	       (e->offer.caps & VMCI_CAPS_DMA_DATAGRAM) && e->offer.mmio && !touches_byte_ports(e);
}

static bool choose_paths(struct engine *e)
{
	const struct vct_vector *v = e->vector;
	bool ports = e->offer.ports, dma = v->transport == VCT_TRANSPORT_DMA;

	e->no_ports_calls = false;
	if (v->transport == VCT_TRANSPORT_AUTO && prefers_dma(e)) {
		dma = true;
	} else if (v->transport == VCT_TRANSPORT_AUTO && !ports) {
		if (v->start == VCT_START_RAW)
			e->no_ports_calls = true;
		else
			dma = true;
	}
	if (v->window != VCT_WINDOW_AUTO)
		e->window = v->window == VCT_WINDOW_MMIO ? MACHINE_MMIO : MACHINE_PORTS;
	else if (dma)
		e->window = e->offer.mmio ? MACHINE_MMIO : MACHINE_PORTS;
	else
		e->window = start_window(e);
	return dma;
}

int start_reset(struct engine *e)
{
	struct machine *m = e->machine;

	return m->reg_write(m->ctx, start_window(e), 32, VMCI_CONTROL_ADDR, VMCI_CONTROL_RESET);
}

static bool offers_datagrams(uint32_t caps)
{
	return caps != ABSENT && caps & VMCI_CAPS_DATAGRAM;
}

/* CAPS, as every start should find it. Where a device lets its offer shrink with what a guest
 * accepted, and keeps that over a reset, the whole offer is accepted once more: only the vectors
 * about that have to notice. */
int start_offer(struct engine *e, uint32_t *caps)
{
	struct machine *m = e->machine;
	int rc = m->reg_read(m->ctx, e->window, 32, VMCI_CAPS_ADDR, caps);

	if (rc || *caps == e->offer.caps || !offers_datagrams(e->offer.caps))
		return rc;
	rc = m->reg_write(m->ctx, e->window, 32, VMCI_CAPS_ADDR, e->offer.caps);
	return rc ? rc : m->reg_read(m->ctx, e->window, 32, VMCI_CAPS_ADDR, caps);
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
	int rc = start_offer(e, &caps);

	if (rc || v->config_mask >> VCT_CFG_CAPS & 1)
		return step_machine(e, rc, "read CAPS");
	if (caps == ABSENT && e->offer.caps != ABSENT)
		return is_gone(e);
	e->gone = false;
	if (offers_datagrams(caps))
		return 0;
	if (!e->ignore_needs &&
	    (only_pci(e) || (v->flags & VCT_BASIC && v->start == VCT_START_RAW)))
		return 0;
	if (!e->ignore_needs)
		return step_skip(e, "cap.datagram");
	step_fail_text(e, ENGINE_CLASS_MISSING, "CAPS that offer datagrams, before the first step",
		       "CAPS ");
	text_hex(&e->saw, caps, 8);
	return 1;
}

/* What drivers do first, by way of the vector's window. */
int start_negotiate(struct engine *e, bool dma)
{
	struct machine *m = e->machine;
	uint32_t want = VMCI_CAPS_DATAGRAM | VMCI_CAPS_NOTIFICATIONS | VMCI_CAPS_PPN64 |
			(dma ? VMCI_CAPS_DMA_DATAGRAM : 0);
	uint32_t caps = 0;
	int rc = m->reg_read(m->ctx, e->window, 32, VMCI_CAPS_ADDR, &caps);

	want &= caps;
	if (!rc)
		rc = m->reg_write(m->ctx, e->window, 32, VMCI_CAPS_ADDR, want);
	if (!rc && dma) {
		rc = m->reg_write(m->ctx, e->window, 32, VMCI_GUEST_PAGE_SHIFT_ADDR, m->page_shift);
		if (!rc)
			rc = m->reg_write(m->ctx, e->window, 32, VMCI_DATA_IN_HIGH_ADDR, 0);
		if (!rc)
			rc = m->reg_write(m->ctx, e->window, 32, VMCI_DATA_OUT_HIGH_ADDR, 0);
	}
	e->env.ppn64 = want & VMCI_CAPS_PPN64;
	return rc;
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
		rc = start_reset(e);
	/* What the peer drops may still reach the device, so reset once more behind it. */
	if (!rc && m->peer && (m->abilities & VCT_CAN_PEER)) {
		rc = peer_simple(e, PEER_RESET, NULL, 0, &prc);
		if (rc || prc) {
			*what = "reset the peer";
			return rc ? rc : MACHINE_ERROR;
		}
		rc = start_reset(e);
	}
	if (!rc)
		rc = tidy_handles(e);
	/* A RESET that takes bus mastering away, or leaves a cause, is for the vectors about RESET
	 * to tell. */
	if (!rc && m->bus_master)
		rc = optional(m->bus_master(m->ctx, true));
	if (!rc)
		rc = m->reg_read(m->ctx, start_window(e), 32, VMCI_ICR_ADDR, &count);
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
	if (check_needs(e))
		return 1;
	if (!e->offer.ports && !e->offer.mmio)
		return 0; /* there are no registers to reset it with */
	/* A reset that does too little must not spoil the vectors behind the one that is about it.
	 */
	rc = start_clean(e, e->spoilt || tidy_unfinished(&e->tidy), &what);
	if (rc)
		return step_machine(e, rc, what);
	e->env.ppn64 = false;
	dma = choose_paths(e);
	xport_start(&e->xport, m, e->window, dma);
	if (look_alive(e))
		return 1;
	if (e->vector->start == VCT_START_RAW)
		return 0;
	rc = start_negotiate(e, dma);
	if (rc || !dma || e->vector->transport != VCT_TRANSPORT_AUTO || !e->offer.ports ||
	    e->dma_trial != ENGINE_DMA_UNTRIED)
		return step_machine(e, rc, "negotiate");
	/* Once for a device; then from the beginning, so that nothing of the trial is left. */
	e->dma_trial = dma_carries(e) ? ENGINE_DMA_FIT : ENGINE_DMA_UNFIT;
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
