/* SPDX-License-Identifier: BSD-2-Clause */
/* target.h - what vectors can be run against, by name.
 *
 *   core               the core in this process: its device, and its guest for the guest role
 *   core:WORDS         the same device otherwise made, see target_core.h
 *   vfio-user:SOCKET   a device served there, by whomever
 *   guest:SOCKET       a guest on a machine that attaches there (target_serve.h); guest8k:SOCKET
 *   null:KIND          no device at all: zeros, ones, silent or echo (see target_null.h)
 */
#ifndef CONFORM_TARGET_H
#define CONFORM_TARGET_H

#include <vmci/trace.h>
#include "machine.h"

struct target {
	struct machine machine;
	char name[32];		 /* for results: "core", "vfio-user", ... */
	char implementation[64]; /* who made it, as far as it says */
	char version[32];
	/* After a crash: a new connection or device. NULL: cannot. Returns 0 or -1. */
	int (*reopen)(struct target *t);
	void (*close)(struct target *t);
	void *priv;
	/* Takes what happens at the device, where the target can tell: core in this process. NULL:
	 * nobody wants to know. */
	void (*trace)(void *ctx, const struct vmci_trace *ev);
	void *trace_ctx;
};

/* Which roles a target name can be asked for; 0: not the name of a target. Bits of enum vct_role.
 */
unsigned target_roles(const char *spec);

/* Open it for one role. seed varies what the target leaves open. Returns 0, or -1 and one line in
 * error. */
int target_open(struct target *t, const char *spec, unsigned role, uint32_t seed, char *error,
		size_t size);
void target_close(struct target *t);

#endif
