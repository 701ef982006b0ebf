/* SPDX-License-Identifier: BSD-2-Clause */
/* Datagrams through buffers in guest memory. Spec: chapter 20. */
#include "dma.h"

#include "guestmem.h"
#include "irq.h"

#include <vmci/fault.h>
#include <vmci/mem.h>

#define HEAD	  VMCI_DATAGRAM_SIZE
#define MAX_ELEMS 4096u /* more than a page of 64 KiB holds */

/* The first bytes of a buffer, read once. */
struct request {
	struct vmci_gpa at;
	uint32_t opcode, size;
};

static bool read_request(struct vmci_device *dev, struct vmci_gpa gpa, struct request *rq)
{
	uint8_t head[VMCI_DMA_HEADER_SIZE];

	if (VMCI_FAULT("dma.unaligned-refused") && (gpa.addr & 7))
		return false;
	rq->at = gpa;
	if (vmci_guest_read(dev, gpa, head, sizeof(head)))
		return false;
	rq->opcode = vmci_get32(head + VMCI_DMA_HEADER_OPCODE);
	rq->size = vmci_get32(head + VMCI_DMA_HEADER_SIZE_FIELD);
	return true;
}

/* The elements lie behind the header and in its page. */
static bool elements_fit(const struct vmci_device *dev, const struct request *rq)
{
	uint64_t page = vmci_device_page_size(dev);
	uint64_t room = page - (rq->at.addr & (page - 1));

	if (rq->size > MAX_ELEMS || !rq->size)
		return false;
	if (VMCI_FAULT("dma.elements-beyond-page"))
		return true;
	if (VMCI_FAULT("dma.list-limit-low"))
		room--;
	return VMCI_DMA_HEADER_DATA + (uint64_t)rq->size * VMCI_SG_ELEM_SIZE <= room;
}

/* ---- sending ---------------------------------------------------------------------------- */

struct gather {
	uint8_t *elems; /* copy of the element list, or NULL: inline data */
	size_t elems_len;
	uint8_t *dg;
	size_t len;
};

static void gather_free(struct vmci_device *dev, struct gather *g)
{
	vmci_hub_free(dev->hub, g->elems, g->elems_len);
	vmci_hub_free(dev->hub, g->dg, g->len);
}

static int alloc_datagram(struct vmci_device *dev, struct gather *g, uint64_t len)
{
	if ((VMCI_FAULT("dma.short-unchecked") && len < HEAD) ||
	    (VMCI_FAULT("dma.size-overflow") && len > VMCI_HYPERCALL_MAX))
		return VMCI_SUCCESS_LAST_DETACH;
	if (len < HEAD || len > VMCI_HYPERCALL_MAX)
		return vmci_device_refuse(dev, VMCI_ERROR_INVALID_ARGS, "DMA send: bad size",
					  "DG.DMA.6");
	g->dg = vmci_hub_alloc(dev->hub, (size_t)len);
	if (!g->dg)
		return VMCI_ERROR_NO_MEM;
	g->len = (size_t)len;
	return 0;
}

static int gather_elements(struct vmci_device *dev, const struct request *rq, struct gather *g)
{
	uint64_t total = 0;
	size_t at = 0;
	int rc;

	if (!elements_fit(dev, rq))
		return vmci_device_refuse(dev, VMCI_ERROR_INVALID_ARGS,
					  "DMA send: elements leave the page", "DG.DMA.6");
	g->elems = vmci_hub_alloc(dev->hub, rq->size * (size_t)VMCI_SG_ELEM_SIZE);
	if (!g->elems)
		return VMCI_ERROR_NO_MEM;
	g->elems_len = rq->size * (size_t)VMCI_SG_ELEM_SIZE;
	if (vmci_guest_read(dev, vmci_guest_at(rq->at, VMCI_DMA_HEADER_DATA), g->elems,
			    g->elems_len))
		return vmci_device_refuse(dev, VMCI_ERROR_INVALID_ARGS,
					  "DMA send: elements unreadable", "DG.DMA.7");
	for (uint32_t i = 0; i < rq->size; i++) {
		uint64_t n = vmci_get64(g->elems + i * VMCI_SG_ELEM_SIZE + VMCI_SG_ELEM_SIZE_FIELD);

		if (VMCI_FAULT("dma.list-sum-overflow") && n > VMCI_HYPERCALL_MAX - total)
			return VMCI_SUCCESS_LAST_DETACH;
		if (n > VMCI_HYPERCALL_MAX - total)
			return vmci_device_refuse(dev, VMCI_ERROR_INVALID_ARGS,
						  "DMA send: elements too long", "DG.DMA.6");
		total += n;
	}
	rc = alloc_datagram(dev, g, total);
	if (rc)
		return rc;
	for (uint32_t i = 0; i < rq->size; i++) {
		const uint8_t *elem = g->elems + i * VMCI_SG_ELEM_SIZE;
		struct vmci_gpa from = { vmci_get64(elem + VMCI_SG_ELEM_ADDR) };
		size_t n = (size_t)vmci_get64(elem + VMCI_SG_ELEM_SIZE_FIELD);

		if (VMCI_FAULT("dma.gather-reversed"))
			at = (size_t)total - at - n;
		if (VMCI_FAULT("dma.first-element-only") && i)
			break;
		if (vmci_guest_read(dev, from, g->dg + at, n))
			return vmci_device_refuse(dev, VMCI_ERROR_INVALID_ARGS,
						  "DMA send: data unreadable", "DG.DMA.7");
		if (VMCI_FAULT("dma.gather-reversed"))
			at = (size_t)total - at - n;
		at += n;
	}
	return 0;
}

