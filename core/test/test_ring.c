/* SPDX-License-Identifier: BSD-2-Clause */
/* The ring against a model that keeps its bytes in a plain array, with an honest peer and with one
 * that writes anything into the shared indices. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <vmci/defs.h>
#include <vmci/ring.h>

#define BYTE 0xa5

/* Both ends of one queue. The pages are separate allocations of exactly the bytes used, so the
 * address sanitizer sees a step outside; contiguous memory is one allocation of `size` bytes. */
struct fixture {
	uint64_t a_header[3], b_header[3];
	struct vmci_ring put, take;
	struct vmci_ring_memory a, b;
	void **pages;
	size_t npages;
	uint8_t *bytes;
};

static uint32_t random_state;

static uint32_t random32(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 17;
	random_state ^= random_state << 5;
	return random_state;
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

static void setup(struct fixture *f, uint64_t size, unsigned shift, bool contiguous)
{
	memset(f, 0, sizeof(*f));
	if (contiguous) {
		f->bytes = malloc(size ? (size_t)size : 1);
	} else {
		size_t page = (size_t)1 << shift;

		f->npages = (size_t)(size + page - 1) >> shift;
		f->pages = calloc(f->npages + 1, sizeof(*f->pages));
		for (size_t i = 0; i < f->npages; i++)
			f->pages[i] = malloc(least(page, (size_t)size - i * page));
	}
	f->a = (struct vmci_ring_memory){
		f->a_header, f->b_header, f->pages, f->bytes, size, shift
	};
	f->b = (struct vmci_ring_memory){
		f->b_header, f->a_header, f->pages, f->bytes, size, shift
	};
	vmci_queue_header_init(f->a_header, vmci_handle(7, 9));
	vmci_queue_header_init(f->b_header, vmci_handle(7, 9));
	assert_int_equal(vmci_ring_init(&f->put, VMCI_RING_PRODUCER, &f->a), 0);
	assert_int_equal(vmci_ring_init(&f->take, VMCI_RING_CONSUMER, &f->b), 0);
}

static void teardown(struct fixture *f)
{
	for (size_t i = 0; i < f->npages; i++)
		free(f->pages[i]);
	free(f->pages);
	free(f->bytes);
}

static void a_fresh_header_has_the_handle_and_both_indices_zero(void **state)
{
	uint64_t header[3] = { ~0ull, ~0ull, ~0ull };

	(void)state;
	vmci_queue_header_init(header, vmci_handle(0x11223344, 0x55667788));

	assert_int_equal(header[0], 0x5566778811223344);
	assert_int_equal(header[1], 0);
	assert_int_equal(header[2], 0);
}

static void a_ring_is_full_one_byte_early(void **state)
{
	uint8_t bytes[16] = { 0 };
	struct fixture f;

	(void)state;
	setup(&f, 16, 12, true);

	assert_int_equal(vmci_ring_room(&f.put), 15);
	assert_int_equal(vmci_ring_enqueue(&f.put, bytes, 16), 15);
	assert_int_equal(vmci_ring_enqueue(&f.put, bytes, 1), VMCI_ERROR_QUEUEPAIR_NOSPACE);
	assert_int_equal(vmci_ring_room(&f.put), 0);
	assert_int_equal(vmci_ring_ready(&f.take), 15);
	assert_int_equal(f.a_header[1], 15);
	teardown(&f);
}

static void an_empty_ring_has_no_data(void **state)
{
	uint8_t byte;
	struct fixture f;

	(void)state;
	setup(&f, 16, 12, true);

	assert_int_equal(vmci_ring_ready(&f.take), 0);
	assert_int_equal(vmci_ring_dequeue(&f.take, &byte, 1), VMCI_ERROR_QUEUEPAIR_NODATA);
	assert_int_equal(vmci_ring_peek(&f.take, &byte, 1), VMCI_ERROR_QUEUEPAIR_NODATA);
	teardown(&f);
}

static void a_queue_of_no_bytes_refuses_everything(void **state)
{
	uint8_t byte = 0;
	struct fixture f;
	void *at;

	(void)state;
	setup(&f, 0, 12, false);

	assert_int_equal(vmci_ring_enqueue(&f.put, &byte, 1), VMCI_ERROR_INVALID_SIZE);
	assert_int_equal(vmci_ring_enqueue(&f.put, &byte, 0), VMCI_ERROR_INVALID_SIZE);
	assert_int_equal(vmci_ring_dequeue(&f.take, &byte, 1), VMCI_ERROR_INVALID_SIZE);
	assert_int_equal(vmci_ring_peek(&f.take, &byte, 1), VMCI_ERROR_INVALID_SIZE);
	assert_int_equal(vmci_ring_ready(&f.take), VMCI_ERROR_INVALID_SIZE);
	assert_int_equal(vmci_ring_room(&f.put), VMCI_ERROR_INVALID_SIZE);
	assert_int_equal(vmci_ring_span(&f.take, 0, &at), VMCI_ERROR_INVALID_SIZE);
	vmci_ring_unmap(&f.put);
	assert_int_equal(vmci_ring_room(&f.put), VMCI_ERROR_INVALID_SIZE);
	assert_int_equal(vmci_ring_attach(&f.take, VMCI_RING_CONSUMER, &f.b),
			 VMCI_ERROR_INVALID_SIZE);
	teardown(&f);
}

static void each_end_does_only_its_own_half(void **state)
{
	uint8_t byte = 0;
	struct fixture f;

	(void)state;
	setup(&f, 16, 12, true);

	assert_int_equal(vmci_ring_dequeue(&f.put, &byte, 1), VMCI_LOCAL_BAD_ARGUMENT);
	assert_int_equal(vmci_ring_peek(&f.put, &byte, 1), VMCI_LOCAL_BAD_ARGUMENT);
	assert_int_equal(vmci_ring_enqueue(&f.take, &byte, 1), VMCI_LOCAL_BAD_ARGUMENT);
	teardown(&f);
}

static void memory_that_cannot_be_a_queue_is_refused(void **state)
{
	uint64_t header[4] = { 0 };
	uint8_t byte;
	const struct vmci_ring_memory bad[] = {
		{ NULL, header, NULL, &byte, 1, 12 },
		{ header, NULL, NULL, &byte, 1, 12 },
		{ (uint8_t *)header + 4, header, NULL, &byte, 1, 12 },
		{ header, (uint8_t *)header + 1, NULL, &byte, 1, 12 },
		{ header, header, NULL, NULL, 1, 12 },
		{ header, header, (void *const[]){ &byte }, NULL, 1, 11 },
		{ header, header, (void *const[]){ &byte }, NULL, 1, 17 },
	};
	struct vmci_ring r;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(vmci_ring_init(&r, VMCI_RING_CONSUMER, &bad[i]),
				 VMCI_LOCAL_BAD_ARGUMENT);
}

/* Random operations on both ends; what comes out is what went in, in order, and every count is the
 * model's. */
static void check_against_model(uint64_t size, unsigned shift, bool contiguous)
{
	size_t limit = (size_t)size - 1, used = 0;
	uint8_t *bytes = malloc(2 * (size_t)size + 512), *out = malloc(2 * (size_t)size + 256);
	uint8_t next_in = 0, next_out = 0;
	struct fixture f;

	for (size_t i = 0; i < 2 * (size_t)size + 512; i++)
		bytes[i] = (uint8_t)i;
	setup(&f, size, shift, contiguous);
	for (int i = 0; i < 2000; i++) {
		size_t len = random32() % (random32() % 4 ? 200 : 2 * (size_t)size), n;
		uint32_t kind = random32() % 12;
		int64_t rc;
		void *at;

		switch (kind) {
		case 0:
		case 1:
		case 2:
		case 3: /* enqueue, or all or nothing */
			n = least(len, limit - used);
			if (kind == 3) {
				rc = vmci_ring_put(&f.put, bytes + next_in, len);
				if (n < len)
					n = 0;
			} else {
				rc = vmci_ring_enqueue(&f.put, bytes + next_in, len);
			}
			if (used == limit || (n == 0 && len))
				assert_int_equal(rc, VMCI_ERROR_QUEUEPAIR_NOSPACE);
			else
				assert_int_equal(rc, n);
			if (rc > 0) {
				next_in = (uint8_t)(next_in + n);
				used += n;
			}
			break;
		case 4:
		case 5:
		case 6:
		case 7:
		case 8: /* dequeue, all or nothing, peek */
			memset(out, BYTE, len + 1);
			n = least(len, used);
			if (kind == 7) {
				rc = vmci_ring_take(&f.take, out, len);
				if (n < len)
					n = 0;
			} else if (kind == 8) {
				rc = vmci_ring_peek(&f.take, out, len);
			} else {
				rc = vmci_ring_dequeue(&f.take, out, len);
			}
			if (!used || (n == 0 && len)) {
				assert_int_equal(rc, VMCI_ERROR_QUEUEPAIR_NODATA);
				n = 0;
			} else {
				assert_int_equal(rc, n);
			}
			assert_memory_equal(out, bytes + next_out, n);
			assert_int_equal(out[n], BYTE);
			if (rc > 0 && kind != 8) {
				next_out = (uint8_t)(next_out + n);
				used -= n;
			}
			break;
		case 9: /* in place, taken and put */
			rc = vmci_ring_span(&f.take, 0, &at);
			if (rc > 0) {
				assert_true((size_t)rc <= used);
				assert_memory_equal(at, bytes + next_out, (size_t)rc);
				assert_int_equal(vmci_ring_advance(&f.take, (uint64_t)rc), 0);
				next_out = (uint8_t)(next_out + rc);
				used -= (size_t)rc;
			} else {
				assert_int_equal(rc, VMCI_ERROR_QUEUEPAIR_NODATA);
				assert_int_equal(used, 0);
			}
			rc = vmci_ring_span(&f.put, 0, &at);
			if (rc > 0) {
				assert_true((size_t)rc <= limit - used);
				memcpy(at, bytes + next_in, (size_t)rc);
				assert_int_equal(vmci_ring_advance(&f.put, (uint64_t)rc), 0);
				next_in = (uint8_t)(next_in + rc);
				used += (size_t)rc;
			} else {
				assert_int_equal(rc, VMCI_ERROR_QUEUEPAIR_NOSPACE);
				assert_int_equal(used, limit);
			}
			break;
		case 10: /* look behind the first run */
			n = used ? random32() % used : 0;
			rc = vmci_ring_span(&f.take, n, &at);
			if (used) {
				assert_true(rc > 0);
				assert_int_equal(*(uint8_t *)at, (uint8_t)(next_out + n));
			}
			assert_int_equal(vmci_ring_span(&f.take, used, &at),
					 VMCI_ERROR_QUEUEPAIR_NODATA);
			break;
		default: /* both ends anew */
			if (random32() % 2) {
				vmci_ring_unmap(&f.put);
				vmci_ring_unmap(&f.take);
				assert_int_equal(vmci_ring_enqueue(&f.put, bytes, 1),
						 VMCI_ERROR_QUEUEPAIR_NOT_READY);
				assert_int_equal(vmci_ring_dequeue(&f.take, out, 1),
						 VMCI_ERROR_QUEUEPAIR_NOT_READY);
				assert_int_equal(vmci_ring_ready(&f.put), used);
				assert_int_equal(vmci_ring_room(&f.take), limit - used);
				assert_int_equal(vmci_ring_map(&f.put, &f.a), 0);
				assert_int_equal(vmci_ring_map(&f.take, &f.b), 0);
			} else {
				assert_int_equal(vmci_ring_attach(&f.put, VMCI_RING_PRODUCER, &f.a),
						 0);
				assert_int_equal(
					vmci_ring_attach(&f.take, VMCI_RING_CONSUMER, &f.b), 0);
			}
			break;
		}
		assert_int_equal(vmci_ring_ready(&f.take), used);
		assert_int_equal(vmci_ring_room(&f.put), limit - used);
	}
	teardown(&f);
	free(bytes);
	free(out);
}

static void a_ring_behaves_like_its_model(void **state)
{
	static const uint64_t sizes[] = { 1, 2, 3, 17, 4095, 4096, 4097, 12288, 20000, 262144 };

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		random_state = 1 + (uint32_t)i;
		check_against_model(sizes[i], 12, true);
		check_against_model(sizes[i], 12, false);
		check_against_model(sizes[i], 13, false);
		check_against_model(sizes[i], 16, false);
	}
}

