/* SPDX-License-Identifier: BSD-2-Clause */
/* target_vfu.c - a device served over vfio-user. */
#include "target_vfu.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <vmci/defs.h>
#include "mailbox.h"
#include "pci.h"
#include "vfu_client.h"

#define ANSWER_MS 5000u /* what a server may take for one message */

#define PCI_COMMAND	   0x04u
#define PCI_COMMAND_ALL	   0x0007u /* I/O, memory, bus master */
#define PCI_COMMAND_MASTER 0x0004u
#define PCI_BAR0	   0x10u

struct vfu {
	struct vfuc *c;
	char *path;
	uint64_t low, high; /* bytes handed out of both memories */
	uint64_t kept;	    /* of the low memory, for the mailbox */
	bool posted;	    /* a write may still be under way */
	struct mailbox mailbox;
};

/* A refused access is what a guest sees of one: reads give ones, writes nothing. */
static int outcome(int rc)
{
	return rc == 0 || rc == VFUC_REFUSED ? 0 : MACHINE_ERROR;
}

static unsigned region_of(enum machine_window w)
{
	return w == MACHINE_MMIO ? VFUC_BAR1 : VFUC_BAR0;
}

static uint64_t offset_of(enum machine_window w, uint32_t off)
{
	return (w == MACHINE_MMIO ? VMCI_MMIO_ACCESS_OFFSET : 0) + (uint64_t)off;
}

static bool absent(const struct vfu *v, enum machine_window w, uint32_t off, unsigned bytes)
{
	return offset_of(w, off) + bytes > vfuc_region_bytes(v->c, region_of(w));
}

static int reg_read(void *ctx, enum machine_window w, unsigned bits, uint32_t off, uint32_t *value)
{
	struct vfu *v = ctx;
	uint8_t raw[4] = { 0xff, 0xff, 0xff, 0xff };
	int rc = 0;

	if (!absent(v, w, off, bits / 8))
		rc = vfuc_read(v->c, region_of(w), offset_of(w, off), raw, bits / 8);
	if (rc)
		memset(raw, 0xff, sizeof(raw));
	*value = raw[0];
	if (bits >= 16)
		*value |= (uint32_t)raw[1] << 8;
	if (bits == 32)
		*value |= (uint32_t)raw[2] << 16 | (uint32_t)raw[3] << 24;
	return outcome(rc);
}

/* As QEMU does it: memory writes are posted where the server lets them be, port writes are
 * answered.
 */
static int write_raw(struct vfu *v, enum machine_window w, uint32_t off, const uint8_t *raw,
		     unsigned bytes)
{
	if (w == MACHINE_PORTS)
		return outcome(vfuc_write(v->c, VFUC_BAR0, off, raw, bytes));
	if (!vfuc_may_post(v->c))
		return outcome(vfuc_write(v->c, VFUC_BAR1, offset_of(w, off), raw, bytes));
	v->posted = true;
	return outcome(vfuc_write_posted(v->c, VFUC_BAR1, offset_of(w, off), raw, bytes));
}

static int reg_write(void *ctx, enum machine_window w, unsigned bits, uint32_t off, uint32_t value)
{
	struct vfu *v = ctx;
	uint8_t raw[4] = { (uint8_t)value, (uint8_t)(value >> 8), (uint8_t)(value >> 16),
			   (uint8_t)(value >> 24) };

	if (absent(v, w, off, bits / 8))
		return 0;
	return write_raw(v, w, off, raw, bits / 8);
}

static int reg_write_bytes(void *ctx, enum machine_window w, uint32_t off, const uint8_t *src,
			   size_t len)
{
	struct vfu *v = ctx;
	int rc = 0;

	if (absent(v, w, off, 1))
		return 0;
	if (w == MACHINE_PORTS)
		return outcome(vfuc_write_bytes(v->c, VFUC_BAR0, off, src, len));
	for (size_t i = 0; i < len && !rc; i++)
		rc = write_raw(v, w, off, src + i, 1);
	return rc;
}

static int reg_read_bytes(void *ctx, enum machine_window w, uint32_t off, uint8_t *dst, size_t len)
{
	struct vfu *v = ctx;

	memset(dst, 0xff, len);
	if (absent(v, w, off, 1))
		return 0;
	return outcome(vfuc_read_bytes(v->c, region_of(w), offset_of(w, off), dst, len));
}

static int cfg_read(void *ctx, unsigned bits, uint32_t off, uint32_t *value)
{
	struct vfu *v = ctx;
	int rc = vfuc_cfg_read(v->c, bits, off, value);

	if (rc)
		*value = 0xffffffffu >> (32 - bits);
	return outcome(rc);
}

