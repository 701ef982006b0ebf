/* SPDX-License-Identifier: BSD-2-Clause */
/* pages.h - the memory of a queue pair: the pages its VM supplied, in the order of the page list:
 * produce header, produce data, consume header, consume data.
 */
#ifndef VMCI_DEVICE_PAGES_H
#define VMCI_DEVICE_PAGES_H

#include "context.h"

enum vmci_pages_state {
	VMCI_PAGES_UNMAPPED, /* not to be touched */
	VMCI_PAGES_MAPPED,
	VMCI_PAGES_DEAD /* the addresses became invalid by themselves */
};

struct vmci_pages {
	struct vmci_hub *hub;
	struct vmci_device *dev; /* NULL: host memory of a bare VM's owner */
	enum vmci_pages_state state;
	unsigned page_shift;
	uint64_t produce, consume; /* data pages of each queue */
	uint64_t count;		   /* both, and two headers */
	struct vmci_gpa *gpa;	   /* of a device's guest */
	void **page;		   /* host addresses while mapped */
};

/* Data pages of a queue of that many bytes. */
uint64_t vmci_pages_for(uint64_t bytes, unsigned page_shift);

/* Room for the pages of two queues; nothing is mapped. NULL without memory. */
struct vmci_pages *vmci_pages_make(struct vmci_hub *hub, struct vmci_device *dev, uint64_t produce,
				   uint64_t consume, unsigned page_shift);
/* Unmaps if need be. pages may be NULL. */
void vmci_pages_free(struct vmci_pages *pages);

/* A page is in the list twice. Returns 1, 0, or VMCI_ERROR_NO_MEM: could not find out. */
int vmci_pages_repeat(const struct vmci_pages *pages);

/* Of a device's guest: pin all. Returns 0, or VMCI_ERROR_NO_MEM: one page cannot be pinned, or
 * guest memory may not be touched; none is pinned. */
int vmci_pages_map(struct vmci_pages *pages);
/* Take over the memory of a bare VM. Returns 0 or VMCI_ERROR_INVALID_ARGS (missing or unaligned).
 */
int vmci_pages_adopt(struct vmci_pages *pages, const struct vmci_pair_memory *memory);
void vmci_pages_unmap(struct vmci_pages *pages);
/* The addresses became invalid; nothing is unpinned. */
void vmci_pages_kill(struct vmci_pages *pages);

static inline void *vmci_pages_produce_header(const struct vmci_pages *pages)
{
	return pages->page[0];
}

static inline void *vmci_pages_consume_header(const struct vmci_pages *pages)
{
	return pages->page[pages->produce + 1];
}

static inline void *const *vmci_pages_produce_data(const struct vmci_pages *pages)
{
	return pages->page + 1;
}

static inline void *const *vmci_pages_consume_data(const struct vmci_pages *pages)
{
	return pages->page + pages->produce + 2;
}

#endif
