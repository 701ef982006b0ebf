/* SPDX-License-Identifier: BSD-2-Clause */
/* table.c - opening a compiled table: everything is checked here, once. */
#include "table.h"
#include "peer.h"

#define VARIADIC 0xff

struct checker {
	const uint8_t *base;
	const struct vct_header *h;
	const struct vct_step *steps;
	const struct vct_insn_rec *code;
	const char *why;
};

/* Number of arguments of each verb. */
static const uint8_t verb_args[VCT_VERB_COUNT] = {
	[VCT_REGION] = 4,    [VCT_QUEUES] = 5,	    [VCT_LET] = 2,	    [VCT_IN] = 2,
	[VCT_OUT] = 3,	     [VCT_OUTS] = 1,	    [VCT_INS] = 2,	    [VCT_CFG_IN] = 2,
	[VCT_CFG_OUT] = 3,   [VCT_BAR_SIZE] = 1,    [VCT_BAR_KIND] = 1,	    [VCT_PCICAP] = 1,
	[VCT_CALL] = 3,	     [VCT_SEND] = 4,	    [VCT_RECV] = 1,	    [VCT_READ] = 2,
	[VCT_WRITE] = 1,     [VCT_PUSH] = 1,	    [VCT_PULL] = 2,	    [VCT_IRQ_MODE] = 1,
	[VCT_IRQ_MASK] = 2,  [VCT_BUSMASTER] = 1,   [VCT_PLATRESET] = 0,    [VCT_DEV_IRQ] = 1,
	[VCT_DEV_IRQS] = 1,  [VCT_DEV_NOIRQ] = 1,   [VCT_DEV_LINE] = 1,	    [VCT_WAIT] = 1,
	[VCT_REPEAT] = 2,    [VCT_HOST] = VARIADIC, [VCT_ASK] = VARIADIC,   [VCT_DOES_OUT] = 2,
	[VCT_DOES_CALL] = 1, [VCT_DOES_SEND] = 0,   [VCT_DOES_NOTHING] = 0, [VCT_DOES_SKIP] = 0,
	[VCT_SET_OFFER] = 1, [VCT_SET_ANSWER] = 1,  [VCT_SET_DELIVER] = 0,  [VCT_SET_EVENT] = 0,
	[VCT_SET_GONE] = 0,  [VCT_SET_LOAD] = 2,    [VCT_SET_STORE] = 1,
};

static int refuse(struct checker *c, const char *why)
{
	if (!c->why)
		c->why = why;
	return 0;
}

static uint32_t crc32_step(uint32_t crc, uint8_t byte)
{
	crc ^= byte;
	for (int i = 0; i < 8; i++)
		crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
	return crc;
}

static uint32_t table_crc(const uint8_t *base, uint32_t size)
{
	const uint32_t at = offsetof(struct vct_header, crc32);
	uint32_t crc = 0xffffffffu;

	for (uint32_t i = 0; i < size; i++)
		crc = crc32_step(crc, i >= at && i < at + 4 ? 0 : base[i]);
	return ~crc;
}

static int array_ok(struct checker *c, uint32_t off, uint32_t count, uint32_t each, uint32_t align,
		    const char *why)
{
	if (!count)
		return 1;
	if (off % align || off < sizeof(struct vct_header) || off > c->h->size ||
	    count > (c->h->size - off) / each)
		return refuse(c, why);
	return 1;
}

/* str_off + str_len lies in the table and the last byte is NUL, so one comparison is enough. */
static int string_ok(const struct checker *c, uint32_t off)
{
	return off >= c->h->str_off && off - c->h->str_off < c->h->str_len;
}

static int optional_string_ok(const struct checker *c, uint32_t off)
{
	return off == VCT_NONE || string_ok(c, off);
}

static int raw_ok(const struct checker *c, const struct vct_insn_rec *i, uint32_t copies)
{
	return i->value <= c->h->size && i->len <= (c->h->size - i->value) / copies;
}

/* The depth of the stack after each instruction is known without running it. */
struct shape {
	int8_t pops, pushes;
};
static const struct shape shapes[VCI_COUNT] = {
	[VCI_END] = { 0, 0 },	   [VCI_CONST] = { 0, 1 },  [VCI_VAR] = { 0, 1 },
	[VCI_ADD] = { 2, 1 },	   [VCI_SUB] = { 2, 1 },    [VCI_MUL] = { 2, 1 },
	[VCI_SHL] = { 2, 1 },	   [VCI_SHR] = { 2, 1 },    [VCI_AND] = { 2, 1 },
	[VCI_OR] = { 2, 1 },	   [VCI_NOT] = { 1, 1 },    [VCI_NEG] = { 1, 1 },
	[VCI_ARG] = { 1, 0 },	   [VCI_PUT] = { 1, 0 },    [VCI_PUT_PPN] = { 1, 0 },
	[VCI_PUT_PPNS] = { 0, 0 }, [VCI_RAW] = { 0, 0 },    [VCI_FILL] = { 2, 0 },
	[VCI_SEQ] = { 2, 0 },	   [VCI_ANY] = { 1, 0 },    [VCI_MASKED] = { 0, 0 },
	[VCI_COND] = { 0, 0 },	   [VCI_REST] = { 0, 0 },   [VCI_ZERO_EXCEPT] = { 0, 0 },
	[VCI_T_ANY] = { 0, 1 },	   [VCI_T_BIND] = { 0, 1 }, [VCI_T_EQ] = { 1, 1 },
	[VCI_T_NE] = { 1, 1 },	   [VCI_T_LT] = { 1, 1 },   [VCI_T_LE] = { 1, 1 },
	[VCI_T_GT] = { 1, 1 },	   [VCI_T_GE] = { 1, 1 },   [VCI_T_BITS] = { 2, 1 },
	[VCI_T_AND] = { 2, 1 },	   [VCI_T_OR] = { 2, 1 },
};

