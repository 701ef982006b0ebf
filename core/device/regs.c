/* SPDX-License-Identifier: BSD-2-Clause */
/* The register file. Spec: chapter 10. */
#include "device.h"

#include "dma.h"
#include "irq.h"
#include "port_stream.h"
#include "reset.h"

#include <vmci/fault.h>

/* ---- observation ------------------------------------------------------------------------ */

void vmci_device_trace_end_run(struct vmci_device *dev)
{
	bool is_out = dev->run_offset == VMCI_DATA_OUT_ADDR;
	struct vmci_trace ev = { .kind = VMCI_TRACE_BYTES,
				 .cid = dev->ctx->cid,
				 .offset = dev->run_offset,
				 .width = dev->run_bits,
				 .value = is_out ? dev->out.have_head != 0 : dev->in.is_active,
				 .len = (size_t)dev->run_len };

	if (!dev->run_offset)
		return;
	dev->run_offset = 0;
	dev->run_len = 0;
	vmci_hub_trace(dev->hub, &ev);
}

void vmci_device_trace_bytes(struct vmci_device *dev, uint32_t offset, unsigned bits,
			     uint64_t count)
{
	if (dev->run_offset != offset || dev->run_bits != bits)
		vmci_device_trace_end_run(dev);
	dev->run_offset = offset;
	dev->run_bits = bits;
	dev->run_len += count;
}

static void trace_access(struct vmci_device *dev, enum vmci_trace_kind kind, uint32_t offset,
			 unsigned bits, uint32_t value)
{
	struct vmci_trace ev = {
		.kind = kind, .cid = dev->ctx->cid, .offset = offset, .width = bits, .value = value
	};

	vmci_device_trace_end_run(dev);
	vmci_hub_trace(dev->hub, &ev);
}

/* ---- reading ---------------------------------------------------------------------------- */

/* A whole register, without side effects. Write-only ones read as 0. */
static uint32_t peek(const struct vmci_device *dev, uint32_t reg)
{
	const struct vmci_regs *r = &dev->regs;

	switch (reg) {
	case VMCI_STATUS_ADDR:
		return r->is_enabled && !VMCI_FAULT("regs.status-zero") ? VMCI_STATUS_INT_ON : 0;
	case VMCI_ICR_ADDR:
		return r->icr;
	case VMCI_CAPS_ADDR:
		if (VMCI_FAULT("regs.caps-reads-accepted"))
			return r->caps;
		if (VMCI_FAULT("caps.no-datagram"))
			return dev->config.caps & ~(uint32_t)VMCI_CAPS_DATAGRAM;
		if (VMCI_FAULT("caps.dma-missing"))
			return dev->config.caps & ~(uint32_t)VMCI_CAPS_DMA_DATAGRAM;
		if (VMCI_FAULT("caps.unknown-bits"))
			return dev->config.caps | VMCI_CAPS_CLEAR_TO_ACK;
		return dev->config.caps;
	case VMCI_RESULT_LOW_ADDR:
		return (uint32_t)r->result;
	case VMCI_RESULT_HIGH_ADDR:
		if (VMCI_FAULT("regs.result-high-zero"))
			return 0;
		if (VMCI_FAULT("result.high-stuck"))
			return 0xffffffffu;
		return r->result < 0 ? 0xffffffffu : 0;
	default:
		return VMCI_FAULT("regs.undefined-reads-ones") && reg >= VMCI_REGISTERS_SIZE
			       ? 0xffffffffu
			       : 0;
	}
}

static uint32_t read_bytes(struct vmci_device *dev, unsigned count)
{
	uint8_t bytes[4] = { 0 };

	vmci_stream_read(dev, bytes, count);
	vmci_device_trace_bytes(dev, VMCI_DATA_IN_ADDR, count * 8, count);
	return vmci_get32(bytes);
}

static bool is_access(uint32_t offset, unsigned bits)
{
	if (bits != 8 && bits != 16 && bits != 32)
		return false;
	/* Not over the end of a register. */
	return (offset & 3) + bits / 8 <= 4;
}

