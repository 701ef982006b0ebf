/* SPDX-License-Identifier: BSD-2-Clause */
/* vfu_proto.h - vfio-user messages as they lie on the socket.
 *
 * Numbers are in the byte order of the machine: both ends run on it. All structures are naturally
 * aligned without padding; they are copied in and out of buffers, never pointed at.
 */
#ifndef HOST_SIM_VFU_PROTO_H
#define HOST_SIM_VFU_PROTO_H

#include <stdint.h>

enum vfu_command {
	VFU_VERSION = 1,
	VFU_DMA_MAP = 2,
	VFU_DMA_UNMAP = 3,
	VFU_DEVICE_GET_INFO = 4,
	VFU_DEVICE_GET_REGION_INFO = 5,
	VFU_DEVICE_GET_REGION_IO_FDS = 6,
	VFU_DEVICE_GET_IRQ_INFO = 7,
	VFU_DEVICE_SET_IRQS = 8,
	VFU_REGION_READ = 9,
	VFU_REGION_WRITE = 10,
	VFU_DMA_READ = 11,
	VFU_DMA_WRITE = 12,
	VFU_DEVICE_RESET = 13,
	VFU_REGION_WRITE_MULTI = 15
};

struct vfu_header {
	uint16_t id;
	uint16_t command; /* enum vfu_command */
	uint32_t size;	  /* bytes, this header included */
	uint32_t flags;
	uint32_t error; /* errno, in a reply with VFU_FLAG_ERROR */
};

#define VFU_FLAG_TYPE	  0x0fu /* 0 command, 1 reply */
#define VFU_FLAG_REPLY	  0x01u
#define VFU_FLAG_NO_REPLY 0x10u
#define VFU_FLAG_ERROR	  0x20u

struct vfu_version {
	uint16_t major, minor;
	/* then a JSON text ending in NUL, or nothing */
};

struct vfu_dma_map {
	uint32_t argsz, flags;
	uint64_t offset, address, size;
};
#define VFU_DMA_READABLE  1u
#define VFU_DMA_WRITEABLE 2u

struct vfu_dma_unmap {
	uint32_t argsz, flags;
	uint64_t address, size;
};
#define VFU_UNMAP_ALL 2u

struct vfu_device_info {
	uint32_t argsz, flags, regions, irqs;
};
#define VFU_DEVICE_RESETS 1u
#define VFU_DEVICE_PCI	  2u

struct vfu_region_info {
	uint32_t argsz, flags, index, cap_offset;
	uint64_t size, offset;
};
#define VFU_REGION_READABLE  1u
#define VFU_REGION_WRITEABLE 2u
#define VFU_REGION_MMAP	     4u

struct vfu_irq_info {
	uint32_t argsz, flags, index, count;
};
#define VFU_IRQ_EVENTFD	   1u
#define VFU_IRQ_MASKABLE   2u
#define VFU_IRQ_AUTOMASKED 4u
#define VFU_IRQ_NORESIZE   8u

struct vfu_irq_set {
	uint32_t argsz, flags, index, start, count;
	/* then count bytes with VFU_SET_BOOL */
};
#define VFU_SET_NONE	0x01u
#define VFU_SET_BOOL	0x02u
#define VFU_SET_EVENTFD 0x04u
#define VFU_SET_DATA	0x07u
#define VFU_SET_MASK	0x08u
#define VFU_SET_UNMASK	0x10u
#define VFU_SET_TRIGGER 0x20u
#define VFU_SET_ACTION	0x38u

struct vfu_region_access {
	uint64_t offset;
	uint32_t region, count;
	/* then count bytes in a write and in the reply to a read */
};

/* Regions and interrupts of a PCI device. */
enum vfu_region {
	VFU_BAR0 = 0,
	VFU_BAR1 = 1,
	VFU_BAR5 = 5,
	VFU_ROM = 6,
	VFU_CONFIG = 7,
	VFU_VGA = 8,
	VFU_REGIONS = 9
};
enum vfu_irq {
	VFU_INTX = 0,
	VFU_MSI = 1,
	VFU_MSIX = 2,
	VFU_ERR = 3,
	VFU_REQ = 4,
	VFU_IRQS = 5
};

#endif
