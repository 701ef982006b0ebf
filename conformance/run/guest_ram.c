/* SPDX-License-Identifier: BSD-2-Clause */
/* guest_ram.c - memory of a guest that runs in this process. */
#include "guest_ram.h"

#include <string.h>

uint8_t *guest_ram_at(const struct guest_ram *r, uint64_t gpa, size_t len)
{
	if (gpa < r->base || gpa - r->base > r->size || len > r->size - (gpa - r->base))
		return NULL;
	return r->bytes + (gpa - r->base);
}

int guest_ram_read(const struct guest_ram *r, uint64_t gpa, void *dst, size_t len)
{
	const uint8_t *p = guest_ram_at(r, gpa, len);

	if (!p)
		return VMCI_LOCAL_BAD_ADDRESS;
	memcpy(dst, p, len);
	return 0;
}

int guest_ram_write(const struct guest_ram *r, uint64_t gpa, const void *src, size_t len)
{
	uint8_t *p = guest_ram_at(r, gpa, len);

	if (!p)
		return VMCI_LOCAL_BAD_ADDRESS;
	memcpy(p, src, len);
	return 0;
}

static int mem_read(void *ctx, struct vmci_gpa gpa, void *dst, size_t len)
{
	return guest_ram_read(ctx, gpa.addr, dst, len);
}

static int mem_write(void *ctx, struct vmci_gpa gpa, const void *src, size_t len)
{
	return guest_ram_write(ctx, gpa.addr, src, len);
}

static int mem_store32_release(void *ctx, struct vmci_gpa gpa, uint32_t value)
{
	uint8_t *p = guest_ram_at(ctx, gpa.addr, 4);

	if (!p || (gpa.addr & 3))
		return VMCI_LOCAL_BAD_ADDRESS;
	__atomic_store_n((uint32_t *)(void *)p, value, __ATOMIC_RELEASE);
	return 0;
}

static int mem_or8(void *ctx, struct vmci_gpa gpa, uint8_t bits)
{
	uint8_t *p = guest_ram_at(ctx, gpa.addr, 1);

	if (!p)
		return VMCI_LOCAL_BAD_ADDRESS;
	__atomic_fetch_or(p, bits, __ATOMIC_ACQ_REL);
	return 0;
}

static void *page_pin(void *ctx, struct vmci_gpa gpa, unsigned page_shift)
{
	return guest_ram_at(ctx, gpa.addr, (size_t)1 << page_shift);
}

static void page_unpin(void *ctx, struct vmci_gpa gpa, void *page, unsigned page_shift)
{
	(void)ctx;
	(void)gpa;
	(void)page;
	(void)page_shift;
}

static void irq_message(void *ctx, unsigned vector)
{
	(void)ctx;
	(void)vector;
}

static void irq_line(void *ctx, bool asserted)
{
	(void)ctx;
	(void)asserted;
}

struct vmci_device_port guest_ram_device_port(struct guest_ram *r)
{
	return (struct vmci_device_port){ .ctx = r,
					  .mem_read = mem_read,
					  .mem_write = mem_write,
					  .mem_store32_release = mem_store32_release,
					  .mem_or8 = mem_or8,
					  .page_pin = page_pin,
					  .page_unpin = page_unpin,
					  .irq_message = irq_message,
					  .irq_line = irq_line };
}
