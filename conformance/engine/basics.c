/* SPDX-License-Identifier: BSD-2-Clause */
/* basics.c - what nearly every vector stands on. */
#include "basics.h"
#include <vmci/defs.h>
#include <vmci/mem.h>
#include <vmci/wire.h>
#include "steps.h"

#define HEAD  VMCI_DATAGRAM_SIZE
#define PAGE  4096u
#define OWN   (VMCI_RESERVED_RESOURCE_ID_MAX + 1u) /* a resource, a doorbell */
#define INDEX 5u

void basics_begin(struct basics *b)
{
	b->used = 0;
	b->cid = 0;
}

void basics_sends(struct engine *e, uint32_t context, uint32_t resource)
{
	struct basics *b = &e->basics;
	bool dma = e->xport.dma;

	b->used |= dma ? BASIC_CALL_DMA : BASIC_CALL_PORTS;
	if (context == VMCI_HYPERVISOR_CONTEXT_ID && resource == VMCI_DOORBELL_NOTIFY)
		b->used |= BASIC_RING;
	if (b->cid && context == b->cid)
		b->used |= dma ? BASIC_OWN_DMA : BASIC_OWN_PORTS;
}

void basics_result(struct engine *e, uint32_t context, uint32_t resource, uint32_t value)
{
	if (context == VMCI_HYPERVISOR_CONTEXT_ID && resource == VMCI_GET_CONTEXT_ID)
		e->basics.cid = value;
}

/* Without host actors all that arrives was sent by the vector itself. */
static uint32_t own(const struct engine *e, uint32_t bit)
{
	return e->basics.cid && !(e->vector->abilities & VCT_CAN_PEER) ? bit : 0;
}

void basics_takes(struct engine *e)
{
	e->basics.used |=
		e->xport.dma ? BASIC_TAKE_DMA | own(e, BASIC_OWN_DMA) : own(e, BASIC_OWN_PORTS);
}

void basics_register(struct engine *e, uint64_t offset)
{
	if (offset == VMCI_DATA_OUT_ADDR)
		e->basics.used |= BASIC_CALL_PORTS | own(e, BASIC_OWN_PORTS);
	else if (offset == VMCI_DATA_IN_ADDR)
		e->basics.used |= own(e, BASIC_OWN_PORTS);
	else if (offset == VMCI_DATA_OUT_LOW_ADDR)
		e->basics.used |= BASIC_CALL_DMA | own(e, BASIC_OWN_DMA);
	else if (offset == VMCI_DATA_IN_LOW_ADDR)
		e->basics.used |= BASIC_TAKE_DMA | own(e, BASIC_OWN_DMA);
}

void basics_waits(struct engine *e)
{
	e->basics.used |= own(e, BASIC_MESSAGE);
}

/* 0, XPORT_FAULT or the machine's error, like the transport. */
static int call(struct engine *e, uint32_t context, uint32_t resource, const uint8_t *payload,
		size_t len, uint32_t *result)
{
	uint8_t dg[HEAD + 32];

	vmci_put_handle(dg, vmci_handle(context, resource));
	vmci_put_handle(dg + VMCI_HANDLE_SIZE, vmci_handle(VMCI_INVALID_ID, VMCI_INVALID_ID));
	vmci_put64(dg + VMCI_DATAGRAM_PAYLOAD_SIZE, len);
	if (len)
		memcpy(dg + HEAD, payload, len);
	step_texts(e);
	return xport_send(&e->xport, dg, HEAD + len, result);
}

static bool plausible(uint32_t cid)
{
	return cid > VMCI_HOST_CONTEXT_ID && cid != VMCI_INVALID_ID;
}

/* The vector's own state goes first, host actors' included: a machine that they paused would answer
 * nothing. */
static int fresh(struct engine *e, bool dma)
{
	struct machine *m = e->machine;
	const char *what;
	uint32_t caps;
	int rc = start_clean(e, true, &what);

	e->window = dma && e->offer.mmio ? MACHINE_MMIO : start_window(e);
	xport_start(&e->xport, m, e->window, dma);
	if (!rc)
		rc = start_offer(e, &caps);
	return rc ? rc : start_negotiate(e, dma);
}

