/* SPDX-License-Identifier: BSD-2-Clause */
/* head.h - the head of a vector block: everything above its "---". */
#ifndef SPECC_HEAD_H
#define SPECC_HEAD_H

#include "model.h"

/* Read the heads of all vector blocks; clauses must be known. */
void head_read(struct spec *sp);

struct vector *vector_find(const struct spec *sp, const char *id, size_t *index);

/* Read the words of a config line into mask and config[VCT_CONFIG_KEYS]; false
 * after an error, which is reported. */
bool head_config(struct spec *sp, const char *path, int line, const char *prefix, const char *text,
		 uint32_t *mask, uint64_t *config);

/* Bits of needs, abilities and flags as words, for texts; NULL behind the last. */
extern const char *const need_names[];
extern const char *const ability_names[];
extern const char *const flag_names[];
extern const char *const config_names[];

#endif
