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
	ECHO,
	CHAOS
};
const char *const target_null_kinds[] = { "zeros", "ones", "silent", "echo", NULL };
static const char *const all_kinds[] = { "zeros", "ones", "silent", "echo", "chaos", NULL };

struct null {
	enum kind kind;
	uint64_t now, used, high_used;
	uint8_t *memory; /* low memory, then as much high */
	uint32_t regs[64], cfg[64];
	uint32_t writes[64]; /* interrupts of each vector that were not taken yet */
	uint64_t random;
	uint8_t *echo;
	size_t echo_head, echo_tail;
};

static uint32_t ones(unsigned bits)
{
	return 0xffffffffu >> (32 - bits);
}

static uint32_t random32(struct null *n)
{
	n->random = n->random * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(n->random >> 32);
}

/* A number as a device might give it by mistake: often small, sometimes an error, sometimes all
 * bits. */
static uint32_t odd_number(struct null *n)
{
	uint32_t v = random32(n);

	switch (random32(n) % 6) {
	case 0:
		return v;
	case 1:
		return 0 - v % 42;
	case 2:
		return 0xffffffff;
	case 3:
		return v % 70000;
	default:
		return v % 3;
	}
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
	case CHAOS:
		/* Mostly alive, or no vector would come further than its start. */
		*value = off == VMCI_CAPS_ADDR && random32(n) % 16 ? 0x3c
								   : odd_number(n) & ones(bits);
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

/* What a broken device does to memory that it was given, or was not. */
static void scribble(struct null *n, uint32_t pa)
{
	uint8_t *p = random32(n) % 4 ? at(n, pa, 8192) : NULL;

	if (!p && n->used)
		p = n->memory + random32(n) % n->used;
	if (!p)
		return;
	for (uint32_t i = random32(n) % 64; i; i--)
		p[random32(n) % 8192 % (i < 32 ? 32 : 8192)] = (uint8_t)odd_number(n);
	if (random32(n) % 2)
		p[0] = (uint8_t)(random32(n) % 2);
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
	if (n->kind == CHAOS)
		scribble(n, value);
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
	if (n->kind == CHAOS && random32(n) % 2)
		for (size_t i = random32(n) % 64; i < len; i += 1 + random32(n) % 32)
			dst[i] = (uint8_t)odd_number(n);
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

	if (n->kind == CHAOS && random32(n) % 8 == 0) {
		*size = odd_number(n);
		*kind = (enum machine_bar_kind)(random32(n) % 4);
		return 0;
	}
	if (n->kind == CHAOS) {
		*size = bar == 0 ? 64 : bar == 1 ? VMCI_BAR1_SIZE_MMIO : 0;
		*kind = bar == 0 ? BAR_IO : BAR_MEM64;
		return 0;
	}
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
	if (n->kind == CHAOS)
		*count = odd_number(n);
	n->writes[vector % 64] = 0;
	return 0;
}

static int irq_line(void *ctx, bool *asserted)
{
	struct null *n = ctx;

	*asserted = n->kind == ONES || n->kind == ECHO || (n->kind == CHAOS && random32(n) % 2);
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
	if (n->kind == CHAOS) {
		rp->rc = (int32_t)odd_number(n);
		rp->blob_len =
			random32(n) % 4 ? random32(n) % 64 : random32(n) % (rp->blob_max + 1);
		for (uint32_t i = 0; i < rp->blob_len; i += 1 + random32(n) % 8)
			rp->blob[i] = (uint8_t)odd_number(n);
		return random32(n) % 500 ? 0 : MACHINE_ERROR;
	}
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

/* There is nothing that could be gone. */
static int reopen(struct target *t)
{
	(void)t;
	return 0;
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

int target_null_open(struct target *t, const char *kind, uint32_t seed, char *error, size_t size)
{
	struct null *n;
	int k = 0;

	while (all_kinds[k] && strcmp(all_kinds[k], kind) != 0)
		k++;
	if (!all_kinds[k]) {
		snprintf(error, size, "null:%s: expected zeros, ones, silent, echo or chaos", kind);
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
	n->random = seed;
	t->priv = n;
	t->machine = functions;
	t->machine.ctx = n;
	t->reopen = reopen;
	t->close = close_null;
	snprintf(t->name, sizeof(t->name), "null-%s", kind);
	snprintf(t->implementation, sizeof(t->implementation), "null-%s", kind);
	snprintf(t->version, sizeof(t->version), "1");
	return 0;
}
