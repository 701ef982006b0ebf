/* SPDX-License-Identifier: BSD-2-Clause */
/* By which transport and window a vector goes. */
#include "paths.h"

#include <vmci/defs.h>
#include <vmci/mem.h>
#include <vmci/wire.h>
#include "probe.h"

#define TRIAL_RESOURCE 0x7f00u

/* Steps that handle the byte ports themselves. */
static bool touches_byte_ports(const struct engine *e)
{
	const struct vct_step *s = e->table->steps + e->vector->step_first;

	for (uint32_t i = 0; i < e->vector->step_count; i++)
		if (s[i].verb == VCT_OUTS || s[i].verb == VCT_INS)
			return true;
	return false;
}

/* A vector that names no transport does not care. By DMA a receive costs a few accesses, through
 * the ports thousands, each a trap: a whole run takes a third of the time. */
static bool prefers_dma(const struct engine *e)
{
	return e->dma_trial != ENGINE_DMA_UNFIT && e->vector->start != VCT_START_RAW &&
	       e->vector->window == VCT_WINDOW_AUTO && e->offer.ports &&
	       (e->offer.caps & VMCI_CAPS_DMA_DATAGRAM) && e->offer.mmio && !touches_byte_ports(e);
}

bool paths_choose(struct engine *e)
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
		e->window = probe_window(e);
	return dma;
}

/* A hypercall, an empty receive, a datagram to itself. */
bool paths_dma_carries(struct engine *e)
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
