/* SPDX-License-Identifier: BSD-2-Clause */
/* peer_link.c - the conformance peer behind the mailbox: bytes in, bytes out. */
#include "peer_link.h"
#include <peer_wire.h>
#include <string.h>

static void name_us(struct peer_reply *rp)
{
	static const char name[] = "OpenVMCI vmci-sim";

	rp->blob_len = sizeof(name) - 1;
	memcpy(rp->blob, name, rp->blob_len);
	rp->rc = 0;
}

size_t peer_handle(void *ctx, const uint8_t *request, size_t len, uint8_t *reply, size_t max)
{
	struct simdev *s = ctx;
	struct peer_request rq = { .op = PEER_NOP };
	struct peer_reply rp = { .rc = PEER_RC_BAD_REQUEST,
				 .blob = reply + PEER_REPLY_HEAD,
				 .blob_max = (uint32_t)(max - PEER_REPLY_HEAD) };

	if (rp.blob_max > PEER_BLOB_MAX)
		rp.blob_max = PEER_BLOB_MAX;
	if (peer_decode_request(&rq, request, len) == 0) {
		rp.rc = rq.op == PEER_NOP || rq.op == PEER_SYNC ? 0 : PEER_RC_UNSUPPORTED;
		if (rq.op == PEER_INFO)
			name_us(&rp);
	}
	trace_text_peer(&s->trace, rq.op, rp.rc);
	return peer_encode_reply(rq.op, &rp, reply, max);
}
