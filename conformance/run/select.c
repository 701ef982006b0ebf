/* SPDX-License-Identifier: BSD-2-Clause */
/* select.c - which vectors a run has, and in which order. */
#include "select.h"
#include <stdlib.h>
#include "engine.h"
#include "records.h"

static uint64_t next_random(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

static void shuffle(uint32_t *list, uint32_t n, uint64_t seed)
{
	for (uint32_t i = n; i > 1; i--) {
		uint32_t k = (uint32_t)(next_random(&seed) % i), kept = list[i - 1];

		list[i - 1] = list[k];
		list[k] = kept;
	}
}

void select_vectors(struct selection *s, const struct options *o, const struct vct *t,
		    unsigned roles)
{
	static const unsigned order[] = { VCT_ROLE_DEVICE, VCT_ROLE_GUEST };
	uint32_t nth = 0;

	s->list = must_alloc((t->header->vec_count + 1) * sizeof(*s->list));
	s->count = 0;
	for (int r = 0; r < 2; r++) {
		uint32_t first = s->count;

		for (uint32_t i = 0; i < t->header->vec_count; i++) {
			const struct vct_vector *v = &t->vectors[i];

			if (v->role != order[r] || !(roles & order[r]))
				continue;
			if (o->only && !engine_match(o->only, vct_str(t, v->id)))
				continue;
			if (nth++ % o->shards == o->shard - 1)
				s->list[s->count++] = i;
		}
		if (o->seed)
			shuffle(s->list + first, s->count - first, o->seed);
	}
}

void select_free(struct selection *s)
{
	free(s->list);
	s->list = NULL;
	s->count = 0;
}
