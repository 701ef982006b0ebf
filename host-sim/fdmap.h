/* SPDX-License-Identifier: BSD-2-Clause */
/* fdmap.h - from the number of a socket to what belongs to it. */
#ifndef HOST_SIM_FDMAP_H
#define HOST_SIM_FDMAP_H

#include <stddef.h>

/* Part of what belongs to a socket. */
struct fdmap_entry {
	int fd;
	struct fdmap_entry *next;
};

struct fdmap {
	struct fdmap_entry **slots;
	size_t nslots; /* 0 or a power of two */
	size_t count;
};

/* All zero is an empty map. Entries stay the caller's. */
void fdmap_free(struct fdmap *m);
/* fd is in no entry of the map. Returns 0, or -1: no memory. */
int fdmap_put(struct fdmap *m, struct fdmap_entry *e, int fd);
/* NULL: unknown. */
struct fdmap_entry *fdmap_get(const struct fdmap *m, int fd);
/* e is in the map. */
void fdmap_take(struct fdmap *m, struct fdmap_entry *e);

#endif