static int gather_inline(struct vmci_device *dev, const struct request *rq, struct gather *g)
{
	int rc = alloc_datagram(dev, g, rq->size);

	if (rc)
		return rc;
	if (vmci_guest_read(dev, vmci_guest_at(rq->at, VMCI_DMA_HEADER_DATA), g->dg, g->len))
		return vmci_device_refuse(dev, VMCI_ERROR_INVALID_ARGS, "DMA send: data unreadable",
					  "DG.DMA.7");
	return 0;
}

static int32_t send_buffer(struct vmci_device *dev, const struct request *rq)
{
	struct gather g = { 0 };
	int32_t result;

	if (VMCI_FAULT("dma.page-aligned-only") && (rq->at.addr & (vmci_device_page_size(dev) - 1)))
		return VMCI_ERROR_INVALID_ARGS;
	if (VMCI_FAULT("dma.one-page-only") && rq->size > vmci_device_page_size(dev) - HEAD)
		return VMCI_ERROR_INVALID_ARGS;
	if (rq->opcode == VMCI_DMA_OPCODE_INLINE ||
	    (VMCI_FAULT("dma.opcode-unchecked") && rq->opcode > VMCI_DMA_OPCODE_SG))
		result = gather_inline(dev, rq, &g);
	else if (rq->opcode == VMCI_DMA_OPCODE_SG && !VMCI_FAULT("dma.send-elements-refused"))
		result = gather_elements(dev, rq, &g);
	else
		result = vmci_device_refuse(dev, VMCI_ERROR_INVALID_ARGS,
					    "DMA send: unknown opcode", "DG.DMA.6");
	if (!result && vmci_get64(g.dg + VMCI_DATAGRAM_PAYLOAD_SIZE) != g.len - HEAD &&
	    !VMCI_FAULT("dma.size-unchecked"))
		result = vmci_device_refuse(dev, VMCI_ERROR_INVALID_ARGS,
					    "DMA send: size is not that of the datagram",
					    "DG.DMA.6");
	if (!result && g.len > vmci_device_accepts(vmci_get32(g.dg + VMCI_DATAGRAM_DST_CONTEXT)))
		result = vmci_device_refuse(dev, VMCI_ERROR_INVALID_ARGS,
					    "datagram longer than the device takes", "DG.OUT.4");
	if (!result)
		result = vmci_device_dispatch(dev, g.dg, g.len);
	gather_free(dev, &g);
	return result;
}

void vmci_dma_send(struct vmci_device *dev, struct vmci_gpa gpa)
{
	struct request rq;
	uint8_t result[8];
	int32_t rc;

	if (!vmci_guest_is_range(gpa, VMCI_DMA_HEADER_SIZE) || !read_request(dev, gpa, &rq)) {
		rc = vmci_device_refuse(dev, VMCI_ERROR_INVALID_ARGS, "DMA send: buffer unreadable",
					"DG.DMA.7");
		dev->regs.result = VMCI_FAULT("dma.unbacked-result") ? 0 : rc;
	} else {
		rc = send_buffer(dev, &rq);
		if (!VMCI_FAULT("dma.no-result-in-register"))
			dev->regs.result = rc;
		if (VMCI_FAULT("dma.busy-kept-after-error") && rc < 0)
			return;
		vmci_put64(result, (uint64_t)(int64_t)rc);
		if (!VMCI_FAULT("dma.result-not-in-buffer"))
			(void)vmci_guest_write(dev, vmci_guest_at(gpa, VMCI_DMA_HEADER_RESULT),
					       result, sizeof(result));
		/* The guest spins for this with interrupts off: on every path, and last. */
		if (!VMCI_FAULT("dma.busy-not-cleared"))
			(void)vmci_guest_publish32(dev, vmci_guest_at(gpa, VMCI_DMA_HEADER_BUSY),
						   0);
	}
	if (VMCI_FAULT("dma.send-raises-cause"))
		vmci_irq_raise(dev, VMCI_ICR_DMA_DATAGRAM);
}

