/* SPDX-License-Identifier: BSD-2-Clause */
/* vfu_client_irq.c - interrupts of the vfio-user client. */
#include "vfu_client_state.h"
#include "../../host-sim/vfu_proto.h"
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define CAP_MSI	    0x05
#define CAP_MSIX    0x11
#define MSI_ENABLE  0x0001u
#define MSIX_ENABLE 0x8000u
#define PIN	    0x3du

static const unsigned index_of[] = { [VFUC_IRQ_NONE] = VFU_INTX,
				     [VFUC_IRQ_INTX] = VFU_INTX,
				     [VFUC_IRQ_MSI] = VFU_MSI,
				     [VFUC_IRQ_MSIX] = VFU_MSIX };

static int ask_count(struct vfuc *c, unsigned index, unsigned *count)
{
	struct vfu_irq_info info = { .argsz = sizeof(info), .index = index };
	int rc = vfuc_exact(c, VFU_DEVICE_GET_IRQ_INFO, &info, sizeof(info), &info, sizeof(info));

	*count = rc == 0 ? info.count : 0;
	return rc == VFUC_REFUSED ? 0 : rc;
}

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

static int count_vectors(struct vfuc *c)
{
	unsigned intx = 0, msi = 0, msix = 0;
	uint32_t pin = 0, control = 0;
	int rc = ask_count(c, VFU_INTX, &intx);

	if (rc == 0)
		rc = ask_count(c, VFU_MSI, &msi);
	if (rc == 0)
		rc = ask_count(c, VFU_MSIX, &msix);
	if (rc == 0)
		rc = vfuc_cfg_read(c, 8, PIN, &pin);
	if (rc == 0)
		rc = vfuc_find_capability(c, CAP_MSI, &c->msi_cap);
	if (rc == 0)
		rc = vfuc_find_capability(c, CAP_MSIX, &c->msix_cap);
	if (rc == 0 && c->msix_cap)
		rc = vfuc_cfg_read(c, 16, c->msix_cap + 2, &control);
	c->vectors[VFUC_IRQ_INTX] = pin ? least(intx, 1) : 0;
	c->vectors[VFUC_IRQ_MSI] = c->msi_cap ? least(msi, 1) : 0;
	c->vectors[VFUC_IRQ_MSIX] =
		c->msix_cap ? least(least(msix, (control & 0x7ffu) + 1), VFUC_VECTORS) : 0;
	return rc;
}

int vfuc_irq_start(struct vfuc *c)
{
	int rc = count_vectors(c);

	if (rc == 0 && c->vectors[VFUC_IRQ_INTX])
		rc = vfuc_irq_mode(c, VFUC_IRQ_INTX, 1);
	/* A device that refuses is still one to test: it will send no interrupt. */
	return rc == VFUC_REFUSED ? 0 : rc;
}

unsigned vfuc_vectors(const struct vfuc *c, enum vfuc_irq kind)
{
	return kind <= VFUC_IRQ_MSIX ? c->vectors[kind] : 0;
}

static int set_irqs(struct vfuc *c, uint32_t flags, unsigned index, unsigned first, unsigned count,
		    const int *fds, unsigned nfds)
{
	struct vfu_irq_set set = {
		.argsz = sizeof(set), .flags = flags, .index = index, .start = first, .count = count
	};
	uint8_t answer[sizeof(set)];
	size_t len = 0;

	return vfu_call(&c->call, VFU_DEVICE_SET_IRQS, &set, sizeof(set), NULL, 0, fds, nfds,
			answer, sizeof(answer), &len);
}

static int enable_bit(struct vfuc *c, uint32_t cap, uint32_t bit, bool on)
{
	uint32_t control;
	int rc;

	if (!cap)
		return 0;
	rc = vfuc_cfg_read(c, 16, cap + 2, &control);
	if (rc == 0)
		rc = vfuc_cfg_write(c, 16, cap + 2, on ? control | bit : control & ~bit);
	return rc;
}

