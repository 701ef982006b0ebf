/* SPDX-License-Identifier: BSD-2-Clause */
/* The decisions of the broker, in the documented order. Spec: chapter 62. */
#include "broker_check.h"

#include "device.h"

#include <vmci/fault.h>

int vmci_pair_refuse(const struct vmci_pair_request *rq, int result, const char *reason,
		     const char *clause)
{
	return vmci_refuse(rq->ctx->hub, rq->ctx->cid, result, reason, clause);
}

struct vmci_pair *vmci_pair_find(const struct vmci_hub *hub, struct vmci_handle handle)
{
	struct vmci_node *node = vmci_table_find(&hub->pairs, vmci_pair_key(handle));

	return node ? VMCI_HOLDER(node, struct vmci_pair, by_handle) : NULL;
}

struct vmci_pair_end *vmci_pair_end_of(const struct vmci_pair *pair, const struct vmci_context *ctx)
{
	if (pair->creator && pair->creator->ctx == ctx)
		return pair->creator;
	if (pair->attacher && pair->attacher->ctx == ctx)
		return pair->attacher;
	return NULL;
}

static bool has_resource(const struct vmci_context *ctx, uint32_t resource)
{
	return vmci_pair_find(ctx->hub, vmci_handle(ctx->cid, resource)) != NULL;
}

static int check_sizes(const struct vmci_pair_request *rq)
{
	uint64_t max = VMCI_MAX_GUEST_QP_MEMORY + (VMCI_FAULT("broker.limit-off-by-one") ? 1 : 0);

	if (VMCI_FAULT("broker.no-size-limit"))
		return 0;
	if (VMCI_FAULT("broker.size-overflow")) {
		if (rq->produce + rq->consume > max)
			return VMCI_ERROR_NO_RESOURCES;
		return 0;
	}
	if (rq->produce > max || rq->consume > max - rq->produce)
		return vmci_pair_refuse(rq, VMCI_ERROR_NO_RESOURCES, "queues larger than 128 MiB",
					"QP.ALLOC.9");
	return 0;
}

static int check_rest(const struct vmci_pair_request *rq)
{
	struct vmci_handle h = rq->handle;

	if (h.context == VMCI_INVALID_ID && !VMCI_FAULT("alloc.invalid-handle"))
		return vmci_pair_refuse(rq, VMCI_ERROR_INVALID_ARGS, "handle without a context",
					"QP.ALLOC.14");
	if ((rq->flags & ~(uint32_t)VMCI_QP_ALL_FLAGS) && !VMCI_FAULT("alloc.flags-unchecked"))
		return vmci_pair_refuse(rq, VMCI_ERROR_INVALID_ARGS, "unknown queue pair flags",
					"QP.ALLOC.12");
	if ((rq->flags & VMCI_QPFLAG_LOCAL) && !VMCI_FAULT("alloc.local-accepted"))
		return vmci_pair_refuse(rq, VMCI_ERROR_INVALID_ARGS,
					"a local pair is no matter of the broker", "QP.ALLOC.13");
	if (!rq->produce && !rq->consume && !VMCI_FAULT("alloc.both-zero"))
		return vmci_pair_refuse(rq, VMCI_ERROR_INVALID_ARGS, "both queues empty",
					"QP.ALLOC.11");
	return 0;
}

static int check_create(const struct vmci_pair_request *rq)
{
	const struct vmci_context *ctx = rq->ctx;

	if ((rq->flags & VMCI_QPFLAG_ATTACH_ONLY) && !VMCI_FAULT("create.attach-only"))
		return vmci_pair_refuse(rq, VMCI_ERROR_NOT_FOUND, "nothing to attach to",
					"QP.CREATE.1");
	if (VMCI_FAULT("create.peers-handle-refused") && rq->handle.context != ctx->cid)
		return VMCI_ERROR_NO_ACCESS;
	if (VMCI_FAULT("create.order") && vmci_cid_is_vm(ctx->cid) && vmci_cid_is_vm(rq->peer))
		return VMCI_ERROR_DST_UNREACHABLE;
	if (rq->handle.context != ctx->cid && rq->handle.context != rq->peer &&
	    !VMCI_FAULT("create.foreign-handle"))
		return vmci_pair_refuse(rq, VMCI_ERROR_NO_ACCESS,
					"handle of neither the creator nor the peer",
					"QP.CREATE.2");
	if (vmci_context_is_vm(ctx) && vmci_cid_is_vm(rq->peer) && !VMCI_FAULT("create.vm-to-vm"))
		return vmci_pair_refuse(rq, VMCI_ERROR_DST_UNREACHABLE,
					"no queue pair from VM to VM", "QP.CREATE.3");
	return 0;
}