static void neighbouring_pages_are_one_run(void **state)
{
	enum {
		PAGES = 4
	};
	uint8_t *bytes = calloc(PAGES + 1, 4096), sent[3 * 4096];
	void *pages[PAGES] = { bytes, bytes + 4096, bytes + 3 * 4096, bytes + 4 * 4096 };
	uint64_t a[3] = { 0 }, b[3] = { 0 };
	struct vmci_ring_memory ma = { a, b, pages, NULL, PAGES * 4096, 12 };
	struct vmci_ring_memory mb = { b, a, pages, NULL, PAGES * 4096, 12 };
	struct vmci_ring put, take;
	void *at;

	(void)state;
	assert_int_equal(vmci_ring_init(&put, VMCI_RING_PRODUCER, &ma), 0);
	assert_int_equal(vmci_ring_init(&take, VMCI_RING_CONSUMER, &mb), 0);
	for (size_t i = 0; i < sizeof(sent); i++)
		sent[i] = (uint8_t)(i % 251);

	assert_int_equal(vmci_ring_enqueue(&put, sent, sizeof(sent)), sizeof(sent));

	assert_int_equal(vmci_ring_span(&take, 0, &at), 8192);
	assert_ptr_equal(at, bytes);
	assert_int_equal(vmci_ring_span(&take, 8192, &at), 4096);
	assert_ptr_equal(at, bytes + 3 * 4096);
	assert_memory_equal(at, sent + 8192, 4096);
	free(bytes);
}

