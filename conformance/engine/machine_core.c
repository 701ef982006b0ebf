/* SPDX-License-Identifier: BSD-2-Clause */
/* machine_core.c - the engine's machine over the core's device beside it, on virtual time. */
#include "machine_core.h"
#include <vmci/fault.h>
#include <vmci/mem.h>
#include <vmci/wire.h>

/* A window that the function does not have, or an offset behind its end, reads as ones. */
static bool absent(const struct machine_core *c, enum machine_window w, uint32_t off,
		   unsigned bytes)
{
	uint32_t size = w == MACHINE_PORTS ? VMCI_BAR0_SIZE : VMCI_MMIO_ACCESS_SIZE;

	if (w == MACHINE_MMIO && c->vm.options.pci.bar1_bytes != VMCI_BAR1_SIZE_MMIO)
		return true;
	return off > size || bytes > size - off;
}

static enum vmci_window window(enum machine_window w)
{
	return w == MACHINE_MMIO ? VMCI_WINDOW_MMIO : VMCI_WINDOW_PORTS;
}

/* A device that looked twice at guest memory is broken whatever it answers. */
static int outcome(struct machine_core *c)
{
	return c->vm.second_looks ? MACHINE_ERROR : 0;
}

static int reg_read(void *ctx, enum machine_window w, unsigned bits, uint32_t off, uint32_t *value)
{
	struct machine_core *c = ctx;

	core_vm_begin(&c->vm);
	if (absent(c, w, off, bits / 8))
		*value = 0xffffffffu >> (32 - bits);
	else
		*value = vmci_device_read(c->vm.device, window(w), off, bits);
	return outcome(c);
}

static int reg_write(void *ctx, enum machine_window w, unsigned bits, uint32_t off, uint32_t value)
{
	struct machine_core *c = ctx;

	core_vm_begin(&c->vm);
	if (!absent(c, w, off, bits / 8))
		vmci_device_write(c->vm.device, window(w), off, bits, value);
	return outcome(c);
}

static int reg_write_bytes(void *ctx, enum machine_window w, uint32_t off, const uint8_t *src,
			   size_t len)
{
	struct machine_core *c = ctx;

	if (absent(c, w, off, 1))
		return 0;
	/* Bytes of one string instruction, so a new look for each datagram in them at most. */
	for (size_t i = 0; i < len; i++) {
		core_vm_begin(&c->vm);
		vmci_device_write_bytes(c->vm.device, window(w), off, src + i, 1);
	}
	return outcome(c);
}

static int reg_read_bytes(void *ctx, enum machine_window w, uint32_t off, uint8_t *dst, size_t len)
{
	struct machine_core *c = ctx;

	memset(dst, 0xff, len);
	if (absent(c, w, off, 1))
		return 0;
	core_vm_begin(&c->vm);
	vmci_device_read_bytes(c->vm.device, window(w), off, dst, len);
	return outcome(c);
}

static int cfg_read(void *ctx, unsigned bits, uint32_t off, uint32_t *value)
{
	struct machine_core *c = ctx;
	uint8_t raw[4] = { 0 };

	core_vm_cfg_read(&c->vm, off, raw, bits / 8);
	*value = vmci_get32(raw);
	return 0;
}

static int cfg_write(void *ctx, unsigned bits, uint32_t off, uint32_t value)
{
	struct machine_core *c = ctx;
	uint8_t raw[4];

	vmci_put32(raw, value);
	core_vm_begin(&c->vm);
	core_vm_cfg_write(&c->vm, off, raw, bits / 8);
	return outcome(c);
}

static int bar_info(void *ctx, unsigned bar, uint64_t *size, enum machine_bar_kind *kind)
{
	struct machine_core *c = ctx;

	*size = 0;
	*kind = BAR_NONE;
	if (bar == 0) {
		*size = VMCI_FAULT("pci.bar0-small") ? 60 : VMCI_BAR0_SIZE;
		*kind = BAR_IO;
	} else if (bar == 1) {
		*size = c->vm.options.pci.bar1_bytes;
		*kind = VMCI_FAULT("pci.bar1-32bit") ? BAR_MEM32 : BAR_MEM64;
		if (VMCI_FAULT("pci.bar1-size"))
			*size *= 2;
		if (VMCI_FAULT("pci.no-bar1"))
			*size = 0;
	}
	return 0;
}

static int mem_alloc(void *ctx, uint64_t bytes, uint64_t align, bool high, uint64_t *pa)
{
	struct machine_core *c = ctx;

	return core_vm_alloc(&c->vm, bytes, align, high, pa) ? MACHINE_ERROR : 0;
}

static int mem_read(void *ctx, uint64_t pa, void *dst, size_t len)
{
	struct machine_core *c = ctx;
	const void *p = core_vm_memory(&c->vm, pa, len);

	if (!p)
		return len ? MACHINE_ERROR : 0;
	memcpy(dst, p, len);
	return 0;
}

static int mem_write(void *ctx, uint64_t pa, const void *src, size_t len)
{
	struct machine_core *c = ctx;
	void *p = core_vm_memory(&c->vm, pa, len);

	if (!p)
		return len ? MACHINE_ERROR : 0;
	memcpy(p, src, len);
	return 0;
}