enum code_kind {
	CODE_ARGS,
	CODE_BLOB,
	CODE_NUMBER,
	CODE_BYTES
};

/* Whether an instruction may stand in code of a kind. */
static int belongs(enum code_kind kind, unsigned op)
{
	if (op <= VCI_NEG)
		return 1;
	switch (kind) {
	case CODE_ARGS:
		return op == VCI_ARG;
	case CODE_BLOB:
		return op >= VCI_PUT && op <= VCI_SEQ;
	case CODE_NUMBER:
		return op >= VCI_T_ANY;
	case CODE_BYTES:
		return op >= VCI_PUT && op <= VCI_ZERO_EXCEPT;
	}
	return 0;
}

static int operand_ok(const struct checker *c, const struct vct_vector *v,
		      const struct vct_insn_rec *i)
{
	switch (i->op) {
	case VCI_VAR:
	case VCI_T_BIND:
		return i->aux < v->nslots;
	case VCI_PUT:
	case VCI_COND:
		return i->width == 1 || i->width == 2 || i->width == 4 || i->width == 8;
	case VCI_PUT_PPNS:
		return i->aux < v->nobjects;
	case VCI_RAW:
		return raw_ok(c, i, 1);
	case VCI_MASKED:
		return raw_ok(c, i, 2);
	default:
		return 1;
	}
}

/* Check code from `first` up to its END, or exactly `limit` instructions when it is the number
 * pattern of a VCI_COND. *nargs counts VCI_ARG. */
static int code_ok(struct checker *c, const struct vct_vector *v, uint32_t first, uint32_t limit,
		   enum code_kind kind, uint32_t *nargs)
{
	uint32_t at = first, end = limit ? first + limit : c->h->code_count;
	int depth = 0;

	for (; at < end; at++) {
		const struct vct_insn_rec *i = &c->code[at];
		struct shape s;

		if (i->op >= VCI_COUNT || !belongs(kind, i->op) || !operand_ok(c, v, i))
			return refuse(c, "an instruction is wrong");
		if (i->op == VCI_END)
			break;
		s = shapes[i->op];
		if (i->op == VCI_ZERO_EXCEPT)
			s.pops = i->aux > VCT_STACK ? VCT_STACK + 1 : (int8_t)i->aux;
		if (depth < s.pops)
			return refuse(c, "an instruction finds too few numbers");
		depth += s.pushes - s.pops;
		if (depth > VCT_STACK)
			return refuse(c, "an expression is too deep");
		if (i->op == VCI_ARG)
			++*nargs;
		if (i->op == VCI_COND) {
			if (depth || !i->aux || i->aux >= c->h->code_count - at ||
			    !code_ok(c, v, at + 1, i->aux, CODE_NUMBER, nargs))
				return refuse(c, "a number pattern in bytes is wrong");
			at += i->aux;
		}
	}
	if (!limit && at >= c->h->code_count)
		return refuse(c, "code without an end");
	if (limit && at != end)
		return refuse(c, "a number pattern in bytes is too short");
	if (depth != (kind == CODE_NUMBER ? 1 : 0))
		return refuse(c, "an expression leaves numbers behind");
	return 1;
}

static int optional_code_ok(struct checker *c, const struct vct_vector *v, uint32_t first,
			    enum code_kind kind)
{
	uint32_t nargs = 0;

	if (first == VCT_NONE)
		return 1;
	if (first >= c->h->code_count)
		return refuse(c, "a step points behind the code");
	return code_ok(c, v, first, 0, kind, &nargs);
}

static int step_ok(struct checker *c, const struct vct_vector *v, const struct vct_step *s)
{
	uint32_t nargs = 0;

	if (s->actor > VCT_ACT_HOST || s->verb >= VCT_VERB_COUNT || !string_ok(c, s->text))
		return refuse(c, "a step is wrong");
	if (s->args != VCT_NONE) {
		if (s->args >= c->h->code_count)
			return refuse(c, "a step points behind the code");
		if (!code_ok(c, v, s->args, 0, CODE_ARGS, &nargs))
			return 0;
	}
	if (nargs != s->nargs || nargs > PEER_ARGS ||
	    (verb_args[s->verb] != VARIADIC && nargs != verb_args[s->verb]))
		return refuse(c, "a step has the wrong number of arguments");
	return optional_code_ok(c, v, s->blob, CODE_BLOB) &&
	       optional_code_ok(c, v, s->ipat, CODE_NUMBER) &&
	       optional_code_ok(c, v, s->bpat, CODE_BYTES);
}