static int check_attach(const struct vmci_pair_request *rq, const struct vmci_pair *pair)
{
	const struct vmci_context *ctx = rq->ctx;
	bool is_vm = vmci_context_is_vm(ctx);
	uint32_t ignored = VMCI_QPFLAG_ATTACH_ONLY | VMCI_QP_ASYMM;

	if (VMCI_FAULT("attach.order-state") &&
	    (rq->produce != pair->produce || rq->consume != pair->consume))
		return VMCI_ERROR_QUEUEPAIR_MISMATCH;
	if (pair->state != VMCI_QPB_CREATED_NO_MEM && pair->state != VMCI_QPB_CREATED_MEM)
		return vmci_pair_refuse(rq, VMCI_ERROR_UNAVAILABLE, "the pair takes no attacher",
					"QP.ATTACH.4");
	if (VMCI_FAULT("attach.order") &&
	    (rq->produce != pair->produce || rq->consume != pair->consume))
		return VMCI_ERROR_QUEUEPAIR_MISMATCH;
	if (is_vm && vmci_context_is_vm(pair->creator->ctx) && !VMCI_FAULT("attach.vm-to-vm"))
		return vmci_pair_refuse(rq, VMCI_ERROR_DST_UNREACHABLE,
					"no queue pair from VM to VM", "QP.ATTACH.6");
	if ((ctx->priv & VMCI_PRIVILEGE_FLAG_RESTRICTED) && !pair->created_by_trusted &&
	    !VMCI_FAULT("priv.restricted-attaches"))
		return vmci_pair_refuse(rq, VMCI_ERROR_NO_ACCESS, "the creator was not trusted",
					"PRIV.PAIR.1");
	if (pair->needs_trusted_attach && !(rq->priv & VMCI_PRIVILEGE_FLAG_TRUSTED) &&
	    !VMCI_FAULT("priv.untrusted-attaches"))
		return vmci_pair_refuse(rq, VMCI_ERROR_NO_ACCESS,
					"a restricted VM's pair needs trust", "PRIV.PAIR.2");
	if (VMCI_FAULT("attach.named-peer-refused") && pair->peer != VMCI_INVALID_ID)
		return VMCI_ERROR_NO_ACCESS;
	if (VMCI_FAULT("attach.order-memory") && !is_vm && pair->state == VMCI_QPB_CREATED_NO_MEM)
		return VMCI_ERROR_UNAVAILABLE;
	if (pair->peer != VMCI_INVALID_ID && pair->peer != ctx->cid &&
	    !VMCI_FAULT("attach.peer-unchecked"))
		return vmci_pair_refuse(rq, VMCI_ERROR_NO_ACCESS, "the pair is for somebody else",
					"QP.ATTACH.5");
	if (VMCI_FAULT("attach.own-peer-compared") && rq->peer != pair->creator->ctx->cid)
		return VMCI_ERROR_QUEUEPAIR_MISMATCH;
	if (VMCI_FAULT("attach.flags-compared"))
		ignored = 0;
	if ((pair->flags & ~ignored) != (rq->flags & ~ignored))
		return vmci_pair_refuse(rq, VMCI_ERROR_QUEUEPAIR_MISMATCH, "flags of both ends",
					"QP.ATTACH.3");
	if ((rq->produce != pair->produce || rq->consume != pair->consume) &&
	    !VMCI_FAULT("attach.sizes-unchecked"))
		return vmci_pair_refuse(rq, VMCI_ERROR_QUEUEPAIR_MISMATCH, "sizes of both ends",
					"QP.ATTACH.1");
	if (!is_vm && pair->state == VMCI_QPB_CREATED_NO_MEM &&
	    !VMCI_FAULT("attach.unmapped-accepted"))
		return vmci_pair_refuse(rq, VMCI_ERROR_UNAVAILABLE, "the pair has no memory now",
					"QP.ATTACH.7");
	if (is_vm && pair->state != VMCI_QPB_CREATED_NO_MEM)
		return vmci_pair_refuse(rq, VMCI_ERROR_INVALID_ARGS, "the pair has memory already",
					NULL);
	return 0;
}

