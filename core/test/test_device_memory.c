/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory is refused at every place where the device role asks for it, once and from then on:
 * nothing is left behind, the refused request changed nothing, and the same request succeeds
 * afterwards. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "../device/reset.h"
#include "device_world.h"

#define RAM_PPN 16u

static int accept(void *arg, const uint8_t *data, size_t len)
{
	(void)arg;
	(void)data;
	(void)len;
	return 0;
}

static void on_ring(void *arg, struct vmci_handle handle)
{
	(void)arg;
	(void)handle;
}

static bool is_memory_error(int64_t rc)
{
	return rc == VMCI_ERROR_NO_MEM || rc == VMCI_LOCAL_NO_MEMORY;
}

/* ---- steps: each does one thing, and undoes nothing --------------------------------------------
 */

struct scene {
	struct world *w;
	struct vmci_context *bare;
	struct vmci_pair_end *end;
	uint64_t memory[3 * 512];
	void *pages[1];
};

static int64_t step_context(struct scene *s)
{
	return vmci_context_create(s->w->hub, 0x300, 0, &s->bare);
}

static int64_t step_endpoint(struct scene *s)
{
	int64_t rc = vmci_context_endpoint(s->w->host, 0x600, 0, 0, accept, NULL);

	return rc < 0 ? rc : 0;
}

static int64_t step_delayed(struct scene *s)
{
	int64_t rc =
		vmci_context_endpoint(s->w->host, 0x601, 0, VMCI_FLAG_DG_DELAYED_CB, accept, NULL);

	return rc < 0 ? rc : 0;
}

static int64_t step_doorbell(struct scene *s)
{
	int64_t rc = vmci_context_doorbell(s->w->host, 0x600, 0, on_ring, NULL);

	return rc < 0 ? rc : 0;
}

static int64_t step_bare_doorbell(struct scene *s)
{
	int64_t rc = vmci_context_doorbell(s->bare, 0x600, 0, NULL, NULL);

	return rc < 0 ? rc : 0;
}

static int64_t step_watch(struct scene *s)
{
	return vmci_context_watch(s->w->host, 0x300);
}

static int64_t step_link(struct scene *s)
{
	return world_link(s->w, 0x400, 3);
}

static int64_t step_send_port(struct scene *s)
{
	uint8_t payload[100] = { 0 };
	int32_t rc = world_send(s->w, vmci_handle(VMCI_HOST_CONTEXT_ID, 0x600),
				vmci_handle(VMCI_INVALID_ID, 0x700), payload, sizeof(payload));

	return rc == 124 ? 0 : rc;
}

static int64_t step_send_delayed(struct scene *s)
{
	uint8_t payload[100] = { 0 };
	int32_t rc = world_send(s->w, vmci_handle(VMCI_HOST_CONTEXT_ID, 0x601),
				vmci_handle(VMCI_INVALID_ID, 0x700), payload, sizeof(payload));

	return rc == 124 ? 0 : rc;
}

static int64_t step_send_self(struct scene *s)
{
	uint8_t payload[100] = { 0 };
	int32_t rc = world_send(s->w, vmci_handle(WORLD_CID, 0x701),
				vmci_handle(VMCI_INVALID_ID, 0x700), payload, sizeof(payload));

	return rc == 124 ? 0 : rc;
}

static int64_t step_host_send(struct scene *s)
{
	int rc = vmci_context_send(s->w->host, vmci_handle(WORLD_CID, 0x701),
				   vmci_handle(VMCI_INVALID_ID, 0x600), "abc", 3);

	return rc == 27 ? 0 : rc;
}

/* A send by DMA with a list of elements. */
static int64_t step_dma_list(struct scene *s)
{
	uint8_t *head = s->w->ram + 0x4000;
	uint8_t *data = s->w->ram + 0x5000;

	memset(head, 0, 100);
	vmci_put32(head + VMCI_DMA_HEADER_BUSY, 1);
	vmci_put32(head + VMCI_DMA_HEADER_OPCODE, VMCI_DMA_OPCODE_SG);
	vmci_put32(head + VMCI_DMA_HEADER_SIZE_FIELD, 2);
	vmci_put64(head + 24, 0x5000);
	vmci_put64(head + 32, 10);
	vmci_put64(head + 40, 0x500a);
	vmci_put64(head + 48, 24);
	vmci_put_handle(data, vmci_handle(VMCI_HOST_CONTEXT_ID, 0x600));
	vmci_put_handle(data + 8, vmci_handle(VMCI_INVALID_ID, 0x700));
	vmci_put64(data + 16, 10);
	world_out(s->w, VMCI_DATA_OUT_LOW_ADDR, 0x4000);
	assert_int_equal(vmci_get32(head), 0);
	return world_in(s->w, VMCI_RESULT_LOW_ADDR) == 34
		       ? 0
		       : (int32_t)world_in(s->w, VMCI_RESULT_LOW_ADDR);
}