/* Deliberate mistakes in decoding an access. */
static void mislead(const struct vmci_device *dev, enum vmci_window w, uint32_t *offset,
		    unsigned *bits)
{
	bool is_port = *offset == VMCI_DATA_OUT_ADDR || *offset == VMCI_DATA_IN_ADDR;
	bool has_window = (dev->config.caps & VMCI_CAPS_DMA_DATAGRAM) != 0;
	uint32_t nowhere = VMCI_REGISTERS_SIZE;

	if (VMCI_FAULT("regs.undefined-aliases") && *offset >= VMCI_REGISTERS_SIZE)
		*offset &= 0x1f;
	if (VMCI_FAULT("regs.window-aliases") && w == VMCI_WINDOW_MMIO)
		*offset &= 0x3f;
	if (VMCI_FAULT("regs.wide-port") && is_port)
		*bits = 8;
	if (VMCI_FAULT("window.no-ports") && w == VMCI_WINDOW_PORTS && has_window)
		*offset = nowhere;
	if (VMCI_FAULT("window.ports-dead") && w == VMCI_WINDOW_PORTS && has_window && is_port)
		*offset = nowhere;
	if (VMCI_FAULT("dma.kills-ports") && is_port &&
	    vmci_device_uses(dev, VMCI_CAPS_DMA_DATAGRAM))
		*offset = nowhere;
	if (VMCI_FAULT("window.wrong-offset") && w == VMCI_WINDOW_MMIO)
		*offset ^= 4;
}

/* Deliberate effects of a read that should have none. */
static void after_read(struct vmci_device *dev, uint32_t offset)
{
	if (VMCI_FAULT("intx.lowered-by-any-access") && dev->regs.line) {
		dev->regs.line = false;
		dev->port->irq_line(dev->port->ctx, false);
	}
	if (VMCI_FAULT("regs.read-side-effect") && offset != VMCI_ICR_ADDR &&
	    offset != VMCI_CAPS_ADDR && offset != VMCI_RESULT_LOW_ADDR)
		vmci_regs_power_on(dev);
	if ((VMCI_FAULT("dma-in.late") && offset == VMCI_ICR_ADDR) ||
	    VMCI_FAULT("dma-in.after-the-write"))
		vmci_dma_continue(dev);
}

uint32_t vmci_device_read(struct vmci_device *dev, enum vmci_window w, uint32_t offset,
			  unsigned bits)
{
	uint32_t value;

	/* Both windows show the same registers. */
	if (!is_access(offset, bits)) {
		trace_access(dev, VMCI_TRACE_REG_READ, offset, bits, 0);
		return 0;
	}
	mislead(dev, w, &offset, &bits);
	if (offset == VMCI_DATA_IN_ADDR)
		return read_bytes(dev, bits / 8);
	if (offset == VMCI_ICR_ADDR && bits == 32)
		value = vmci_irq_read_icr(dev);
	else
		value = peek(dev, offset & ~3u);
	if (VMCI_FAULT("regs.result-cleared-by-read") && offset == VMCI_RESULT_LOW_ADDR)
		dev->regs.result = 0;
	value >>= (offset & 3) * 8;
	if (bits < 32)
		value &= ((uint32_t)1 << bits) - 1;
	if (VMCI_FAULT("regs.narrow-read") && bits < 32)
		value = 0;
	after_read(dev, offset);
	trace_access(dev, VMCI_TRACE_REG_READ, offset, bits, value);
	return value;
}

/* ---- writing ---------------------------------------------------------------------------- */

static void write_control(struct vmci_device *dev, uint32_t value)
{
	if ((value & VMCI_CONTROL_RESET) && !VMCI_FAULT("reset.ignored"))
		vmci_reset(dev, "control");
	if (VMCI_FAULT("control.unknown-bits-reset") && value >> 3)
		vmci_reset(dev, "control");
	if (value & VMCI_CONTROL_INT_ENABLE)
		dev->regs.is_enabled = true;
	if (VMCI_FAULT("icr.enable-is-cause") && (value & VMCI_CONTROL_INT_ENABLE))
		dev->regs.icr |= VMCI_ICR_DATAGRAM;
	if ((value & VMCI_CONTROL_INT_DISABLE) && !VMCI_FAULT("regs.disable-ignored"))
		dev->regs.is_enabled = false;
	vmci_irq_update(dev);
}

static void write_caps(struct vmci_device *dev, uint32_t value)
{
	if (VMCI_FAULT("caps.write-once") &&
	    dev->regs.caps != (dev->config.caps & VMCI_CAPS_UNACKED))
		return;
	if (!VMCI_FAULT("reset.caps-keeps-objects"))
		vmci_reset_guest_objects(dev, "caps");
	dev->regs.caps = (value & dev->config.caps) | VMCI_CAPS_DATAGRAM;
	if (VMCI_FAULT("regs.caps-not-masked"))
		dev->regs.caps = value | VMCI_CAPS_DATAGRAM;
	if (VMCI_FAULT("regs.ppn64-without-ack"))
		dev->regs.caps |= dev->config.caps & VMCI_CAPS_PPN64;
	if (VMCI_FAULT("regs.ppn64-never"))
		dev->regs.caps &= ~(uint32_t)VMCI_CAPS_PPN64;
	if (VMCI_FAULT("regs.caps-write-ignored"))
		dev->regs.caps = dev->config.caps & VMCI_CAPS_UNACKED;
}

