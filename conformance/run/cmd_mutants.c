/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd_mutants.c - `vmci-conform mutants`: the core with one deliberate mistake at a time.
 *
 * Four questions. Does each name in a `catches` line exist in the core? Does a vector name each
 * mistake that the core can make? Is each noticed by every vector that names it? And has each
 * binding clause a vector that names a mistake, so that the clause was once seen to be broken?
 */
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "commands.h"
#include "faults.h"
#include "records.h"
#include "report.h"
#include "session.h"
#include "term.h"

#define MUTANT_SECONDS 30u
#define NAME_BYTES     64u

struct mutants {
	const struct options *o;
	const struct vct *t;
	struct term progress;
	const char *const *names; /* mistakes that the core asked for */
	size_t count;
	unsigned good, bad;
	unsigned unknown; /* names of vectors that the core does not have */
	unsigned bare;	  /* binding clauses without a mistake */
};

/* The next name of a blank-separated list, and where the rest begins. NULL: there is none. */
static const char *next_name(const char *list, char name[NAME_BYTES])
{
	size_t n;

	list += strspn(list, " ");
	n = strcspn(list, " ");
	if (!n || n >= NAME_BYTES)
		return NULL;
	memcpy(name, list, n);
	name[n] = 0;
	return list + n;
}

static bool has_name(const char *list, const char *wanted)
{
	char name[NAME_BYTES];

	while ((list = next_name(list, name)))
		if (strcmp(name, wanted) == 0)
			return true;
	return false;
}

static bool variant_of(const char *id, const char *other)
{
	size_t n = strcspn(id, "@");

	return strcspn(other, "@") == n && memcmp(id, other, n) == 0;
}

/* Whether this is the first of a vector's runs; the others repeat its `catches`. */
static bool is_first_variant(const struct vct *t, uint32_t i)
{
	return !i || !variant_of(vct_str(t, t->vectors[i].id), vct_str(t, t->vectors[i - 1].id));
}

static bool is_known(const struct mutants *m, const char *name)
{
	for (size_t i = 0; i < m->count; i++)
		if (strcmp(m->names[i], name) == 0)
			return true;
	return false;
}

/* ---- one mistake ---- */

/* In a process of its own, since a broken core may crash or hang, which counts as noticed. */
static bool fails_with(struct mutants *m, const struct options *o, uint32_t vector,
		       const char *fault)
{
	struct engine_result res;
	struct session s;
	int status = 0;
	pid_t child;

	fflush(stdout);
	child = fork();
	if (child < 0 || (child > 0 && waitpid(child, &status, 0) < 0)) {
		perror("vmci-conform: fork");
		exit(EXIT_TROUBLE);
	}
	if (child > 0)
		return !WIFEXITED(status) || WEXITSTATUS(status) != 0;
	alarm(MUTANT_SECONDS);
	if (!freopen("/dev/null", "w", stderr))
		_exit(EXIT_AS_EXPECTED);
	faults_select(fault);
	if (session_open(&s, m->t, o->target, m->t->vectors[vector].role, o->seed))
		_exit(EXIT_AS_EXPECTED);
	/* A device that is too broken for a vector to make sense is not excused here. */
	s.ignore_needs = true;
	s.engine->ignore_needs = true;
	session_run(&s, vector, &res);
	_exit(res.outcome == ENGINE_PASS || res.outcome == ENGINE_SKIP ||
			      res.outcome == ENGINE_UNOBSERVED
		      ? EXIT_AS_EXPECTED
		      : EXIT_UNEXPECTED);
}

/* Every vector that names it has to fail, in at least one of its variants. */
static void try_mutant(struct mutants *m, const char *fault)
{
	const struct vct *t = m->t;
	unsigned named = 0, caught = 0;

	for (uint32_t i = 0; i < t->header->vec_count; i++) {
		const char *id = vct_str(t, t->vectors[i].id);
		bool fails = false;
		uint32_t k = i;

		if (!is_first_variant(t, i) || !has_name(vct_str(t, t->vectors[i].catches), fault))
			continue;
		named++;
		for (; k < t->header->vec_count && variant_of(id, vct_str(t, t->vectors[k].id));
		     k++)
			fails = fails || fails_with(m, m->o, k, fault);
		caught += fails;
		if (!fails) {
			term_clear(&m->progress);
			printf("not caught: %s by %.*s\n", fault, (int)strcspn(id, "@"), id);
		}
	}
	if (!named) {
		term_clear(&m->progress);
		printf("nobody looks for: %s\n", fault);
	}
	if (named && caught == named)
		m->good++;
	else
		m->bad++;
}

