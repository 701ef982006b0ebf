/* SPDX-License-Identifier: BSD-2-Clause */
/* mailbox.h - the conformance peer's mailbox in PCI configuration space, seen from the guest.
 *
 * Works over a machine's cfg_read and cfg_write, so that the vfio-user client and the EFI
 * application share it. The registers are described in mailbox_regs.h. A foreign device has
 * no such capability: mailbox_open() then says so and nothing is written.
 */
#ifndef CONFORMANCE_MAILBOX_H
#define CONFORMANCE_MAILBOX_H

#include <stdbool.h>
#include "machine.h"
#include "peer_wire.h"

/* The caller's memory; large, because messages are. */
struct mailbox {
	struct machine *m;
	uint32_t at;	  /* offset of the capability, 0 = no mailbox */
	uint64_t buffer;  /* in guest memory, 0 = none: messages go word by word */
	uint32_t open_op; /* guest role: operation of the command that waits for its reply */
	uint8_t message[PEER_MESSAGE_MAX + 3];
};

/* Look for the mailbox. Returns 0 and mb->at (0: the function has none), or the machine's error. */
int mailbox_open(struct mailbox *mb, struct machine *m);

/* Use memory of PEER_MESSAGE_MAX bytes at guest-physical address pa for messages; the machine's
 * mem_read and mem_write must reach it for as long as mb is used. Falls back to words when the
 * other side refuses. Returns 0 or the machine's error. */
int mailbox_use_memory(struct mailbox *mb, uint64_t pa);

/* Ask the peer. Returns 0 with *rp, MACHINE_UNSUPPORTED without a mailbox, MACHINE_ERROR:
 * the mailbox broke its rules or configuration space failed. */
int mailbox_call(struct mailbox *mb, const struct peer_request *rq, struct peer_reply *rp);

/* Guest under test: is there a command? Returns 1 with *rq (its blob is valid until the next call
 * on mb), 0: none yet, or a negative value as above. After 1 the guest owes an answer. */
int mailbox_command(struct mailbox *mb, struct peer_request *rq);

/* Answer the command. Returns 0 or a negative value as above. */
int mailbox_answer(struct mailbox *mb, const struct peer_reply *rp);

#endif
