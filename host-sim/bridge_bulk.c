/* SPDX-License-Identifier: BSD-2-Clause */
/* bridge_bulk.c - streams that are looked at by the clock. */
#include "bridge_item.h"

/* A guest that sends 400 MB a second fills a third of a queue of default size in this time. */
#define BULK_LOOK_US 200u

static uint64_t now_us(const struct bridge *b)
{
	return b->port.now_us(b->port.ctx);
}

void bridge_bulk_watch(struct bridge_item *it)
{
	struct bridge *b = it->bridge;

	if (it->is_watched)
		return;
	if (!b->watched)
		b->look_us = now_us(b) + BULK_LOOK_US;
	it->is_watched = true;
	it->watched_prev = NULL;
	it->watched_next = b->watched;
	if (it->watched_next)
		it->watched_next->watched_prev = it;
	b->watched = it;
}

void bridge_bulk_forget(struct bridge_item *it)
{
	if (!it->is_watched)
		return;
	it->is_watched = false;
	if (it->watched_prev)
		it->watched_prev->watched_next = it->watched_next;
	else
		it->bridge->watched = it->watched_next;
	if (it->watched_next)
		it->watched_next->watched_prev = it->watched_prev;
}

void bridge_bulk_look(struct bridge *b)
{
	if (!b->watched || now_us(b) < b->look_us)
		return;
	while (b->watched) {
		struct bridge_item *it = b->watched;

		bridge_bulk_forget(it);
		bridge_item_wake(it);
	}
}

uint64_t bridge_bulk_next_us(const struct bridge *b)
{
	uint64_t now;

	if (!b->watched)
		return UINT64_MAX;
	now = now_us(b);
	return now < b->look_us ? b->look_us - now : 0;
}
