/* SPDX-License-Identifier: BSD-2-Clause */
/* Each rule of the monitor with a guest that keeps its clause and with one that breaks it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "cases.h"

#define CAPS	VMCI_CAPS_ADDR
#define CONTROL VMCI_CONTROL_ADDR
#define RESET	VMCI_CONTROL_RESET
#define MSIX	3u
#define HOST	VMCI_HOST_CONTEXT_ID

/* ---- how a driver begins ---------------------------------------------------------------- */

static void offer(struct world *w, uint32_t caps)
{
	in32(w, CAPS, caps);
}

static void drv_1_good(struct world *w)
{
	offer(w, 0x18);
	platform_reset(w);
}

static void drv_1_bad(struct world *w)
{
	offer(w, 0x18);
	out(w, CAPS, 32, 0x18 | 4);
}

static void drv_2_bad(struct world *w)
{
	offer(w, 0x0c);
	out(w, CAPS, 32, 0x1c);
}

static void drv_2_bad_without_datagram(struct world *w)
{
	offer(w, 0x0c);
	out(w, CAPS, 32, 0x08);
}

static void drv_2_bad_without_caps(struct world *w)
{
	offer(w, 0x0c);
	CALL(w, VMCI_GET_CONTEXT_ID, CID);
}

static void drv_3_good(struct world *w)
{
	start_ports(w);
	bytes(w, VMCI_DATA_OUT_ADDR, 8, 24, false);
}

static void drv_3_bad(struct world *w)
{
	start_dma(w);
	bytes(w, VMCI_DATA_OUT_ADDR, 8, 24, false);
}

static void drv_4_bad(struct world *w)
{
	offer(w, 0x3c);
	out(w, CAPS, 32, 0x24);
	out(w, VMCI_GUEST_PAGE_SHIFT_ADDR, 32, 12);
	out(w, VMCI_DATA_OUT_HIGH_ADDR, 32, 0);
	out(w, VMCI_DATA_OUT_LOW_ADDR, 32, RAM);
}

static void refused_query(struct world *w, int32_t answer)
{
	offer(w, 0x0c);
	out(w, CAPS, 32, 0x0c);
	CALL(w, VMCI_RESOURCES_QUERY, answer, 1, 0, VMCI_GET_CONTEXT_ID);
}

static void query_good(struct world *w)
{
	refused_query(w, 0);
	out(w, CONTROL, 32, RESET);
}

static void query_bad(struct world *w)
{
	refused_query(w, 3);
	CALL(w, VMCI_GET_CONTEXT_ID, CID);
}

static void drv_6_bad(struct world *w)
{
	offer(w, 0x0c);
	out(w, CAPS, 32, 0x0c);
	CALL(w, VMCI_GET_CONTEXT_ID, CID);
	out(w, CONTROL, 32, VMCI_CONTROL_INT_ENABLE);
}

static void drv_6_bad_before_calls(struct world *w)
{
	offer(w, 0x0c);
	out(w, CAPS, 32, 0x0c);
	out(w, VMCI_IMR_ADDR, 32, 3);
}

static void drv_7_good(struct world *w)
{
	start_ports(w);
	out(w, CONTROL, 32, RESET);
	start_ports(w);
}

static void drv_7_bad(struct world *w)
{
	start_ports(w);
	out(w, CONTROL, 32, RESET);
	out(w, VMCI_IMR_ADDR, 32, 0);
}

static void drv_7_bad_anew(struct world *w)
{
	start_ports(w);
	start_ports(w);
}

static void drv_8_good(struct world *w)
{
	offer(w, ANY);
	platform_reset(w);
}

static void drv_8_bad(struct world *w)
{
	offer(w, ANY);
	out(w, CAPS, 32, 4);
}

static void pairs_left_good(struct world *w)
{
	start_ports(w);
	alloc_pair(w, 0x400, 0x4000);
	detach_pair(w, 0x400);
	out(w, CONTROL, 32, RESET);
}

static void pairs_left_bad(struct world *w)
{
	start_ports(w);
	alloc_pair(w, 0x400, 0x4000);
	out(w, CONTROL, 32, RESET);
}

static void refused_bitmap(struct world *w)
{
	offer(w, 0x0c);
	out(w, CAPS, 32, 0x0c);
	CALL(w, VMCI_SET_NOTIFY_BITMAP, -3, 1, 0);
}

static void drv_10_good(struct world *w)
{
	refused_bitmap(w);
	out(w, CONTROL, 32, RESET);
}

static void drv_10_bad(struct world *w)
{
	refused_bitmap(w);
	out(w, VMCI_IMR_ADDR, 32, 3);
}

