/* SPDX-License-Identifier: BSD-2-Clause */
/* guestmem.h - the only way from the device role to guest memory.
 *
 * Every function refuses with VMCI_LOCAL_BAD_ADDRESS while bus mastering is off or the VM is
 * quiesced, and for a range that wraps. Each byte of guest memory is accessed once per call;
 * callers copy a structure once and never look again.
 */
#ifndef VMCI_DEVICE_GUESTMEM_H
#define VMCI_DEVICE_GUESTMEM_H

#include "device.h"

/* [gpa, gpa + len) does not wrap. */
bool vmci_guest_is_range(struct vmci_gpa gpa, uint64_t len);
static inline struct vmci_gpa vmci_guest_at(struct vmci_gpa gpa, uint64_t offset)
{
	gpa.addr += offset;
	return gpa;
}

int vmci_guest_read(struct vmci_device *dev, struct vmci_gpa gpa, void *dst, size_t len);
int vmci_guest_write(struct vmci_device *dev, struct vmci_gpa gpa, const void *src, size_t len);
/* 32 bits, visible after everything written before; also at addresses not aligned to 4. */
int vmci_guest_publish32(struct vmci_device *dev, struct vmci_gpa gpa, uint32_t value);

/* The page of a page number exists and may be written. Touches nothing. */
bool vmci_guest_is_page(struct vmci_device *dev, struct vmci_gpa gpa);
void *vmci_guest_pin(struct vmci_device *dev, struct vmci_gpa gpa, unsigned page_shift);
void vmci_guest_unpin(struct vmci_device *dev, struct vmci_gpa gpa, void *page,
		      unsigned page_shift);

/* The doorbell bitmap is registered and reachable. */
bool vmci_device_can_notify(const struct vmci_device *dev);
/* Set bit 0 of one byte of it. */
int vmci_device_set_notify_byte(struct vmci_device *dev, uint64_t index);
/* What a device must never do; for a deliberate mistake. */
void vmci_device_clear_notify_bytes(struct vmci_device *dev);

#endif
