/* SPDX-License-Identifier: BSD-2-Clause */
/* cat.h - a stream to a program of the host: files or the keyboard out, files or the console in. */
#ifndef EFI_CAT_H
#define EFI_CAT_H

#include "clock.h"
#include "options.h"
#include "pci.h"
#include "suite.h"

#define CAT_FILE_MAX (64u * 1024 * 1024) /* bytes, of either file */

/* Connect to {VMADDR_CID_HOST, o->port}, send o->send (a file of the medium) or what is typed until
 * Ctrl-D, and put what comes into o->save or on the console, until the host ends the stream.
 * Returns SUITE_PASSED; SUITE_FAILED: refused, broken off, or a file that cannot be read or
 * written; says which. */
enum suite_status cat_run(EFI_HANDLE image, const struct options *o, const struct pci_function *f,
			  const struct efi_clock *clock);

#endif
