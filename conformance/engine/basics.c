/* SPDX-License-Identifier: BSD-2-Clause */
/* basics.c - what nearly every vector stands on. */
#include "basics.h"
#include <vmci/defs.h>
#include <vmci/mem.h>
#include <vmci/wire.h>
#include "steps.h"

void basics_begin(struct basics *b)
{
	b->used = 0;
	b->cid = 0;
	b->sent = 0;
	b->exclusive = false;
}

void basics_sends(struct engine *e, uint32_t context, uint32_t resource)
{
	struct basics *b = &e->basics;
	bool dma = e->xport.dma;

	b->used |= dma ? BASIC_CALL_DMA : BASIC_CALL_PORTS;
	if (context == VMCI_HYPERVISOR_CONTEXT_ID && resource == VMCI_DOORBELL_NOTIFY)
		b->used |= BASIC_RING;
	if (context == VMCI_HYPERVISOR_CONTEXT_ID && resource == VMCI_QUEUEPAIR_ALLOC)
		b->used |= BASIC_PAIR | BASIC_HEADERS;
	if (context == VMCI_HYPERVISOR_CONTEXT_ID && resource == VMCI_QUEUEPAIR_DETACH)
		b->used |= BASIC_DETACH;
	if (context == VMCI_HYPERVISOR_CONTEXT_ID && resource == VMCI_RESOURCES_QUERY)
		b->used |= BASIC_QUERY;
	if (b->cid && context == b->cid) {
		b->used |= dma ? BASIC_OWN_DMA : BASIC_OWN_PORTS;
		b->used |= b->sent++ ? BASIC_ORDER : 0;
	}
}

void basics_result(struct engine *e, uint32_t context, uint32_t resource, uint32_t value)
{
	if (context == VMCI_HYPERVISOR_CONTEXT_ID && resource == VMCI_GET_CONTEXT_ID)
		e->basics.cid = value;
}