static void write_page_shift(struct vmci_device *dev, uint32_t value)
{
	if (VMCI_FAULT("regs.page-shift-ignored"))
		return;
	if (VMCI_FAULT("page.shift-once") && dev->regs.page_shift != VMCI_GUEST_PAGE_SHIFT_MIN)
		return;
	if (VMCI_FAULT("page.shift-odd") && (value & 1))
		return;
	if ((value < VMCI_GUEST_PAGE_SHIFT_MIN || value > VMCI_GUEST_PAGE_SHIFT_MAX) &&
	    !(VMCI_FAULT("regs.page-shift-unchecked") && value < 32))
		return;
	dev->regs.page_shift = value;
}

static struct vmci_gpa address(uint32_t high, uint32_t low)
{
	struct vmci_gpa gpa = { (uint64_t)high << 32 | low };

	if (VMCI_FAULT("dma.high-half-ignored"))
		gpa.addr = low;
	return gpa;
}

static bool uses_dma(const struct vmci_device *dev)
{
	return vmci_device_uses(dev, VMCI_CAPS_DMA_DATAGRAM) || VMCI_FAULT("dma.without-ack");
}

static void write_register(struct vmci_device *dev, uint32_t reg, uint32_t value)
{
	struct vmci_regs *r = &dev->regs;

	switch (reg) {
	case VMCI_CONTROL_ADDR:
		write_control(dev, value);
		break;
	case VMCI_IMR_ADDR:
		r->imr = value & VMCI_CAUSES;
		vmci_irq_update(dev);
		break;
	case VMCI_CAPS_ADDR:
		write_caps(dev, value);
		break;
	case VMCI_DATA_OUT_LOW_ADDR:
		if (uses_dma(dev))
			vmci_dma_send(dev, address(r->out_high, value));
		if (VMCI_FAULT("dma.high-consumed"))
			r->out_high ^= 1;
		break;
	case VMCI_DATA_OUT_HIGH_ADDR:
		r->out_high = value;
		break;
	case VMCI_DATA_IN_LOW_ADDR:
		if (uses_dma(dev))
			vmci_dma_receive(dev, address(r->in_high, value));
		if (VMCI_FAULT("dma.high-consumed"))
			r->in_high ^= 1;
		break;
	case VMCI_DATA_IN_HIGH_ADDR:
		r->in_high = value;
		break;
	case VMCI_GUEST_PAGE_SHIFT_ADDR:
		write_page_shift(dev, value);
		break;
	default:
		if (VMCI_FAULT("regs.result-writable")) {
			r->result = reg == VMCI_RESULT_LOW_ADDR ? (int32_t)value : r->result;
			r->icr = reg == VMCI_ICR_ADDR ? value : r->icr;
		}
		break;
	}
}

static void write_bytes(struct vmci_device *dev, const uint8_t *src, size_t len, unsigned bits)
{
	vmci_device_trace_bytes(dev, VMCI_DATA_OUT_ADDR, bits, len);
	vmci_stream_write(dev, src, len);
}

void vmci_device_write(struct vmci_device *dev, enum vmci_window w, uint32_t offset, unsigned bits,
		       uint32_t value)
{
	uint8_t bytes[4];

	if (!is_access(offset, bits)) {
		trace_access(dev, VMCI_TRACE_REG_WRITE, offset, bits, value);
		return;
	}
	mislead(dev, w, &offset, &bits);
	if (offset == VMCI_DATA_OUT_ADDR) {
		vmci_put32(bytes, value);
		write_bytes(dev, bytes, bits / 8, bits);
		return;
	}
	/* Observers see the write before what it causes. */
	trace_access(dev, VMCI_TRACE_REG_WRITE, offset, bits, value);
	if (bits == 32 || VMCI_FAULT("regs.narrow-write"))
		write_register(dev, offset, value);
}

void vmci_device_write_bytes(struct vmci_device *dev, enum vmci_window w, uint32_t offset,
			     const uint8_t *src, size_t len)
{
	unsigned bits = 8;

	mislead(dev, w, &offset, &bits);
	if (offset == VMCI_DATA_OUT_ADDR && len)
		write_bytes(dev, src, len, 8);
}

void vmci_device_read_bytes(struct vmci_device *dev, enum vmci_window w, uint32_t offset,
			    uint8_t *dst, size_t len)
{
	unsigned bits = 8;

	mislead(dev, w, &offset, &bits);
	if (offset != VMCI_DATA_IN_ADDR) {
		for (size_t i = 0; i < len; i++)
			dst[i] = (uint8_t)vmci_device_read(dev, w, offset, 8);
		return;
	}
	vmci_stream_read(dev, dst, len);
	vmci_device_trace_bytes(dev, VMCI_DATA_IN_ADDR, 8, len);
}