/* ---- names and clauses ---- */

static void find_unknown(struct mutants *m)
{
	const struct vct *t = m->t;

	for (uint32_t i = 0; i < t->header->vec_count; i++) {
		const struct vct_vector *v = &t->vectors[i];
		const char *list = vct_str(t, v->catches);
		char name[NAME_BYTES];

		if (!is_first_variant(t, i))
			continue;
		while ((list = next_name(list, name))) {
			if (is_known(m, name) || (m->o->only && !engine_match(m->o->only, name)))
				continue;
			printf("no such mistake: %s %s:%u\n", name, vct_str(t, v->file), v->line);
			m->unknown++;
		}
	}
}

/* Whether a vector that covers the clause names a mistake that the core can make. */
static bool has_mistake(const struct mutants *m, uint32_t clause)
{
	const struct vct *t = m->t;

	for (uint32_t i = 0; i < t->header->vec_count; i++) {
		const struct vct_vector *v = &t->vectors[i];
		const char *list = vct_str(t, v->catches);
		char name[NAME_BYTES];
		bool covers = false;

		for (uint32_t k = 0; k < v->cover_count; k++)
			covers = covers || t->covers[v->cover_first + k] == clause;
		while (covers && (list = next_name(list, name)))
			if (is_known(m, name))
				return true;
	}
	return false;
}

static void find_bare(struct mutants *m)
{
	for (uint32_t i = 0; i < m->t->header->req_count; i++) {
		const struct vct_req *q = &m->t->reqs[i];

		if (q->untestable || q->level > VCT_MUST_NOT || has_mistake(m, i))
			continue;
		printf("no mistake shows: %s (%s %s) %s:%u\n", vct_str(m->t, q->id),
		       report_side(q->side), report_level(q->level), vct_str(m->t, q->file),
		       q->line);
		m->bare++;
	}
}

/* One run of everything meets every mistake that the core could make. */
static int meet_all(struct mutants *m)
{
	struct engine_result res;
	struct session s;

	for (unsigned role = VCT_ROLE_DEVICE; role <= VCT_ROLE_GUEST; role++) {
		if (session_open(&s, m->t, m->o->target, role, m->o->seed))
			return -1;
		for (uint32_t i = 0; i < m->t->header->vec_count; i++)
			if (m->t->vectors[i].role == role)
				session_run(&s, i, &res);
		session_close(&s);
	}
	m->names = faults_met(&m->count);
	return 0;
}

int command_mutants(const struct options *o, const struct vct *t)
{
	struct mutants m = { .o = o, .t = t };

	if (!faults_built_in()) {
		fputs("vmci-conform: mutants: this program has no deliberate mistakes built in\n",
		      stderr);
		return EXIT_TROUBLE;
	}
	term_catch_signals();
	term_start(&m.progress, stderr);
	if (meet_all(&m))
		return EXIT_TROUBLE;
	find_unknown(&m);
	if (!o->only)
		find_bare(&m);
	for (size_t i = 0; i < m.count && !term_interrupted(); i++) {
		if (o->only && !engine_match(o->only, m.names[i]))
			continue;
		term_progress(&m.progress, (unsigned)i + 1, (unsigned)m.count, m.names[i]);
		try_mutant(&m, m.names[i]);
	}
	term_clear(&m.progress);
	printf("%u deliberate mistakes noticed by every vector that names them, %u not, "
	       "%u names without one, %u clauses without one\n",
	       m.good, m.bad, m.unknown, m.bare);
	if (term_interrupted())
		return EXIT_TROUBLE;
	if (!m.good && !m.bad)
		return EXIT_NOTHING_RAN;
	return m.bad || m.unknown || m.bare ? EXIT_UNEXPECTED : EXIT_AS_EXPECTED;
}
