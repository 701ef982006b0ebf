/* SPDX-License-Identifier: BSD-2-Clause */
/* socket.h - VMCI Sockets: streams and datagrams between contexts.
 *
 * The shape of the calls is the one everybody knows, and no call ever blocks: what would have to
 * wait returns -VMCI_EAGAIN (connect: -VMCI_EINPROGRESS), and `ready` of the port says when to look
 * again. All calls return 0 or a count on success and a negative VMCI_E* (defs.h, the numbers of
 * Linux) on failure. A socket is a number >= 0; numbers of closed sockets are not used again soon,
 * so that a call with one fails with -VMCI_EBADF and never meets another socket.
 *
 * Packets are handled where the transport delivers them; timers run in vmci_sockets_pump().
 *
 * One caller at a time for each stack, unless the port has a lock: then any thread may call at any
 * time, vmci_socket_close() of a socket that another thread uses included. The guest or hub below
 * is used with the lock held, so whoever else uses it (the thread that pumps it) holds the same
 * lock.
 *
 * Spec: chapters 82 to 88.
 */
#ifndef VMCI_SOCKET_H
#define VMCI_SOCKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <vmci/transport.h>

struct vmci_sockets; /* the sockets of one context */

struct vmci_sockaddr {
	uint32_t cid;  /* context id, or VMADDR_CID_ANY */
	uint32_t port; /* or VMADDR_PORT_ANY */
};

enum vmci_socket_type {
	VMCI_SOCK_STREAM = 1,
	VMCI_SOCK_DGRAM = 2,
	VMCI_SOCK_SEQPACKET = 5 /* refused: -VMCI_ESOCKTNOSUPPORT */
};

enum vmci_socket_how {
	VMCI_SHUT_RD,
	VMCI_SHUT_WR,
	VMCI_SHUT_RDWR
};

/* Readiness: VMCI_POLL* of defs.h. */

/* Flags of send and receive. */
#define VMCI_MSG_OOB   0x01u /* -VMCI_EOPNOTSUPP */
#define VMCI_MSG_PEEK  0x02u
#define VMCI_MSG_TRUNC 0x20u /* set by recvfrom: the datagram was longer than the buffer */

struct vmci_socket_port {
	void *ctx;
	/* Zeroed memory aligned for any type, or NULL. */
	void *(*alloc)(void *ctx, size_t size);
	void (*free)(void *ctx, void *p, size_t size);
	/* A clock that never goes back, microseconds. */
	uint64_t (*now_us)(void *ctx);
	/* Where the search for a free port begins; any number. NULL: always the same. */
	uint32_t (*random)(void *ctx);
	/* Readiness of a socket may have changed, or a connect has ended. Called with the lock held
	 * and possibly from inside a call on another socket; may call vmci_socket_poll and nothing
	 * else. With a lock also called by vmci_socket_close, with the number that is no more, for
	 * threads that wait for it. NULL: the owner polls. */
	void (*ready)(void *ctx, int fd);
	/* A stream is asked for at a port on which no socket listens: does the owner want it all
	 * the same? Called before anything was answered, with the lock held; may call nothing of
	 * this stack. NULL: nobody does.
	 *   fd           the socket it would become
	 *   local, peer  its two addresses
	 * False: it is refused, as ever when nobody listens, and fd is gone. True: fd is the
	 * owner's from now on, as after vmci_socket_connect(): `ready` follows, and POLLOUT without
	 * POLLERR is success, otherwise vmci_socket_error() says why not; nobody accepts it, the
	 * owner closes it. */
	bool (*wanted)(void *ctx, int fd, struct vmci_sockaddr local, struct vmci_sockaddr peer);
	/* Bytes of a stream that a socket of this stack sent or received, for whoever watches;
	 * called with the lock held, may call nothing of this stack. data is borrowed. NULL:
	 * nobody does. */
	void (*moved)(void *ctx, struct vmci_sockaddr from, struct vmci_sockaddr to,
		      const void *data, size_t len);
	/* A mutex that one thread may take again while it has it (recursive); the one of the guest
	 * or hub below. Both or none. */
	void (*lock)(void *ctx);
	void (*unlock)(void *ctx);
};