/* ---- receiving -------------------------------------------------------------------------- */

/* Guest memory to be filled, piece by piece. */
struct scatter {
	const uint8_t *list; /* copy of the elements */
	uint32_t next, elems;
	struct vmci_gpa at; /* present piece */
	uint64_t left;
	uint64_t room; /* bytes in all that are left */
	uint8_t *heap; /* where the copy is when it is long */
	size_t heap_len;
	uint8_t few[4 * VMCI_SG_ELEM_SIZE];
};

static int scatter_open(struct vmci_device *dev, const struct request *rq, struct scatter *s)
{
	uint8_t *list = s->few;
	size_t len = rq->size * (size_t)VMCI_SG_ELEM_SIZE;

	if (rq->opcode == VMCI_DMA_OPCODE_INLINE && !VMCI_FAULT("dma-in.no-inline")) {
		s->at = vmci_guest_at(rq->at, VMCI_DMA_HEADER_DATA);
		s->left = rq->size;
		s->room = rq->size;
		return 0;
	}
	if (rq->opcode != VMCI_DMA_OPCODE_SG)
		return vmci_device_refuse(dev, VMCI_ERROR_INVALID_ARGS,
					  "DMA receive: unknown opcode", "DG.RCV.12");
	if (!elements_fit(dev, rq))
		return vmci_device_refuse(dev, VMCI_ERROR_INVALID_ARGS,
					  "DMA receive: elements leave the page", "DG.RCV.12");
	if (VMCI_FAULT("dma-in.short-lists-only") && len > sizeof(s->few))
		return VMCI_ERROR_NO_RESOURCES;
	if (len > sizeof(s->few)) {
		s->heap = vmci_hub_alloc(dev->hub, len);
		if (!s->heap)
			return VMCI_ERROR_NO_MEM;
		s->heap_len = len;
		list = s->heap;
	}
	if (vmci_guest_read(dev, vmci_guest_at(rq->at, VMCI_DMA_HEADER_DATA), list, len))
		return vmci_device_refuse(dev, VMCI_ERROR_INVALID_ARGS,
					  "DMA receive: elements unreadable", "DG.RCV.12");
	s->list = list;
	s->elems = VMCI_FAULT("dma-in.first-element-only") ? 1 : rq->size;
	for (uint32_t i = 0; i < s->elems; i++) {
		uint64_t n = vmci_get64(list + i * VMCI_SG_ELEM_SIZE + VMCI_SG_ELEM_SIZE_FIELD);

		if (VMCI_FAULT("dma-in.overruns") && i == s->elems - 1)
			n += 4096;
		s->room = n > UINT64_MAX - s->room ? UINT64_MAX : s->room + n;
	}
	return 0;
}

static int scatter_write(struct vmci_device *dev, struct scatter *s, const uint8_t *src, size_t len)
{
	while (len) {
		size_t n;

		while (!s->left) {
			const uint8_t *elem = s->list + s->next * (size_t)VMCI_SG_ELEM_SIZE;

			if (s->next == s->elems)
				return VMCI_LOCAL_BAD_ADDRESS;
			s->next++;
			s->at.addr = vmci_get64(elem + VMCI_SG_ELEM_ADDR);
			s->left = vmci_get64(elem + VMCI_SG_ELEM_SIZE_FIELD);
			if (VMCI_FAULT("dma-in.overruns") && s->next == s->elems)
				s->left += 4096;
		}
		n = s->left < len ? (size_t)s->left : len;
		if (vmci_guest_write(dev, s->at, src, n))
			return VMCI_LOCAL_BAD_ADDRESS;
		s->at.addr += n;
		s->left -= n;
		s->room -= n;
		src += n;
		len -= n;
	}
	return 0;
}

static size_t padding_of(size_t len)
{
	return (VMCI_DG_ALIGN - len % VMCI_DG_ALIGN) % VMCI_DG_ALIGN;
}

/* Does the oldest datagram go into this batch, behind `done` others? */
static bool takes(const struct vmci_device *dev, const struct scatter *s,
		  const struct vmci_datagram *dg, uint32_t done)
{
	size_t need = dg->len + padding_of(dg->len);

	if (VMCI_FAULT("dma-in.splits") && s->room >= HEAD)
		return true;
	if (need > s->room)
		return false;
	/* A batch without a terminator makes the guest fetch once more, and one vector cannot tell
	 * it when that is done. */
	if (done && vmci_irq_is_one_vector(dev) && s->room - need < HEAD &&
	    !VMCI_FAULT("dma.one-vector-no-terminator"))
		return false;
	return true;
}

