/* SPDX-License-Identifier: BSD-2-Clause */
/* monitor_report.c - what a monitor found, for people and for programs. */
#include "monitor_report.h"
#include <text.h>
#include <vmci/error.h>

#define COLUMNS 96u
#define LINE	1024u

enum verdict {
	VIOLATED,
	HELD,
	UNEXERCISED,
	UNSEEN,
	VERDICTS
};

/* ---- clauses ---------------------------------------------------------------------------- */

const struct vct_req *monitor_report_clause(const struct vct *t, const char *id)
{
	for (uint32_t i = 0; i < t->header->req_count; i++)
		if (!text_differs(vct_str(t, t->reqs[i].id), id))
			return &t->reqs[i];
	return NULL;
}

static int rule_of(const char *clause)
{
	for (int i = 0; i < MONITOR_RULE_COUNT; i++)
		if (!text_differs(monitor_clause((enum monitor_rule)i), clause))
			return i;
	return -1;
}

static enum verdict verdict_of(const struct monitor *m, int rule)
{
	struct monitor_score score;

	if (rule < 0)
		return UNSEEN;
	score = monitor_score(m, (enum monitor_rule)rule);
	if (score.violated)
		return VIOLATED;
	return score.held ? HELD : UNEXERCISED;
}

/* Does the report have a line for this clause? Of ends of queue pairs and of sockets, which both
 * sides have, only what is judged. */
static bool is_listed(const struct vct *t, const struct vct_req *req)
{
	return req->side == VCT_SIDE_GUEST || rule_of(vct_str(t, req->id)) >= 0;
}

unsigned monitor_report_violated(const struct monitor *m)
{
	unsigned n = 0;

	for (int i = 0; i < MONITOR_RULE_COUNT; i++)
		n += verdict_of(m, i) == VIOLATED;
	return n;
}

static const char *level_name(const struct vct_req *req)
{
	static const char *const names[] = { "MUST", "MUST NOT", "SHOULD", "SHOULD NOT", "MAY" };

	return req && req->level < sizeof(names) / sizeof(names[0]) ? names[req->level] : "?";
}

/* ---- text ------------------------------------------------------------------------------- */

static void put(const struct monitor_report *r, struct text *t)
{
	text_char(t, '\n');
	r->write(r->ctx, t->buf, t->len);
	t->len = 0;
	t->buf[0] = 0;
}

/* s in lines of COLUMNS, each behind indent blanks. */
static void wrapped(const struct monitor_report *r, const char *s, unsigned indent)
{
	char buf[LINE];
	struct text t;

	text_start(&t, buf, sizeof(buf));
	while (*s) {
		size_t word = 0;

		while (s[word] && s[word] != ' ')
			word++;
		if (t.len > indent && t.len + 1 + word > COLUMNS)
			put(r, &t);
		if (!t.len)
			for (unsigned i = 0; i < indent; i++)
				text_char(&t, ' ');
		else
			text_char(&t, ' ');
		while (word--)
			text_char(&t, *s++);
		while (*s == ' ')
			s++;
	}
	put(r, &t);
}

static void place(struct text *t, uint64_t count, uint64_t event, uint64_t line)
{
	if (count > 1) {
		text_u64(t, count);
		text_str(t, " times, first at ");
	} else {
		text_str(t, "at ");
	}
	text_str(t, "event ");
	text_u64(t, event);
	if (line) {
		text_str(t, ", line ");
		text_u64(t, line);
		text_str(t, " of the trace");
	}
}

static void findings_of(const struct monitor_report *r, int rule)
{
	const struct monitor_finding *f;
	char buf[LINE], what[256];
	struct text t;

	for (unsigned i = 0; (f = monitor_finding(r->monitor, i)) != NULL; i++) {
		if ((int)f->rule != rule)
			continue;
		text_start(&t, buf, sizeof(buf));
		text_str(&t, "    - ");
		text_str(&t, monitor_finding_text(f, what, sizeof(what)));
		text_str(&t, ": ");
		place(&t, f->count, f->event, f->line);
		put(r, &t);
	}
}

