/* SPDX-License-Identifier: BSD-2-Clause */
/* guestrpc.h - the hypervisor's end of GuestRPC: what VMware's guest tools talk to.
 *
 * A stack of sockets on context 0 with two listeners. On VMCI_GUESTRPC_PORT the guest asks and
 * `request` answers. On VMCI_GUESTRPC_REVERSE_PORT the guest opens a channel, over which
 * vmci_guestrpc_call asks the guest. What a request means is the owner's business; here are frames,
 * the end of connections and who is privileged.
 *
 * Never blocks. One caller at a time; the callbacks come from inside vmci_guestrpc_pump, except
 * `wake`. A connection that breaks the framing is closed.
 *
 * Spec: chapter 89.
 */
#ifndef VMCI_GUESTRPC_H
#define VMCI_GUESTRPC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <vmci/transport.h>

struct vmci_guestrpc;
struct vmci_sockets;

/* Who asks. */
struct vmci_guestrpc_caller {
	uint32_t connection; /* a number that no other connection of this life has */
	uint32_t cid;	     /* of the virtual machine */
	uint32_t port;	     /* of the guest's socket */
	bool is_privileged; /* that port is below 1024, so a privileged program of the guest asks */
	bool is_last;	    /* it asked to be hung up on behind the reply */
};

enum vmci_guestrpc_news {
	VMCI_GUESTRPC_OPENED,	/* a channel is there; caller->connection is its name */
	VMCI_GUESTRPC_ANSWERED, /* text is the guest's answer to vmci_guestrpc_call */
	VMCI_GUESTRPC_ALIVE,	/* a PING of the guest */
	VMCI_GUESTRPC_CLOSED	/* the channel is gone; a call without answer gets none */
};

struct vmci_guestrpc_port {
	void *ctx;
	/* As in vmci_socket_port. */
	void *(*alloc)(void *ctx, size_t size);
	void (*free)(void *ctx, void *p, size_t size);
	uint64_t (*now_us)(void *ctx);
	uint32_t (*random)(void *ctx); /* may be NULL */

	/* Answer a request of the guest.
	 *   text, len        the request, borrowed; len > 0. Tools often count a closing 0 byte
	 *   reply, room      where the text of the answer goes; room is PAYLOAD_MAX - 2
	 *   *reply_len       0 on entry
	 * True: success. The "1 " or "0 " in front of the text is not the callee's. */
	bool (*request)(void *ctx, const struct vmci_guestrpc_caller *caller, const uint8_t *text,
			size_t len, uint8_t *reply, size_t room, size_t *reply_len);
	/* News of a reverse channel. May call vmci_guestrpc_call and vmci_guestrpc_hang_up. NULL:
	 * nobody cares. */
	void (*news)(void *ctx, const struct vmci_guestrpc_caller *caller,
		     enum vmci_guestrpc_news what, const uint8_t *text, size_t len);
	/* There is work for vmci_guestrpc_pump. Comes from inside a call on the hub; to be
	 * remembered, nothing else. NULL: the owner pumps after each call on the hub. */
	void (*wake)(void *ctx);
};

/* 0 in a field stands for the default in parentheses. */
struct vmci_guestrpc_options {
	uint32_t connections; /* of both ports together (64); one more is closed at once */
	bool is_disabled;     /* no listeners: every connect ends in a refusal */
};

/* Make the service.
 *   transport  of context 0, borrowed until vmci_guestrpc_destroy
 *   port       borrowed as long
 *   options    copied; NULL for all defaults
 * Returns 0; -VMCI_EADDRINUSE: context 0 has sockets already; -VMCI_ENOMEM and other results of
 * vmci_sockets_create. Nothing was made then. */
int vmci_guestrpc_create(const struct vmci_transport *transport,
			 const struct vmci_guestrpc_port *port,
			 const struct vmci_guestrpc_options *options, struct vmci_guestrpc **out);
/* Connections are dropped without a word to the guest or to `news`. */
void vmci_guestrpc_destroy(struct vmci_guestrpc *r);

/* Do what can be done. Returns microseconds until it has to be called again without `wake`, 0: at
 * once, UINT64_MAX: never. */
uint64_t vmci_guestrpc_pump(struct vmci_guestrpc *r);

/* Ask the guest over a reverse channel; the answer comes by `news`. One question at a time.
 *   text, len  copied; len from 1 to PAYLOAD_MAX
 * Returns 0; -VMCI_ENOTCONN: no such channel (any more); -VMCI_EALREADY: the last question is not
 * answered yet; -VMCI_EMSGSIZE; -VMCI_ENOMEM. */
int vmci_guestrpc_call(struct vmci_guestrpc *r, uint32_t connection, const void *text, size_t len);
/* Close a connection of either kind, in the next pump; CLOSED follows for a reverse channel.
 * Unknown ones are ignored. */
void vmci_guestrpc_hang_up(struct vmci_guestrpc *r, uint32_t connection);

#endif
