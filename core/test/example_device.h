/* SPDX-License-Identifier: BSD-2-Clause */
/* example_device.h - the smallest hypervisor: RAM, one hub, one device. docs/porting.md walks
 * through it; example_guest.c is the driver that runs on it.
 */
#ifndef EXAMPLE_DEVICE_H
#define EXAMPLE_DEVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <vmci/device.h>

#define EXAMPLE_RAM (4u << 20) /* bytes, from guest-physical address 0 */
#define EXAMPLE_CID 0x20u

struct example {
	uint8_t *ram;
	struct vmci_hub *hub;
	struct vmci_device *device;
	struct vmci_context *host;
	struct vmci_hub_port hub_port;
	struct vmci_device_port device_port;
	uint32_t messages; /* bit n: message n was sent and not served yet */
	unsigned blocks;   /* allocations alive */
	unsigned pins;	   /* guest pages in use by the device */
};

/* Make everything, the device as a firmware would leave it: decoding on, bus mastering on, three
 * MSI-X vectors usable. Returns 0 or the core's error; nothing is left behind then. */
int example_open(struct example *e);
/* Take everything down; blocks and pins are 0 afterwards. */
void example_close(struct example *e);

#endif
