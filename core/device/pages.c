/* SPDX-License-Identifier: BSD-2-Clause */
/* The memory of a queue pair. Spec: chapter 60. */
#include "pages.h"

#include "guestmem.h"

#include <vmci/fault.h>
#include <vmci/mem.h>

uint64_t vmci_pages_for(uint64_t bytes, unsigned page_shift)
{
	uint64_t rest = bytes & (((uint64_t)1 << page_shift) - 1);

	return (bytes >> page_shift) + (rest != 0);
}

struct vmci_pages *vmci_pages_make(struct vmci_hub *hub, struct vmci_device *dev, uint64_t produce,
				   uint64_t consume, unsigned page_shift)
{
	struct vmci_pages *pages = vmci_hub_alloc(hub, sizeof(*pages));

	if (!pages)
		return NULL;
	pages->hub = hub;
	pages->dev = dev;
	pages->page_shift = page_shift;
	pages->produce = vmci_pages_for(produce, page_shift);
	pages->consume = vmci_pages_for(consume, page_shift);
	pages->count = pages->produce + pages->consume + 2;
	pages->page = vmci_hub_alloc(hub, (size_t)pages->count * sizeof(*pages->page));
	if (dev)
		pages->gpa = vmci_hub_alloc(hub, (size_t)pages->count * sizeof(*pages->gpa));
	if (!pages->page || (dev && !pages->gpa)) {
		vmci_pages_free(pages);
		return NULL;
	}
	return pages;
}

void vmci_pages_free(struct vmci_pages *pages)
{
	if (!pages)
		return;
	vmci_pages_unmap(pages);
	vmci_hub_free(pages->hub, pages->gpa, (size_t)pages->count * sizeof(*pages->gpa));
	vmci_hub_free(pages->hub, pages->page, (size_t)pages->count * sizeof(*pages->page));
	vmci_hub_free(pages->hub, pages, sizeof(*pages));
}

static uint64_t scatter_bits(uint64_t x)
{
	x *= 0x9e3779b97f4a7c15u;
	x ^= x >> 32;
	x *= 0xd6e8feb86659fd93u;
	return x ^ x >> 32;
}

int vmci_pages_repeat(const struct vmci_pages *pages)
{
	size_t size = 8;
	uint32_t *seen;
	int rc = 0;

	while (size < pages->count * 2)
		size *= 2;
	seen = vmci_hub_alloc(pages->hub, size * sizeof(*seen)); /* 0: empty, else index + 1 */
	if (!seen)
		return VMCI_ERROR_NO_MEM;
	for (uint64_t i = 0; i < pages->count && !rc; i++) {
		uint64_t addr = pages->gpa[i].addr;
		size_t at = (size_t)scatter_bits(addr ^ pages->hub->salt) & (size - 1);

		while (seen[at] && pages->gpa[seen[at] - 1].addr != addr)
			at = (at + 1) & (size - 1);
		if (seen[at])
			rc = 1;
		seen[at] = (uint32_t)i + 1;
	}
	vmci_hub_free(pages->hub, seen, size * sizeof(*seen));
	return rc;
}

static void unpin(struct vmci_pages *pages, uint64_t n)
{
	for (uint64_t i = 0; pages->page && pages->gpa && i < n; i++) {
		if (pages->page[i])
			vmci_guest_unpin(pages->dev, pages->gpa[i], pages->page[i],
					 pages->page_shift);
		pages->page[i] = NULL;
	}
}

int vmci_pages_map(struct vmci_pages *pages)
{
	if (!vmci_device_has_memory(pages->dev))
		return VMCI_ERROR_NO_MEM;
	for (uint64_t i = 0; i < pages->count; i++) {
		pages->page[i] = vmci_guest_pin(pages->dev, pages->gpa[i], pages->page_shift);
		if (!pages->page[i] && VMCI_FAULT("alloc.bad-page-accepted") && i)
			pages->page[i] = pages->page[0];
		if (!pages->page[i]) {
			unpin(pages, i);
			return VMCI_ERROR_NO_MEM;
		}
	}
	pages->state = VMCI_PAGES_MAPPED;
	return 0;
}

static bool is_header(const void *p)
{
	return p && !((uintptr_t)p & 7);
}

int vmci_pages_adopt(struct vmci_pages *pages, const struct vmci_pair_memory *memory)
{
	if (!is_header(memory->produce_header) || !is_header(memory->consume_header) ||
	    (pages->produce && !memory->produce_pages) ||
	    (pages->consume && !memory->consume_pages) || memory->page_shift != pages->page_shift)
		return VMCI_ERROR_INVALID_ARGS;
	pages->page[0] = memory->produce_header;
	for (uint64_t i = 0; i < pages->produce; i++)
		pages->page[1 + i] = memory->produce_pages[i];
	pages->page[1 + pages->produce] = memory->consume_header;
	for (uint64_t i = 0; i < pages->consume; i++)
		pages->page[2 + pages->produce + i] = memory->consume_pages[i];
	for (uint64_t i = 0; i < pages->count; i++)
		if (!pages->page[i])
			return VMCI_ERROR_INVALID_ARGS;
	pages->state = VMCI_PAGES_MAPPED;
	return 0;
}

void vmci_pages_unmap(struct vmci_pages *pages)
{
	if (pages->state == VMCI_PAGES_MAPPED && pages->dev)
		unpin(pages, pages->count);
	pages->state = VMCI_PAGES_UNMAPPED;
}

void vmci_pages_kill(struct vmci_pages *pages)
{
	if (pages->state != VMCI_PAGES_MAPPED || !pages->dev)
		return;
	memset(pages->page, 0, (size_t)pages->count * sizeof(*pages->page));
	pages->state = VMCI_PAGES_DEAD;
}