static void a_bad_index_of_the_peer_moves_nothing(void **state)
{
	static const uint64_t bad[] = { 16, 17, 0x100000000ull, ~0ull, 1ull << 63 };
	uint8_t bytes[16] = { 1, 2, 3 }, out[16];
	struct fixture f;
	void *at;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		setup(&f, 16, 12, true);
		f.b_header[2] = bad[i];
		assert_int_equal(vmci_ring_enqueue(&f.put, bytes, 3), VMCI_ERROR_INVALID_SIZE);
		assert_int_equal(vmci_ring_span(&f.put, 0, &at), VMCI_ERROR_INVALID_SIZE);
		assert_int_equal(vmci_ring_room(&f.put), VMCI_ERROR_INVALID_SIZE);
		assert_int_equal(f.a_header[1], 0);

		f.a_header[1] = bad[i];
		memset(out, BYTE, sizeof(out));
		assert_int_equal(vmci_ring_dequeue(&f.take, out, 3), VMCI_ERROR_INVALID_SIZE);
		assert_int_equal(vmci_ring_peek(&f.take, out, 3), VMCI_ERROR_INVALID_SIZE);
		assert_int_equal(vmci_ring_ready(&f.take), VMCI_ERROR_INVALID_SIZE);
		assert_int_equal(out[0], BYTE);
		vmci_ring_unmap(&f.take);
		assert_int_equal(vmci_ring_ready(&f.take), VMCI_ERROR_INVALID_SIZE);
		assert_int_equal(vmci_ring_attach(&f.take, VMCI_RING_CONSUMER, &f.b),
				 VMCI_ERROR_INVALID_SIZE);
		teardown(&f);
	}
}

