/* SPDX-License-Identifier: BSD-2-Clause */
/* peer.h - messages between the engine and the actors it cannot play itself.
 *
 * Host actors (`host ...` lines) are played by a conformance peer that sits
 * behind the device and uses the core's host side; a guest under test takes
 * `ask` lines. Both take one request and give one reply. In process this is a
 * function call; through the mailbox in PCI configuration space (host-sim) the same
 * message travels as bytes, in either direction.
 *
 * Wire form, little-endian:
 *   request: u16 op, u16 nargs (0..PEER_ARGS), u32 blob length, u64 args[nargs], blob
 *   reply:   u16 op, u16 0, u32 blob length, s64 rc, blob
 */
#ifndef CONFORMANCE_PEER_H
#define CONFORMANCE_PEER_H

#include <stddef.h>
#include <stdint.h>

#define PEER_ARGS     10
#define PEER_BLOB_MAX 70000 /* bytes; a largest datagram fits */

/* rc of a reply that is no VMCI result */
#define PEER_RC_UNSUPPORTED (-3000) /* the actor does not know the operation */
#define PEER_RC_BAD_REQUEST (-3001) /* malformed message */
#define PEER_RC_GONE	    (-3002) /* the actor does not answer any more */

/* Operations. First argument of every PEER_HOST_* from ENDPOINT on is `as`, the
 * acting context. rc is a VMCI result unless said otherwise. `name` is the
 * number of a queue pair object, 0..7. */
enum peer_op {
	PEER_NOP = 0,
	PEER_RESET = 1, /* drop all host objects of vectors; clear faults; rc 0 */
	PEER_CONFIGURE =
		2, /* mask, then VCT_CONFIG_KEYS values: applied and the device is reset; a value
		      not in mask returns to its start-up default. rc 0, or PEER_RC_UNSUPPORTED */
	PEER_INFO = 3, /* blob: name and version of the implementation, text */
	PEER_SYNC = 4, /* us: so many microseconds passed for the timers of sockets; everything
			  posted before this has been handled when it returns */

	PEER_HOST_ENDPOINT = 16, /* as, resource, priv */
	PEER_HOST_REFUSE,	 /* as, resource, code (signed) */
	PEER_HOST_CLOSE,	 /* as, resource */
	PEER_HOST_SEND,		 /* as, dst ctx, dst res, src ctx, src res; blob = payload */
	PEER_HOST_RECV, /* as, resource; rc = size or -6 (no more datagrams); blob = whole datagram
			 */
	PEER_HOST_DOORBELL,   /* as, resource, priv */
	PEER_HOST_UNDOORBELL, /* as, resource */
	PEER_HOST_RUNG,	      /* as, resource; rc = count */
	PEER_HOST_RING,	      /* as, ctx, res */
	PEER_HOST_ALLOC,      /* as, name, ctx, res, peer, flags, produce, consume, priv */
	PEER_HOST_ALLOCMEM,   /* same */
	PEER_HOST_DETACH,     /* as, name */
	PEER_HOST_PUSH,	      /* as, name; blob; rc = bytes or error */
	PEER_HOST_PULL,	      /* as, name, count; rc = bytes or error; blob */
	PEER_HOST_PEEK,	      /* as, name, count; rc = bytes or error; blob */
	PEER_HOST_READY,      /* as, name; rc = bytes or error */
	PEER_HOST_ROOM,	      /* as, name; rc = bytes or error */
	PEER_HOST_EVENT,      /* as; rc = size or -6; blob = event payload */
	PEER_HOST_CONTEXT,    /* as, cid, priv; rc = cid given (unsigned) or error */
	PEER_HOST_REMOVE,     /* as, cid */
	PEER_HOST_WATCH,      /* as, cid */
	PEER_HOST_UNWATCH,    /* as, cid */
	PEER_HOST_TAKE,	   /* as, buffer size; rc = size of the next datagram, 0, or error; blob */
	PEER_HOST_PENDING, /* as; rc = 0 or 1 */
	PEER_HOST_RINGS,   /* as; rc = count */
	PEER_HOST_CID,	   /* as, new cid of the VM under test */
	PEER_HOST_RESUMED, /* as */
	PEER_HOST_QUIESCE, /* as */
	PEER_HOST_UNQUIESCE, /* as */
	PEER_HOST_MAP,	     /* as, name */
	PEER_HOST_UNMAP,     /* as, name */
	PEER_HOST_QPSTATE,   /* as, name; rc = state number */
	PEER_HOST_RPC,	     /* as, mode: 0 off, 1 on, 2 refusing; GuestRPC of context 0 */
	PEER_HOST_RPC_ASK,   /* as; blob = text for the guest; rc */
	PEER_HOST_RPC_HEARD, /* as; rc = size or -6; blob = what the guest said */

