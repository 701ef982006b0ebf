/* SPDX-License-Identifier: BSD-2-Clause */
/* guestfault.h - a shared file that shrinks must not kill the process.
 *
 * Guest memory is a file of somebody else. When it is cut short while mapped, the next
 * access raises SIGBUS. The handler installed here puts private zero pages in place of the whole
 * mapping, notes that it did, and lets the access finish; whoever owns the mapping finds the
 * note and drops it. A SIGBUS anywhere else ends the process as before.
 *
 * The list of guarded ranges belongs to the process because a signal handler does. One thread
 * adds, removes and touches guarded memory.
 */
#ifndef HOST_SIM_GUESTFAULT_H
#define HOST_SIM_GUESTFAULT_H

#include <signal.h>
#include <stddef.h>
#include <stdint.h>

struct guestfault {
	uint8_t *base; /* of the mapping, page aligned */
	size_t len;    /* bytes, whole pages */
	volatile sig_atomic_t gone;
	struct guestfault *next;
};

/* Install the handler. Returns 0 or -1 with errno set; calling it again does no harm. */
int guestfault_install(void);

/* Guard [base, base + len); g->gone becomes 1 after a fault. g must stay put until
 * guestfault_remove, which comes before the munmap. */
void guestfault_add(struct guestfault *g, void *base, size_t len);
void guestfault_remove(struct guestfault *g);

#endif