static int vector_ok(struct checker *c, const struct vct_vector *v)
{
	const struct vct_header *h = c->h;

	if (!string_ok(c, v->id) || !string_ok(c, v->about) || !optional_string_ok(c, v->why) ||
	    !string_ok(c, v->file) || !optional_string_ok(c, v->catches))
		return refuse(c, "a vector's text is not in the table");
	if (v->cover_first > h->cover_count || v->cover_count > h->cover_count - v->cover_first ||
	    v->step_first > h->step_count || v->step_count > h->step_count - v->step_first)
		return refuse(c, "a vector's steps or clauses are not in the table");
	if ((v->role != VCT_ROLE_DEVICE && v->role != VCT_ROLE_GUEST) || v->start > VCT_START_RAW ||
	    v->transport > VCT_TRANSPORT_DMA || v->window > VCT_WINDOW_MMIO ||
	    v->nslots > VCT_SLOTS || v->nobjects > VCT_OBJECTS || v->config_mask >> VCT_CONFIG_KEYS)
		return refuse(c, "a vector's head is wrong");
	for (uint32_t i = 0; i < v->step_count; i++)
		if (!step_ok(c, v, &c->steps[v->step_first + i]))
			return 0;
	return 1;
}

static int req_ok(struct checker *c, const struct vct_req *r)
{
	if (!string_ok(c, r->id) || !string_ok(c, r->text) || !string_ok(c, r->marks) ||
	    !string_ok(c, r->file) || !optional_string_ok(c, r->reason) ||
	    !string_ok(c, r->chapter) || r->level > VCT_MAY || r->side > VCT_SIDE_SOCKET)
		return refuse(c, "a clause is wrong");
	return 1;
}

static int header_ok(struct checker *c, size_t len)
{
	const struct vct_header *h = c->h;

	if (len < sizeof(*h) || h->magic != VCT_MAGIC)
		return refuse(c, "not a table of vectors");
	if (h->format != VCT_FORMAT)
		return refuse(c, "a table of another format");
	if (h->size < sizeof(*h) || h->size > len)
		return refuse(c, "the table is cut short");
	if (h->crc32 != table_crc(c->base, h->size))
		return refuse(c, "the table is damaged (CRC)");
	if (!array_ok(c, h->req_off, h->req_count, sizeof(struct vct_req), 4, "clauses") ||
	    !array_ok(c, h->vec_off, h->vec_count, sizeof(struct vct_vector), 8, "vectors") ||
	    !array_ok(c, h->step_off, h->step_count, sizeof(struct vct_step), 4, "steps") ||
	    !array_ok(c, h->code_off, h->code_count, sizeof(struct vct_insn_rec), 8, "code") ||
	    !array_ok(c, h->cover_off, h->cover_count, 4, 4, "covers") ||
	    !array_ok(c, h->str_off, h->str_len, 1, 1, "strings"))
		return 0;
	if (!h->str_len || c->base[h->str_off + h->str_len - 1])
		return refuse(c, "the strings have no end");
	return 1;
}

int vct_open(struct vct *t, const void *base, size_t len, const char **why)
{
	struct checker c = { base, base, NULL, NULL, NULL };
	const struct vct_req *reqs;
	const struct vct_vector *vectors;
	const uint32_t *covers;
	uint32_t i;

	*why = "";
	if ((uintptr_t)base & 7) {
		*why = "the table is not aligned to 8 bytes";
		return -1;
	}
	if (!header_ok(&c, len)) {
		*why = c.why;
		return -1;
	}
	reqs = (const void *)(c.base + c.h->req_off);
	vectors = (const void *)(c.base + c.h->vec_off);
	covers = (const void *)(c.base + c.h->cover_off);
	c.steps = (const void *)(c.base + c.h->step_off);
	c.code = (const void *)(c.base + c.h->code_off);
	for (i = 0; i < c.h->cover_count && !c.why; i++)
		if (covers[i] >= c.h->req_count)
			refuse(&c, "a vector covers a clause that is not in the table");
	for (i = 0; i < c.h->req_count && !c.why; i++)
		req_ok(&c, &reqs[i]);
	for (i = 0; i < c.h->vec_count && !c.why; i++)
		vector_ok(&c, &vectors[i]);
	if (c.why) {
		*why = c.why;
		return -1;
	}
	t->base = c.base;
	t->header = c.h;
	t->reqs = reqs;
	t->vectors = vectors;
	t->steps = c.steps;
	t->code = c.code;
	t->covers = covers;
	return 0;
}

const char *vct_str(const struct vct *t, uint32_t off)
{
	return off == VCT_NONE ? "" : (const char *)t->base + off;
}
