/* SPDX-License-Identifier: BSD-2-Clause */
/* clock.c - microseconds from the processor's own counter. */
#include "clock.h"
#include <efi.h>
#include <efilib.h>

static uint64_t counter(void)
{
#if defined(__x86_64__)
	uint32_t lo, hi;

	__asm__ volatile("rdtsc" : "=a"(lo), "=d"(hi));
	return (uint64_t)hi << 32 | lo;
#elif defined(__aarch64__)
	uint64_t v;

	__asm__ volatile("isb; mrs %0, cntvct_el0" : "=r"(v));
	return v;
#else
#error "clock.c needs this processor's counter"
#endif
}

void clock_start(struct efi_clock *c)
{
	c->origin = counter();
	uefi_call_wrapper(BS->Stall, 1, 5000);
	c->ticks_per_ms = (counter() - c->origin) / 5;
	if (c->ticks_per_ms == 0)
		c->ticks_per_ms = 1;
}

uint64_t clock_us(const struct efi_clock *c)
{
	uint64_t ticks = counter() - c->origin;

	/* In two parts, so that the product stays within 64 bits for years. */
	return ticks / c->ticks_per_ms * 1000 + ticks % c->ticks_per_ms * 1000 / c->ticks_per_ms;
}

void clock_wait_us(uint64_t us)
{
	while (us > 0) {
		UINTN part = us > 1000000 ? 1000000 : (UINTN)us;

		uefi_call_wrapper(BS->Stall, 1, part);
		us -= part;
	}
}
