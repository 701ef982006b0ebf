/* SPDX-License-Identifier: BSD-2-Clause */
/* A guest's life: find out, negotiate, be pumped, leave. Spec: chapters 12 and 30. */
#include "state.h"

#define TIMEOUT_US 2000000u
#define MAX_READS  64u

/* ---- memory ----------------------------------------------------------------------------- */

static int alloc_buffers(struct vmci_guest *g)
{
	const struct vmci_guest_port *port = g->port;
	size_t dma = guest_page(g) + VMCI_MAX_DG_SIZE;

	g->record = guest_alloc(g, VMCI_MAX_DG_SIZE + VMCI_DG_ALIGN);
	if (!g->record)
		return VMCI_LOCAL_NO_MEMORY;
	if (!(g->caps & VMCI_CAPS_DMA_DATAGRAM))
		return 0;
	g->tx = port->dma_alloc(port->ctx, dma, &g->tx_addr);
	if (!g->tx)
		return VMCI_LOCAL_NO_MEMORY;
	g->rx = port->dma_alloc(port->ctx, dma, &g->rx_addr);
	return g->rx ? 0 : VMCI_LOCAL_NO_MEMORY;
}

/* Without a page for the bitmap the guest still works: it has no doorbells. */
static void alloc_bitmap(struct vmci_guest *g)
{
	const struct vmci_guest_port *port = g->port;

	if (g->caps & VMCI_CAPS_NOTIFICATIONS)
		g->bitmap = port->dma_alloc(port->ctx, guest_page(g), &g->bitmap_addr);
	if (g->bitmap && !(g->caps & VMCI_CAPS_PPN64) &&
	    g->bitmap_addr >> g->page_shift > UINT32_MAX) {
		port->dma_free(port->ctx, g->bitmap, guest_page(g), g->bitmap_addr);
		g->bitmap = NULL;
	}
	if (!g->bitmap)
		g->caps &= ~(uint32_t)VMCI_CAPS_NOTIFICATIONS;
}

static void free_all(struct vmci_guest *g)
{
	const struct vmci_guest_port *port = g->port;
	size_t dma = guest_page(g) + VMCI_MAX_DG_SIZE;

	guest_free_subscriptions(g);
	guest_free_datagrams(g);
	guest_free_pairs(g);
	guest_free_doorbells(g);
	guest_pages_free(g, &g->tx_pages);
	if (g->bitmap)
		port->dma_free(port->ctx, g->bitmap, guest_page(g), g->bitmap_addr);
	if (g->rx)
		port->dma_free(port->ctx, g->rx, dma, g->rx_addr);
	if (g->tx)
		port->dma_free(port->ctx, g->tx, dma, g->tx_addr);
	guest_free(g, g->record, VMCI_MAX_DG_SIZE + VMCI_DG_ALIGN);
	port->free(port->ctx, g, sizeof(*g));
}

/* ---- probe ------------------------------------------------------------------------------ */

