/* SPDX-License-Identifier: BSD-2-Clause */
/* vfu_client_memory.c - guest memory of the vfio-user client, and what of it the device may reach.
 */
#include "vfu_client_state.h"
#include "../../host-sim/vfu_proto.h"
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define MEMORY_BYTES (VFUC_LOW_BYTES + VFUC_HIGH_BYTES)

int vfuc_memory_make(struct vfuc *c)
{
	c->memory = MAP_FAILED;
	c->memfd = memfd_create("guest memory", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (c->memfd < 0 || ftruncate(c->memfd, (off_t)MEMORY_BYTES))
		return -1;
	/* As QEMU does: a server may insist on it. */
	if (fcntl(c->memfd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL))
		return -1;
	c->memory = mmap(NULL, MEMORY_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, c->memfd, 0);
	return c->memory == MAP_FAILED ? -1 : 0;
}

void vfuc_memory_free(struct vfuc *c)
{
	if (c->memory != MAP_FAILED)
		munmap(c->memory, MEMORY_BYTES);
	if (c->memfd >= 0)
		close(c->memfd);
}

/* Offset of gpa in the memory file; UINT64_MAX: not memory. */
static uint64_t file_offset(uint64_t gpa, uint64_t len)
{
	if (gpa >= VFUC_LOW_BASE && gpa - VFUC_LOW_BASE <= VFUC_LOW_BYTES &&
	    len <= VFUC_LOW_BYTES - (gpa - VFUC_LOW_BASE))
		return gpa - VFUC_LOW_BASE;
	if (gpa >= VFUC_HIGH_BASE && gpa - VFUC_HIGH_BASE <= VFUC_HIGH_BYTES &&
	    len <= VFUC_HIGH_BYTES - (gpa - VFUC_HIGH_BASE))
		return VFUC_LOW_BYTES + (gpa - VFUC_HIGH_BASE);
	return UINT64_MAX;
}

void *vfuc_memory(struct vfuc *c, uint64_t gpa, uint64_t len)
{
	uint64_t off = file_offset(gpa, len);

	return off == UINT64_MAX ? NULL : c->memory + off;
}

bool vfuc_memory_copy(void *ctx, uint64_t gpa, void *buf, uint32_t len, bool write)
{
	uint8_t *at = vfuc_memory(ctx, gpa, len);

	if (!at)
		return false;
	if (write)
		memcpy(at, buf, len);
	else
		memcpy(buf, at, len);
	return true;
}

static int map_range(struct vfuc *c, uint64_t gpa, uint64_t bytes, unsigned prot, bool with_file,
		     uint64_t offset)
{
	struct vfu_dma_map map = {
		.argsz = sizeof(map), .flags = prot, .offset = offset, .address = gpa, .size = bytes
	};
	uint8_t answer[sizeof(map)];
	size_t len = 0;

	return vfu_call(&c->call, VFU_DMA_MAP, &map, sizeof(map), NULL, 0, &c->memfd,
			with_file ? 1 : 0, answer, sizeof(answer), &len);
}

int vfuc_memory_map(struct vfuc *c)
{
	int rc = map_range(c, VFUC_LOW_BASE, VFUC_LOW_BYTES, 3, true, 0);

	/* A ROM without descriptor, as QEMU has below 1 MiB. */
	if (rc == 0)
		rc = map_range(c, 0xc0000, 0x20000, 1, false, 0);
	if (rc == 0)
		rc = map_range(c, VFUC_HIGH_BASE, VFUC_HIGH_BYTES, 3, true, VFUC_LOW_BYTES);
	return rc;
}

int vfuc_dma_map(struct vfuc *c, uint64_t gpa, uint64_t bytes, bool writeable)
{
	uint64_t off = file_offset(gpa, bytes);

	if (off == UINT64_MAX)
		return vfuc_misuse(c, "not guest memory");
	return map_range(c, gpa, bytes, writeable ? 3 : 1, true, off);
}

int vfuc_dma_unmap(struct vfuc *c, uint64_t gpa, uint64_t bytes)
{
	struct vfu_dma_unmap unmap = { .argsz = sizeof(unmap), .address = gpa, .size = bytes };
	uint8_t answer[64];
	size_t len = 0;

	return vfu_call(&c->call, VFU_DMA_UNMAP, &unmap, sizeof(unmap), NULL, 0, NULL, 0, answer,
			sizeof(answer), &len);
}
