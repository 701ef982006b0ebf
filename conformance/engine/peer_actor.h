/* SPDX-License-Identifier: BSD-2-Clause */
/* peer_actor.h - the conformance peer: plays the host actors of vectors on a hub.
 *
 * It stands behind the device under test and does what `host` lines say: endpoints, doorbells,
 * events, queue pairs and contexts, through the public interface of the hub. Used in process and
 * behind the simulator's mailbox. Requests may come from a hostile guest: every number in them is
 * checked, memory is bounded.
 */
#ifndef CONFORMANCE_PEER_ACTOR_H
#define CONFORMANCE_PEER_ACTOR_H

#include <vmci/device.h>
#include "peer.h"

/* Bounds. What is beyond is refused with VMCI_ERROR_NO_RESOURCES. */
#define PEER_INBOX_ITEMS  1024u /* datagrams or events that wait in one inbox */
#define PEER_INBOX_BYTES  (1u << 20)
#define PEER_OBJECTS_MAX  1024u /* endpoints, doorbells, watches and contexts of vectors, each */
#define PEER_MEMORY_BYTES (1u << 24) /* queue memory of bare VMs */

/* Where the peer stands. Kept until peer_actor_free. */
struct peer_world {
	struct vmci_hub *hub;
	const struct vmci_hub_port *port;  /* for memory */
	struct vmci_device *device;	   /* under test */
	struct vmci_device_config startup; /* its configuration */
	const char *name;		   /* "name version" of the implementation */
	/* Apply a configuration and reset the device.
	 *   vectors  messages of the function, 0: as at start-up
	 * Returns 0 or a VMCI result (nothing changed), or PEER_RC_UNSUPPORTED (vectors cannot be
	 * changed here). NULL: vmci_device_configure, and other vectors are unsupported. */
	int (*configure)(void *ctx, const struct vmci_device_config *config, unsigned vectors);
	/* A clock that never goes back, microseconds; for services like GuestRPC. NULL: no sockets
	 * either, although theirs is the vector's clock (PEER_SYNC). */
	uint64_t (*now_us)(void *ctx);
	void *ctx;
};

struct peer_actor;

/* Make a peer. world is copied. Returns NULL without memory. */
struct peer_actor *peer_actor_new(const struct peer_world *world);
/* Before the hub is destroyed. */
void peer_actor_free(struct peer_actor *p);

/* Carry out a request of kind PEER_NOP..PEER_HOST_* or PEER_SOCKET_*. It always answers. Timers of
 * sockets run in PEER_SYNC and in PEER_SOCKET_* only, so that a harness decides when.
 *   rp->blob, blob_max  the caller's; rc, blob_len are set */
void peer_actor_execute(struct peer_actor *p, const struct peer_request *rq, struct peer_reply *rp);

/* Let the services of vectors do what there is to do; after each call that may have reached the
 * hub, from outside of it. Returns microseconds until it has to be called again in any case,
 * UINT64_MAX: never; a harness that lets time pass by itself may ignore that. */
uint64_t peer_actor_pump(struct peer_actor *p);

/* The device was made anew (its owner destroyed and created it): objects of vectors are gone. */
void peer_actor_set_device(struct peer_actor *p, struct vmci_device *device);

#endif
