/* SPDX-License-Identifier: BSD-2-Clause */
/* table.h - the compiled form of the specification's vectors.
 *
 * Written by specc, read in place by the engine: a file, an embedded blob or a
 * buffer, aligned to 8 bytes, little-endian, offsets in place of pointers.
 * vct_open() checks every offset, count and index once; after that the reader
 * trusts the table. Nothing here allocates.
 *
 * Language: docs/vector-language.md. A change of any number or meaning here
 * raises VCT_FORMAT.
 */
#ifndef CONFORMANCE_TABLE_H
#define CONFORMANCE_TABLE_H

#include <stddef.h>
#include <stdint.h>

#define VCT_MAGIC  0x56434d56u /* "VMCV" */
#define VCT_FORMAT 1u
#define VCT_NONE   0xffffffffu

/* All offsets are bytes from the start of the table; strings are NUL-ended
 * UTF-8 inside [str_off, str_off + str_len). */
struct vct_header {
	uint32_t magic, format;
	uint32_t size;	       /* bytes of the whole table */
	uint32_t crc32;	       /* IEEE CRC-32 of the table with this field zero */
	uint32_t spec_version; /* major << 16 | minor */
	uint32_t req_off, req_count;
	uint32_t vec_off, vec_count;
	uint32_t step_off, step_count;
	uint32_t code_off, code_count;
	uint32_t cover_off, cover_count; /* u32 indices of clauses */
	uint32_t str_off, str_len;
	uint32_t reserved[3];
};

enum vct_level {
	VCT_MUST,
	VCT_MUST_NOT,
	VCT_SHOULD,
	VCT_SHOULD_NOT,
	VCT_MAY
};
enum vct_side {
	VCT_SIDE_DEVICE,
	VCT_SIDE_GUEST,
	VCT_SIDE_ENDPOINT,
	VCT_SIDE_HOST,
	VCT_SIDE_SOCKET /* either end of VMCI Sockets */
};

/* One clause. */
struct vct_req {
	uint32_t id, text, marks,
		file; /* strings: "DG.SEND.3", the sentence, "L F; R-047", "spec/20-datagrams.md" */
	uint32_t line;
	uint32_t hash;	    /* of the sentence, as in requirements.lock */
	uint8_t level;	    /* enum vct_level */
	uint8_t side;	    /* enum vct_side */
	uint8_t choice;	    /* 1: our own choice, a deviation "differs" */
	uint8_t untestable; /* 1: no vector, reason is a string in `reason` */
	uint32_t reason;    /* string or VCT_NONE */
	uint32_t chapter;   /* string: title of the chapter */
	uint32_t reserved;
};

enum vct_role {
	VCT_ROLE_DEVICE = 1,
	VCT_ROLE_GUEST = 2
};

/* Bits of vct_vector.needs: what the implementation offers. */
enum vct_need {
	VCT_NEED_HYPERCALL = 1 << 0,
	VCT_NEED_DATAGRAM = 1 << 1,
	VCT_NEED_NOTIFICATIONS = 1 << 2,
	VCT_NEED_PPN64 = 1 << 3,
	VCT_NEED_DMA = 1 << 4,
	VCT_NEED_BAR_PORTS = 1 << 5,
	VCT_NEED_BAR_MMIO = 1 << 6,
	VCT_NEED_MSIX = 1 << 7,
	VCT_NEED_MSI = 1 << 8,
	VCT_NEED_INTX = 1 << 9,
	VCT_NEED_VECTORS2 = 1 << 10,
	VCT_NEED_VECTORS3 = 1 << 11,
};

/* Bits of vct_vector.abilities: what the harness must be able to do or see,
 * derived by specc from the verbs. Missing ones make a vector unobserved. */
enum vct_ability {
	VCT_CAN_IRQ = 1 << 0,	     /* see interrupt messages (device irq, irqs, noirq) */
	VCT_CAN_LINE = 1 << 1,	     /* see the INTx line */
	VCT_CAN_IRQ_MASK = 1 << 2,   /* guest irqmask, irqunmask */
	VCT_CAN_PEER = 1 << 3,	     /* host actors */
	VCT_CAN_CONFIG = 1 << 4,     /* a config line */
	VCT_CAN_CFGSPACE = 1 << 5,   /* PCI configuration space and BAR sizes */
	VCT_CAN_BUSMASTER = 1 << 6,  /* guest busmaster */
	VCT_CAN_PLATRESET = 1 << 7,  /* guest platreset */
	VCT_CAN_MEM_HIGH = 1 << 8,   /* memory above 4 GiB */
	VCT_CAN_ASK = 1 << 9,	     /* a guest under test that takes ask */
	VCT_CAN_MSI_MODE = 1 << 10,  /* guest irq msi */
	VCT_CAN_IRQ_COUNT = 1 << 11, /* count messages exactly (device irqs) */
};

