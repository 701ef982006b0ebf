/* SPDX-License-Identifier: BSD-2-Clause */
/* vfu_dispatch.c - what each vfio-user message asks for. */
#include "vfu_dispatch.h"
#include "json_check.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* A handler returns the length of the reply body it wrote (>= 0), or a negative errno. */
typedef int handler(struct vfu *v, struct vfu_message *m);

#define SERVER_VERSION_TEXT                                                                        \
	"{\"capabilities\":{\"max_msg_fds\":8,\"max_data_xfer_size\":262144,\"max_dma_maps\":1024}}"

void vfu_note(struct vfu *v, enum vfu_note what, uint64_t a, uint64_t b, const char *text)
{
	if (v->dev.note)
		v->dev.note(v->dev.ctx, what, a, b, text);
}

/* Copy the fixed part of a message that has nothing else. */
static bool fixed(const struct vfu_message *m, void *to, size_t size)
{
	if (m->len != size)
		return false;
	memcpy(to, m->body, size);
	return true;
}

static int answer(struct vfu *v, const void *body, size_t size)
{
	memcpy(vfu_link_reply_body(&v->link), body, size);
	return (int)size;
}

static int on_version(struct vfu *v, struct vfu_message *m)
{
	static const struct vfu_version ours = { 0, 0 };
	static const char text[] = SERVER_VERSION_TEXT;
	struct vfu_version theirs;
	const char *json = (const char *)m->body + sizeof(theirs);

	if (v->greeted || m->len < sizeof(theirs))
		return -EINVAL;
	memcpy(&theirs, m->body, sizeof(theirs));
	if (theirs.major != ours.major)
		return -EINVAL;
	if (m->len > sizeof(theirs)) {
		size_t len = m->len - sizeof(theirs) - 1;

		if (json[len] != '\0' || !json_check_object(json, len))
			return -EINVAL;
	}
	v->greeted = true;
	answer(v, &ours, sizeof(ours));
	memcpy(vfu_link_reply_body(&v->link) + sizeof(ours), text, sizeof(text));
	return (int)(sizeof(ours) + sizeof(text));
}

static int on_dma_map(struct vfu *v, struct vfu_message *m)
{
	struct vfu_dma_map map;
	int rc;

	if (!fixed(m, &map, sizeof(map)) || map.argsz < sizeof(map) || m->nfds > 1)
		return -EINVAL;
	if (map.flags & ~(VFU_DMA_READABLE | VFU_DMA_WRITEABLE))
		return -EINVAL;
	rc = guestmem_map(v->mem, map.address, map.size, map.flags, m->nfds ? m->fds[0] : -1,
			  map.offset);
	if (rc == 0)
		vfu_note(v, VFU_NOTE_MAP, map.address, map.size,
			 m->nfds == 0			 ? "unreachable"
			 : map.flags & VFU_DMA_WRITEABLE ? "rw"
							 : "ro");
	return rc;
}

static int on_dma_unmap(struct vfu *v, struct vfu_message *m)
{
	struct vfu_dma_unmap unmap;
	int rc;

	if (!fixed(m, &unmap, sizeof(unmap)) || unmap.argsz < sizeof(unmap) || m->nfds)
		return -EINVAL;
	if (unmap.flags == VFU_UNMAP_ALL) {
		if (unmap.address || unmap.size)
			return -EINVAL;
		guestmem_unmap_all(v->mem);
	} else {
		rc = unmap.flags ? -EINVAL : guestmem_unmap(v->mem, unmap.address, unmap.size);
		if (rc)
			return rc;
	}
	vfu_note(v, VFU_NOTE_UNMAP, unmap.address, unmap.size, NULL);
	return answer(v, &unmap, sizeof(unmap));
}

static int on_device_info(struct vfu *v, struct vfu_message *m)
{
	struct vfu_device_info info;

	if (!fixed(m, &info, sizeof(info)) || info.argsz < sizeof(info) || m->nfds)
		return -EINVAL;
	info = (struct vfu_device_info){ .argsz = sizeof(info),
					 .flags = VFU_DEVICE_RESETS | VFU_DEVICE_PCI,
					 .regions = VFU_REGIONS,
					 .irqs = VFU_IRQS };
	return answer(v, &info, sizeof(info));
}

static int on_region_info(struct vfu *v, struct vfu_message *m)
{
	struct vfu_region_info info;
	uint64_t size;

	if (!fixed(m, &info, sizeof(info)) || info.argsz < sizeof(info) || m->nfds ||
	    info.index >= VFU_REGIONS)
		return -EINVAL;
	size = v->dev.region_bytes[info.index];
	info = (struct vfu_region_info){ .argsz = sizeof(info),
					 .flags = size ? VFU_REGION_READABLE | VFU_REGION_WRITEABLE
						       : 0,
					 .index = info.index,
					 .size = size };
	/* The protocol has no word for it. QEMU posts no write to a device of which anything could
	 * be mapped into the guest; of a region without bytes nothing ever is. */
	if (v->dev.no_posted_writes && info.index == VFU_BAR5 && !size)
		info.flags |= VFU_REGION_MMAP;
	return answer(v, &info, sizeof(info));
}

