/* SPDX-License-Identifier: BSD-2-Clause */
/* guest_ram.h - memory of a guest that runs in this process, as a device sees it. */
#ifndef CONFORM_GUEST_RAM_H
#define CONFORM_GUEST_RAM_H

#include <vmci/device.h>

/* One piece; the fields are the caller's. */
struct guest_ram {
	uint8_t *bytes; /* borrowed */
	uint64_t base;	/* guest address of the first one */
	uint64_t size;
};

/* Where [gpa, gpa + len) is, or NULL: not all of it is memory. */
uint8_t *guest_ram_at(const struct guest_ram *r, uint64_t gpa, size_t len);
/* Copy out of it or into it. Return 0, or VMCI_LOCAL_BAD_ADDRESS: nothing was copied. */
int guest_ram_read(const struct guest_ram *r, uint64_t gpa, void *dst, size_t len);
int guest_ram_write(const struct guest_ram *r, uint64_t gpa, const void *src, size_t len);

/* The port of a device on this memory; r must outlive it. Interrupts go nowhere: the guest is
 * polled, and what it would be told by them it finds by looking. */
struct vmci_device_port guest_ram_device_port(struct guest_ram *r);

#endif
