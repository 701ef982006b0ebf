/* SPDX-License-Identifier: BSD-2-Clause */
/* socket_world.h - a guest and a host in one process, on virtual time: the guest role drives the
 * core's own device, and each of the contexts has sockets, or a bare hand that sends packets and
 * keeps what comes.
 */
#ifndef TEST_SOCKET_WORLD_H
#define TEST_SOCKET_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <vmci/device.h>
#include <vmci/guest.h>
#include <vmci/socket.h>

#define SOCKET_RAM   (32u << 20) /* bytes from guest-physical address 0 */
#define SOCKET_CID   0x40u
#define SOCKET_INBOX 64u

enum which {
	GUEST,
	HOST,
	HYPERVISOR,
	ENDS
};

/* A control packet that came to a bare hand. */
struct seen {
	uint8_t type;
	uint16_t proto;
	uint32_t src_cid, src_resource, src_port, dst_port;
	uint64_t value, offset;
	size_t len;
	bool is_clean; /* version 1, reserved 0 */
};

struct end {
	struct socket_world *w;
	uint32_t cid;
	struct vmci_transport *t;
	struct vmci_socket_port port;
	struct vmci_sockets *s; /* NULL: a bare hand */
	struct seen inbox[SOCKET_INBOX];
	uint32_t head, tail; /* of inbox, ever increasing */
	uint64_t wakes;
	int last_woken;
};

struct socket_world_options {
	bool mmio;	     /* datagrams by DMA */
	bool bare[ENDS];     /* no sockets there */
	uint32_t restricted; /* VMCI_PRIVILEGE_FLAG_RESTRICTED or 0, of the guest */
	struct vmci_socket_limits limits;
	uint64_t fail_at; /* the allocation that fails, counted from 1 over all parties; 0: none */
	void (*lock)(void *ctx), (*unlock)(void *ctx);
	void (*ready)(void *ctx, int fd);
};

struct socket_world {
	struct socket_world_options options;
	struct vmci_hub_port hub_port;
	struct vmci_device_port device_port;
	struct vmci_guest_port guest_port;
	struct vmci_hub *hub;
	struct vmci_device *dev;
	struct vmci_context *host, *hypervisor;
	struct vmci_guest *g;
	struct end end[ENDS];
	uint8_t *ram;
	uint8_t *used; /* each page of RAM */
	uint64_t now_us;
	uint32_t messages;
	uint64_t allocs, failed, alive, alive_bytes;
	uint64_t pins;
};

/* Returns false when an allocation failed on the way; what is there can be closed all the same. */
bool socket_world_open(struct socket_world *w, const struct socket_world_options *options);
/* Aborts when memory or pins are left. */
void socket_world_close(struct socket_world *w);

/* Deliver what waits and run what is due until nothing happens; time stands still. */
void socket_world_settle(struct socket_world *w);
/* The same, then let so much time pass, timers in their order. */
void socket_world_pass(struct socket_world *w, uint64_t us);
/* The guest's driver is gone without a word, and a new one comes: device reset. */
void socket_world_guest_resets(struct socket_world *w);

/* As a bare hand. Returns the sender's result. */
int socket_world_send(struct socket_world *w, enum which from, enum which to, uint8_t type,
		      uint16_t proto, uint32_t src_port, uint32_t dst_port, uint64_t value);
int socket_world_send_raw(struct socket_world *w, enum which from, struct vmci_handle dst,
			  const void *payload, size_t len);
/* The next packet that came, after settling; NULL: none. Valid until the next call. */
const struct seen *socket_world_next(struct socket_world *w, enum which end);

/* A connected pair of sockets: client at `from`, server at `to`. Returns false on failure. */
bool socket_world_connect(struct socket_world *w, enum which from, enum which to, uint32_t port,
			  int *client, int *server);

#endif
