/* SPDX-License-Identifier: BSD-2-Clause */
/* The registry of what vectors made the conformance peer create. */
#include "peer_state.h"

struct vmci_context *peer_context(struct peer_actor *p, uint64_t cid)
{
	return cid > UINT32_MAX ? NULL : vmci_hub_find(p->world.hub, (uint32_t)cid);
}

struct peer_object *peer_object_add(struct peer_actor *p, enum object_kind kind, uint32_t as,
				    uint32_t value)
{
	const struct vmci_hub_port *port = p->world.port;
	struct peer_object *o;

	if (p->counts[kind] >= PEER_OBJECTS_MAX)
		return NULL;
	o = port->alloc(port->ctx, sizeof(*o));
	if (!o)
		return NULL;
	o->peer = p;
	o->kind = kind;
	o->as = as;
	o->value = value;
	o->next = p->objects;
	p->objects = o;
	p->counts[kind]++;
	return o;
}

struct peer_object *peer_object_find(struct peer_actor *p, enum object_kind kind, uint64_t as,
				     uint64_t value)
{
	struct peer_object *o;

	for (o = p->objects; o; o = o->next)
		if (o->kind == kind && o->as == as && o->value == value)
			return o;
	return NULL;
}

void peer_object_forget(struct peer_actor *p, struct peer_object *o)
{
	const struct vmci_hub_port *port = p->world.port;
	struct peer_object **at = &p->objects;

	while (*at != o)
		at = &(*at)->next;
	*at = o->next;
	p->counts[o->kind]--;
	peer_inbox_clear(&o->inbox, port);
	port->free(port->ctx, o, sizeof(*o));
}

void peer_object_undo(struct peer_actor *p, struct peer_object *o)
{
	struct vmci_context *as = peer_context(p, o->as);
	struct vmci_context *made;

	switch (o->kind) {
	case OBJECT_ENDPOINT:
		if (as)
			(void)vmci_context_endpoint_close(as, o->value);
		break;
	case OBJECT_DOORBELL:
		if (as)
			(void)vmci_context_doorbell_close(as, o->value);
		break;
	case OBJECT_WATCH:
		if (as)
			(void)vmci_context_unwatch(as, o->value);
		break;
	default:
		made = peer_context(p, o->value);
		if (made)
			vmci_context_destroy(made);
		break;
	}
	peer_object_forget(p, o);
}

/* Contexts last: the others may act as one of them. */
void peer_objects_drop(struct peer_actor *p)
{
	struct peer_object *o, *next;

	for (int contexts = 0; contexts < 2; contexts++) {
		for (o = p->objects; o; o = next) {
			next = o->next;
			if ((o->kind == OBJECT_CONTEXT) == contexts)
				peer_object_undo(p, o);
		}
	}
}
