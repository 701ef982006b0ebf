/* SPDX-License-Identifier: BSD-2-Clause */
/* vectors.h - the compiled specification inside the application. */
#ifndef EFI_VECTORS_H
#define EFI_VECTORS_H

#include <stddef.h>

const void *vectors_start(void); /* 8-aligned */
size_t vectors_size(void);	 /* bytes */

#endif
