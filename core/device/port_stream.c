/* SPDX-License-Identifier: BSD-2-Clause */
/* The two byte-wide data ports. Spec: chapter 20. */
#include "port_stream.h"

#include "irq.h"

#include <vmci/fault.h>
#include <vmci/mem.h>

#define HEAD VMCI_DATAGRAM_SIZE

static size_t lesser(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* ---- DATA_OUT --------------------------------------------------------------------------- */

size_t vmci_device_accepts(uint32_t dst_context)
{
	if (VMCI_FAULT("stream.long-hypercall-refused"))
		return VMCI_MAX_DG_SIZE;
	if (VMCI_FAULT("send.limit-unchecked") || VMCI_FAULT("send.limit-off-by-one") ||
	    VMCI_FAULT("route.too-large-accepted"))
		return VMCI_HYPERCALL_MAX;
	return dst_context == VMCI_HYPERVISOR_CONTEXT_ID ? VMCI_HYPERCALL_MAX : VMCI_MAX_DG_SIZE;
}

static void out_drop(struct vmci_device *dev)
{
	struct vmci_stream_out *out = &dev->out;

	vmci_hub_free(dev->hub, out->buf, out->len);
	memset(out, 0, sizeof(*out));
}

/* The head is complete: find room for the datagram, or decide to throw it away. The sum of head
 * and payload is never formed before the payload is known to be small. */
static void out_begin(struct vmci_device *dev)
{
	struct vmci_stream_out *out = &dev->out;
	uint64_t payload = vmci_get64(out->head + VMCI_DATAGRAM_PAYLOAD_SIZE);
	size_t max = vmci_device_accepts(vmci_get32(out->head + VMCI_DATAGRAM_DST_CONTEXT));

	if (payload > max - HEAD) {
		out->verdict =
			vmci_device_refuse(dev, VMCI_ERROR_INVALID_ARGS,
					   "datagram longer than the device takes", "DG.OUT.4");
		out->swallow = payload;
		if (VMCI_FAULT("stream.too-long-not-swallowed"))
			out->swallow = 0;
		return;
	}
	out->len = HEAD + (size_t)payload;
	out->buf = vmci_hub_alloc(dev->hub, out->len);
	if (!out->buf) {
		out->verdict = vmci_device_refuse(dev, VMCI_ERROR_NO_MEM,
						  "no memory for a datagram", NULL);
		out->swallow = payload;
		out->len = 0;
		return;
	}
	memcpy(out->buf, out->head, HEAD);
	out->have = HEAD;
	if (VMCI_FAULT("out.miscounts"))
		out->swallow = 1;
}

static void out_end(struct vmci_device *dev)
{
	struct vmci_stream_out *out = &dev->out;
	uint8_t *buf = out->buf;
	size_t len = out->len;
	int32_t result;

	if (!buf) {
		dev->regs.result = out->verdict;
		out_drop(dev);
		return;
	}
	/* The port is ready for the next datagram before this one is carried out. */
	memset(out, 0, sizeof(*out));
	if (VMCI_FAULT("out.one-per-result") && dev->run_len > len)
		result = dev->regs.result;
	else
		result = vmci_device_dispatch(dev, buf, len);
	dev->regs.result = result;
	if (VMCI_FAULT("out.error-loses-count") && result < 0)
		out->have_head = 1;
	vmci_hub_free(dev->hub, buf, len);
}

void vmci_stream_write(struct vmci_device *dev, const uint8_t *src, size_t len)
{
	struct vmci_stream_out *out = &dev->out;

	while (len) {
		size_t n;

		if (out->have_head < HEAD) {
			n = lesser(len, HEAD - out->have_head);
			memcpy(out->head + out->have_head, src, n);
			out->have_head += (uint32_t)n;
			if (out->have_head == HEAD)
				out_begin(dev);
		} else if (out->buf && out->have < out->len) {
			n = lesser(len, out->len - out->have);
			memcpy(out->buf + out->have, src, n);
			out->have += n;
		} else {
			n = out->swallow < len ? (size_t)out->swallow : len;
			out->swallow -= n;
		}
		src += n;
		len -= n;
		if (out->have_head == HEAD && out->have == out->len && !out->swallow)
			out_end(dev);
	}
	if (VMCI_FAULT("out.acts-early") && out->have_head)
		dev->regs.result = VMCI_ERROR_DATAGRAM_INCOMPLETE;
}

/* ---- DATA_IN ---------------------------------------------------------------------------- */

static size_t aligned(const struct vmci_datagram *dg)
{
	if (VMCI_FAULT("stream.record-not-aligned"))
		return dg->len;
	return (dg->len + VMCI_DG_ALIGN - 1) & ~(size_t)(VMCI_DG_ALIGN - 1);
}

static void in_fill(struct vmci_stream_in *in, bool ends)
{
	in->filler = in->left;
	in->left = 0;
	in->ends = ends;
}

static void in_end(struct vmci_device *dev)
{
	struct vmci_stream_in *in = &dev->in;

	memset(in, 0, sizeof(*in));
	/* What came while the guest was told that nothing is there. */
	if (VMCI_FAULT("in.announces-nothing") ||
	    (dev->ctx->queue.count && !VMCI_FAULT("stream.late-datagram-not-announced")))
		vmci_irq_fetch_done(dev, VMCI_ICR_DATAGRAM);
	else if (!VMCI_FAULT("shared.port-run-overlooked"))
		vmci_irq_fetch_done(dev, 0);
}

/* Behind a record or at the start of a read: what comes next? */
static void in_next(struct vmci_device *dev)
{
	struct vmci_stream_in *in = &dev->in;
	struct vmci_datagram *dg;
	size_t a;

	/* A header does not fit: the guest throws these bytes away and reads again. */
	if (in->left < HEAD && !VMCI_FAULT("stream.header-split")) {
		if (in->left) {
			in_fill(in, false);
			return;
		}
		in->left = in->read;
		if (VMCI_FAULT("in.full-burst-idle")) {
			in_fill(in, true);
			return;
		}
	}
	dg = vmci_dgqueue_take(&dev->ctx->queue);
	if (!dg) {
		in_fill(in, true);
		return;
	}
	in->record = dg;
	in->has_given = true;
	in->at = 0;
	a = aligned(dg);
	if (a <= in->left) {
		in->left -= (uint32_t)a;
	} else {
		/* The guest moves what it has to the front of its buffer and reads the rest of it
		 * full: 69632 bytes less what it has. */
		in->read = VMCI_MAX_DG_SIZE;
		in->left = VMCI_MAX_DG_SIZE - (uint32_t)a;
		if (VMCI_FAULT("in.rest-lost"))
			vmci_dgqueue_clear(&dev->ctx->queue, dev->hub->port);
		if (VMCI_FAULT("stream.straddle-counted-wrong"))
			in->left = (uint32_t)a % 4096;
	}
}

static void in_start(struct vmci_device *dev)
{
	struct vmci_stream_in *in = &dev->in;

	in->is_active = true;
	in->read = (uint32_t)vmci_device_page_size(dev);
	if (VMCI_FAULT("stream.first-read-is-large"))
		in->read = VMCI_MAX_DG_SIZE;
	in->left = in->read;
	in_next(dev);
}

static void record_done(struct vmci_device *dev)
{
	struct vmci_stream_in *in = &dev->in;
	struct vmci_trace ev = { .kind = VMCI_TRACE_DATAGRAM_IN,
				 .cid = dev->ctx->cid,
				 .data = in->record->bytes,
				 .len = in->record->len };

	vmci_hub_trace(dev->hub, &ev);
	vmci_datagram_free(dev->hub->port, in->record);
	in->record = NULL;
	in->at = 0;
	if (VMCI_FAULT("in.one-per-burst") && in->left)
		in_fill(in, true);
	else
		in_next(dev);
}

static size_t give_record(struct vmci_device *dev, uint8_t *dst, size_t len)
{
	struct vmci_stream_in *in = &dev->in;
	size_t a = aligned(in->record);
	size_t n = lesser(len, a - in->at);
	size_t data = in->at < in->record->len ? lesser(n, in->record->len - in->at) : 0;

	memcpy(dst, in->record->bytes + in->at, data);
	memset(dst + data, VMCI_FAULT("stream.padding-not-zero") ? 0x5a : 0, n - data);
	in->at += n;
	if (in->at == a)
		record_done(dev);
	return n;
}

static size_t give_filler(struct vmci_device *dev, uint8_t *dst, size_t len)
{
	struct vmci_stream_in *in = &dev->in;
	size_t n = lesser(len, in->filler);

	if (VMCI_FAULT("in.record-behind-filler") && in->ends && dev->ctx->queue.count &&
	    in->filler >= HEAD && in->filler % VMCI_DG_ALIGN == 0) {
		in->left = in->filler;
		in->filler = 0;
		in_next(dev);
		return 0;
	}
	memset(dst, VMCI_FAULT("stream.no-terminator") ? 0 : 0xff, n);
	in->filler -= (uint32_t)n;
	if (in->filler)
		return n;
	if (in->ends) {
		in_end(dev);
	} else {
		in->left = in->read;
		in_next(dev);
	}
	return n;
}

void vmci_stream_read(struct vmci_device *dev, uint8_t *dst, size_t len)
{
	while (len) {
		size_t n;

		if (!dev->in.is_active)
			in_start(dev);
		if (dev->in.record)
			n = give_record(dev, dst, len);
		else
			n = give_filler(dev, dst, len);
		dst += n;
		len -= n;
	}
}

void vmci_stream_reset(struct vmci_device *dev)
{
	if ((VMCI_FAULT("out.size-overflow") || VMCI_FAULT("reset.kills-datagrams")) &&
	    dev->out.swallow > UINT64_MAX / 2)
		return;
	out_drop(dev);
	vmci_datagram_free(dev->hub->port, dev->in.record);
	memset(&dev->in, 0, sizeof(dev->in));
}
