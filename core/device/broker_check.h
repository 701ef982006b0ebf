/* SPDX-License-Identifier: BSD-2-Clause */
/* broker_check.h - the decisions of the broker: who may create or attach what. Nothing here changes
 * anything.
 */
#ifndef VMCI_DEVICE_BROKER_CHECK_H
#define VMCI_DEVICE_BROKER_CHECK_H

#include "broker.h"

/* What somebody wants; sizes of the VM's view. */
struct vmci_pair_request {
	struct vmci_context *ctx;
	struct vmci_handle handle;
	uint32_t peer, flags, priv;
	uint64_t produce, consume;
};

/* Tell the observer of a refusal, and hand the result through. */
int vmci_pair_refuse(const struct vmci_pair_request *rq, int result, const char *reason,
		     const char *clause);

struct vmci_pair *vmci_pair_find(const struct vmci_hub *hub, struct vmci_handle handle);
struct vmci_pair_end *vmci_pair_end_of(const struct vmci_pair *pair,
				       const struct vmci_context *ctx);

/* What can be said without looking at any pair: sizes first, then the other arguments. */
int vmci_pair_check_arguments(const struct vmci_pair_request *rq);

/* The first error of chapter 62's tables, or 0.
 *   rq->handle  gets a resource when it had none
 *   *pair       what to attach to, NULL to create */
int vmci_pair_decide(struct vmci_pair_request *rq, struct vmci_pair **pair);

/* The memory a bare VM gives. *out is NULL when memory is. Returns 0, VMCI_ERROR_INVALID_ARGS or
 * VMCI_ERROR_NO_MEM. (broker.c) */
int vmci_broker_adopt(const struct vmci_pair_request *rq, const struct vmci_pair_memory *memory,
		      struct vmci_pages **out);
/* The creator hears of the attacher as soon as there is memory, once. (broker.c) */
void vmci_broker_announce_attach(struct vmci_pair *pair);

#endif
