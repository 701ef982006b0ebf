/* SPDX-License-Identifier: BSD-2-Clause */
/* test_peerbox.c - the mailbox of the conformance peer, both directions, and its misuse. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <vmci/wire.h>
#include "../peerbox.h"

static unsigned calls;

/* Answers with the request reversed. */
static size_t reverse(void *ctx, const uint8_t *request, size_t len, uint8_t *reply, size_t max)
{
	(void)ctx;
	assert_true(len <= max);
	for (size_t i = 0; i < len; i++)
		reply[i] = request[len - 1 - i];
	calls++;
	return len;
}

static void put(struct peerbox *box, uint32_t off, uint32_t value)
{
	uint8_t raw[4];

	vmci_put32(raw, value);
	peerbox_write(box, off, raw, 4);
}

static uint32_t get(struct peerbox *box, uint32_t off)
{
	uint8_t raw[4] = { 0xee, 0xee, 0xee, 0xee };

	peerbox_read(box, off, raw, 4);
	return vmci_get32(raw);
}

static void put_message(struct peerbox *box, const void *text, uint32_t len)
{
	uint8_t word[4];

	put(box, PEERBOX_LENGTH_REG, len);
	for (uint32_t i = 0; i < len; i += 4) {
		memset(word, 0xcc, 4);
		memcpy(word, (const uint8_t *)text + i, len - i < 4 ? len - i : 4);
		put(box, PEERBOX_DATA_REG, vmci_get32(word));
	}
}

static void requests_of_every_short_length(void **state)
{
	struct peerbox *box = peerbox_new(reverse, NULL);

	(void)state;
	assert_int_equal(get(box, PEERBOX_MAGIC_REG), PEERBOX_MAGIC);
	assert_int_equal(get(box, PEERBOX_VERSION_REG), 1);
	for (uint32_t len = 1; len <= 9; len++) {
		put_message(box, "abcdefghi", len);
		put(box, PEERBOX_CONTROL_REG, PEERBOX_EXECUTE);
		assert_int_equal(get(box, PEERBOX_CONTROL_REG), len << 8 | PEERBOX_READY);
		for (int round = 0; round < 2; round++) {
			for (uint32_t i = 0; i < len; i += 4) {
				uint32_t word = get(box, PEERBOX_DATA_REG);

				for (uint32_t b = 0; b < 4; b++)
					assert_int_equal(word >> 8 * b & 0xff,
							 i + b < len ? 'a' + len - 1 - i - b : 0);
			}
			assert_int_equal(get(box, PEERBOX_DATA_REG), 0);
			put(box, PEERBOX_CONTROL_REG, PEERBOX_REWIND);
		}
	}
	peerbox_free(box);
}

static void the_longest_message(void **state)
{
	struct peerbox *box = peerbox_new(reverse, NULL);
	uint8_t *big = calloc(1, PEERBOX_MESSAGE_MAX);

	(void)state;
	big[0] = 0x5a;
	put_message(box, big, PEERBOX_MESSAGE_MAX);
	put(box, PEERBOX_CONTROL_REG, PEERBOX_EXECUTE);
	assert_int_equal(get(box, PEERBOX_CONTROL_REG) >> 8, PEERBOX_MESSAGE_MAX);
	for (uint32_t i = 0; i < PEERBOX_MESSAGE_MAX - 4; i += 4)
		assert_int_equal(get(box, PEERBOX_DATA_REG), 0);
	assert_int_equal(get(box, PEERBOX_DATA_REG), 0x5a000000);
	/* More data than announced is dropped. */
	put_message(box, big, 4);
	for (uint32_t i = 0; i < PEERBOX_MESSAGE_MAX; i++)
		put(box, PEERBOX_DATA_REG, 0xffffffff);
	assert_int_equal(get(box, PEERBOX_LENGTH_REG), 4);
	free(big);
	peerbox_free(box);
}

static uint8_t memory[32];