static void violations(const struct monitor_report *r)
{
	char buf[LINE];
	struct text t;

	text_start(&t, buf, sizeof(buf));
	for (int i = 0; i < MONITOR_RULE_COUNT; i++) {
		const char *id = monitor_clause((enum monitor_rule)i);
		const struct vct_req *req = monitor_report_clause(r->table, id);

		if (verdict_of(r->monitor, i) != VIOLATED)
			continue;
		text_str(&t, "\nviolated: ");
		text_str(&t, id);
		text_str(&t, " (");
		text_str(&t, level_name(req));
		text_str(&t, ")");
		put(r, &t);
		if (req)
			wrapped(r, vct_str(r->table, req->text), 4);
		findings_of(r, i);
	}
}

/* The ids of clauses with a verdict, several on a line. */
static void list(const struct monitor_report *r, enum verdict verdict, const char *title)
{
	char buf[LINE];
	unsigned n = 0;
	struct text t;

	text_start(&t, buf, sizeof(buf));
	for (uint32_t i = 0; i < r->table->header->req_count; i++) {
		const struct vct_req *req = &r->table->reqs[i];
		const char *id = vct_str(r->table, req->id);
		int rule = rule_of(id);

		if (!is_listed(r->table, req) || verdict_of(r->monitor, rule) != verdict)
			continue;
		if (!n++) {
			text_char(&t, '\n');
			text_str(&t, title);
			put(r, &t);
		}
		if (t.len && t.len + text_length(id) + 12 > COLUMNS)
			put(r, &t);
		text_str(&t, t.len ? "  " : "    ");
		text_str(&t, id);
		if (verdict == HELD) {
			text_char(&t, ' ');
			text_u64(&t, monitor_score(r->monitor, (enum monitor_rule)rule).held);
		}
	}
	if (t.len)
		put(r, &t);
}

static void refusals(const struct monitor_report *r)
{
	const struct monitor_refusal *f;
	char buf[LINE];
	struct text t;

	text_start(&t, buf, sizeof(buf));
	for (unsigned i = 0; (f = monitor_refusal(r->monitor, i)) != NULL; i++) {
		if (!i) {
			text_str(&t, "\nrefused by the device, which is no violation");
			put(r, &t);
		}
		text_str(&t, "    - ");
		text_str(&t, f->reason);
		text_str(&t, " = ");
		text_str(&t, vmci_error_name(f->result));
		if (f->clause) {
			text_str(&t, " [");
			text_str(&t, f->clause);
			text_str(&t, "]");
		}
		text_str(&t, ": ");
		place(&t, f->count, f->event, f->line);
		put(r, &t);
	}
}

struct tally {
	unsigned n[VERDICTS];
};

static struct tally count(const struct monitor_report *r)
{
	struct tally c = { { 0 } };

	for (uint32_t i = 0; i < r->table->header->req_count; i++)
		if (is_listed(r->table, &r->table->reqs[i]))
			c.n[verdict_of(r->monitor,
				       rule_of(vct_str(r->table, r->table->reqs[i].id)))]++;
	return c;
}

void monitor_report_text(const struct monitor_report *r)
{
	static const char *const words[VERDICTS] = { " violated, ", " held, ", " not exercised, ",
						     " not visible at a device" };
	struct tally c = count(r);
	char buf[LINE];
	struct text t;

	text_start(&t, buf, sizeof(buf));
	text_str(&t, r->name);
	text_str(&t, ": ");
	text_u64(&t, monitor_events(r->monitor));
	text_str(&t, " events; clauses of the guest's side: ");
	for (unsigned i = 0; i < VERDICTS; i++) {
		text_u64(&t, c.n[i]);
		text_str(&t, words[i]);
	}
	put(r, &t);
	violations(r);
	list(r, HELD, "held, and how often");
	list(r, UNEXERCISED, "not exercised");
	list(r, UNSEEN, "not visible at a device; `vmci-conform run --role guest` judges them");
	refusals(r);
}