/* Choose window and capabilities from what is offered. Nothing is written. */
static int negotiate(struct vmci_guest *g)
{
	enum vmci_guest_mode mode = g->options.mode;
	const uint32_t wanted = VMCI_CAPS_DATAGRAM | VMCI_CAPS_NOTIFICATIONS | VMCI_CAPS_PPN64 |
				VMCI_CAPS_DMA_DATAGRAM;
	uint32_t offered;

	if (g->port->page_shift < VMCI_GUEST_PAGE_SHIFT_MIN ||
	    g->port->page_shift > VMCI_GUEST_PAGE_SHIFT_MAX)
		return VMCI_LOCAL_BAD_ARGUMENT;
	if (mode == VMCI_GUEST_MODE_PORTS  ? !g->port->has_ports
	    : mode == VMCI_GUEST_MODE_MMIO ? !g->port->has_mmio
					   : !g->port->has_ports && !g->port->has_mmio)
		return VMCI_LOCAL_NO_DEVICE;
	g->window = mode != VMCI_GUEST_MODE_PORTS && g->port->has_mmio ? VMCI_GUEST_MMIO
								       : VMCI_GUEST_PORTS;
	offered = guest_in32(g, VMCI_CAPS_ADDR);
	if (offered == UINT32_MAX && !VMCI_FAULT("guest.trusts-ones")) {
		g->is_gone = true;
		return VMCI_LOCAL_GONE;
	}
	if (!(offered & VMCI_CAPS_DATAGRAM) && !VMCI_FAULT("guest.ignores-missing-datagram"))
		return VMCI_LOCAL_NO_DEVICE;
	offered &= ~g->options.refuse_caps;
	g->caps = offered & wanted;
	if (VMCI_FAULT("guest.accepts-unoffered"))
		g->caps = wanted;
	if (g->window == VMCI_GUEST_MMIO && !(g->caps & VMCI_CAPS_DMA_DATAGRAM)) {
		/* The window has no other way for datagrams. */
		if (mode == VMCI_GUEST_MODE_MMIO || !g->port->has_ports)
			return VMCI_LOCAL_NO_DEVICE;
		g->window = VMCI_GUEST_PORTS;
	}
	if (g->window == VMCI_GUEST_PORTS && !VMCI_FAULT("guest.accepts-dma-on-ports"))
		g->caps &= ~(uint32_t)VMCI_CAPS_DMA_DATAGRAM;
	/* Only in DMA mode is the device told another page size. */
	g->page_shift =
		g->caps & VMCI_CAPS_DMA_DATAGRAM ? g->port->page_shift : VMCI_GUEST_PAGE_SHIFT_MIN;
	return 0;
}

static int register_bitmap(struct vmci_guest *g)
{
	uint8_t message[VMCI_SET_NOTIFY_BITMAP_MSG_SIZE] = { 0 };
	uint64_t ppn = g->bitmap_addr >> g->page_shift;
	int rc;

	if (g->caps & VMCI_CAPS_PPN64) {
		vmci_put64(message + VMCI_SET_NOTIFY_BITMAP_MSG_PPN, ppn);
	} else {
		vmci_put32(message + VMCI_SET_NOTIFY_BITMAP_MSG_PPN, (uint32_t)ppn);
		if (VMCI_FAULT("guest-call.dirty-padding"))
			vmci_put32(message + 4, 0x5a5a5a5a);
	}
	rc = guest_call_result(g, VMCI_SET_NOTIFY_BITMAP, message, sizeof(message));
	if (VMCI_FAULT("guest.ignores-bitmap-result"))
		return 0;
	return rc > 0 ? VMCI_LOCAL_PROTOCOL : rc;
}

/* A device that cannot tell the context id is of no use; the answer is a mask of what it can. */
static int query(struct vmci_guest *g)
{
	uint8_t message[VMCI_RESOURCES_QUERY_MSG_SIZE + 4] = { 0 };
	int rc;

	vmci_put32(message + VMCI_RESOURCES_QUERY_MSG_NUM_RESOURCES, 1);
	vmci_put32(message + VMCI_RESOURCES_QUERY_MSG_RESOURCES, VMCI_GET_CONTEXT_ID);
	if (VMCI_FAULT("guest-call.dirty-padding"))
		vmci_put32(message + VMCI_RESOURCES_QUERY_MSG_RESERVED, 0x5a5a5a5a);
	rc = guest_call_result(g, VMCI_RESOURCES_QUERY, message, sizeof(message));
	if (VMCI_FAULT("guest.ignores-query-result") || VMCI_FAULT("guest-call.query-unchecked"))
		return 0;
	if (VMCI_FAULT("guest.query-inverted"))
		rc = rc == 1 ? 0 : 1;
	if (rc == 1)
		return 0;
	return rc < 0 ? rc : VMCI_LOCAL_PROTOCOL;
}

static void enable_interrupts(struct vmci_guest *g)
{
	uint32_t causes = VMCI_IMR_DATAGRAM;

	if (g->caps & VMCI_CAPS_NOTIFICATIONS)
		causes |= VMCI_IMR_NOTIFICATION;
	if (g->caps & VMCI_CAPS_DMA_DATAGRAM)
		causes |= VMCI_IMR_DMA_DATAGRAM;
	if (VMCI_FAULT("guest.enables-first"))
		guest_out32(g, VMCI_CONTROL_ADDR, VMCI_CONTROL_INT_ENABLE);
	guest_out32(g, VMCI_IMR_ADDR, causes);
	if (!VMCI_FAULT("guest.enables-first"))
		guest_out32(g, VMCI_CONTROL_ADDR, VMCI_CONTROL_INT_ENABLE);
}

