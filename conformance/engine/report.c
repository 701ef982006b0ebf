/* SPDX-License-Identifier: BSD-2-Clause */
/* report.c - results as text. */
#include "report.h"

static void raw(struct report *r, const char *s)
{
	r->write(r->ctx, s, text_length(s));
}

static void number(struct report *r, uint64_t v)
{
	char buf[24];
	struct text t;

	text_start(&t, buf, sizeof(buf));
	text_u64(&t, v);
	raw(r, buf);
}

static void hex8(struct report *r, uint32_t v)
{
	char buf[24];
	struct text t;

	text_start(&t, buf, sizeof(buf));
	text_hex(&t, v, 8);
	raw(r, buf + 2);
}

/* Text in a line of KTAP: no line breaks, and no # that would start a directive. */
static void line_text(struct report *r, const char *s)
{
	for (; *s; s++) {
		char c = *s == '#' || (unsigned char)*s < ' ' ? ' ' : *s;

		r->write(r->ctx, &c, 1);
	}
}

const char *report_level(unsigned level)
{
	static const char *const names[] = { "MUST", "MUST NOT", "SHOULD", "SHOULD NOT", "MAY" };

	return level <= VCT_MAY ? names[level] : "?";
}

const char *report_side(unsigned side)
{
	static const char *const names[] = { "device", "guest", "endpoint", "host", "socket" };

	return side <= VCT_SIDE_SOCKET ? names[side] : "?";
}

const char *report_chapter(const struct vct *t, const struct vct_vector *v)
{
	if (!v->cover_count)
		return "";
	return vct_str(t, t->reqs[t->covers[v->cover_first]].chapter);
}

static void spec_version(struct report *r)
{
	number(r, r->table->header->spec_version >> 16);
	raw(r, ".");
	number(r, r->table->header->spec_version & 0xffff);
}

static const struct vct_vector *vector_of(const struct report *r, const struct engine_result *res)
{
	return &r->table->vectors[res->vector];
}

static void vector_id(struct report *r, uint32_t vector)
{
	raw(r, vct_str(r->table, r->table->vectors[vector].id));
}

void report_ktap_begin(struct report *r, uint32_t planned)
{
	r->count = 0;
	raw(r, "KTAP version 1\n1..");
	number(r, planned);
	raw(r, "\n# implementation ");
	line_text(r, r->implementation);
	raw(r, " version ");
	line_text(r, r->version);
	raw(r, " target ");
	line_text(r, r->target);
	raw(r, " spec ");
	spec_version(r);
	raw(r, " table ");
	hex8(r, r->table->header->crc32);
	raw(r, "\n");
}

void report_ktap_run(struct report *r, uint32_t vector)
{
	raw(r, "# run ");
	vector_id(r, vector);
	raw(r, "\n");
}

static void where(struct report *r, const struct engine_result *res)
{
	raw(r, vct_str(r->table, vector_of(r, res)->file));
	raw(r, ":");
	number(r, res->line);
}

void report_failure(struct report *r, const struct engine_result *res, const char *prefix)
{
	const struct vct *t = r->table;
	const struct vct_vector *v = vector_of(r, res);
	bool judged = res->outcome == ENGINE_FAIL || res->outcome == ENGINE_DIFFERS;

	for (uint32_t i = 0; i < v->cover_count; i++) {
		const struct vct_req *q = &t->reqs[t->covers[v->cover_first + i]];

		raw(r, prefix);
		raw(r, vct_str(t, q->id));
		raw(r, " (");
		raw(r, report_level(q->level));
		raw(r, ", ");
		raw(r, report_side(q->side));
		raw(r, q->choice ? ", our choice): " : "): ");
		line_text(r, vct_str(t, q->text));
		raw(r, "\n");
	}
	raw(r, prefix);
	raw(r, "step ");
	number(r, res->step);
	raw(r, " ");
	where(r, res);
	if (res->step) {
		raw(r, " ");
		line_text(r, vct_str(t, t->steps[v->step_first + res->step - 1].text));
	}
	raw(r, "\n");
	if (judged) {
		raw(r, prefix);
		raw(r, "  want ");
		line_text(r, res->want);
		raw(r, "\n");
		raw(r, prefix);
		raw(r, "  saw  ");
		line_text(r, res->saw);
		raw(r, "\n");
	}
	raw(r, prefix);
	raw(r, "  ");
	raw(r, res->cls ? engine_class_name(res->cls) : engine_outcome_name(res->outcome));
	raw(r, " after ");
	number(r, res->ms);
	raw(r, " ms\n");
	raw(r, prefix);
	raw(r, "  again: ");
	line_text(r, r->again);
	raw(r, vct_str(t, v->id));
	raw(r, "\n");
}