static int check_quota(const struct vmci_pair_request *rq)
{
	const struct vmci_context *ctx = rq->ctx;
	uint64_t limit = ctx->device ? ctx->device->config.qp_memory_bytes
				     : ctx->hub->limits.qp_memory_bytes;

	if (!vmci_context_is_vm(ctx))
		return 0;
	if (ctx->end_count >= ctx->hub->limits.queue_pairs)
		return vmci_pair_refuse(rq, VMCI_ERROR_NO_RESOURCES, "too many queue pairs", NULL);
	if (VMCI_FAULT("alloc.no-limit"))
		return 0;
	if (VMCI_FAULT("alloc.limit-off-by-one"))
		limit++;
	if (ctx->pair_bytes > limit || rq->produce + rq->consume > limit - ctx->pair_bytes)
		return vmci_pair_refuse(rq, VMCI_ERROR_NO_RESOURCES,
					"queue memory of the VM used up", "QP.ALLOC.7");
	if (VMCI_FAULT("pair.zero-size-refused") && (!rq->produce || !rq->consume))
		return VMCI_ERROR_INVALID_ARGS;
	return 0;
}

int vmci_pair_check_arguments(const struct vmci_pair_request *rq)
{
	int rc = check_sizes(rq);

	if (VMCI_FAULT("create.order-common"))
		return check_rest(rq) ? check_rest(rq) : rc;
	return rc ? rc : check_rest(rq);
}

int vmci_pair_decide(struct vmci_pair_request *rq, struct vmci_pair **pair)
{
	struct vmci_hub *hub = rq->ctx->hub;
	int rc;

	*pair = NULL;
	if (rq->handle.resource == VMCI_INVALID_ID)
		rq->handle.resource = vmci_context_pick_resource(rq->ctx, has_resource);
	else
		*pair = vmci_pair_find(hub, rq->handle);
	if (VMCI_FAULT("attach.order-already-there") && *pair) {
		rc = check_attach(rq, *pair);
		if (rc)
			return rc;
	}
	/* A second pair of the same handle comes into being. */
	if (VMCI_FAULT("attach.third-accepted") && *pair && (*pair)->attacher &&
	    !vmci_pair_end_of(*pair, rq->ctx))
		*pair = NULL;
	if ((VMCI_FAULT("attach.shutdown-accepted") || VMCI_FAULT("detach.handle-too-early")) &&
	    *pair && (*pair)->state >= VMCI_QPB_SHUTDOWN_NO_MEM)
		*pair = NULL;
	if (VMCI_FAULT("create.twice-resets") && *pair && vmci_pair_end_of(*pair, rq->ctx) &&
	    (*pair)->pages)
		vmci_queue_header_init(vmci_pages_produce_header((*pair)->pages),
				       vmci_handle(0, 0));
	if (*pair && vmci_pair_end_of(*pair, rq->ctx) && !VMCI_FAULT("create.twice"))
		return vmci_pair_refuse(rq, VMCI_ERROR_ALREADY_EXISTS, "attached already",
					"QP.CREATE.4");
	rc = *pair ? check_attach(rq, *pair) : check_create(rq);
	if (rc)
		return rc;
	return check_quota(rq);
}