/* A receive by DMA with more elements than are kept on the stack. Without memory nothing is
 * written, but the guest is woken. */
static int64_t step_dma_receive(struct scene *s)
{
	uint8_t *head = s->w->ram + 0x4000;
	uint64_t failed = s->w->failed;

	memset(head, 0, 24);
	vmci_put32(head + VMCI_DMA_HEADER_OPCODE, VMCI_DMA_OPCODE_SG);
	vmci_put32(head + VMCI_DMA_HEADER_SIZE_FIELD, 8);
	for (unsigned i = 0; i < 8; i++) {
		vmci_put64(head + 24 + 16 * i, 0x6000 + 64 * i);
		vmci_put64(head + 32 + 16 * i, 64);
	}
	world_out(s->w, VMCI_DATA_IN_LOW_ADDR, 0x4000);
	assert_int_equal(vmci_get32(head), 1);
	return s->w->failed != failed ? VMCI_ERROR_NO_MEM : 0;
}

static int64_t step_pair(struct scene *s)
{
	return world_alloc(s->w, 0x800, 8192, 4096, RAM_PPN);
}

static int64_t step_pair_attach(struct scene *s)
{
	return vmci_context_pair(s->w->host, vmci_handle(WORLD_CID, 0x800), VMCI_INVALID_ID, 0, 0,
				 4096, 8192, NULL, NULL, &s->end);
}

static int64_t step_pair_of_bare(struct scene *s)
{
	struct vmci_pair_memory m = { s->memory, s->memory + 512, s->pages, s->pages, 12 };
	struct vmci_pair_end *end;

	s->pages[0] = s->memory + 1024;
	return vmci_context_pair(s->bare, vmci_handle(0x300, 0x800), VMCI_INVALID_ID, 0, 0, 100,
				 100, &m, NULL, &end);
}

static int64_t step_detach(struct scene *s)
{
	return world_detach(s->w, 0x800);
}

static int64_t step_bitmap(struct scene *s)
{
	return world_bitmap(s->w, 2);
}

static int64_t step_ring(struct scene *s)
{
	return vmci_context_ring(s->w->host, vmci_handle(WORLD_CID, 0x400));
}

static int64_t step_cid(struct scene *s)
{
	/* An event that cannot be queued is lost, the change is not. */
	int rc = vmci_device_set_cid(s->w->dev, WORLD_CID + 1);

	return rc ? rc : vmci_device_set_cid(s->w->dev, WORLD_CID);
}

struct step {
	const char *name;
	int64_t (*run)(struct scene *s);
};

static const struct step script[] = {
	{ "context", step_context },
	{ "endpoint", step_endpoint },
	{ "delayed endpoint", step_delayed },
	{ "host doorbell", step_doorbell },
	{ "doorbell of a bare VM", step_bare_doorbell },
	{ "watch", step_watch },
	{ "link", step_link },
	{ "send through the port", step_send_port },
	{ "send to a delayed endpoint", step_send_delayed },
	{ "send to itself", step_send_self },
	{ "host sends", step_host_send },
	{ "send by DMA, list", step_dma_list },
	{ "receive by DMA, list", step_dma_receive },
	{ "queue pair", step_pair },
	{ "host attaches", step_pair_attach },
	{ "queue pair of a bare VM", step_pair_of_bare },
	{ "detach", step_detach },
	{ "bitmap", step_bitmap },
	{ "ring", step_ring },
	{ "context id", step_cid },
};
#define STEPS (sizeof(script) / sizeof(script[0]))

/* Everything a step could have changed, as numbers. */
struct count {
	uint64_t alive, pins, waiting, doorbells, ends, pair_bytes;
};

static struct count take_count(const struct world *w)
{
	const struct vmci_context *ctx = w->dev->ctx;
	struct count c = { w->alive,	   w->pins,	   ctx->queue.bytes, ctx->doorbell_count,
			   ctx->end_count, ctx->pair_bytes };

	return c;
}

/* Run the script with one allocation refused (or all from there). Returns whether it came that far.
 */