/* ---- JSON ------------------------------------------------------------------------------- */

static void key(struct text *t, const char *name)
{
	text_str(t, t->len ? ",\"" : "{\"");
	text_str(t, name);
	text_str(t, "\":");
}

/* Sentences are UTF-8 without control characters. */
static void string(struct text *t, const char *name, const char *s)
{
	key(t, name);
	text_char(t, '"');
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			text_char(t, '\\');
		text_char(t, *s);
	}
	text_char(t, '"');
}

static void number(struct text *t, const char *name, uint64_t v)
{
	key(t, name);
	text_u64(t, v);
}

static void end(const struct monitor_report *r, struct text *t)
{
	text_char(t, '}');
	put(r, t);
}

static void json_places(struct text *t, uint64_t n, uint64_t event, uint64_t line)
{
	number(t, "count", n);
	number(t, "event", event);
	if (line)
		number(t, "line", line);
}

static void json_findings(const struct monitor_report *r)
{
	const struct monitor_finding *f;
	char buf[2 * LINE], what[256];
	struct text t;

	text_start(&t, buf, sizeof(buf));
	for (unsigned i = 0; (f = monitor_finding(r->monitor, i)) != NULL; i++) {
		const char *id = monitor_clause(f->rule);
		const struct vct_req *req = monitor_report_clause(r->table, id);

		string(&t, "type", "finding");
		string(&t, "clause", id);
		string(&t, "level", level_name(req));
		string(&t, "sentence", req ? vct_str(r->table, req->text) : "");
		string(&t, "what", monitor_finding_text(f, what, sizeof(what)));
		json_places(&t, f->count, f->event, f->line);
		end(r, &t);
	}
}

static void json_clauses(const struct monitor_report *r)
{
	static const char *const words[VERDICTS] = { "violated", "held", "unexercised", "unseen" };
	char buf[LINE];
	struct text t;

	text_start(&t, buf, sizeof(buf));
	for (uint32_t i = 0; i < r->table->header->req_count; i++) {
		const struct vct_req *req = &r->table->reqs[i];
		int rule = rule_of(vct_str(r->table, req->id));

		if (!is_listed(r->table, req))
			continue;
		string(&t, "type", "clause");
		string(&t, "clause", vct_str(r->table, req->id));
		string(&t, "level", level_name(req));
		string(&t, "verdict", words[verdict_of(r->monitor, rule)]);
		if (rule >= 0) {
			struct monitor_score s = monitor_score(r->monitor, (enum monitor_rule)rule);

			number(&t, "held", s.held);
			number(&t, "violated", s.violated);
		}
		end(r, &t);
	}
}

static void json_refusals(const struct monitor_report *r)
{
	const struct monitor_refusal *f;
	char buf[LINE];
	struct text t;

	text_start(&t, buf, sizeof(buf));
	for (unsigned i = 0; (f = monitor_refusal(r->monitor, i)) != NULL; i++) {
		string(&t, "type", "refusal");
		string(&t, "reason", f->reason);
		string(&t, "result", vmci_error_name(f->result));
		if (f->clause)
			string(&t, "clause", f->clause);
		json_places(&t, f->count, f->event, f->line);
		end(r, &t);
	}
}

void monitor_report_json(const struct monitor_report *r)
{
	struct tally c = count(r);
	char buf[LINE];
	struct text t;

	json_findings(r);
	json_clauses(r);
	json_refusals(r);
	text_start(&t, buf, sizeof(buf));
	string(&t, "type", "summary");
	number(&t, "events", monitor_events(r->monitor));
	number(&t, "violated", c.n[VIOLATED]);
	number(&t, "held", c.n[HELD]);
	number(&t, "unexercised", c.n[UNEXERCISED]);
	number(&t, "unseen", c.n[UNSEEN]);
	end(r, &t);
}
