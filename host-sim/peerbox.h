/* SPDX-License-Identifier: BSD-2-Clause */
/* peerbox.h - the conformance peer's mailbox in PCI configuration space.
 *
 * Served to software in the guest; the registers are described in mailbox_regs.h.
 */
#ifndef HOST_SIM_PEERBOX_H
#define HOST_SIM_PEERBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <mailbox_regs.h>

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

/* Copy len bytes between guest memory at addr and buf. Returns 0, or not: some byte cannot be
 * reached (nothing was copied to buf then, or perhaps a part to the guest). */
typedef int peerbox_copy(void *ctx, uint64_t addr, uint8_t *buf, size_t len, bool to_guest);
/* How guest memory is reached; without it LOAD and STORE are refused. */
void peerbox_set_memory(struct peerbox *box, peerbox_copy *copy, void *ctx);

/* Forget both messages, the open command, the waiting guest and the buffer's address. */
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