/* Everything that writes to the device, in the one order that every device must understand. */
static int take_into_use(struct vmci_guest *g)
{
	int rc;

	guest_out32(g, VMCI_CAPS_ADDR, g->caps);
	if ((g->caps & VMCI_CAPS_DMA_DATAGRAM) && !VMCI_FAULT("guest.dma-without-setup")) {
		guest_out32(g, VMCI_GUEST_PAGE_SHIFT_ADDR, g->page_shift);
		guest_out32(g, VMCI_DATA_IN_HIGH_ADDR, (uint32_t)(g->rx_addr >> 32));
		guest_out32(g, VMCI_DATA_OUT_HIGH_ADDR, (uint32_t)(g->tx_addr >> 32));
	}
	if (g->bitmap) {
		rc = register_bitmap(g);
		if (rc < 0)
			return rc;
	}
	rc = query(g);
	if (rc < 0)
		return rc;
	if (!g->options.polled)
		enable_interrupts(g);
	if (VMCI_FAULT("guest.writes-read-only"))
		guest_out32(g, VMCI_RESULT_LOW_ADDR, 0);
	return 0;
}

static void reset(struct vmci_guest *g)
{
	if (!g->is_gone && !VMCI_FAULT("guest.no-reset"))
		guest_out32(g, VMCI_CONTROL_ADDR, VMCI_CONTROL_RESET);
	if (VMCI_FAULT("guest.writes-after-reset"))
		guest_out32(g, VMCI_IMR_ADDR, 0);
}

int vmci_guest_probe(const struct vmci_guest_port *port, const struct vmci_guest_options *options,
		     struct vmci_guest **out)
{
	struct vmci_guest *g = port->alloc(port->ctx, sizeof(*g));
	int rc;

	if (!g)
		return VMCI_LOCAL_NO_MEMORY;
	g->port = port;
	if (options)
		g->options = *options;
	if (!g->options.timeout_us)
		g->options.timeout_us = TIMEOUT_US;
	if (!g->options.max_reads)
		g->options.max_reads = MAX_READS;
	g->cid = VMCI_INVALID_ID;
	g->next_resource = VMCI_RESERVED_RESOURCE_ID_MAX + 1;
	g->delayed_end = &g->delayed;
	g->page_shift = VMCI_GUEST_PAGE_SHIFT_MIN;

	rc = negotiate(g);
	if (rc < 0)
		goto fail;
	rc = alloc_buffers(g);
	if (rc < 0)
		goto fail;
	alloc_bitmap(g);
	rc = guest_init_doorbells(g);
	if (rc < 0)
		goto fail;
	rc = take_into_use(g);
	if (rc < 0) {
		if (!VMCI_FAULT("guest.gives-up-without-reset"))
			reset(g);
		goto fail;
	}
	*out = g;
	return 0;
fail:
	free_all(g);
	return rc;
}

void vmci_guest_remove(struct vmci_guest *g)
{
	if (VMCI_FAULT("guest.resets-before-detach"))
		reset(g);
	guest_detach_pairs(g);
	/* The device must not know any address of ours when the memory goes. */
	if (!VMCI_FAULT("guest.resets-before-detach"))
		reset(g);
	free_all(g);
}

/* ---- what it knows ---------------------------------------------------------------------- */

uint32_t vmci_guest_caps(const struct vmci_guest *g)
{
	return g->caps;
}

bool vmci_guest_uses_dma(const struct vmci_guest *g)
{
	return (g->caps & VMCI_CAPS_DMA_DATAGRAM) != 0;
}

bool vmci_guest_is_gone(const struct vmci_guest *g)
{
	return g->is_gone;
}

