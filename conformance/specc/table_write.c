/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "table_file.h"
#include "text.h"

/* Pieces of bytes, each stored once, found by a hash. */
struct pool {
	struct text bytes;
	size_t unit;	/* an offset is counted in these */
	uint32_t *slot; /* index + 1 into items */
	size_t slots;
	VEC(struct {
		uint32_t off;
		uint32_t len;
		uint32_t hash;
	})
	items;
};

struct writer {
	const struct ir *ir;
	struct pool strings, blobs, code, steps;
	struct text reqs, runs, covers;
	uint32_t blob_base, str_base;
	uint32_t ncovers;
};

static uint32_t hash_of(const void *p, size_t n)
{
	const uint8_t *b = p;
	uint32_t h = 2166136261u;

	while (n--)
		h = (h ^ *b++) * 16777619u;
	return h;
}

static void pool_grow(struct pool *p)
{
	p->slots = p->slots ? p->slots * 2 : 1024;
	p->slot = mem_alloc(p->slots * sizeof(p->slot[0]));
	for (size_t i = 0; i < p->items.n; i++) {
		size_t k = p->items.v[i].hash % p->slots;

		while (p->slot[k])
			k = (k + 1) % p->slots;
		p->slot[k] = (uint32_t)i + 1;
	}
}

/* Offset of these bytes in the pool, in its units. */
static uint32_t pool_put(struct pool *p, const void *bytes, size_t len)
{
	uint32_t h = hash_of(bytes, len);
	size_t k;

	if (p->items.n * 2 >= p->slots)
		pool_grow(p);
	for (k = h % p->slots; p->slot[k]; k = (k + 1) % p->slots) {
		size_t i = p->slot[k] - 1;

		if (p->items.v[i].hash == h && p->items.v[i].len == len &&
		    memcmp(p->bytes.s + p->items.v[i].off, bytes, len) == 0)
			return (uint32_t)(p->items.v[i].off / p->unit);
	}
	(void)vec_add(&p->items);
	vec_last(&p->items)->off = (uint32_t)p->bytes.len;
	vec_last(&p->items)->len = (uint32_t)len;
	vec_last(&p->items)->hash = h;
	p->slot[k] = (uint32_t)p->items.n;
	text_bytes(&p->bytes, bytes, len);
	return (uint32_t)(vec_last(&p->items)->off / p->unit);
}

/* Offsets inside the string area; the area's place is added at the end. */
static uint32_t str(struct writer *w, const char *s)
{
	return s ? pool_put(&w->strings, s, strlen(s) + 1) : VCT_NONE;
}

static uint32_t code(struct writer *w, const struct ir_code *c)
{
	struct text t = { 0 };
	struct vct_insn_rec r;

	if (!c->present)
		return VCT_NONE;
	for (size_t i = 0; i < c->insns.n; i++) {
		const struct ir_insn *in = &c->insns.v[i];

		r = in->rec;
		if (r.op == VCI_RAW || r.op == VCI_MASKED)
			r.value = w->blob_base +
				  pool_put(&w->blobs, in->bytes,
					   (r.op == VCI_MASKED ? 2 : 1) * (size_t)r.len);
		text_bytes(&t, &r, sizeof(r));
	}
	memset(&r, 0, sizeof(r));
	r.op = VCI_END;
	text_bytes(&t, &r, sizeof(r));
	return pool_put(&w->code, t.s, t.len);
}

static void write_req(struct writer *w, const struct ir_req *r)
{
	struct vct_req q = { .id = str(w, r->id),
			     .text = str(w, r->text),
			     .marks = str(w, r->marks),
			     .file = str(w, r->file),
			     .line = r->line,
			     .hash = r->hash,
			     .level = r->level,
			     .side = r->side,
			     .choice = r->choice,
			     .untestable = r->untestable,
			     .reason = str(w, r->reason),
			     .chapter = str(w, r->chapter) };

	text_bytes(&w->reqs, &q, sizeof(q));
}

static void write_step(struct writer *w, const struct ir_step *s, struct text *out)
{
	struct vct_step q = { .actor = s->actor,
			      .verb = s->verb,
			      .nargs = s->nargs,
			      .op = s->op,
			      .line = s->line,
			      .text = str(w, s->text),
			      .args = code(w, &s->args),
			      .blob = code(w, &s->blob),
			      .ipat = code(w, &s->ipat),
			      .bpat = code(w, &s->bpat),
			      .within_us = s->within_us };

	text_bytes(out, &q, sizeof(q));
}

static void write_run(struct writer *w, const struct ir_run *r)
{
	struct vct_vector q = { .id = str(w, r->id),
				.about = str(w, r->about),
				.why = str(w, r->why),
				.file = str(w, r->file),
				.line = r->line,
				.catches = str(w, r->catches),
				.needs = r->needs,
				.abilities = r->abilities,
				.flags = r->flags,
				.cover_first = w->ncovers,
				.cover_count = (uint32_t)r->covers.n,
				.step_count = (uint32_t)r->steps.n,
				.role = r->role,
				.start = r->start,
				.transport = r->transport,
				.window = r->window,
				.config_mask = r->config_mask,
				.nslots = r->nslots,
				.nobjects = r->nobjects };

	struct text steps = { 0 };

	memcpy(q.config, r->config, sizeof(q.config));
	/* Runs that differ in their transport only have the same steps. */
	for (size_t i = 0; i < r->steps.n; i++)
		write_step(w, &r->steps.v[i], &steps);
	q.step_first = pool_put(&w->steps, text_str(&steps), steps.len);
	text_bytes(&w->runs, &q, sizeof(q));
	for (size_t i = 0; i < r->covers.n; i++)
		text_bytes(&w->covers, &r->covers.v[i], sizeof(uint32_t));
	w->ncovers += (uint32_t)r->covers.n;
}

