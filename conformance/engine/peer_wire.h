/* SPDX-License-Identifier: BSD-2-Clause */
/* peer_wire.h - messages of peer.h as bytes, both ends.
 *
 * Everything decoded may come from a hostile other end: lengths are checked against what is
 * there before they are used. Blobs are not copied, they point into the message.
 */
#ifndef CONFORMANCE_PEER_WIRE_H
#define CONFORMANCE_PEER_WIRE_H

#include "peer.h"

#define PEER_REQUEST_HEAD 8u  /* bytes in front of the arguments */
#define PEER_REPLY_HEAD	  16u /* bytes in front of the blob */
#define PEER_MESSAGE_MAX  (PEER_REQUEST_HEAD + 8u * PEER_ARGS + PEER_BLOB_MAX)

/* Write a request. Returns its length, or 0: it does not fit in max bytes or breaks a limit of
 * peer.h; buf may then hold anything. rq->blob may already stand at its place in buf. */
size_t peer_encode_request(const struct peer_request *rq, uint8_t *buf, size_t max);

/* Read a request; rq->blob points into buf. Returns 0, or -1: the length is not exactly that of
 * the message or a limit of peer.h is broken; *rq then has op 0 or the op that was there. */
int peer_decode_request(struct peer_request *rq, const uint8_t *buf, size_t len);

/* Write a reply to operation op. Returns its length, or 0 when it does not fit. */
size_t peer_encode_reply(uint32_t op, const struct peer_reply *rp, uint8_t *buf, size_t max);

/* Read a reply to op: rc and the blob, which is copied to rp->blob (at most rp->blob_max
 * bytes). Returns 0, or -1: malformed, of another operation, or the blob does not fit. */
int peer_decode_reply(uint32_t op, struct peer_reply *rp, const uint8_t *buf, size_t len);

#endif
