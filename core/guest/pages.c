/* SPDX-License-Identifier: BSD-2-Clause */
/* Pages shared with the device. */
#include "state.h"

int guest_pages_alloc(struct vmci_guest *g, struct guest_pages *pages, size_t n)
{
	const struct vmci_guest_port *port = g->port;
	size_t page = guest_page(g), done = 0, piece = n;

	memset(pages, 0, sizeof(*pages));
	pages->n = n;
	pages->page = guest_alloc(g, n * sizeof(*pages->page));
	pages->addr = guest_alloc(g, n * sizeof(*pages->addr));
	pages->npiece = guest_alloc(g, n * sizeof(*pages->npiece));
	if (!pages->page || !pages->addr || !pages->npiece)
		goto fail;
	/* Long runs make rings fast and page lists cheap; a port that has none gives single pages.
	 */
	while (done < n) {
		uint64_t addr;
		uint8_t *p;

		if (piece > n - done)
			piece = n - done;
		p = port->dma_alloc(port->ctx, piece * page, &addr);
		if (!p) {
			if (piece == 1)
				goto fail;
			piece = (piece + 1) / 2;
			continue;
		}
		pages->npiece[done] = (uint32_t)piece;
		for (size_t i = 0; i < piece; i++, done++) {
			pages->page[done] = p + i * page;
			pages->addr[done] = addr + i * page;
		}
	}
	return 0;
fail:
	guest_pages_free(g, pages);
	return VMCI_LOCAL_NO_MEMORY;
}

void guest_pages_free(struct vmci_guest *g, struct guest_pages *pages)
{
	const struct vmci_guest_port *port = g->port;
	size_t n = pages->n, page = guest_page(g);

	if (pages->page && pages->addr && pages->npiece)
		for (size_t i = 0; i < n && pages->npiece[i]; i += pages->npiece[i])
			port->dma_free(port->ctx, pages->page[i], pages->npiece[i] * page,
				       pages->addr[i]);
	guest_free(g, pages->page, n * sizeof(*pages->page));
	guest_free(g, pages->addr, n * sizeof(*pages->addr));
	guest_free(g, pages->npiece, n * sizeof(*pages->npiece));
	memset(pages, 0, sizeof(*pages));
}