static int on_irq_info(struct vfu *v, struct vfu_message *m)
{
	struct vfu_irq_info info;
	unsigned count;

	if (!fixed(m, &info, sizeof(info)) || info.argsz < sizeof(info) || m->nfds ||
	    info.index >= VFU_IRQS)
		return -EINVAL;
	count = info.index <= VFU_MSIX ? v->irqs.kind[info.index].count : 0;
	info = (struct vfu_irq_info){ .argsz = sizeof(info), .index = info.index, .count = count };
	if (count)
		info.flags = info.index == VFU_INTX
				     ? VFU_IRQ_EVENTFD | VFU_IRQ_MASKABLE | VFU_IRQ_AUTOMASKED
				     : VFU_IRQ_EVENTFD;
	return answer(v, &info, sizeof(info));
}

static int on_set_irqs(struct vfu *v, struct vfu_message *m)
{
	struct vfu_irq_set set;

	if (m->len < sizeof(set))
		return -EINVAL;
	memcpy(&set, m->body, sizeof(set));
	if (set.argsz < sizeof(set))
		return -EINVAL;
	return irqs_set(&v->irqs, &set, m->body + sizeof(set), m->len - sizeof(set), m->fds,
			m->nfds);
}

static bool in_region(const struct vfu *v, const struct vfu_region_access *a)
{
	uint64_t size = a->region < VFU_REGIONS ? v->dev.region_bytes[a->region] : 0;

	return a->count != 0 && a->count <= VFU_MAX_DATA && a->offset < size &&
	       a->count <= size - a->offset;
}

static int on_region_read(struct vfu *v, struct vfu_message *m)
{
	struct vfu_region_access a;
	uint8_t *body = vfu_link_reply_body(&v->link);

	if (!fixed(m, &a, sizeof(a)) || m->nfds || !in_region(v, &a))
		return -EINVAL;
	memcpy(body, &a, sizeof(a));
	memset(body + sizeof(a), 0, a.count);
	v->dev.read(v->dev.ctx, a.region, a.offset, body + sizeof(a), a.count);
	return (int)(sizeof(a) + a.count);
}

static int on_region_write(struct vfu *v, struct vfu_message *m)
{
	struct vfu_region_access a;

	if (m->len < sizeof(a) || m->nfds)
		return -EINVAL;
	memcpy(&a, m->body, sizeof(a));
	if (m->len - sizeof(a) != a.count || !in_region(v, &a))
		return -EINVAL;
	v->dev.write(v->dev.ctx, a.region, a.offset, m->body + sizeof(a), a.count);
	return answer(v, &a, sizeof(a));
}

static int on_reset(struct vfu *v, struct vfu_message *m)
{
	if (m->len || m->nfds)
		return -EINVAL;
	vfu_note(v, VFU_NOTE_RESET, 0, 0, NULL);
	v->dev.reset(v->dev.ctx, VFU_ASKED);
	return 0;
}

static const struct {
	handler *handle;
	const char *name;
} commands[] = {
	[VFU_VERSION] = { on_version, "version" },
	[VFU_DMA_MAP] = { on_dma_map, "dma map" },
	[VFU_DMA_UNMAP] = { on_dma_unmap, "dma unmap" },
	[VFU_DEVICE_GET_INFO] = { on_device_info, "device info" },
	[VFU_DEVICE_GET_REGION_INFO] = { on_region_info, "region info" },
	[VFU_DEVICE_GET_IRQ_INFO] = { on_irq_info, "irq info" },
	[VFU_DEVICE_SET_IRQS] = { on_set_irqs, "set irqs" },
	[VFU_REGION_READ] = { on_region_read, "region read" },
	[VFU_REGION_WRITE] = { on_region_write, "region write" },
	[VFU_DEVICE_RESET] = { on_reset, "device reset" },
};

const char *vfu_dispatch(struct vfu *v, struct vfu_message *m)
{
	unsigned command = m->head.command;
	bool known = command < sizeof(commands) / sizeof(commands[0]) && commands[command].handle;
	int rc;

	if (!v->greeted && command != VFU_VERSION)
		return "a message before the version";
	rc = known ? commands[command].handle(v, m) : -ENOTSUP;
	if (rc < 0)
		vfu_note(v, VFU_NOTE_REFUSED, command, (uint64_t)-rc,
			 known ? commands[command].name : "unknown command");
	/* The device may have ended the connection from inside a call. */
	if (v->link.fd < 0)
		return "ended by the device";
	if (vfu_link_reply(&v->link, &m->head, rc < 0 ? -rc : 0, rc < 0 ? 0 : (uint32_t)rc))
		return v->link.why;
	if (!v->greeted)
		return "version not agreed";
	return NULL;
}
