/* SPDX-License-Identifier: BSD-2-Clause */
/* transport.h - what sockets ask of the context they live in.
 *
 * One table that a guest behind a device (vmci_transport_of_guest) and a context of a hub
 * (vmci_transport_of_context) both offer, so that the sockets never know which end they are. The
 * results are those of the protocol (defs.h) and of error.h. No function calls back into the
 * sockets except through the handlers given to it, and those never from inside another function
 * of the table. Two exceptions: `leave` below, and events about local pairs, which come from inside
 * pair_open and pair_close of the other end.
 *
 * Spec: chapters 82 to 88.
 */
#ifndef VMCI_TRANSPORT_H
#define VMCI_TRANSPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <vmci/error.h>
#include <vmci/wire.h>

struct vmci_guest;
struct vmci_context;
struct vmci_transport_pair; /* this context's end of a queue pair */

/* data: header and payload, len = 24 + payload, borrowed. A negative result goes to a sender that
 * can learn it (a host's handler), otherwise nowhere. */
typedef int vmci_datagram_fn(void *arg, const uint8_t *data, size_t len);
/* payload: of an event datagram, event number first, at least 24 bytes are readable. */
typedef void vmci_event_fn(void *arg, const uint8_t *payload, size_t len);
/* A context has another id: what was said to and by `was` concerns `is` from now on. */
typedef void vmci_renumber_fn(void *arg, uint32_t was, uint32_t is);
/* The peer's end is about to go, its memory is still there: the last moment to take out what it
 * wrote. Only dequeue, peek, ready and room of this pair may be called from here. */
typedef void vmci_pair_leave_fn(void *arg);

struct vmci_transport {
	void *ctx;
	/* Own context id, or an error: none yet. */
	int64_t (*cid)(void *ctx);
	/* Make a datagram endpoint; parameters and results of vmci_guest_endpoint. trusted: it
	 * claims VMCI_PRIVILEGE_FLAG_TRUSTED where the context has the right to. */
	int64_t (*endpoint)(void *ctx, uint32_t resource, uint32_t flags, bool trusted,
			    vmci_datagram_fn *fn, void *arg);
	int (*endpoint_close)(void *ctx, uint32_t resource);
	/* Send from {own id, src_resource}. Returns 24 + len or an error. */
	int (*send)(void *ctx, struct vmci_handle dst, uint32_t src_resource, const void *payload,
		    size_t len);
	/* All events of this context go to fn as well; one subscriber for each transport, NULL ends
	 * it. Returns 0 or VMCI_LOCAL_NO_MEMORY. */
	int (*events)(void *ctx, vmci_event_fn *fn, void *arg);
	/* Be told of other contexts' new ids, as events. NULL: peers keep theirs. */
	int (*renumbers)(void *ctx, vmci_renumber_fn *fn, void *arg);
	/* May a socket of this context talk to that one? The privilege rule of chapter 80. */
	bool (*may_talk)(void *ctx, uint32_t peer, bool trusted);
	/* Has the peer taken everything that was sent to it? NULL: cannot be known. */
	bool (*is_drained)(void *ctx, uint32_t peer);

	/* Create (handle {VMCI_INVALID_ID, VMCI_INVALID_ID}: own id, next free resource) or attach
	 * (flags VMCI_QPFLAG_ATTACH_ONLY). produce, consume: bytes as this end sees them.
	 * priv: 0 or VMCI_PRIVILEGE_FLAG_TRUSTED.
	 * leave: may be NULL; called at most once, before a detach of the peer takes effect.
	 * Returns 0 and *out, or an error: nothing was made. */
	int (*pair_open)(void *ctx, struct vmci_handle handle, uint32_t peer, uint32_t flags,
			 uint32_t priv, uint64_t produce, uint64_t consume,
			 vmci_pair_leave_fn *leave, void *arg, struct vmci_transport_pair **out);
	/* The memory of a pair is the peer's, which can still read after pair_close: a stream that
	 * is closed says so and keeps its end until the peer has detached. Otherwise the detach is
	 * all that the peer hears. */
	bool announces_close;
	/* May both ends of a pair be in this context (flag VMCI_QPFLAG_LOCAL)? A guest's driver has
	 * such pairs. A context of a hub has not, and a stream to itself answers ENODEV. */
	bool has_local_pairs;
	/* The end is given back; the pointer is dead, whatever the peer or the device says. No
	 * `leave` comes afterwards. */
	void (*pair_close)(void *ctx, struct vmci_transport_pair *p);
	struct vmci_handle (*pair_handle)(void *ctx, const struct vmci_transport_pair *p);
	/* As vmci_pair_enqueue and the others of hub.h. One caller per direction. */
	int64_t (*enqueue)(void *ctx, struct vmci_transport_pair *p, const void *src, size_t len);
	int64_t (*dequeue)(void *ctx, struct vmci_transport_pair *p, void *dst, size_t len);
	int64_t (*peek)(void *ctx, struct vmci_transport_pair *p, void *dst, size_t len);
	int64_t (*ready)(void *ctx, struct vmci_transport_pair *p);
	int64_t (*room)(void *ctx, struct vmci_transport_pair *p);
};

/* The transport of a guest (guest.h) or of the host or hypervisor context of a hub (hub.h).
 *   alloc_ctx, alloc, free  as in the ports; small objects, one for each queue pair
 * Returns the table, to be given back with vmci_transport_free after everything made with it; NULL:
 * no memory. The guest or context outlives it. */
struct vmci_transport *vmci_transport_of_guest(struct vmci_guest *g, void *alloc_ctx,
					       void *(*alloc)(void *ctx, size_t size),
					       void (*free)(void *ctx, void *p, size_t size));
struct vmci_transport *vmci_transport_of_context(struct vmci_context *ctx, void *alloc_ctx,
						 void *(*alloc)(void *ctx, size_t size),
						 void (*free)(void *ctx, void *p, size_t size));
/* Of either kind. NULL is ignored. */
void vmci_transport_free(struct vmci_transport *t);

#endif