enum vct_flag {
	VCT_SLOW = 1,
	VCT_HANG = 2,
	VCT_CRASH = 4,
	VCT_CHOICE = 8,	 /* every covered clause is a choice */
	VCT_BASIC = 16,	 /* about what other vectors stand on (basics.h) */
	VCT_SOCKETS = 32 /* has host sockets: when time passes, their timers have to run */
};

enum vct_start {
	VCT_START_PROBE = 0,
	VCT_START_RAW = 1
};
enum vct_transport {
	VCT_TRANSPORT_AUTO = 0,
	VCT_TRANSPORT_PIO = 1,
	VCT_TRANSPORT_DMA = 2
};
enum vct_window {
	VCT_WINDOW_AUTO = 0,
	VCT_WINDOW_PORTS = 1,
	VCT_WINDOW_MMIO = 2
};

#define VCT_CONFIG_KEYS 5
enum vct_config {
	VCT_CFG_CID,
	VCT_CFG_CAPS,
	VCT_CFG_QP_MEMORY,
	VCT_CFG_PRIV,
	VCT_CFG_VECTORS
};

/* One run: a vector, or one value of its `each` lines. */
struct vct_vector {
	uint32_t id, about, why, file; /* strings; why may be VCT_NONE */
	uint32_t line;
	uint32_t catches; /* string, names separated by one blank, or VCT_NONE */
	uint32_t needs, abilities, flags;
	uint32_t cover_first, cover_count; /* indices into the cover array */
	uint32_t step_first, step_count;
	uint8_t role, start, transport, window;
	uint32_t config_mask;		  /* bit k: config[k] is given */
	uint32_t nslots;		  /* variables, at most VCT_SLOTS */
	uint32_t nobjects;		  /* queue pairs, at most VCT_OBJECTS */
	uint64_t config[VCT_CONFIG_KEYS]; /* enum vct_config */
};
#define VCT_SLOTS   64
#define VCT_OBJECTS 8

enum vct_actor {
	VCT_ACT_NONE,
	VCT_ACT_GUEST,
	VCT_ACT_DEVICE,
	VCT_ACT_HOST
};

/* Verbs. args = values of the code range `args`, in the order given here.
 * HOST and ASK carry a peer operation (peer.h) in arg 0 position `op` below. */
enum vct_verb {
	VCT_REGION,   /* slot, bytes, align, high(0/1) */
	VCT_QUEUES,   /* object, produce bytes, consume bytes, slot of ph, slot of ch */
	VCT_LET,      /* slot, value */
	VCT_IN,	      /* width bits, offset; ipat */
	VCT_OUT,      /* width bits, offset, value */
	VCT_OUTS,     /* offset; blob */
	VCT_INS,      /* offset, count; bpat */
	VCT_CFG_IN,   /* width bits, offset; ipat */
	VCT_CFG_OUT,  /* width bits, offset, value */
	VCT_BAR_SIZE, /* n; ipat */
	VCT_BAR_KIND, /* n; ipat */
	VCT_PCICAP,   /* id; ipat */
	VCT_CALL,     /* rid, src ctx, src res; blob = payload; ipat (32-bit result) */
	VCT_SEND,     /* dst ctx, dst res, src ctx, src res; blob = payload; ipat (32-bit result) */
	VCT_RECV,     /* kind: 0 = bpat over the whole datagram, 1 = none, 2 = any */
	VCT_READ,     /* address, count; bpat */
	VCT_WRITE,    /* address; blob */
	VCT_PUSH,     /* object; blob; ipat = count */
	VCT_PULL,     /* object, count; ipat = count; bpat */
	VCT_IRQ_MODE, /* enum vct_irq_mode */
	VCT_IRQ_MASK, /* vector, 1 mask / 0 unmask */
	VCT_BUSMASTER, /* 0/1 */
	VCT_PLATRESET,
	VCT_DEV_IRQ,   /* vector; within */
	VCT_DEV_IRQS,  /* vector; ipat */
	VCT_DEV_NOIRQ, /* vector or VCT_ANY_IRQ */
	VCT_DEV_LINE,  /* 0/1; within */
	VCT_WAIT,      /* microseconds */
	VCT_REPEAT,    /* count, number of steps that follow and repeat */
	VCT_HOST, /* step.op = enum peer_op; args as peer.h says, `as` first; blob; ipat; bpat */
	VCT_ASK,  /* step.op = enum peer_op (ASK_*); args; blob; ipat; bpat */
	VCT_DOES_OUT,  /* width bits or 0 = any, offset; ipat */
	VCT_DOES_CALL, /* rid; bpat = payload (absent: any) */
	VCT_DOES_SEND, /* bpat = whole datagram */
	VCT_DOES_NOTHING,
	VCT_DOES_SKIP,
	VCT_SET_OFFER,	 /* caps */
	VCT_SET_ANSWER,	 /* value */
	VCT_SET_DELIVER, /* blob */
	VCT_SET_EVENT,	 /* blob */
	VCT_SET_GONE,
	VCT_SET_LOAD,  /* address, count; bpat (guest role) */
	VCT_SET_STORE, /* address; blob (guest role) */
	VCT_VERB_COUNT
};
#define VCT_ANY_IRQ 0xffu
#define VCT_ANY_REG 0xffffffffu /* offset of VCT_DOES_OUT: whatever register */

