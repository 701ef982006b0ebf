/* SPDX-License-Identifier: BSD-2-Clause */
/* Hash table of objects that carry their own node. */
#include "table.h"

#include <vmci/error.h>

#define FIRST_SIZE 8u
#define LAST_SIZE  (1u << 20)

static uint32_t slot(const struct vmci_table *t, uint64_t key)
{
	uint64_t h = key ^ t->salt;

	/* Two rounds of multiply and fold: with one, keys that differ in high bits only collide. */
	h *= 0x9e3779b97f4a7c15u;
	h ^= h >> 32;
	h *= 0xd6e8feb86659fd93u;
	h ^= h >> 32;
	return (uint32_t)h & (t->size - 1);
}

void vmci_table_init(struct vmci_table *t, uint64_t salt)
{
	t->bucket = NULL;
	t->size = 0;
	t->count = 0;
	t->salt = salt;
}

void vmci_table_free(struct vmci_table *t, const struct vmci_memory *memory)
{
	if (t->bucket)
		memory->free(memory->ctx, t->bucket, t->size * sizeof(struct vmci_node *));
	vmci_table_init(t, t->salt);
}

int vmci_table_reserve(struct vmci_table *t, const struct vmci_memory *memory)
{
	uint32_t size = t->size ? t->size * 2 : FIRST_SIZE;
	struct vmci_table grown = *t;

	if (t->size && (t->count < t->size || t->size >= LAST_SIZE))
		return 0;
	grown.bucket = memory->alloc(memory->ctx, size * sizeof(struct vmci_node *));
	if (!grown.bucket)
		return t->size ? 0 : VMCI_LOCAL_NO_MEMORY; /* a full table is slow, not wrong */
	grown.size = size;
	grown.count = 0;
	for (uint32_t i = 0; i < t->size; i++) {
		struct vmci_node *node = t->bucket[i];

		while (node) {
			struct vmci_node *next = node->next;

			vmci_table_add(&grown, node, node->key);
			node = next;
		}
	}
	vmci_table_free(t, memory);
	*t = grown;
	return 0;
}

void vmci_table_add(struct vmci_table *t, struct vmci_node *node, uint64_t key)
{
	struct vmci_node **head = &t->bucket[slot(t, key)];

	node->key = key;
	node->next = *head;
	*head = node;
	t->count++;
}

void vmci_table_remove(struct vmci_table *t, struct vmci_node *node)
{
	struct vmci_node **at = &t->bucket[slot(t, node->key)];

	while (*at != node)
		at = &(*at)->next;
	*at = node->next;
	node->next = NULL;
	t->count--;
}

struct vmci_node *vmci_table_find(const struct vmci_table *t, uint64_t key)
{
	struct vmci_node *node;

	if (!t->size)
		return NULL;
	for (node = t->bucket[slot(t, key)]; node; node = node->next)
		if (node->key == key)
			return node;
	return NULL;
}

struct vmci_node *vmci_table_next(const struct vmci_node *node)
{
	uint64_t key = node->key;
	struct vmci_node *next = node->next;

	while (next && next->key != key)
		next = next->next;
	return next;
}