static int try_ring(struct engine *e, uint32_t cid, bool *works)
{
	struct machine *m = e->machine;
	uint8_t bytes[PAGE / 16], payload[VMCI_HANDLE_SIZE + 8] = { 0 };
	uint64_t page = 0;
	uint32_t result = 0;
	int rc = m->mem_alloc(m->ctx, PAGE, PAGE, false, &page);

	*works = false;
	vmci_put64(payload, page / PAGE);
	if (!rc)
		rc = call(e, VMCI_HYPERVISOR_CONTEXT_ID, VMCI_SET_NOTIFY_BITMAP, payload, 8,
			  &result);
	vmci_put_handle(payload, vmci_handle(cid, OWN));
	vmci_put64(payload + VMCI_HANDLE_SIZE, INDEX);
	if (!rc)
		rc = call(e, VMCI_HYPERVISOR_CONTEXT_ID, VMCI_DOORBELL_LINK, payload,
			  sizeof(payload), &result);
	tidy_call(&e->tidy, VMCI_DOORBELL_LINK, payload, sizeof(payload));
	if (!rc)
		rc = call(e, VMCI_HYPERVISOR_CONTEXT_ID, VMCI_DOORBELL_NOTIFY, payload,
			  VMCI_HANDLE_SIZE, &result);
	for (uint32_t at = 0; !rc && !*works && at < PAGE; at += sizeof(bytes)) {
		rc = m->mem_read(m->ctx, page + at, bytes, sizeof(bytes));
		for (size_t i = 0; !rc && i < sizeof(bytes); i++)
			*works |= bytes[i] != 0;
	}
	return rc;
}

/* A datagram to the own context with every interrupt on: is there any message? */
static int try_message(struct engine *e, uint32_t cid, bool *works)
{
	struct machine *m = e->machine;
	uint8_t word[4] = { 0 };
	uint32_t result = 0, count = 0;
	int rc;

	if (!m->irq_mode || !m->irq_take || !(m->abilities & VCT_CAN_IRQ) ||
	    !(e->offer.needs & VCT_NEED_MSIX))
		return 0;
	rc = m->irq_mode(m->ctx, VCT_IRQ_EXCLUSIVE);
	if (!rc)
		rc = m->reg_write(m->ctx, e->window, 32, VMCI_IMR_ADDR,
				  VMCI_IMR_DATAGRAM | VMCI_IMR_NOTIFICATION |
					  VMCI_IMR_DMA_DATAGRAM);
	if (!rc)
		rc = m->reg_write(m->ctx, e->window, 32, VMCI_CONTROL_ADDR,
				  VMCI_CONTROL_INT_ENABLE);
	if (!rc)
		rc = call(e, cid, OWN, word, sizeof(word), &result);
	if (!rc)
		rc = m->settle(m->ctx, ENGINE_QUIET_US);
	*works = rc != 0;
	for (uint32_t i = 0; !rc && i < e->offer.vectors; i++) {
		rc = m->irq_take(m->ctx, i, &count);
		*works |= count != 0;
	}
	return rc == MACHINE_UNSUPPORTED ? 0 : rc;
}