/* The peer writes anything anywhere into both headers between operations. The sanitizers watch the
 * memory; a count never exceeds what the ring can hold, and the own index is only ever written. */
static void a_hostile_peer_cannot_lead_a_ring_outside(void **state)
{
	uint8_t bytes[300], out[300];

	(void)state;
	memset(bytes, 1, sizeof(bytes));
	random_state = 99;
	for (int round = 0; round < 200; round++) {
		uint64_t size = 1 + random32() % 9000, put = 0;
		struct fixture f;

		setup(&f, size, 12, round % 2);
		for (int i = 0; i < 300; i++) {
			uint64_t *words[] = { &f.a_header[1], &f.a_header[2], &f.b_header[1],
					      &f.b_header[2] };
			size_t len = random32() % sizeof(bytes);
			int64_t rc;
			void *at;

			*words[random32() % 4] = random32() % 3
							 ? random32() % (size + 2)
							 : (uint64_t)random32() << 32 | random32();
			switch (random32() % 4) {
			case 0:
				rc = vmci_ring_enqueue(&f.put, bytes, len);
				if (rc > 0) {
					put = (put + (uint64_t)rc) % size;
					assert_int_equal(f.a_header[1], put);
				}
				break;
			case 1:
				rc = vmci_ring_dequeue(&f.take, out, len);
				break;
			case 2:
				rc = vmci_ring_peek(&f.take, out, len);
				break;
			default:
				len = SIZE_MAX;
				rc = vmci_ring_span(&f.take, random32() % 50, &at);
				if (rc > 0) {
					memset(at, 1, (size_t)rc);
					assert_true((uint64_t)rc < size);
				}
				break;
			}
			assert_true(rc < 0 || (uint64_t)rc <= len);
		}
		teardown(&f);
	}
}

