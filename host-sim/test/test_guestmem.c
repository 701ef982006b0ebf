/* SPDX-License-Identifier: BSD-2-Clause */
/* test_guestmem.c - maps of guest memory: ranges, rights, pins, files that shrink. */
#include "raw.h"
#include "../guestfault.h"

#define PAGE 4096u

struct seen {
	unsigned added, removed;
	uint64_t gpa, size;
};

static void on_change(void *ctx, bool added, uint64_t gpa, uint64_t size)
{
	struct seen *s = ctx;

	s->added += added;
	s->removed += !added;
	s->gpa = gpa;
	s->size = size;
}

static void refuses_bad_maps(void **state)
{
	struct guestmem *gm = guestmem_new(NULL, NULL);
	int fd = memory_file(4 * PAGE), pipes[2];

	(void)state;
	assert_int_equal(pipe(pipes), 0);
	assert_int_equal(guestmem_map(gm, 0, 0, 3, fd, 0), -EINVAL);
	assert_int_equal(guestmem_map(gm, 1, PAGE, 3, fd, 0), -EINVAL);
	assert_int_equal(guestmem_map(gm, 0, PAGE + 1, 3, fd, 0), -EINVAL);
	assert_int_equal(guestmem_map(gm, 0, PAGE, 0, fd, 0), -EINVAL);
	assert_int_equal(guestmem_map(gm, 0, PAGE, 2, fd, 0), -EINVAL);
	assert_int_equal(guestmem_map(gm, 0, PAGE, 7, fd, 0), -EINVAL);
	/* H-61: an offset inside a page; H-62: beyond the file, wrapping */
	assert_int_equal(guestmem_map(gm, 0, PAGE, 3, fd, 1), -EINVAL);
	assert_int_equal(guestmem_map(gm, 0, 5 * PAGE, 3, fd, 0), -EINVAL);
	assert_int_equal(guestmem_map(gm, 0, PAGE, 3, fd, 4 * PAGE), -EINVAL);
	assert_int_equal(guestmem_map(gm, 0, PAGE, 3, fd, UINT64_MAX - PAGE + 1), -EINVAL);
	assert_int_equal(guestmem_map(gm, 0, UINT64_MAX - PAGE + 1, 3, fd, 0), -EINVAL);
	assert_int_equal(guestmem_map(gm, UINT64_MAX - PAGE + 1, 2 * PAGE, 3, fd, 0), -EINVAL);
	assert_int_equal(guestmem_map(gm, 0, PAGE, 3, pipes[0], 0), -EINVAL);
	assert_int_equal(guestmem_maps(gm), 0);
	assert_int_equal(guestmem_generation(gm), 0);
	/* The last page of the address space is memory like any other. */
	assert_int_equal(guestmem_map(gm, UINT64_MAX - PAGE + 1, PAGE, 3, fd, 3 * PAGE), 0);
	assert_int_equal(guestmem_or8(gm, UINT64_MAX, 1), 0);
	assert_int_equal(guestmem_map(gm, UINT64_MAX - 2 * PAGE + 1, 2 * PAGE, 3, fd, 0), -EEXIST);
	close(fd);
	close(pipes[0]);
	close(pipes[1]);
	guestmem_free(gm);
}

static void overlap_of_every_kind(void **state)
{
	struct guestmem *gm = guestmem_new(NULL, NULL);
	int fd = memory_file(16 * PAGE);

	(void)state;
	assert_int_equal(guestmem_map(gm, 4 * PAGE, 4 * PAGE, 3, fd, 0), 0);
	for (unsigned first = 0; first < 12; first++)
		for (unsigned n = 1; n <= 12; n++) {
			bool apart = first + n <= 4 || first >= 8;

			assert_int_equal(guestmem_map(gm, (uint64_t)first * PAGE,
						      (uint64_t)n * PAGE, 3, fd, 0),
					 apart ? 0 : -EEXIST);
			if (apart)
				assert_int_equal(guestmem_unmap(gm, (uint64_t)first * PAGE,
								(uint64_t)n * PAGE),
						 0);
		}
	assert_int_equal(guestmem_maps(gm), 1);
	close(fd);
	guestmem_free(gm);
}

