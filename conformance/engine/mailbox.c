/* SPDX-License-Identifier: BSD-2-Clause */
/* mailbox.c - the conformance peer's mailbox, seen from the guest. */
#include "mailbox.h"
#include "mailbox_regs.h"
#include <vmci/mem.h>
#include <vmci/wire.h>
#include "pci.h"

/* Offsets from the capability, which a device may have elsewhere than ours. */
#define MAGIC_REG   (PEERBOX_MAGIC_REG - PEERBOX_OFFSET)
#define VERSION_REG (PEERBOX_VERSION_REG - PEERBOX_OFFSET)
#define DATA_REG    (PEERBOX_DATA_REG - PEERBOX_OFFSET)
#define CONTROL_REG (PEERBOX_CONTROL_REG - PEERBOX_OFFSET)
#define LENGTH_REG  (PEERBOX_LENGTH_REG - PEERBOX_OFFSET)
#define ADDRESS_REG (PEERBOX_ADDRESS_REG - PEERBOX_OFFSET)
#define HIGH_REG    (PEERBOX_ADDRESS_HIGH_REG - PEERBOX_OFFSET)

/* How often STATUS is read for one answer, and how long one look lasts. */
#define LOOKS	2000u
#define LOOK_US 1000u

static int get(struct mailbox *mb, uint32_t reg, uint32_t *v)
{
	*v = 0;
	return mb->m->cfg_read(mb->m->ctx, 32, mb->at + reg, v);
}

static int put(struct mailbox *mb, uint32_t reg, uint32_t v)
{
	return mb->m->cfg_write(mb->m->ctx, 32, mb->at + reg, v);
}

int mailbox_open(struct mailbox *mb, struct machine *m)
{
	uint32_t at = 0, v = 0;
	int rc;

	mb->m = m;
	mb->at = 0;
	mb->buffer = 0;
	mb->open_op = PEER_NOP;
	for (int i = 0; i < 8; i++) {
		rc = pci_find_capability(m, PCI_CAP_VENDOR, at, &at);
		if (rc == MACHINE_UNSUPPORTED)
			return 0;
		if (rc || !at)
			return rc;
		mb->at = at;
		rc = get(mb, MAGIC_REG, &v);
		if (!rc && v == PEERBOX_MAGIC) {
			rc = get(mb, VERSION_REG, &v);
			if (!rc && (v & 0xffff) == PEERBOX_VERSION)
				return put(mb, CONTROL_REG, PEERBOX_RESET);
		}
		mb->at = 0;
		if (rc)
			return rc;
	}
	return 0;
}

int mailbox_use_memory(struct mailbox *mb, uint64_t pa)
{
	int rc = mb->at ? put(mb, ADDRESS_REG, (uint32_t)pa) : MACHINE_UNSUPPORTED;

	if (!rc)
		rc = put(mb, HIGH_REG, (uint32_t)(pa >> 32));
	mb->buffer = rc ? 0 : pa;
	return rc;
}

/* A control that needs guest memory. Returns 1 done, 0 refused: memory is not used any more. */
static int by_memory(struct mailbox *mb, uint32_t control)
{
	uint32_t status = 0;
	int rc = put(mb, CONTROL_REG, control);

	if (!rc)
		rc = get(mb, CONTROL_REG, &status);
	if (rc)
		return rc;
	if (!(status & PEERBOX_REFUSED))
		return 1;
	mb->buffer = 0;
	return 0;
}

static int put_message(struct mailbox *mb, size_t len, uint32_t control)
{
	int rc = put(mb, LENGTH_REG, (uint32_t)len);

	if (!rc && mb->buffer) {
		rc = mb->m->mem_write(mb->m->ctx, mb->buffer, mb->message, len);
		if (!rc)
			rc = by_memory(mb, PEERBOX_LOAD);
		if (rc)
			return rc < 0 ? rc : put(mb, CONTROL_REG, control);
	}
	memset(mb->message + len, 0, 3);
	for (size_t i = 0; !rc && i < len; i += 4)
		rc = put(mb, DATA_REG, vmci_get32(mb->message + i));
	return rc ? rc : put(mb, CONTROL_REG, control);
}

/* The incoming message, whose length STATUS announced. */
static int get_message(struct mailbox *mb, uint32_t status, size_t *len)
{
	uint32_t n = status >> PEERBOX_COUNT_SHIFT, v;
	int done = 0;

	if (!n || n > PEER_MESSAGE_MAX)
		return MACHINE_ERROR;
	*len = n;
	if (mb->buffer)
		done = by_memory(mb, PEERBOX_STORE);
	if (done)
		return done < 0 ? done : mb->m->mem_read(mb->m->ctx, mb->buffer, mb->message, n);
	for (uint32_t i = 0; i < n; i += 4) {
		int rc = get(mb, DATA_REG, &v);

		if (rc)
			return rc;
		vmci_put32(mb->message + i, v);
	}
	return 0;
}

int mailbox_call(struct mailbox *mb, const struct peer_request *rq, struct peer_reply *rp)
{
	uint32_t status = 0;
	size_t len;
	int rc;

	if (!mb->at)
		return MACHINE_UNSUPPORTED;
	len = peer_encode_request(rq, mb->message, PEER_MESSAGE_MAX);
	if (!len)
		return MACHINE_ERROR;
	rc = put(mb, CONTROL_REG, PEERBOX_RESET);
	if (!rc)
		rc = put_message(mb, len, PEERBOX_EXECUTE);
	for (uint32_t i = 0; !rc && i < LOOKS; i++) {
		rc = get(mb, CONTROL_REG, &status);
		if (rc || status & (PEERBOX_READY | PEERBOX_REFUSED))
			break;
		rc = mb->m->settle(mb->m->ctx, LOOK_US);
	}
	if (rc)
		return rc;
	if ((status & (PEERBOX_READY | PEERBOX_REFUSED)) != PEERBOX_READY)
		return MACHINE_ERROR;
	rc = get_message(mb, status, &len);
	if (rc)
		return rc;
	return peer_decode_reply(rq->op, rp, mb->message, len) ? MACHINE_ERROR : 0;
}

int mailbox_command(struct mailbox *mb, struct peer_request *rq)
{
	uint32_t status = 0;
	size_t len = 0;
	int rc;

	if (!mb->at)
		return MACHINE_UNSUPPORTED;
	rc = get(mb, CONTROL_REG, &status);
	if (!rc && !(status & (PEERBOX_READY | PEERBOX_WAITING))) {
		rc = put(mb, CONTROL_REG, PEERBOX_FETCH);
		if (!rc)
			rc = get(mb, CONTROL_REG, &status);
	}
	if (rc || !(status & PEERBOX_READY))
		return rc;
	rc = get_message(mb, status, &len);
	if (rc)
		return rc;
	if (peer_decode_request(rq, mb->message, len))
		return MACHINE_ERROR;
	mb->open_op = rq->op;
	return 1;
}

int mailbox_answer(struct mailbox *mb, const struct peer_reply *rp)
{
	uint32_t status = 0;
	size_t len;
	int rc;

	if (!mb->at)
		return MACHINE_UNSUPPORTED;
	len = peer_encode_reply(mb->open_op, rp, mb->message, PEER_MESSAGE_MAX);
	if (!len)
		return MACHINE_ERROR;
	mb->open_op = PEER_NOP;
	rc = put_message(mb, len, PEERBOX_ANSWER);
	if (!rc)
		rc = get(mb, CONTROL_REG, &status);
	if (rc)
		return rc;
	return status & PEERBOX_REFUSED ? MACHINE_ERROR : 0;
}
