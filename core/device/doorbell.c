/* SPDX-License-Identifier: BSD-2-Clause */
/* Doorbells. Spec: chapter 40. */
#include "doorbell.h"

#include "device.h"
#include "guestmem.h"
#include "irq.h"
#include "route.h"

#include <vmci/fault.h>

struct doorbell {
	struct vmci_node by_key;
	struct vmci_list link;
	struct vmci_list ring; /* in the context's rings while rung */
	bool is_rung;
	struct vmci_handle handle;
	uint64_t index; /* byte of the bitmap */
	uint32_t priv;
	vmci_doorbell_fn *fn;
	void *arg;
};

static int refuse(const struct vmci_context *ctx, int result, const char *reason,
		  const char *clause)
{
	return vmci_refuse(ctx->hub, ctx->cid, result, reason, clause);
}

/* A VM's own handles stay the same doorbells when its context id changes, so the key says
 * "own" instead of the id. */
static uint64_t key_of(const struct vmci_context *ctx, struct vmci_handle handle)
{
	uint32_t context = handle.context;

	if (context == ctx->cid || (ctx->device && vmci_device_had_cid(ctx->device, context)))
		context = VMCI_INVALID_ID;
	return (uint64_t)context << 32 | handle.resource;
}

static struct doorbell *find(const struct vmci_context *ctx, struct vmci_handle handle)
{
	struct vmci_node *node = vmci_table_find(&ctx->doorbells, key_of(ctx, handle));

	return node ? VMCI_HOLDER(node, struct doorbell, by_key) : NULL;
}

/* Returns the doorbell, or NULL without memory. */
static struct doorbell *add(struct vmci_context *ctx, struct vmci_handle handle)
{
	struct doorbell *db;

	if (vmci_table_reserve(&ctx->doorbells, &ctx->hub->memory))
		return NULL;
	db = vmci_hub_alloc(ctx->hub, sizeof(*db));
	if (!db)
		return NULL;
	db->handle = handle;
	vmci_list_init(&db->ring);
	vmci_table_add(&ctx->doorbells, &db->by_key, key_of(ctx, handle));
	vmci_list_append(&ctx->doorbell_list, &db->link);
	ctx->doorbell_count++;
	return db;
}

static void forget_ring(struct vmci_context *ctx, struct doorbell *db)
{
	if (!db->is_rung)
		return;
	db->is_rung = false;
	vmci_list_remove(&db->ring);
	ctx->ring_count--;
}

static void drop(struct vmci_context *ctx, struct doorbell *db)
{
	forget_ring(ctx, db);
	vmci_table_remove(&ctx->doorbells, &db->by_key);
	vmci_list_remove(&db->link);
	ctx->doorbell_count--;
	vmci_hub_free(ctx->hub, db, sizeof(*db));
}

void vmci_doorbell_drop_all(struct vmci_context *ctx)
{
	while (!vmci_list_is_empty(&ctx->doorbell_list))
		drop(ctx, VMCI_HOLDER(ctx->doorbell_list.next, struct doorbell, link));
}

static bool is_invalid(struct vmci_handle handle)
{
	return handle.context == VMCI_INVALID_ID || handle.resource == VMCI_INVALID_ID;
}

/* Another doorbell has this index; for deliberate mistakes. */
static struct doorbell *is_shared(const struct vmci_context *ctx, uint64_t index,
				  const struct doorbell *but)
{
	const struct vmci_list *at;

	for (at = ctx->doorbell_list.next; at != &ctx->doorbell_list; at = at->next) {
		struct doorbell *db = VMCI_HOLDER(at, struct doorbell, link);

		if (db->index == index && db != but)
			return db;
	}
	return NULL;
}

