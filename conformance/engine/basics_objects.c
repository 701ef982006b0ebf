/* SPDX-License-Identifier: BSD-2-Clause */
/* Trials of queue pairs, doorbells and interrupts. */
#include "basics_trial.h"

#include <vmci/defs.h>
#include <vmci/mem.h>
#include <vmci/wire.h>
#include "tidy.h"

#define PAIR_PAGES 4u /* two headers, a page for each direction */
#define INDEX	   5u

int trial_pair(struct trial *t)
{
	struct engine *e = t->e;
	uint8_t payload[TRIAL_PAYLOAD_MAX] = { 0 };
	uint8_t dirt[VMCI_HANDLE_SIZE + 16], wanted[VMCI_HANDLE_SIZE + 16] = { 0 };
	uint64_t page = 1ull << e->machine->page_shift, at = 0;
	uint32_t result = 0, width = e->env.ppn64 ? 8 : 4;
	int rc = e->machine->mem_alloc(e->machine->ctx, PAIR_PAGES * page, page, false, &at);

	memset(dirt, 0xff, sizeof(dirt));
	vmci_put_handle(payload, vmci_handle(t->cid, TRIAL_OWN));
	vmci_put32(payload + 8, VMCI_HOST_CONTEXT_ID);
	vmci_put64(payload + 16, page);
	vmci_put64(payload + 24, page);
	vmci_put64(payload + 32, PAIR_PAGES);
	for (uint32_t i = 0; i < PAIR_PAGES; i++) {
		uint64_t number = at / page + i;

		if (width == 8)
			vmci_put64(payload + 40 + i * 8, number);
		else
			vmci_put32(payload + 40 + i * 4, (uint32_t)number);
	}
	if (!rc)
		rc = trial_call(e, VMCI_QUEUEPAIR_DETACH, payload, VMCI_HANDLE_SIZE, &result);
	if (!rc && (int32_t)result >= 0)
		t->bad |= BASIC_DETACH;
	tidy_call(&e->tidy, VMCI_QUEUEPAIR_ALLOC, payload, sizeof(payload));
	for (uint32_t i = 0; !rc && i < PAIR_PAGES; i += PAIR_PAGES / 2)
		rc = e->machine->mem_write(e->machine->ctx, at + i * page, dirt, sizeof(dirt));
	if (!rc)
		rc = trial_call(e, VMCI_QUEUEPAIR_ALLOC, payload, 40 + PAIR_PAGES * width, &result);
	if (rc || (int32_t)result < 0) {
		t->bad |= BASIC_PAIR;
		return rc;
	}
	vmci_put_handle(wanted, vmci_handle(t->cid, TRIAL_OWN));
	for (uint32_t i = 0; !rc && i < PAIR_PAGES; i += PAIR_PAGES / 2) {
		rc = e->machine->mem_read(e->machine->ctx, at + i * page, dirt, sizeof(dirt));
		if (!rc && memcmp(dirt, wanted, sizeof(dirt)) != 0)
			t->bad |= BASIC_HEADERS;
	}
	return rc;
}

static int read_cause(struct trial *t, uint32_t *causes)
{
	return t->e->machine->reg_read(t->e->machine->ctx, t->e->window, 32, VMCI_ICR_ADDR, causes);
}

int trial_icr(struct trial *t)
{
	uint32_t idle = 0, after = 0, result = 0;
	int rc = read_cause(t, &idle);

	if (!rc)
		rc = read_cause(t, &idle);
	if (!rc && !(t->bad & TRIAL_OWNS))
		rc = trial_send_word(t, TRIAL_WORD, &result);
	if (!rc)
		rc = read_cause(t, &after);
	if (!rc)
		rc = read_cause(t, &after);
	if (rc || idle || after)
		t->bad |= BASIC_ICR;
	return rc;
}

