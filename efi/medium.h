/* SPDX-License-Identifier: BSD-2-Clause */
/* medium.h - files beside the application: options in, results out. */
#ifndef EFI_MEDIUM_H
#define EFI_MEDIUM_H

#include <efi.h>
#include <stdbool.h>
#include <stddef.h>

/* The whole of a file of at most max bytes in the application's directory, else in the root of its
 * volume. *data is from AllocatePool, the caller's. Returns false when there is none. */
bool medium_read(EFI_HANDLE image, const char *name, size_t max, char **data, size_t *len);

/* Replace or make a file in the root of the volume. Returns EFI_SUCCESS, EFI_NOT_FOUND (the
 * application was not loaded from a volume), or what firmware answered (EFI_WRITE_PROTECTED, ...).
 */
EFI_STATUS medium_write(EFI_HANDLE image, const char *name, const char *data, size_t len);

/* Words that the caller gave: the image's load options as ASCII, without the name of the
 * application that a shell puts first. Returns the length, 0 when there are none or they are not
 * text. */
size_t medium_load_options(EFI_HANDLE image, char *text, size_t size);

#endif
