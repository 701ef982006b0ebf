/* SPDX-License-Identifier: BSD-2-Clause */
/* bench.h - how fast the device answers from here. */
#ifndef EFI_BENCH_H
#define EFI_BENCH_H

#include "clock.h"
#include "pci.h"
#include "suite.h"

/* For each way of access that exists: register reads, hypercalls and datagrams to the own context
 * (sent and received again) per second, each measured for `seconds` (1..600). */
enum suite_status bench_run(const struct pci_function *f, const struct efi_clock *clock,
			    uint32_t seconds);

#endif
