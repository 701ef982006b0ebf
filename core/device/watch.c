/* SPDX-License-Identifier: BSD-2-Clause */
/* Notifications of removed contexts. Spec: chapters 50 and 70. */
#include "watch.h"

#include "event.h"

#include <vmci/fault.h>

struct watch {
	struct vmci_node by_remote; /* in the hub */
	struct vmci_list link;	    /* in the context that asked */
	struct vmci_context *owner;
	uint32_t remote;
};

static struct watch *find(const struct vmci_context *ctx, uint32_t remote)
{
	struct vmci_node *node = vmci_table_find(&ctx->hub->watches, remote);

	for (; node; node = vmci_table_next(node)) {
		struct watch *w = VMCI_HOLDER(node, struct watch, by_remote);

		if (w->owner == ctx)
			return w;
	}
	return NULL;
}

int vmci_context_watch(struct vmci_context *ctx, uint32_t remote)
{
	struct vmci_hub *hub = ctx->hub;
	struct watch *w;

	if (vmci_cid_is_vm(ctx->cid) && vmci_cid_is_vm(remote) && !VMCI_FAULT("context.watch-vm"))
		return vmci_refuse(hub, ctx->cid, VMCI_ERROR_DST_UNREACHABLE,
				   "a VM may not watch a VM", "CTX.WATCH.1");
	if ((ctx->priv & VMCI_PRIVILEGE_FLAG_RESTRICTED) &&
	    !VMCI_FAULT("priv.restricted-may-watch"))
		return vmci_refuse(hub, ctx->cid, VMCI_ERROR_NO_ACCESS,
				   "a restricted context may not watch", "PRIV.WATCH.1");
	if (VMCI_FAULT("watch.unknown-refused") && !vmci_hub_find(hub, remote))
		return VMCI_ERROR_NOT_FOUND;
	if (find(ctx, remote) && !VMCI_FAULT("watch.duplicate"))
		return vmci_refuse(hub, ctx->cid, VMCI_ERROR_ALREADY_EXISTS, "watched already",
				   "CTX.WATCH.2");
	if (ctx->watch_count >= VMCI_MAX_CONTEXTS)
		return vmci_refuse(hub, ctx->cid, VMCI_ERROR_NO_MEM, "watches too many", NULL);
	if (vmci_table_reserve(&hub->watches, &hub->memory))
		return VMCI_ERROR_NO_MEM;
	w = vmci_hub_alloc(hub, sizeof(*w));
	if (!w)
		return VMCI_ERROR_NO_MEM;
	w->owner = ctx;
	w->remote = remote;
	vmci_table_add(&hub->watches, &w->by_remote, remote);
	vmci_list_append(&ctx->watch_list, &w->link);
	ctx->watch_count++;
	return 0;
}

static void drop(struct watch *w)
{
	struct vmci_context *ctx = w->owner;

	vmci_table_remove(&ctx->hub->watches, &w->by_remote);
	vmci_list_remove(&w->link);
	ctx->watch_count--;
	vmci_hub_free(ctx->hub, w, sizeof(*w));
}

int vmci_context_unwatch(struct vmci_context *ctx, uint32_t remote)
{
	struct watch *w = find(ctx, remote);

	if (!w)
		return vmci_refuse(ctx->hub, ctx->cid, VMCI_ERROR_NOT_FOUND, "not watched",
				   "CTX.WATCH.2");
	if (!VMCI_FAULT("watch.unwatch-ignored"))
		drop(w);
	return 0;
}

void vmci_watch_announce_removal(struct vmci_context *ctx)
{
	struct vmci_hub *hub = ctx->hub;
	struct vmci_list *at;

	if (hub->is_closing || VMCI_FAULT("event.no-context-removed"))
		return;
	/* In the order of the contexts, not of the table, so that a run can be repeated. */
	for (at = hub->members.next; at != &hub->members; at = at->next) {
		struct vmci_context *to = VMCI_HOLDER(at, struct vmci_context, member);

		if (!to->watch_count || !find(to, ctx->cid))
			continue;
		if (vmci_priv_denies(ctx->priv, to->priv) &&
		    !VMCI_FAULT("priv.removal-told-to-all"))
			continue;
		(void)vmci_event_context(to, VMCI_EVENT_CTX_REMOVED, ctx->cid);
		if (VMCI_FAULT("event.removed-twice"))
			(void)vmci_event_context(to, VMCI_EVENT_CTX_REMOVED, ctx->cid);
	}
}

void vmci_watch_drop_all(struct vmci_context *ctx)
{
	while (!vmci_list_is_empty(&ctx->watch_list))
		drop(VMCI_HOLDER(ctx->watch_list.next, struct watch, link));
}
