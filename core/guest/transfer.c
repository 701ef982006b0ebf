/* SPDX-License-Identifier: BSD-2-Clause */
/* Datagrams to the device, through the ports or by DMA. Spec: chapter 20. */
#include "state.h"

/* Largest hypercall: the page list of VMCI_MAX_GUEST_QP_MEMORY needs a quarter of it. */
#define CALL_MAX 0x100000u

/* How often a waiting loop asks whether the device is still there, microseconds. */
#define GONE_CHECK_US 1000u

bool guest_check_gone(struct vmci_guest *g)
{
	if (!g->is_gone && guest_in32(g, VMCI_CAPS_ADDR) == UINT32_MAX &&
	    !VMCI_FAULT("guest.trusts-ones"))
		g->is_gone = true;
	return g->is_gone;
}

int guest_wait32(struct vmci_guest *g, const void *word, uint32_t value)
{
	const struct vmci_guest_port *port = g->port;
	uint64_t start, looked, now;

	if (vmci_load_acquire32(word) != value) {
		start = port->now_us(port->ctx);
		looked = start;
		for (;;) {
			port->relax(port->ctx);
			if (vmci_load_acquire32(word) == value)
				break;
			now = port->now_us(port->ctx);
			if (now - looked >= GONE_CHECK_US) {
				looked = now;
				if (guest_check_gone(g))
					return VMCI_LOCAL_GONE;
			}
			if (now - start >= g->options.timeout_us)
				return VMCI_LOCAL_TIMEOUT;
		}
	}
	if (port->dma_observe)
		port->dma_observe(port->ctx);
	return 0;
}

/* ---- DMA -------------------------------------------------------------------------------- */

/* Put n bytes into pieces of memory, going on where the last call stopped. */
static void fill_pages(const struct guest_pages *pages, size_t page, size_t *at, const void *src,
		       size_t n)
{
	const uint8_t *from = src;

	while (n) {
		size_t offset = *at & (page - 1), part = page - offset;

		if (part > n)
			part = n;
		memcpy((uint8_t *)pages->page[*at / page] + offset, from, part);
		*at += part;
		from += part;
		n -= part;
	}
}

/* The send buffer holds the header of the request; the device owns it while busy is not 0. */
static int start_send(struct vmci_guest *g, uint32_t opcode, uint32_t size)
{
	uint8_t *tx = g->tx;
	int rc;

	vmci_put32(tx + VMCI_DMA_HEADER_OPCODE, opcode);
	vmci_put32(tx + VMCI_DMA_HEADER_SIZE_FIELD, size);
	vmci_put32(tx + VMCI_DMA_HEADER_RSVD, 0);
	vmci_put64(tx + VMCI_DMA_HEADER_RESULT, 0);
	/* Pairs with the device's load of busy: the request stands before it is handed over. */
	vmci_store_release32(tx + VMCI_DMA_HEADER_BUSY, 1);
	guest_out32(g, VMCI_DATA_OUT_LOW_ADDR, (uint32_t)g->tx_addr);
	/* Pairs with the device's release of busy after the result. */
	rc = guest_wait32(g, tx + VMCI_DMA_HEADER_BUSY, 0);
	if (rc < 0)
		g->is_tx_lost = true;
	return rc;
}

static int send_scattered(struct vmci_guest *g, const uint8_t *dg, const void *payload, size_t len)
{
	size_t page = guest_page(g), total = VMCI_DATAGRAM_SIZE + len, at = 0;
	size_t n = (total + page - 1) / page;
	/* The list has to lie in the page of the header. */
	size_t max = (page - VMCI_DMA_HEADER_SIZE) / VMCI_SG_ELEM_SIZE, nelements = 0;
	struct guest_pages *pages = &g->tx_pages;
	uint8_t *element = g->tx + VMCI_DMA_HEADER_SIZE;
	int rc;

	rc = guest_pages_alloc(g, pages, n);
	if (rc < 0)
		return rc;
	fill_pages(pages, page, &at, dg, VMCI_DATAGRAM_SIZE);
	fill_pages(pages, page, &at, payload, len);
	for (size_t i = 0; i < n && nelements < max; i += pages->npiece[i]) {
		size_t part = pages->npiece[i] * page, left = total - i * page;

		vmci_put64(element + VMCI_SG_ELEM_ADDR,
			   pages->addr[VMCI_FAULT("guest-dma.same-page") ? 0 : i]);
		vmci_put64(element + VMCI_SG_ELEM_SIZE_FIELD, part < left ? part : left);
		element += VMCI_SG_ELEM_SIZE;
		nelements++;
		at -= part < left ? part : left;
	}
	/* Memory in more pieces than the list can hold: as good as none. */
	rc = at ? VMCI_LOCAL_NO_MEMORY : start_send(g, VMCI_DMA_OPCODE_SG, (uint32_t)nelements);
	/* After a timeout the device may still read the pages: they serve nothing else until it
	 * says that it is done. */
	if (!g->is_tx_lost)
		guest_pages_free(g, pages);
	return rc;
}