void basics_fault(struct engine *e)
{
	e->basics.used |= e->xport.dma ? BASIC_REFUSED_DMA : 0;
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

static uint32_t ring_cause(const struct engine *e)
{
	return e->basics.used & BASIC_RING ? BASIC_RING_CAUSE : 0;
}

void basics_register(struct engine *e, uint64_t offset)
{
	if (offset == VMCI_DATA_OUT_ADDR)
		e->basics.used |= BASIC_CALL_PORTS | own(e, BASIC_OWN_PORTS);
	else if (offset == VMCI_DATA_IN_ADDR)
		e->basics.used |= own(e, BASIC_OWN_PORTS);
	else if (offset == VMCI_DATA_OUT_LOW_ADDR)
		e->basics.used |= BASIC_CALL_DMA | BASIC_REFUSED_DMA | own(e, BASIC_OWN_DMA);
	else if (offset == VMCI_DATA_IN_LOW_ADDR)
		e->basics.used |= BASIC_TAKE_DMA | own(e, BASIC_OWN_DMA);
	else if (offset == VMCI_ICR_ADDR)
		e->basics.used |= BASIC_ICR | ring_cause(e);
}

void basics_irq_mode(struct engine *e, enum vct_irq_mode mode)
{
	e->basics.exclusive = mode == VCT_IRQ_EXCLUSIVE;
}

void basics_waits(struct engine *e)
{
	/* Without host actors nobody else causes any. */
	if (!(e->vector->abilities & VCT_CAN_PEER))
		e->basics.used |=
			BASIC_MESSAGE | (e->basics.exclusive ? BASIC_VECTOR : 0) | ring_cause(e);
}

/* What a vector about one of these things stands on: all that comes before it. The steps tell what
 * it is about, also those that were not reached. */
static uint32_t in_front_of(const struct engine *e)
{
	enum {
		CALL,
		TAKE,
		OWN_DATAGRAM,
		ORDER,
		QUERY,
		ICR,
		PAIR,
		DETACH,
		RING,
		RING_CAUSE,
		MESSAGE
	} about = CALL, here;
	static const uint32_t front[] = {
		[CALL] = 0,
		[TAKE] = BASIC_CALL_PORTS | BASIC_CALL_DMA,
		[OWN_DATAGRAM] = BASIC_CALL_PORTS | BASIC_CALL_DMA | BASIC_TAKE_DMA,
		[ORDER] = BASIC_ORDER - 1,
		[QUERY] = BASIC_CALL_PORTS | BASIC_CALL_DMA,
		[ICR] = BASIC_ICR - 1,
		[PAIR] = BASIC_ICR - 1,
		[DETACH] = BASIC_DETACH - 1,
		[RING] = BASIC_RING - 1,
		[RING_CAUSE] = BASIC_RING_CAUSE - 1,
		[MESSAGE] = BASIC_MESSAGE - 1,
	};
	const struct vct_step *steps = e->table->steps + e->vector->step_first;
	unsigned sends = 0;

	for (uint32_t i = 0; i < e->vector->step_count; i++) {
		uint64_t args[PEER_ARGS];

		code_args(&e->env, steps[i].args, args);
		here = CALL;
		if (steps[i].verb == VCT_DEV_IRQ || steps[i].verb == VCT_DEV_IRQS)
			here = MESSAGE;
		else if (steps[i].verb == VCT_CALL && args[0] == VMCI_DOORBELL_NOTIFY)
			here = RING;
		else if (steps[i].verb == VCT_CALL && args[0] == VMCI_QUEUEPAIR_ALLOC)
			here = PAIR;
		else if (steps[i].verb == VCT_CALL && args[0] == VMCI_QUEUEPAIR_DETACH &&
			 about < PAIR)
			here = DETACH; /* of what was never made */
		else if (steps[i].verb == VCT_CALL && args[0] == VMCI_RESOURCES_QUERY)
			here = QUERY;
		else if (steps[i].verb == VCT_IN && args[1] == VMCI_ICR_ADDR)
			here = about == RING ? RING_CAUSE : ICR;
		else if (steps[i].verb == VCT_SEND)
			here = sends++ ? ORDER : OWN_DATAGRAM;
		else if (steps[i].verb == VCT_RECV)
			here = OWN_DATAGRAM;
		else if (steps[i].verb == VCT_OUT && args[1] == VMCI_DATA_IN_LOW_ADDR)
			here = TAKE;
		about = here > about ? here : about;
	}
	return front[about];
}

const char *basics_missing(struct engine *e)
{
	static const struct {
		enum basic bit;
		const char *name;
	} things[] = {
		{ BASIC_CALL_PORTS, "hypercalls through the ports" },
		{ BASIC_CALL_DMA, "hypercalls by DMA" },
		{ BASIC_TAKE_DMA, "completion of DMA receives" },
		{ BASIC_REFUSED_DMA, "completion of refused DMA sends" },
		{ BASIC_OWN_PORTS, "datagrams to itself through the ports" },
		{ BASIC_OWN_DMA, "datagrams to itself by DMA" },
		{ BASIC_ORDER, "datagrams to itself in their order" },
		{ BASIC_QUERY, "a query of its services" },
		{ BASIC_ICR, "an ICR that is cleared by reading" },
		{ BASIC_PAIR, "queue pairs of its own" },
		{ BASIC_HEADERS, "headers of its queue pairs" },
		{ BASIC_DETACH, "refusal to leave what is not there" },
		{ BASIC_RING, "rings of its own" },
		{ BASIC_RING_CAUSE, "interrupt causes of its rings" },
		{ BASIC_MESSAGE, "interrupt messages" },
		{ BASIC_VECTOR, "a message of its own for each cause" },
	};
	uint32_t used = e->basics.used;

	if (e->vector->flags & VCT_BASIC)
		used &= in_front_of(e);
	/* A configuration or a perturbation of this vector's own would be judged for all. */
	if (!used || e->vector->role != VCT_ROLE_DEVICE || e->configured || e->ignore_needs ||
	    e->perturb.kind != ENGINE_AS_IT_IS)
		return NULL;
	if (!e->basics.tried) {
		struct engine_result keep = *e->result;
		int rc = basics_try(e);

		*e->result = keep;
		if (rc)
			return NULL;
	}
	for (size_t i = 0; i < sizeof(things) / sizeof(things[0]); i++)
		if (used & e->basics.broken & things[i].bit)
			return things[i].name;
	return NULL;
}
