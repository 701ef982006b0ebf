/* SPDX-License-Identifier: BSD-2-Clause */
/* guest_port.h - what the guest role asks of its surroundings.
 *
 * A table of functions, passed in, never global; `ctx` is the caller's and only handed back. The
 * surroundings found the PCI function, enabled decoding and bus mastering, and know which windows
 * exist: the ports whenever BAR0 is usable, the memory window only when BAR1 is exactly
 * VMCI_BAR1_SIZE_MMIO bytes long and could be mapped.
 *
 * Interrupts stay with the surroundings: a handler, or a poll loop, calls the pump functions of
 * guest.h. No function here may call back into the guest.
 */
#ifndef VMCI_GUEST_PORT_H
#define VMCI_GUEST_PORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum vmci_guest_window {
	VMCI_GUEST_PORTS, /* BAR0 */
	VMCI_GUEST_MMIO	  /* BAR1 + VMCI_MMIO_ACCESS_OFFSET */
};

struct vmci_guest_port {
	void *ctx;
	bool has_ports, has_mmio;
	/* log2 of the page size that dma_alloc aligns to, 12..16. The device is told it in MMIO
	 * mode; in port mode pages are 4096 bytes whatever this says. */
	unsigned page_shift;

	/* One 32-bit access. An absent device reads as all ones. */
	uint32_t (*in32)(void *ctx, enum vmci_guest_window w, uint32_t offset);
	/* Everything written to memory before is visible to the device before the write is. */
	void (*out32)(void *ctx, enum vmci_guest_window w, uint32_t offset, uint32_t value);
	/* len byte accesses to one register of the ports. */
	void (*out_bytes)(void *ctx, uint32_t offset, const uint8_t *src, size_t len);
	void (*in_bytes)(void *ctx, uint32_t offset, uint8_t *dst, size_t len);

	/* Private memory, zeroed, aligned for any type, or NULL. size > 0, bytes. */
	void *(*alloc)(void *ctx, size_t size);
	void (*free)(void *ctx, void *p, size_t size);
	/* Memory shared with the device: zeroed, aligned to a page, side by side for the processor
	 * and for the device, at the device address *addr. NULL: not available in this size. */
	void *(*dma_alloc)(void *ctx, size_t size, uint64_t *addr);
	void (*dma_free)(void *ctx, void *p, size_t size, uint64_t addr);
	/* After the device was seen to have finished, before what it wrote is read: whatever the
	 * platform needs beyond an acquire load. May be NULL. */
	void (*dma_observe)(void *ctx);

	/* A clock that never goes back, microseconds. It must advance while relax is called. */
	uint64_t (*now_us)(void *ctx);
	/* Once per turn of a waiting loop. */
	void (*relax)(void *ctx);
	/* Something was refused or dropped: what, and the code. Static text. May be NULL. */
	void (*note)(void *ctx, const char *what, int code);
};

#endif
