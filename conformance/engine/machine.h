/* SPDX-License-Identifier: BSD-2-Clause */
/* machine.h - what the engine needs of the place where it runs.
 *
 * A machine reaches one device (or, for guest-role vectors, one guest) and its
 * memory. Implementations: the core's device in process (run/target_core.c), a
 * vfio-user client (run/target_vfu.c), UEFI (efi/machine_efi.c); for the guest role the
 * core's guest in process and the EFI application behind vmci-sim's mailbox.
 *
 * Every function gets `ctx`. Unless said otherwise they return 0 or
 * MACHINE_ERROR (the transport failed: the vector ends as an error, never as a
 * failure) or MACHINE_UNSUPPORTED (the vector becomes unobserved).
 */
#ifndef CONFORMANCE_MACHINE_H
#define CONFORMANCE_MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "peer.h"
#include "table.h"

#define MACHINE_ERROR	    (-1)
#define MACHINE_UNSUPPORTED (-2)

enum machine_window {
	MACHINE_PORTS = 0,
	MACHINE_MMIO = 1
};
enum machine_bar_kind {
	BAR_NONE = 0,
	BAR_IO = 1,
	BAR_MEM32 = 2,
	BAR_MEM64 = 3
};

/* What a guest under test did at the device, in order (guest role). */
enum machine_event_kind {
	MACHINE_SAW_WRITE = 1,
	MACHINE_SAW_DATAGRAM = 2
};
struct machine_event {
	uint32_t kind;
	uint32_t width_bits, offset; /* SAW_WRITE; writes that only move a datagram (DATA_OUT,
					DATA_OUT_LOW, DATA_IN_LOW) are not listed */
	uint64_t value;
	const uint8_t *bytes; /* SAW_DATAGRAM: header and payload; valid until the next call */
	uint32_t len;
};

struct machine {
	void *ctx;
	uint32_t abilities;  /* enum vct_ability */
	uint32_t page_shift; /* of memory handed out, 12 */

	/* One access of 8, 16 or 32 bits at a register offset in a window. */
	int (*reg_read)(void *ctx, enum machine_window w, unsigned bits, uint32_t off,
			uint32_t *value);
	int (*reg_write)(void *ctx, enum machine_window w, unsigned bits, uint32_t off,
			 uint32_t value);
	/* len accesses of 8 bits each at one offset. */
	int (*reg_write_bytes)(void *ctx, enum machine_window w, uint32_t off, const uint8_t *src,
			       size_t len);
	int (*reg_read_bytes)(void *ctx, enum machine_window w, uint32_t off, uint8_t *dst,
			      size_t len);

	int (*cfg_read)(void *ctx, unsigned bits, uint32_t off, uint32_t *value);
	int (*cfg_write)(void *ctx, unsigned bits, uint32_t off, uint32_t value);
	/* Size in bytes (0 = absent) and kind of a base address register. */
	int (*bar_info)(void *ctx, unsigned bar, uint64_t *size, enum machine_bar_kind *kind);

	/* Guest memory. alloc gives zeroed, page-aligned, guest-physically contiguous memory that
	 * lives until mem_release_all. Addresses passed to read and write lie inside it. */
	int (*mem_alloc)(void *ctx, uint64_t bytes, uint64_t align, bool high, uint64_t *pa);
	int (*mem_read)(void *ctx, uint64_t pa, void *dst, size_t len);
	int (*mem_write)(void *ctx, uint64_t pa, const void *src, size_t len);
	void (*mem_release_all)(void *ctx);

	/* Interrupts, as the PCI function's owner programs them. */
	int (*irq_mode)(void *ctx, enum vct_irq_mode mode);
	int (*irq_mask)(void *ctx, unsigned vector, bool masked);
	/* Number of messages n since the last call for n; the call forgets them. */
	int (*irq_take)(void *ctx, unsigned vector, uint32_t *count);
	int (*irq_line)(void *ctx, bool *asserted);
	int (*bus_master)(void *ctx, bool on);
	int (*plat_reset)(void *ctx);

	/* Host actors and configuration; in the guest role also ask. NULL blob allowed. */
	int (*peer)(void *ctx, const struct peer_request *rq, struct peer_reply *rp);

	/* Everything posted was handled; then let us microseconds pass (virtual or real). */
	int (*settle)(void *ctx, uint64_t us);
	uint64_t (*now_us)(void *ctx);

	/* Guest role only (NULL in the device role). */
	int (*ask)(void *ctx, const struct peer_request *rq, struct peer_reply *rp);
	/* 1: *ev is the next thing the guest did; 0: nothing left. */
	int (*saw)(void *ctx, struct machine_event *ev);
	int (*set_offer)(void *ctx, uint32_t caps);
	int (*set_answer)(void *ctx, int32_t result);
	int (*set_deliver)(void *ctx, const uint8_t *record, size_t len);
	int (*set_event)(void *ctx, const uint8_t *payload, size_t len);
	int (*set_gone)(void *ctx);
	/* Back to a fresh device with nothing seen, nothing set (guest role). */
	int (*fresh)(void *ctx);
};

#endif