static void drv_11_bad(struct world *w)
{
	refused_query(w, 0);
	platform_reset(w);
}

static void drv_12_bad(struct world *w)
{
	start_ports(w);
	out(w, VMCI_IMR_ADDR, 8, 3);
}

static void drv_12_bad_port(struct world *w)
{
	start_ports(w);
	bytes(w, VMCI_DATA_OUT_ADDR, 32, 24, false);
}

static void drv_13_bad(struct world *w)
{
	start_ports(w);
	out(w, VMCI_ICR_ADDR, 32, 1);
}

static void drv_13_bad_nowhere(struct world *w)
{
	start_ports(w);
	out(w, 0x38, 32, 1);
}

/* ---- interrupts and datagrams to the guest ---------------------------------------------- */

static void hnd_1_good(struct world *w)
{
	irq_mode(w, MSIX, 1);
	start_dma(w);
	in32(w, VMCI_ICR_ADDR, VMCI_ICR_DATAGRAM);
	out(w, VMCI_DATA_IN_LOW_ADDR, 32, RAM);
	wait_busy(w);
}

static void hnd_1_bad(struct world *w)
{
	irq_mode(w, MSIX, 1);
	start_dma(w);
	in32(w, VMCI_ICR_ADDR, VMCI_ICR_DATAGRAM);
	wait_busy(w);
}

static void hnd_1_bad_bell(struct world *w)
{
	irq_mode(w, MSIX, 1);
	start_dma(w);
	link_bell(w, 0x400, 0, 0);
	w->ram[0] = 1;
	rung(w, 0);
	in32(w, VMCI_ICR_ADDR, VMCI_ICR_NOTIFICATION);
	wait_busy(w);
}

static void hnd_2_good(struct world *w)
{
	irq_mode(w, MSIX, 3);
	start_dma(w);
	message(w, 0);
	out(w, VMCI_DATA_IN_LOW_ADDR, 32, RAM);
	wait_busy(w);
}

static void hnd_2_bad(struct world *w)
{
	irq_mode(w, MSIX, 3);
	start_dma(w);
	message(w, 0);
	in32(w, VMCI_ICR_ADDR, 0);
	wait_busy(w);
}

static void pin_2_good(struct world *w)
{
	start_ports(w);
	bytes(w, VMCI_DATA_IN_ADDR, 8, 4000, true);
	CALL(w, VMCI_GET_CONTEXT_ID, CID);
	bytes(w, VMCI_DATA_IN_ADDR, 8, 96, false);
	wait_busy(w);
}

static void pin_2_bad(struct world *w)
{
	start_ports(w);
	bytes(w, VMCI_DATA_IN_ADDR, 8, 4000, true);
	wait_busy(w);
}

static void bell_rung(struct world *w)
{
	irq_mode(w, MSIX, 2);
	start_ports(w);
	link_bell(w, 0x400, 0, 0);
	w->ram[0] = 1;
	rung(w, 0);
}

static void db_2_good(struct world *w)
{
	bell_rung(w);
	w->ram[0] = 0;
	wait_busy(w);
}

static void db_2_bad(struct world *w)
{
	bell_rung(w);
	wait_busy(w);
}

/* ---- datagrams by the guest ------------------------------------------------------------- */

static void source_is(struct world *w, uint32_t context)
{
	start_ports(w);
	send_dg(w, vmci_handle(HOST, 0x500), vmci_handle(context, 0x400), NULL, 0, 24);
}

static void gst_3_good(struct world *w)
{
	source_is(w, CID);
}

static void gst_3_bad(struct world *w)
{
	source_is(w, CID + 1);
}

static void gst_7_bad(struct world *w)
{
	static const uint8_t much[VMCI_MAX_DG_PAYLOAD_SIZE + 1];

	start_ports(w);
	send_dg(w, vmci_handle(HOST, 0x500), vmci_handle(CID, 0x400), much, sizeof(much), -2);
}

static void gst_7_bad_refused(struct world *w)
{
	start_ports(w);
	refuse(w, "datagram longer than the device takes", "DG.OUT.4", -2);
}

static void call_6_bad(struct world *w)
{
	start_ports(w);
	send_dg(w, vmci_handle(0, VMCI_GET_CONTEXT_ID), vmci_handle(CID, 0), NULL, 0, CID);
}

static void call_7_bad(struct world *w)
{
	start_ports(w);
	CALL(w, VMCI_RESOURCES_QUERY, 1, 1, 7, VMCI_GET_CONTEXT_ID);
}

static void call_7_bad_bitmap(struct world *w)
{
	start_ports(w);
	CALL(w, VMCI_SET_NOTIFY_BITMAP, 0, RAM >> 12, 7);
}