static void mem_release_all(void *ctx)
{
	struct machine_core *c = ctx;

	core_vm_release_all(&c->vm);
}

static int irq_mode(void *ctx, enum vct_irq_mode mode)
{
	struct machine_core *c = ctx;
	struct vmci_device *dev = c->vm.device;
	enum config_irq offers = c->vm.config.options.irq;
	unsigned vectors = 1;

	if ((mode == VCT_IRQ_EXCLUSIVE || mode == VCT_IRQ_SHARED) && offers != CONFIG_IRQ_MSIX)
		return MACHINE_UNSUPPORTED;
	if (mode == VCT_IRQ_MSI && offers == CONFIG_IRQ_INTX)
		return MACHINE_UNSUPPORTED;
	if (mode == VCT_IRQ_EXCLUSIVE)
		vectors = c->vm.config.options.vectors;
	core_vm_begin(&c->vm);
	switch (mode) {
	case VCT_IRQ_EXCLUSIVE:
	case VCT_IRQ_SHARED:
		vmci_device_set_irq_mode(dev, VMCI_IRQ_MSIX, vectors);
		break;
	case VCT_IRQ_MSI:
		vmci_device_set_irq_mode(dev, VMCI_IRQ_MSI, 1);
		break;
	case VCT_IRQ_INTX:
		vmci_device_set_irq_mode(dev, VMCI_IRQ_INTX, 0);
		return 0;
	default:
		vmci_device_set_irq_mode(dev, VMCI_IRQ_NONE, 0);
		return 0;
	}
	for (unsigned i = 0; i < vectors; i++)
		vmci_device_set_vector_usable(dev, i, true);
	return 0;
}

static int irq_mask(void *ctx, unsigned vector, bool masked)
{
	struct machine_core *c = ctx;

	if (c->vm.config.options.irq != CONFIG_IRQ_MSIX || vector >= c->vm.config.options.vectors)
		return MACHINE_UNSUPPORTED;
	vmci_device_set_vector_usable(c->vm.device, vector, !masked);
	return 0;
}

static int irq_take(void *ctx, unsigned vector, uint32_t *count)
{
	struct machine_core *c = ctx;

	*count = 0;
	if (vector < CORE_VM_VECTORS) {
		*count = c->vm.messages[vector];
		c->vm.messages[vector] = 0;
	}
	return 0;
}

static int irq_line(void *ctx, bool *asserted)
{
	struct machine_core *c = ctx;

	*asserted = c->vm.line;
	return 0;
}

static int bus_master(void *ctx, bool on)
{
	struct machine_core *c = ctx;

	core_vm_begin(&c->vm);
	core_vm_bus_master(&c->vm, on);
	return outcome(c);
}

static int plat_reset(void *ctx)
{
	struct machine_core *c = ctx;

	core_vm_platform_reset(&c->vm);
	return bus_master(ctx, true);
}

static int peer(void *ctx, const struct peer_request *rq, struct peer_reply *rp)
{
	struct machine_core *c = ctx;

	core_vm_begin(&c->vm);
	peer_actor_execute(c->vm.peer, rq, rp);
	return outcome(c);
}

static int settle(void *ctx, uint64_t us)
{
	struct machine_core *c = ctx;

	core_vm_begin(&c->vm);
	(void)vmci_hub_run(c->vm.hub);
	(void)peer_actor_pump(c->vm.peer);
	c->vm.now_us += us;
	return outcome(c);
}

static uint64_t now_us(void *ctx)
{
	struct machine_core *c = ctx;

	return c->vm.now_us;
}

static const struct machine functions = {
	.page_shift = 12,
	.abilities = VCT_CAN_IRQ | VCT_CAN_IRQ_COUNT | VCT_CAN_LINE | VCT_CAN_IRQ_MASK |
		     VCT_CAN_PEER | VCT_CAN_CONFIG | VCT_CAN_CFGSPACE | VCT_CAN_BUSMASTER |
		     VCT_CAN_PLATRESET | VCT_CAN_MEM_HIGH | VCT_CAN_MSI_MODE,
	.reg_read = reg_read,
	.reg_write = reg_write,
	.reg_write_bytes = reg_write_bytes,
	.reg_read_bytes = reg_read_bytes,
	.cfg_read = cfg_read,
	.cfg_write = cfg_write,
	.bar_info = bar_info,
	.mem_alloc = mem_alloc,
	.mem_read = mem_read,
	.mem_write = mem_write,
	.mem_release_all = mem_release_all,
	.irq_mode = irq_mode,
	.irq_mask = irq_mask,
	.irq_take = irq_take,
	.irq_line = irq_line,
	.bus_master = bus_master,
	.plat_reset = plat_reset,
	.peer = peer,
	.settle = settle,
	.now_us = now_us,
};

int machine_core_open(struct machine_core *mc, const struct core_vm_options *options,
		      struct machine *m)
{
	int rc = core_vm_open(&mc->vm, options);

	if (rc)
		return rc;
	core_vm_bus_master(&mc->vm, true);
	*m = functions;
	m->ctx = mc;
	if (options->high_bytes == 0)
		m->abilities &= ~(uint32_t)VCT_CAN_MEM_HIGH;
	return 0;
}

unsigned long machine_core_close(struct machine_core *mc)
{
	core_vm_close(&mc->vm);
	return mc->vm.allocations;
}
