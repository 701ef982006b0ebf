/* SPDX-License-Identifier: BSD-2-Clause */
/* target_null.c - machines without a device behind them. */
#include "target_null.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vmci/defs.h>

#define MEMORY_BASE  0x100000u
#define MEMORY_BYTES (64u << 20)
#define ECHO_BYTES   (1u << 20)

enum kind {
	ZEROS,
	ONES,
	SILENT,
	ECHO
};
const char *const target_null_kinds[] = { "zeros", "ones", "silent", "echo", NULL };

struct null {
	enum kind kind;
	uint64_t now, used, high_used;
	uint8_t *memory; /* low memory, then as much high */
	uint32_t regs[64], cfg[64];
	uint32_t writes[64]; /* interrupts of each vector that were not taken yet */
	uint8_t *echo;
	size_t echo_head, echo_tail;
};

static uint32_t ones(unsigned bits)
{
	return 0xffffffffu >> (32 - bits);
}

static int reg_read(void *ctx, enum machine_window w, unsigned bits, uint32_t off, uint32_t *value)
{
	struct null *n = ctx;

	(void)w;
	switch (n->kind) {
	case ONES:
		*value = ones(bits);
		break;
	case ECHO:
		*value = n->regs[off / 4 % 64] & ones(bits);
		break;
	default:
		*value = 0;
		break;
	}
	return 0;
}

static uint8_t *at(struct null *n, uint64_t pa, uint64_t len)
{
	uint64_t off = pa >> 32 ? pa - ((uint64_t)1 << 32) + MEMORY_BYTES : pa - MEMORY_BASE;

	if (pa < MEMORY_BASE || off > 2ull * MEMORY_BYTES || len > 2ull * MEMORY_BYTES - off)
		return NULL;
	return n->memory + off;
}

/* Finish a DMA request: no result, no datagram. */
static void complete(struct null *n, uint32_t pa, bool receive)
{
	uint8_t *head = at(n, pa, VMCI_DMA_HEADER_SIZE + VMCI_SG_ELEM_SIZE);
	uint8_t *data = at(n, (uint64_t)pa + 4096, VMCI_DATAGRAM_SIZE);

	if (!head || !data)
		return;
	if (receive)
		memset(data, 0xff, VMCI_DATAGRAM_SIZE);
	else
		memset(head + VMCI_DMA_HEADER_RESULT, 0, 8);
	head[VMCI_DMA_HEADER_BUSY] = receive;
}

static int reg_write(void *ctx, enum machine_window w, unsigned bits, uint32_t off, uint32_t value)
{
	struct null *n = ctx;

	(void)w;
	(void)bits;
	n->regs[off / 4 % 64] = value;
	if (off == VMCI_CONTROL_ADDR && value & VMCI_CONTROL_RESET)
		memset(n->regs, 0, sizeof(n->regs));
	for (int i = 0; i < 64; i++)
		n->writes[i]++;
	if ((n->kind == SILENT || n->kind == ECHO) &&
	    (off == VMCI_DATA_OUT_LOW_ADDR || off == VMCI_DATA_IN_LOW_ADDR)) {
		complete(n, value, off == VMCI_DATA_IN_LOW_ADDR);
		n->regs[VMCI_RESULT_LOW_ADDR / 4] = 0;
	}
	return 0;
}

static int reg_write_bytes(void *ctx, enum machine_window w, uint32_t off, const uint8_t *src,
			   size_t len)
{
	struct null *n = ctx;

	for (size_t i = 0; i < len; i++)
		if (n->echo_tail < ECHO_BYTES)
			n->echo[n->echo_tail++] = src[i];
	return len ? reg_write(ctx, w, 8, off, src[len - 1]) : 0;
}

static int reg_read_bytes(void *ctx, enum machine_window w, uint32_t off, uint8_t *dst, size_t len)
{
	struct null *n = ctx;

	(void)w;
	(void)off;
	memset(dst, n->kind == ZEROS ? 0 : 0xff, len);
	for (size_t i = 0; n->kind == ECHO && i < len && n->echo_head < n->echo_tail; i++)
		dst[i] = n->echo[n->echo_head++];
	if (n->echo_head == n->echo_tail)
		n->echo_head = n->echo_tail = 0;
	return 0;
}

static int cfg_read(void *ctx, unsigned bits, uint32_t off, uint32_t *value)
{
	struct null *n = ctx;

	*value = n->kind == ONES   ? ones(bits)
		 : n->kind == ECHO ? n->cfg[off / 4 % 64] & ones(bits)
				   : 0;
	return 0;
}

static int cfg_write(void *ctx, unsigned bits, uint32_t off, uint32_t value)
{
	struct null *n = ctx;

	(void)bits;
	n->cfg[off / 4 % 64] = value;
	return 0;
}

static int bar_info(void *ctx, unsigned bar, uint64_t *size, enum machine_bar_kind *kind)
{
	struct null *n = ctx;

	*size = n->kind == ONES ? UINT64_MAX : n->kind == ECHO ? bar : 0;
	*kind = n->kind == ONES ? BAR_MEM32 : BAR_NONE;
	return 0;
}

