/* SPDX-License-Identifier: BSD-2-Clause */
/* Rules about doorbells and queue pairs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>
#include "cases.h"

#define CONTROL VMCI_CONTROL_ADDR
#define RESET	VMCI_CONTROL_RESET
#define HOST	VMCI_HOST_CONTEXT_ID

/* ---- doorbells -------------------------------------------------------------------------- */

static void bells_good(struct world *w)
{
	start_ports(w);
	link_bell(w, 0x400, 0, 0);
	link_bell(w, 0x401, 1, 0);
	link_bell(w, 0x402, 2, 0);
	unlink_bell(w, 0x401);
	link_bell(w, 0x403, 1, 0);
	link_bell(w, 0x404, 3, 0);
}

static void index_1_bad(struct world *w)
{
	start_ports(w);
	link_bell(w, 0x400, 4096, -2);
}

/* Two processors that overtake each other are no violation. */
static void index_2_good(struct world *w)
{
	start_ports(w);
	link_bell(w, 0x401, 1, 0);
	link_bell(w, 0x400, 0, 0);
	link_bell(w, 0x402, 2, 0);
}

static void index_2_bad(struct world *w)
{
	start_ports(w);
	link_bell(w, 0x400, 5, 0);
	link_bell(w, 0x401, 6, 0);
}

static void index_3_bad(struct world *w)
{
	start_ports(w);
	link_bell(w, 0x400, 0, 0);
	link_bell(w, 0x401, 1, 0);
	link_bell(w, 0x402, 2, 0);
	unlink_bell(w, 0x400);
	link_bell(w, 0x403, 3, 0);
}

static void db_3_good(struct world *w)
{
	start_ports(w);
	link_bell(w, 0x400, 0, -1);
	out(w, CONTROL, 32, RESET);
}

static void db_3_bad(struct world *w)
{
	start_ports(w);
	link_bell(w, 0x400, 0, -1);
	unlink_bell(w, 0x400);
}

static void db_5_bad(struct world *w)
{
	start_ports(w);
	CALL(w, VMCI_DOORBELL_LINK, -2, CID + 1, 0x400, 0, 0);
}

static void db_6_bad(struct world *w)
{
	start_ports(w);
	link_bell(w, 0x400, 0, 0);
	link_bell(w, 0x400, 1, -22);
}

static void db_6_bad_unlink(struct world *w)
{
	start_ports(w);
	unlink_bell(w, 0x400);
}

/* ---- queue pairs ------------------------------------------------------------------------ */

static void pair_good(struct world *w)
{
	start_ports(w);
	alloc_pair(w, 0x400, 0x4000);
	vmci_put64(w->ram + 0x4000 + VMCI_QUEUE_HEADER_PRODUCER_TAIL, 4095);
	vmci_put64(w->ram + 0x4000 + VMCI_QUEUE_HEADER_CONSUMER_HEAD, 17);
	in32(w, VMCI_RESULT_LOW_ADDR, 0);
	pair_event(w, HOST, 0x400, VMCI_QPB_ATTACHED_MEM, "attach");
	vmci_put64(w->ram + 0x6000 + VMCI_QUEUE_HEADER_PRODUCER_TAIL, 40);
	in32(w, VMCI_RESULT_LOW_ADDR, 0);
	detach_pair(w, 0x400);
}

static void alloc_with(struct world *w, uint32_t flags, uint32_t bytes, uint32_t npages,
		       uint32_t page)
{
	start_ports(w);
	CALL(w, VMCI_QUEUEPAIR_ALLOC, 0, CID, 0x400, 2, flags, bytes, 0, 0, 0, npages, 0, page,
	     page + 1, page + 2);
}

static void qp_1_bad_count(struct world *w)
{
	alloc_with(w, 0, 4097, 3, RAM >> 12);
}

static void qp_1_bad_list(struct world *w)
{
	start_ports(w);
	CALL(w, VMCI_QUEUEPAIR_ALLOC, -2, CID, 0x400, 2, 0, 4096, 0, 0, 0, 3, 0, 1, 0, 2, 0, 3, 0);
}

static void qp_1_bad_twice(struct world *w)
{
	start_ports(w);
	CALL(w, VMCI_QUEUEPAIR_ALLOC, 0, CID, 0x400, 2, 0, 4096, 0, 0, 0, 3, 0, 9, 9, 10);
}

static void qp_1_bad_short(struct world *w)
{
	start_ports(w);
	CALL(w, VMCI_QUEUEPAIR_ALLOC, -2, CID, 0x400, 2, 0);
}

static void qp_3_bad(struct world *w)
{
	alloc_with(w, VMCI_QPFLAG_NONBLOCK, 4096, 3, RAM >> 12);
}

static void qp_4_bad_empty(struct world *w)
{
	start_ports(w);
	CALL(w, VMCI_QUEUEPAIR_ALLOC, -2, CID, 0x400, 2, 0, 0, 0, 0, 0, 2, 0, 1, 2);
}

