/* SPDX-License-Identifier: BSD-2-Clause */
/* A bounded queue of byte strings. */
#include "peer_inbox.h"

#include <vmci/defs.h>
#include <vmci/mem.h>
#include "peer_actor.h"

struct peer_letter {
	struct peer_letter *next;
	size_t len;
	uint8_t bytes[];
};

int peer_inbox_put(struct peer_inbox *box, const struct vmci_hub_port *port, const uint8_t *bytes,
		   size_t len)
{
	struct peer_letter *letter;

	if (box->items >= PEER_INBOX_ITEMS || len > PEER_INBOX_BYTES - box->bytes)
		return VMCI_ERROR_NO_RESOURCES;
	letter = port->alloc(port->ctx, sizeof(*letter) + len);
	if (!letter)
		return VMCI_ERROR_NO_RESOURCES;
	letter->len = len;
	memcpy(letter->bytes, bytes, len);
	if (box->last)
		box->last->next = letter;
	else
		box->first = letter;
	box->last = letter;
	box->items++;
	box->bytes += (uint32_t)len;
	return 0;
}

static struct peer_letter *take(struct peer_inbox *box)
{
	struct peer_letter *letter = box->first;

	if (!letter)
		return NULL;
	box->first = letter->next;
	if (!box->first)
		box->last = NULL;
	box->items--;
	box->bytes -= (uint32_t)letter->len;
	return letter;
}

void peer_inbox_take(struct peer_inbox *box, const struct vmci_hub_port *port,
		     struct peer_reply *rp)
{
	struct peer_letter *letter = take(box);

	if (!letter) {
		rp->rc = VMCI_ERROR_NO_MORE_DATAGRAMS;
		return;
	}
	rp->rc = (int64_t)letter->len;
	rp->blob_len = letter->len < rp->blob_max ? (uint32_t)letter->len : rp->blob_max;
	if (rp->blob_len)
		memcpy(rp->blob, letter->bytes, rp->blob_len);
	port->free(port->ctx, letter, sizeof(*letter) + letter->len);
}

void peer_inbox_clear(struct peer_inbox *box, const struct vmci_hub_port *port)
{
	struct peer_letter *letter;

	while ((letter = take(box)))
		port->free(port->ctx, letter, sizeof(*letter) + letter->len);
}