/* Guest memory of 32 bytes at 0x1_0000_0000. */
static int copy(void *ctx, uint64_t addr, uint8_t *buf, size_t len, bool to_guest)
{
	(void)ctx;
	if (addr != 0x100000000 || len > sizeof(memory))
		return -1;
	if (to_guest)
		memcpy(memory, buf, len);
	else
		memcpy(buf, memory, len);
	return 0;
}

static void messages_travel_through_guest_memory(void **state)
{
	struct peerbox *box = peerbox_new(reverse, NULL);

	(void)state;
	put(box, PEERBOX_LENGTH_REG, 5);
	put(box, PEERBOX_CONTROL_REG, PEERBOX_LOAD); /* no memory */
	assert_int_equal(get(box, PEERBOX_CONTROL_REG), PEERBOX_REFUSED);
	peerbox_set_memory(box, copy, NULL);
	put(box, PEERBOX_LENGTH_REG, 5);
	put(box, PEERBOX_CONTROL_REG, PEERBOX_LOAD); /* nothing at address 0 */
	assert_int_equal(get(box, PEERBOX_CONTROL_REG), PEERBOX_REFUSED);
	put(box, PEERBOX_ADDRESS_HIGH_REG, 1);
	assert_int_equal(get(box, PEERBOX_ADDRESS_REG), 0);
	assert_int_equal(get(box, PEERBOX_ADDRESS_HIGH_REG), 1);
	put(box, PEERBOX_CONTROL_REG, PEERBOX_RESET); /* the address stays */
	put(box, PEERBOX_CONTROL_REG, PEERBOX_LOAD);  /* no length */
	assert_int_equal(get(box, PEERBOX_CONTROL_REG), PEERBOX_REFUSED);
	put(box, PEERBOX_CONTROL_REG, PEERBOX_STORE); /* no message */
	assert_int_equal(get(box, PEERBOX_CONTROL_REG), PEERBOX_REFUSED);

	memcpy(memory, "abcde...", 8);
	put(box, PEERBOX_LENGTH_REG, 5);
	put(box, PEERBOX_CONTROL_REG, PEERBOX_LOAD);
	put(box, PEERBOX_CONTROL_REG, PEERBOX_EXECUTE);
	assert_int_equal(get(box, PEERBOX_CONTROL_REG), 5 << 8 | PEERBOX_READY);
	put(box, PEERBOX_CONTROL_REG, PEERBOX_STORE);
	assert_int_equal(get(box, PEERBOX_CONTROL_REG), 5 << 8 | PEERBOX_READY);
	assert_memory_equal(memory, "edcba...", 8);
	put(box, PEERBOX_LENGTH_REG, 33);
	put(box, PEERBOX_CONTROL_REG, PEERBOX_LOAD); /* beyond the memory */
	put(box, PEERBOX_CONTROL_REG, PEERBOX_EXECUTE);
	assert_int_equal(get(box, PEERBOX_CONTROL_REG) & PEERBOX_REFUSED, PEERBOX_REFUSED);
	peerbox_reset(box);
	assert_int_equal(get(box, PEERBOX_ADDRESS_HIGH_REG), 0);
	peerbox_free(box);
}

