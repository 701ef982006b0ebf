/* SPDX-License-Identifier: BSD-2-Clause */
/* peerbox.c - the conformance peer's mailbox in PCI configuration space. */
#include "peerbox.h"
#include <stdlib.h>
#include <string.h>

enum stage {
	STAGE_IDLE,	/* nothing to read */
	STAGE_REPLY,	/* incoming holds a reply of the peer */
	STAGE_FETCHING, /* the guest waits for a command */
	STAGE_COMMAND,	/* incoming holds a command, the guest works on it */
	STAGE_ANSWERED	/* outgoing holds the guest's reply to it */
};

struct peerbox {
	peerbox_handler *handler;
	void *ctx;
	peerbox_copy *copy;
	void *copy_ctx;
	uint64_t address; /* of the buffer in guest memory */
	enum stage stage;
	bool refused;
	uint32_t out_len, out_have; /* bytes announced, bytes written */
	uint32_t in_len, in_pos;
	uint8_t out[PEERBOX_MESSAGE_MAX + 3];
	uint8_t in[PEERBOX_MESSAGE_MAX];
};

struct peerbox *peerbox_new(peerbox_handler *handler, void *ctx)
{
	struct peerbox *box = calloc(1, sizeof(*box));

	if (box) {
		box->handler = handler;
		box->ctx = ctx;
	}
	return box;
}

void peerbox_free(struct peerbox *box)
{
	free(box);
}

void peerbox_set_memory(struct peerbox *box, peerbox_copy *copy, void *ctx)
{
	box->copy = copy;
	box->copy_ctx = ctx;
}

static void forget_messages(struct peerbox *box)
{
	box->stage = STAGE_IDLE;
	box->refused = false;
	box->out_len = 0;
	box->out_have = 0;
	box->in_len = 0;
	box->in_pos = 0;
}

void peerbox_reset(struct peerbox *box)
{
	forget_messages(box);
	box->address = 0;
}

bool peerbox_covers(uint32_t off, uint32_t len)
{
	return off < PEERBOX_OFFSET + PEERBOX_CAP_LENGTH && off + len > PEERBOX_MAGIC_REG;
}

static void put32(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)v;
	p[1] = (uint8_t)(v >> 8);
	p[2] = (uint8_t)(v >> 16);
	p[3] = (uint8_t)(v >> 24);
}

