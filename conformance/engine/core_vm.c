/* SPDX-License-Identifier: BSD-2-Clause */
/* core_vm.c - the core's device role in this process, with a machine around it. */
#include "core_vm.h"

#include <vmci/fault.h>
#include <vmci/mem.h>

#define PCI_COMMAND	   0x04u
#define PCI_COMMAND_ALL	   0x0007u /* I/O, memory, bus master */
#define PCI_COMMAND_MASTER 0x0004u
#define PCI_STATUS	   0x06u

/* ---- what the hub asks for ---- */

static void *port_alloc(void *ctx, size_t size)
{
	struct core_vm *vm = ctx;
	void *p = vm->options.port->alloc(vm->options.port->ctx, size);

	vm->allocations += p != NULL;
	return p;
}

static void port_free(void *ctx, void *p, size_t size)
{
	struct core_vm *vm = ctx;

	vm->allocations--;
	vm->options.port->free(vm->options.port->ctx, p, size);
}

static void port_trace(void *ctx, const struct vmci_trace *ev)
{
	struct core_vm *vm = ctx;

	vm->options.port->trace(vm->options.port->ctx, ev);
}

static void port_panic(void *ctx, const char *where)
{
	struct core_vm *vm = ctx;

	vm->options.port->panic(vm->options.port->ctx, where);
}

/* ---- guest memory ---- */

void *core_vm_memory(struct core_vm *vm, uint64_t gpa, uint64_t len)
{
	const struct core_vm_options *o = &vm->options;

	if (gpa < o->low_bytes && len <= o->low_bytes - gpa)
		return o->low + gpa;
	if (gpa >= CORE_VM_HIGH_BASE && gpa - CORE_VM_HIGH_BASE < o->high_bytes &&
	    len <= o->high_bytes - (gpa - CORE_VM_HIGH_BASE))
		return o->high + (gpa - CORE_VM_HIGH_BASE);
	return NULL;
}

void core_vm_begin(struct core_vm *vm)
{
	vm->nreads = 0;
}

static void second_look(struct core_vm *vm, uint64_t gpa, uint8_t *dst, uint64_t len)
{
	if (!vm->second_looks++ && vm->options.second_look)
		vm->options.second_look(vm->options.ctx, gpa);
	for (uint64_t i = 0; i < len; i++)
		dst[i] = (uint8_t)~dst[i];
}

/* Note a read; bytes that were read before in this access come out wrong. */
static void look(struct core_vm *vm, uint64_t gpa, uint8_t *dst, uint64_t len)
{
	for (size_t i = 0; i < vm->nreads; i++) {
		const struct core_vm_read *r = &vm->reads[i];
		uint64_t from = r->gpa > gpa ? r->gpa : gpa;
		uint64_t to = r->gpa + r->len < gpa + len ? r->gpa + r->len : gpa + len;

		if (from < to)
			second_look(vm, from, dst + (from - gpa), to - from);
	}
	if (vm->nreads == vm->reads_size) {
		size_t size = vm->reads_size ? vm->reads_size * 2 : 64;
		const struct vmci_hub_port *port = vm->options.port;
		struct core_vm_read *grown = port->alloc(port->ctx, size * sizeof(*grown));

		if (!grown)
			return; /* one look less is watched */
		if (vm->reads) {
			memcpy(grown, vm->reads, vm->nreads * sizeof(*grown));
			port->free(port->ctx, vm->reads, vm->reads_size * sizeof(*grown));
		}
		vm->reads = grown;
		vm->reads_size = size;
	}
	vm->reads[vm->nreads].gpa = gpa;
	vm->reads[vm->nreads++].len = len;
}

static int port_read(void *ctx, struct vmci_gpa gpa, void *dst, size_t len)
{
	struct core_vm *vm = ctx;
	const void *p = core_vm_memory(vm, gpa.addr, len);

	if (!p)
		return VMCI_LOCAL_BAD_ADDRESS;
	memcpy(dst, p, len);
	look(vm, gpa.addr, dst, len);
	return 0;
}

static int port_write(void *ctx, struct vmci_gpa gpa, const void *src, size_t len)
{
	void *p = core_vm_memory(ctx, gpa.addr, len);

	if (!p)
		return VMCI_LOCAL_BAD_ADDRESS;
	memcpy(p, src, len);
	return 0;
}