static void qp_4_bad_flags(struct world *w)
{
	alloc_with(w, 0x10, 4096, 3, RAM >> 12);
}

static void qp_4_bad_large(struct world *w)
{
	alloc_with(w, 0, 128u * 1024 * 1024 + 1, 3, RAM >> 12);
}

static void refused_pair(struct world *w)
{
	start_ports(w);
	CALL(w, VMCI_QUEUEPAIR_ALLOC, -7, CID, 0x400, 2, 0, 4096, 0, 0, 0, 3, 0, 1, 2, 3);
}

static void qp_5_good(struct world *w)
{
	refused_pair(w);
	out(w, CONTROL, 32, RESET);
}

static void qp_5_bad(struct world *w)
{
	refused_pair(w);
	detach_pair(w, 0x400);
}

static void qp_10_bad(struct world *w)
{
	alloc_with(w, VMCI_QPFLAG_LOCAL, 4096, 3, RAM >> 12);
}

static void mem_2_bad(struct world *w)
{
	start_ports(w);
	alloc_pair(w, 0x400, 0x4000);
	vmci_put64(w->ram + 0x6000 + VMCI_QUEUE_HEADER_CONSUMER_HEAD, 8);
	in32(w, VMCI_RESULT_LOW_ADDR, 0);
}

static void mem_2_bad_handle(struct world *w)
{
	start_ports(w);
	alloc_pair(w, 0x400, 0x4000);
	pair_event(w, HOST, 0x400, VMCI_QPB_ATTACHED_MEM, "attach");
	vmci_put32(w->ram + 0x6000, 0);
	in32(w, VMCI_RESULT_LOW_ADDR, 0);
}

static void pointers_are(struct world *w, uint64_t tail, uint64_t head)
{
	start_ports(w);
	alloc_pair(w, 0x400, 0x4000);
	vmci_put64(w->ram + 0x4000 + VMCI_QUEUE_HEADER_PRODUCER_TAIL, tail);
	vmci_put64(w->ram + 0x4000 + VMCI_QUEUE_HEADER_CONSUMER_HEAD, head);
	in32(w, VMCI_RESULT_LOW_ADDR, 0);
}

static void mem_5_bad(struct world *w)
{
	pointers_are(w, 1, 0x100000000);
}

static void ring_5_bad(struct world *w)
{
	pointers_are(w, 4096, 0);
}

static void ring_5_bad_head(struct world *w)
{
	pointers_are(w, 0, 5000);
}

/* ---- the table -------------------------------------------------------------------------- */

static const struct rule_case cases[] = {
	{ RULE_DB_INDEX_1, bells_good, index_1_bad },
	{ RULE_DB_INDEX_2, index_2_good, index_2_bad },
	{ RULE_DB_INDEX_3, bells_good, index_3_bad },
	{ RULE_DB_GUEST_3, db_3_good, db_3_bad },
	{ RULE_DB_GUEST_5, bells_good, db_5_bad },
	{ RULE_DB_GUEST_6, bells_good, db_6_bad },
	{ RULE_DB_GUEST_6, bells_good, db_6_bad_unlink },
	{ RULE_QP_GUEST_1, pair_good, qp_1_bad_count },
	{ RULE_QP_GUEST_1, pair_good, qp_1_bad_list },
	{ RULE_QP_GUEST_1, pair_good, qp_1_bad_twice },
	{ RULE_QP_GUEST_1, pair_good, qp_1_bad_short },
	{ RULE_QP_GUEST_3, pair_good, qp_3_bad },
	{ RULE_QP_GUEST_4, pair_good, qp_4_bad_empty },
	{ RULE_QP_GUEST_4, pair_good, qp_4_bad_flags },
	{ RULE_QP_GUEST_4, pair_good, qp_4_bad_large },
	{ RULE_QP_GUEST_5, qp_5_good, qp_5_bad },
	{ RULE_QP_GUEST_10, pair_good, qp_10_bad },
	{ RULE_QP_MEM_2, pair_good, mem_2_bad },
	{ RULE_QP_MEM_2, pair_good, mem_2_bad_handle },
	{ RULE_QP_MEM_5, pair_good, mem_5_bad },
	{ RULE_QP_RING_5, pair_good, ring_5_bad },
	{ RULE_QP_RING_5, pair_good, ring_5_bad_head },
};
#define CASES (sizeof(cases) / sizeof(cases[0]))

CASES_TESTS(cases)

static void every_rule_has_a_case(void **state)
{
	(void)state;
	cases_cover(cases, CASES, RULE_DB_INDEX_1, RULE_DB_INDEX_3);
	cases_cover(cases, CASES, RULE_DB_GUEST_3, RULE_DB_GUEST_6);
	cases_cover(cases, CASES, RULE_QP_GUEST_1, RULE_QP_GUEST_5);
	cases_cover(cases, CASES, RULE_QP_GUEST_10, RULE_QP_MEM_5);
	cases_cover(cases, CASES, RULE_QP_RING_5, RULE_QP_RING_5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASES_TEST_LIST,
		cmocka_unit_test(every_rule_has_a_case),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
