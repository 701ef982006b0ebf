/* SPDX-License-Identifier: BSD-2-Clause */
/* event.h - events: datagrams of the hypervisor about contexts and queue pairs.
 *
 * Events are sent whether or not anybody subscribed. A context whose queue is full does not get
 * the event; that is no error of whoever caused it.
 */
#ifndef VMCI_DEVICE_EVENT_H
#define VMCI_DEVICE_EVENT_H

#include "context.h"

/* An event about a context. Returns 0, or why it could not be queued: VMCI_ERROR_NO_RESOURCES or
 * VMCI_ERROR_NO_MEM. */
int vmci_event_context(struct vmci_context *to, uint32_t event, uint32_t cid);
/* An event about a queue pair; peer is the context that attached or detached. */
void vmci_event_pair(struct vmci_context *to, uint32_t event, struct vmci_handle handle,
		     uint32_t peer);
/* An event's payload for the host or the hypervisor. */
void vmci_event_deliver(struct vmci_context *to, const uint8_t *payload, size_t len);

/* Tell host and hypervisor that a VM has another id. */
void vmci_event_renumbered(struct vmci_hub *hub, uint32_t was, uint32_t is);
/* Nobody subscribes any more. */
void vmci_event_drop_all(struct vmci_context *ctx);

#endif
