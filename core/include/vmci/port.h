/* SPDX-License-Identifier: BSD-2-Clause */
/* port.h - what the core asks of its surroundings.
 *
 * Function tables, passed in, never global; `ctx` is the caller's and only handed back. The core
 * calls nothing else but memcpy, memmove, memset and memcmp. No function may call back into the
 * object that called it. docs/porting.md explains each with an example.
 */
#ifndef VMCI_PORT_H
#define VMCI_PORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <vmci/trace.h>

/* A guest-physical address. Opaque on purpose: nothing but a port's functions turns it into bytes.
 */
struct vmci_gpa {
	uint64_t addr;
};

/* Of the host side of one process (a hub): memory and observation. */
struct vmci_hub_port {
	void *ctx;
	/* Zeroed memory aligned for any type, or NULL. size > 0, bytes. */
	void *(*alloc)(void *ctx, size_t size);
	/* p from alloc (never NULL), size as given then. */
	void (*free)(void *ctx, void *p, size_t size);
	/* One event; may be NULL when nobody watches. */
	void (*trace)(void *ctx, const struct vmci_trace *ev);
	/* A mistake in the core itself; does not return. */
	void (*panic)(void *ctx, const char *where);
};

/* Of one virtual device: its guest's memory and its interrupts. */
struct vmci_device_port {
	void *ctx;
	/* Copy len bytes. Each guest byte is accessed once. Returns 0, or VMCI_LOCAL_BAD_ADDRESS:
	 * some byte of [gpa, gpa + len) is not guest memory (or read-only for a write): nothing was
	 * copied. */
	int (*mem_read)(void *ctx, struct vmci_gpa gpa, void *dst, size_t len);
	int (*mem_write)(void *ctx, struct vmci_gpa gpa, const void *src, size_t len);
	/* Store 32 bits, aligned to 4, after everything written before is visible to the guest. */
	int (*mem_store32_release)(void *ctx, struct vmci_gpa gpa, uint32_t value);
	/* Atomically set bits of one byte. */
	int (*mem_or8)(void *ctx, struct vmci_gpa gpa, uint8_t bits);
	/* Host address of one whole guest page (1 << page_shift bytes, aligned), readable and
	 * writable, that stays valid until page_unpin or until vmci_device_memory_changed() is
	 * called on the device, whichever comes first. NULL: not memory, or not writable. */
	void *(*page_pin)(void *ctx, struct vmci_gpa gpa, unsigned page_shift);
	void (*page_unpin)(void *ctx, struct vmci_gpa gpa, void *page, unsigned page_shift);
	/* Send message n (MSI or MSI-X). Never called for a vector that was not declared usable. */
	void (*irq_message)(void *ctx, unsigned vector);
	/* Level of the INTx line. Called on every change. */
	void (*irq_line)(void *ctx, bool asserted);
};

#endif
