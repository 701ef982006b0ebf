/* SPDX-License-Identifier: BSD-2-Clause */
/* test_irqs.c - SET_IRQS in all its forms, messages, masks, the INTx line. */
#include "raw.h"
#include "../irqs.h"

static unsigned changes;

static void on_change(void *ctx)
{
	(void)ctx;
	changes++;
}

static void start(struct irqs *q)
{
	static const unsigned counts[] = { 1, 1, 3 };

	irqs_init(q, counts, on_change, NULL);
	changes = 0;
}

static int set(struct irqs *q, uint32_t flags, uint32_t index, uint32_t first, uint32_t count,
	       const uint8_t *data, size_t len, int *fds, unsigned nfds)
{
	struct vfu_irq_set s = { sizeof(s), flags, index, first, count };

	return irqs_set(q, &s, data, len, fds, nfds);
}

static uint64_t fired(int fd)
{
	uint64_t n = 0;

	return read(fd, &n, sizeof(n)) == sizeof(n) ? n : 0;
}

static int event(void)
{
	return eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
}

static void refuses_nonsense(void **state)
{
	static const struct {
		uint32_t flags, index, first, count;
		size_t len;
		unsigned nfds;
		int error;
	} bad[] = {
		{ 0, 2, 0, 1, 0, 0, EINVAL },
		{ 0x20, 2, 0, 1, 0, 0, EINVAL },
		{ 0x01, 2, 0, 1, 0, 0, EINVAL },
		{ 0x23, 2, 0, 1, 0, 0, EINVAL },
		{ 0x31, 2, 0, 1, 0, 0, EINVAL },
		{ 0x61, 2, 0, 1, 0, 0, EINVAL },
		{ 0x21, 5, 0, 0, 0, 0, EINVAL },
		{ 0x21, 0xffffffff, 0, 0, 0, 0, EINVAL },
		{ 0x24, 2, 3, 1, 0, 1, EINVAL },
		{ 0x24, 2, 0, 4, 0, 4, EINVAL },
		{ 0x24, 2, 2, 2, 0, 2, EINVAL },
		{ 0x24, 2, 2, 0xffffffff, 0, 1, EINVAL },
		{ 0x24, 2, 0xffffffff, 1, 0, 1, EINVAL },
		{ 0x24, 2, 0xffffffff, 2, 0, 2, EINVAL },
		{ 0x24, 2, 0, 2, 0, 1, EINVAL },
		{ 0x24, 2, 0, 1, 0, 2, EINVAL },
		{ 0x24, 2, 0, 0, 0, 0, EINVAL },
		{ 0x24, 2, 0, 1, 4, 1, EINVAL },
		{ 0x21, 2, 0, 1, 1, 0, EINVAL },
		{ 0x21, 2, 1, 0, 0, 0, EINVAL },
		{ 0x21, 2, 0, 1, 0, 1, EINVAL },
		{ 0x22, 2, 0, 2, 1, 0, EINVAL },
		{ 0x22, 2, 0, 2, 3, 0, EINVAL },
		{ 0x11, 2, 0, 0, 0, 0, EINVAL },
		{ 0x24, 3, 0, 1, 0, 1, EINVAL },
		{ 0x14, 0, 0, 1, 0, 1, ENOTSUP },
		{ 0x0c, 0, 0, 1, 0, 1, ENOTSUP },
	};
	unsigned before = open_descriptors();
	int fds[4] = { event(), event(), event(), event() };
	uint8_t data[8] = { 1, 1, 1, 1, 1, 1, 1, 1 };
	struct irqs q;

	(void)state;
	start(&q);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (set(&q, bad[i].flags, bad[i].index, bad[i].first, bad[i].count, data,
			bad[i].len, fds, bad[i].nfds) != -bad[i].error)
			fail_msg("case %zu", i);
	for (unsigned i = 0; i < 4; i++) {
		assert_true(fds[i] >= 0);
		close(fds[i]);
	}
	assert_int_equal(changes, 0);
	assert_int_equal(irqs_mode(&q), IRQS_OFF);
	assert_int_equal(open_descriptors(), before);
}