static void pad(struct text *t)
{
	while (t->len % 8)
		text_bytes(t, "", 1);
}

/* Strings follow everything, so their offsets are known last. */
static void move_strings(struct text *t, size_t element, const size_t *fields, size_t nfields,
			 uint32_t base)
{
	for (size_t at = 0; at < t->len; at += element) {
		for (size_t i = 0; i < nfields; i++) {
			uint32_t v;

			memcpy(&v, t->s + at + fields[i], sizeof(v));
			if (v != VCT_NONE)
				v += base;
			memcpy(t->s + at + fields[i], &v, sizeof(v));
		}
	}
}

static void move_all(struct writer *w, uint32_t base)
{
	static const size_t reqs[] = {
		offsetof(struct vct_req, id),	  offsetof(struct vct_req, text),
		offsetof(struct vct_req, marks),  offsetof(struct vct_req, file),
		offsetof(struct vct_req, reason), offsetof(struct vct_req, chapter)
	};
	static const size_t runs[] = {
		offsetof(struct vct_vector, id),      offsetof(struct vct_vector, about),
		offsetof(struct vct_vector, why),     offsetof(struct vct_vector, file),
		offsetof(struct vct_vector, catches),
	};
	static const size_t steps[] = { offsetof(struct vct_step, text) };

	move_strings(&w->reqs, sizeof(struct vct_req), reqs, 6, base);
	move_strings(&w->runs, sizeof(struct vct_vector), runs, 5, base);
	move_strings(&w->steps.bytes, sizeof(struct vct_step), steps, 1, base);
}

/* Blob offsets in the code are counted from the blob area until now. */
static void move_blobs(struct text *t, uint32_t base)
{
	for (size_t at = 0; at < t->len; at += sizeof(struct vct_insn_rec)) {
		struct vct_insn_rec r;

		memcpy(&r, t->s + at, sizeof(r));
		if (r.op == VCI_RAW || r.op == VCI_MASKED)
			r.value += base;
		memcpy(t->s + at, &r, sizeof(r));
	}
}

static uint32_t put_area(struct text *out, const struct text *area)
{
	uint32_t off;

	pad(out);
	off = (uint32_t)out->len;
	text_bytes(out, text_str(area), area->len);
	return off;
}

void table_write(const struct ir *ir, struct text *out)
{
	struct writer w = { .ir = ir };
	struct vct_header h = { .magic = VCT_MAGIC,
				.format = VCT_FORMAT,
				.spec_version = ir->spec_version };
	struct text t = { 0 };
	uint32_t at;

	w.strings.unit = w.blobs.unit = 1;
	w.code.unit = sizeof(struct vct_insn_rec);
	w.steps.unit = sizeof(struct vct_step);
	str(&w, "");
	for (size_t i = 0; i < ir->reqs.n; i++)
		write_req(&w, &ir->reqs.v[i]);
	for (size_t i = 0; i < ir->runs.n; i++)
		write_run(&w, &ir->runs.v[i]);
	at = (uint32_t)(sizeof(h) + w.reqs.len + w.runs.len);
	at = (at + 7) / 8 * 8 + (uint32_t)w.steps.bytes.len;
	at = (at + 7) / 8 * 8 + (uint32_t)w.code.bytes.len;
	at = (at + 7) / 8 * 8 + (uint32_t)w.covers.len;
	at = (at + 7) / 8 * 8;
	move_blobs(&w.code.bytes, at);
	move_all(&w, (at + (uint32_t)w.blobs.bytes.len + 7) / 8 * 8);

	text_bytes(&t, &h, sizeof(h));
	h.req_off = put_area(&t, &w.reqs);
	h.req_count = (uint32_t)ir->reqs.n;
	h.vec_off = put_area(&t, &w.runs);
	h.vec_count = (uint32_t)ir->runs.n;
	h.step_off = put_area(&t, &w.steps.bytes);
	h.step_count = (uint32_t)(w.steps.bytes.len / sizeof(struct vct_step));
	h.code_off = put_area(&t, &w.code.bytes);
	h.code_count = (uint32_t)(w.code.bytes.len / sizeof(struct vct_insn_rec));
	h.cover_off = put_area(&t, &w.covers);
	h.cover_count = w.ncovers;
	put_area(&t, &w.blobs.bytes);
	h.str_off = put_area(&t, &w.strings.bytes);
	h.str_len = (uint32_t)w.strings.bytes.len;
	pad(&t);
	h.size = (uint32_t)t.len;
	memcpy(t.s, &h, sizeof(h));
	h.crc32 = crc32_add(0, t.s, t.len);
	memcpy(t.s, &h, sizeof(h));
	text_bytes(out, t.s, t.len);
}