static int cfg_write(void *ctx, unsigned bits, uint32_t off, uint32_t value)
{
	struct vfu *v = ctx;

	return outcome(vfuc_cfg_write(v->c, bits, off, value));
}

/* Sizes are the server's regions, as QEMU takes them; the kind stands in the register. */
static int bar_info(void *ctx, unsigned bar, uint64_t *size, enum machine_bar_kind *kind)
{
	struct vfu *v = ctx;
	uint32_t value = 0;
	int rc;

	*size = bar < 6 ? vfuc_region_bytes(v->c, bar) : 0;
	*kind = BAR_NONE;
	if (!*size)
		return 0;
	rc = vfuc_cfg_read(v->c, 32, PCI_BAR0 + 4 * bar, &value);
	if (value & 1)
		*kind = BAR_IO;
	else
		*kind = (value & 6) == 4 ? BAR_MEM64 : BAR_MEM32;
	return outcome(rc);
}

static int mem_alloc(void *ctx, uint64_t bytes, uint64_t align, bool high, uint64_t *pa)
{
	struct vfu *v = ctx;
	uint64_t base = high ? VFUC_HIGH_BASE : VFUC_LOW_BASE;
	uint64_t all = high ? VFUC_HIGH_BYTES : VFUC_LOW_BYTES;
	uint64_t *used = high ? &v->high : &v->low;
	uint64_t at = (base + *used + align - 1) & ~(align - 1);
	void *p;

	if (at - base > all || bytes > all - (at - base))
		return MACHINE_ERROR;
	p = vfuc_memory(v->c, at, bytes);
	if (!p)
		return MACHINE_ERROR;
	memset(p, 0, (size_t)bytes);
	*used = at - base + bytes;
	*pa = at;
	return 0;
}

static int mem_read(void *ctx, uint64_t pa, void *dst, size_t len)
{
	struct vfu *v = ctx;
	const void *p = vfuc_memory(v->c, pa, len);

	if (!p)
		return len ? MACHINE_ERROR : 0;
	memcpy(dst, p, len);
	return 0;
}

static int mem_write(void *ctx, uint64_t pa, const void *src, size_t len)
{
	struct vfu *v = ctx;
	void *p = vfuc_memory(v->c, pa, len);

	if (!p)
		return len ? MACHINE_ERROR : 0;
	memcpy(p, src, len);
	return 0;
}

static void mem_release_all(void *ctx)
{
	struct vfu *v = ctx;

	v->low = v->kept;
	v->high = 0;
}

static int irq_mode(void *ctx, enum vct_irq_mode mode)
{
	static const enum vfuc_irq kinds[] = { [VCT_IRQ_OFF] = VFUC_IRQ_NONE,
					       [VCT_IRQ_EXCLUSIVE] = VFUC_IRQ_MSIX,
					       [VCT_IRQ_SHARED] = VFUC_IRQ_MSIX,
					       [VCT_IRQ_MSI] = VFUC_IRQ_MSI,
					       [VCT_IRQ_INTX] = VFUC_IRQ_INTX };
	struct vfu *v = ctx;
	unsigned n = vfuc_vectors(v->c, kinds[mode]);

	if (mode != VCT_IRQ_OFF && !n)
		return MACHINE_UNSUPPORTED;
	if (mode != VCT_IRQ_EXCLUSIVE)
		n = 1;
	return outcome(vfuc_irq_mode(v->c, kinds[mode], n));
}

static int irq_mask(void *ctx, unsigned vector, bool masked)
{
	struct vfu *v = ctx;
	int rc = vfuc_irq_mask(v->c, vector, masked);

	return rc == VFUC_MISUSE ? MACHINE_UNSUPPORTED : outcome(rc);
}

static int irq_take(void *ctx, unsigned vector, uint32_t *count)
{
	struct vfu *v = ctx;
	int rc = vfuc_irq_take(v->c, vector, count);

	if (rc)
		*count = 0;
	return rc == VFUC_MISUSE ? 0 : outcome(rc);
}

static int irq_line(void *ctx, bool *asserted)
{
	struct vfu *v = ctx;
	int rc = vfuc_irq_line(v->c, asserted);

	return rc == VFUC_MISUSE ? MACHINE_UNSUPPORTED : outcome(rc);
}

static int bus_master(void *ctx, bool on)
{
	return cfg_write(ctx, 16, PCI_COMMAND,
			 on ? PCI_COMMAND_ALL : PCI_COMMAND_ALL & ~PCI_COMMAND_MASTER);
}

static int plat_reset(void *ctx)
{
	struct vfu *v = ctx;
	int rc = vfuc_machine_reset(v->c);

	return rc ? outcome(rc) : bus_master(ctx, true);
}

static int peer(void *ctx, const struct peer_request *rq, struct peer_reply *rp)
{
	struct vfu *v = ctx;

	return mailbox_call(&v->mailbox, rq, rp);
}

