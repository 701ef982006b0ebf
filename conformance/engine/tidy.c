/* SPDX-License-Identifier: BSD-2-Clause */
/* tidy.c - taking away what a vector leaves behind. */
#include "tidy.h"
#include <vmci/defs.h>
#include <vmci/mem.h>
#include <vmci/wire.h>
#include "probe.h"
#include "steps.h"

#define HEAD VMCI_DATAGRAM_SIZE

void tidy_out(struct tidy *t, const uint8_t *bytes, size_t len)
{
	while (len) {
		size_t n;

		if (t->out_have < HEAD) {
			t->out_head[t->out_have++] = *bytes++;
			len--;
			if (t->out_have < HEAD)
				continue;
			t->out_left = vmci_get64(t->out_head + VMCI_DATAGRAM_PAYLOAD_SIZE);
		}
		n = len < t->out_left ? len : (size_t)t->out_left;
		bytes += n;
		len -= n;
		t->out_left -= n;
		if (!t->out_left)
			t->out_have = 0;
	}
}

void tidy_in(struct tidy *t, size_t n)
{
	t->in_bytes += n;
}

void tidy_register(struct tidy *t, uint64_t offset)
{
	if (offset == VMCI_IMR_ADDR || offset == VMCI_GUEST_PAGE_SHIFT_ADDR ||
	    offset == VMCI_DATA_IN_HIGH_ADDR || offset == VMCI_DATA_OUT_HIGH_ADDR)
		t->registers = true;
}

void tidy_call(struct tidy *t, uint64_t rid, const uint8_t *payload, size_t len)
{
	if (len < VMCI_HANDLE_SIZE)
		return;
	if (rid == VMCI_QUEUEPAIR_ALLOC && t->npairs < TIDY_HANDLES)
		memcpy(t->pairs[t->npairs++], payload, VMCI_HANDLE_SIZE);
	if (rid == VMCI_DOORBELL_LINK && t->ndoorbells < TIDY_HANDLES)
		memcpy(t->doorbells[t->ndoorbells++], payload, VMCI_HANDLE_SIZE);
}

bool tidy_unfinished(const struct tidy *t)
{
	return t->out_have || t->in_bytes % VMCI_DATA_IN_FIRST_READ;
}

/* The rest of the datagram that DATA_OUT is in: nobody's address, no payload beyond what was
 * announced. */
static int end_output(struct engine *e, struct tidy *t)
{
	size_t n = 0;

	if (!t->out_have || !e->offer.ports)
		return 0;
	while (t->out_have + n < HEAD)
		e->blob[n] = t->out_have + n < VMCI_DATAGRAM_PAYLOAD_SIZE ? 0xff : 0, n++;
	tidy_out(t, e->blob, n);
	if (t->out_have && t->out_left <= ENGINE_BLOB_MAX - n) {
		memset(e->blob + n, 0xff, (size_t)t->out_left);
		n += (size_t)t->out_left;
	}
	return e->machine->reg_write_bytes(e->machine->ctx, MACHINE_PORTS, VMCI_DATA_OUT_ADDR,
					   e->blob, n);
}

/* The rest of the page that a guest's read of DATA_IN would have. */
static int end_input(struct engine *e, const struct tidy *t)
{
	uint32_t rest = (uint32_t)(t->in_bytes % VMCI_DATA_IN_FIRST_READ);

	if (!rest || !e->offer.ports)
		return 0;
	return e->machine->reg_read_bytes(e->machine->ctx, MACHINE_PORTS, VMCI_DATA_IN_ADDR,
					  e->data, VMCI_DATA_IN_FIRST_READ - rest);
}

int tidy_streams(struct engine *e)
{
	static const struct {
		uint32_t offset, value;
	} usual[] = { { VMCI_IMR_ADDR, 0 },
		      { VMCI_GUEST_PAGE_SHIFT_ADDR, 12 },
		      { VMCI_DATA_IN_HIGH_ADDR, 0 },
		      { VMCI_DATA_OUT_HIGH_ADDR, 0 } };
	struct tidy *t = &e->tidy;
	int rc = end_output(e, t);

	if (!rc)
		rc = end_input(e, t);
	for (size_t i = 0; !rc && t->registers && i < sizeof(usual) / sizeof(usual[0]); i++)
		rc = e->machine->reg_write(e->machine->ctx, probe_window(e), 32, usual[i].offset,
					   usual[i].value);
	t->out_have = 0;
	t->out_left = 0;
	t->in_bytes = 0;
	t->registers = false;
	return rc;
}

/* One call; whatever the device answers is right. */
static int close_handle(struct engine *e, uint32_t rid, const uint8_t *handle)
{
	uint8_t dg[HEAD + VMCI_HANDLE_SIZE];
	uint32_t result;
	int rc;

	vmci_put_handle(dg, vmci_handle(VMCI_HYPERVISOR_CONTEXT_ID, rid));
	vmci_put_handle(dg + VMCI_HANDLE_SIZE, vmci_handle(VMCI_INVALID_ID, VMCI_INVALID_ID));
	vmci_put64(dg + VMCI_DATAGRAM_PAYLOAD_SIZE, VMCI_HANDLE_SIZE);
	memcpy(dg + HEAD, handle, VMCI_HANDLE_SIZE);
	rc = xport_send(&e->xport, dg, sizeof(dg), &result);
	return rc == XPORT_FAULT ? 0 : rc;
}

int tidy_handles(struct engine *e)
{
	struct tidy *t = &e->tidy;
	bool any = t->npairs || t->ndoorbells, dma = !e->offer.ports;
	int rc = 0;

	if (!any)
		return 0;
	e->window = probe_window(e);
	xport_start(&e->xport, e->machine, e->window, dma);
	rc = probe_negotiate(e, dma);
	for (uint32_t i = 0; !rc && i < t->npairs; i++)
		rc = close_handle(e, VMCI_QUEUEPAIR_DETACH, t->pairs[i]);
	for (uint32_t i = 0; !rc && i < t->ndoorbells; i++)
		rc = close_handle(e, VMCI_DOORBELL_UNLINK, t->doorbells[i]);
	t->npairs = 0;
	t->ndoorbells = 0;
	return rc ? rc : probe_reset(e);
}
