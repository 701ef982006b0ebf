/* SPDX-License-Identifier: BSD-2-Clause */
/* sock.h - what a stack and its sockets remember, and what the parts offer each other. Private to
 * core/socket.
 *
 * Functions that begin with vmci_socket take the lock; everything here runs with it held. A
 * function that may free a socket says so; otherwise a socket survives the call.
 */
#ifndef VMCI_SOCKET_SOCK_H
#define VMCI_SOCKET_SOCK_H

#include "../common/list.h"
#include "../common/table.h"

#include <vmci/fault.h>
#include <vmci/mem.h>
#include <vmci/socket.h>

#define SHUT_BOTH (VMCI_STREAM_SHUT_RECEIVE | VMCI_STREAM_SHUT_SEND)

enum sock_state {
	SOCK_IDLE, /* not connected: new, bound, or a connect failed */
	SOCK_LISTENING,
	SOCK_REQUESTED, /* client: asked, no answer yet */
	SOCK_OFFERED,	/* client: the queue pair is there, the server has not attached */
	SOCK_PENDING,	/* child of a listener, or wanted by the owner: answered, no offer yet */
	SOCK_CONNECTED, /* also after the peer has ended it */
	SOCK_LINGERING	/* closed here, the peer is still attached */
};

/* A packet that must be sent as soon as it may and can. */
#define OWE_WROTE	  0x01u
#define OWE_READ	  0x02u
#define OWE_WAITING_READ  0x04u
#define OWE_WAITING_WRITE 0x08u

/* Of the flow control of one connection, see notify.c. Sizes in bytes. */
struct sock_notify {
	uint16_t proto;		  /* 0 legacy, VMCI_NOTIFY_QUEUE_STATE */
	uint64_t window, min;	  /* READ goes out when no more than this is left in the queue */
	bool peer_waits_to_write; /* for room in the queue it produces into */
	bool is_window_cut;	  /* since the last READ */
	bool said_waiting_read;	  /* legacy: no answer since */
	bool said_waiting_write;  /* */
	uint64_t put, taken;	  /* bytes moved */
	uint64_t seen_by_peer;	  /* of those put, when the reader was looked at last */
};

/* What was taken out of the queue of a peer that left. */
struct sock_rest {
	uint8_t *bytes;
	size_t size, at;
	bool is_cut; /* there was more than could be kept */
};

/* A datagram that waits. */
struct sock_datagram {
	struct vmci_list link;
	struct vmci_sockaddr from;
	size_t len;
	uint8_t bytes[];
};

struct sock {
	struct vmci_sockets *s;
	struct vmci_list all; /* in the stack */
	int fd;		      /* -1: not, not yet or not any more the user's */
	enum vmci_socket_type type;
	enum sock_state state;
	struct vmci_sockaddr local;  /* port VMADDR_PORT_ANY: not bound */
	struct vmci_sockaddr remote; /* datagrams: default destination, port ANY: none */
	struct vmci_node by_port, by_connection, by_handle;
	bool in_ports, in_connections, in_handles;

	uint64_t size, min, max; /* of either queue, as wanted */
	uint64_t queue;		 /* as agreed, of each of the two */
	uint64_t timeout_us;
	uint64_t low_water;
	int error;	    /* positive, waits for vmci_socket_error */
	unsigned shut;	    /* VMCI_STREAM_SHUT_* by this side */
	unsigned peer_shut; /* by the peer */
	bool has_ended;	    /* the peer is gone, in good order */

	/* listener and its children */
	struct sock *parent;	  /* of a child that is pending or not accepted */
	struct vmci_list sibling; /* in pending or accepted of the parent */
	struct vmci_list pending, accepted;
	uint32_t backlog, children; /* children: in both lists */

	/* client */
	bool sent_request2; /* INVALID may still ask for the old form */
	bool ignores_rst;   /* the one that follows such an INVALID */

	/* connection */
	struct vmci_transport_pair *pair;
	struct sock_notify notify;
	struct sock_rest rest;
	unsigned owed;		/* OWE_* */
	unsigned owed_shutdown; /* modes */
	bool is_held;		/* ATTACH must arrive alone */
	uint64_t attached_us;	/* when it was sent */
	bool is_fetched;	/* the peer was seen to have fetched it */
	bool is_stuck;		/* what is owed could not be sent; the timer tries again */
	bool watches_room;	/* the peer may take bytes and not say so */
	bool watches_reader;	/* the peer may wait for more bytes than it was told of */
	uint32_t backoff_us;	/* of the next try */
	uint64_t remind_us;	/* when the reader is looked at */

	/* datagrams */
	struct vmci_list inbox;
	uint64_t inbox_bytes; /* with overhead */

	uint64_t due_us; /* of the timer */
	uint32_t timer;	 /* place in the heap + 1; 0: none runs */
};