/* 0 in a field stands for the default in parentheses. */
struct vmci_socket_limits {
	uint32_t sockets;	  /* in one stack, children and lingering ones included (65536) */
	uint32_t datagram_bytes;  /* waiting in one datagram socket (212992) */
	uint64_t lingering_bytes; /* taken out of queues of peers that left (64 MiB) */
	uint64_t pending_us;	  /* a child waits for OFFER (VMCI_SOCKETS_PENDING_TIMEOUT_US) */
	bool may_bind_privileged; /* ports below 1024 */
	bool is_trusted;	  /* sockets claim to be trusted */
	bool asks_old_way;	  /* connect with REQUEST, so with the legacy notify protocol */
};

/* ---- life ------------------------------------------------------------------------------- */

/* Make a stack on one context: registers the endpoint of stream packets (resource 1, or 15 for
 * context 0) and subscribes to events.
 *   transport, port  borrowed until vmci_sockets_destroy
 *   limits           copied; NULL for all defaults
 * Returns 0; -VMCI_ENODEV: the context has no id; -VMCI_EADDRINUSE: the endpoint exists;
 * -VMCI_ENOMEM. Nothing was made then. */
int vmci_sockets_create(const struct vmci_transport *transport, const struct vmci_socket_port *port,
			const struct vmci_socket_limits *limits, struct vmci_sockets **out);
/* Every socket is dropped without a packet, every queue pair detached. */
void vmci_sockets_destroy(struct vmci_sockets *s);

/* Run what is due. Returns microseconds until the next timer, or UINT64_MAX: none runs. */
uint64_t vmci_sockets_pump(struct vmci_sockets *s);
/* The own context id, as of now. */
uint32_t vmci_sockets_cid(struct vmci_sockets *s);
/* Sockets that exist, children and lingering ones included; queue pairs they hold. For tests and
 * for whoever watches. */
void vmci_sockets_count(struct vmci_sockets *s, uint32_t *sockets, uint32_t *pairs);

/* ---- calls ------------------------------------------------------------------------------ */

/* Returns the socket; -VMCI_ESOCKTNOSUPPORT, -VMCI_EMFILE (limits), -VMCI_ENOMEM. */
int vmci_socket(struct vmci_sockets *s, enum vmci_socket_type type);
/* Forget a socket, and a listener's children that were not accepted. The number is dead at once.
 * A connected stream of a host or hypervisor says SHUTDOWN of both directions and stays, out of
 * sight, until the peer has detached, so that the peer can read what is left; that of a guest only
 * detaches, and its peer takes the rest out before (chapter 84).
 * Returns 0 or -VMCI_EBADF. */
int vmci_socket_close(struct vmci_sockets *s, int fd);
/* Returns 0; -VMCI_EINVAL (bound already), -VMCI_EADDRNOTAVAIL (the id is not this context's, or no
 * free port was found), -VMCI_EADDRINUSE, -VMCI_EACCES (port below 1024), -VMCI_EBADF. */
int vmci_socket_bind(struct vmci_sockets *s, int fd, struct vmci_sockaddr addr);
/* Streams: begin to connect. Returns -VMCI_EINPROGRESS; then poll: POLLOUT without POLLERR is
 * success, otherwise vmci_socket_error() says why not. -VMCI_EALREADY, -VMCI_EISCONN,
 * -VMCI_EINVAL (listening, or nobody can be there), -VMCI_ENODEV, -VMCI_ENETUNREACH,
 * -VMCI_EADDRNOTAVAIL, -VMCI_EPERM, -VMCI_ENOMEM, -VMCI_EADDRINUSE (a closed connection between
 * the same ports lingers). A connect that failed leaves the binding; try again.
 * Datagram sockets: set the default destination and return 0. */
