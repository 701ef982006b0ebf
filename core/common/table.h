/* SPDX-License-Identifier: BSD-2-Clause */
/* table.h - hash table of objects that carry their own node, keyed by 64 bits.
 *
 * Keys come from peers, so the hash is salted with a value that peers do not know. Several
 * nodes may have the same key; they are found in an order nobody may rely on.
 */
#ifndef VMCI_COMMON_TABLE_H
#define VMCI_COMMON_TABLE_H

#include <stddef.h>
#include <stdint.h>

/* Where buckets come from: the allocator of whoever keeps the table. */
struct vmci_memory {
	void *ctx;
	void *(*alloc)(void *ctx, size_t size); /* zeroed, or NULL */
	void (*free)(void *ctx, void *p, size_t size);
};

struct vmci_node {
	struct vmci_node *next;
	uint64_t key;
};

struct vmci_table {
	struct vmci_node **bucket; /* NULL until the first reserve */
	uint32_t size, count;	   /* buckets (a power of two), nodes */
	uint64_t salt;
};

void vmci_table_init(struct vmci_table *t, uint64_t salt);
/* Frees the buckets; the nodes are their owners'. */
void vmci_table_free(struct vmci_table *t, const struct vmci_memory *memory);

/* Make sure that one vmci_table_add can follow. Returns 0 or VMCI_LOCAL_NO_MEMORY. */
int vmci_table_reserve(struct vmci_table *t, const struct vmci_memory *memory);
void vmci_table_add(struct vmci_table *t, struct vmci_node *node, uint64_t key);
void vmci_table_remove(struct vmci_table *t, struct vmci_node *node);

/* A node with this key, or NULL; the next one after a found one. */
struct vmci_node *vmci_table_find(const struct vmci_table *t, uint64_t key);
struct vmci_node *vmci_table_next(const struct vmci_node *node);

#endif
