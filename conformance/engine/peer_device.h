/* SPDX-License-Identifier: BSD-2-Clause */
/* peer_device.h - what vectors make the conformance peer do to the device under test. */
#ifndef CONFORMANCE_PEER_DEVICE_H
#define CONFORMANCE_PEER_DEVICE_H

#include <stdbool.h>
#include "peer.h"

struct peer_actor;

/* PEER_CONFIGURE: the start-up configuration, changed by the values that mask a[0] names, a[1] the
 * first. Returns 0, a VMCI error or PEER_RC_UNSUPPORTED; then the device is as before. */
int64_t peer_device_configure(struct peer_actor *p, const uint64_t *a);
/* PEER_HOST_QUIESCE and PEER_HOST_UNQUIESCE: pause the device, or let it go on. Returns 0. */
int64_t peer_device_quiesce(struct peer_actor *p, bool on);
/* Let a paused device go on, and give it back the context id of the configuration in force. Returns
 * 0 or a VMCI error of the configuration. */
int64_t peer_device_restore(struct peer_actor *p);

#endif
