/* SPDX-License-Identifier: BSD-2-Clause */
/* vfu_client_state.h - what the parts of the vfio-user client share: connection
 * (vfu_client.c), regions, memory and interrupts. */
#ifndef CONFORMANCE_VFU_CLIENT_STATE_H
#define CONFORMANCE_VFU_CLIENT_STATE_H

#include "vfu_call.h"
#include "vfu_client.h"

#define VFUC_ACCESS_MAX 4096u

struct vfuc {
	struct vfu_call call;
	unsigned max_fds; /* of one message, as the server said */
	unsigned irqs;	  /* kinds of interrupts the server has */
	uint64_t region_bytes[VFUC_REGIONS];
	bool no_posting; /* the server may be mapped into a guest, or says so */
	int memfd;
	uint8_t *memory;

	unsigned vectors[VFUC_IRQ_MSIX + 1]; /* by enum vfuc_irq */
	uint32_t msi_cap, msix_cap;	     /* offsets in configuration space, 0 = absent */
	enum vfuc_irq mode;
	unsigned enabled;
	int event[VFUC_VECTORS];
	bool masked[VFUC_VECTORS];
	uint32_t kept[VFUC_VECTORS]; /* counted but not yet taken */
};

/* Keep why an argument is wrong. Always returns VFUC_MISUSE. */
int vfuc_misuse(struct vfuc *c, const char *why);
/* vfu_call() whose answer has exactly `size` bytes; of any other size it is nonsense. */
int vfuc_exact(struct vfuc *c, unsigned command, const void *ask, size_t ask_len, void *answer,
	       size_t size);

/* Make guest memory. Returns 0 or -1; after either, and only then, vfuc_memory_free() takes away
 * what there is. */
int vfuc_memory_make(struct vfuc *c);
void vfuc_memory_free(struct vfuc *c);
/* Tell the server of all of it. Returns like every call of vfu_client.h. */
int vfuc_memory_map(struct vfuc *c);
/* A vfu_call_memory; ctx is the client. */
bool vfuc_memory_copy(void *ctx, uint64_t gpa, void *buf, uint32_t len, bool write);

/* Find out what interrupts there are and set up INTx. */
int vfuc_irq_start(struct vfuc *c);

#endif
