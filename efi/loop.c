/* SPDX-License-Identifier: BSD-2-Clause */
/* loop.c - the device built into the application as the one under test. */
#include "loop.h"
#include <efi.h>
#include <efilib.h>
#include <machine_core.h>
#include <vmci/defs.h>

/* What vectors need at once is far less; the most that firmware spares is taken, not all of it. */
#define LOW_PAGES  16384u /* 64 MiB */
#define LOW_LEAST  4096u
#define HIGH_PAGES 1024u

struct loop {
	struct machine_core core;
	struct vmci_hub_port port;
	UINTN low_pages;
};

static void *pool_alloc(void *ctx, size_t size)
{
	(void)ctx;
	return AllocateZeroPool(size);
}

static void pool_free(void *ctx, void *p, size_t size)
{
	(void)ctx;
	(void)size;
	FreePool(p);
}

static void panic(void *ctx, const char *where)
{
	(void)ctx;
	say("The core contradicts itself at %a.\n", where);
	uefi_call_wrapper(RT->ResetSystem, 4, EfiResetShutdown, EFI_ABORTED, 0, NULL);
	while (1)
		;
}

static void second_look(void *ctx, uint64_t gpa)
{
	(void)ctx;
	say("The device read guest memory at %lx twice in one access.\n", gpa);
}

static uint8_t *pages(UINTN n)
{
	EFI_PHYSICAL_ADDRESS at = 0;

	if (EFI_ERROR(uefi_call_wrapper(BS->AllocatePages, 4, AllocateAnyPages, EfiBootServicesData,
					n, &at)))
		return NULL;
	return (uint8_t *)(UINTN)at;
}

static void give_back(uint8_t *p, UINTN n)
{
	if (p)
		uefi_call_wrapper(BS->FreePages, 2, (EFI_PHYSICAL_ADDRESS)(UINTN)p, n);
}

static bool get_memory(struct loop *l, struct core_vm_options *o)
{
	for (l->low_pages = LOW_PAGES; l->low_pages >= LOW_LEAST; l->low_pages /= 2) {
		o->low = pages(l->low_pages);
		if (o->low)
			break;
	}
	o->high = pages(HIGH_PAGES);
	o->low_bytes = (uint64_t)l->low_pages * EFI_PAGE_SIZE;
	o->high_bytes = (uint64_t)HIGH_PAGES * EFI_PAGE_SIZE;
	return o->low && o->high;
}

enum suite_status loop_run(const struct options *o, struct console *c)
{
	struct suite s = { o, c, "OpenVMCI core", "0.1", "efi-loop" };
	struct loop *l;
	struct core_vm_options options;
	struct machine m;
	enum suite_status status = SUITE_ERROR;

	if (o->command != CMD_RUN) {
		say("Only `run` works with --loop: the built-in device is no PCI function.\n");
		return SUITE_ERROR;
	}
	l = AllocateZeroPool(sizeof(*l));
	if (!l)
		return SUITE_ERROR;
	core_vm_defaults(&options, VMCI_BAR1_SIZE_MMIO);
	l->port.alloc = pool_alloc;
	l->port.free = pool_free;
	l->port.panic = panic;
	options.port = &l->port;
	options.second_look = second_look;
	if (get_memory(l, &options) && machine_core_open(&l->core, &options, &m) == 0) {
		status = suite_run(&s, &m);
		machine_core_close(&l->core);
	} else {
		say("Not enough memory for the built-in device and its machine.\n");
	}
	give_back(options.low, l->low_pages);
	give_back(options.high, HIGH_PAGES);
	FreePool(l);
	return status;
}