static int port_store32(void *ctx, struct vmci_gpa gpa, uint32_t value)
{
	void *p = core_vm_memory(ctx, gpa.addr, 4);

	if (!p)
		return VMCI_LOCAL_BAD_ADDRESS;
	__atomic_store_n((uint32_t *)p, value, __ATOMIC_RELEASE);
	return 0;
}

static int port_or8(void *ctx, struct vmci_gpa gpa, uint8_t bits)
{
	uint8_t *p = core_vm_memory(ctx, gpa.addr, 1);

	if (!p)
		return VMCI_LOCAL_BAD_ADDRESS;
	__atomic_fetch_or(p, bits, __ATOMIC_SEQ_CST);
	return 0;
}

static void *port_pin(void *ctx, struct vmci_gpa gpa, unsigned page_shift)
{
	return core_vm_memory(ctx, gpa.addr, (uint64_t)1 << page_shift);
}

static void port_unpin(void *ctx, struct vmci_gpa gpa, void *page, unsigned page_shift)
{
	const void *here = core_vm_memory(ctx, gpa.addr, (uint64_t)1 << page_shift);

	if (here && page != here)
		port_panic(ctx, "page_unpin");
}

int core_vm_alloc(struct core_vm *vm, uint64_t bytes, uint64_t align, bool high, uint64_t *gpa)
{
	uint64_t base = high ? CORE_VM_HIGH_BASE : CORE_VM_FIRST;
	uint64_t end = high ? CORE_VM_HIGH_BASE + vm->options.high_bytes : vm->options.low_bytes;
	uint64_t *used = high ? &vm->high_used : &vm->low_used;
	uint64_t at = (base + *used + align - 1) & ~(align - 1);

	if (at < base || at > end || bytes > end - at)
		return -1;
	memset(core_vm_memory(vm, at, bytes), 0, (size_t)bytes);
	*used = at + bytes - base;
	*gpa = at;
	return 0;
}

void core_vm_release_all(struct core_vm *vm)
{
	vm->low_used = 0;
	vm->high_used = 0;
}

/* ---- interrupts ---- */

static void port_message(void *ctx, unsigned vector)
{
	struct core_vm *vm = ctx;

	if (vector < CORE_VM_VECTORS)
		vm->messages[vector]++;
}

static void port_line(void *ctx, bool asserted)
{
	struct core_vm *vm = ctx;

	vm->line = asserted;
}

/* ---- PCI function ---- */

void core_vm_cfg_read(struct core_vm *vm, uint32_t off, uint8_t *dst, uint32_t len)
{
	config_set_intx_status(&vm->config, vmci_device_intx_status(vm->device));
	memset(dst, 0xff, len);
	if (off <= CONFIG_BYTES && len <= CONFIG_BYTES - off)
		config_read(&vm->config, off, dst, len);
}

void core_vm_cfg_write(struct core_vm *vm, uint32_t off, const uint8_t *src, uint32_t len)
{
	if (off > CONFIG_BYTES || len > CONFIG_BYTES - off)
		return;
	if (config_write(&vm->config, off, src, len) & CONFIG_BUS_MASTER)
		vmci_device_set_bus_master(vm->device, config_bus_master(&vm->config));
}

void core_vm_bus_master(struct core_vm *vm, bool on)
{
	uint8_t command[2] = { on ? PCI_COMMAND_ALL : PCI_COMMAND_ALL & ~PCI_COMMAND_MASTER, 0 };

	core_vm_cfg_write(vm, PCI_COMMAND, command, sizeof(command));
}

/* Deliberate mistakes of the PCI function. */
static void spoil_function(struct config *c)
{
	if (VMCI_FAULT("pci.wrong-id"))
		c->reg[0x02] ^= 1;
	if (VMCI_FAULT("pci.wrong-class"))
		c->reg[0x0b] ^= 1;
	if (VMCI_FAULT("pci.wrong-header-type"))
		c->reg[0x0e] = 1;
	if (VMCI_FAULT("pci.wrong-subsystem"))
		c->reg[0x2e] ^= 1;
	if (VMCI_FAULT("pci.no-pin"))
		c->reg[0x3d] = 2;
	if (VMCI_FAULT("pci.msi-32bit"))
		c->reg[VMCI_MSI_CAP_OFFSET + 2] &= 0x7f;
	if (VMCI_FAULT("pci.msi-many"))
		c->reg[VMCI_MSI_CAP_OFFSET + 2] |= 2;
	if (VMCI_FAULT("pci.msix-entries"))
		c->reg[VMCI_MSIX_CAP_OFFSET + 2] = 15;
	if (VMCI_FAULT("pci.msix-table-elsewhere"))
		c->reg[VMCI_MSIX_CAP_OFFSET + 5] = 0x10;
}