struct sock_slot {
	struct sock *sock;
	uint32_t generation;
	uint32_t next; /* free slot */
};

struct vmci_sockets {
	const struct vmci_transport *t;
	const struct vmci_socket_port *port;
	struct vmci_memory memory;
	struct vmci_socket_limits limits; /* defaults filled in */
	uint32_t cid;
	uint32_t resource; /* of stream packets */
	uint64_t lingering_bytes;
	bool is_ending; /* no packet is sent any more */
	struct vmci_list all;
	uint32_t count, pairs;
	struct vmci_table ports;       /* of streams, by port */
	struct vmci_table connections; /* by peer and port, see connection_key */
	struct vmci_table handles;     /* by queue pair */
	uint32_t next_port;

	struct sock_slot *slot;
	uint32_t slots, slots_size;
	uint32_t first_free, last_free; /* a queue, so that numbers rest */
	unsigned slot_bits;

	struct sock **heap; /* by due_us */
	uint32_t timers, heap_size;
};

static inline void sock_lock(struct vmci_sockets *s)
{
	if (s->port->lock)
		s->port->lock(s->port->ctx);
}

static inline void sock_unlock(struct vmci_sockets *s)
{
	if (s->port->unlock)
		s->port->unlock(s->port->ctx);
}

static inline void *sock_alloc(struct vmci_sockets *s, size_t size)
{
	return s->memory.alloc(s->memory.ctx, size);
}

static inline void sock_release(struct vmci_sockets *s, void *p, size_t size)
{
	if (p)
		s->memory.free(s->memory.ctx, p, size);
}

static inline uint64_t sock_now(const struct vmci_sockets *s)
{
	return s->port->now_us(s->port->ctx);
}

/* Readiness may have changed. */
static inline void sock_wake(const struct sock *sk)
{
	if (sk->fd >= 0 && sk->s->port->ready)
		sk->s->port->ready(sk->s->port->ctx, sk->fd);
}

/* ---- stack.c ---------------------------------------------------------------------------- */

/* A socket without a number; NULL: limit or memory. */
struct sock *sock_make(struct vmci_sockets *s, enum vmci_socket_type type);
/* Everything it has is given back, without a packet; a listener's children too. */
void sock_free(struct sock *sk);

/* ---- numbers.c -------------------------------------------------------------------------- */

/* After the limits are known. */
void numbers_init(struct vmci_sockets *s);
void numbers_free(struct vmci_sockets *s);
/* Give it a number. Returns it or -VMCI_EMFILE. */
int sock_number(struct sock *sk);
/* The number is nobody's any more. */
void sock_forget_number(struct sock *sk);
struct sock *sock_of(struct vmci_sockets *s, int fd); /* NULL: no such number */

/* ---- incoming.c ------------------------------------------------------------------------- */

/* Hear packets and events of the own context, whose id is stored, until incoming_close. Returns 0
 * or a negative VMCI_E*: nothing is heard. */
int incoming_open(struct vmci_sockets *s);
void incoming_close(struct vmci_sockets *s);

/* ---- timers.c --------------------------------------------------------------------------- */

/* Room for the timers of `count` sockets. Returns 0 or VMCI_LOCAL_NO_MEMORY. */
int timers_reserve(struct vmci_sockets *s, uint32_t count);
void timers_free(struct vmci_sockets *s);
/* One timer each; a second start moves it. Cannot fail. */
void timer_start(struct sock *sk, uint64_t delay_us);
void timer_stop(struct sock *sk);
/* The socket whose timer is due, stopped; NULL: none. */
struct sock *timers_take_due(struct vmci_sockets *s, uint64_t now_us);

/* ---- ports.c ---------------------------------------------------------------------------- */

/* What vmci_socket_bind does to a stream or datagram socket. Results as there. */
int port_bind(struct sock *sk, struct vmci_sockaddr addr);
/* Any port, unless there is one. */
int port_bind_any(struct sock *sk);
void port_release(struct sock *sk);
struct sock *port_find(struct vmci_sockets *s, uint32_t port); /* of streams */

/* ---- packet.c --------------------------------------------------------------------------- */

struct packet {
	uint32_t src_cid, dst_cid, src_resource;
	uint8_t type;
	uint16_t proto;
	uint32_t src_port, dst_port;
	uint64_t value, offset;
};

/* Take a datagram apart. Returns 0, or the result for its sender: no packet, or not from where
 * packets come. */
int packet_decode(const uint8_t *data, size_t len, struct packet *p);
/* Send one. Results of the transport: >= 0 sent. */
int packet_send(struct vmci_sockets *s, struct vmci_sockaddr to, uint32_t from_port, uint8_t type,
		uint16_t proto, uint64_t value, uint64_t offset);
