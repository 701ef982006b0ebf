/* SPDX-License-Identifier: BSD-2-Clause */
/* What the two kinds of transport have in common. */
#include "transport.h"

void vmci_transport_free(struct vmci_transport *t)
{
	struct transport_base *b;

	if (!t)
		return;
	b = t->ctx;
	b->end(b);
	transport_release(b, b, b->size);
}