static void high_cid(struct world *w, uint32_t source)
{
	start_ports(w);
	w->cid = 0x80000123;
	CALL(w, VMCI_GET_CONTEXT_ID, (int32_t)0x80000123);
	send_dg(w, vmci_handle(HOST, 0x500), vmci_handle(source, 0x400), NULL, 0, 24);
}

static void cid_4_good(struct world *w)
{
	high_cid(w, 0x80000123);
}

static void cid_4_bad(struct world *w)
{
	high_cid(w, 0x123);
}

static void no_cid(struct world *w)
{
	start_ports(w);
	CALL(w, VMCI_GET_CONTEXT_ID, -1);
}

static void cid_5_good(struct world *w)
{
	no_cid(w);
	CALL(w, VMCI_GET_CONTEXT_ID, CID);
}

static void cid_5_bad(struct world *w)
{
	no_cid(w);
	send_dg(w, vmci_handle(HOST, 0x500), vmci_handle(ANY, 0x400), NULL, 0, 24);
}

/* ---- events ----------------------------------------------------------------------------- */

static void renumbered(struct world *w, uint32_t source, bool late)
{
	start_ports(w);
	w->cid = CID + 1;
	in32(w, VMCI_RESULT_LOW_ADDR, 0);
	EVENT(w, VMCI_EVENT_CTX_ID_UPDATE, 0, CID + 1, 0);
	if (late)
		wait_busy(w);
	send_dg(w, vmci_handle(HOST, 0x500), vmci_handle(source, 0x400), NULL, 0, 24);
}

static void ev_5_good(struct world *w)
{
	renumbered(w, CID + 1, false);
}

static void ev_5_bad(struct world *w)
{
	renumbered(w, CID, true);
}

static void fooled(struct world *w, uint32_t context)
{
	start_ports(w);
	EVENT(w, VMCI_EVENT_CTX_ID_UPDATE, 0, ANY, 0);
	CALL(w, VMCI_DOORBELL_LINK, 0, context, 0x400, 0, 0);
}

static void ev_6_good(struct world *w)
{
	fooled(w, CID);
}

static void ev_6_bad(struct world *w)
{
	fooled(w, ANY);
}

static void ev_10_good(struct world *w)
{
	start_ports(w);
	EVENT(w, VMCI_EVENT_QP_RESUMED, 0);
}

static void ev_10_bad(struct world *w)
{
	start_ports(w);
	CALL(w, VMCI_EVENT_SUBSCRIBE, 0, VMCI_EVENT_QP_PEER_ATTACH, 0);
}

/* ---- the table -------------------------------------------------------------------------- */

static const struct rule_case cases[] = {
	{ RULE_DEV_DRV_1, drv_1_good, drv_1_bad },
	{ RULE_DEV_DRV_2, start_dma, drv_2_bad },
	{ RULE_DEV_DRV_2, start_ports, drv_2_bad_without_datagram },
	{ RULE_DEV_DRV_2, start_ports, drv_2_bad_without_caps },
	{ RULE_DEV_DRV_3, drv_3_good, drv_3_bad },
	{ RULE_DEV_DRV_4, start_dma, drv_4_bad },
	{ RULE_DEV_DRV_5, query_good, query_bad },
	{ RULE_DEV_DRV_6, start_dma, drv_6_bad },
	{ RULE_DEV_DRV_6, start_ports, drv_6_bad_before_calls },
	{ RULE_DEV_DRV_7, drv_7_good, drv_7_bad },
	{ RULE_DEV_DRV_7, drv_7_good, drv_7_bad_anew },
	{ RULE_DEV_DRV_8, drv_8_good, drv_8_bad },
	{ RULE_DEV_DRV_9, pairs_left_good, pairs_left_bad },
	{ RULE_QP_GUEST_6, pairs_left_good, pairs_left_bad },
	{ RULE_DEV_DRV_10, drv_10_good, drv_10_bad },
	{ RULE_DEV_DRV_11, query_good, drv_11_bad },
	{ RULE_DEV_DRV_12, drv_3_good, drv_12_bad },
	{ RULE_DEV_DRV_12, drv_3_good, drv_12_bad_port },
	{ RULE_DEV_DRV_13, start_dma, drv_13_bad },
	{ RULE_DEV_DRV_13, start_ports, drv_13_bad_nowhere },
	{ RULE_DEV_HND_1, hnd_1_good, hnd_1_bad },
	{ RULE_DEV_HND_1, hnd_1_good, hnd_1_bad_bell },
	{ RULE_DEV_HND_2, hnd_2_good, hnd_2_bad },
	{ RULE_DG_GST_3, gst_3_good, gst_3_bad },
	{ RULE_DG_GST_7, gst_3_good, gst_7_bad },
	{ RULE_DG_GST_7, gst_3_good, gst_7_bad_refused },
	{ RULE_DG_PIN_2, pin_2_good, pin_2_bad },
	{ RULE_HC_CALL_6, start_dma, call_6_bad },
	{ RULE_HC_CALL_7, start_dma, call_7_bad },
	{ RULE_HC_CALL_7, start_ports, call_7_bad_bitmap },
	{ RULE_HC_QUERY_7, query_good, query_bad },
	{ RULE_HC_CID_4, cid_4_good, cid_4_bad },
	{ RULE_HC_CID_5, cid_5_good, cid_5_bad },
	{ RULE_DB_GUEST_2, db_2_good, db_2_bad },
	{ RULE_EV_GUEST_5, ev_5_good, ev_5_bad },
	{ RULE_EV_GUEST_6, ev_6_good, ev_6_bad },
	{ RULE_EV_GUEST_10, ev_10_good, ev_10_bad },
};
#define CASES (sizeof(cases) / sizeof(cases[0]))

