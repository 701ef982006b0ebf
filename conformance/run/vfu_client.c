/* SPDX-License-Identifier: BSD-2-Clause */
/* vfu_client.c - a vfio-user client with guest memory of its own: connection, regions, memory. */
#include "vfu_client_state.h"
#include "../../host-sim/vfu_proto.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <vmci/wire.h>

#define MEMORY_BYTES (VFUC_LOW_BYTES + VFUC_HIGH_BYTES)
#define CAP_LIST     0x34u
#define STATUS_CAPS  0x10u

/* What QEMU announces. */
#define CLIENT_VERSION_TEXT                                                                        \
	"{\"capabilities\":{\"max_msg_fds\":16,\"max_data_xfer_size\":1048576,"                    \
	"\"pgsizes\":4096,\"max_dma_maps\":65535}}"

int vfuc_misuse(struct vfuc *c, const char *why)
{
	snprintf(c->call.error, sizeof(c->call.error), "%s", why);
	return VFUC_MISUSE;
}

/* A call whose answer has exactly the size of *answer. */
int vfuc_exact(struct vfuc *c, unsigned command, const void *ask, size_t ask_len, void *answer,
	       size_t size)
{
	size_t len = 0;
	int rc = vfu_call(&c->call, command, ask, ask_len, NULL, 0, NULL, 0, answer, size, &len);

	if (rc == 0 && len != size)
		return vfu_call_die(&c->call, "the server's answer has the wrong size");
	return rc;
}

static bool copy_memory(void *ctx, uint64_t gpa, void *buf, uint32_t len, bool write)
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

static int make_memory(struct vfuc *c)
{
	c->memfd = memfd_create("guest memory", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (c->memfd < 0 || ftruncate(c->memfd, (off_t)MEMORY_BYTES))
		return -1;
	/* As QEMU does: a server may insist on it. */
	if (fcntl(c->memfd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL))
		return -1;
	c->memory = mmap(NULL, MEMORY_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, c->memfd, 0);
	return c->memory == MAP_FAILED ? -1 : 0;
}

static int hello(struct vfuc *c)
{
	static const struct vfu_version ours = { 0, 0 };
	struct vfu_version theirs;
	uint8_t answer[4096];
	size_t len = 0;
	int rc = vfu_call(&c->call, VFU_VERSION, &ours, sizeof(ours), CLIENT_VERSION_TEXT,
			  sizeof(CLIENT_VERSION_TEXT), NULL, 0, answer, sizeof(answer), &len);

	if (rc)
		return rc;
	if (len < sizeof(theirs))
		return vfu_call_die(&c->call, "the server's version is cut short");
	memcpy(&theirs, answer, sizeof(theirs));
	if (theirs.major != 0 || theirs.minor != 0)
		return vfu_call_die(&c->call, "the server's version is not 0.0");
	c->max_fds = 1;
	if (len > sizeof(theirs) && answer[len - 1] == '\0') {
		const char *at = strstr((const char *)answer + sizeof(theirs), "\"max_msg_fds\"");

		at = at ? strchr(at, ':') : NULL;
		if (at && strtoul(at + 1, NULL, 10) > 1)
			c->max_fds = (unsigned)strtoul(at + 1, NULL, 10);
	}
	if (c->max_fds > VFUC_VECTORS)
		c->max_fds = VFUC_VECTORS;
	return 0;
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

static int map_memory(struct vfuc *c)
{
	int rc = map_range(c, VFUC_LOW_BASE, VFUC_LOW_BYTES, 3, true, 0);

	/* A ROM without descriptor, as QEMU has below 1 MiB. */
	if (rc == 0)
		rc = map_range(c, 0xc0000, 0x20000, 1, false, 0);
	if (rc == 0)
		rc = map_range(c, VFUC_HIGH_BASE, VFUC_HIGH_BYTES, 3, true, VFUC_LOW_BYTES);
	return rc;
}

static int ask_device(struct vfuc *c)
{
	struct vfu_device_info info = { .argsz = sizeof(info) };
	int rc = vfuc_exact(c, VFU_DEVICE_GET_INFO, &info, sizeof(info), &info, sizeof(info));

	if (rc)
		return rc;
	if (!(info.flags & VFU_DEVICE_PCI) || info.regions <= VFU_CONFIG || info.irqs <= VFU_MSIX)
		return vfu_call_die(&c->call, "the server offers no PCI device");
	c->irqs = info.irqs;
	for (unsigned r = 0; r < VFUC_REGIONS; r++) {
		struct vfu_region_info region = { .argsz = sizeof(region), .index = r };

		if (r == VFU_ROM || r == VFU_VGA)
			continue;
		rc = vfuc_exact(c, VFU_DEVICE_GET_REGION_INFO, &region, sizeof(region), &region,
				sizeof(region));
		if (rc == VFUC_REFUSED)
			continue;
		if (rc)
			return rc;
		c->region_bytes[r] = region.size;
		if (region.flags & VFU_REGION_MMAP)
			c->no_posting = true;
	}
	if (c->region_bytes[VFUC_CONFIG] < 64)
		return vfu_call_die(&c->call, "the device has no configuration space");
	return 0;
}

static int start(struct vfuc *c)
{
	int rc = hello(c);

	if (rc == 0)
		rc = map_memory(c);
	if (rc == 0)
		rc = ask_device(c);
	if (rc == 0)
		rc = vfuc_irq_start(c);
	return rc;
}

struct vfuc *vfuc_open_fd(int fd, unsigned timeout_ms, char *error, size_t size)
{
	struct vfuc *c = calloc(1, sizeof(*c));

	if (!c) {
		close(fd);
		if (error)
			snprintf(error, size, "out of memory");
		return NULL;
	}
	c->call.fd = fd;
	c->call.timeout_ms = timeout_ms;
	c->call.memory = copy_memory;
	c->call.ctx = c;
	c->memory = MAP_FAILED;
	c->memfd = -1;
	for (unsigned v = 0; v < VFUC_VECTORS; v++)
		c->event[v] = -1;
	if (make_memory(c))
		vfu_call_die(&c->call, "cannot make guest memory");
	else if (start(c) == 0)
		return c;
	if (error)
		snprintf(error, size, "%s", c->call.error);
	vfuc_close(c);
	return NULL;
}

struct vfuc *vfuc_open(const char *path, unsigned timeout_ms, char *error, size_t size)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = -1;

	if (strlen(path) >= sizeof(at.sun_path)) {
		if (error)
			snprintf(error, size, "%s: the path is too long for a socket", path);
		return NULL;
	}
	memcpy(at.sun_path, path, strlen(path));
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (const struct sockaddr *)&at, sizeof(at))) {
		if (error)
			snprintf(error, size, "%s: %s", path, strerror(errno));
		if (fd >= 0)
			close(fd);
		return NULL;
	}
	return vfuc_open_fd(fd, timeout_ms, error, size);
}

