/* SPDX-License-Identifier: BSD-2-Clause */
/* What a hypervisor gives to the device role. */
#include "example_device.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vmci/order.h>

/* ---- the hub's port: memory and observation ---------------------------------------------- */

static void *hub_alloc(void *ctx, size_t size)
{
	struct example *e = ctx;
	void *p = calloc(1, size);

	e->blocks += p != NULL;
	return p;
}

static void hub_free(void *ctx, void *p, size_t size)
{
	struct example *e = ctx;

	(void)size;
	e->blocks--;
	free(p);
}

static void hub_panic(void *ctx, const char *where)
{
	(void)ctx;
	fprintf(stderr, "mistake in the core: %s\n", where);
	abort();
}

/* ---- the device's port: guest memory ----------------------------------------------------- */

/* The one place where a guest's number becomes an address of ours. The order of the comparisons
 * matters: both numbers are the guest's, and their sum may wrap. */
static uint8_t *reach(struct example *e, struct vmci_gpa gpa, uint64_t len)
{
	if (gpa.addr > EXAMPLE_RAM || len > EXAMPLE_RAM - gpa.addr)
		return NULL;
	return e->ram + gpa.addr;
}

static int mem_read(void *ctx, struct vmci_gpa gpa, void *dst, size_t len)
{
	const uint8_t *p = reach(ctx, gpa, len);

	if (!p)
		return VMCI_LOCAL_BAD_ADDRESS;
	memcpy(dst, p, len);
	return 0;
}

static int mem_write(void *ctx, struct vmci_gpa gpa, const void *src, size_t len)
{
	uint8_t *p = reach(ctx, gpa, len);

	if (!p)
		return VMCI_LOCAL_BAD_ADDRESS;
	memcpy(p, src, len);
	return 0;
}

static int mem_store32_release(void *ctx, struct vmci_gpa gpa, uint32_t value)
{
	uint8_t *p = reach(ctx, gpa, sizeof(value));

	if (!p)
		return VMCI_LOCAL_BAD_ADDRESS;
	vmci_store_release32(p, value);
	return 0;
}

static int mem_or8(void *ctx, struct vmci_gpa gpa, uint8_t bits)
{
	uint8_t *p = reach(ctx, gpa, 1);

	if (!p)
		return VMCI_LOCAL_BAD_ADDRESS;
	__atomic_fetch_or(p, bits, __ATOMIC_SEQ_CST);
	return 0;
}

static void *page_pin(void *ctx, struct vmci_gpa gpa, unsigned page_shift)
{
	struct example *e = ctx;
	uint8_t *p = reach(e, gpa, (uint64_t)1 << page_shift);

	e->pins += p != NULL;
	return p;
}

static void page_unpin(void *ctx, struct vmci_gpa gpa, void *page, unsigned page_shift)
{
	struct example *e = ctx;

	(void)gpa;
	(void)page;
	(void)page_shift;
	e->pins--;
}

/* ---- the device's port: interrupts ------------------------------------------------------- */

static void irq_message(void *ctx, unsigned vector)
{
	struct example *e = ctx;

	e->messages |= 1u << vector;
}

static void irq_line(void *ctx, bool asserted)
{
	(void)ctx; /* this machine has messages only */
	(void)asserted;
}

/* ---- life -------------------------------------------------------------------------------- */

int example_open(struct example *e)
{
	static const struct vmci_device_config config = {
		.cid = EXAMPLE_CID,
		.caps = VMCI_CAPS_DATAGRAM | VMCI_CAPS_NOTIFICATIONS | VMCI_CAPS_PPN64 |
			VMCI_CAPS_DMA_DATAGRAM,
	};
	int rc;

	memset(e, 0, sizeof(*e));
	e->hub_port = (struct vmci_hub_port){
		.ctx = e, .alloc = hub_alloc, .free = hub_free, .panic = hub_panic
	};
	e->device_port = (struct vmci_device_port){ .ctx = e,
						    .mem_read = mem_read,
						    .mem_write = mem_write,
						    .mem_store32_release = mem_store32_release,
						    .mem_or8 = mem_or8,
						    .page_pin = page_pin,
						    .page_unpin = page_unpin,
						    .irq_message = irq_message,
						    .irq_line = irq_line };
	e->ram = aligned_alloc(4096, EXAMPLE_RAM);
	if (!e->ram)
		return VMCI_LOCAL_NO_MEMORY;
	memset(e->ram, 0, EXAMPLE_RAM);
	rc = vmci_hub_create(&e->hub_port, NULL, &e->hub);
	if (rc == 0)
		rc = vmci_device_create(e->hub, &config, &e->device_port, &e->device);
	if (rc) {
		example_close(e);
		return rc;
	}
	e->host = vmci_hub_find(e->hub, VMCI_HOST_CONTEXT_ID);
	vmci_device_set_irq_mode(e->device, VMCI_IRQ_MSIX, 3);
	for (unsigned i = 0; i < 3; i++)
		vmci_device_set_vector_usable(e->device, i, true);
	return 0;
}

void example_close(struct example *e)
{
	if (e->device)
		vmci_device_destroy(e->device);
	if (e->hub)
		vmci_hub_destroy(e->hub);
	free(e->ram);
	e->device = NULL;
	e->hub = NULL;
	e->ram = NULL;
}
