/* SPDX-License-Identifier: BSD-2-Clause */
/* world.h - a guest made of events, in front of a monitor, for tests. */
#ifndef MONITOR_TEST_WORLD_H
#define MONITOR_TEST_WORLD_H

#include <monitor.h>
#include <vmci/defs.h>

#define CID	 0x20u
#define RAM	 0x100000u /* where guest memory begins */
#define RAM_SIZE 0x40000u
#define PATIENCE 1000000u
#define ANY	 0xffffffffu

struct world {
	struct monitor *monitor;
	uint8_t ram[RAM_SIZE];
	uint64_t now_us;
	unsigned found; /* calls of found() */
	uint32_t cid;
};

/* A monitor before which nothing happened. */
void world_open(struct world *w);
void world_close(struct world *w);

/* What a guest does, and what the device does to it. */
void in32(struct world *w, uint32_t offset, uint32_t value);
void out(struct world *w, uint32_t offset, unsigned bits, uint32_t value);
void bytes(struct world *w, uint32_t offset, unsigned bits, size_t len, bool unfinished);
void send_dg(struct world *w, struct vmci_handle dst, struct vmci_handle src,
	     const uint8_t *payload, size_t len, int32_t result);
/* A hypercall from the anonymous handle; words of 32 bits. */
void call(struct world *w, uint32_t rid, int32_t result, unsigned nwords, const uint32_t *words);
#define CALL(w, rid, result, ...)                                                                  \
	call(w, rid, result, sizeof((uint32_t[]){ __VA_ARGS__ }) / 4, (uint32_t[]){ __VA_ARGS__ })
void deliver(struct world *w, struct vmci_handle dst, struct vmci_handle src, unsigned nwords,
	     const uint32_t *words);
#define EVENT(w, ...)                                                                              \
	deliver(w, vmci_handle((w)->cid, VMCI_EVENT_HANDLER), vmci_handle(0, 0),                   \
		sizeof((uint32_t[]){ __VA_ARGS__ }) / 4, (uint32_t[]){ __VA_ARGS__ })
void message(struct world *w, unsigned vector);
void rung(struct world *w, uint32_t index);
void irq_mode(struct world *w, unsigned mode, unsigned messages);
void refuse(struct world *w, const char *reason, const char *clause, int32_t result);
void pair_event(struct world *w, uint32_t cid, uint32_t resource, uint32_t state, const char *what);
void platform_reset(struct world *w);
/* The guest is busy for longer than the patience. */
void wait_busy(struct world *w);

/* A driver that starts on the ports, or with DMA, and does everything right. */
void start_ports(struct world *w);
void start_dma(struct world *w);
/* It asks for a pair CID:resource of a page each way at RAM + offset, and gets it. */
void alloc_pair(struct world *w, uint32_t resource, uint32_t offset);
void detach_pair(struct world *w, uint32_t resource);
void link_bell(struct world *w, uint32_t resource, uint32_t index, int32_t result);
void unlink_bell(struct world *w, uint32_t resource);

#endif
