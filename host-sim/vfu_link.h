/* SPDX-License-Identifier: BSD-2-Clause */
/* vfu_link.h - one vfio-user connection: whole messages in, replies out.
 *
 * Reads exactly a header, then exactly its body, so that descriptors go with the message they came
 * with. A message may arrive in any pieces; nothing here blocks on input. Whatever breaks the
 * framing breaks the connection.
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
	int fd; /* -1: no connection */
	struct vfu_header head;
	uint32_t have; /* bytes of header and body received */
	bool counted;  /* the header was checked */
	int fds[VFU_MAX_FDS];
	unsigned nfds;
	uint64_t begun_ms; /* when the first byte of this message came */
	const char *why;   /* of the last VFU_BROKEN, static */
	uint8_t body[VFU_MAX_BODY];
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

/* Receive as much of one message as is there. now_ms: a monotonic clock. Descriptors of the
 * previous message that nobody kept are closed first. */
enum vfu_received vfu_link_receive(struct vfu_link *link, struct vfu_message *m, uint64_t now_ms);

/* Milliseconds until a begun message is overdue; -1: none begun. */
int vfu_link_patience(const struct vfu_link *link, uint64_t now_ms);

/* Room for a reply body, VFU_MAX_BODY bytes. */
uint8_t *vfu_link_reply_body(struct vfu_link *link);
/* Answer a command with len bytes of the reply body, or with error (an errno > 0, then without
 * body). Nothing is sent for a command that wants no reply. Waits up to VFU_STALL_MS for a
 * client that does not read. 0, or -1: the connection is broken. */
int vfu_link_reply(struct vfu_link *link, const struct vfu_header *to, int error, uint32_t len);

#endif
