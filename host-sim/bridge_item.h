/* SPDX-License-Identifier: BSD-2-Clause */
/* bridge_item.h - what the parts of the bridge share: one descriptor and one socket of the stack,
 * and the queue of those that have something to do. Private to bridge*.c. */
#ifndef HOST_SIM_BRIDGE_ITEM_H
#define HOST_SIM_BRIDGE_ITEM_H

#include <errno.h>
#include <stddef.h>
#include <sys/un.h>
#include "bridge.h"
#include "fdmap.h"
#include "listener.h"

struct bridge_item {
	struct loop_source source; /* the host program's end; first, so that one leads to the other
				    */
	struct fdmap_entry entry;  /* the guest's end; fd -1: none yet */
	struct bridge *bridge;
	/* Do what can be done. Returns true to be called again soon; frees the item at the end. */
	bool (*run)(struct bridge_item *it);
	/* What the item holds beside the two ends. */
	void (*release)(struct bridge_item *it);
	struct bridge_item *prev, *next; /* of all */
	struct bridge_item *later;	 /* in the queue */
	bool queued;
	bool is_watched; /* by bridge_bulk.c */
	struct bridge_item *watched_prev, *watched_next;
	/* What the kernel did not refuse yet. */
	bool can_read, can_write;
	bool may_be_deaf; /* the program's end has room, or takes no more: the kernel tells both
			     alike */
	bool hung_up;	  /* the program closed its end */
	bool guest_left;  /* what it was asked, or asked, before is void */
};

/* Where host programs come in. */
struct bridge_door {
	struct loop_source source;
	struct bridge *bridge;
	struct listener listener;
	/* Takes a connection over. Returns 0; -1: no memory, fd is the caller's. */
	int (*admit)(struct bridge *b, int fd);
	bool open, waiting;
};

struct bridge {
	struct bridge_options options;
	struct loop *loop;
	struct vmci_socket_port port;
	struct vmci_sockets *sockets;
	struct fdmap map;
	struct bridge_item *all;
	size_t count;
	struct bridge_item *queue, **queue_end;
	struct bridge_door streams, dgrams;
	struct bridge_item *watched; /* run at look_us */
	uint64_t look_us;
	bool starved;	/* no descriptor was left, and that was said */
	uint64_t names; /* given to our ends */
	char dgram_path[sizeof(((struct sockaddr_un *)0)->sun_path)];
	uint8_t scratch[BRIDGE_PIECE + 8192];
};

/* Something may have changed for it. */
void bridge_item_wake(struct bridge_item *it);
/* Begin with descriptor fd, and with socket sock or -1. Returns 0; -1: no memory or no watch:
 * both are the caller's, the item is not known to the bridge. */
int bridge_item_open(struct bridge *b, struct bridge_item *it, int fd, int sock);
/* The second end came. Returns 0 or -1 (no memory). */
int bridge_item_pair(struct bridge_item *it, int sock);
/* Close both ends and free the item. Only from its own run, or at the end of the bridge. */
void bridge_item_close(struct bridge_item *it);

/* bridge_bulk.c: run the item again in a moment, instead of when somebody says so. */
void bridge_bulk_watch(struct bridge_item *it);
void bridge_bulk_forget(struct bridge_item *it);
/* Wake those whose moment has come. */
void bridge_bulk_look(struct bridge *b);
/* Microseconds until then; UINT64_MAX: nobody waits. */
uint64_t bridge_bulk_next_us(const struct bridge *b);

/* A result of the kernel or the stack that only says: not now. */
static inline bool bridge_is_later(int64_t rc)
{
	return rc == -EAGAIN || rc == -EWOULDBLOCK || rc == -EINTR;
}

__attribute__((format(printf, 2, 3))) void bridge_note(struct bridge *b, const char *format, ...);
/* errno after a failed socket() or accept4(): says once what is missing. */
void bridge_out_of_descriptors(struct bridge *b, int error);

/* bridge_begin.c: a program came through the door; a guest asks for a port. */
int bridge_stream_admit(struct bridge *b, int fd);
bool bridge_stream_wanted(struct bridge *b, int sock, struct vmci_sockaddr local,
			  struct vmci_sockaddr peer);
/* bridge_dgram.c: a program came through the door. */
int bridge_dgram_admit(struct bridge *b, int fd);

#endif
