/* SPDX-License-Identifier: BSD-2-Clause */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "table_file.h"
#include "text.h"

struct reader {
	const char *p;
	const char *why;
	struct ir *ir;
};

static void fail(struct reader *r, const char *why)
{
	if (!r->why)
		r->why = why;
}

/* Consume a word and the blank in front of it. */
static bool word(struct reader *r, const char *w)
{
	const char *p = r->p + strspn(r->p, " ");
	size_t n = strlen(w);

	if (strncmp(p, w, n) != 0 || (w[n - 1] != '=' && isalnum((unsigned char)p[n])))
		return false;
	r->p = p + n;
	return true;
}

static void expect(struct reader *r, const char *w)
{
	if (!word(r, w))
		fail(r, mem_printf("expected '%s'", w));
}

static uint64_t number(struct reader *r)
{
	char *end;
	uint64_t v = strtoull(r->p, &end, 0);

	if (!isdigit((unsigned char)*r->p))
		fail(r, "expected a number");
	r->p = end;
	return v;
}

static uint64_t field(struct reader *r, const char *key)
{
	expect(r, mem_printf("%s=", key));
	return r->why ? 0 : number(r);
}

static int hex_digit(int c)
{
	return isdigit(c) ? c - '0' : isxdigit(c) ? tolower(c) - 'a' + 10 : -1;
}

static const char *string(struct reader *r, const char *key)
{
	struct text t = { 0 };

	expect(r, mem_printf("%s=", key));
	if (*r->p == '-') {
		r->p++;
		return NULL;
	}
	text_add(&t, "");
	if (*r->p != '"') {
		fail(r, "expected a quoted text");
		return "";
	}
	for (r->p++; *r->p && *r->p != '"'; r->p++) {
		char c = *r->p;

		if (c == '\\') {
			c = *++r->p;
			if (c == 'n') {
				c = '\n';
			} else if (c == 'x' && hex_digit(r->p[1]) >= 0 && hex_digit(r->p[2]) >= 0) {
				c = (char)(hex_digit(r->p[1]) * 16 + hex_digit(r->p[2]));
				r->p += 2;
			}
		}
		text_bytes(&t, &c, 1);
	}
	if (*r->p)
		r->p++;
	else
		fail(r, "a quote is missing");
	return t.s;
}

/* Index of the name that stands here. */
static int named(struct reader *r, const char *const *names)
{
	const char *p = r->p + strspn(r->p, " ");
	size_t n = 0;

	while (isalnum((unsigned char)p[n]) || p[n] == '-')
		n++;
	for (int i = 0; names[i]; i++) {
		if (strlen(names[i]) == n && strncmp(names[i], p, n) == 0) {
			r->p = p + n;
			return i;
		}
	}
	fail(r, "unknown word");
	return 0;
}

static void bytes(struct reader *r, struct text *t)
{
	text_bytes(t, "", 0);
	while (hex_digit(r->p[0]) >= 0 && hex_digit(r->p[1]) >= 0) {
		uint8_t b = (uint8_t)(hex_digit(r->p[0]) * 16 + hex_digit(r->p[1]));

		text_bytes(t, &b, 1);
		r->p += 2;
	}
}

static void insn(struct reader *r, struct ir_code *c)
{
	struct ir_insn i = { 0 };

	i.rec.op = (uint8_t)named(r, insn_names);
	if (*r->p == '=') {
		r->p++;
		i.rec.value = number(r);
	}
	if (*r->p == '.') {
		r->p++;
		i.rec.width = (uint8_t)number(r);
		if (*r->p++ != '.')
			fail(r, "expected WIDTH.AUX");
		else
			i.rec.aux = (uint16_t)number(r);
	}
	if (i.rec.op == VCI_RAW || i.rec.op == VCI_MASKED) {
		struct text t = { 0 };

		if (*r->p++ != ':') {
			fail(r, "expected bytes");
			return;
		}
		bytes(r, &t);
		i.rec.len = (uint32_t)t.len;
		if (i.rec.op == VCI_MASKED) {
			if (*r->p++ != '&') {
				fail(r, "expected a mask");
				return;
			}
			bytes(r, &t);
			if (t.len != 2 * (size_t)i.rec.len)
				fail(r, "the mask has another length");
		}
		i.bytes = (const uint8_t *)t.s;
	}
	*vec_add(&c->insns) = i;
}