static int send_dma(struct vmci_guest *g, const uint8_t *dg, const void *payload, size_t len)
{
	uint8_t *data = g->tx + VMCI_DMA_HEADER_SIZE;

	if (g->is_tx_lost) {
		if (vmci_load_acquire32(g->tx + VMCI_DMA_HEADER_BUSY))
			return guest_check_gone(g) ? VMCI_LOCAL_GONE : VMCI_LOCAL_TIMEOUT;
		g->is_tx_lost = false;
		guest_pages_free(g, &g->tx_pages);
	}
	if (VMCI_DATAGRAM_SIZE + len > VMCI_MAX_DG_SIZE)
		return send_scattered(g, dg, payload, len);
	memcpy(data, dg, VMCI_DATAGRAM_SIZE);
	if (len)
		memcpy(data + VMCI_DATAGRAM_SIZE, payload, len);
	return start_send(g, VMCI_DMA_OPCODE_INLINE, (uint32_t)(VMCI_DATAGRAM_SIZE + len));
}

/* ---- any transport ---------------------------------------------------------------------- */

int guest_transfer(struct vmci_guest *g, const uint8_t *dg, const void *payload, size_t len,
		   int32_t *result)
{
	const struct vmci_guest_port *port = g->port;
	int rc;

	if (g->is_gone)
		return VMCI_LOCAL_GONE;
	if (g->caps & VMCI_CAPS_DMA_DATAGRAM) {
		rc = send_dma(g, dg, payload, len);
		if (rc < 0)
			return rc;
	} else {
		port->out_bytes(port->ctx, VMCI_DATA_OUT_ADDR, dg, VMCI_DATAGRAM_SIZE);
		if (len)
			port->out_bytes(port->ctx, VMCI_DATA_OUT_ADDR, payload, len);
	}
	/* By DMA the buffer has the result as well, but the register is what every known driver
	 * goes by. */
	*result = (int32_t)guest_in32(g, VMCI_RESULT_LOW_ADDR);
	if (*result == -1 && guest_check_gone(g))
		return VMCI_LOCAL_GONE;
	return 0;
}

int vmci_guest_call(struct vmci_guest *g, uint32_t resource, const void *payload, size_t len,
		    int32_t *result)
{
	uint8_t dg[VMCI_DATAGRAM_SIZE];

	if (len > CALL_MAX)
		return VMCI_LOCAL_BAD_ARGUMENT;
	vmci_put_handle(dg + VMCI_DATAGRAM_DST_CONTEXT,
			vmci_handle(VMCI_HYPERVISOR_CONTEXT_ID, resource));
	vmci_put_handle(dg + VMCI_DATAGRAM_SRC_CONTEXT,
			vmci_handle(VMCI_INVALID_ID, VMCI_INVALID_ID));
	if (VMCI_FAULT("guest-call.named-source"))
		vmci_put_handle(dg + VMCI_DATAGRAM_SRC_CONTEXT, vmci_handle(g->cid, 0));
	vmci_put64(dg + VMCI_DATAGRAM_PAYLOAD_SIZE, len);
	return guest_transfer(g, dg, payload, len, result);
}

int guest_call_result(struct vmci_guest *g, uint32_t resource, const void *payload, size_t len)
{
	int32_t result = 0;
	int rc = vmci_guest_call(g, resource, payload, len, &result);

	return rc < 0 ? rc : guest_result(result);
}