/* One of a connection. */
int packet_of(struct sock *sk, uint8_t type, uint16_t proto, uint64_t value);
/* Refuse what came; never an RST. */
void packet_reset(struct vmci_sockets *s, const struct packet *p);
static inline uint64_t packet_handle_value(struct vmci_handle h)
{
	return (uint64_t)h.resource << 32 | h.context;
}

/* ---- handshake.c ------------------------------------------------------------------------ */

/* The first packet of a connect. Returns 0 or a negative VMCI_E*. */
int handshake_begin(struct sock *sk);
/* A packet for a socket that connects. May free nothing but a pending child. */
void handshake_client(struct sock *sk, const struct packet *p);
void handshake_child(struct sock *sk, const struct packet *p);
/* The connect is over, badly: error is positive. */
void handshake_fail(struct sock *sk, int error);

/* ---- listen.c --------------------------------------------------------------------------- */

void listener_packet(struct sock *sk, const struct packet *p);
/* A request for a port on which no socket listens: true when the owner of the stack takes it. */
bool listener_wanted(struct vmci_sockets *s, const struct packet *p);
/* A pending socket comes to nothing: a child of a listener is freed, an owner's is told. */
void pending_fail(struct sock *sk, int error);
/* The child is connected: it can be accepted. */
void listener_admit(struct sock *child);
/* The child is no longer the listener's. */
void listener_release(struct sock *child);
/* Close all that were not accepted. */
void listener_close(struct sock *sk);

/* ---- connections.c ---------------------------------------------------------------------- */

/* Find, or remember, who is connected. */
struct sock *connection_find(struct vmci_sockets *s, struct vmci_sockaddr peer, uint32_t port);
int connection_add(struct sock *sk); /* 0 or VMCI_LOCAL_NO_MEMORY */
void connection_remove(struct sock *sk);
void connection_renumber(struct sock *sk, uint32_t cid); /* of the peer */

/* ---- pair.c ----------------------------------------------------------------------------- */

/* Open the queue pair of an agreed size: a new one, or (attach) that of the peer. */
int pair_open(struct sock *sk, struct vmci_handle handle, bool attach);
void pair_close(struct sock *sk);
/* Forget what was taken out of the queue of a peer that left. */
void pair_free_rest(struct sock *sk);

/* ---- owed.c ----------------------------------------------------------------------------- */

/* Send what is owed, unless it is held back. */
void owed_flush(struct sock *sk);
/* A writer waits for room. */
void owed_watch_room(struct sock *sk);
/* Bytes went behind others that the peer has not taken. */
void owed_watch_reader(struct sock *sk);
/* ATTACH was sent. */
void owed_hold(struct sock *sk);
/* The peer has seen it. */
void owed_release(struct sock *sk);
/* The timer of a connected or lingering socket. */
void owed_timer(struct sock *sk);

/* ---- stream.c --------------------------------------------------------------------------- */

void stream_packet(struct sock *sk, const struct packet *p);
/* The peer's end is gone. May free a lingering socket. */
void stream_detached(struct sock *sk);
void stream_ended(struct sock *sk);
/* The user has let go. Frees the socket, now or later. */
void stream_close(struct sock *sk);
/* VMCI_POLL*. */
unsigned stream_poll(struct sock *sk);

/* ---- notify.c --------------------------------------------------------------------------- */

void notify_begin(struct sock *sk, uint16_t proto); /* the size is agreed */
void notify_put(struct sock *sk, uint64_t n);	    /* n bytes were enqueued */
uint64_t notify_seen_by_peer(struct sock *sk);	    /* bytes of all those enqueued that it took */
void notify_taken(struct sock *sk, uint64_t n);	    /* n bytes were dequeued */
void notify_starved(struct sock *sk);		    /* a reader found nothing */
void notify_stuffed(struct sock *sk);		    /* a writer found no room */
void notify_packet(struct sock *sk, const struct packet *p);
/* Position fields of a WAITING packet. */
void notify_position(const struct sock *sk, bool to_read, uint64_t *generation, uint64_t *offset);

/* ---- dgram.c ---------------------------------------------------------------------------- */

int datagram_bind(struct sock *sk, struct vmci_sockaddr addr); /* 0 or a negative VMCI_E* */
int64_t datagram_send(struct sock *sk, const void *buf, size_t len, const struct vmci_sockaddr *to);
int64_t datagram_receive(struct sock *sk, void *buf, size_t len, unsigned flags,
			 struct vmci_sockaddr *from, unsigned *flags_out);
void datagram_drop_all(struct sock *sk);
unsigned datagram_poll(const struct sock *sk);

/* ---- options.c -------------------------------------------------------------------------- */

void options_default(struct sock *sk);

/* ---- errors.c --------------------------------------------------------------------------- */

/* The positive VMCI_E* for a negative result of a transport. */
int errno_of(int64_t result);

#endif
