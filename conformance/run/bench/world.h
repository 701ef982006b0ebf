/* SPDX-License-Identifier: BSD-2-Clause */
/* world.h - the core's guest on the core's device, in one process and one thread. */
#ifndef CONFORM_BENCH_WORLD_H
#define CONFORM_BENCH_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <vmci/device.h>
#include <vmci/guest.h>
#include "../guest_ram.h"

#define WORLD_RAM   (16u << 20) /* bytes, one piece from address 0 */
#define WORLD_PAGE  4096u
#define WORLD_PAGES (WORLD_RAM / WORLD_PAGE)

struct world {
	struct guest_ram ram;
	bool used[WORLD_PAGES];
	struct vmci_hub_port hub_port;
	struct vmci_device_port device_port;
	struct vmci_guest_port guest_port;
	struct vmci_hub *hub;
	struct vmci_device *device;
	struct vmci_guest *g; /* NULL until world_probe */
	uint64_t clock;
	uint64_t got; /* of the user */
};

/* NULL: it cannot be made. */
struct world *world_open(void);
/* Find the device: datagrams by DMA, or through the ports. Returns 0 or an error of error.h. */
int world_probe(struct world *w, bool dma);
/* Hub and guest do what waits. */
void world_pump(struct world *w);
void world_close(struct world *w);

#endif
