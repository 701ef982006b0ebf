/* SPDX-License-Identifier: BSD-2-Clause */
/* guestmem.h - the memory of a guest, as its DMA maps describe it.
 *
 * The only place of the simulator that touches guest bytes. Maps come and go by messages of
 * the vfio-user client; addresses come from the guest. Both are hostile.
 *
 * One thread. Nothing here keeps an address between two calls except a pin.
 */
#ifndef HOST_SIM_GUESTMEM_H
#define HOST_SIM_GUESTMEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GUESTMEM_READ  1u /* the device may read */
#define GUESTMEM_WRITE 2u /* the device may write */

#define GUESTMEM_MAX_MAPS 1024u

struct guestmem;

/* Called before maps change, while the old ones still hold: [gpa, gpa + size) goes
 * (added false) or has come (added true, after the change). Pins into it must be dropped when
 * it goes; one that is kept stays readable but is no longer the guest's memory. The callback
 * may not map or unmap. */
typedef void guestmem_changed(void *ctx, bool added, uint64_t gpa, uint64_t size);

/* Guest memory without maps; NULL without memory. changed may be NULL. */
struct guestmem *guestmem_new(guestmem_changed *changed, void *ctx);
/* Drops all maps. No pin may be left. */
void guestmem_free(struct guestmem *gm);

/* Add a map.
 *   gpa, size  bytes, multiples of 4096, size > 0, gpa + size <= 2^64
 *   prot       GUESTMEM_READ, or both bits
 *   fd         a regular file or memfd that stays the caller's, or -1: the range
 *              exists but cannot be reached
 *   offset     into fd, a multiple of 4096
 * Returns 0, or a negative errno, nothing changed: -EINVAL (alignment, size, prot, wrap, fd is no
 * regular file, range is not all inside the file), -EEXIST (overlaps a map), -ENOSPC (too many),
 * -EACCES (fd does not allow it), -ENOMEM. */
int guestmem_map(struct guestmem *gm, uint64_t gpa, uint64_t size, unsigned prot, int fd,
		 uint64_t offset);

/* Remove every map inside [gpa, gpa + size). Returns 0, or -EINVAL (size 0, wrap, a map is only
 * partly inside), -ENOENT (no map inside); nothing changed then. */
int guestmem_unmap(struct guestmem *gm, uint64_t gpa, uint64_t size);
/* Remove all maps. */
void guestmem_unmap_all(struct guestmem *gm);

/* Copy len bytes (may be 0). Each guest byte is accessed once. 0, or -EFAULT: some byte is
 * not mapped, not reachable, or not allowed; nothing was copied then, unless a file
 * shrank under the copy (guestmem_lost() tells). */
int guestmem_read(struct guestmem *gm, uint64_t gpa, void *dst, size_t len);
int guestmem_write(struct guestmem *gm, uint64_t gpa, const void *src, size_t len);
/* Store 32 bits, gpa a multiple of 4, after everything written before. 0 or -EFAULT. */
int guestmem_store32_release(struct guestmem *gm, uint64_t gpa, uint32_t value);
/* Atomically set bits of one byte. 0 or -EFAULT. */
int guestmem_or8(struct guestmem *gm, uint64_t gpa, uint8_t bits);

/* Host address of [gpa, gpa + size), which lies in one map with both prot bits, or NULL.
 * size is a power of two and gpa a multiple of it. Holds until guestmem_unpin with the same
 * address, beyond an unmap. */
void *guestmem_pin(struct guestmem *gm, uint64_t gpa, size_t size);
void guestmem_unpin(struct guestmem *gm, void *page);
/* Every pin is void: its holder forgot them all. */
void guestmem_forget_pins(struct guestmem *gm);

/* Counts changes of the maps: equal numbers mean equal maps. */
uint64_t guestmem_generation(const struct guestmem *gm);
/* Number of maps, of pins, of bytes that can be reached. */
unsigned guestmem_maps(const struct guestmem *gm);
unsigned guestmem_pins(const struct guestmem *gm);
uint64_t guestmem_bytes(const struct guestmem *gm);
/* Whether a file shrank under a map; that map cannot be reached any more. */
bool guestmem_lost(const struct guestmem *gm);

#endif
