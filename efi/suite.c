/* SPDX-License-Identifier: BSD-2-Clause */
/* suite.c - run the embedded vectors and tell people and machines. */
#include "suite.h"
#include <efi.h>
#include <efilib.h>
#include <engine.h>
#include <report.h>
#include "vectors.h"

#define CHAPTERS 32u

/* What a chapter's vectors came to. */
struct tally {
	const char *chapter;
	unsigned count[ENGINE_OUTCOMES];
};

struct tallies {
	struct tally chapter[CHAPTERS], all;
	unsigned n;
	bool crashed; /* the device stopped to answer, which is its failure and not ours */
};

static bool wanted(const struct vct *t, const struct vct_vector *v, const struct options *o)
{
	if (v->role != VCT_ROLE_DEVICE)
		return false;
	if (!o->slow && (v->flags & VCT_SLOW))
		return false;
	return o->pattern[0] == '\0' || engine_match(o->pattern, vct_str(t, v->id));
}

static struct tally *tally_of(struct tallies *ts, const char *chapter)
{
	for (unsigned i = 0; i < ts->n; i++)
		if (strcmpa((const CHAR8 *)ts->chapter[i].chapter, (const CHAR8 *)chapter) == 0)
			return &ts->chapter[i];
	if (ts->n == CHAPTERS)
		return &ts->chapter[CHAPTERS - 1];
	ts->chapter[ts->n].chapter = chapter;
	return &ts->chapter[ts->n++];
}

static void print_tally(const struct tally *t, const char *name)
{
	const unsigned *n = t->count;

	say_padded(name, 36);
	say("%5d %5d %5d %5d %5d %5d\n", (UINTN)n[ENGINE_PASS], (UINTN)n[ENGINE_FAIL],
	    (UINTN)n[ENGINE_DIFFERS], (UINTN)n[ENGINE_SKIP], (UINTN)n[ENGINE_UNOBSERVED],
	    (UINTN)(n[ENGINE_ERROR] + n[ENGINE_TIMEOUT]));
}

static bool open_table(struct vct *t)
{
	const char *why = "";

	if (vct_open(t, vectors_start(), vectors_size(), &why) == 0)
		return true;
	say("The vectors in this application are damaged (%a): build it again.\n", why);
	return false;
}

static enum suite_status verdict(const struct tallies *ts, unsigned planned)
{
	const struct tally *all = &ts->all;

	if (all->count[ENGINE_FAIL] || ts->crashed)
		return SUITE_FAILED;
	if (all->count[ENGINE_ERROR] || all->count[ENGINE_TIMEOUT])
		return SUITE_ERROR;
	if (all->count[ENGINE_PASS] == 0 || planned == 0)
		return SUITE_NOTHING;
	return SUITE_PASSED;
}

/* A failure in three lines for people; the KTAP has the whole story. */
static void print_failure(const struct vct *t, const struct engine_result *r)
{
	const struct vct_vector *v = &t->vectors[r->vector];

	say("  %a: %a (%a:%d)\n", engine_outcome_name(r->outcome), vct_str(t, v->id),
	    vct_str(t, v->file), (UINTN)r->line);
	if (r->outcome == ENGINE_FAIL || r->outcome == ENGINE_DIFFERS)
		say("    want %a\n    saw  %a\n", r->want, r->saw);
	else
		say("    %a\n", r->reason);
}

static void run_all(const struct suite *s, const struct vct *t, struct engine *e,
		    struct report *tap, struct report *json, struct tallies *ts)
{
	struct engine_result *r = AllocateZeroPool(sizeof(*r));
	const char *chapter = NULL;

	if (!r)
		return;
	for (uint32_t i = 0; i < t->header->vec_count; i++) {
		const struct vct_vector *v = &t->vectors[i];
		struct tally *tally;

		if (!wanted(t, v, s->options))
			continue;
		tally = tally_of(ts, report_chapter(t, v));
		if (chapter != tally->chapter)
			say("%a\n", tally->chapter);
		chapter = tally->chapter;
		report_ktap_run(tap, i);
		engine_run(e, i, r);
		report_ktap_result(tap, r);
		report_json(json, r);
		tally->count[r->outcome]++;
		ts->all.count[r->outcome]++;
		ts->crashed = ts->crashed || r->cls == ENGINE_CLASS_CRASH;
		if (r->outcome == ENGINE_FAIL || r->outcome == ENGINE_ERROR ||
		    r->outcome == ENGINE_TIMEOUT)
			print_failure(t, r);
	}
	FreePool(r);
}

enum suite_status suite_run(const struct suite *s, struct machine *m)
{
	struct vct t;
	struct engine *e;
	struct tallies *ts;
	struct report tap, json;
	unsigned planned = 0;
	enum suite_status status;

	if (!open_table(&t))
		return SUITE_ERROR;
	for (uint32_t i = 0; i < t.header->vec_count; i++)
		planned += wanted(&t, &t.vectors[i], s->options);
	if (planned == 0) {
		say("No vector matches '%a'; `vmci.efi list` names them.\n", s->options->pattern);
		return SUITE_NOTHING;
	}
	e = AllocateZeroPool(sizeof(*e));
	ts = AllocateZeroPool(sizeof(*ts));
	if (!e || !ts) {
		say("Not enough memory.\n");
		return SUITE_ERROR;
	}
	SetMem(&tap, sizeof(tap), 0);
	tap.write = console_write_tap;
	tap.ctx = s->console;
	tap.table = &t;
	tap.implementation = s->implementation;
	tap.version = s->version;
	tap.target = s->target;
	tap.again = "vmci.efi run ";
	json = tap;
	json.write = console_write_json;

	report_ktap_begin(&tap, planned);
	engine_start(e, &t, m);
	run_all(s, &t, e, &tap, &json, ts);
	engine_finish(e);
	report_ktap_end(&tap);

	say_padded("\n", 37);
	say(" pass  fail  diff  skip unobs error\n");
	for (unsigned i = 0; i < ts->n; i++)
		print_tally(&ts->chapter[i], ts->chapter[i].chapter);
	print_tally(&ts->all, "all");
	status = verdict(ts, planned);
	say("\n%a\n", status == SUITE_PASSED	? "PASSED"
		      : status == SUITE_FAILED	? "FAILED"
		      : status == SUITE_NOTHING ? "NOTHING COULD RUN"
						: "ERROR: no verdict");
	FreePool(ts);
	FreePool(e);
	return status;
}

unsigned suite_list(const struct options *o)
{
	struct vct t;
	unsigned n = 0;

	if (!open_table(&t))
		return 0;
	for (uint32_t i = 0; i < t.header->vec_count; i++) {
		const struct vct_vector *v = &t.vectors[i];

		if (!wanted(&t, v, o))
			continue;
		say_padded(vct_str(&t, v->id), 40);
		say(" %a\n", vct_str(&t, v->about));
		n++;
	}
	return n;
}
