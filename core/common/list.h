/* SPDX-License-Identifier: BSD-2-Clause */
/* list.h - doubly linked lists threaded through their members. An empty list points at itself. */
#ifndef VMCI_COMMON_LIST_H
#define VMCI_COMMON_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct vmci_list {
	struct vmci_list *prev, *next;
};

/* The object that holds `member` at p. */
#define VMCI_HOLDER(p, type, member) ((type *)(void *)((char *)(p) - offsetof(type, member)))

static inline void vmci_list_init(struct vmci_list *list)
{
	list->prev = list;
	list->next = list;
}

static inline bool vmci_list_is_empty(const struct vmci_list *list)
{
	return list->next == list;
}

static inline void vmci_list_append(struct vmci_list *list, struct vmci_list *item)
{
	item->prev = list->prev;
	item->next = list;
	list->prev->next = item;
	list->prev = item;
}

/* item is in no list afterwards and may be removed again or appended anew. */
static inline void vmci_list_remove(struct vmci_list *item)
{
	item->prev->next = item->next;
	item->next->prev = item->prev;
	vmci_list_init(item);
}

#endif
