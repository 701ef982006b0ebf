/* SPDX-License-Identifier: BSD-2-Clause */
/* info.h - what is there, for a person. */
#ifndef EFI_INFO_H
#define EFI_INFO_H

#include <machine.h>
#include "pci.h"

/* Function, BARs, registers that can be read without side effects, capabilities. */
void info_print(const struct pci_function *f, UINTN functions, struct machine *m);

/* "DATAGRAM NOTIFICATIONS ..." of a CAPS value into text. */
void info_caps(uint32_t caps, char *text, size_t size);

#endif