	PEER_ASK_PROBE = 64, /* mode */
	PEER_ASK_REMOVE,
	PEER_ASK_PUMP,
	PEER_ASK_INTERRUPT, /* vector */
	PEER_ASK_CID,
	PEER_ASK_SEND,	      /* dst ctx, dst res, src ctx, src res; blob */
	PEER_ASK_ENDPOINT,    /* resource, flags */
	PEER_ASK_CLOSE,	      /* resource */
	PEER_ASK_RECV,	      /* resource; rc = size or -6; blob = whole datagram */
	PEER_ASK_SUBSCRIBE,   /* event; rc = id or error */
	PEER_ASK_UNSUBSCRIBE, /* id */
	PEER_ASK_EVENTS,      /* id; rc = count */
	PEER_ASK_EVENT,	      /* id; rc = size or -6; blob */
	PEER_ASK_DOORBELL,    /* ctx, res, flags, priv; rc = resource or error */
	PEER_ASK_UNDOORBELL,  /* ctx, res */
	PEER_ASK_RING,	      /* ctx, res */
	PEER_ASK_FIRED,	      /* ctx, res; rc = count */
	PEER_ASK_ALLOC,	 /* name, ctx, res, peer, flags, produce, consume, priv; rc; blob = u64 ph,
			    u64 ch device addresses of the header pages (0 for local pairs) */
	PEER_ASK_DETACH, /* name */
	PEER_ASK_PUSH,	 /* name; blob */
	PEER_ASK_PULL,	 /* name, count; blob */
	PEER_ASK_PEEK,	 /* name, count; blob */
	PEER_ASK_READY,	 /* name */
	PEER_ASK_ROOM,	 /* name */
	PEER_ASK_QUIT,	 /* the guest leaves its command loop */

	/* Sockets, of a host actor (`as` comes first: 2 or 0) or of a guest under test. `name` is
	 * the number of a socket object, 0..7; addresses are context id and port. rc is 0 or more,
	 * or a negative VMCI_E*. Without PEER_SOCKET_STACK the stack is an ordinary one, made by
	 * the first request. */
	PEER_SOCKET_STACK = 128, /* flags (1: may bind ports below 1024, 2: trusted), sockets and
				    datagram bytes at most (0: default) */
	PEER_SOCKET_MAKE,	 /* name, type */
	PEER_SOCKET_CLOSE,	 /* name */
	PEER_SOCKET_BIND,	 /* name, cid, port */
	PEER_SOCKET_CONNECT,	 /* name, cid, port */
	PEER_SOCKET_LISTEN,	 /* name, backlog */
	PEER_SOCKET_ACCEPT,	 /* name, new name; blob = u32 cid, u32 port of the peer */
	PEER_SOCKET_WRITE,	 /* name, flags; blob; rc = bytes */
	PEER_SOCKET_READ,	 /* name, count; rc = bytes; blob */
	PEER_SOCKET_PEEK,	 /* name, count; rc = bytes; blob */
	PEER_SOCKET_SENDTO,	 /* name, cid, port; blob; rc = bytes */
	PEER_SOCKET_SENDCONN,	 /* name; blob; rc = bytes: to the default destination */
	PEER_SOCKET_RECVFROM,	 /* name, count; rc = bytes; blob = u32 cid, u32 port, u32 flags
				    (0x20: cut), bytes */
	PEER_SOCKET_SHUTDOWN,	 /* name, how: 0 receive, 1 send, 2 both */
	PEER_SOCKET_POLL,	 /* name; rc = bits of socket.h */
	PEER_SOCKET_ERROR,	 /* name; rc = the error that waited, positive */
	PEER_SOCKET_NAME,	 /* name; blob = u32 cid, u32 port */
	PEER_SOCKET_PEER,	 /* name; blob = u32 cid, u32 port */
	PEER_SOCKET_SETOPT,	 /* name, option, value */
	PEER_SOCKET_GETOPT,	 /* name, option; rc = value */
	PEER_SOCKET_LOWWATER,	 /* name, bytes */
	PEER_SOCKET_READY,	 /* name; rc = bytes */
	PEER_SOCKET_ROOM,	 /* name; rc = bytes */
	PEER_SOCKET_COUNT,	 /* rc = sockets; blob = u32 queue pairs */
};

/* One operation, decoded. */
struct peer_request {
	uint32_t op; /* enum peer_op */
	uint32_t nargs;
	uint64_t args[PEER_ARGS];
	const uint8_t *blob; /* borrowed for the call */
	uint32_t blob_len;   /* bytes, 0..PEER_BLOB_MAX */
};

struct peer_reply {
	int64_t rc;
	uint8_t *blob;	   /* the caller's buffer */
	uint32_t blob_max; /* its size, bytes */
	uint32_t blob_len; /* bytes written */
};

#endif
