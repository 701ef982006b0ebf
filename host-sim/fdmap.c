/* SPDX-License-Identifier: BSD-2-Clause */
/* fdmap.c - from the number of a socket to what belongs to it. */
#include "fdmap.h"
#include <stdlib.h>
#include <string.h>

#define FIRST_SLOTS 64u

static struct fdmap_entry **slot(const struct fdmap *m, int fd)
{
	/* Numbers are given out in turn, so the low bits spread well. */
	return &m->slots[(unsigned)fd & (m->nslots - 1)];
}

void fdmap_free(struct fdmap *m)
{
	free(m->slots);
	memset(m, 0, sizeof(*m));
}

static int grow(struct fdmap *m)
{
	struct fdmap bigger = { .nslots = m->nslots ? m->nslots * 2 : FIRST_SLOTS,
				.count = m->count };

	bigger.slots = calloc(bigger.nslots, sizeof(struct fdmap_entry *));
	if (!bigger.slots)
		return -1;
	for (size_t i = 0; i < m->nslots; i++) {
		while (m->slots[i]) {
			struct fdmap_entry *e = m->slots[i];

			m->slots[i] = e->next;
			e->next = *slot(&bigger, e->fd);
			*slot(&bigger, e->fd) = e;
		}
	}
	free(m->slots);
	*m = bigger;
	return 0;
}

int fdmap_put(struct fdmap *m, struct fdmap_entry *e, int fd)
{
	/* A map that cannot grow any more gets slower, and still works. */
	if (m->count >= m->nslots && grow(m) && m->nslots == 0)
		return -1;
	e->fd = fd;
	e->next = *slot(m, fd);
	*slot(m, fd) = e;
	m->count++;
	return 0;
}

struct fdmap_entry *fdmap_get(const struct fdmap *m, int fd)
{
	struct fdmap_entry *e = m->nslots ? *slot(m, fd) : NULL;

	while (e && e->fd != fd)
		e = e->next;
	return e;
}

void fdmap_take(struct fdmap *m, struct fdmap_entry *e)
{
	struct fdmap_entry **at = slot(m, e->fd);

	while (*at != e)
		at = &(*at)->next;
	*at = e->next;
	m->count--;
}
