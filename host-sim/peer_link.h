/* SPDX-License-Identifier: BSD-2-Clause */
/* peer_link.h - the conformance peer behind the mailbox: bytes in, bytes out. */
#ifndef HOST_SIM_PEER_LINK_H
#define HOST_SIM_PEER_LINK_H

#include "simdev.h"

/* Carry out one request of conformance/engine/peer.h; a peerbox_handler with the simdev as ctx.
 * It always answers. */
size_t peer_handle(void *ctx, const uint8_t *request, size_t len, uint8_t *reply, size_t max);

#endif