static void a_batch_is_published_once(void **state)
{
	uint8_t bytes[100] = { 0 };
	struct fixture f;

	(void)state;
	setup(&f, 16384, 12, false);
	assert_int_equal(vmci_ring_enqueue(&f.put, bytes, 100), 100);
	vmci_ring_begin(&f.put);

	assert_int_equal(vmci_ring_enqueue(&f.put, bytes, 100), 100);
	assert_int_equal(vmci_ring_enqueue(&f.put, bytes, 100), 100);
	assert_int_equal(f.a_header[1], 100);
	vmci_ring_commit(&f.put);
	assert_int_equal(f.a_header[1], 300);
	assert_int_equal(vmci_ring_enqueue(&f.put, bytes, 100), 100);
	assert_int_equal(f.a_header[1], 400);
	teardown(&f);
}

static void a_batch_does_not_hide_more_than_its_limit(void **state)
{
	uint8_t bytes[4000] = { 0 }, out[4000];
	struct fixture f;

	(void)state;
	setup(&f, 8192, 12, false);
	vmci_ring_begin(&f.put);
	vmci_ring_begin(&f.take);

	assert_int_equal(vmci_ring_enqueue(&f.put, bytes, 4000), 4000);
	assert_int_equal(f.a_header[1], 0);
	assert_int_equal(vmci_ring_enqueue(&f.put, bytes, 100), 100);
	assert_int_equal(f.a_header[1], 4100);

	assert_int_equal(vmci_ring_dequeue(&f.take, out, 4000), 4000);
	assert_int_equal(f.b_header[2], 0);
	assert_int_equal(vmci_ring_dequeue(&f.take, out, 100), 100);
	assert_int_equal(f.b_header[2], 4100);
	teardown(&f);
}

static void a_full_or_empty_ring_ends_the_wait_of_the_peer(void **state)
{
	uint8_t bytes[64] = { 0 };
	struct fixture f;

	(void)state;
	setup(&f, 64, 12, true);
	vmci_ring_begin(&f.put);

	assert_int_equal(vmci_ring_enqueue(&f.put, bytes, 63), 63);
	assert_int_equal(f.a_header[1], 0);
	assert_int_equal(vmci_ring_enqueue(&f.put, bytes, 1), VMCI_ERROR_QUEUEPAIR_NOSPACE);
	assert_int_equal(f.a_header[1], 63);
	teardown(&f);
}

