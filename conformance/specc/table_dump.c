/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "head.h"
#include "table_file.h"
#include "text.h"

const char *const insn_names[] = {
	"end",	"const", "var",	   "add",  "sub",  "mul",	  "shl",   "shr",    "and",
	"or",	"not",	 "neg",	   "arg",  "put",  "ppn",	  "ppns",  "raw",    "fill",
	"seq",	"any",	 "masked", "cond", "rest", "zero-except", "t-any", "t-bind", "t-eq",
	"t-ne", "t-lt",	 "t-le",   "t-gt", "t-ge", "t-bits",	  "t-and", "t-or",   NULL,
};

const char *const verb_names[] = {
	"region",    "queues",	   "let",	  "in",	       "out",	       "outs",
	"ins",	     "cfg-in",	   "cfg-out",	  "bar-size",  "bar-kind",     "pcicap",
	"call",	     "send",	   "recv",	  "read",      "write",	       "push",
	"pull",	     "irq-mode",   "irq-mask",	  "busmaster", "platreset",    "dev-irq",
	"dev-irqs",  "dev-noirq",  "dev-line",	  "wait",      "repeat",       "host",
	"ask",	     "does-out",   "does-call",	  "does-send", "does-nothing", "does-skip",
	"set-offer", "set-answer", "set-deliver", "set-event", "set-gone",     "set-load",
	"set-store", NULL,
};

const char *const actor_names[] = { "none", "guest", "device", "host", NULL };

_Static_assert(sizeof(insn_names) / sizeof(insn_names[0]) == VCI_COUNT + 1, "a name each");
_Static_assert(sizeof(verb_names) / sizeof(verb_names[0]) == VCT_VERB_COUNT + 1, "a name each");

static void put_string(struct text *out, const char *key, const char *s)
{
	text_printf(out, " %s=", key);
	if (s)
		text_quoted(out, s);
	else
		text_add(out, "-");
}

static void put_bytes(struct text *out, const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		text_printf(out, "%02x", p[i]);
}

static void put_code(struct text *out, const char *name, const struct ir_code *c)
{
	if (!c->present)
		return;
	text_printf(out, "    %s", name);
	for (size_t i = 0; i < c->insns.n; i++) {
		const struct ir_insn *in = &c->insns.v[i];

		text_printf(out, " %s", insn_names[in->rec.op]);
		if (in->rec.op == VCI_CONST)
			text_printf(out, "=0x%llx", (unsigned long long)in->rec.value);
		if (in->rec.width || in->rec.aux)
			text_printf(out, ".%u.%u", in->rec.width, in->rec.aux);
		if (in->rec.op == VCI_RAW || in->rec.op == VCI_MASKED) {
			text_add(out, ":");
			put_bytes(out, in->bytes, in->rec.len);
		}
		if (in->rec.op == VCI_MASKED) {
			text_add(out, "&");
			put_bytes(out, in->bytes + in->rec.len, in->rec.len);
		}
	}
	text_add(out, "\n");
}

static void put_step(struct text *out, const struct ir_step *s)
{
	text_printf(out, "  step %s %s op=%u nargs=%u line=%u within=%u", actor_names[s->actor],
		    verb_names[s->verb], s->op, s->nargs, s->line, s->within_us);
	put_string(out, "text", s->text);
	text_add(out, "\n");
	put_code(out, "args", &s->args);
	put_code(out, "blob", &s->blob);
	put_code(out, "ipat", &s->ipat);
	put_code(out, "bpat", &s->bpat);
}

static void put_run(struct text *out, const struct ir_run *r)
{
	text_add(out, "vector");
	put_string(out, "id", r->id);
	put_string(out, "file", r->file);
	text_printf(out, " line=%u role=%u start=%u transport=%u window=%u", r->line, r->role,
		    r->start, r->transport, r->window);
	text_printf(out, " needs=0x%x abilities=0x%x flags=0x%x slots=%u objects=%u", r->needs,
		    r->abilities, r->flags, r->nslots, r->nobjects);
	put_string(out, "about", r->about);
	put_string(out, "why", r->why);
	put_string(out, "catches", r->catches);
	text_printf(out, " mask=0x%x config=", r->config_mask);
	for (int i = 0; i < VCT_CONFIG_KEYS; i++)
		text_printf(out, "%s0x%llx", i ? "," : "", (unsigned long long)r->config[i]);
	text_add(out, " covers=");
	for (size_t i = 0; i < r->covers.n; i++)
		text_printf(out, "%s%u", i ? "," : "", r->covers.v[i]);
	text_add(out, "\n");
	for (size_t i = 0; i < r->steps.n; i++)
		put_step(out, &r->steps.v[i]);
}

void table_dump(const struct ir *ir, struct text *out)
{
	text_printf(out, "table format=%u spec=0x%x\n", VCT_FORMAT, ir->spec_version);
	for (size_t i = 0; i < ir->reqs.n; i++) {
		const struct ir_req *r = &ir->reqs.v[i];

		text_add(out, "clause");
		put_string(out, "id", r->id);
		put_string(out, "file", r->file);
		text_printf(out, " line=%u hash=0x%x level=%u side=%u choice=%u untestable=%u",
			    r->line, r->hash, r->level, r->side, r->choice, r->untestable);
		put_string(out, "chapter", r->chapter);
		put_string(out, "marks", r->marks);
		put_string(out, "text", r->text);
		put_string(out, "reason", r->reason);
		text_add(out, "\n");
	}
	for (size_t i = 0; i < ir->runs.n; i++)
		put_run(out, &ir->runs.v[i]);
}
