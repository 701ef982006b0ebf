/* SPDX-License-Identifier: BSD-2-Clause */
#include "build_table.h"
#include <string.h>

void build_start(struct build *b)
{
	memset(b, 0, sizeof(*b));
	build_string(b, "");
}

uint32_t build_string(struct build *b, const char *s)
{
	uint32_t at = b->nstr;

	memcpy(b->strings + at, s, strlen(s) + 1);
	b->nstr += (uint32_t)strlen(s) + 1;
	return at;
}

uint32_t build_insn(struct build *b, unsigned op, unsigned width, unsigned aux, uint64_t value)
{
	struct vct_insn_rec *i = &b->code[b->ncode];

	i->op = (uint8_t)op;
	i->width = (uint8_t)width;
	i->aux = (uint16_t)aux;
	i->value = value;
	return b->ncode++;
}

uint32_t build_raw(struct build *b, unsigned op, const void *bytes, uint32_t len, uint32_t copies)
{
	uint32_t at = build_insn(b, op, 0, 0, b->nraw);

	b->code[at].len = len;
	memcpy(b->raw + b->nraw, bytes, len * copies);
	b->nraw += len * copies;
	return at;
}

uint32_t build_args(struct build *b, unsigned n, const uint64_t *values)
{
	uint32_t first = b->ncode;

	for (unsigned i = 0; i < n; i++) {
		build_insn(b, VCI_CONST, 0, 0, values[i]);
		build_insn(b, VCI_ARG, 0, 0, 0);
	}
	build_insn(b, VCI_END, 0, 0, 0);
	return first;
}

struct vct_step *build_step(struct build *b, unsigned verb, unsigned nargs, const uint64_t *args)
{
	struct vct_step *s = &b->steps[b->nsteps++];

	s->actor = VCT_ACT_GUEST;
	s->verb = (uint8_t)verb;
	s->nargs = (uint8_t)nargs;
	s->line = b->nsteps;
	s->args = nargs ? build_args(b, nargs, args) : VCT_NONE;
	s->blob = VCT_NONE;
	s->ipat = VCT_NONE;
	s->bpat = VCT_NONE;
	return s;
}

struct vct_vector *build_vector(struct build *b, const char *id)
{
	struct vct_vector *v = &b->vectors[b->nvectors++];

	v->id = build_string(b, id);
	v->why = VCT_NONE;
	v->catches = VCT_NONE;
	v->cover_count = 1;
	for (uint32_t i = 0; i + 1 < b->nvectors; i++)
		v->step_first += b->vectors[i].step_count;
	v->step_count = b->nsteps - v->step_first;
	v->role = VCT_ROLE_DEVICE;
	v->nslots = 4;
	v->nobjects = 1;
	return v;
}

void build_crc(uint8_t *table, uint32_t size)
{
	struct vct_header *h = (struct vct_header *)table;
	uint32_t crc = 0xffffffffu;

	h->crc32 = 0;
	for (uint32_t i = 0; i < size; i++) {
		crc ^= table[i];
		for (int k = 0; k < 8; k++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
	}
	h->crc32 = ~crc;
}

static uint32_t put(struct build *b, const void *p, size_t n)
{
	uint32_t at = (b->size + 7) & ~7u;

	memcpy(b->table + at, p, n);
	b->size = at + (uint32_t)n;
	return at;
}

void build_table(struct build *b)
{
	struct vct_header *h = (struct vct_header *)b->table;
	struct vct_req req = { .id = build_string(b, "T.ONE.1"), .reason = VCT_NONE, .line = 1 };
	uint32_t cover = 0, raw;

	req.text = build_string(b, "A device MUST be tested.");
	req.chapter = build_string(b, "Tests");
	memset(b->table, 0, sizeof(b->table));
	b->size = sizeof(*h);
	h->magic = VCT_MAGIC;
	h->format = VCT_FORMAT;
	h->spec_version = 1;
	h->str_off = put(b, b->strings, b->nstr);
	h->str_len = b->nstr;
	raw = put(b, b->raw, b->nraw);
	req.id += h->str_off;
	req.text += h->str_off;
	req.chapter += h->str_off;
	req.marks = req.file = h->str_off;
	for (uint32_t i = 0; i < b->nvectors; i++) {
		b->vectors[i].id += h->str_off;
		b->vectors[i].about = h->str_off;
		b->vectors[i].file = h->str_off;
	}
	for (uint32_t i = 0; i < b->nsteps; i++)
		b->steps[i].text = h->str_off;
	for (uint32_t i = 0; i < b->ncode; i++)
		if (b->code[i].op == VCI_RAW || b->code[i].op == VCI_MASKED)
			b->code[i].value += raw;
	h->req_off = put(b, &req, sizeof(req));
	h->req_count = 1;
	h->vec_off = put(b, b->vectors, b->nvectors * sizeof(b->vectors[0]));
	h->vec_count = b->nvectors;
	h->step_off = put(b, b->steps, b->nsteps * sizeof(b->steps[0]));
	h->step_count = b->nsteps;
	h->code_off = put(b, b->code, b->ncode * sizeof(b->code[0]));
	h->code_count = b->ncode;
	h->cover_off = put(b, &cover, sizeof(cover));
	h->cover_count = 1;
	h->size = b->size;
	build_crc(b->table, b->size);
}