static uint32_t get32(const uint8_t *p)
{
	return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static uint32_t status(const struct peerbox *box)
{
	uint32_t v = box->refused ? PEERBOX_REFUSED : 0;

	if (box->stage == STAGE_REPLY || box->stage == STAGE_COMMAND)
		v |= PEERBOX_READY | box->in_len << PEERBOX_COUNT_SHIFT;
	if (box->stage == STAGE_FETCHING)
		v |= PEERBOX_WAITING;
	return v;
}

static uint32_t take_word(struct peerbox *box)
{
	uint8_t word[4] = { 0 };
	uint32_t n = box->in_len - box->in_pos;

	if (box->stage != STAGE_REPLY && box->stage != STAGE_COMMAND)
		return 0;
	if (n > 4)
		n = 4;
	memcpy(word, box->in + box->in_pos, n);
	box->in_pos += n;
	return get32(word);
}

static uint32_t constant_register(uint32_t off)
{
	if (off == PEERBOX_MAGIC_REG)
		return PEERBOX_MAGIC;
	if (off == PEERBOX_VERSION_REG)
		return PEERBOX_VERSION;
	return 0;
}

void peerbox_read(struct peerbox *box, uint32_t off, uint8_t *dst, uint32_t len)
{
	uint8_t word[4];

	if (len == 4 && off == PEERBOX_DATA_REG) {
		put32(dst, take_word(box));
		return;
	}
	if (len == 4 && off == PEERBOX_CONTROL_REG) {
		put32(dst, status(box));
		return;
	}
	if (len == 4 && off == PEERBOX_LENGTH_REG) {
		put32(dst, box->out_have);
		return;
	}
	if (len == 4 && (off == PEERBOX_ADDRESS_REG || off == PEERBOX_ADDRESS_HIGH_REG)) {
		put32(dst, (uint32_t)(box->address >> (off == PEERBOX_ADDRESS_REG ? 0 : 32)));
		return;
	}
	for (uint32_t i = 0; i < len; i++) {
		put32(word, constant_register((off + i) & ~3u));
		dst[i] = word[(off + i) & 3u];
	}
}

static bool complete(const struct peerbox *box)
{
	return box->out_len != 0 && box->out_have >= box->out_len;
}

static void drop_outgoing(struct peerbox *box)
{
	box->out_len = 0;
	box->out_have = 0;
}

static void execute(struct peerbox *box)
{
	size_t n;

	box->refused = !box->handler || !complete(box) || box->stage == STAGE_FETCHING ||
		       box->stage == STAGE_COMMAND || box->stage == STAGE_ANSWERED;
	if (box->refused)
		return;
	n = box->handler(box->ctx, box->out, box->out_len, box->in, sizeof(box->in));
	drop_outgoing(box);
	box->in_len = n > sizeof(box->in) ? 0 : (uint32_t)n;
	box->in_pos = 0;
	box->stage = box->in_len ? STAGE_REPLY : STAGE_IDLE;
}

static void load(struct peerbox *box)
{
	box->refused = box->stage == STAGE_ANSWERED || box->out_len == 0 || !box->copy ||
		       box->copy(box->copy_ctx, box->address, box->out, box->out_len, false);
	if (!box->refused)
		box->out_have = box->out_len;
}

static void store(struct peerbox *box)
{
	bool has_message = box->stage == STAGE_REPLY || box->stage == STAGE_COMMAND;

	box->refused = !has_message || !box->copy ||
		       box->copy(box->copy_ctx, box->address, box->in, box->in_len, true);
	if (!box->refused)
		box->in_pos = box->in_len;
}

static void control(struct peerbox *box, uint32_t value)
{
	switch (value) {
	case PEERBOX_RESET:
		forget_messages(box);
		break;
	case PEERBOX_LOAD:
		load(box);
		break;
	case PEERBOX_STORE:
		store(box);
		break;
	case PEERBOX_EXECUTE:
		execute(box);
		break;
	case PEERBOX_REWIND:
		box->in_pos = 0;
		box->refused = false;
		break;
	case PEERBOX_FETCH:
		box->refused = box->stage == STAGE_COMMAND || box->stage == STAGE_ANSWERED;
		if (!box->refused)
			box->stage = STAGE_FETCHING;
		break;
	case PEERBOX_ANSWER:
		box->refused = box->stage != STAGE_COMMAND || !complete(box);
		if (!box->refused)
			box->stage = STAGE_ANSWERED;
		break;
	default:
		break;
	}
}

static void give_word(struct peerbox *box, uint32_t value)
{
	/* The last word may reach up to three bytes past the message, no further. */
	if (box->stage == STAGE_ANSWERED || box->out_have >= box->out_len)
		return;
	put32(box->out + box->out_have, value);
	box->out_have += 4;
}

void peerbox_write(struct peerbox *box, uint32_t off, const uint8_t *src, uint32_t len)
{
	uint32_t value;

	if (len != 4)
		return;
	value = get32(src);
	switch (off) {
	case PEERBOX_DATA_REG:
		give_word(box, value);
		break;
	case PEERBOX_CONTROL_REG:
		control(box, value);
		break;
	case PEERBOX_ADDRESS_REG:
		box->address = (box->address & ~UINT64_C(0xffffffff)) | value;
		break;
	case PEERBOX_ADDRESS_HIGH_REG:
		box->address = (box->address & 0xffffffff) | (uint64_t)value << 32;
		break;
	case PEERBOX_LENGTH_REG:
		if (box->stage == STAGE_ANSWERED)
			break;
		drop_outgoing(box);
		box->refused = value == 0 || value > PEERBOX_MESSAGE_MAX;
		if (!box->refused)
			box->out_len = value;
		break;
	default:
		break;
	}
}

bool peerbox_guest_waits(const struct peerbox *box)
{
	return box->stage == STAGE_FETCHING;
}

bool peerbox_command(struct peerbox *box, const uint8_t *request, size_t len)
{
	if (box->stage != STAGE_FETCHING || len == 0 || len > sizeof(box->in))
		return false;
	memcpy(box->in, request, len);
	box->in_len = (uint32_t)len;
	box->in_pos = 0;
	drop_outgoing(box);
	box->stage = STAGE_COMMAND;
	return true;
}

const uint8_t *peerbox_answer(struct peerbox *box, size_t *len)
{
	if (box->stage != STAGE_ANSWERED)
		return NULL;
	*len = box->out_len;
	box->stage = STAGE_IDLE;
	drop_outgoing(box);
	return box->out;
}