void core_vm_platform_reset(struct core_vm *vm)
{
	config_reset(&vm->config);
	spoil_function(&vm->config);
	vmci_device_platform_reset(vm->device);
	vmci_device_set_bus_master(vm->device, config_bus_master(&vm->config));
}

static int configure(void *ctx, const struct vmci_device_config *config, unsigned vectors)
{
	struct core_vm *vm = ctx;
	struct config_options pci = vm->options.pci;
	int rc;

	if (vectors && pci.irq != CONFIG_IRQ_MSIX)
		return PEER_RC_UNSUPPORTED;
	if (vectors > CONFIG_VECTORS_MAX)
		return VMCI_ERROR_INVALID_ARGS;
	if (vectors)
		pci.vectors = vectors;
	rc = vmci_device_configure(vm->device, config);
	if (rc)
		return rc;
	config_init(&vm->config, &pci);
	spoil_function(&vm->config);
	core_vm_bus_master(vm, true);
	return 0;
}

static uint64_t peer_now(void *ctx)
{
	struct core_vm *vm = ctx;

	return vm->now_us;
}

/* ---- life ---- */

void core_vm_defaults(struct core_vm_options *options, uint32_t bar1_bytes)
{
	bool is_mmio = bar1_bytes == VMCI_BAR1_SIZE_MMIO;

	memset(options, 0, sizeof(*options));
	options->pci.bar1_bytes = bar1_bytes;
	options->pci.irq = CONFIG_IRQ_MSIX;
	options->pci.vectors = is_mmio ? VMCI_MAX_INTRS_DMA_DATAGRAM : VMCI_MAX_INTRS_NOTIFICATION;
	options->device.cid = 0x20;
	options->device.caps = VMCI_CAPS_DATAGRAM | VMCI_CAPS_NOTIFICATIONS | VMCI_CAPS_PPN64 |
			       (is_mmio ? VMCI_CAPS_DMA_DATAGRAM : 0);
}

static void set_ports(struct core_vm *vm)
{
	vm->hub_port.ctx = vm;
	vm->hub_port.alloc = port_alloc;
	vm->hub_port.free = port_free;
	vm->hub_port.trace = vm->options.port->trace ? port_trace : NULL;
	vm->hub_port.panic = port_panic;
	vm->device_port.ctx = vm;
	vm->device_port.mem_read = port_read;
	vm->device_port.mem_write = port_write;
	vm->device_port.mem_store32_release = port_store32;
	vm->device_port.mem_or8 = port_or8;
	vm->device_port.page_pin = port_pin;
	vm->device_port.page_unpin = port_unpin;
	vm->device_port.irq_message = port_message;
	vm->device_port.irq_line = port_line;
}

int core_vm_open(struct core_vm *vm, const struct core_vm_options *options)
{
	struct peer_world world = {
		.name = "OpenVMCI core", .configure = configure, .now_us = peer_now, .ctx = vm
	};
	int rc;

	memset(vm, 0, sizeof(*vm));
	vm->options = *options;
	set_ports(vm);
	config_init(&vm->config, &options->pci);
	spoil_function(&vm->config);
	rc = vmci_hub_create(&vm->hub_port, options->limits, &vm->hub);
	if (!rc)
		rc = vmci_device_create(vm->hub, &options->device, &vm->device_port, &vm->device);
	if (!rc) {
		world.hub = vm->hub;
		world.port = &vm->hub_port;
		world.device = vm->device;
		world.startup = options->device;
		vm->peer = peer_actor_new(&world);
		if (!vm->peer)
			rc = VMCI_LOCAL_NO_MEMORY;
	}
	if (rc)
		core_vm_close(vm);
	else
		vmci_device_set_bus_master(vm->device, false); /* as the COMMAND register says */
	return rc;
}

void core_vm_close(struct core_vm *vm)
{
	if (vm->peer)
		peer_actor_free(vm->peer);
	if (vm->device)
		vmci_device_destroy(vm->device);
	if (vm->hub)
		vmci_hub_destroy(vm->hub);
	if (vm->reads)
		vm->options.port->free(vm->options.port->ctx, vm->reads,
				       vm->reads_size * sizeof(*vm->reads));
	vm->reads = NULL;
	vm->reads_size = 0;
	vm->hub = NULL;
	vm->device = NULL;
	vm->peer = NULL;
}
