/* SPDX-License-Identifier: BSD-2-Clause */
/* cases.h - rules, each with a guest that keeps its clause and one that breaks it. */
#ifndef MONITOR_TEST_CASES_H
#define MONITOR_TEST_CASES_H

#include "world.h"

struct rule_case {
	enum monitor_rule rule;
	void (*good)(struct world *w), (*bad)(struct world *w);
};

/* Each good guest holds its clause, and nothing is found. */
void cases_keep(const struct rule_case *cases, size_t n);
/* Each bad guest is named by its clause. */
void cases_break(const struct rule_case *cases, size_t n);
/* Each rule from first to last has a case. */
void cases_cover(const struct rule_case *cases, size_t n, enum monitor_rule first,
		 enum monitor_rule last);

/* The two tests that every table of cases has, and their place in the list of main(). */
#define CASES_TESTS(cases)                                                                         \
	static void keeping_a_clause_is_held_and_nothing_is_found(void **state)                    \
	{                                                                                          \
		(void)state;                                                                       \
		cases_keep(cases, sizeof(cases) / sizeof(cases[0]));                               \
	}                                                                                          \
	static void breaking_a_clause_names_it(void **state)                                       \
	{                                                                                          \
		(void)state;                                                                       \
		cases_break(cases, sizeof(cases) / sizeof(cases[0]));                              \
	}
#define CASES_TEST_LIST                                                                            \
	cmocka_unit_test(keeping_a_clause_is_held_and_nothing_is_found),                           \
		cmocka_unit_test(breaking_a_clause_names_it)

#endif
