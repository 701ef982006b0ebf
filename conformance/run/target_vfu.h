/* SPDX-License-Identifier: BSD-2-Clause */
/* target_vfu.h - a device served over vfio-user, with guest memory of our own: no QEMU, no guest.
 */
#ifndef CONFORM_TARGET_VFU_H
#define CONFORM_TARGET_VFU_H

#include "target.h"

/* Connect to the server at path. Host actors and configuration are there when the device has the
 * mailbox of the conformance peer. Returns 0, or -1 and one line in error. */
int target_vfu_open(struct target *t, const char *path, char *error, size_t size);

#endif
