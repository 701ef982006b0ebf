/* SPDX-License-Identifier: BSD-2-Clause */
/* transport.h - what the two kinds of transport have in common. Private to core/socket. */
#ifndef VMCI_SOCKET_TRANSPORT_H
#define VMCI_SOCKET_TRANSPORT_H

#include <vmci/transport.h>

struct transport_base {
	struct vmci_transport table; /* first: what the user holds */
	void *alloc_ctx;
	void *(*alloc)(void *ctx, size_t size);
	void (*free)(void *ctx, void *p, size_t size);
	size_t size;		      /* of the whole object */
	void (*end)(void *transport); /* before the object is freed */
};

static inline void *transport_alloc(struct transport_base *b, size_t size)
{
	return b->alloc(b->alloc_ctx, size);
}

static inline void transport_release(struct transport_base *b, void *p, size_t size)
{
	b->free(b->alloc_ctx, p, size);
}

#endif