/* A ring of the guest's own; *at gets the bitmap's address. */
static int ring(struct trial *t, uint64_t *at)
{
	struct engine *e = t->e;
	uint8_t payload[VMCI_HANDLE_SIZE + 8] = { 0 };
	uint64_t page = 1ull << e->machine->page_shift;
	uint32_t result = 0;
	int rc = e->machine->mem_alloc(e->machine->ctx, page, page, false, at);

	vmci_put64(payload, *at / page);
	if (!rc)
		rc = trial_call(e, VMCI_SET_NOTIFY_BITMAP, payload, 8, &result);
	vmci_put_handle(payload, vmci_handle(t->cid, TRIAL_OWN));
	vmci_put64(payload + VMCI_HANDLE_SIZE, INDEX);
	tidy_call(&e->tidy, VMCI_DOORBELL_LINK, payload, sizeof(payload));
	if (!rc)
		rc = trial_call(e, VMCI_DOORBELL_LINK, payload, sizeof(payload), &result);
	if (!rc)
		rc = trial_call(e, VMCI_DOORBELL_NOTIFY, payload, VMCI_HANDLE_SIZE, &result);
	return rc;
}

int trial_ring(struct trial *t)
{
	struct machine *m = t->e->machine;
	uint64_t at = 0;
	uint8_t byte = 0;
	int rc = ring(t, &at);

	for (unsigned i = 0; !rc && byte != 1 && i <= TRIAL_PATIENCE; i++) {
		if (i)
			rc = m->settle(m->ctx, ENGINE_QUIET_US);
		if (!rc)
			rc = m->mem_read(m->ctx, at + INDEX, &byte, 1);
	}
	if (rc || byte != 1)
		t->bad |= BASIC_RING;
	return rc;
}

/* Interrupts in one of the modes, if the harness has it; every cause may pass. */
static int enable(struct trial *t, enum vct_irq_mode mode)
{
	struct engine *e = t->e;
	struct machine *m = e->machine;
	int rc = m->irq_mode && e->offer.needs & VCT_NEED_MSIX ? m->irq_mode(m->ctx, mode) : 0;

	if (!rc || rc == MACHINE_UNSUPPORTED)
		rc = m->reg_write(m->ctx, e->window, 32, VMCI_IMR_ADDR,
				  VMCI_IMR_DATAGRAM | VMCI_IMR_NOTIFICATION |
					  VMCI_IMR_DMA_DATAGRAM);
	if (!rc)
		rc = m->reg_write(m->ctx, e->window, 32, VMCI_CONTROL_ADDR,
				  VMCI_CONTROL_INT_ENABLE);
	return rc;
}

int trial_ring_cause(struct trial *t)
{
	uint32_t causes = 0;
	uint64_t at;
	int rc = enable(t, VCT_IRQ_SHARED);

	if (!rc)
		rc = ring(t, &at);
	if (!rc)
		rc = read_cause(t, &causes);
	if (rc || !(causes & VMCI_ICR_NOTIFICATION))
		t->bad |= BASIC_RING_CAUSE;
	return rc;
}

/* What there is after something happened: the wanted message, and no other.
 *   none  what is broken when there is no message at all */
static int judge_messages(struct trial *t, uint32_t wanted, enum basic none)
{
	struct machine *m = t->e->machine;
	uint32_t count = 0;
	bool any = false;
	int rc = 0;

	for (unsigned patience = TRIAL_PATIENCE; !rc && !any && patience; patience--) {
		rc = m->settle(m->ctx, ENGINE_QUIET_US);
		for (uint32_t i = 0; !rc && i < t->e->offer.vectors; i++) {
			rc = m->irq_take(m->ctx, i, &count);
			any |= count != 0;
			if (!rc && count && i != wanted)
				t->bad |= BASIC_VECTOR;
		}
	}
	if (!rc && !any)
		t->bad |= none;
	return rc;
}

int trial_message(struct trial *t)
{
	struct engine *e = t->e;
	struct machine *m = e->machine;
	uint32_t result = 0;
	uint64_t at;
	int rc;

	if (!m->irq_mode || !m->irq_take || !(m->abilities & VCT_CAN_IRQ) ||
	    !(e->offer.needs & VCT_NEED_MSIX))
		return 0;
	rc = enable(t, VCT_IRQ_EXCLUSIVE);
	if (!rc)
		rc = trial_send_word(t, TRIAL_WORD, &result);
	if (!rc)
		rc = judge_messages(t, 0, BASIC_MESSAGE);
	if (!rc && !(t->bad & (BASIC_RING | BASIC_MESSAGE)) &&
	    e->offer.needs & VCT_NEED_NOTIFICATIONS && e->offer.vectors > 1) {
		rc = ring(t, &at);
		if (!rc)
			rc = judge_messages(t, 1, BASIC_VECTOR);
	}
	return rc == MACHINE_UNSUPPORTED ? 0 : rc;
}