/* What does not work by one transport; the machine's error when it broke. */
static int try_transport(struct engine *e, bool dma)
{
	uint32_t first = 0, second = 0, result = 0, len = 0;
	uint8_t word[4] = { 0 };
	const uint8_t *dg;
	uint32_t bad = dma ? BASIC_CALL_DMA | BASIC_TAKE_DMA | BASIC_OWN_DMA
			   : BASIC_CALL_PORTS | BASIC_OWN_PORTS;
	bool rings = true, messages = true;
	int rc = fresh(e, dma);

	if (!rc && dma) {
		step_texts(e);
		rc = xport_next(&e->xport, &dg, &len);
		bad &= ~(rc ? 0 : (uint32_t)BASIC_TAKE_DMA);
		rc = rc < 0 ? rc : 0;
	}
	if (!rc)
		rc = call(e, VMCI_HYPERVISOR_CONTEXT_ID, VMCI_GET_CONTEXT_ID, NULL, 0, &first);
	if (!rc)
		rc = call(e, VMCI_HYPERVISOR_CONTEXT_ID, VMCI_GET_CONTEXT_ID, NULL, 0, &second);
	if (!rc && first == second && plausible(first)) {
		bad &= ~(uint32_t)(BASIC_CALL_DMA | BASIC_CALL_PORTS);
		rc = call(e, first, OWN, word, sizeof(word), &result);
		if (!rc && (int32_t)result >= 0)
			rc = xport_next(&e->xport, &dg, &len);
		if (!rc && len)
			bad &= ~(uint32_t)(BASIC_OWN_DMA | BASIC_OWN_PORTS);
		if (rc >= 0 && e->offer.needs & VCT_NEED_NOTIFICATIONS)
			rc = fresh(e, dma);
		if (rc >= 0 && e->offer.needs & VCT_NEED_NOTIFICATIONS)
			rc = try_ring(e, first, &rings);
		if (rc >= 0 && !(bad & (BASIC_OWN_DMA | BASIC_OWN_PORTS)))
			rc = fresh(e, dma);
		if (rc >= 0 && !(bad & (BASIC_OWN_DMA | BASIC_OWN_PORTS)))
			rc = try_message(e, first, &messages);
	}
	e->basics.broken |= bad | (rings ? 0 : BASIC_RING) | (messages ? 0 : BASIC_MESSAGE);
	return rc < 0 ? rc : 0;
}

static int try_all(struct engine *e)
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

/* What a vector about one of these things stands on: all that comes before it. The steps tell what
 * it is about, also those that were not reached. */
static uint32_t in_front_of(const struct engine *e)
{
	enum {
		CALL,
		TAKE,
		OWN_DATAGRAM,
		RING,
		MESSAGE
	} about = CALL;
	static const uint32_t front[] = {
		[CALL] = 0,
		[TAKE] = BASIC_CALL_PORTS | BASIC_CALL_DMA,
		[OWN_DATAGRAM] = BASIC_CALL_PORTS | BASIC_CALL_DMA | BASIC_TAKE_DMA,
		[RING] = ~(uint32_t)(BASIC_RING | BASIC_MESSAGE),
		[MESSAGE] = ~(uint32_t)BASIC_MESSAGE,
	};
	const struct vct_step *steps = e->table->steps + e->vector->step_first;

	for (uint32_t i = 0; i < e->vector->step_count; i++) {
		uint64_t args[PEER_ARGS];

		code_args(&e->env, steps[i].args, args);
		if (steps[i].verb == VCT_DEV_IRQ || steps[i].verb == VCT_DEV_IRQS)
			about = MESSAGE;
		else if (steps[i].verb == VCT_CALL && args[0] == VMCI_DOORBELL_NOTIFY &&
			 about < MESSAGE)
			about = RING;
		else if ((steps[i].verb == VCT_SEND || steps[i].verb == VCT_RECV) && about < RING)
			about = OWN_DATAGRAM;
		else if (steps[i].verb == VCT_OUT && args[1] == VMCI_DATA_IN_LOW_ADDR &&
			 about < TAKE)
			about = TAKE;
	}
	return front[about];
}

const char *basics_missing(struct engine *e)
{
	static const char *const names[] = { "hypercalls through the ports",
					     "hypercalls by DMA",
					     "completion of DMA receives",
					     "datagrams to itself through the ports",
					     "datagrams to itself by DMA",
					     "rings of its own",
					     "interrupt messages" };
	uint32_t used = e->basics.used;

	if (e->vector->flags & VCT_BASIC)
		used &= in_front_of(e);
	/* A configuration or a perturbation of this vector's own would be judged for all. */
	if (!used || e->vector->role != VCT_ROLE_DEVICE || e->configured || e->ignore_needs ||
	    e->perturb.kind != ENGINE_AS_IT_IS)
		return NULL;
	if (!e->basics.tried) {
		struct engine_result keep = *e->result;
		int rc = try_all(e);

		*e->result = keep;
		if (rc)
			return NULL;
	}
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (used & e->basics.broken & 1u << i)
			return names[i];
	return NULL;
}