int vmci_socket_connect(struct vmci_sockets *s, int fd, struct vmci_sockaddr addr);
/* backlog n admits n + 1 children. Returns 0; -VMCI_EINVAL (not bound), -VMCI_EOPNOTSUPP. */
int vmci_socket_listen(struct vmci_sockets *s, int fd, uint32_t backlog);
/* Returns a connected socket and *peer (may be NULL); -VMCI_EAGAIN, -VMCI_EINVAL (not listening),
 * -VMCI_EMFILE. */
int vmci_socket_accept(struct vmci_sockets *s, int fd, struct vmci_sockaddr *peer);

/* Streams. Returns bytes moved, > 0 unless len is 0; recv: 0 at the end; -VMCI_EAGAIN,
 * -VMCI_EPIPE, -VMCI_ENOTCONN, -VMCI_ECONNRESET, -VMCI_ENOMEM (the queue pair is damaged),
 * -VMCI_EOPNOTSUPP, -VMCI_EBADF. After an error nothing was moved. */
int64_t vmci_socket_send(struct vmci_sockets *s, int fd, const void *buf, size_t len,
			 unsigned flags);
int64_t vmci_socket_recv(struct vmci_sockets *s, int fd, void *buf, size_t len, unsigned flags);
/* Datagrams. sendto with to NULL goes to the default destination. Returns the bytes of the payload;
 * -VMCI_EMSGSIZE (more than VMCI_MAX_DG_PAYLOAD_SIZE), -VMCI_EINVAL, -VMCI_EDESTADDRREQ,
 * -VMCI_EHOSTUNREACH, -VMCI_EPERM, -VMCI_ENOBUFS, -VMCI_EAGAIN (recvfrom: nothing waits),
 * -VMCI_EPIPE (shut). recvfrom: *flags_out (may be NULL) gets VMCI_MSG_TRUNC. */
int64_t vmci_socket_sendto(struct vmci_sockets *s, int fd, const void *buf, size_t len,
			   const struct vmci_sockaddr *to);
int64_t vmci_socket_recvfrom(struct vmci_sockets *s, int fd, void *buf, size_t len, unsigned flags,
			     struct vmci_sockaddr *from, unsigned *flags_out);
/* Bytes that can be received now: > 0; 0 at the end; -VMCI_EAGAIN: none yet; else as recv. Bytes
 * that can be sent now: > 0; -VMCI_EAGAIN: the queue is full; else as send. For bridges that move
 * data in pieces. */
int64_t vmci_socket_ready(struct vmci_sockets *s, int fd);
int64_t vmci_socket_room(struct vmci_sockets *s, int fd);

/* Returns 0; -VMCI_ENOTCONN. */
int vmci_socket_shutdown(struct vmci_sockets *s, int fd, enum vmci_socket_how how);
/* VMCI_POLL* that hold now; a closed number gives VMCI_POLLERR | VMCI_POLLHUP. */
unsigned vmci_socket_poll(struct vmci_sockets *s, int fd);
/* The error that waits, as a positive VMCI_E*, and forgets it; 0: none. */
int vmci_socket_error(struct vmci_sockets *s, int fd);
int vmci_socket_name(struct vmci_sockets *s, int fd, struct vmci_sockaddr *out);
int vmci_socket_peer(struct vmci_sockets *s, int fd, struct vmci_sockaddr *out);

/* Options SO_VM_SOCKETS_* (defs.h); sizes in bytes, the time-out in microseconds, TRUSTED 0 or 1.
 * Returns 0; -VMCI_ENOPROTOOPT, -VMCI_EOPNOTSUPP (datagram socket), -VMCI_ERANGE, -VMCI_EBADF. */
int vmci_socket_setopt(struct vmci_sockets *s, int fd, unsigned name, uint64_t value);
int vmci_socket_getopt(struct vmci_sockets *s, int fd, unsigned name, uint64_t *value);
/* A read is worth waking for from this many bytes on (SO_RCVLOWAT), at least 1.
 * -VMCI_EINVAL: more than the queue holds. */
int vmci_socket_low_water(struct vmci_sockets *s, int fd, uint64_t bytes);

#endif
