/* SPDX-License-Identifier: BSD-2-Clause */
/* Trials of hypercalls and datagrams. */
#include "basics_trial.h"

#include <vmci/defs.h>
#include <vmci/mem.h>
#include <vmci/wire.h>
#include "steps.h"

#define INBOX	0x500u /* as in the vectors */
#define BACKLOG 16u    /* datagrams of others that a device may have for us */

static int send_own(struct engine *e, uint32_t context, uint32_t resource, const uint8_t *payload,
		    size_t len, uint32_t *result)
{
	uint8_t dg[VMCI_DATAGRAM_SIZE + TRIAL_PAYLOAD_MAX];

	vmci_put_handle(dg, vmci_handle(context, resource));
	vmci_put_handle(dg + VMCI_HANDLE_SIZE, vmci_handle(VMCI_INVALID_ID, VMCI_INVALID_ID));
	vmci_put64(dg + VMCI_DATAGRAM_PAYLOAD_SIZE, len);
	if (len)
		memcpy(dg + VMCI_DATAGRAM_SIZE, payload, len);
	step_texts(e);
	return xport_send(&e->xport, dg, VMCI_DATAGRAM_SIZE + len, result);
}

int trial_call(struct engine *e, uint32_t service, const uint8_t *payload, size_t len,
	       uint32_t *result)
{
	return send_own(e, VMCI_HYPERVISOR_CONTEXT_ID, service, payload, len, result);
}

static bool plausible(uint32_t cid)
{
	return cid > VMCI_HOST_CONTEXT_ID && cid != VMCI_INVALID_ID;
}

int trial_calls(struct trial *t)
{
	uint8_t query[12] = { 1 };
	uint32_t result = 0, again = 0;
	int rc = trial_call(t->e, VMCI_GET_CONTEXT_ID, NULL, 0, &t->cid);

	vmci_put32(query + 8, VMCI_GET_CONTEXT_ID);
	if (!rc)
		rc = trial_call(t->e, VMCI_RESOURCES_QUERY, query, sizeof(query), &result);
	if (!rc)
		rc = trial_call(t->e, VMCI_GET_CONTEXT_ID, NULL, 0, &again);
	if (rc || t->cid != again || !plausible(t->cid))
		t->bad |= t->dma ? BASIC_CALL_DMA : BASIC_CALL_PORTS;
	if (rc || result != 1)
		t->bad |= BASIC_QUERY;
	return rc;
}

int trial_take(struct trial *t)
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

int trial_refused(struct trial *t)
{
	uint32_t result = 0;
	int rc = send_own(t->e, VMCI_INVALID_ID, TRIAL_OWN, NULL, 0, &result);

	if (rc)
		t->bad |= BASIC_REFUSED_DMA;
	return rc;
}

int trial_send_word(struct trial *t, uint64_t value, uint32_t *result)
{
	uint8_t word[8];

	vmci_put64(word, value);
	return send_own(t->e, t->cid, INBOX, word, sizeof(word), result);
}

/* What comes to INBOX, at most `max` words; a datagram of another form counts as 0. */
static int take_words(struct trial *t, uint64_t *words, unsigned max, unsigned *count)
{
	struct engine *e = t->e;
	unsigned patience = TRIAL_PATIENCE;
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
			if (len < VMCI_DATAGRAM_SIZE ||
			    vmci_get32(dg + VMCI_DATAGRAM_DST_CONTEXT) != t->cid ||
			    vmci_get32(dg + VMCI_DATAGRAM_DST_RESOURCE) != INBOX)
				continue;
			if (*count == max)
				break;
			words[(*count)++] = len == VMCI_DATAGRAM_SIZE + 8
						    ? vmci_get64(dg + VMCI_DATAGRAM_SIZE)
						    : 0;
		}
	}
	return rc;
}

int trial_datagram(struct trial *t)
{
	uint64_t words[4] = { 0 };
	uint32_t result = 0;
	unsigned count = 0;
	int rc = trial_send_word(t, TRIAL_WORD, &result);

	if (!rc && (int32_t)result >= 0)
		rc = take_words(t, words, 4, &count);
	if (rc || count != 1 || words[0] != TRIAL_WORD)
		t->bad |= t->dma ? BASIC_OWN_DMA : BASIC_OWN_PORTS;
	return rc;
}

int trial_order(struct trial *t)
{
	uint64_t words[4] = { 0 };
	uint32_t result = 0;
	unsigned count = 0;
	int rc = trial_send_word(t, TRIAL_WORD, &result);

	if (!rc)
		rc = trial_send_word(t, ~TRIAL_WORD, &result);
	if (!rc)
		rc = take_words(t, words, 4, &count);
	if (rc || count != 2 || words[0] != TRIAL_WORD || words[1] != ~TRIAL_WORD)
		t->bad |= BASIC_ORDER;
	return rc;
}