int vmci_doorbell_link(struct vmci_context *ctx, struct vmci_handle handle, uint64_t index,
		       uint64_t index_limit)
{
	struct doorbell *db;

	if (is_invalid(handle) && !VMCI_FAULT("link.invalid-handle"))
		return refuse(ctx, VMCI_ERROR_INVALID_ARGS, "doorbell handle invalid", "HC.LINK.3");
	if (VMCI_FAULT("link.host-handle-refused") && handle.context == VMCI_HOST_CONTEXT_ID)
		return VMCI_ERROR_INVALID_ARGS;
	if (VMCI_FAULT("doorbell.share-refused") && is_shared(ctx, index, NULL))
		return VMCI_ERROR_DUPLICATE_ENTRY;
	if (VMCI_FAULT("link.fixed-4096") || VMCI_FAULT("page.bitmap-always-4096"))
		index_limit = 4096;
	if (VMCI_FAULT("link.limit-off-by-one"))
		index_limit--;
	if (VMCI_FAULT("link.moves-index") && find(ctx, handle))
		find(ctx, handle)->index = index;
	/* Some guests number their own doorbells as if they were the host's. */
	if (!vmci_route_is_own_source(ctx, handle.context) &&
	    handle.context != VMCI_HOST_CONTEXT_ID && !VMCI_FAULT("link.invalid-handle"))
		return refuse(ctx, VMCI_ERROR_INVALID_ARGS, "doorbell of another context",
			      "HC.LINK.3");
	if (index >= index_limit && !VMCI_FAULT("doorbell.index-unchecked"))
		return refuse(ctx, VMCI_ERROR_INVALID_ARGS, "notify index beyond the bitmap",
			      "HC.LINK.3");
	if (find(ctx, handle) && !VMCI_FAULT("doorbell.link-twice"))
		return refuse(ctx, VMCI_ERROR_DUPLICATE_ENTRY, "doorbell linked already",
			      "HC.LINK.4");
	if (ctx->doorbell_count >= ctx->hub->limits.doorbells)
		return refuse(ctx, VMCI_ERROR_NO_RESOURCES, "too many doorbells", NULL);
	db = add(ctx, handle);
	if (!db)
		return VMCI_ERROR_NO_MEM;
	db->index = index;
	return VMCI_FAULT("link.result-nonzero") ? 1 : 0;
}

int vmci_doorbell_unlink(struct vmci_context *ctx, struct vmci_handle handle)
{
	struct doorbell *db = find(ctx, handle);

	if (VMCI_FAULT("names.guest-drops-host-object") && handle.context == VMCI_HOST_CONTEXT_ID)
		(void)vmci_context_doorbell_close(ctx->hub->host, handle.resource);
	if (!db)
		return refuse(ctx,
			      VMCI_FAULT("doorbell.unlink-unknown-ok") ? 0 : VMCI_ERROR_NOT_FOUND,
			      "doorbell not linked", "HC.UNLINK.2");
	if (VMCI_FAULT("doorbell.pending-survives-unlink") && db->is_rung)
		return 0;
	if (VMCI_FAULT("doorbell.unlink-by-index") && is_shared(ctx, db->index, db))
		drop(ctx, is_shared(ctx, db->index, db));
	if (!VMCI_FAULT("doorbell.unlink-keeps-link"))
		drop(ctx, db);
	return VMCI_FAULT("unlink.result-nonzero") ? 1 : 0;
}

static bool is_taken(const struct vmci_context *ctx, uint32_t resource)
{
	return find(ctx, vmci_handle(ctx->cid, resource)) != NULL;
}

int64_t vmci_context_doorbell(struct vmci_context *ctx, uint32_t resource, uint32_t priv,
			      vmci_doorbell_fn *fn, void *arg)
{
	struct vmci_hub *hub = ctx->hub;
	bool is_bare = vmci_context_is_vm(ctx);
	struct doorbell *db;

	if (ctx->device || ctx == hub->hypervisor || is_bare != !fn)
		return refuse(ctx, VMCI_ERROR_INVALID_ARGS, "not a context with doorbells", NULL);
	if (priv & ~(uint32_t)VMCI_PRIVILEGE_ALL_FLAGS)
		return refuse(ctx, VMCI_ERROR_INVALID_ARGS, "privilege flags", NULL);
	if (resource != VMCI_INVALID_ID && is_taken(ctx, resource))
		return refuse(ctx, is_bare ? VMCI_ERROR_DUPLICATE_ENTRY : VMCI_ERROR_ALREADY_EXISTS,
			      "the doorbell exists", NULL);
	if (is_bare && ctx->doorbell_count >= VMCI_DOORBELLS_PER_VM)
		return refuse(ctx, VMCI_ERROR_NO_MEM, "too many doorbells", NULL);
	if (ctx->doorbell_count >= hub->limits.doorbells)
		return refuse(ctx, VMCI_ERROR_NO_RESOURCES, "too many doorbells", NULL);
	if (resource == VMCI_INVALID_ID)
		resource = vmci_context_pick_resource(ctx, is_taken);
	db = add(ctx, vmci_handle(ctx->cid, resource));
	if (!db)
		return VMCI_LOCAL_NO_MEMORY;
	db->priv = priv;
	db->fn = fn;
	db->arg = arg;
	return resource;
}

