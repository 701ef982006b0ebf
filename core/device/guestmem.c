/* SPDX-License-Identifier: BSD-2-Clause */
/* The only way from the device role to guest memory. */
#include "guestmem.h"

#include <vmci/fault.h>

bool vmci_guest_is_range(struct vmci_gpa gpa, uint64_t len)
{
	return len <= UINT64_MAX - gpa.addr;
}

static bool may_touch(const struct vmci_device *dev, struct vmci_gpa gpa, uint64_t len)
{
	if (VMCI_FAULT("dma.receive-ignores-bus-master"))
		return vmci_guest_is_range(gpa, len);
	if (!vmci_device_has_memory(dev) && !VMCI_FAULT("regs.bus-master-ignored"))
		return false;
	return vmci_guest_is_range(gpa, len);
}

int vmci_guest_read(struct vmci_device *dev, struct vmci_gpa gpa, void *dst, size_t len)
{
	if (!may_touch(dev, gpa, len))
		return VMCI_LOCAL_BAD_ADDRESS;
	if (!len)
		return 0;
	return dev->port->mem_read(dev->port->ctx, gpa, dst, len);
}

int vmci_guest_write(struct vmci_device *dev, struct vmci_gpa gpa, const void *src, size_t len)
{
	if (!may_touch(dev, gpa, len))
		return VMCI_LOCAL_BAD_ADDRESS;
	if (!len)
		return 0;
	return dev->port->mem_write(dev->port->ctx, gpa, src, len);
}

int vmci_guest_publish32(struct vmci_device *dev, struct vmci_gpa gpa, uint32_t value)
{
	uint8_t bytes[4];

	if (!may_touch(dev, gpa, sizeof(bytes)))
		return VMCI_LOCAL_BAD_ADDRESS;
	if (!(gpa.addr & 3))
		return dev->port->mem_store32_release(dev->port->ctx, gpa, value);
	if (VMCI_FAULT("dma.unaligned-not-completed"))
		return VMCI_LOCAL_BAD_ADDRESS;
	vmci_put32(bytes, value);
	return dev->port->mem_write(dev->port->ctx, gpa, bytes, sizeof(bytes));
}

void *vmci_guest_pin(struct vmci_device *dev, struct vmci_gpa gpa, unsigned page_shift)
{
	if (!vmci_guest_is_range(gpa, (uint64_t)1 << page_shift))
		return NULL;
	return dev->port->page_pin(dev->port->ctx, gpa, page_shift);
}

void vmci_guest_unpin(struct vmci_device *dev, struct vmci_gpa gpa, void *page, unsigned page_shift)
{
	dev->port->page_unpin(dev->port->ctx, gpa, page, page_shift);
}

bool vmci_guest_is_page(struct vmci_device *dev, struct vmci_gpa gpa)
{
	void *page = vmci_guest_pin(dev, gpa, dev->regs.page_shift);

	if (!page)
		return false;
	vmci_guest_unpin(dev, gpa, page, dev->regs.page_shift);
	return true;
}

bool vmci_device_can_notify(const struct vmci_device *dev)
{
	return dev->regs.has_bitmap &&
	       (vmci_device_has_memory(dev) || VMCI_FAULT("regs.bus-master-ignored"));
}

int vmci_device_set_notify_byte(struct vmci_device *dev, uint64_t index)
{
	struct vmci_gpa at = vmci_guest_at(dev->regs.bitmap, index);

	if (!may_touch(dev, at, 1))
		return VMCI_LOCAL_BAD_ADDRESS;
	if (VMCI_FAULT("doorbell.byte-overwritten")) {
		uint8_t one = VMCI_NOTIFICATION_RUNG;

		return dev->port->mem_write(dev->port->ctx, at, &one, 1);
	}
	if (VMCI_FAULT("doorbell.counts")) {
		uint8_t count = 0;

		(void)dev->port->mem_read(dev->port->ctx, at, &count, 1);
		count++;
		return dev->port->mem_write(dev->port->ctx, at, &count, 1);
	}
	return dev->port->mem_or8(dev->port->ctx, at, VMCI_NOTIFICATION_RUNG);
}

void vmci_device_clear_notify_bytes(struct vmci_device *dev)
{
	static const uint8_t zeros[256];

	if (vmci_device_can_notify(dev))
		(void)vmci_guest_write(dev, dev->regs.bitmap, zeros, sizeof(zeros));
}
