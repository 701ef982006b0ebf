/* SPDX-License-Identifier: BSD-2-Clause */
/* guestmem.c - the memory of a guest, as its DMA maps describe it. */
#include "guestmem.h"
#include "guestfault.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define PAGE_BYTES 4096u

struct map {
	uint64_t gpa, size;
	unsigned prot;
	unsigned pins;
	uint8_t *base; /* NULL: cannot be reached */
	struct guestfault fault;
	struct map *next; /* among those unmapped but still pinned */
};

struct guestmem {
	guestmem_changed *changed;
	void *ctx;
	struct map **maps; /* sorted by gpa, without overlap */
	unsigned count, room, hint;
	struct map *zombies;
	uint64_t generation;
	uint64_t bytes;
};

struct guestmem *guestmem_new(guestmem_changed *changed, void *ctx)
{
	struct guestmem *gm = calloc(1, sizeof(*gm));

	if (gm) {
		gm->changed = changed;
		gm->ctx = ctx;
	}
	return gm;
}

static void map_destroy(struct map *m)
{
	if (m->base) {
		guestfault_remove(&m->fault);
		munmap(m->base, m->size);
	}
	free(m);
}

void guestmem_forget_pins(struct guestmem *gm)
{
	for (unsigned i = 0; i < gm->count; i++)
		gm->maps[i]->pins = 0;
	while (gm->zombies) {
		struct map *m = gm->zombies;

		gm->zombies = m->next;
		map_destroy(m);
	}
}

void guestmem_free(struct guestmem *gm)
{
	if (!gm)
		return;
	gm->changed = NULL;
	guestmem_unmap_all(gm);
	guestmem_forget_pins(gm);
	free(gm->maps);
	free(gm);
}