int vmci_context_doorbell_close(struct vmci_context *ctx, uint32_t resource)
{
	struct doorbell *db = find(ctx, vmci_handle(ctx->cid, resource));

	if (!db || ctx->device)
		return refuse(ctx, VMCI_ERROR_NOT_FOUND, "no such doorbell", "HC.NOTIFY.2");
	if (VMCI_FAULT("rings.pending-survives-destroy") && db->is_rung)
		ctx->ring_count++;
	drop(ctx, db);
	if (VMCI_FAULT("names.kinds-mixed"))
		(void)vmci_context_endpoint_close(ctx, resource);
	return 0;
}

static int remember_ring(struct vmci_context *ctx, struct doorbell *db)
{
	if (VMCI_FAULT("rings.not-coalesced") && db->is_rung)
		ctx->ring_count++;
	if (db->is_rung)
		return 0;
	if (VMCI_FAULT("rings.lost") && !ctx->device)
		return 0;
	if (VMCI_FAULT("doorbell.quiesce-lost") && ctx->device && ctx->device->is_quiesced)
		return 0;
	if (!ctx->device && ctx->ring_count >= VMCI_DOORBELLS_PER_VM)
		return refuse(ctx, VMCI_ERROR_NO_MEM, "too many rings wait", NULL);
	if (VMCI_FAULT("doorbell.ring-before-bitmap-lost"))
		return 0;
	db->is_rung = true;
	vmci_list_append(&ctx->rings, &db->ring);
	ctx->ring_count++;
	return 0;
}

/* Bit first, then the message: a guest that clears the bit before it calls handlers misses
 * nothing. Returns whether the bitmap could be written. */
static bool set_bit(struct vmci_device *dev, const struct doorbell *db)
{
	struct vmci_trace ev = { .kind = VMCI_TRACE_DOORBELL,
				 .cid = dev->ctx->cid,
				 .handle = db->handle,
				 .value = db->index };
	uint64_t index = db->index;

	if (!vmci_device_can_notify(dev))
		return false;
	if (VMCI_FAULT("doorbell.wrong-byte"))
		index = (index + 1) % ((uint64_t)1 << dev->regs.page_shift);
	if (!VMCI_FAULT("doorbell.no-bit") && vmci_device_set_notify_byte(dev, index))
		return false;
	vmci_hub_trace(dev->hub, &ev);
	return true;
}

static int ring_vm(struct vmci_context *to, struct doorbell *db)
{
	if (!to->device)
		return remember_ring(to, db);
	if (VMCI_FAULT("doorbell.once-only") && db->priv)
		return 0;
	if (VMCI_FAULT("doorbell.once-only"))
		db->priv = 1; /* unused in a linked doorbell */
	if (!set_bit(to->device, db))
		return remember_ring(to, db);
	if (!VMCI_FAULT("doorbell.no-irq"))
		vmci_irq_raise(to->device, VMCI_ICR_NOTIFICATION);
	return 0;
}

void vmci_doorbell_deliver_rings(struct vmci_context *ctx)
{
	bool any = false;

	while (!vmci_list_is_empty(&ctx->rings)) {
		struct doorbell *db = VMCI_HOLDER(ctx->rings.next, struct doorbell, ring);

		if (!set_bit(ctx->device, db))
			break;
		forget_ring(ctx, db);
		any = true;
	}
	if (any && !VMCI_FAULT("doorbell.pending-silent"))
		vmci_irq_raise(ctx->device, VMCI_ICR_NOTIFICATION);
}

