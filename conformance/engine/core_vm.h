/* SPDX-License-Identifier: BSD-2-Clause */
/* core_vm.h - the core's device role in this process, with a machine around it: guest memory, PCI
 * function, interrupts, conformance peer, virtual time. No guest; whoever holds it plays one.
 *
 * Guest memory looks once: within one register access the device may read each byte of memory
 * once. A byte that is read again gives its complement and is counted.
 */
#ifndef CONFORM_CORE_VM_H
#define CONFORM_CORE_VM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <vmci/device.h>
#include "pci_function.h"
#include "peer_actor.h"

#define CORE_VM_HIGH_BASE 0x100000000ull
#define CORE_VM_FIRST	  0x100000ull /* below this nothing is handed out */
#define CORE_VM_VECTORS	  8u

struct core_vm_options {
	struct config_options pci;
	struct vmci_device_config device;
	/* Guest memory, borrowed: low_bytes from address 0, high_bytes from CORE_VM_HIGH_BASE. */
	uint8_t *low, *high;
	uint64_t low_bytes, high_bytes;
	/* alloc, free and panic of the surroundings; trace may be NULL. Borrowed. */
	const struct vmci_hub_port *port;
	const struct vmci_hub_limits *limits; /* NULL = defaults */
	/* The device read guest memory at gpa a second time; may be NULL. */
	void (*second_look)(void *ctx, uint64_t gpa);
	void *ctx;
};

struct core_vm_read {
	uint64_t gpa, len;
};

struct core_vm {
	struct core_vm_options options;
	struct config config;
	struct vmci_hub *hub;
	struct vmci_device *device;
	struct peer_actor *peer;
	struct vmci_hub_port hub_port;
	struct vmci_device_port device_port;

	uint64_t low_used, high_used; /* bytes handed out */

	uint32_t messages[CORE_VM_VECTORS]; /* sent since somebody took them */
	bool line;

	/* Look once. */
	struct core_vm_read *reads; /* of the access in progress */
	size_t nreads, reads_size;
	uint64_t second_looks;

	uint64_t now_us;
	unsigned long allocations; /* alive */
};

/* The usual device: 256 KiB or 8 KiB of BAR1, everything offered that goes with it. Memory and
 * port are the caller's to fill in. */
void core_vm_defaults(struct core_vm_options *options, uint32_t bar1_bytes);

/* Returns 0 or a result of the core; nothing is left behind then. */
int core_vm_open(struct core_vm *vm, const struct core_vm_options *options);
void core_vm_close(struct core_vm *vm);

/* Before each register access by whoever plays the guest: a new look begins. */
void core_vm_begin(struct core_vm *vm);

/* Host address of guest memory, or NULL: [gpa, gpa + len) is not memory. */
void *core_vm_memory(struct core_vm *vm, uint64_t gpa, uint64_t len);
/* Zeroed memory. align is a power of two. Returns 0, or -1: none left. */
int core_vm_alloc(struct core_vm *vm, uint64_t bytes, uint64_t align, bool high, uint64_t *gpa);
void core_vm_release_all(struct core_vm *vm);

/* PCI command register bit 2, reset of the function, accesses to configuration space. */
void core_vm_bus_master(struct core_vm *vm, bool on);
void core_vm_platform_reset(struct core_vm *vm);
void core_vm_cfg_read(struct core_vm *vm, uint32_t off, uint8_t *dst, uint32_t len);
void core_vm_cfg_write(struct core_vm *vm, uint32_t off, const uint8_t *src, uint32_t len);

#endif