void report_ktap_result(struct report *r, const struct engine_result *res)
{
	bool bad = res->outcome == ENGINE_FAIL || res->outcome == ENGINE_ERROR ||
		   res->outcome == ENGINE_TIMEOUT;

	if (bad || res->outcome == ENGINE_DIFFERS)
		report_failure(r, res, "# ");
	raw(r, bad ? "not ok " : "ok ");
	number(r, ++r->count);
	raw(r, " ");
	vector_id(r, res->vector);
	switch (res->outcome) {
	case ENGINE_SKIP:
		raw(r, " # SKIP ");
		line_text(r, res->reason);
		break;
	case ENGINE_UNOBSERVED:
		raw(r, " # SKIP unobserved: ");
		line_text(r, res->reason);
		break;
	case ENGINE_DIFFERS:
		raw(r, " # XFAIL differs: want ");
		line_text(r, res->want);
		raw(r, " saw ");
		line_text(r, res->saw);
		break;
	case ENGINE_ERROR:
		raw(r, " # error: ");
		line_text(r, res->reason);
		break;
	case ENGINE_TIMEOUT:
		raw(r, " # timeout: ");
		line_text(r, res->reason);
		break;
	default:
		break;
	}
	raw(r, "\n");
}

void report_ktap_end(struct report *r)
{
	raw(r, "# end ");
	number(r, r->count);
	raw(r, "\n");
}

/* ---- JSON ---- */

static void json_string(struct report *r, const char *s)
{
	raw(r, "\"");
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;

		if (c == '"' || c == '\\') {
			raw(r, "\\");
		} else if (c < ' ') {
			raw(r, c < 16 ? "\\u000" : "\\u001");
			r->write(r->ctx, &"0123456789abcdef"[c & 15], 1);
			continue;
		}
		r->write(r->ctx, s, 1);
	}
	raw(r, "\"");
}

static void json_pair(struct report *r, const char *name, const char *value)
{
	raw(r, ",\"");
	raw(r, name);
	raw(r, "\":");
	json_string(r, value);
}

static void json_number(struct report *r, const char *name, uint64_t value)
{
	raw(r, ",\"");
	raw(r, name);
	raw(r, "\":");
	number(r, value);
}

void report_json(struct report *r, const struct engine_result *res)
{
	const struct vct *t = r->table;
	const struct vct_vector *v = vector_of(r, res);

	raw(r, "{\"schema\":1");
	json_pair(r, "implementation", r->implementation);
	json_pair(r, "version", r->version);
	json_pair(r, "target", r->target);
	json_pair(r, "role", v->role == VCT_ROLE_GUEST ? "guest" : "device");
	raw(r, ",\"spec\":\"");
	spec_version(r);
	raw(r, "\",\"table\":\"");
	hex8(r, t->header->crc32);
	raw(r, "\"");
	json_pair(r, "id", vct_str(t, v->id));
	json_pair(r, "outcome", engine_outcome_name(res->outcome));
	json_pair(r, "class", engine_class_name(res->cls));
	json_number(r, "step", res->step);
	raw(r, ",\"line\":\"");
	where(r, res);
	raw(r, "\"");
	json_pair(r, "want", res->want);
	json_pair(r, "saw", res->saw);
	json_number(r, "ms", res->ms);
	raw(r, ",\"covers\":[");
	for (uint32_t i = 0; i < v->cover_count; i++) {
		raw(r, i ? "," : "");
		json_string(r, vct_str(t, t->reqs[t->covers[v->cover_first + i]].id));
	}
	raw(r, "]");
	json_pair(r, "reason", res->reason);
	raw(r, "}\n");
}
