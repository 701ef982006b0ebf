/* SPDX-License-Identifier: BSD-2-Clause */
/* layout.h - layout blocks: where the fields of a structure or register file lie. */
#ifndef SPECC_LAYOUT_H
#define SPECC_LAYOUT_H

#include "model.h"

/* Read one block; overlaps, unnamed holes, unaligned order and fields beyond the
 * size are errors. Adds the names of fields and of the size. Never NULL. */
struct layout *layout_read(struct spec *sp, const struct block *b);

#endif
