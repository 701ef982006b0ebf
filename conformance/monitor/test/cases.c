/* SPDX-License-Identifier: BSD-2-Clause */
/* cases.c - rules, each with a guest that keeps its clause and one that breaks it. */
#include "cases.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

void cases_keep(const struct rule_case *cases, size_t n)
{
	char what[256];

	for (size_t i = 0; i < n; i++) {
		const char *clause = monitor_clause(cases[i].rule);
		const struct monitor_finding *f;
		struct world w;

		world_open(&w);
		cases[i].good(&w);
		monitor_finish(w.monitor);
		f = monitor_finding(w.monitor, 0);
		if (f)
			fail_msg("%s: its good guest breaks %s: %s", clause,
				 monitor_clause(f->rule),
				 monitor_finding_text(f, what, sizeof(what)));
		if (!monitor_score(w.monitor, cases[i].rule).held)
			fail_msg("%s: case %zu is not held", clause, i);
		assert_int_equal(w.found, 0);
		world_close(&w);
	}
}

void cases_break(const struct rule_case *cases, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct world w;

		world_open(&w);
		cases[i].bad(&w);
		monitor_finish(w.monitor);
		if (!monitor_score(w.monitor, cases[i].rule).violated)
			fail_msg("%s: case %zu is not noticed", monitor_clause(cases[i].rule), i);
		assert_true(w.found >= 1);
		world_close(&w);
	}
}

void cases_cover(const struct rule_case *cases, size_t n, enum monitor_rule first,
		 enum monitor_rule last)
{
	for (int rule = first; rule <= (int)last; rule++) {
		size_t have = 0;

		for (size_t i = 0; i < n; i++)
			have += (int)cases[i].rule == rule;
		if (!have)
			fail_msg("%s has no case", monitor_clause((enum monitor_rule)rule));
	}
}
