/* SPDX-License-Identifier: BSD-2-Clause */
/* peer_inbox.h - a bounded queue of byte strings: what a host actor got. */
#ifndef CONFORMANCE_PEER_INBOX_H
#define CONFORMANCE_PEER_INBOX_H

#include <stddef.h>
#include <stdint.h>
#include <vmci/port.h>
#include "peer.h"

struct peer_letter;

struct peer_inbox {
	struct peer_letter *first, *last;
	uint32_t items, bytes;
};

/* Copy one in. Returns 0, or VMCI_ERROR_NO_RESOURCES: full, or no memory. */
int peer_inbox_put(struct peer_inbox *box, const struct vmci_hub_port *port, const uint8_t *bytes,
		   size_t len);
/* Take the oldest into the reply: rc is its length, or VMCI_ERROR_NO_MORE_DATAGRAMS. One that is
 * longer than the reply's buffer is cut. */
void peer_inbox_take(struct peer_inbox *box, const struct vmci_hub_port *port,
		     struct peer_reply *rp);
void peer_inbox_clear(struct peer_inbox *box, const struct vmci_hub_port *port);

#endif