static int write_record(struct vmci_device *dev, struct scatter *s, const struct vmci_datagram *dg)
{
	static const uint8_t zeros[VMCI_DG_ALIGN];
	size_t len = VMCI_FAULT("dma-in.splits") && dg->len > s->room ? (size_t)s->room : dg->len;
	int rc = scatter_write(dev, s, dg->bytes, len);

	if (rc || len < dg->len || VMCI_FAULT("dma.record-not-aligned"))
		return rc;
	if (VMCI_FAULT("dma.padding-not-zero"))
		return scatter_write(dev, s, dg->bytes, padding_of(dg->len));
	return scatter_write(dev, s, zeros, padding_of(dg->len));
}

static void write_terminator(struct vmci_device *dev, struct scatter *s)
{
	uint8_t terminator[HEAD];

	if (s->room < HEAD || VMCI_FAULT("dma.no-terminator"))
		return;
	if (VMCI_FAULT("dma-in.terminator-limit") && s->room == HEAD)
		return;
	memset(terminator, 0xff, sizeof(terminator));
	(void)scatter_write(dev, s, terminator, sizeof(terminator));
}

static void fill(struct vmci_device *dev, struct scatter *s)
{
	struct vmci_dgqueue *q = &dev->ctx->queue;
	struct vmci_datagram *dg;
	uint32_t done = VMCI_FAULT("dma.one-vector-largest-stuck");

	while ((dg = vmci_dgqueue_head(q)) && takes(dev, s, dg, done)) {
		struct scatter before = *s;
		struct vmci_trace ev = { .kind = VMCI_TRACE_DATAGRAM_IN,
					 .cid = dev->ctx->cid,
					 .data = dg->bytes,
					 .len = dg->len };

		if (write_record(dev, s, dg)) {
			/* It stays in the queue; what was written of it is behind the terminator.
			 */
			vmci_device_refuse(dev, VMCI_ERROR_INVALID_ARGS,
					   "DMA receive: memory unwritable", "DG.RCV.12");
			*s = before;
			break;
		}
		vmci_hub_trace(dev->hub, &ev);
		vmci_datagram_free(dev->hub->port, vmci_dgqueue_take(q));
		done++;
		if (VMCI_FAULT("dma.one-record-per-batch"))
			break;
	}
	write_terminator(dev, s);
}

static void receive_now(struct vmci_device *dev, struct vmci_gpa gpa)
{
	struct scatter s = { 0 };
	struct request rq;
	uint32_t causes = VMCI_ICR_DMA_DATAGRAM;

	if (!vmci_guest_is_range(gpa, VMCI_DMA_HEADER_SIZE) || !read_request(dev, gpa, &rq)) {
		vmci_device_refuse(dev, VMCI_ERROR_INVALID_ARGS, "DMA receive: buffer unreadable",
				   "DG.RCV.15");
		if (VMCI_FAULT("dma-in.nowhere-announced"))
			vmci_irq_fetch_done(dev, causes);
		return;
	}
	if (VMCI_FAULT("dma.receive-waits-for-datagram") && !dev->ctx->queue.count)
		return;
	if (!scatter_open(dev, &rq, &s))
		fill(dev, &s);
	vmci_hub_free(dev->hub, s.heap, s.heap_len);
	/* The guest sleeps for exactly 1, without a time limit: whatever happened before. */
	if (!VMCI_FAULT("dma.receive-not-completed"))
		(void)vmci_guest_publish32(dev, vmci_guest_at(gpa, VMCI_DMA_HEADER_BUSY),
					   VMCI_FAULT("dma.busy-not-one") ? 0xffffffff : 1);
	if (VMCI_FAULT("dma-in.announces-nothing"))
		causes |= VMCI_ICR_DATAGRAM;
	if (dev->ctx->queue.count && !VMCI_FAULT("dma.rest-not-announced"))
		causes |= VMCI_ICR_DATAGRAM;
	if (VMCI_FAULT("dma.no-completion-irq"))
		causes &= ~(uint32_t)VMCI_ICR_DMA_DATAGRAM;
	vmci_irq_fetch_done(dev, causes);
}

void vmci_dma_receive(struct vmci_device *dev, struct vmci_gpa gpa)
{
	dev->regs.has_receive = VMCI_FAULT("dma.receive-repeated") && dev->regs.has_receive;
	if ((VMCI_FAULT("dma-in.late") || VMCI_FAULT("dma-in.after-the-write")) &&
	    gpa.addr != dev->regs.receive.addr) {
		dev->regs.has_receive = true;
		dev->regs.receive = gpa;
		return;
	}
	if (vmci_device_has_memory(dev) || VMCI_FAULT("dma.receive-ignores-bus-master")) {
		receive_now(dev, gpa);
		return;
	}
	if (VMCI_FAULT("dma.receive-forgotten-without-bus-master"))
		return;
	dev->regs.has_receive = true;
	dev->regs.receive = gpa;
}

void vmci_dma_continue(struct vmci_device *dev)
{
	if (dev->regs.has_receive)
		vmci_dma_receive(dev, dev->regs.receive);
}