static int switch_off(struct vfuc *c)
{
	int rc = 0;

	if (c->mode == VFUC_IRQ_NONE)
		return 0;
	rc = set_irqs(c, VFU_SET_NONE | VFU_SET_TRIGGER, index_of[c->mode], 0, 0, NULL, 0);
	/* Its descriptors are closed below whatever it answers. */
	if (rc == VFUC_REFUSED)
		rc = 0;
	if (rc == 0 && c->mode == VFUC_IRQ_MSI)
		rc = enable_bit(c, c->msi_cap, MSI_ENABLE, false);
	if (rc == 0 && c->mode == VFUC_IRQ_MSIX)
		rc = enable_bit(c, c->msix_cap, MSIX_ENABLE, false);
	if (rc)
		return rc;
	for (unsigned v = 0; v < VFUC_VECTORS; v++) {
		if (c->event[v] >= 0)
			close(c->event[v]);
		c->event[v] = -1;
		c->masked[v] = false;
		c->kept[v] = 0;
	}
	c->mode = VFUC_IRQ_NONE;
	c->enabled = 0;
	return 0;
}

int vfuc_irq_mode(struct vfuc *c, enum vfuc_irq kind, unsigned vectors)
{
	int rc;

	if (kind == VFUC_IRQ_INTX)
		vectors = 1;
	if (kind != VFUC_IRQ_NONE && (vectors == 0 || vectors > vfuc_vectors(c, kind)))
		return vfuc_misuse(c, "the device has not that many vectors");
	rc = switch_off(c);
	if (rc || kind == VFUC_IRQ_NONE)
		return rc;
	for (unsigned v = 0; v < vectors; v++) {
		c->event[v] = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		if (c->event[v] < 0)
			return vfu_call_die(&c->call, "cannot make an eventfd");
	}
	c->mode = kind;
	c->enabled = vectors;
	if (kind == VFUC_IRQ_MSI)
		rc = enable_bit(c, c->msi_cap, MSI_ENABLE, true);
	else if (kind == VFUC_IRQ_MSIX)
		rc = enable_bit(c, c->msix_cap, MSIX_ENABLE, true);
	for (unsigned v = 0; rc == 0 && v < vectors; v += c->max_fds) {
		unsigned n = least(vectors - v, c->max_fds);

		rc = set_irqs(c, VFU_SET_EVENTFD | VFU_SET_TRIGGER, index_of[kind], v, n,
			      c->event + v, n);
	}
	return rc;
}

static uint32_t drain(struct vfuc *c, unsigned v)
{
	uint64_t n = 0;

	if (read(c->event[v], &n, sizeof(n)) != sizeof(n))
		return 0;
	return n > UINT32_MAX ? UINT32_MAX : (uint32_t)n;
}

int vfuc_irq_take(struct vfuc *c, unsigned vector, uint32_t *count)
{
	*count = 0;
	if (c->call.fd < 0)
		return VFUC_DEAD;
	if (vector >= c->enabled)
		return 0;
	if (!c->masked[vector])
		c->kept[vector] += drain(c, vector);
	*count = c->kept[vector];
	c->kept[vector] = 0;
	return 0;
}

int vfuc_irq_wait(struct vfuc *c, unsigned vector, unsigned timeout_ms, uint32_t *count)
{
	struct pollfd p = { .fd = -1, .events = POLLIN };
	int rc = vfuc_irq_take(c, vector, count);

	if (rc || *count || vector >= c->enabled)
		return rc;
	p.fd = c->masked[vector] ? -1 : c->event[vector];
	poll(&p, 1, (int)timeout_ms);
	return vfuc_irq_take(c, vector, count);
}

int vfuc_irq_mask(struct vfuc *c, unsigned vector, bool masked)
{
	if (c->mode != VFUC_IRQ_MSIX || vector >= c->enabled)
		return vfuc_misuse(c, "only a vector of MSI-X in use has a mask");
	if (masked == c->masked[vector])
		return 0;
	if (masked)
		c->kept[vector] += drain(c, vector);
	else
		c->kept[vector] += drain(c, vector) ? 1 : 0;
	c->masked[vector] = masked;
	return 0;
}

int vfuc_irq_line(struct vfuc *c, bool *raised)
{
	int rc;

	*raised = false;
	if (c->call.fd < 0)
		return VFUC_DEAD;
	if (c->mode != VFUC_IRQ_INTX)
		return 0;
	drain(c, 0);
	rc = set_irqs(c, VFU_SET_NONE | VFU_SET_UNMASK, VFU_INTX, 0, 1, NULL, 0);
	*raised = rc == 0 && drain(c, 0) != 0;
	return rc;
}
