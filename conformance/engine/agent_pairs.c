/* SPDX-License-Identifier: BSD-2-Clause */
/* Queue pairs of the agent's guest. */
#include "agent_pairs.h"

#include <vmci/mem.h>
#include "agent_resources.h"

void agent_pair_alloc(struct agent *a, const uint64_t *args, struct peer_reply *rp)
{
	uint64_t name = args[0], produce, consume;
	uint8_t headers[16];

	if (name >= AGENT_PAIRS || a->pairs[name]) {
		rp->rc = PEER_RC_BAD_REQUEST;
		return;
	}
	rp->rc = vmci_guest_pair_alloc(a->guest, vmci_handle((uint32_t)args[1], (uint32_t)args[2]),
				       (uint32_t)args[3], (uint32_t)args[4], (uint32_t)args[7],
				       args[5], args[6], &a->pairs[name]);
	if (rp->rc < 0) {
		a->pairs[name] = NULL;
		return;
	}
	vmci_guest_pair_headers(a->pairs[name], &produce, &consume);
	vmci_put64(headers, produce);
	vmci_put64(headers + 8, consume);
	agent_give(rp, headers, sizeof(headers));
}

void agent_pair_execute(struct agent *a, const struct peer_request *rq, const uint64_t *args,
			struct peer_reply *rp)
{
	uint64_t name = args[0], count = args[1];
	struct vmci_guest_pair *p = name < AGENT_PAIRS ? a->pairs[name] : NULL;

	if (!p) {
		rp->rc = VMCI_ERROR_NOT_FOUND;
		return;
	}
	if (count > rp->blob_max)
		count = rp->blob_max;
	switch (rq->op) {
	case PEER_ASK_DETACH:
		rp->rc = vmci_guest_pair_detach(p);
		if (rp->rc >= 0)
			a->pairs[name] = NULL;
		break;
	case PEER_ASK_PUSH:
		rp->rc = vmci_ring_enqueue(vmci_guest_pair_produce(p), rq->blob, rq->blob_len);
		break;
	case PEER_ASK_PULL:
		rp->rc = vmci_ring_dequeue(vmci_guest_pair_consume(p), rp->blob, (size_t)count);
		break;
	case PEER_ASK_PEEK:
		rp->rc = vmci_ring_peek(vmci_guest_pair_consume(p), rp->blob, (size_t)count);
		break;
	case PEER_ASK_READY:
		rp->rc = vmci_ring_ready(vmci_guest_pair_consume(p));
		break;
	default: /* PEER_ASK_ROOM */
		rp->rc = vmci_ring_room(vmci_guest_pair_produce(p));
		break;
	}
	if (rp->rc > 0 && (rq->op == PEER_ASK_PULL || rq->op == PEER_ASK_PEEK))
		rp->blob_len = (uint32_t)rp->rc;
}
