/* SPDX-License-Identifier: BSD-2-Clause */
/* target_core.c - the core's device in this process, on virtual time. */
#include "target_core.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vmci/wire.h>
#include "core_vm.h"

struct core {
	struct core_vm vm;
	struct core_vm_options options;
	bool reported;
};

/* A window that the function does not have, or an offset behind its end, reads as ones. */
static bool absent(const struct core *c, enum machine_window w, uint32_t off, unsigned bytes)
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
static int outcome(struct core *c)
{
	if (!c->vm.second_looks)
		return 0;
	if (!c->reported)
		fprintf(stderr,
			"vmci-conform: the device read guest memory at 0x%llx twice in one access\n",
			(unsigned long long)c->vm.first_second_look);
	c->reported = true;
	return MACHINE_ERROR;
}

static int reg_read(void *ctx, enum machine_window w, unsigned bits, uint32_t off, uint32_t *value)
{
	struct core *c = ctx;

	core_vm_begin(&c->vm);
	if (absent(c, w, off, bits / 8))
		*value = 0xffffffffu >> (32 - bits);
	else
		*value = vmci_device_read(c->vm.device, window(w), off, bits);
	return outcome(c);
}

static int reg_write(void *ctx, enum machine_window w, unsigned bits, uint32_t off, uint32_t value)
{
	struct core *c = ctx;

	core_vm_begin(&c->vm);
	if (!absent(c, w, off, bits / 8))
		vmci_device_write(c->vm.device, window(w), off, bits, value);
	return outcome(c);
}

static int reg_write_bytes(void *ctx, enum machine_window w, uint32_t off, const uint8_t *src,
			   size_t len)
{
	struct core *c = ctx;

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
	struct core *c = ctx;

	memset(dst, 0xff, len);
	if (absent(c, w, off, 1))
		return 0;
	core_vm_begin(&c->vm);
	vmci_device_read_bytes(c->vm.device, window(w), off, dst, len);
	return outcome(c);
}

static int cfg_read(void *ctx, unsigned bits, uint32_t off, uint32_t *value)
{
	struct core *c = ctx;
	uint8_t raw[4] = { 0 };

	core_vm_cfg_read(&c->vm, off, raw, bits / 8);
	*value = vmci_get32(raw);
	return 0;
}

static int cfg_write(void *ctx, unsigned bits, uint32_t off, uint32_t value)
{
	struct core *c = ctx;
	uint8_t raw[4];

	vmci_put32(raw, value);
	core_vm_begin(&c->vm);
	core_vm_cfg_write(&c->vm, off, raw, bits / 8);
	return outcome(c);
}

static int bar_info(void *ctx, unsigned bar, uint64_t *size, enum machine_bar_kind *kind)
{
	struct core *c = ctx;

	*size = 0;
	*kind = BAR_NONE;
	if (bar == 0) {
		*size = VMCI_BAR0_SIZE;
		*kind = BAR_IO;
	} else if (bar == 1) {
		*size = c->vm.options.pci.bar1_bytes;
		*kind = BAR_MEM64;
	}
	return 0;
}

static int mem_alloc(void *ctx, uint64_t bytes, uint64_t align, bool high, uint64_t *pa)
{
	struct core *c = ctx;

	return core_vm_alloc(&c->vm, bytes, align, high, pa) ? MACHINE_ERROR : 0;
}

static int mem_read(void *ctx, uint64_t pa, void *dst, size_t len)
{
	struct core *c = ctx;
	const void *p = core_vm_memory(&c->vm, pa, len);

	if (!p)
		return len ? MACHINE_ERROR : 0;
	memcpy(dst, p, len);
	return 0;
}

static int mem_write(void *ctx, uint64_t pa, const void *src, size_t len)
{
	struct core *c = ctx;
	void *p = core_vm_memory(&c->vm, pa, len);

	if (!p)
		return len ? MACHINE_ERROR : 0;
	memcpy(p, src, len);
	return 0;
}

static void mem_release_all(void *ctx)
{
	struct core *c = ctx;

	core_vm_release_all(&c->vm);
}

static int irq_mode(void *ctx, enum vct_irq_mode mode)
{
	struct core *c = ctx;
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
	struct core *c = ctx;

	if (c->vm.config.options.irq != CONFIG_IRQ_MSIX || vector >= c->vm.config.options.vectors)
		return MACHINE_UNSUPPORTED;
	vmci_device_set_vector_usable(c->vm.device, vector, !masked);
	return 0;
}

