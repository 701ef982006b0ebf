/* SPDX-License-Identifier: BSD-2-Clause */
/* peer_link.h - the conformance peer behind the mailbox of a served device.
 *
 * Decodes what the guest wrote, lets the peer of the engine (peer_actor.h) do it on the device's
 * hub, encodes the reply. Everything it made goes when the client goes.
 */
#ifndef HOST_SIM_PEER_LINK_H
#define HOST_SIM_PEER_LINK_H

#include <peer_actor.h>
#include "simdev.h"

struct peer_link {
	struct simdev *sim;
	struct peer_actor *actor; /* NULL: requests are unsupported */
};

/* A peerbox_handler; ctx is a struct peer_link, which may still be all zero. */
size_t peer_link_handle(void *ctx, const uint8_t *request, size_t len, uint8_t *reply, size_t max);

/* Put a peer on an open device. sim is borrowed. 0, or -1 without memory. */
int peer_link_open(struct peer_link *link, struct simdev *sim);
/* Let it work; after each call that may have reached the hub. Returns as peer_actor_pump. */
uint64_t peer_link_pump(struct peer_link *link);
/* Drop what vectors made and restore the device's configuration: for the next client. */
void peer_link_reset(struct peer_link *link);
/* Before simdev_close. */
void peer_link_close(struct peer_link *link);

#endif
