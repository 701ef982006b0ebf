/* SPDX-License-Identifier: BSD-2-Clause */
/* What a program of the host learns of the machines beside it: events, new ids, an end that is
 * about to leave, datagrams that were fetched. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "device_world.h"

#define PAIR_PPN 16u

struct listener {
	struct vmci_context *ctx;
	int64_t id;
	unsigned heard;
	bool leaves;
	struct listener *other; /* removed by the handler */
};

static void on_event(void *arg, const uint8_t *payload, size_t len)
{
	struct listener *l = arg;

	assert_true(len >= VMCI_EVENT_QP_SIZE);
	assert_int_equal(vmci_get32(payload), VMCI_EVENT_QP_PEER_DETACH);
	l->heard++;
	if (l->leaves)
		assert_int_equal(vmci_context_unsubscribe(l->ctx, (uint32_t)l->id), 0);
	if (l->other)
		assert_int_equal(vmci_context_unsubscribe(l->ctx, (uint32_t)l->other->id), 0);
	l->other = NULL;
}

static void make_pair(struct world *w, struct vmci_pair_end **end)
{
	assert_int_equal(world_alloc(w, 0x800, 4096, 4096, PAIR_PPN), 0);
	assert_int_equal(vmci_context_pair(w->host, vmci_handle(WORLD_CID, 0x800), VMCI_INVALID_ID,
					   VMCI_QPFLAG_ATTACH_ONLY, 0, 4096, 4096, NULL, NULL, end),
			 0);
}

static void a_detach(struct world *w)
{
	struct vmci_pair_end *end;

	make_pair(w, &end);
	assert_int_equal(world_detach(w, 0x800), 0);
	assert_int_equal(vmci_pair_detach(end), 0);
}

static void all_subscribers_hear_and_may_leave_meanwhile(void **state)
{
	struct listener l[4] = { 0 };
	struct world w;

	(void)state;
	world_open(&w);
	for (int i = 0; i < 4; i++) {
		l[i].ctx = w.host;
		l[i].id = vmci_context_subscribe(w.host, on_event, &l[i]);
		assert_true(l[i].id > 0);
	}
	l[0].leaves = true;
	l[1].other = &l[2];
	a_detach(&w);
	a_detach(&w);
	assert_int_equal(l[0].heard, 1);
	assert_int_equal(l[1].heard, 2);
	assert_int_equal(l[2].heard, 0);
	assert_int_equal(l[3].heard, 2);
	assert_int_equal(vmci_context_unsubscribe(w.host, (uint32_t)l[0].id), VMCI_ERROR_NOT_FOUND);
	assert_int_equal(vmci_context_unsubscribe(w.host, 0), VMCI_ERROR_NOT_FOUND);
	assert_int_equal(vmci_context_subscribe(vmci_device_context(w.dev), on_event, &l[0]),
			 VMCI_ERROR_INVALID_ARGS);
	assert_int_equal(vmci_context_subscribe(w.host, NULL, NULL), VMCI_ERROR_INVALID_ARGS);
	world_close(&w);
}

static void on_renumber(void *arg, uint32_t was, uint32_t is)
{
	uint32_t *ids = arg;

	ids[0] = was;
	ids[1] = is;
}

static void a_new_id_is_told_to_host_and_hypervisor(void **state)
{
	struct vmci_context *hypervisor;
	uint32_t at_host[2] = { 0 }, at_hypervisor[2] = { 0 };
	struct world w;
	int64_t id;

	(void)state;
	world_open(&w);
	hypervisor = vmci_hub_find(w.hub, VMCI_HYPERVISOR_CONTEXT_ID);
	id = vmci_context_subscribe_ids(w.host, on_renumber, at_host);
	assert_true(id > 0);
	assert_true(vmci_context_subscribe_ids(hypervisor, on_renumber, at_hypervisor) > 0);
	assert_int_equal(vmci_device_set_cid(w.dev, 0x77), 0);
	assert_int_equal(at_host[0], WORLD_CID);
	assert_int_equal(at_host[1], 0x77);
	assert_int_equal(at_hypervisor[1], 0x77);
	assert_int_equal(vmci_context_unsubscribe(w.host, (uint32_t)id), 0);
	assert_int_equal(vmci_device_set_cid(w.dev, 0x78), 0);
	assert_int_equal(at_host[1], 0x77);
	assert_int_equal(at_hypervisor[1], 0x78);
	world_close(&w);
}

struct keeper {
	struct vmci_pair_end *end;
	unsigned calls;
	uint8_t got[16];
	int64_t n;
};

static void on_leave(void *arg)
{
	struct keeper *k = arg;

	k->calls++;
	assert_int_equal(vmci_pair_ready(k->end), 5);
	k->n = vmci_pair_dequeue(k->end, k->got, sizeof(k->got));
}

/* The guest's hand: bytes into its produce queue. */
static void guest_writes(struct world *w, const char *bytes, uint64_t n)
{
	memcpy(w->ram + (PAIR_PPN + 1) * 4096, bytes, (size_t)n);
	vmci_put64(w->ram + PAIR_PPN * 4096 + VMCI_QUEUE_HEADER_PRODUCER_TAIL, n);
}

static void what_a_guest_wrote_can_be_taken_before_it_leaves(void **state)
{
	(void)state;
	for (int way = 0; way < 3; way++) {
		struct keeper k = { 0 };
		struct world w;

		world_open(&w);
		make_pair(&w, &k.end);
		vmci_pair_on_leave(k.end, on_leave, &k);
		guest_writes(&w, "hello", 5);
		if (way == 0)
			assert_int_equal(world_detach(&w, 0x800), 0);
		else if (way == 1)
			world_out(&w, VMCI_CONTROL_ADDR, VMCI_CONTROL_RESET);
		else
			vmci_device_destroy(w.dev);
		assert_int_equal(k.calls, 1);
		assert_int_equal(k.n, 5);
		assert_memory_equal(k.got, "hello", 5);
		assert_true(vmci_pair_dequeue(k.end, k.got, 1) < 0);
		assert_int_equal(w.pins, 0);
		(void)vmci_pair_detach(k.end);
		assert_int_equal(k.calls, 1);
		world_close(&w);
	}
}

static void a_vm_is_drained_when_it_has_read_the_whole_run(void **state)
{
	struct vmci_context *guest;
	struct world w;

	(void)state;
	world_open(&w);
	guest = vmci_device_context(w.dev);
	assert_true(vmci_context_is_drained(guest));
	assert_true(vmci_context_is_drained(w.host));
	assert_int_equal(vmci_context_send(w.host, vmci_handle(WORLD_CID, 7),
					   vmci_handle(VMCI_INVALID_ID, 7), "abc", 3),
			 27);
	assert_false(vmci_context_is_drained(guest));
	for (int i = 0; i < VMCI_DATA_IN_FIRST_READ; i++) {
		assert_false(vmci_context_is_drained(guest));
		(void)vmci_device_read(w.dev, VMCI_WINDOW_PORTS, VMCI_DATA_IN_ADDR, 8);
	}
	assert_true(vmci_context_is_drained(guest));
	/* A look that finds nothing. */
	(void)vmci_device_read(w.dev, VMCI_WINDOW_PORTS, VMCI_DATA_IN_ADDR, 8);
	assert_true(vmci_context_is_drained(guest));
	world_close(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_subscribers_hear_and_may_leave_meanwhile),
		cmocka_unit_test(a_new_id_is_told_to_host_and_hypervisor),
		cmocka_unit_test(what_a_guest_wrote_can_be_taken_before_it_leaves),
		cmocka_unit_test(a_vm_is_drained_when_it_has_read_the_whole_run),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