static void misuse_is_refused(void **state)
{
	struct peerbox *box = peerbox_new(reverse, NULL);
	uint8_t raw[32];

	(void)state;
	calls = 0;
	put(box, PEERBOX_CONTROL_REG, PEERBOX_EXECUTE); /* nothing announced */
	assert_int_equal(get(box, PEERBOX_CONTROL_REG), PEERBOX_REFUSED);
	put(box, PEERBOX_LENGTH_REG, PEERBOX_MESSAGE_MAX + 1);
	assert_int_equal(get(box, PEERBOX_CONTROL_REG), PEERBOX_REFUSED);
	put(box, PEERBOX_DATA_REG, 1);
	assert_int_equal(get(box, PEERBOX_LENGTH_REG), 0);
	put(box, PEERBOX_LENGTH_REG, 8);
	put(box, PEERBOX_DATA_REG, 1);
	put(box, PEERBOX_CONTROL_REG, PEERBOX_EXECUTE); /* half a message */
	assert_int_equal(get(box, PEERBOX_CONTROL_REG), PEERBOX_REFUSED);
	put(box, PEERBOX_CONTROL_REG, PEERBOX_ANSWER); /* no command was given */
	assert_int_equal(get(box, PEERBOX_CONTROL_REG), PEERBOX_REFUSED);
	put(box, PEERBOX_CONTROL_REG, 0xffffffff);
	put(box, PEERBOX_DATA_REG, 2);
	put(box, PEERBOX_CONTROL_REG, PEERBOX_EXECUTE);
	assert_int_equal(calls, 1);
	/* Narrow or wide accesses have no effect. */
	raw[0] = PEERBOX_RESET;
	peerbox_write(box, PEERBOX_CONTROL_REG, raw, 1);
	peerbox_write(box, PEERBOX_CONTROL_REG, raw, 2);
	assert_int_equal(get(box, PEERBOX_CONTROL_REG), 8 << 8 | PEERBOX_READY);
	peerbox_read(box, PEERBOX_OFFSET, raw, 32);
	assert_int_equal(vmci_get32(raw + 4), PEERBOX_MAGIC);
	assert_int_equal(vmci_get32(raw + 12), 0);
	assert_int_equal(get(box, PEERBOX_DATA_REG), 0x02000000);
	assert_int_equal(get(box, PEERBOX_DATA_REG), 0x01000000);
	put(box, PEERBOX_CONTROL_REG, PEERBOX_RESET);
	assert_int_equal(get(box, PEERBOX_CONTROL_REG), 0);
	peerbox_free(box);
	box = peerbox_new(NULL, NULL);
	put_message(box, "abcd", 4);
	put(box, PEERBOX_CONTROL_REG, PEERBOX_EXECUTE);
	assert_int_equal(get(box, PEERBOX_CONTROL_REG), PEERBOX_REFUSED);
	peerbox_free(box);
}

static void commands_for_a_guest(void **state)
{
	struct peerbox *box = peerbox_new(reverse, NULL);
	size_t len = 0;

	(void)state;
	assert_false(peerbox_command(box, (const uint8_t *)"x", 1));
	put(box, PEERBOX_CONTROL_REG, PEERBOX_FETCH);
	assert_int_equal(get(box, PEERBOX_CONTROL_REG), PEERBOX_WAITING);
	assert_true(peerbox_guest_waits(box));
	assert_int_equal(get(box, PEERBOX_DATA_REG), 0);
	assert_false(peerbox_command(box, (const uint8_t *)"x", 0));
	assert_true(peerbox_command(box, (const uint8_t *)"hello", 5));
	assert_false(peerbox_command(box, (const uint8_t *)"x", 1));
	assert_int_equal(get(box, PEERBOX_CONTROL_REG), 5 << 8 | PEERBOX_READY);
	assert_int_equal(get(box, PEERBOX_DATA_REG), 0x6c6c6568);
	assert_int_equal(get(box, PEERBOX_DATA_REG), 'o');
	put(box, PEERBOX_CONTROL_REG, PEERBOX_EXECUTE); /* not in the middle of a command */
	assert_int_equal(get(box, PEERBOX_CONTROL_REG), 5 << 8 | PEERBOX_READY | PEERBOX_REFUSED);
	assert_null(peerbox_answer(box, &len));
	put_message(box, "done", 4);
	put(box, PEERBOX_CONTROL_REG, PEERBOX_ANSWER);
	assert_memory_equal(peerbox_answer(box, &len), "done", 4);
	assert_int_equal(len, 4);
	assert_null(peerbox_answer(box, &len));
	put(box, PEERBOX_CONTROL_REG, PEERBOX_FETCH);
	assert_true(peerbox_guest_waits(box));
	put(box, PEERBOX_CONTROL_REG, PEERBOX_RESET);
	assert_false(peerbox_guest_waits(box));
	peerbox_free(box);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests_of_every_short_length),
		cmocka_unit_test(the_longest_message),
		cmocka_unit_test(messages_travel_through_guest_memory),
		cmocka_unit_test(misuse_is_refused),
		cmocka_unit_test(commands_for_a_guest),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("peerbox", tests, NULL, NULL);
}
