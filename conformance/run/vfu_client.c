/* SPDX-License-Identifier: BSD-2-Clause */
/* vfu_client.c - a vfio-user client with guest memory of its own: connection and reset. */
#include "vfu_client_state.h"
#include "../../host-sim/vfu_proto.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* What QEMU announces. */
#define CLIENT_VERSION_TEXT                                                                        \
	"{\"capabilities\":{\"max_msg_fds\":16,\"max_data_xfer_size\":1048576,"                    \
	"\"pgsizes\":4096,\"max_dma_maps\":65535}}"

int vfuc_misuse(struct vfuc *c, const char *why)
{
	snprintf(c->call.error, sizeof(c->call.error), "%s", why);
	return VFUC_MISUSE;
}

int vfuc_exact(struct vfuc *c, unsigned command, const void *ask, size_t ask_len, void *answer,
	       size_t size)
{
	size_t len = 0;
	int rc = vfu_call(&c->call, command, ask, ask_len, NULL, 0, NULL, 0, answer, size, &len);

	if (rc == 0 && len != size)
		return vfu_call_die(&c->call, "the server's answer has the wrong size");
	return rc;
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
		rc = vfuc_memory_map(c);
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
	c->call.memory = vfuc_memory_copy;
	c->call.ctx = c;
	for (unsigned v = 0; v < VFUC_VECTORS; v++)
		c->event[v] = -1;
	if (vfuc_memory_make(c))
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
	vfuc_memory_free(c);
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
