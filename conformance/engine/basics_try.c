/* SPDX-License-Identifier: BSD-2-Clause */
/* basics_try.c - trying what nearly every vector stands on, once for each device. */
#include <vmci/defs.h>
#include <vmci/mem.h>
#include <vmci/wire.h>
#include "basics.h"
#include "probe.h"
#include "start.h"
#include "steps.h"

#define HEAD	    VMCI_DATAGRAM_SIZE
#define PAIR_PAGES  4u /* two headers, a page for each direction */
#define PAYLOAD_MAX (40u + PAIR_PAGES * 8u)
#define OWN	    (VMCI_RESERVED_RESOURCE_ID_MAX + 1u) /* a doorbell, a queue pair */
#define INBOX	    0x500u				 /* as in the vectors */
#define INDEX	    5u
#define WORD	    0x0123456789abcdefull
#define PATIENCE    (ENGINE_WITHIN_US / ENGINE_QUIET_US)
#define BACKLOG	    16u /* datagrams of others that a device may have for us */

#define CALLS (BASIC_CALL_PORTS | BASIC_CALL_DMA)
#define OWNS  (BASIC_OWN_PORTS | BASIC_OWN_DMA)

/* The trials by one transport. Each function below gives 0, XPORT_FAULT or the machine's error,
 * like the transport. */
struct trial {
	struct engine *e;
	bool dma;
	uint32_t cid;
	uint32_t bad; /* enum basic */
};

static int send_own(struct engine *e, uint32_t context, uint32_t resource, const uint8_t *payload,
		    size_t len, uint32_t *result)
{
	uint8_t dg[HEAD + PAYLOAD_MAX];

	vmci_put_handle(dg, vmci_handle(context, resource));
	vmci_put_handle(dg + VMCI_HANDLE_SIZE, vmci_handle(VMCI_INVALID_ID, VMCI_INVALID_ID));
	vmci_put64(dg + VMCI_DATAGRAM_PAYLOAD_SIZE, len);
	if (len)
		memcpy(dg + HEAD, payload, len);
	step_texts(e);
	return xport_send(&e->xport, dg, HEAD + len, result);
}

static int call(struct engine *e, uint32_t service, const uint8_t *payload, size_t len,
		uint32_t *result)
{
	return send_own(e, VMCI_HYPERVISOR_CONTEXT_ID, service, payload, len, result);
}

static bool plausible(uint32_t cid)
{
	return cid > VMCI_HOST_CONTEXT_ID && cid != VMCI_INVALID_ID;
}

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

static int try_call(struct trial *t)
{
	uint8_t query[12] = { 1 };
	uint32_t result = 0, again = 0;
	int rc = call(t->e, VMCI_GET_CONTEXT_ID, NULL, 0, &t->cid);

	vmci_put32(query + 8, VMCI_GET_CONTEXT_ID);
	if (!rc)
		rc = call(t->e, VMCI_RESOURCES_QUERY, query, sizeof(query), &result);
	if (!rc)
		rc = call(t->e, VMCI_GET_CONTEXT_ID, NULL, 0, &again);
	if (rc || t->cid != again || !plausible(t->cid))
		t->bad |= t->dma ? BASIC_CALL_DMA : BASIC_CALL_PORTS;
	if (rc || result != 1)
		t->bad |= BASIC_QUERY;
	return rc;
}

static int try_take(struct trial *t)
{
	const uint8_t *dg;
	uint32_t len = 0;
	int rc;

	step_texts(t->e);
	rc = xport_next(&t->e->xport, &dg, &len);
	if (rc)
		t->bad |= BASIC_TAKE_DMA;
	return rc;
}

static int try_refused(struct trial *t)
{
	uint32_t result = 0;
	int rc = send_own(t->e, VMCI_INVALID_ID, OWN, NULL, 0, &result);

	if (rc)
		t->bad |= BASIC_REFUSED_DMA;
	return rc;
}

static int send_word(struct trial *t, uint64_t value, uint32_t *result)
{
	uint8_t word[8];

	vmci_put64(word, value);
	return send_own(t->e, t->cid, INBOX, word, sizeof(word), result);
}

/* What comes to INBOX, at most `max` words; a datagram of another form counts as 0. */
static int take_words(struct trial *t, uint64_t *words, unsigned max, unsigned *count)
{
	struct engine *e = t->e;
	unsigned patience = PATIENCE;
	const uint8_t *dg;
	uint32_t len;
	int rc = 0;

	*count = 0;
	for (unsigned backlog = BACKLOG; !rc && backlog;) {
		step_texts(e);
		rc = xport_next(&e->xport, &dg, &len);
		if (!rc && !len) {
			if (*count || !patience--)
				break;
			rc = e->machine->settle(e->machine->ctx, ENGINE_QUIET_US);
		} else if (!rc) {
			backlog--;
			if (len < HEAD || vmci_get32(dg + VMCI_DATAGRAM_DST_CONTEXT) != t->cid ||
			    vmci_get32(dg + VMCI_DATAGRAM_DST_RESOURCE) != INBOX)
				continue;
			if (*count == max)
				break;
			words[(*count)++] = len == HEAD + 8 ? vmci_get64(dg + HEAD) : 0;
		}
	}
	return rc;
}

static int try_datagram(struct trial *t)
{
	uint64_t words[4] = { 0 };
	uint32_t result = 0;
	unsigned count = 0;
	int rc = send_word(t, WORD, &result);

	if (!rc && (int32_t)result >= 0)
		rc = take_words(t, words, 4, &count);
	if (rc || count != 1 || words[0] != WORD)
		t->bad |= t->dma ? BASIC_OWN_DMA : BASIC_OWN_PORTS;
	return rc;
}