/* The privileges a doorbell answers with. Returns an error of the lookup. */
static int target_priv(struct vmci_context *to, const struct doorbell *db, uint32_t *priv)
{
	if (to == to->hub->hypervisor)
		return VMCI_ERROR_INVALID_ARGS;
	if (to == to->hub->host) {
		if (!db)
			return VMCI_ERROR_NOT_FOUND;
		*priv = db->priv;
		return 0;
	}
	*priv = to->priv;
	return 0;
}

int vmci_context_ring(struct vmci_context *ctx, struct vmci_handle handle)
{
	struct vmci_hub *hub = ctx->hub;
	struct vmci_context *to = vmci_hub_find(hub, handle.context);
	struct doorbell *db;
	uint32_t priv = 0;
	int rc;

	if (is_invalid(handle))
		return refuse(ctx,
			      VMCI_FAULT("notify.invalid-handle") ? VMCI_ERROR_NOT_FOUND
								  : VMCI_ERROR_INVALID_ARGS,
			      "doorbell handle invalid", "HC.NOTIFY.5");
	if (!to &&
	    (VMCI_FAULT("notify.unknown-accepted") || VMCI_FAULT("context.doorbells-survive")))
		return 0;
	if (!to)
		return refuse(ctx, VMCI_ERROR_NOT_FOUND, "context of the doorbell unknown",
			      "HC.NOTIFY.2");
	if (to != ctx && vmci_cid_is_vm(to->cid) && vmci_cid_is_vm(ctx->cid) &&
	    !VMCI_FAULT("doorbell.vm-to-vm"))
		return refuse(ctx, VMCI_ERROR_DST_UNREACHABLE, "no way from VM to VM", "DB.HOST.3");
	db = find(to, handle);
	if (!db && (VMCI_FAULT("notify.unknown-accepted") || VMCI_FAULT("end.doorbells-survive")))
		return 0;
	if (VMCI_FAULT("priv.denies-self") && to == ctx &&
	    (ctx->priv & VMCI_PRIVILEGE_FLAG_RESTRICTED))
		return VMCI_ERROR_NO_ACCESS;
	if (to != ctx) {
		rc = target_priv(to, db, &priv);
		if (rc)
			return refuse(ctx, rc, "no such doorbell", "HC.NOTIFY.2");
		if (vmci_priv_denies(ctx->priv, priv) && !VMCI_FAULT("priv.doorbell-open"))
			return refuse(ctx, VMCI_ERROR_NO_ACCESS, "privileges of both sides",
				      "PRIV.BELL.1");
	}
	if (VMCI_FAULT("doorbell.self-refused") && to == ctx)
		return VMCI_ERROR_NO_ACCESS;
	if (!db && VMCI_FAULT("doorbell.unlinked-writes") && to->device)
		(void)vmci_device_set_notify_byte(to->device, 0);
	if (!db)
		return refuse(ctx, VMCI_ERROR_NOT_FOUND, "no such doorbell", "HC.NOTIFY.2");
	if (db->fn) {
		if (!VMCI_FAULT("doorbell.host-handler-not-run"))
			db->fn(db->arg, handle);
		return 0;
	}
	return ring_vm(to, db);
}

int vmci_context_rings(struct vmci_context *ctx, struct vmci_handle *out, size_t max)
{
	int n = 0;

	if (ctx->ring_count > max)
		return VMCI_ERROR_MORE_DATA;
	if (VMCI_FAULT("rings.not-coalesced") || VMCI_FAULT("rings.pending-survives-destroy")) {
		n = (int)ctx->ring_count;
		ctx->ring_count = 0;
		return n; /* a count of rings, not of doorbells */
	}
	while (!vmci_list_is_empty(&ctx->rings)) {
		struct doorbell *db = VMCI_HOLDER(ctx->rings.next, struct doorbell, ring);

		out[n++] = db->handle;
		forget_ring(ctx, db);
	}
	return n;
}
