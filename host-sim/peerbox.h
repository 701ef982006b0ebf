/* SPDX-License-Identifier: BSD-2-Clause */
/* peerbox.h - the conformance peer's mailbox in PCI configuration space.
 *
 * A vendor-specific capability at 0x80 carries the messages of
 * conformance/engine/peer.h between software in the guest and the simulator,
 * beside the device: nothing here touches device state. Registers are 32 bits, little-endian,
 * accessed whole and aligned; any other access reads zero and writes nothing.
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
#ifndef HOST_SIM_PEERBOX_H
#define HOST_SIM_PEERBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PEERBOX_OFFSET	    0x80u
#define PEERBOX_CAP_LENGTH  0x20u
#define PEERBOX_CAP_ID	    0x09u
#define PEERBOX_MAGIC_REG   0x84u
#define PEERBOX_VERSION_REG 0x88u
#define PEERBOX_DATA_REG    0x8cu
#define PEERBOX_CONTROL_REG 0x90u
#define PEERBOX_LENGTH_REG  0x94u

#define PEERBOX_MAGIC	0x49435650u
#define PEERBOX_VERSION 1u

/* Values written to CONTROL. */
#define PEERBOX_RESET	1u  /* forget both messages and any open command */
#define PEERBOX_EXECUTE 2u  /* the outgoing message is a request: carry it out */
#define PEERBOX_REWIND	4u  /* read the incoming message from its start */
#define PEERBOX_FETCH	8u  /* the guest waits for a command */
#define PEERBOX_ANSWER	16u /* the outgoing message is the reply to the command */

/* Bits of STATUS. */
#define PEERBOX_READY	    1u
#define PEERBOX_WAITING	    2u
#define PEERBOX_REFUSED	    4u
#define PEERBOX_COUNT_SHIFT 8u

/* Longest message, bytes: head, ten arguments, a largest blob. */
#define PEERBOX_MESSAGE_MAX (16u + 80u + 70000u)

struct peerbox;

/* Carries out one request.
 *   request, len  the bytes the guest wrote, hostile
 *   reply, max    where the reply's bytes go
 * Returns the number of reply bytes, 1..max. It always answers: a malformed
 * request gets the reply PEER_RC_BAD_REQUEST. */
typedef size_t peerbox_handler(void *ctx, const uint8_t *request, size_t len, uint8_t *reply,
			       size_t max);

/* A mailbox with nothing in it, or NULL without memory. handler may be NULL:
 * EXECUTE is then refused. */
struct peerbox *peerbox_new(peerbox_handler *handler, void *ctx);
void peerbox_free(struct peerbox *box);

/* Forget both messages, the open command and the waiting guest. */
void peerbox_reset(struct peerbox *box);

/* Whether a configuration access touches the mailbox's registers 0x84..0x9f. */
bool peerbox_covers(uint32_t off, uint32_t len);

/* One configuration access, off relative to configuration space. A read that is
 * not exactly one register has no side effect and gives the constant registers only. */
void peerbox_read(struct peerbox *box, uint32_t off, uint8_t *dst, uint32_t len);
void peerbox_write(struct peerbox *box, uint32_t off, const uint8_t *src, uint32_t len);

/* The other direction: hand a command to the guest.
 * peerbox_guest_waits: the guest fetched and has no command yet.
 * peerbox_command: false when the guest does not wait or len is not 1..PEERBOX_MESSAGE_MAX; the
 *   bytes are copied.
 * peerbox_answer: the reply to the command once the guest gave one, NULL before; taking it ends the
 *   command. The bytes stay until the next call on box. */
bool peerbox_guest_waits(const struct peerbox *box);
bool peerbox_command(struct peerbox *box, const uint8_t *request, size_t len);
const uint8_t *peerbox_answer(struct peerbox *box, size_t *len);

#endif
