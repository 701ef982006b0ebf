/* SPDX-License-Identifier: BSD-2-Clause */
/* clock.h - microseconds since clock_start, from the processor's own counter.
 *
 * Firmware has no clock of that grain: Stall waits but does not tell, GetTime counts seconds.
 */
#ifndef EFI_CLOCK_H
#define EFI_CLOCK_H

#include <stdint.h>

/* Measure the counter against Stall for 5 ms. Call once, before the others. */
struct efi_clock {
	uint64_t origin, ticks_per_ms;
};
void clock_start(struct efi_clock *c);
uint64_t clock_us(const struct efi_clock *c);
/* Wait at least that long. */
void clock_wait_us(uint64_t us);

#endif