static int irq_take(void *ctx, unsigned vector, uint32_t *count)
{
	struct core *c = ctx;

	*count = 0;
	if (vector < CORE_VM_VECTORS) {
		*count = c->vm.messages[vector];
		c->vm.messages[vector] = 0;
	}
	return 0;
}

static int irq_line(void *ctx, bool *asserted)
{
	struct core *c = ctx;

	*asserted = c->vm.line;
	return 0;
}

static int bus_master(void *ctx, bool on)
{
	struct core *c = ctx;

	core_vm_begin(&c->vm);
	core_vm_bus_master(&c->vm, on);
	return outcome(c);
}

static int plat_reset(void *ctx)
{
	struct core *c = ctx;

	core_vm_platform_reset(&c->vm);
	return bus_master(ctx, true);
}

static int peer(void *ctx, const struct peer_request *rq, struct peer_reply *rp)
{
	struct core *c = ctx;

	core_vm_begin(&c->vm);
	peer_actor_execute(c->vm.peer, rq, rp);
	return outcome(c);
}

static int settle(void *ctx, uint64_t us)
{
	struct core *c = ctx;

	core_vm_begin(&c->vm);
	(void)vmci_hub_run(c->vm.hub);
	c->vm.now_us += us;
	return outcome(c);
}

static uint64_t now_us(void *ctx)
{
	struct core *c = ctx;

	return c->vm.now_us;
}

static const struct machine functions = {
	.page_shift = 12,
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

static void close_core(struct target *t)
{
	struct core *c = t->priv;

	core_vm_close(&c->vm);
	if (c->vm.allocations)
		fprintf(stderr, "vmci-conform: the core kept %lu pieces of memory\n",
			c->vm.allocations);
	free(c);
}

static int start(struct target *t)
{
	struct core *c = t->priv;

	if (core_vm_open(&c->vm, &c->options))
		return -1;
	c->reported = false;
	core_vm_bus_master(&c->vm, true);
	return 0;
}

static int reopen(struct target *t)
{
	struct core *c = t->priv;

	core_vm_close(&c->vm);
	return start(t);
}

/* One word of the options. Returns 0 or -1. */
static int option(struct core_vm_options *o, const char *word, size_t len)
{
	static const char *const irqs[] = { "msix", "msi", "intx" };
	unsigned n = 0;

	if (len == 2 && strncmp(word, "8k", 2) == 0) {
		core_vm_defaults(o, VMCI_BAR1_SIZE_PORTS);
		return 0;
	}
	if (len == 4 && strncmp(word, "256k", 4) == 0) {
		core_vm_defaults(o, VMCI_BAR1_SIZE_MMIO);
		return 0;
	}
	for (unsigned i = 0; i < 3; i++)
		if (strlen(irqs[i]) == len && strncmp(word, irqs[i], len) == 0) {
			o->pci.irq = (enum config_irq)i;
			return 0;
		}
	if (len == 9 && strncmp(word, "vectors=", 8) == 0)
		n = (unsigned)(word[8] - '0');
	if (n < 1 || n > CONFIG_VECTORS_MAX)
		return -1;
	o->pci.vectors = n;
	return 0;
}

int target_core_open(struct target *t, const char *options, char *error, size_t size)
{
	struct core *c = calloc(1, sizeof(*c));

	if (!c) {
		snprintf(error, size, "out of memory");
		return -1;
	}
	core_vm_defaults(&c->options, VMCI_BAR1_SIZE_MMIO);
	for (const char *at = options; *at;) {
		size_t len = strcspn(at, ",");

		if (option(&c->options, at, len)) {
			snprintf(error, size,
				 "core:%s: expected 8k, 256k, msix, msi, intx or vectors=1..8",
				 options);
			free(c);
			return -1;
		}
		at += len + (at[len] == ',');
	}
	t->priv = c;
	t->machine = functions;
	t->machine.ctx = c;
	t->machine.abilities = VCT_CAN_IRQ | VCT_CAN_IRQ_COUNT | VCT_CAN_LINE | VCT_CAN_IRQ_MASK |
			       VCT_CAN_PEER | VCT_CAN_CONFIG | VCT_CAN_CFGSPACE |
			       VCT_CAN_BUSMASTER | VCT_CAN_PLATRESET | VCT_CAN_MEM_HIGH |
			       VCT_CAN_MSI_MODE;
	t->reopen = reopen;
	t->close = close_core;
	snprintf(t->name, sizeof(t->name), "core");
	snprintf(t->implementation, sizeof(t->implementation), "OpenVMCI core");
	snprintf(t->version, sizeof(t->version), "0.1");
	if (start(t) == 0)
		return 0;
	snprintf(error, size, "core: cannot make a device");
	free(c);
	return -1;
}