static int mem_alloc(void *ctx, uint64_t bytes, uint64_t align, bool high, uint64_t *pa)
{
	struct null *n = ctx;
	uint64_t *used = high ? &n->high_used : &n->used;
	uint64_t base = high ? (uint64_t)1 << 32 : MEMORY_BASE;
	uint64_t from = ((base + *used + align - 1) & ~(align - 1)) - base;

	if (from > MEMORY_BYTES || bytes > MEMORY_BYTES - from)
		return MACHINE_ERROR;
	*used = from + bytes;
	*pa = base + from;
	memset(at(n, *pa, bytes), 0, bytes);
	return 0;
}

static int mem_read(void *ctx, uint64_t pa, void *dst, size_t len)
{
	const uint8_t *p = at(ctx, pa, len);

	if (!p)
		return MACHINE_ERROR;
	memcpy(dst, p, len);
	return 0;
}

static int mem_write(void *ctx, uint64_t pa, const void *src, size_t len)
{
	uint8_t *p = at(ctx, pa, len);

	if (!p)
		return MACHINE_ERROR;
	memcpy(p, src, len);
	return 0;
}

static void mem_release_all(void *ctx)
{
	struct null *n = ctx;

	n->used = n->high_used = 0;
}

static int irq_mode(void *ctx, enum vct_irq_mode mode)
{
	(void)ctx;
	(void)mode;
	return 0;
}

static int irq_mask(void *ctx, unsigned vector, bool masked)
{
	(void)ctx;
	(void)vector;
	(void)masked;
	return 0;
}

static int irq_take(void *ctx, unsigned vector, uint32_t *count)
{
	struct null *n = ctx;

	*count = n->kind == ONES ? 1 : n->kind == ECHO ? n->writes[vector % 64] : 0;
	n->writes[vector % 64] = 0;
	return 0;
}

static int irq_line(void *ctx, bool *asserted)
{
	struct null *n = ctx;

	*asserted = n->kind == ONES || n->kind == ECHO;
	return 0;
}

static int flag(void *ctx, bool on)
{
	(void)ctx;
	(void)on;
	return 0;
}

static int nothing(void *ctx)
{
	(void)ctx;
	return 0;
}

static int peer(void *ctx, const struct peer_request *rq, struct peer_reply *rp)
{
	struct null *n = ctx;

	rp->rc = 0;
	rp->blob_len = 0;
	if (rq->op < PEER_HOST_ENDPOINT)
		return 0;
	if (n->kind == ONES)
		rp->rc = -1;
	if (n->kind == ECHO) {
		rp->rc = rq->nargs ? (int64_t)rq->args[rq->nargs - 1] : 0;
		rp->blob_len = rq->blob_len < rp->blob_max ? rq->blob_len : rp->blob_max;
		memcpy(rp->blob, rq->blob, rp->blob_len);
	}
	return 0;
}

static int settle(void *ctx, uint64_t us)
{
	struct null *n = ctx;

	n->now += us;
	return 0;
}

static uint64_t now_us(void *ctx)
{
	return ((struct null *)ctx)->now;
}

static void close_null(struct target *t)
{
	struct null *n = t->priv;

	free(n->memory);
	free(n->echo);
	free(n);
}

static const struct machine functions = {
	.abilities = 0xffffffffu & ~(uint32_t)VCT_CAN_ASK,
	.page_shift = 12,
	.reg_read = reg_read,
	.reg_write = reg_write,
	.reg_write_bytes = reg_write_bytes,
	.reg_read_bytes = reg_read_bytes,
	.cfg_read = cfg_read,
	.cfg_write = cfg_write,
	.bar_info = bar_info,
	.mem_alloc = mem_alloc,
	.mem_read = mem_read,
	.mem_write = mem_write,
	.mem_release_all = mem_release_all,
	.irq_mode = irq_mode,
	.irq_mask = irq_mask,
	.irq_take = irq_take,
	.irq_line = irq_line,
	.bus_master = flag,
	.plat_reset = nothing,
	.peer = peer,
	.settle = settle,
	.now_us = now_us,
};

int target_null_open(struct target *t, const char *kind, char *error, size_t size)
{
	struct null *n;
	int k = 0;

	while (target_null_kinds[k] && strcmp(target_null_kinds[k], kind) != 0)
		k++;
	if (!target_null_kinds[k]) {
		snprintf(error, size, "null:%s: expected zeros, ones, silent or echo", kind);
		return -1;
	}
	n = calloc(1, sizeof(*n));
	if (n) {
		n->memory = calloc(2, MEMORY_BYTES);
		n->echo = calloc(1, ECHO_BYTES);
	}
	if (!n || !n->memory || !n->echo) {
		snprintf(error, size, "out of memory");
		if (n) {
			free(n->memory);
			free(n->echo);
		}
		free(n);
		return -1;
	}
	n->kind = (enum kind)k;
	t->priv = n;
	t->machine = functions;
	t->machine.ctx = n;
	t->close = close_null;
	snprintf(t->name, sizeof(t->name), "null-%s", kind);
	snprintf(t->implementation, sizeof(t->implementation), "null-%s", kind);
	snprintf(t->version, sizeof(t->version), "1");
	return 0;
}