enum vct_irq_mode {
	VCT_IRQ_OFF,
	VCT_IRQ_EXCLUSIVE,
	VCT_IRQ_SHARED,
	VCT_IRQ_MSI,
	VCT_IRQ_INTX
};

struct vct_step {
	uint8_t actor, verb, nargs, reserved;
	uint32_t op;   /* enum peer_op for HOST and ASK, else 0 */
	uint32_t line; /* of the vector's file */
	uint32_t text; /* string: the source line, blanks folded */
	uint32_t args, blob, ipat,
		bpat;	    /* first instruction of each, or VCT_NONE; each ends with VCI_END */
	uint32_t within_us; /* 0 = the default */
};

/* Code. One instruction is 16 bytes. Value code leaves numbers on a stack of at
 * most VCT_STACK; VCI_ARG pops one as the next argument. */
#define VCT_STACK 16
enum vct_insn {
	VCI_END,
	VCI_CONST, /* value */
	VCI_VAR,   /* aux = slot */
	VCI_ADD,
	VCI_SUB,
	VCI_MUL,
	VCI_SHL,
	VCI_SHR,
	VCI_AND,
	VCI_OR,
	VCI_NOT,
	VCI_NEG,
	VCI_ARG,
	/* blob builder and byte patterns */
	VCI_PUT,      /* pop a number, width = 1 2 4 8 bytes (pattern: must equal) */
	VCI_PUT_PPN,  /* pop a page number, 4 or 8 bytes as negotiated */
	VCI_PUT_PPNS, /* aux = object: its page list */
	VCI_RAW,      /* value = offset of the bytes from the table's start, len = count */
	VCI_FILL,     /* pop byte value, pop count (count pushed first) */
	VCI_SEQ,      /* pop start, pop count (count pushed first) */
	/* byte patterns only */
	VCI_ANY,    /* pop count: that many bytes of any value */
	VCI_MASKED, /* value = offset of len bytes followed by len mask bytes; byte & mask must
		       equal */
	VCI_COND,   /* width bytes are read as a number; the number pattern of aux instructions that
		       follows judges it */
	VCI_REST,   /* anything may follow */
	VCI_ZERO_EXCEPT, /* aux = n: pop n offsets; every other byte of the answer is zero */
	/* number patterns: the subject is implicit, booleans on the same stack */
	VCI_T_ANY,
	VCI_T_BIND /* aux = slot */,
	VCI_T_EQ,
	VCI_T_NE,
	VCI_T_LT,
	VCI_T_LE,
	VCI_T_GT,
	VCI_T_GE,
	VCI_T_BITS, /* pop expected, pop mask (mask pushed first) */
	VCI_T_AND,
	VCI_T_OR,
	VCI_COUNT
};

/* What an instruction of two operands, VCI_ADD .. VCI_OR, makes of them: when code runs and when
 * specc folds constants. */
static inline uint64_t vct_binary(enum vct_insn op, uint64_t a, uint64_t b)
{
	switch (op) {
	case VCI_ADD:
		return a + b;
	case VCI_SUB:
		return a - b;
	case VCI_MUL:
		return a * b;
	case VCI_SHL:
		return b < 64 ? a << b : 0;
	case VCI_SHR:
		return b < 64 ? a >> b : 0;
	case VCI_AND:
		return a & b;
	default:
		return a | b;
	}
}

struct vct_insn_rec {
	uint8_t op, width;
	uint16_t aux;
	uint32_t len;
	uint64_t value;
};

/* A table that vct_open() accepted. */
struct vct {
	const uint8_t *base;
	const struct vct_header *header;
	const struct vct_req *reqs;
	const struct vct_vector *vectors;
	const struct vct_step *steps;
	const struct vct_insn_rec *code;
	const uint32_t *covers;
};

/* Check and open a table.
 *   base  8-aligned, borrowed for as long as t is used
 *   len   bytes available at base
 * Returns 0, or -1: magic, format, size, CRC or any offset, index or count is
 * wrong (*why names it, a static string); t is then unchanged. */
int vct_open(struct vct *t, const void *base, size_t len, const char **why);

/* The string at an offset; "" for VCT_NONE. Lives as long as the table. */
const char *vct_str(const struct vct *t, uint32_t off);

#endif