static bool run_script(uint64_t fail_at, bool on)
{
	static const struct vmci_device_config config = { .cid = WORLD_CID, .caps = WORLD_CAPS };
	struct scene s = { 0 };
	struct world w;
	bool failed;
	int rc = world_open_with(&w, &config, fail_at);

	if (rc) {
		assert_int_equal(rc, VMCI_LOCAL_NO_MEMORY);
		world_close(&w);
		return true;
	}
	s.w = &w;
	world_out(&w, VMCI_CAPS_ADDR,
		  VMCI_CAPS_DATAGRAM | VMCI_CAPS_NOTIFICATIONS | VMCI_CAPS_DMA_DATAGRAM);
	for (size_t i = 0; i < STEPS; i++) {
		struct count before, after;

		w.fail_on = on;
		before = take_count(&w);
		rc = (int)script[i].run(&s);
		if (rc) {
			after = take_count(&w);
			if (!is_memory_error(rc))
				fail_msg("%s: %d", script[i].name, rc);
			assert_true(w.failed);
			/* The table of a context may have grown before the object failed. */
			assert_true(after.alive <= before.alive + 1);
			assert_int_equal(after.pins, before.pins);
			assert_int_equal(after.waiting, before.waiting);
			assert_int_equal(after.doorbells, before.doorbells);
			assert_int_equal(after.ends, before.ends);
			assert_int_equal(after.pair_bytes, before.pair_bytes);
			w.fail_at = 0;
			rc = (int)script[i].run(&s);
			if (rc)
				fail_msg("%s, again: %d", script[i].name, rc);
		}
	}
	failed = w.failed > 0;
	w.fail_at = 0;
	world_out(&w, VMCI_CONTROL_ADDR, VMCI_CONTROL_RESET);
	assert_true(vmci_reset_is_clean(w.dev));
	assert_int_equal(w.pins, 0);
	world_close(&w);
	return failed;
}

static void each_allocation_may_fail_once(void **state)
{
	uint64_t n = 1;

	(void)state;
	while (run_script(n, false))
		n++;
	assert_true(n > 40);
}

static void each_allocation_may_be_the_last(void **state)
{
	uint64_t n = 1;

	(void)state;
	while (run_script(n, true))
		n++;
}

/* The k-th page of the list is no memory: nothing stays pinned, the handle is free. */
static void a_bad_page_anywhere_rolls_back(void **state)
{
	(void)state;
	for (uint64_t k = 0; k < 7; k++) {
		struct world w;

		world_open(&w);
		assert_int_equal(world_alloc(&w, 0x800, 8192, 12288, WORLD_PAGES - k),
				 VMCI_ERROR_NO_MEM);
		assert_int_equal(w.pins, 0);
		assert_int_equal(w.dev->ctx->end_count, 0);
		assert_int_equal(world_alloc(&w, 0x800, 8192, 12288, RAM_PPN), 0);
		assert_int_equal(w.pins, 7);
		world_close(&w);
	}
}

/* 10^5 times every object, made and given back, half of the requests refused. */
static void nothing_grows_with_use(void **state)
{
	struct world w;
	uint64_t alive, bytes;

	(void)state;
	world_open(&w);
	world_out(&w, VMCI_CAPS_ADDR, VMCI_CAPS_DATAGRAM | VMCI_CAPS_NOTIFICATIONS);
	for (int round = 0; round < 2; round++) {
		alive = w.alive;
		bytes = w.alive_bytes;
		for (int i = 0; i < 50000; i++) {
			uint8_t msg[8];

			assert_int_equal(world_link(&w, 0x400, 3), 0);
			assert_int_equal(world_link(&w, 0x400, 4), VMCI_ERROR_DUPLICATE_ENTRY);
			vmci_put_handle(msg, vmci_handle(WORLD_CID, 0x400));
			assert_int_equal(world_call(&w, VMCI_DOORBELL_UNLINK, msg, 8), 0);
			assert_int_equal(world_alloc(&w, 0x800, 4096, 4096, RAM_PPN), 0);
			assert_int_equal(world_alloc(&w, 0x800, 4096, 4096, RAM_PPN),
					 VMCI_ERROR_ALREADY_EXISTS);
			assert_int_equal(world_detach(&w, 0x800), 0);
			assert_int_equal(world_detach(&w, 0x800), VMCI_ERROR_NOT_FOUND);
		}
		/* Tables were made in the first round and stay. */
		if (round) {
			assert_int_equal(w.alive, alive);
			assert_int_equal(w.alive_bytes, bytes);
		}
	}
	world_close(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_allocation_may_fail_once),
		cmocka_unit_test(each_allocation_may_be_the_last),
		cmocka_unit_test(a_bad_page_anywhere_rolls_back),
		cmocka_unit_test(nothing_grows_with_use),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
