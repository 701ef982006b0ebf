/* SPDX-License-Identifier: BSD-2-Clause */
/* vguest.h - a guest with sockets and without a machine: the core's driver and socket stack on a
 * vfio-user client with memory of its own. */
#ifndef HOST_SIM_TEST_VGUEST_H
#define HOST_SIM_TEST_VGUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <vmci/guest.h>
#include <vmci/socket.h>

#define VGUEST_PAGES (UINT64_C(0x4000000) / 4096) /* of device-visible memory */

struct vfuc;

struct vguest {
	struct vfuc *c;
	struct vmci_guest_port port;
	struct vmci_guest *g;
	struct vmci_transport *transport;
	struct vmci_socket_port socket_port;
	struct vmci_sockets *sockets;
	size_t hint;
	uint8_t used[VGUEST_PAGES];
};

/* Connect to a served device and take it into use. NULL: a line went to the error output. */
struct vguest *vguest_open(const char *path);
void vguest_close(struct vguest *v);

/* Handle what the device signals and what is due, after waiting up to timeout_ms for it. Returns
 * false when the device is gone; that is noticed only in turns of VGUEST_IDLE_MS and more. */
#define VGUEST_IDLE_MS 200u
bool vguest_turn(struct vguest *v, unsigned timeout_ms);

#endif