static int try_order(struct trial *t)
{
	uint64_t words[4] = { 0 };
	uint32_t result = 0;
	unsigned count = 0;
	int rc = send_word(t, WORD, &result);

	if (!rc)
		rc = send_word(t, ~WORD, &result);
	if (!rc)
		rc = take_words(t, words, 4, &count);
	if (rc || count != 2 || words[0] != WORD || words[1] != ~WORD)
		t->bad |= BASIC_ORDER;
	return rc;
}

static int read_cause(struct trial *t, uint32_t *causes)
{
	return t->e->machine->reg_read(t->e->machine->ctx, t->e->window, 32, VMCI_ICR_ADDR, causes);
}

static int try_icr(struct trial *t)
{
	uint32_t idle = 0, after = 0, result = 0;
	int rc = read_cause(t, &idle);

	if (!rc)
		rc = read_cause(t, &idle);
	if (!rc && !(t->bad & OWNS))
		rc = send_word(t, WORD, &result);
	if (!rc)
		rc = read_cause(t, &after);
	if (!rc)
		rc = read_cause(t, &after);
	if (rc || idle || after)
		t->bad |= BASIC_ICR;
	return rc;
}

static int try_pair(struct trial *t)
{
	struct engine *e = t->e;
	uint8_t payload[PAYLOAD_MAX] = { 0 };
	uint8_t dirt[VMCI_HANDLE_SIZE + 16], wanted[VMCI_HANDLE_SIZE + 16] = { 0 };
	uint64_t page = 1ull << e->machine->page_shift, at = 0;
	uint32_t result = 0, width = e->env.ppn64 ? 8 : 4;
	int rc = e->machine->mem_alloc(e->machine->ctx, PAIR_PAGES * page, page, false, &at);

	memset(dirt, 0xff, sizeof(dirt));
	vmci_put_handle(payload, vmci_handle(t->cid, OWN));
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
		rc = call(e, VMCI_QUEUEPAIR_DETACH, payload, VMCI_HANDLE_SIZE, &result);
	if (!rc && (int32_t)result >= 0)
		t->bad |= BASIC_DETACH;
	tidy_call(&e->tidy, VMCI_QUEUEPAIR_ALLOC, payload, sizeof(payload));
	for (uint32_t i = 0; !rc && i < PAIR_PAGES; i += PAIR_PAGES / 2)
		rc = e->machine->mem_write(e->machine->ctx, at + i * page, dirt, sizeof(dirt));
	if (!rc)
		rc = call(e, VMCI_QUEUEPAIR_ALLOC, payload, 40 + PAIR_PAGES * width, &result);
	if (rc || (int32_t)result < 0) {
		t->bad |= BASIC_PAIR;
		return rc;
	}
	vmci_put_handle(wanted, vmci_handle(t->cid, OWN));
	for (uint32_t i = 0; !rc && i < PAIR_PAGES; i += PAIR_PAGES / 2) {
		rc = e->machine->mem_read(e->machine->ctx, at + i * page, dirt, sizeof(dirt));
		if (!rc && memcmp(dirt, wanted, sizeof(dirt)) != 0)
			t->bad |= BASIC_HEADERS;
	}
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
		rc = call(e, VMCI_SET_NOTIFY_BITMAP, payload, 8, &result);
	vmci_put_handle(payload, vmci_handle(t->cid, OWN));
	vmci_put64(payload + VMCI_HANDLE_SIZE, INDEX);
	tidy_call(&e->tidy, VMCI_DOORBELL_LINK, payload, sizeof(payload));
	if (!rc)
		rc = call(e, VMCI_DOORBELL_LINK, payload, sizeof(payload), &result);
	if (!rc)
		rc = call(e, VMCI_DOORBELL_NOTIFY, payload, VMCI_HANDLE_SIZE, &result);
	return rc;
}

static int try_ring(struct trial *t)
{
	struct machine *m = t->e->machine;
	uint64_t at = 0;
	uint8_t byte = 0;
	int rc = ring(t, &at);

	for (unsigned i = 0; !rc && byte != 1 && i <= PATIENCE; i++) {
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

static int try_ring_cause(struct trial *t)
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

	for (unsigned patience = PATIENCE; !rc && !any && patience; patience--) {
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

static int try_message(struct trial *t)
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
		rc = send_word(t, WORD, &result);
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
		rc = from_start(&t, try_take);
	if (!rc)
		rc = from_start(&t, try_call);
	if (!rc && dma && !(t.bad & CALLS))
		rc = from_start(&t, try_refused);
	/* Without an address of its own there is nothing to go on with. */
	if (t.bad & CALLS)
		t.bad |= dma ? BASIC_OWN_DMA : BASIC_OWN_PORTS;
	else if (!rc)
		rc = from_start(&t, try_datagram);
	if (!rc && !(t.bad & OWNS))
		rc = from_start(&t, try_order);
	if (!rc && !(t.bad & CALLS)) {
		rc = from_start(&t, try_icr);
		if (!rc)
			rc = from_start(&t, try_pair);
		if (!rc && e->offer.needs & VCT_NEED_NOTIFICATIONS)
			rc = from_start(&t, try_ring);
		if (!rc && e->offer.needs & VCT_NEED_NOTIFICATIONS && !(t.bad & BASIC_RING))
			rc = from_start(&t, try_ring_cause);
		if (!rc && !(t.bad & OWNS))
			rc = from_start(&t, try_message);
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