/* The way Linux gets three MSI-X vectors through QEMU. */
static void msix_as_linux_enables_it(void **state)
{
	unsigned before = open_descriptors();
	struct irqs q;
	int mine[3], fds[3];

	(void)state;
	start(&q);
	fds[0] = event();
	assert_int_equal(set(&q, 0x24, VFU_INTX, 0, 1, NULL, 0, fds, 1), 0);
	assert_int_equal(fds[0], -1);
	assert_int_equal(irqs_mode(&q), IRQS_INTX);
	assert_int_equal(set(&q, 0x21, VFU_INTX, 0, 0, NULL, 0, NULL, 0), 0);
	assert_int_equal(irqs_mode(&q), IRQS_OFF);
	assert_int_equal(set(&q, 0x24, VFU_MSIX, 0, 1, NULL, 0, NULL, 0), 0);
	assert_int_equal(irqs_mode(&q), IRQS_MSIX);
	assert_int_equal(irqs_usable(&q), 0);
	assert_false(irqs_message(&q, 0));
	for (unsigned n = 1; n <= 3; n++) {
		assert_int_equal(set(&q, 0x21, VFU_MSIX, 0, 0, NULL, 0, NULL, 0), 0);
		assert_int_equal(irqs_mode(&q), IRQS_OFF);
		for (unsigned v = 0; v < n; v++) {
			mine[v] = event();
			fds[v] = dup(mine[v]);
		}
		assert_int_equal(set(&q, 0x24, VFU_MSIX, 0, n, NULL, 0, fds, n), 0);
		assert_int_equal(irqs_usable(&q), (1u << n) - 1);
		for (unsigned v = 0; v < 4; v++)
			assert_int_equal(irqs_message(&q, v), v < n);
		for (unsigned v = 0; v < n; v++) {
			assert_int_equal(fired(mine[v]), 1);
			close(mine[v]);
		}
	}
	/* One vector loses its eventfd, the others stay. */
	assert_int_equal(set(&q, 0x24, VFU_MSIX, 1, 1, NULL, 0, NULL, 0), 0);
	assert_int_equal(irqs_usable(&q), 5);
	assert_int_equal(changes, 10);
	irqs_drop(&q);
	assert_int_equal(open_descriptors(), before);
}

static void masks_keep_one_message(void **state)
{
	struct irqs q;
	int mine = event(), fd = dup(mine);
	uint8_t one[3] = { 1, 0, 0 };

	(void)state;
	start(&q);
	assert_int_equal(set(&q, 0x24, VFU_MSIX, 0, 1, NULL, 0, &fd, 1), 0);
	assert_int_equal(set(&q, 0x0a, VFU_MSIX, 0, 3, one, 3, NULL, 0), 0);
	assert_true(irqs_message(&q, 0));
	assert_true(irqs_message(&q, 0));
	assert_int_equal(fired(mine), 0);
	assert_int_equal(set(&q, 0x11, VFU_MSIX, 0, 1, NULL, 0, NULL, 0), 0);
	assert_int_equal(fired(mine), 1);
	assert_int_equal(set(&q, 0x11, VFU_MSIX, 0, 1, NULL, 0, NULL, 0), 0);
	assert_int_equal(fired(mine), 0);
	/* The client may trigger itself. */
	assert_int_equal(set(&q, 0x21, VFU_MSIX, 0, 1, NULL, 0, NULL, 0), 0);
	assert_int_equal(fired(mine), 1);
	close(mine);
	irqs_drop(&q);
}

static void intx_is_a_level(void **state)
{
	struct irqs q;
	int mine = event(), fd = dup(mine);

	(void)state;
	start(&q);
	irqs_line(&q, true);
	/* Raised before there was an eventfd: seen as soon as there is one. */
	assert_int_equal(set(&q, 0x24, VFU_INTX, 0, 1, NULL, 0, &fd, 1), 0);
	assert_int_equal(fired(mine), 1);
	irqs_line(&q, true);
	assert_int_equal(fired(mine), 0); /* masked by the trigger */
	assert_int_equal(set(&q, 0x11, VFU_INTX, 0, 1, NULL, 0, NULL, 0), 0);
	assert_int_equal(fired(mine), 1); /* still raised */
	irqs_line(&q, false);
	assert_int_equal(set(&q, 0x11, VFU_INTX, 0, 1, NULL, 0, NULL, 0), 0);
	assert_int_equal(fired(mine), 0);
	irqs_line(&q, true);
	assert_int_equal(fired(mine), 1);
	close(mine);
	irqs_drop(&q);
}

/* A descriptor that blocks, or is no eventfd, cannot stop the server. */
static void a_full_descriptor_does_not_block(void **state)
{
	struct irqs q;
	int full = eventfd(0, EFD_CLOEXEC), fds[3], pipes[2];
	uint64_t most = UINT64_MAX - 1;
	static uint8_t junk[65536];

	(void)state;
	start(&q);
	assert_int_equal(write(full, &most, sizeof(most)), sizeof(most));
	assert_int_equal(pipe(pipes), 0);
	assert_int_equal(write(pipes[1], junk, sizeof(junk)), sizeof(junk));
	fds[0] = dup(full);
	fds[1] = dup(pipes[1]);
	fds[2] = open("/dev/null", O_RDONLY | O_CLOEXEC);
	assert_int_equal(set(&q, 0x24, VFU_MSIX, 0, 3, NULL, 0, fds, 3), 0);
	for (unsigned v = 0; v < 3; v++)
		irqs_message(&q, v);
	close(full);
	close(pipes[0]);
	close(pipes[1]);
	irqs_drop(&q);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refuses_nonsense),
		cmocka_unit_test(msix_as_linux_enables_it),
		cmocka_unit_test(masks_keep_one_message),
		cmocka_unit_test(intx_is_a_level),
		cmocka_unit_test(a_full_descriptor_does_not_block),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("irqs", tests, NULL, NULL);
}