static void unmaps_only_whole_maps(void **state)
{
	struct seen seen = { 0 };
	struct guestmem *gm = guestmem_new(on_change, &seen);
	int fd = memory_file(8 * PAGE);

	(void)state;
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(guestmem_map(gm, 2 * i * PAGE, 2 * PAGE, 3, fd, 2 * i * PAGE), 0);
	assert_int_equal(seen.added, 4);
	assert_int_equal(guestmem_unmap(gm, 0, PAGE), -EINVAL);
	assert_int_equal(guestmem_unmap(gm, PAGE, 3 * PAGE), -EINVAL);
	assert_int_equal(guestmem_unmap(gm, 0, 7 * PAGE), -EINVAL);
	assert_int_equal(guestmem_unmap(gm, 8 * PAGE, PAGE), -ENOENT);
	assert_int_equal(guestmem_unmap(gm, 0, 0), -EINVAL);
	assert_int_equal(guestmem_unmap(gm, PAGE, UINT64_MAX), -EINVAL);
	assert_int_equal(seen.removed, 0);
	assert_int_equal(guestmem_unmap(gm, 2 * PAGE, 4 * PAGE), 0);
	assert_int_equal(seen.removed, 1);
	assert_int_equal(seen.gpa, 2 * PAGE);
	assert_int_equal(guestmem_maps(gm), 2);
	assert_int_equal(guestmem_bytes(gm), 4 * PAGE);
	guestmem_unmap_all(gm);
	assert_int_equal(seen.removed, 2);
	assert_int_equal(guestmem_maps(gm), 0);
	close(fd);
	guestmem_free(gm);
}

static void copies_cross_maps_but_not_holes(void **state)
{
	struct guestmem *gm = guestmem_new(NULL, NULL);
	int fd = memory_file(8 * PAGE);
	uint8_t out[64], in[64];

	(void)state;
	for (unsigned i = 0; i < 64; i++)
		out[i] = (uint8_t)i;
	/* Neighbours in guest addresses, far apart in the file; then a hole. */
	assert_int_equal(guestmem_map(gm, 0, PAGE, 3, fd, 4 * PAGE), 0);
	assert_int_equal(guestmem_map(gm, PAGE, PAGE, 3, fd, 0), 0);
	assert_int_equal(guestmem_write(gm, PAGE - 32, out, 64), 0);
	assert_int_equal(guestmem_read(gm, PAGE - 32, in, 64), 0);
	assert_memory_equal(in, out, 64);
	memset(in, 0xaa, sizeof(in));
	assert_int_equal(guestmem_write(gm, 2 * PAGE - 32, out, 64), -EFAULT);
	assert_int_equal(guestmem_read(gm, 2 * PAGE - 32, in, 64), -EFAULT);
	assert_int_equal(in[0], 0xaa);
	assert_int_equal(guestmem_read(gm, 2 * PAGE - 32, in, 32), 0);
	assert_int_equal(in[0], 0);
	assert_int_equal(guestmem_read(gm, UINT64_MAX - 3, in, 8), -EFAULT);
	assert_int_equal(guestmem_read(gm, UINT64_MAX, in, 0), 0);
	close(fd);
	guestmem_free(gm);
}

static void rights_are_kept(void **state)
{
	struct guestmem *gm = guestmem_new(NULL, NULL);
	int fd = memory_file(2 * PAGE);
	uint32_t word = 5;

	(void)state;
	assert_int_equal(guestmem_map(gm, 0, PAGE, GUESTMEM_READ, fd, 0), 0);
	assert_int_equal(guestmem_map(gm, PAGE, PAGE, 3, -1, 0), 0);
	assert_int_equal(guestmem_read(gm, 0, &word, 4), 0);
	assert_int_equal(guestmem_write(gm, 0, &word, 4), -EFAULT);
	assert_int_equal(guestmem_store32_release(gm, 0, 1), -EFAULT);
	assert_int_equal(guestmem_or8(gm, 0, 1), -EFAULT);
	assert_null(guestmem_pin(gm, 0, PAGE));
	assert_int_equal(guestmem_read(gm, PAGE, &word, 4), -EFAULT);
	assert_null(guestmem_pin(gm, PAGE, PAGE));
	assert_int_equal(guestmem_bytes(gm), PAGE);
	close(fd);
	guestmem_free(gm);
}

static void words_and_bits(void **state)
{
	struct guestmem *gm = guestmem_new(NULL, NULL);
	int fd = memory_file(PAGE);
	uint8_t in[4];

	(void)state;
	assert_int_equal(guestmem_map(gm, 0, PAGE, 3, fd, 0), 0);
	assert_int_equal(guestmem_store32_release(gm, 8, 0x04030201), 0);
	assert_int_equal(guestmem_read(gm, 8, in, 4), 0);
	assert_memory_equal(in, "\1\2\3\4", 4);
	assert_int_equal(guestmem_store32_release(gm, 9, 0), -EFAULT);
	assert_int_equal(guestmem_or8(gm, 8, 0x80), 0);
	assert_int_equal(guestmem_read(gm, 8, in, 1), 0);
	assert_int_equal(in[0], 0x81);
	close(fd);
	guestmem_free(gm);
}

