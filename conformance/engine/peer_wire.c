/* SPDX-License-Identifier: BSD-2-Clause */
/* peer_wire.c - messages of peer.h as bytes. */
#include "peer_wire.h"
#include <vmci/mem.h>
#include <vmci/wire.h>

size_t peer_encode_request(const struct peer_request *rq, uint8_t *buf, size_t max)
{
	size_t need;

	if (rq->op > 0xffff || rq->nargs > PEER_ARGS || rq->blob_len > PEER_BLOB_MAX)
		return 0;
	need = PEER_REQUEST_HEAD + 8 * (size_t)rq->nargs + rq->blob_len;
	if (need > max)
		return 0;
	if (rq->blob_len)
		memmove(buf + PEER_REQUEST_HEAD + 8 * (size_t)rq->nargs, rq->blob, rq->blob_len);
	vmci_put16(buf, rq->op);
	vmci_put16(buf + 2, rq->nargs);
	vmci_put32(buf + 4, rq->blob_len);
	for (uint32_t i = 0; i < rq->nargs; i++)
		vmci_put64(buf + PEER_REQUEST_HEAD + 8 * (size_t)i, rq->args[i]);
	return need;
}

int peer_decode_request(struct peer_request *rq, const uint8_t *buf, size_t len)
{
	size_t args;

	memset(rq, 0, sizeof(*rq));
	if (len < PEER_REQUEST_HEAD)
		return -1;
	rq->op = vmci_get16(buf);
	rq->nargs = vmci_get16(buf + 2);
	rq->blob_len = vmci_get32(buf + 4);
	if (rq->nargs > PEER_ARGS || rq->blob_len > PEER_BLOB_MAX ||
	    len != PEER_REQUEST_HEAD + 8 * (size_t)rq->nargs + rq->blob_len) {
		rq->nargs = 0;
		rq->blob_len = 0;
		return -1;
	}
	args = PEER_REQUEST_HEAD;
	for (uint32_t i = 0; i < rq->nargs; i++, args += 8)
		rq->args[i] = vmci_get64(buf + args);
	rq->blob = buf + args;
	return 0;
}

size_t peer_encode_reply(uint32_t op, const struct peer_reply *rp, uint8_t *buf, size_t max)
{
	if (max < PEER_REPLY_HEAD || rp->blob_len > max - PEER_REPLY_HEAD)
		return 0;
	if (rp->blob_len)
		memmove(buf + PEER_REPLY_HEAD, rp->blob, rp->blob_len);
	vmci_put16(buf, op);
	vmci_put16(buf + 2, 0);
	vmci_put32(buf + 4, rp->blob_len);
	vmci_put64(buf + 8, (uint64_t)rp->rc);
	return PEER_REPLY_HEAD + rp->blob_len;
}

int peer_decode_reply(uint32_t op, struct peer_reply *rp, const uint8_t *buf, size_t len)
{
	uint32_t blob_len;

	rp->blob_len = 0;
	if (len < PEER_REPLY_HEAD || vmci_get16(buf) != (op & 0xffff))
		return -1;
	blob_len = vmci_get32(buf + 4);
	if (blob_len != len - PEER_REPLY_HEAD || blob_len > rp->blob_max)
		return -1;
	rp->rc = (int64_t)vmci_get64(buf + 8);
	if (blob_len)
		memmove(rp->blob, buf + PEER_REPLY_HEAD, blob_len);
	rp->blob_len = blob_len;
	return 0;
}