/* Index of the first map that ends behind gpa; count when there is none. */
static unsigned first_behind(const struct guestmem *gm, uint64_t gpa)
{
	unsigned lo = 0, hi = gm->count;

	while (lo < hi) {
		unsigned mid = lo + (hi - lo) / 2;

		/* The last byte, because the end may be 2^64. */
		if (gm->maps[mid]->gpa + (gm->maps[mid]->size - 1) < gpa)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static bool whole_pages(uint64_t gpa, uint64_t size)
{
	return size != 0 && gpa % PAGE_BYTES == 0 && size % PAGE_BYTES == 0 &&
	       gpa + (size - 1) >= gpa;
}

static int check_file(int fd, uint64_t offset, uint64_t size)
{
	struct stat st;

	if (offset % PAGE_BYTES != 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		return -EINVAL;
	if (st.st_size < 0 || offset > (uint64_t)st.st_size || size > (uint64_t)st.st_size - offset)
		return -EINVAL;
	return 0;
}

static int make_room(struct guestmem *gm)
{
	struct map **grown;
	unsigned room = gm->room ? gm->room * 2 : 16;

	if (gm->count < gm->room)
		return 0;
	if (gm->count >= GUESTMEM_MAX_MAPS)
		return -ENOSPC;
	grown = realloc(gm->maps, room * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	gm->maps = grown;
	gm->room = room;
	return 0;
}

static int attach_file(struct map *m, int fd, uint64_t offset)
{
	int prot = m->prot & GUESTMEM_WRITE ? PROT_READ | PROT_WRITE : PROT_READ;
	void *base;

	if (fd < 0)
		return 0;
	base = mmap(NULL, m->size, prot, MAP_SHARED | MAP_NORESERVE, fd, (off_t)offset);
	if (base == MAP_FAILED)
		return errno == EACCES || errno == EPERM ? -EACCES : -ENOMEM;
	m->base = base;
	guestfault_add(&m->fault, base, m->size);
	return 0;
}

int guestmem_map(struct guestmem *gm, uint64_t gpa, uint64_t size, unsigned prot, int fd,
		 uint64_t offset)
{
	struct map *m;
	unsigned at;
	int rc;

	if (!whole_pages(gpa, size) || (prot != GUESTMEM_READ && prot != 3u) || size > SIZE_MAX)
		return -EINVAL;
	rc = fd >= 0 ? check_file(fd, offset, size) : 0;
	if (rc)
		return rc;
	at = first_behind(gm, gpa);
	if (at < gm->count && gm->maps[at]->gpa <= gpa + (size - 1))
		return -EEXIST;
	rc = make_room(gm);
	if (rc)
		return rc;
	m = calloc(1, sizeof(*m));
	if (!m)
		return -ENOMEM;
	m->gpa = gpa;
	m->size = size;
	m->prot = prot;
	rc = attach_file(m, fd, offset);
	if (rc) {
		free(m);
		return rc;
	}
	memmove(gm->maps + at + 1, gm->maps + at, (gm->count - at) * sizeof(*gm->maps));
	gm->maps[at] = m;
	gm->count++;
	gm->generation++;
	gm->bytes += m->base ? size : 0;
	if (gm->changed)
		gm->changed(gm->ctx, true, gpa, size);
	return 0;
}

/* Take maps [from, to) out of the table. */
static void drop(struct guestmem *gm, unsigned from, unsigned to)
{
	struct map **gone = gm->maps + from;

	for (unsigned i = from; i < to; i++)
		gm->bytes -= gm->maps[i]->base ? gm->maps[i]->size : 0;
	for (unsigned i = 0; i < to - from; i++) {
		if (gone[i]->pins) {
			gone[i]->next = gm->zombies;
			gm->zombies = gone[i];
		} else {
			map_destroy(gone[i]);
		}
	}
	memmove(gm->maps + from, gm->maps + to, (gm->count - to) * sizeof(*gm->maps));
	gm->count -= to - from;
	gm->hint = 0;
	gm->generation++;
}

int guestmem_unmap(struct guestmem *gm, uint64_t gpa, uint64_t size)
{
	uint64_t last = gpa + (size - 1);
	unsigned from, to;

	if (size == 0 || last < gpa)
		return -EINVAL;
	from = first_behind(gm, gpa);
	for (to = from; to < gm->count && gm->maps[to]->gpa <= last; to++)
		if (gm->maps[to]->gpa < gpa || gm->maps[to]->gpa + (gm->maps[to]->size - 1) > last)
			return -EINVAL;
	if (from == to)
		return -ENOENT;
	if (gm->changed)
		gm->changed(gm->ctx, false, gpa, size);
	drop(gm, from, to);
	return 0;
}

void guestmem_unmap_all(struct guestmem *gm)
{
	if (gm->count == 0)
		return;
	if (gm->changed)
		gm->changed(gm->ctx, false, 0, UINT64_MAX);
	drop(gm, 0, gm->count);
}

/* The map that holds gpa and allows prot, or NULL. */
static struct map *find(struct guestmem *gm, uint64_t gpa, unsigned prot)
{
	struct map *m;
	unsigned at = gm->hint;

	if (at >= gm->count || gpa < gm->maps[at]->gpa ||
	    gpa - gm->maps[at]->gpa >= gm->maps[at]->size) {
		at = first_behind(gm, gpa);
		if (at >= gm->count || gpa < gm->maps[at]->gpa)
			return NULL;
		gm->hint = at;
	}
	m = gm->maps[at];
	if (!m->base || m->fault.gone || (m->prot & prot) != prot)
		return NULL;
	return m;
}

/* Bytes of [gpa, gpa + len) inside m, which holds gpa. */
static size_t inside(const struct map *m, uint64_t gpa, size_t len)
{
	uint64_t left = m->size - (gpa - m->gpa);

	return left < len ? (size_t)left : len;
}

static bool reachable(struct guestmem *gm, uint64_t gpa, size_t len, unsigned prot)
{
	if (len && gpa + (len - 1) < gpa)
		return false;
	while (len) {
		const struct map *m = find(gm, gpa, prot);
		size_t n;

		if (!m)
			return false;
		n = inside(m, gpa, len);
		gpa += n;
		len -= n;
	}
	return true;
}

int guestmem_read(struct guestmem *gm, uint64_t gpa, void *dst, size_t len)
{
	uint8_t *to = dst;

	if (!reachable(gm, gpa, len, GUESTMEM_READ))
		return -EFAULT;
	while (len) {
		struct map *m = find(gm, gpa, GUESTMEM_READ);
		size_t n;

		if (!m)
			return -EFAULT;
		n = inside(m, gpa, len);
		memcpy(to, m->base + (gpa - m->gpa), n);
		if (m->fault.gone)
			return -EFAULT;
		to += n;
		gpa += n;
		len -= n;
	}
	return 0;
}

int guestmem_write(struct guestmem *gm, uint64_t gpa, const void *src, size_t len)
{
	const uint8_t *from = src;

	if (!reachable(gm, gpa, len, GUESTMEM_WRITE))
		return -EFAULT;
	while (len) {
		struct map *m = find(gm, gpa, GUESTMEM_WRITE);
		size_t n;

		if (!m)
			return -EFAULT;
		n = inside(m, gpa, len);
		memcpy(m->base + (gpa - m->gpa), from, n);
		if (m->fault.gone)
			return -EFAULT;
		from += n;
		gpa += n;
		len -= n;
	}
	return 0;
}

int guestmem_store32_release(struct guestmem *gm, uint64_t gpa, uint32_t value)
{
	struct map *m = find(gm, gpa, GUESTMEM_WRITE);

	/* Maps are whole pages, so an aligned word lies in one. */
	if (!m || gpa % 4 != 0)
		return -EFAULT;
	__atomic_store_n((uint32_t *)(void *)(m->base + (gpa - m->gpa)), value, __ATOMIC_RELEASE);
	return m->fault.gone ? -EFAULT : 0;
}

int guestmem_or8(struct guestmem *gm, uint64_t gpa, uint8_t bits)
{
	struct map *m = find(gm, gpa, GUESTMEM_WRITE);

	if (!m)
		return -EFAULT;
	__atomic_fetch_or(m->base + (gpa - m->gpa), bits, __ATOMIC_SEQ_CST);
	return m->fault.gone ? -EFAULT : 0;
}

void *guestmem_pin(struct guestmem *gm, uint64_t gpa, size_t size)
{
	struct map *m;

	if (size == 0 || (size & (size - 1)) != 0 || gpa % size != 0)
		return NULL;
	m = find(gm, gpa, GUESTMEM_READ | GUESTMEM_WRITE);
	if (!m || inside(m, gpa, size) != size)
		return NULL;
	m->pins++;
	return m->base + (gpa - m->gpa);
}

static bool holds(const struct map *m, const uint8_t *page)
{
	return m->base && (uintptr_t)page >= (uintptr_t)m->base &&
	       (uintptr_t)page - (uintptr_t)m->base < m->size;
}

void guestmem_unpin(struct guestmem *gm, void *page)
{
	for (struct map **at = &gm->zombies; *at; at = &(*at)->next) {
		struct map *m = *at;

		if (!holds(m, page))
			continue;
		if (m->pins && --m->pins == 0) {
			*at = m->next;
			map_destroy(m);
		}
		return;
	}
	for (unsigned i = 0; i < gm->count; i++) {
		if (holds(gm->maps[i], page)) {
			gm->maps[i]->pins -= gm->maps[i]->pins ? 1 : 0;
			return;
		}
	}
}

uint64_t guestmem_generation(const struct guestmem *gm)
{
	return gm->generation;
}

unsigned guestmem_maps(const struct guestmem *gm)
{
	return gm->count;
}

unsigned guestmem_pins(const struct guestmem *gm)
{
	unsigned n = 0;

	for (unsigned i = 0; i < gm->count; i++)
		n += gm->maps[i]->pins;
	for (const struct map *m = gm->zombies; m; m = m->next)
		n += m->pins;
	return n;
}

uint64_t guestmem_bytes(const struct guestmem *gm)
{
	return gm->bytes;
}

bool guestmem_lost(const struct guestmem *gm)
{
	for (unsigned i = 0; i < gm->count; i++)
		if (gm->maps[i]->fault.gone)
			return true;
	for (const struct map *m = gm->zombies; m; m = m->next)
		if (m->fault.gone)
			return true;
	return false;
}