static void code(struct reader *r, struct ir_code *c)
{
	c->present = true;
	while (!r->why && *r->p && *r->p != '\n')
		insn(r, c);
}

static void clause(struct reader *r)
{
	struct ir_req *q = vec_add(&r->ir->reqs);

	q->id = string(r, "id");
	q->file = string(r, "file");
	q->line = (uint32_t)field(r, "line");
	q->hash = (uint32_t)field(r, "hash");
	q->level = (uint8_t)field(r, "level");
	q->side = (uint8_t)field(r, "side");
	q->choice = (uint8_t)field(r, "choice");
	q->untestable = (uint8_t)field(r, "untestable");
	q->chapter = string(r, "chapter");
	q->marks = string(r, "marks");
	q->text = string(r, "text");
	q->reason = string(r, "reason");
}

static void vector(struct reader *r)
{
	struct ir_run *v = vec_add(&r->ir->runs);

	v->id = string(r, "id");
	v->file = string(r, "file");
	v->line = (uint32_t)field(r, "line");
	v->role = (uint8_t)field(r, "role");
	v->start = (uint8_t)field(r, "start");
	v->transport = (uint8_t)field(r, "transport");
	v->window = (uint8_t)field(r, "window");
	v->needs = (uint32_t)field(r, "needs");
	v->abilities = (uint32_t)field(r, "abilities");
	v->flags = (uint32_t)field(r, "flags");
	v->nslots = (uint32_t)field(r, "slots");
	v->nobjects = (uint32_t)field(r, "objects");
	v->about = string(r, "about");
	v->why = string(r, "why");
	v->catches = string(r, "catches");
	v->config_mask = (uint32_t)field(r, "mask");
	expect(r, "config=");
	for (int i = 0; i < VCT_CONFIG_KEYS; i++) {
		v->config[i] = number(r);
		r->p += *r->p == ',';
	}
	expect(r, "covers=");
	while (isdigit((unsigned char)*r->p)) {
		*vec_add(&v->covers) = (uint32_t)number(r);
		r->p += *r->p == ',';
	}
}

static void step(struct reader *r)
{
	struct ir_step *s;

	if (!r->ir->runs.n) {
		fail(r, "a step before the first vector");
		return;
	}
	s = vec_add(&vec_last(&r->ir->runs)->steps);
	s->actor = (uint8_t)named(r, actor_names);
	s->verb = (uint8_t)named(r, verb_names);
	s->op = (uint32_t)field(r, "op");
	s->nargs = (uint8_t)field(r, "nargs");
	s->line = (uint32_t)field(r, "line");
	s->within_us = (uint32_t)field(r, "within");
	s->text = string(r, "text");
}

static void code_line(struct reader *r)
{
	struct ir_run *v = r->ir->runs.n ? vec_last(&r->ir->runs) : NULL;
	struct ir_step *s = v && v->steps.n ? vec_last(&v->steps) : NULL;

	if (!s)
		fail(r, "expected clause, vector or step");
	else if (word(r, "args"))
		code(r, &s->args);
	else if (word(r, "blob"))
		code(r, &s->blob);
	else if (word(r, "ipat"))
		code(r, &s->ipat);
	else if (word(r, "bpat"))
		code(r, &s->bpat);
	else
		fail(r, "expected clause, vector, step, args, blob, ipat or bpat");
}

struct ir *table_undump(const char *s, int *line, const char **why)
{
	struct reader r = { .p = s, .ir = mem_alloc(sizeof(struct ir)) };

	*line = 1;
	expect(&r, "table");
	if (field(&r, "format") != VCT_FORMAT)
		fail(&r, "another format");
	r.ir->spec_version = (uint32_t)field(&r, "spec");
	while (!r.why) {
		if (*r.p == '\0')
			break;
		if (*r.p != '\n') {
			fail(&r, "too much on this line");
			break;
		}
		r.p++;
		++*line;
		if (!*r.p)
			break;
		if (word(&r, "clause"))
			clause(&r);
		else if (word(&r, "vector"))
			vector(&r);
		else if (word(&r, "step"))
			step(&r);
		else
			code_line(&r);
	}
	*why = r.why;
	return r.why ? NULL : r.ir;
}
