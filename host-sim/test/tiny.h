/* SPDX-License-Identifier: BSD-2-Clause */
/* tiny.h - a device without protocol, for tests of the vfio-user server: 64 bytes of storage in
 * BAR0, 8 KiB in BAR1 and real configuration space. */
#ifndef HOST_SIM_TEST_TINY_H
#define HOST_SIM_TEST_TINY_H

#include <string.h>
#include <vmci/defs.h>
#include <pci_function.h>
#include "../vfu.h"

struct tiny {
	uint8_t bar0[64], bar1[8192];
	struct config config;
	unsigned resets, disconnects, irq_changes, memory_changes, refusals, closes;
	char why[80]; /* of the last close */
};

static inline uint8_t *tiny_region(struct tiny *t, unsigned region)
{
	return region == VFU_BAR0 ? t->bar0 : region == VFU_BAR1 ? t->bar1 : NULL;
}

static inline void tiny_read(void *ctx, unsigned region, uint64_t off, uint8_t *dst, uint32_t len)
{
	struct tiny *t = ctx;

	if (region == VFU_CONFIG)
		config_read(&t->config, (uint32_t)off, dst, len);
	else
		memcpy(dst, tiny_region(t, region) + off, len);
}

static inline void tiny_write(void *ctx, unsigned region, uint64_t off, const uint8_t *src,
			      uint32_t len)
{
	struct tiny *t = ctx;

	if (region == VFU_CONFIG)
		config_write(&t->config, (uint32_t)off, src, len);
	else
		memcpy(tiny_region(t, region) + off, src, len);
}

static inline void tiny_reset(void *ctx, enum vfu_why why)
{
	struct tiny *t = ctx;

	t->resets += why == VFU_ASKED;
	t->disconnects += why == VFU_DISCONNECT;
	memset(t->bar0, 0, sizeof(t->bar0));
	config_reset(&t->config);
}

static inline void tiny_irqs_changed(void *ctx)
{
	((struct tiny *)ctx)->irq_changes++;
}

static inline void tiny_memory_changed(void *ctx, bool added, uint64_t gpa, uint64_t size)
{
	(void)added, (void)gpa, (void)size;
	((struct tiny *)ctx)->memory_changes++;
}

static inline void tiny_note(void *ctx, enum vfu_note what, uint64_t a, uint64_t b,
			     const char *text)
{
	struct tiny *t = ctx;

	(void)a, (void)b;
	t->refusals += what == VFU_NOTE_REFUSED;
	t->closes += what == VFU_NOTE_CLOSE;
	if (what == VFU_NOTE_CLOSE)
		strncpy(t->why, text, sizeof(t->why) - 1);
}

static inline struct vfu_device tiny_device(struct tiny *t, unsigned vectors)
{
	struct config_options options = { .bar1_bytes = sizeof(t->bar1),
					  .irq = CONFIG_IRQ_MSIX,
					  .vectors = vectors,
					  .peer = true };
	struct vfu_device d = { .ctx = t,
				.region_bytes = { [VFU_BAR0] = sizeof(t->bar0),
						  [VFU_BAR1] = sizeof(t->bar1),
						  [VFU_CONFIG] = CONFIG_BYTES },
				.vectors = { 1, 1, vectors },
				.read = tiny_read,
				.write = tiny_write,
				.reset = tiny_reset,
				.irqs_changed = tiny_irqs_changed,
				.memory_changed = tiny_memory_changed,
				.note = tiny_note };

	memset(t, 0, sizeof(*t));
	config_init(&t->config, &options);
	return d;
}

#endif