CASES_TESTS(cases)

static void every_rule_has_a_case(void **state)
{
	(void)state;
	cases_cover(cases, CASES, RULE_DEV_DRV_1, RULE_HC_CID_5);
	cases_cover(cases, CASES, RULE_DB_GUEST_2, RULE_DB_GUEST_2);
	cases_cover(cases, CASES, RULE_EV_GUEST_5, RULE_EV_GUEST_10);
	cases_cover(cases, CASES, RULE_QP_GUEST_6, RULE_QP_GUEST_6);
}

/* ---- around the rules ------------------------------------------------------------------- */

static void a_kind_is_told_once_and_counted(void **state)
{
	const struct monitor_finding *f;
	char what[64];
	struct world w;

	(void)state;
	world_open(&w);
	start_ports(&w);
	monitor_line(w.monitor, 77);
	for (int i = 0; i < 3; i++)
		send_dg(&w, vmci_handle(HOST, 0x500), vmci_handle(0x99, 0x400), NULL, 0, -7);
	f = monitor_finding(w.monitor, 0);
	assert_non_null(f);
	assert_int_equal(f->count, 3);
	assert_int_equal(f->line, 77);
	assert_int_equal(f->event, monitor_events(w.monitor) - 2);
	assert_int_equal(w.found, 1);
	assert_string_equal(monitor_finding_text(f, what, sizeof(what)),
			    "a datagram from context 0x99, which it is not");
	assert_null(monitor_finding(w.monitor, 1));
	world_close(&w);
}

static void a_guest_that_stands_still_is_not_blamed(void **state)
{
	struct world w;

	(void)state;
	world_open(&w);
	irq_mode(&w, MSIX, 3);
	start_dma(&w);
	message(&w, 0);
	w.now_us += 100 * PATIENCE;
	message(&w, 2);
	assert_null(monitor_finding(w.monitor, 0));
	world_close(&w);
}

static void refusals_are_listed_and_are_no_violations(void **state)
{
	const struct monitor_refusal *r;
	struct world w;

	(void)state;
	world_open(&w);
	start_ports(&w);
	refuse(&w, "no such context", "CTX.ROUTE.1", VMCI_ERROR_DST_UNREACHABLE);
	refuse(&w, "no such context", "CTX.ROUTE.1", VMCI_ERROR_DST_UNREACHABLE);
	r = monitor_refusal(w.monitor, 0);
	assert_non_null(r);
	assert_int_equal(r->count, 2);
	assert_string_equal(r->clause, "CTX.ROUTE.1");
	assert_null(monitor_refusal(w.monitor, 1));
	assert_null(monitor_finding(w.monitor, 0));
	world_close(&w);
}

static void events_of_another_context_concern_nobody_here(void **state)
{
	struct vmci_trace ev = { .kind = VMCI_TRACE_REFUSAL, .cid = CID + 1, .text = "x" };
	struct world w;

	(void)state;
	world_open(&w);
	start_ports(&w);
	monitor_event(w.monitor, &ev);
	assert_null(monitor_refusal(w.monitor, 0));
	world_close(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASES_TEST_LIST,
		cmocka_unit_test(every_rule_has_a_case),
		cmocka_unit_test(a_kind_is_told_once_and_counted),
		cmocka_unit_test(a_guest_that_stands_still_is_not_blamed),
		cmocka_unit_test(refusals_are_listed_and_are_no_violations),
		cmocka_unit_test(events_of_another_context_concern_nobody_here),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
