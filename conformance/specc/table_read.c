/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "table_file.h"
#include "text.h"

struct reader {
	const uint8_t *b;
	struct vct_header h;
	const char *why;
};

static const char *str(struct reader *r, uint32_t off)
{
	if (off == VCT_NONE)
		return NULL;
	if (off < r->h.str_off || off >= r->h.str_off + r->h.str_len) {
		r->why = "a string lies outside";
		return NULL;
	}
	return (const char *)r->b + off;
}

static void code(struct reader *r, uint32_t first, struct ir_code *out)
{
	if (first == VCT_NONE || r->why)
		return;
	out->present = true;
	for (; first < r->h.code_count; first++) {
		struct ir_insn i = { 0 };
		uint64_t len;

		memcpy(&i.rec, r->b + r->h.code_off + (size_t)first * sizeof(i.rec), sizeof(i.rec));
		if (i.rec.op == VCI_END)
			return;
		if (i.rec.op >= VCI_COUNT) {
			r->why = "an unknown instruction";
			return;
		}
		if (i.rec.op == VCI_RAW || i.rec.op == VCI_MASKED) {
			len = (i.rec.op == VCI_MASKED ? 2 : 1) * (uint64_t)i.rec.len;
			if (i.rec.value > r->h.size || len > r->h.size - i.rec.value) {
				r->why = "bytes lie outside";
				return;
			}
			i.bytes = r->b + i.rec.value;
			i.rec.value = 0;
		}
		*vec_add(&out->insns) = i;
	}
	r->why = "code runs over its end";
}

static void read_req(struct reader *r, uint32_t i, struct ir_req *out)
{
	struct vct_req q;

	memcpy(&q, r->b + r->h.req_off + (size_t)i * sizeof(q), sizeof(q));
	*out = (struct ir_req){ .id = str(r, q.id),
				.text = str(r, q.text),
				.marks = str(r, q.marks),
				.file = str(r, q.file),
				.reason = str(r, q.reason),
				.chapter = str(r, q.chapter),
				.line = q.line,
				.hash = q.hash,
				.level = q.level,
				.side = q.side,
				.choice = q.choice,
				.untestable = q.untestable };
	if (!out->id || !out->text || !out->marks || !out->file || !out->chapter ||
	    q.level > VCT_MAY || q.side > VCT_SIDE_SOCKET)
		r->why = "a clause is incomplete";
}

static void read_step(struct reader *r, uint32_t i, struct ir_step *out)
{
	struct vct_step q;

	memcpy(&q, r->b + r->h.step_off + (size_t)i * sizeof(q), sizeof(q));
	*out = (struct ir_step){ .actor = q.actor,
				 .verb = q.verb,
				 .nargs = q.nargs,
				 .op = q.op,
				 .line = q.line,
				 .within_us = q.within_us,
				 .text = str(r, q.text) };
	if (!out->text || q.verb >= VCT_VERB_COUNT || q.actor > VCT_ACT_HOST)
		r->why = "a step is damaged";
	code(r, q.args, &out->args);
	code(r, q.blob, &out->blob);
	code(r, q.ipat, &out->ipat);
	code(r, q.bpat, &out->bpat);
}

static void read_run(struct reader *r, uint32_t i, struct ir_run *out)
{
	struct vct_vector q;

	memcpy(&q, r->b + r->h.vec_off + (size_t)i * sizeof(q), sizeof(q));
	*out = (struct ir_run){ .id = str(r, q.id),
				.about = str(r, q.about),
				.why = str(r, q.why),
				.file = str(r, q.file),
				.catches = str(r, q.catches),
				.line = q.line,
				.needs = q.needs,
				.abilities = q.abilities,
				.flags = q.flags,
				.role = q.role,
				.start = q.start,
				.transport = q.transport,
				.window = q.window,
				.config_mask = q.config_mask,
				.nslots = q.nslots,
				.nobjects = q.nobjects };
	memcpy(out->config, q.config, sizeof(out->config));
	if (!out->id || !out->about || !out->file || q.role < VCT_ROLE_DEVICE ||
	    q.role > VCT_ROLE_GUEST || q.start > VCT_START_RAW || q.transport > VCT_TRANSPORT_DMA ||
	    q.window > VCT_WINDOW_MMIO || q.cover_first > r->h.cover_count ||
	    q.cover_count > r->h.cover_count - q.cover_first || q.step_first > r->h.step_count ||
	    q.step_count > r->h.step_count - q.step_first) {
		r->why = "a vector is damaged";
		return;
	}
	for (uint32_t k = 0; k < q.cover_count; k++) {
		uint32_t c;

		memcpy(&c, r->b + r->h.cover_off + 4 * (size_t)(q.cover_first + k), sizeof(c));
		if (c >= r->h.req_count)
			r->why = "a vector covers what is not there";
		*vec_add(&out->covers) = c;
	}
	for (uint32_t k = 0; k < q.step_count && !r->why; k++)
		read_step(r, q.step_first + k, vec_add(&out->steps));
}

static bool area_fits(const struct vct_header *h, uint32_t off, uint32_t count, size_t element)
{
	return off <= h->size && count <= (h->size - off) / element;
}

static bool header_good(struct reader *r, const void *bytes, size_t len)
{
	const struct vct_header *h = &r->h;
	struct vct_header zero;
	uint32_t crc;

	if (len < sizeof(r->h))
		r->why = "it is shorter than a header";
	else
		memcpy(&r->h, bytes, sizeof(r->h));
	if (r->why)
		return false;
	zero = *h;
	zero.crc32 = 0;
	if (h->magic != VCT_MAGIC || h->format != VCT_FORMAT) {
		r->why = "magic or format number is another";
		return false;
	}
	if (h->size != len) {
		r->why = "its size is another";
		return false;
	}
	crc = crc32_add(0, &zero, sizeof(zero));
	crc = crc32_add(crc, (const uint8_t *)bytes + sizeof(zero), len - sizeof(zero));
	if (crc != h->crc32)
		r->why = "the checksum does not fit";
	else if (!area_fits(h, h->req_off, h->req_count, sizeof(struct vct_req)) ||
		 !area_fits(h, h->vec_off, h->vec_count, sizeof(struct vct_vector)) ||
		 !area_fits(h, h->step_off, h->step_count, sizeof(struct vct_step)) ||
		 !area_fits(h, h->code_off, h->code_count, sizeof(struct vct_insn_rec)) ||
		 !area_fits(h, h->cover_off, h->cover_count, 4) ||
		 !area_fits(h, h->str_off, h->str_len, 1) || !h->str_len ||
		 r->b[h->str_off + h->str_len - 1] != 0)
		r->why = "an area lies outside";
	return !r->why;
}

struct ir *table_read(const void *bytes, size_t len, const char **why)
{
	struct reader r = { .b = bytes };
	struct ir *ir = mem_alloc(sizeof(*ir));

	if (header_good(&r, bytes, len)) {
		ir->spec_version = r.h.spec_version;
		for (uint32_t i = 0; i < r.h.req_count && !r.why; i++)
			read_req(&r, i, vec_add(&ir->reqs));
		for (uint32_t i = 0; i < r.h.vec_count && !r.why; i++)
			read_run(&r, i, vec_add(&ir->runs));
	}
	if (why)
		*why = r.why;
	return r.why ? NULL : ir;
}
