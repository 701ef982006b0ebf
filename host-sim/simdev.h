/* SPDX-License-Identifier: BSD-2-Clause */
/* simdev.h - the core's device role behind the vfio-user server.
 *
 * Joins four things: configuration space and BARs, the core's device and its hub, guest memory
 * and interrupts of the server, the conformance peer's mailbox. Holds no protocol code.
 */
#ifndef HOST_SIM_SIMDEV_H
#define HOST_SIM_SIMDEV_H

#include <vmci/device.h>
#include <tap.h>
#include <pci_function.h>
#include "peerbox.h"
#include "trace_text.h"
#include "vfu.h"

struct simdev_options {
	struct config_options pci;
	struct vmci_device_config device;
	/* Takes each event behind the text trace; may be NULL. */
	void (*watch)(void *ctx, const struct vmci_trace *ev);
	void *watch_ctx;
	/* The machine was reset or has gone: its software remembers nothing. May be NULL. */
	void (*was_reset)(void *ctx);
	void *reset_ctx;
};

struct simdev {
	struct simdev_options options;
	struct config config;
	uint8_t msix_table[16 * CONFIG_VECTORS_MAX];
	struct vmci_hub *hub;
	struct vmci_device *device;
	struct vfu *vfu;
	struct peerbox *peerbox; /* NULL: without peer */
	struct tap *tap; /* NULL, or stands between the guest and the device (tap.h); borrowed */
	struct trace_text trace;

	struct vmci_hub_port hub_port;
	struct vmci_device_port device_port;
	enum irqs_mode irq_mode; /* as told to the device */
	unsigned irq_vectors;
};

/* Make hub, device and server.
 *   options   copied
 *   vfu       of the server; listener as for vfu_new
 *   handler   of the mailbox, with handler_ctx; used when options->pci.peer
 *   trace     where lines go, NULL = nowhere
 * Returns 0 or a result of the core (error.h); nothing is left behind then, and listener is closed.
 */
int simdev_open(struct simdev *s, const struct simdev_options *options,
		const struct vfu_options *vfu, int listener, peerbox_handler *handler,
		void *handler_ctx, FILE *trace);
void simdev_close(struct simdev *s);

/* Replace the device's configuration and reset it. As vmci_device_configure. */
int simdev_configure(struct simdev *s, const struct vmci_device_config *config);

#endif