int64_t vmci_guest_cid(struct vmci_guest *g)
{
	int32_t result = 0;
	int rc;

	if (g->cid == VMCI_INVALID_ID) {
		rc = vmci_guest_call(g, VMCI_GET_CONTEXT_ID, NULL, 0, &result);
		if (rc < 0)
			return rc;
		/* Half of all context ids look like errors: the number is unsigned. */
		if (VMCI_FAULT("guest-call.cid-sign") && result < 0)
			return result;
		if ((uint32_t)result == VMCI_INVALID_ID &&
		    !VMCI_FAULT("guest-call.cid-invalid-cached"))
			return VMCI_LOCAL_PROTOCOL;
		g->cid = (uint32_t)result;
		if (VMCI_FAULT("guest-call.cid-invalid-cached") && g->cid == VMCI_INVALID_ID)
			g->cid = VMCI_INVALID_ID - 1;
	}
	return g->cid;
}

/* ---- pump ------------------------------------------------------------------------------- */

static void run_delayed(struct vmci_guest *g)
{
	guest_run_delayed_datagrams(g);
	guest_run_delayed_doorbells(g);
}

int64_t vmci_guest_pump(struct vmci_guest *g)
{
	int64_t count;

	if (g->is_gone)
		return VMCI_LOCAL_GONE;
	if (g->is_pumping)
		return VMCI_LOCAL_BAD_ARGUMENT;
	if (VMCI_FAULT("guest.pumps-absent-device") && guest_in32(g, VMCI_CAPS_ADDR) == UINT32_MAX)
		return 1;
	g->is_pumping = true;
	count = guest_drain(g, true);
	if (count != VMCI_LOCAL_GONE)
		guest_scan(g);
	run_delayed(g);
	g->is_pumping = false;
	return count;
}

int64_t vmci_guest_interrupt(struct vmci_guest *g, unsigned message)
{
	int64_t count = 0;

	if (g->is_gone)
		return VMCI_LOCAL_GONE;
	if (g->is_pumping)
		return VMCI_LOCAL_BAD_ARGUMENT;
	/* The mistake: to believe that a message needs ICR to be explained, and nobody else asks.
	 */
	if (VMCI_FAULT("guest.exclusive-reads-icr") && guest_in32(g, VMCI_ICR_ADDR) &&
	    !guest_in32(g, VMCI_ICR_ADDR))
		return 0;
	g->is_pumping = true;
	if (message == 0)
		count = guest_drain(g, false);
	else if (message == 1 && !VMCI_FAULT("guest-doorbell.wrong-message"))
		count = guest_scan(g);
	/* Message 2 wakes who waits for a receive: nobody does, unless one timed out. */
	else if (message == 2 && g->is_rx_started)
		guest_drain(g, false);
	run_delayed(g);
	g->is_pumping = false;
	return count;
}

int vmci_guest_shared_interrupt(struct vmci_guest *g)
{
	uint32_t causes;
	int64_t rc = 0;

	if (g->is_gone)
		return VMCI_LOCAL_GONE;
	if (g->is_pumping)
		return VMCI_LOCAL_BAD_ARGUMENT;
	if (VMCI_FAULT("guest.shared-ignores-icr"))
		return 0;
	causes = guest_in32(g, VMCI_ICR_ADDR);
	if (causes != UINT32_MAX && VMCI_FAULT("guest.shared-first-cause-only"))
		causes &= (uint32_t)-(int32_t)causes;
	if (causes == UINT32_MAX)
		return guest_check_gone(g) ? VMCI_LOCAL_GONE : 0;
	if (!causes)
		return 0;
	if (causes & VMCI_ICR_DATAGRAM)
		rc = vmci_guest_interrupt(g, 0);
	if (rc >= 0 && (causes & VMCI_ICR_NOTIFICATION))
		rc = vmci_guest_interrupt(g, 1);
	if (rc >= 0 && (causes & VMCI_ICR_DMA_DATAGRAM))
		rc = vmci_guest_interrupt(g, 2);
	return rc < 0 ? (int)rc : 1;
}

bool vmci_guest_is_pending(const struct vmci_guest *g)
{
	return g->is_rx_pending;
}
