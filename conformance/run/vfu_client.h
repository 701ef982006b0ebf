/* SPDX-License-Identifier: BSD-2-Clause */
/* vfu_client.h - a vfio-user client with guest memory of its own.
 *
 * Connects to any vfio-user PCI device as QEMU does: version, memory maps, device, regions,
 * interrupts. The server may be foreign or broken: whatever it does becomes an error here, never a
 * hang (every wait has a limit) and never a crash.
 *
 * Results of all calls: 0, or
 *   VFUC_REFUSED  the server answered with an error; nothing else is lost
 *   VFUC_DEAD     the connection is gone, silent or talks nonsense; every later call returns this
 *   VFUC_MISUSE   an argument is wrong; nothing was sent
 * vfuc_error() says what happened, in one line.
 */
#ifndef CONFORMANCE_VFU_CLIENT_H
#define CONFORMANCE_VFU_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VFUC_REFUSED (-1)
#define VFUC_DEAD    (-2)
#define VFUC_MISUSE  (-3)

/* Guest memory: one file, two places. */
#define VFUC_LOW_BASE	UINT64_C(0x100000)
#define VFUC_LOW_BYTES	UINT64_C(0x4000000) /* 64 MiB */
#define VFUC_HIGH_BASE	UINT64_C(0x100000000)
#define VFUC_HIGH_BYTES UINT64_C(0x1000000) /* 16 MiB */

#define VFUC_VECTORS 32u /* eventfds at most */

enum vfuc_region {
	VFUC_BAR0 = 0,
	VFUC_BAR1 = 1,
	VFUC_CONFIG = 7,
	VFUC_REGIONS = 9
};

enum vfuc_irq {
	VFUC_IRQ_NONE,
	VFUC_IRQ_INTX,
	VFUC_IRQ_MSI,
	VFUC_IRQ_MSIX
};

struct vfuc;

/* Connect and negotiate.
 *   path        of the server's UNIX socket
 *   timeout_ms  for each answer, > 0
 *   error       where the reason goes when this fails, may be NULL; size its bytes
 * Returns the client, or NULL. After it the memory is mapped, INTx has an eventfd if the
 * device has a pin and a vector for it, COMMAND is untouched. */
struct vfuc *vfuc_open(const char *path, unsigned timeout_ms, char *error, size_t size);
/* The same on a connected socket, which now belongs to the client, also on failure. */
struct vfuc *vfuc_open_fd(int fd, unsigned timeout_ms, char *error, size_t size);
void vfuc_close(struct vfuc *c);

/* The reason of the last failure; "" before one. Valid until the next call. */
const char *vfuc_error(const struct vfuc *c);
bool vfuc_dead(const struct vfuc *c);

/* Bytes of a region, 0 = absent. */
uint64_t vfuc_region_bytes(const struct vfuc *c, unsigned region);

/* Whether a write to a memory BAR may be posted; QEMU goes by the same flags of the server. */
bool vfuc_may_post(const struct vfuc *c);

/* One access of len bytes (1..4096), whole, in one message. A write returns when the server has
 * handled it; a posted one asks for no answer (as QEMU does for memory BARs where it may) and is
 * handled before any later access. */
int vfuc_read(struct vfuc *c, unsigned region, uint64_t off, void *dst, uint32_t len);
int vfuc_write(struct vfuc *c, unsigned region, uint64_t off, const void *src, uint32_t len);
int vfuc_write_posted(struct vfuc *c, unsigned region, uint64_t off, const void *src, uint32_t len);

/* len accesses of one byte each at one offset, in order, as a processor's string instructions make
 * them; many are under way at once. A refused one reads as 0xff. */
int vfuc_read_bytes(struct vfuc *c, unsigned region, uint64_t off, uint8_t *dst, size_t len);
int vfuc_write_bytes(struct vfuc *c, unsigned region, uint64_t off, const uint8_t *src, size_t len);

/* Configuration space, 8, 16 or 32 bits. */
int vfuc_cfg_read(struct vfuc *c, unsigned bits, uint32_t off, uint32_t *value);
int vfuc_cfg_write(struct vfuc *c, unsigned bits, uint32_t off, uint32_t value);
/* Offset of a capability, 0 = absent. Bounded even when the list is a circle. */
int vfuc_find_capability(struct vfuc *c, uint8_t id, uint32_t *off);

/* Reset as a machine does: interrupts off, COMMAND 0, DEVICE_RESET, INTx on again. */
int vfuc_machine_reset(struct vfuc *c);
/* DEVICE_RESET alone. */
int vfuc_device_reset(struct vfuc *c);

/* Host address of guest memory [gpa, gpa + len), or NULL: not all inside one of the two places. */
void *vfuc_memory(struct vfuc *c, uint64_t gpa, uint64_t len);
/* Take a range that vfuc_memory knows from the device, or give it back (whole pages). After opening
 * all is mapped as two ranges; only whole mapped ranges can be unmapped. */
int vfuc_dma_unmap(struct vfuc *c, uint64_t gpa, uint64_t bytes);
int vfuc_dma_map(struct vfuc *c, uint64_t gpa, uint64_t bytes, bool writeable);

/* Number of vectors of a kind: MSI-X and MSI from the capabilities and the server's interrupt
 * information, whichever is less; INTx 0 or 1. */
unsigned vfuc_vectors(const struct vfuc *c, enum vfuc_irq kind);

/* Program interrupts: vectors eventfds of a kind, all others off, and the enable bits of
 * configuration space. Counts start at 0 and nothing is masked. vectors is ignored for NONE
 * and INTx. */
int vfuc_irq_mode(struct vfuc *c, enum vfuc_irq kind, unsigned vectors);
/* Messages on a vector (0 for INTx) since the last call, exactly. Does not wait. While masked: 0.
 */
int vfuc_irq_take(struct vfuc *c, unsigned vector, uint32_t *count);
/* As above, but waits up to timeout_ms for the first one. */
int vfuc_irq_wait(struct vfuc *c, unsigned vector, unsigned timeout_ms, uint32_t *count);
/* Mask bit of an MSI-X table entry: while set, messages become one pending message. */
int vfuc_irq_mask(struct vfuc *c, unsigned vector, bool masked);
/* Level of the INTx line: unmasks it and sees whether the device raises it again. Consumes
 * what vfuc_irq_take would have counted. */
int vfuc_irq_line(struct vfuc *c, bool *raised);

#endif
