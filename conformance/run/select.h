/* SPDX-License-Identifier: BSD-2-Clause */
/* select.h - which vectors a run has, and in which order. */
#ifndef CONFORM_SELECT_H
#define CONFORM_SELECT_H

#include "options.h"

struct selection {
	uint32_t *list; /* indices in the table */
	uint32_t count;
};

/* Vectors of these roles that match --only, --shard; --seed shuffles. A role keeps together: all of
 * the device role come first. */
void select_vectors(struct selection *s, const struct options *o, const struct vct *t,
		    unsigned roles);
void select_free(struct selection *s);

#endif