void vfuc_close(struct vfuc *c)
{
	if (!c)
		return;
	if (c->call.fd >= 0)
		close(c->call.fd);
	for (unsigned v = 0; v < VFUC_VECTORS; v++)
		if (c->event[v] >= 0)
			close(c->event[v]);
	if (c->memory != MAP_FAILED)
		munmap(c->memory, MEMORY_BYTES);
	if (c->memfd >= 0)
		close(c->memfd);
	free(c);
}

const char *vfuc_error(const struct vfuc *c)
{
	return c->call.error;
}

bool vfuc_dead(const struct vfuc *c)
{
	return c->call.fd < 0;
}

uint64_t vfuc_region_bytes(const struct vfuc *c, unsigned region)
{
	return region < VFUC_REGIONS ? c->region_bytes[region] : 0;
}

bool vfuc_may_post(const struct vfuc *c)
{
	return !c->no_posting;
}

int vfuc_read(struct vfuc *c, unsigned region, uint64_t off, void *dst, uint32_t len)
{
	struct vfu_region_access a = { .offset = off, .region = region, .count = len };
	uint8_t answer[sizeof(a) + VFUC_ACCESS_MAX];
	int rc;

	if (len == 0 || len > VFUC_ACCESS_MAX)
		return vfuc_misuse(c, "an access is 1 to 4096 bytes");
	rc = vfuc_exact(c, VFU_REGION_READ, &a, sizeof(a), answer, sizeof(a) + len);
	if (rc == 0)
		memcpy(dst, answer + sizeof(a), len);
	return rc;
}

int vfuc_write(struct vfuc *c, unsigned region, uint64_t off, const void *src, uint32_t len)
{
	struct vfu_region_access a = { .offset = off, .region = region, .count = len };
	uint8_t answer[sizeof(a) + VFUC_ACCESS_MAX];
	size_t got = 0;

	if (len == 0 || len > VFUC_ACCESS_MAX)
		return vfuc_misuse(c, "an access is 1 to 4096 bytes");
	return vfu_call(&c->call, VFU_REGION_WRITE, &a, sizeof(a), src, len, NULL, 0, answer,
			sizeof(answer), &got);
}

int vfuc_write_posted(struct vfuc *c, unsigned region, uint64_t off, const void *src, uint32_t len)
{
	struct vfu_region_access a = { .offset = off, .region = region, .count = len };

	if (len == 0 || len > VFUC_ACCESS_MAX)
		return vfuc_misuse(c, "an access is 1 to 4096 bytes");
	return vfu_post(&c->call, VFU_REGION_WRITE, &a, sizeof(a), src, len);
}