static void an_advance_beyond_what_is_known_is_refused(void **state)
{
	struct fixture f;
	void *at;

	(void)state;
	setup(&f, 64, 12, true);
	assert_int_equal(vmci_ring_span(&f.put, 0, &at), 63);

	assert_int_equal(vmci_ring_advance(&f.put, 64), VMCI_LOCAL_BAD_ARGUMENT);
	assert_int_equal(f.a_header[1], 0);
	assert_int_equal(vmci_ring_advance(&f.put, 63), 0);
	assert_int_equal(f.a_header[1], 63);
	teardown(&f);
}

static void mapping_again_restores_the_own_index(void **state)
{
	uint8_t bytes[8] = "12345678", out[8];
	struct fixture f;

	(void)state;
	setup(&f, 64, 12, true);
	assert_int_equal(vmci_ring_enqueue(&f.put, bytes, 8), 8);
	vmci_ring_unmap(&f.put);
	f.a_header[1] = 40; /* nobody may move it, so it does not count */

	assert_int_equal(vmci_ring_map(&f.put, &f.a), 0);
	assert_int_equal(f.a_header[1], 8);
	assert_int_equal(vmci_ring_dequeue(&f.take, out, 8), 8);
	assert_memory_equal(out, "12345678", 8);
	f.a.size = 63;
	vmci_ring_unmap(&f.put);
	assert_int_equal(vmci_ring_map(&f.put, &f.a), VMCI_LOCAL_BAD_ARGUMENT);
	teardown(&f);
}

static void count_relax(void *ctx)
{
	++*(int *)ctx;
}

static void polling_pauses_between_looks_and_gives_up(void **state)
{
	struct fixture f;
	int pauses = 0;

	(void)state;
	setup(&f, 64, 12, true);

	assert_int_equal(vmci_ring_poll(&f.take, 4, 10, count_relax, &pauses), 0);
	assert_int_equal(pauses, 30);
	assert_int_equal(vmci_ring_enqueue(&f.put, "x", 1), 1);
	assert_int_equal(vmci_ring_poll(&f.take, 4, 10, count_relax, &pauses), 1);
	assert_int_equal(pauses, 30);
	f.a_header[1] = 64;
	assert_int_equal(vmci_ring_dequeue(&f.take, &(uint8_t){ 0 }, 1), 1);
	assert_int_equal(vmci_ring_poll(&f.take, 4, 10, count_relax, &pauses),
			 VMCI_ERROR_INVALID_SIZE);
	teardown(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_fresh_header_has_the_handle_and_both_indices_zero),
		cmocka_unit_test(a_ring_is_full_one_byte_early),
		cmocka_unit_test(an_empty_ring_has_no_data),
		cmocka_unit_test(a_queue_of_no_bytes_refuses_everything),
		cmocka_unit_test(each_end_does_only_its_own_half),
		cmocka_unit_test(memory_that_cannot_be_a_queue_is_refused),
		cmocka_unit_test(a_ring_behaves_like_its_model),
		cmocka_unit_test(neighbouring_pages_are_one_run),
		cmocka_unit_test(a_bad_index_of_the_peer_moves_nothing),
		cmocka_unit_test(a_hostile_peer_cannot_lead_a_ring_outside),
		cmocka_unit_test(a_batch_is_published_once),
		cmocka_unit_test(a_batch_does_not_hide_more_than_its_limit),
		cmocka_unit_test(a_full_or_empty_ring_ends_the_wait_of_the_peer),
		cmocka_unit_test(an_advance_beyond_what_is_known_is_refused),
		cmocka_unit_test(mapping_again_restores_the_own_index),
		cmocka_unit_test(polling_pauses_between_looks_and_gives_up),
	};

	return cmocka_run_group_tests_name("ring", tests, NULL, NULL);
}
