/* SPDX-License-Identifier: BSD-2-Clause */
/* device_world.h - a hub and a device with a small machine around them, for tests and fuzz targets:
 * memory that can be refused and is counted, guest RAM, counted interrupts, a guest's hand.
 */
#ifndef TEST_DEVICE_WORLD_H
#define TEST_DEVICE_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <vmci/device.h>

#define WORLD_RAM   0x80000u /* bytes from guest-physical address 0 */
#define WORLD_CAPS  0x3cu    /* everything a device can offer */
#define WORLD_CID   0x40u
#define WORLD_PAGES (WORLD_RAM / 4096u)

struct world {
	struct vmci_hub_port hub_port;
	struct vmci_device_port device_port;
	struct vmci_hub *hub;
	struct vmci_device *dev;
	struct vmci_context *host;
	uint8_t *ram;

	uint64_t allocs;  /* so far */
	uint64_t fail_at; /* the allocation that fails, counted from 1; 0: none */
	bool fail_on;	  /* and all after it */
	uint64_t failed;
	uint64_t alive, alive_bytes, peak_bytes;
	uint64_t pins; /* pages pinned */

	uint32_t messages[8];
	bool line;
	uint64_t refusals;
};

/* Make memory and ports, then hub and device with this configuration. world_open_with gives the
 * result of creation; world_open aborts on one. */
int world_open_with(struct world *w, const struct vmci_device_config *config, uint64_t fail_at);
void world_open(struct world *w);
/* Destroys what is there; aborts when memory or pins are left. */
void world_close(struct world *w);

uint32_t world_in(struct world *w, uint32_t reg);
void world_out(struct world *w, uint32_t reg, uint32_t value);
/* A whole datagram through the port. Returns RESULT_LOW. */
int32_t world_send(struct world *w, struct vmci_handle dst, struct vmci_handle src,
		   const void *payload, size_t len);
int32_t world_call(struct world *w, uint32_t rid, const void *payload, size_t len);
/* Link a doorbell, register page `ppn` as bitmap. Results of the hypercalls. */
int32_t world_link(struct world *w, uint32_t resource, uint64_t index);
int32_t world_bitmap(struct world *w, uint64_t ppn);
/* A queue pair of the guest, handle {WORLD_CID, resource}, from consecutive pages. */
int32_t world_alloc(struct world *w, uint32_t resource, uint64_t produce, uint64_t consume,
		    uint64_t first_ppn);
int32_t world_detach(struct world *w, uint32_t resource);

/* A generator with a seed, for properties. */
uint32_t world_random(uint64_t *state);

#endif