static int settle(void *ctx, uint64_t us)
{
	struct timespec ts = { (time_t)(us / 1000000), (long)(us % 1000000) * 1000 };
	struct vfu *v = ctx;
	uint32_t junk;

	/* Any answered access stands behind all writes before it. */
	if (v->posted && outcome(vfuc_cfg_read(v->c, 16, PCI_COMMAND, &junk)))
		return MACHINE_ERROR;
	v->posted = false;
	if (us)
		nanosleep(&ts, NULL);
	return vfuc_dead(v->c) ? MACHINE_ERROR : 0;
}

static uint64_t now_us(void *ctx)
{
	struct timespec ts;

	(void)ctx;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

static const struct machine functions = {
	.page_shift = 12,
	.reg_read = reg_read,
	.reg_write = reg_write,
	.reg_write_bytes = reg_write_bytes,
	.reg_read_bytes = reg_read_bytes,
	.cfg_read = cfg_read,
	.cfg_write = cfg_write,
	.bar_info = bar_info,
	.mem_alloc = mem_alloc,
	.mem_read = mem_read,
	.mem_write = mem_write,
	.mem_release_all = mem_release_all,
	.irq_mode = irq_mode,
	.irq_mask = irq_mask,
	.irq_take = irq_take,
	.irq_line = irq_line,
	.bus_master = bus_master,
	.plat_reset = plat_reset,
	.peer = peer,
	.settle = settle,
	.now_us = now_us,
};

/* "name version" of the implementation, as its peer says. */
static void ask_name(struct target *t)
{
	struct peer_request rq = { .op = PEER_INFO };
	uint8_t blob[96];
	struct peer_reply rp = { .blob = blob, .blob_max = sizeof(blob) - 1 };
	char *space;

	if (peer(t->priv, &rq, &rp) || rp.rc < 0 || !rp.blob_len)
		return;
	blob[rp.blob_len] = 0;
	space = strrchr((char *)blob, ' ');
	if (space) {
		*space++ = 0;
		snprintf(t->version, sizeof(t->version), "%.31s", space);
	}
	snprintf(t->implementation, sizeof(t->implementation), "%.63s", (char *)blob);
}

static int connect_to(struct target *t, char *error, size_t size)
{
	struct vfu *v = t->priv;
	struct machine *m = &t->machine;
	uint64_t buffer = 0;

	v->c = vfuc_open(v->path, ANSWER_MS, error, size);
	if (!v->c)
		return -1;
	v->low = 0;
	v->kept = 0;
	v->high = 0;
	v->posted = false;
	*m = functions;
	m->ctx = v;
	m->abilities = VCT_CAN_IRQ | VCT_CAN_IRQ_COUNT | VCT_CAN_LINE | VCT_CAN_IRQ_MASK |
		       VCT_CAN_CFGSPACE | VCT_CAN_BUSMASTER | VCT_CAN_PLATRESET | VCT_CAN_MEM_HIGH |
		       VCT_CAN_MSI_MODE;
	if (bus_master(v, true) || mailbox_open(&v->mailbox, m)) {
		snprintf(error, size, "%s: %s", v->path, vfuc_error(v->c));
		vfuc_close(v->c);
		v->c = NULL;
		return -1;
	}
	if (v->mailbox.at) {
		m->abilities |= VCT_CAN_PEER | VCT_CAN_CONFIG;
		if (mem_alloc(v, PEER_MESSAGE_MAX, 4096, false, &buffer) == 0 &&
		    mailbox_use_memory(&v->mailbox, buffer) == 0)
			v->kept = v->low;
		ask_name(t);
	}
	return 0;
}

static int reopen(struct target *t)
{
	struct vfu *v = t->priv;
	char error[128];

	if (v->c)
		vfuc_close(v->c);
	v->c = NULL;
	return connect_to(t, error, sizeof(error));
}

static void close_vfu(struct target *t)
{
	struct vfu *v = t->priv;

	if (v->c)
		vfuc_close(v->c);
	free(v->path);
	free(v);
}

int target_vfu_open(struct target *t, const char *path, char *error, size_t size)
{
	struct vfu *v = calloc(1, sizeof(*v));

	t->priv = v;
	if (v)
		v->path = strdup(path);
	if (!v || !v->path) {
		free(v);
		snprintf(error, size, "out of memory");
		return -1;
	}
	snprintf(t->name, sizeof(t->name), "vfio-user");
	snprintf(t->implementation, sizeof(t->implementation), "unknown");
	snprintf(t->version, sizeof(t->version), "?");
	t->reopen = reopen;
	t->close = close_vfu;
	if (connect_to(t, error, size) == 0)
		return 0;
	free(v->path);
	free(v);
	return -1;
}
