/* SPDX-License-Identifier: BSD-2-Clause */
/* fake_sockets.h - a socket stack without protocol, for tests of the bridge: the calls of socket.h
 * on buffers in memory, and the guest's side of each socket as plain functions. */
#ifndef HOST_SIM_TEST_FAKE_SOCKETS_H
#define HOST_SIM_TEST_FAKE_SOCKETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <vmci/socket.h>

#define FAKE_QUEUE   65536u /* bytes of either direction */
#define FAKE_SOCKETS 4096

struct fake_socket {
	bool exists, is_dgram, is_connecting, is_connected, was_closed;
	int error;
	struct vmci_sockaddr local, peer;
	uint8_t up[FAKE_QUEUE], down[FAKE_QUEUE]; /* from the guest, to the guest */
	size_t nup, ndown;
	bool guest_shut_wr, guest_shut_rd, shut_rd, shut_wr;
	unsigned shutdowns; /* calls */
	uint64_t connect_us;
	/* Datagrams from the guest: one at a time. */
	uint8_t dgram[70000];
	size_t dgram_len;
	bool has_dgram;
};

struct vmci_sockets {
	const struct vmci_socket_port *port;
	struct fake_socket *sockets[FAKE_SOCKETS];
	int count, alive, pairs;
	uint32_t next_port;
	int64_t sendto_result; /* 0: all well */
	uint8_t sent[70000];   /* the last datagram to the guest */
	size_t sent_len;
	struct vmci_sockaddr sent_to;
};

/* The stack that was made last. */
extern struct vmci_sockets *fake_stack;

/* The guest connects. Returns the socket, or -1: refused. */
int fake_guest_connects(uint32_t port, struct vmci_sockaddr from);
/* The handshake of a socket ends: 0 or a VMCI_E*. */
void fake_handshake(int fd, int error);
size_t fake_guest_writes(int fd, const void *data, size_t len);
size_t fake_guest_reads(int fd, void *data, size_t max);
void fake_guest_shuts(int fd, bool rd, bool wr);
void fake_guest_sends(int fd, const void *data, size_t len);
/* Sockets that connect and wait for fake_handshake, the oldest first; -1: none. */
int fake_connecting(void);

#endif
