/* SPDX-License-Identifier: BSD-2-Clause */
/* peer_objects.h - the registry of what vectors made the conformance peer create, so that all of it
 * can be undone before the next vector. */
#ifndef CONFORMANCE_PEER_OBJECTS_H
#define CONFORMANCE_PEER_OBJECTS_H

#include <vmci/hub.h>
#include "peer_inbox.h"

struct peer_actor;

enum object_kind {
	OBJECT_ENDPOINT, /* value = resource */
	OBJECT_DOORBELL, /* value = resource */
	OBJECT_WATCH,	 /* value = context watched */
	OBJECT_CONTEXT,	 /* value = its id */
	OBJECT_KINDS
};

/* Belongs to the registry; `as` is the context that made it. */
struct peer_object {
	struct peer_object *next;
	struct peer_actor *peer;
	enum object_kind kind;
	uint32_t as, value;
	struct peer_inbox inbox; /* of an endpoint */
	int32_t refuse;		 /* of an endpoint: its handler's result, 0 accepts */
	uint32_t rung;		 /* of a doorbell, since the last look */
};

/* The context with that id, or NULL: no such. */
struct vmci_context *peer_context(struct peer_actor *p, uint64_t cid);

/* Remember an object that was or will be made in the hub. Returns it, or NULL: PEER_OBJECTS_MAX of
 * that kind are there, or no memory. */
struct peer_object *peer_object_add(struct peer_actor *p, enum object_kind kind, uint32_t as,
				    uint32_t value);
/* The youngest with these three, or NULL. */
struct peer_object *peer_object_find(struct peer_actor *p, enum object_kind kind, uint64_t as,
				     uint64_t value);
/* Free an object of the registry; the hub is not touched. */
void peer_object_forget(struct peer_actor *p, struct peer_object *o);
/* Undo it in the hub, where it may be gone already, and forget it. */
void peer_object_undo(struct peer_actor *p, struct peer_object *o);
/* Undo every one. */
void peer_objects_drop(struct peer_actor *p);

#endif
