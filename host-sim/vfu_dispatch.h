/* SPDX-License-Identifier: BSD-2-Clause */
/* vfu_dispatch.h - what each vfio-user message asks for. Used by vfu.c alone. */
#ifndef HOST_SIM_VFU_DISPATCH_H
#define HOST_SIM_VFU_DISPATCH_H

#include "vfu.h"
#include "vfu_link.h"

struct vfu {
	struct vfu_device dev;
	struct vfu_options options;
	struct guestmem *mem;
	struct irqs irqs;
	struct vfu_link link;
	bool greeted; /* VERSION was agreed */
	bool woken;   /* wake_fd was readable */
	int listener;
	uint64_t accepted_ms;
	uint64_t active_us; /* of the last message; 0: long ago */
	unsigned misses;    /* busy waits in vain since the last that was not */
};

/* Carry out one message and answer it. NULL, or why the connection cannot go on (static). */
const char *vfu_dispatch(struct vfu *v, struct vfu_message *m);

void vfu_note(struct vfu *v, enum vfu_note what, uint64_t a, uint64_t b, const char *text);

#endif
