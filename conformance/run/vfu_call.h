/* SPDX-License-Identifier: BSD-2-Clause */
/* vfu_call.h - one vfio-user request and its answer, with a time limit. Used by vfu_client.c. */
#ifndef CONFORMANCE_VFU_CALL_H
#define CONFORMANCE_VFU_CALL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VFU_CALL_BODY 8192u /* longest body of an answer or of a server's own request, bytes */

/* Copies guest memory for a server that asks for it by message. False: not memory. */
typedef bool vfu_call_memory(void *ctx, uint64_t gpa, void *buf, uint32_t len, bool write);

struct vfu_call {
	int fd; /* -1: dead */
	unsigned timeout_ms;
	uint16_t next_id;
	vfu_call_memory *memory;
	void *ctx;
	char error[160];
	uint8_t body[VFU_CALL_BODY];
};

/* Send a command of up to two body pieces and nfds descriptors, and wait for its answer.
 *   answer, max  where the answer's body goes
 *   len          bytes of it; more than max is nonsense and kills the connection
 * Returns 0, VFUC_REFUSED or VFUC_DEAD. Requests of the server that come before the answer are
 * served. */
int vfu_call(struct vfu_call *k, unsigned command, const void *head, size_t head_len,
	     const void *data, size_t data_len, const int *fds, unsigned nfds, void *answer,
	     size_t max, size_t *len);
/* The same for n commands of one kind at once, at most VFU_CALL_BURST, as QEMU sends memory maps:
 * all are sent before the first answer is read.
 *   asks     n bodies of ask_len bytes (at most VFU_CALL_ASK) behind each other
 *   answers  n answers of exactly answer_len bytes behind each other; that of a refused command is
 *            left as it was
 *   refused  how many the server refused
 * Returns 0 or VFUC_DEAD. */
int vfu_call_burst(struct vfu_call *k, unsigned command, unsigned n, const uint8_t *asks,
		   size_t ask_len, uint8_t *answers, size_t answer_len, unsigned *refused);
#define VFU_CALL_BURST 64u
#define VFU_CALL_ASK   32u
/* Send without asking for an answer. */
int vfu_post(struct vfu_call *k, unsigned command, const void *head, size_t head_len,
	     const void *data, size_t data_len);

/* Close the connection and keep the reason. Always returns VFUC_DEAD. */
int vfu_call_die(struct vfu_call *k, const char *why);

#endif
