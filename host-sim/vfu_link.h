/* SPDX-License-Identifier: BSD-2-Clause */
/* vfu_link.h - one vfio-user connection: whole messages in, replies out.
 *
 * A register access is read in one system call; bytes of the message behind it may come along and
 * are kept. Descriptors go with the message they came with. A message may arrive in any pieces;
 * nothing here blocks on input. Whatever breaks the framing breaks the connection.
 */
#ifndef HOST_SIM_VFU_LINK_H
#define HOST_SIM_VFU_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "vfu_proto.h"

#define VFU_MAX_FDS  8u		    /* of one message, as announced in the version reply */
#define VFU_MAX_DATA (256u * 1024u) /* of one region access, bytes, as announced */
#define VFU_MAX_BODY (VFU_MAX_DATA + (uint32_t)sizeof(struct vfu_region_access))
#define VFU_STALL_MS 5000 /* a begun message must be complete, a reply be taken */

struct vfu_message {
	struct vfu_header head;
	uint8_t *body; /* head.size - 16 bytes, valid until the next receive */
	uint32_t len;
	int *fds; /* nfds descriptors; one that is kept is set to -1 by the keeper */
	unsigned nfds;
};

struct vfu_link {
	int fd;	       /* -1: no connection */
	uint32_t have; /* bytes received */
	uint32_t size; /* of the message that they begin with; 0: the header was not checked */
	bool is_given; /* that message was handed out */
	int fds[2 * VFU_MAX_FDS];
	unsigned nfds, own; /* own: descriptors of the first message, the others of the next */
	uint64_t begun_ms;  /* when the first byte of this message came */
	const char *why;    /* of the last VFU_BROKEN, static */
	bool (*hurry)(void *ctx); /* true: do not wait for the client any more; may be NULL */
	void *ctx;
	_Alignas(8) uint8_t in[sizeof(struct vfu_header) + VFU_MAX_BODY];
	uint8_t out[sizeof(struct vfu_header) + VFU_MAX_BODY];
};

enum vfu_received {
	VFU_MESSAGE, /* *m is a whole command message */
	VFU_PART,    /* nothing more to read now */
	VFU_EOF,     /* the client closed, between messages */
	VFU_BROKEN   /* framing error, stall, socket error: close it; link->why */
};

/* Take over a connected non-blocking stream socket. */
void vfu_link_open(struct vfu_link *link, int fd);
/* Close the socket and every descriptor received and not kept. Harmless when closed. */
void vfu_link_close(struct vfu_link *link);

/* The message that was received last goes, with descriptors that nobody kept. */
void vfu_link_done(struct vfu_link *link, uint64_t now_ms);

/* Receive as much of one message as is there, after vfu_link_done. now_ms: a monotonic clock. */
enum vfu_received vfu_link_receive(struct vfu_link *link, struct vfu_message *m, uint64_t now_ms);

/* Were bytes read behind the message that was received last, or is one begun? Then receive may have
 * something although the socket has not. */
static inline bool vfu_link_is_ahead(const struct vfu_link *link)
{
	return link->have > (link->is_given ? link->size : 0);
}

/* Milliseconds until a begun message is overdue; -1: none begun. */
int vfu_link_patience(const struct vfu_link *link, uint64_t now_ms);

/* Room for a reply body, VFU_MAX_BODY bytes. */
uint8_t *vfu_link_reply_body(struct vfu_link *link);
/* Answer a command with len bytes of the reply body, or with error (an errno > 0, then without
 * body). Nothing is sent for a command that wants no reply. Waits up to VFU_STALL_MS for a
 * client that does not take all of it. 0, or -1: the connection is broken. */
int vfu_link_reply(struct vfu_link *link, const struct vfu_header *to, int error, uint32_t len);

#endif
