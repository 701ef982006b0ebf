/* SPDX-License-Identifier: BSD-2-Clause */
/* mailbox_regs.h - registers of the conformance peer's mailbox in PCI configuration space.
 *
 * A vendor-specific capability at 0x80 carries the messages of peer.h between software in the guest
 * and whoever serves the device, beside the device: nothing here touches device state. Registers
 * are 32 bits, little-endian, accessed whole and aligned; any other access reads zero and writes
 * nothing.
 *
 *   0x80 id 0x09, next, length 0x20, 0
 *   0x84 MAGIC    r  0x49435650
 *   0x88 VERSION  r  u16 version 1, u16 flags (0)
 *   0x8c DATA     w  the next 4 bytes of the outgoing message
 *                 r  the next 4 bytes of the incoming message (0 behind its end)
 *   0x90 CONTROL  w  one of PEERBOX_RESET ... PEERBOX_ANSWER, other values do nothing
 *        STATUS   r  bit 0 READY: an incoming message can be read
 *                    bit 1 WAITING: none yet, look again
 *                    bit 2 REFUSED: the last control did nothing (wrong length or order)
 *                    bits 31..8: bytes of the incoming message
 *   0x94 LENGTH   w  bytes of the outgoing message, 1..PEERBOX_MESSAGE_MAX;
 *                    drops outgoing bytes written so far
 *                 r  bytes written so far through DATA
 *   0x98 ADDRESS  rw low half, 0x9c high half: guest-physical address of a buffer of
 *                    PEERBOX_MESSAGE_MAX bytes, for LOAD and STORE
 *
 * A word at a time is slow: LOAD takes the outgoing message, LENGTH bytes, from the buffer in guest
 * memory, STORE puts the whole incoming message there. Both are REFUSED, and nothing is
 * changed, when the memory cannot be reached; DATA always works.
 *
 * Asking the peer (device under test): LENGTH, DATA ..., CONTROL = EXECUTE, read STATUS until
 * READY, then DATA ... The message ends inside the last word: bytes behind it are ignored
 * on the way in and zero on the way out. REWIND starts the incoming message again.
 *
 * Taking commands (guest under test): CONTROL = FETCH; STATUS is WAITING until the
 * simulator has a command, then READY, and the incoming message is a request. The guest does it,
 * writes LENGTH and DATA ... with the reply, then CONTROL = ANSWER, then FETCH again. The reply to
 * PEER_ASK_QUIT ends the loop.
 */
#ifndef CONFORMANCE_MAILBOX_REGS_H
#define CONFORMANCE_MAILBOX_REGS_H

#define PEERBOX_OFFSET		 0x80u
#define PEERBOX_CAP_LENGTH	 0x20u
#define PEERBOX_CAP_ID		 0x09u
#define PEERBOX_MAGIC_REG	 0x84u
#define PEERBOX_VERSION_REG	 0x88u
#define PEERBOX_DATA_REG	 0x8cu
#define PEERBOX_CONTROL_REG	 0x90u
#define PEERBOX_LENGTH_REG	 0x94u
#define PEERBOX_ADDRESS_REG	 0x98u
#define PEERBOX_ADDRESS_HIGH_REG 0x9cu

#define PEERBOX_MAGIC	0x49435650u
#define PEERBOX_VERSION 1u

/* Values written to CONTROL. */
#define PEERBOX_RESET	1u  /* forget both messages and any open command */
#define PEERBOX_EXECUTE 2u  /* the outgoing message is a request: carry it out */
#define PEERBOX_REWIND	4u  /* read the incoming message from its start */
#define PEERBOX_FETCH	8u  /* the guest waits for a command */
#define PEERBOX_ANSWER	16u /* the outgoing message is the reply to the command */
#define PEERBOX_LOAD	32u /* the outgoing message is in guest memory */
#define PEERBOX_STORE	64u /* put the incoming message into guest memory */

/* Bits of STATUS. */
#define PEERBOX_READY	    1u
#define PEERBOX_WAITING	    2u
#define PEERBOX_REFUSED	    4u
#define PEERBOX_COUNT_SHIFT 8u

#endif
