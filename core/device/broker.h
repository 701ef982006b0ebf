/* SPDX-License-Identifier: BSD-2-Clause */
/* broker.h - who may create and attach queue pairs, and what state each is in.
 *
 * A pair has two ends. One of them belongs to a VM, which supplies the memory; sizes stored here
 * are those of the VM's view.
 */
#ifndef VMCI_DEVICE_BROKER_H
#define VMCI_DEVICE_BROKER_H

#include <vmci/ring.h>
#include "context.h"
#include "pages.h"

struct vmci_pair_end {
	struct vmci_pair *pair;	  /* NULL: the context died while a caller holds the end */
	struct vmci_context *ctx; /* dead with pair NULL */
	struct vmci_hub *hub;
	struct vmci_list link; /* in ctx->ends or hub->lost */
	uint32_t flags;
	vmci_pair_leave_fn *leave_fn; /* NULL: nobody asks, or it was called */
	void *leave_arg;
	/* Queues as this end uses them; of an end behind a device the guest has its own. */
	bool has_rings;
	struct vmci_ring produce, consume;
};

struct vmci_pair {
	struct vmci_node by_handle;
	struct vmci_hub *hub;
	struct vmci_handle handle;
	int state; /* VMCI_QPB_* */
	uint32_t flags, peer;
	bool needs_trusted_attach, created_by_trusted;
	bool attach_announced;
	uint64_t produce, consume;		  /* bytes */
	struct vmci_pair_end *creator, *attacher; /* NULL when gone or not yet there */
	struct vmci_pages *pages;		  /* NULL: never supplied, or given back */
};

static inline uint64_t vmci_pair_key(struct vmci_handle handle)
{
	return (uint64_t)handle.context << 32 | handle.resource;
}

/* Hypercalls of a device's guest. msg is private memory. */
int32_t vmci_broker_guest_alloc(struct vmci_device *dev, const uint8_t *msg, size_t len);
int32_t vmci_broker_guest_detach(struct vmci_context *ctx, struct vmci_handle handle);

/* The context gives up all its ends: it died, or its device was reset. */
void vmci_broker_context_gone(struct vmci_context *ctx);
void vmci_broker_free_lost(struct vmci_hub *hub);

/* Memory of a device's guest: goes away in good order, comes back, or is suddenly elsewhere. */
void vmci_broker_unmap_all(struct vmci_context *ctx);
void vmci_broker_map_all(struct vmci_context *ctx);
void vmci_broker_memory_changed(struct vmci_context *ctx);

/* ---- pair.c: the two ends' use of the memory ---- */

/* The pages are mapped: write fresh headers and make rings for the ends that want them. */
void vmci_pair_begin(struct vmci_pair *pair);
/* An end joins a pair whose memory is there and in use. */
void vmci_pair_join(struct vmci_pair *pair, struct vmci_pair_end *end);
/* Before the pages go, after they came back, when the VM took them away for good. */
void vmci_pair_rings_unmap(struct vmci_pair *pair);
void vmci_pair_rings_map(struct vmci_pair *pair);
void vmci_pair_rings_drop(struct vmci_pair *pair);
void vmci_pair_trace(const struct vmci_pair *pair, uint32_t cid, const char *what);

#endif