static void pins_outlive_their_map(void **state)
{
	struct guestmem *gm = guestmem_new(NULL, NULL);
	int fd = memory_file(4 * PAGE);
	uint8_t *page;
	uint64_t generation;

	(void)state;
	assert_int_equal(guestmem_map(gm, 0x10000, 4 * PAGE, 3, fd, 0), 0);
	assert_null(guestmem_pin(gm, 0x10001, PAGE));
	assert_null(guestmem_pin(gm, 0x14000, PAGE));
	assert_null(guestmem_pin(gm, 0x10000, 3 * PAGE));
	assert_null(guestmem_pin(gm, 0x10000, 8 * PAGE));
	page = guestmem_pin(gm, 0x11000, PAGE);
	assert_non_null(page);
	assert_int_equal(guestmem_pins(gm), 1);
	generation = guestmem_generation(gm);
	assert_int_equal(guestmem_unmap(gm, 0x10000, 4 * PAGE), 0);
	assert_true(guestmem_generation(gm) != generation);
	page[17] = 3; /* ASan and the kernel would object */
	guestmem_unpin(gm, page);
	assert_int_equal(guestmem_pins(gm), 0);
	guestmem_unpin(gm, page);
	close(fd);
	guestmem_free(gm);
}

static void forgotten_pins_keep_nothing(void **state)
{
	struct guestmem *gm = guestmem_new(NULL, NULL);
	int fd = memory_file(4 * PAGE);
	void *page;

	(void)state;
	assert_int_equal(guestmem_map(gm, 0, 2 * PAGE, 3, fd, 0), 0);
	assert_int_equal(guestmem_map(gm, 2 * PAGE, 2 * PAGE, 3, fd, 0), 0);
	assert_non_null(guestmem_pin(gm, 0, PAGE));
	page = guestmem_pin(gm, 2 * PAGE, PAGE);
	assert_int_equal(guestmem_unmap(gm, 0, 2 * PAGE), 0);
	assert_int_equal(guestmem_pins(gm), 2);
	guestmem_forget_pins(gm);
	assert_int_equal(guestmem_pins(gm), 0);
	guestmem_unpin(gm, page);
	assert_int_equal(guestmem_pins(gm), 0);
	close(fd);
	guestmem_free(gm);
}

static void maps_are_limited(void **state)
{
	struct guestmem *gm = guestmem_new(NULL, NULL);
	int fd = memory_file(PAGE);

	(void)state;
	for (unsigned i = 0; i < GUESTMEM_MAX_MAPS; i++)
		assert_int_equal(guestmem_map(gm, (uint64_t)i * 2 * PAGE, PAGE, 3, fd, 0), 0);
	assert_int_equal(guestmem_map(gm, PAGE, PAGE, 3, fd, 0), -ENOSPC);
	assert_int_equal(guestmem_unmap(gm, 0, PAGE), 0);
	assert_int_equal(guestmem_map(gm, PAGE, PAGE, 3, fd, 0), 0);
	close(fd);
	guestmem_free(gm);
}

static void a_sealed_file_is_as_good(void **state)
{
	struct guestmem *gm = guestmem_new(NULL, NULL);
	int fd = memory_file(2 * PAGE);
	uint8_t byte = 0;

	(void)state;
	assert_int_equal(guestfault_install(), 0);
	assert_int_equal(guestmem_map(gm, 0, 2 * PAGE, 3, fd, 0), 0);
	assert_int_equal(ftruncate(fd, PAGE), 0);
	assert_int_equal(guestmem_read(gm, 0, &byte, 1), 0);
	assert_false(guestmem_lost(gm));
	assert_int_equal(guestmem_read(gm, PAGE, &byte, 1), -EFAULT);
	assert_true(guestmem_lost(gm));
	/* From now on none of that map is reachable. */
	assert_int_equal(guestmem_read(gm, 0, &byte, 1), -EFAULT);
	guestmem_unmap_all(gm);
	assert_int_equal(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK), 0);
	assert_int_equal(guestmem_map(gm, 0, PAGE, 3, fd, 0), 0);
	assert_int_equal(ftruncate(fd, 0), -1);
	assert_int_equal(guestmem_read(gm, 0, &byte, 1), 0);
	close(fd);
	guestmem_free(gm);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refuses_bad_maps),
		cmocka_unit_test(overlap_of_every_kind),
		cmocka_unit_test(unmaps_only_whole_maps),
		cmocka_unit_test(copies_cross_maps_but_not_holes),
		cmocka_unit_test(rights_are_kept),
		cmocka_unit_test(words_and_bits),
		cmocka_unit_test(pins_outlive_their_map),
		cmocka_unit_test(forgotten_pins_keep_nothing),
		cmocka_unit_test(maps_are_limited),
		cmocka_unit_test(a_sealed_file_is_as_good),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("guestmem", tests, NULL, NULL);
}