/* One burst of single-byte accesses; src NULL: reads. */
static int burst(struct vfuc *c, unsigned region, uint64_t off, uint8_t *dst, const uint8_t *src,
		 unsigned n)
{
	struct vfu_region_access a = { .offset = off, .region = region, .count = 1 };
	size_t ask = sizeof(a) + (src ? 1 : 0), answer = sizeof(a) + (src ? 0 : 1);
	uint8_t asks[VFU_CALL_BURST * (sizeof(a) + 1)] = { 0 };
	uint8_t answers[VFU_CALL_BURST * (sizeof(a) + 1)];
	unsigned refused;
	int rc;

	memset(answers, 0xff, sizeof(answers));
	for (unsigned i = 0; i < n; i++) {
		memcpy(asks + i * ask, &a, sizeof(a));
		if (src)
			asks[i * ask + sizeof(a)] = src[i];
	}
	rc = vfu_call_burst(&c->call, src ? VFU_REGION_WRITE : VFU_REGION_READ, n, asks, ask,
			    answers, answer, &refused);
	for (unsigned i = 0; rc == 0 && dst && i < n; i++)
		dst[i] = answers[i * answer + sizeof(a)];
	return rc == 0 && refused ? VFUC_REFUSED : rc;
}

static int string_access(struct vfuc *c, unsigned region, uint64_t off, uint8_t *dst,
			 const uint8_t *src, size_t len)
{
	int worst = 0;

	for (size_t at = 0; at < len; at += VFU_CALL_BURST) {
		size_t n = len - at < VFU_CALL_BURST ? len - at : VFU_CALL_BURST;
		int rc = burst(c, region, off, dst ? dst + at : NULL, src ? src + at : NULL,
			       (unsigned)n);

		if (rc == VFUC_DEAD)
			return rc;
		worst = rc ? rc : worst;
	}
	return worst;
}

int vfuc_read_bytes(struct vfuc *c, unsigned region, uint64_t off, uint8_t *dst, size_t len)
{
	return string_access(c, region, off, dst, NULL, len);
}

int vfuc_write_bytes(struct vfuc *c, unsigned region, uint64_t off, const uint8_t *src, size_t len)
{
	return string_access(c, region, off, NULL, src, len);
}

int vfuc_cfg_read(struct vfuc *c, unsigned bits, uint32_t off, uint32_t *value)
{
	uint8_t raw[4] = { 0 };
	int rc;

	if (bits != 8 && bits != 16 && bits != 32)
		return vfuc_misuse(c, "a configuration access is 8, 16 or 32 bits");
	rc = vfuc_read(c, VFUC_CONFIG, off, raw, bits / 8);
	*value = vmci_get32(raw);
	return rc;
}

int vfuc_cfg_write(struct vfuc *c, unsigned bits, uint32_t off, uint32_t value)
{
	uint8_t raw[4];

	if (bits != 8 && bits != 16 && bits != 32)
		return vfuc_misuse(c, "a configuration access is 8, 16 or 32 bits");
	vmci_put32(raw, value);
	return vfuc_write(c, VFUC_CONFIG, off, raw, bits / 8);
}

int vfuc_find_capability(struct vfuc *c, uint8_t id, uint32_t *off)
{
	uint32_t at, word;
	int rc = vfuc_cfg_read(c, 16, 0x06, &word);

	*off = 0;
	if (rc || !(word & STATUS_CAPS))
		return rc;
	rc = vfuc_cfg_read(c, 8, CAP_LIST, &at);
	for (unsigned i = 0; rc == 0 && at >= 0x40 && at <= 0xfc && i < 48; i++) {
		at &= 0xfcu;
		rc = vfuc_cfg_read(c, 16, at, &word);
		if (rc == 0 && (word & 0xff) == id) {
			*off = at;
			return 0;
		}
		at = word >> 8;
	}
	return rc;
}

int vfuc_device_reset(struct vfuc *c)
{
	uint8_t answer[16];
	size_t len = 0;

	return vfu_call(&c->call, VFU_DEVICE_RESET, NULL, 0, NULL, 0, NULL, 0, answer,
			sizeof(answer), &len);
}

int vfuc_machine_reset(struct vfuc *c)
{
	int rc = vfuc_irq_mode(c, VFUC_IRQ_NONE, 0);

	if (rc == 0)
		rc = vfuc_cfg_write(c, 16, 0x04, 0);
	if (rc == 0)
		rc = vfuc_device_reset(c);
	if (rc == 0 && vfuc_vectors(c, VFUC_IRQ_INTX))
		rc = vfuc_irq_mode(c, VFUC_IRQ_INTX, 1);
	return rc == VFUC_REFUSED ? 0 : rc;
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
