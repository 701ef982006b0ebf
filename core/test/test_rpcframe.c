/* SPDX-License-Identifier: BSD-2-Clause */
/* Frames of GuestRPC against bytes written down by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <vmci/rpcframe.h>

#define TYPE_DATA   0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0
#define TYPE_PING   0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 0
#define FAST_CLOSE  0, 0, 0, 1, 0, 0, 0, 3, 0, 0, 0, 1, 0, 0, 0, 0
#define PAYLOAD_LOG 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 3, 'l', 'o', 'g'
/* The number with its high half first. */
#define VGAUTH_DATA  0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1
#define VGAUTH_CLOSE 0, 0, 0, 1, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 1

/* Decodes a copy of exactly these bytes, so that the address sanitizer sees a step outside. */
static int decode(struct vmci_rpcframe *f, const uint8_t *bytes, size_t len)
{
	uint8_t *copy = malloc(len ? len : 1);
	int rc;

	memcpy(copy, bytes, len);
	rc = vmci_rpcframe_decode(f, copy, len);
	if (rc == 0 && f->payload)
		f->payload = bytes + (f->payload - copy);
	free(copy);
	return rc;
}

#define GOOD(f, ...)                                                                               \
	assert_int_equal(decode(f, (const uint8_t[]){ __VA_ARGS__ },                               \
				sizeof((const uint8_t[]){ __VA_ARGS__ })),                         \
			 0)
#define BAD(...)                                                                                   \
	do {                                                                                       \
		struct vmci_rpcframe bad_ = { .type = 77 };                                        \
		const uint8_t bytes_[] = { __VA_ARGS__ };                                          \
		assert_int_equal(decode(&bad_, bytes_, sizeof(bytes_)), VMCI_LOCAL_PROTOCOL);      \
		assert_int_equal(bad_.type, 77);                                                   \
	} while (0)

static void assert_log(const struct vmci_rpcframe *f, bool fast_close)
{
	assert_int_equal(f->type, VMCI_GUESTRPC_DATA);
	assert_int_equal(f->len, 3);
	assert_non_null(f->payload);
	assert_int_equal(f->fast_close, fast_close);
}

static void fields_are_taken_in_any_order(void **state)
{
	struct vmci_rpcframe f;

	(void)state;
	GOOD(&f, TYPE_DATA, PAYLOAD_LOG);
	assert_log(&f, false);
	GOOD(&f, PAYLOAD_LOG, TYPE_DATA);
	assert_log(&f, false);
	GOOD(&f, FAST_CLOSE, PAYLOAD_LOG, TYPE_DATA);
	assert_log(&f, true);
	GOOD(&f, TYPE_DATA, FAST_CLOSE, PAYLOAD_LOG);
	assert_log(&f, true);
	GOOD(&f, TYPE_PING);
	assert_int_equal(f.type, VMCI_GUESTRPC_PING);
	assert_null(f.payload);
}

static void numbers_with_the_high_half_first_are_taken_too(void **state)
{
	struct vmci_rpcframe f;

	(void)state;
	GOOD(&f, VGAUTH_DATA, VGAUTH_CLOSE, PAYLOAD_LOG);
	assert_log(&f, true);
	/* Neither 1 nor 1 << 32. */
	BAD(0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, PAYLOAD_LOG);
}

static void fields_of_other_ids_are_read_over(void **state)
{
	struct vmci_rpcframe f;

	(void)state;
	GOOD(&f, TYPE_DATA, 0, 0, 0, 1, 0, 0, 0, 9, 1, 2, 3, 4, 5, 6, 7, 8, PAYLOAD_LOG);
	assert_log(&f, false);
	GOOD(&f, TYPE_DATA, 0, 0, 0, 2, 0, 0, 0, 9, 0, 0, 0, 1, 'x', PAYLOAD_LOG);
	assert_log(&f, false);
	/* Lists: one number, none, two strings. */
	GOOD(&f, TYPE_DATA, 0, 0, 0, 3, 0, 0, 0, 9, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 3,
	     0, 0, 0, 10, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 11, 0, 0, 0, 2, 0, 0, 0, 1, 'a', 0, 0, 0,
	     2, 'b', 'c', PAYLOAD_LOG);
	assert_log(&f, false);
}

static void what_is_malformed_is_refused(void **state)
{
	(void)state;
	BAD(TYPE_DATA, PAYLOAD_LOG, TYPE_DATA);
	BAD(TYPE_DATA, PAYLOAD_LOG, PAYLOAD_LOG);
	BAD(TYPE_DATA, PAYLOAD_LOG, 0, 0, 0, 3, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 9, 0,
	    0, 0, 0);
	/* Types that do not exist. */
	BAD(TYPE_DATA, PAYLOAD_LOG, 0, 0, 0, 0, 0, 0, 0, 9);
	BAD(TYPE_DATA, PAYLOAD_LOG, 0, 0, 0, 5, 0, 0, 0, 9, 0, 0, 0, 0);
	BAD(TYPE_DATA, PAYLOAD_LOG, 255, 255, 255, 255, 0, 0, 0, 9, 0, 0, 0, 0);
	/* Types that do not belong to the id. */
	BAD(0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 1, 1, PAYLOAD_LOG);
	BAD(TYPE_DATA, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 0);
	BAD(TYPE_DATA, PAYLOAD_LOG, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 1, 1);
	/* Something is missing. */
	BAD(PAYLOAD_LOG);
	BAD(TYPE_DATA);
	BAD(0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 3, 0, 0, 0, 0, PAYLOAD_LOG);
	/* A string of nothing, and lengths beyond the end. */
	BAD(TYPE_DATA, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 0);
	BAD(TYPE_DATA, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 4, 'l', 'o', 'g');
	BAD(TYPE_DATA, 0, 0, 0, 2, 0, 0, 0, 2, 255, 255, 255, 255, 'l', 'o', 'g');
	BAD(TYPE_DATA, PAYLOAD_LOG, 0, 0, 0, 3, 0, 0, 0, 9, 255, 255, 255, 255, 0, 0, 0, 0);
	BAD(TYPE_DATA, PAYLOAD_LOG, 0, 0, 0, 4, 0, 0, 0, 9, 255, 255, 255, 255, 0, 0, 0, 0);
}

static void a_frame_cut_off_anywhere_is_refused(void **state)
{
	static const uint8_t whole[] = { TYPE_DATA, FAST_CLOSE, PAYLOAD_LOG };
	struct vmci_rpcframe f;

	(void)state;
	for (size_t n = 0; n < sizeof(whole); n++)
		assert_int_equal(decode(&f, whole, n), VMCI_LOCAL_PROTOCOL);
	assert_int_equal(decode(&f, whole, sizeof(whole)), 0);
}

static void too_many_fields_are_refused(void **state)
{
	uint8_t bytes[16 + 15 + 12 * VMCI_GUESTRPC_FIELD_COUNT_MAX] = { TYPE_DATA, PAYLOAD_LOG };
	struct vmci_rpcframe f;
	size_t len = 31;

	(void)state;
	for (uint8_t i = 2; i <= VMCI_GUESTRPC_FIELD_COUNT_MAX; i++, len += 12) {
		bytes[len + 3] = VMCI_GUESTRPC_FIELD_INT64_LIST;
		bytes[len + 7] = (uint8_t)(i + 50);
		assert_int_equal(decode(&f, bytes, len), 0);
	}
	assert_int_equal(decode(&f, bytes, len), VMCI_LOCAL_PROTOCOL);
}

static void the_length_has_limits(void **state)
{
	(void)state;
	assert_int_equal(vmci_rpcframe_length((const uint8_t[]){ 0, 0, 0, 31 }), 31);
	assert_int_equal(vmci_rpcframe_length((const uint8_t[]){ 0, 1, 1, 0 }), 65536 + 256);
	assert_int_equal(vmci_rpcframe_length((const uint8_t[]){ 0, 1, 1, 1 }),
			 VMCI_LOCAL_PROTOCOL);
	assert_int_equal(vmci_rpcframe_length((const uint8_t[]){ 0, 0, 0, 0 }),
			 VMCI_LOCAL_PROTOCOL);
	assert_int_equal(vmci_rpcframe_length((const uint8_t[]){ 255, 255, 255, 255 }),
			 VMCI_LOCAL_PROTOCOL);
}

static void frames_are_written_as_the_tools_expect_them(void **state)
{
	static const uint8_t reply[] = { 0, 0, 0, 31, TYPE_DATA, PAYLOAD_LOG };
	static const uint8_t last[] = { 0, 0, 0, 47, TYPE_DATA, FAST_CLOSE, PAYLOAD_LOG };
	static const uint8_t ping[] = { 0, 0, 0, 16, TYPE_PING };
	struct vmci_rpcframe f = { VMCI_GUESTRPC_DATA, false, (const uint8_t *)"log", 3 };
	uint8_t out[64];

	(void)state;
	assert_int_equal(vmci_rpcframe_size(&f), sizeof(reply));
	vmci_rpcframe_encode(&f, out);
	assert_memory_equal(out, reply, sizeof(reply));
	f.fast_close = true;
	assert_int_equal(vmci_rpcframe_size(&f), sizeof(last));
	vmci_rpcframe_encode(&f, out);
	assert_memory_equal(out, last, sizeof(last));
	f = (struct vmci_rpcframe){ VMCI_GUESTRPC_PING, false, NULL, 0 };
	assert_int_equal(vmci_rpcframe_size(&f), sizeof(ping));
	vmci_rpcframe_encode(&f, out);
	assert_memory_equal(out, ping, sizeof(ping));
}

static void a_payload_beyond_the_limit_has_no_frame(void **state)
{
	struct vmci_rpcframe f = { VMCI_GUESTRPC_DATA, false, (const uint8_t *)"", 65537 };

	(void)state;
	assert_int_equal(vmci_rpcframe_size(&f), 0);
	f.len = 65536;
	assert_int_equal(vmci_rpcframe_size(&f), 65536 + 32);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields_are_taken_in_any_order),
		cmocka_unit_test(numbers_with_the_high_half_first_are_taken_too),
		cmocka_unit_test(fields_of_other_ids_are_read_over),
		cmocka_unit_test(what_is_malformed_is_refused),
		cmocka_unit_test(a_frame_cut_off_anywhere_is_refused),
		cmocka_unit_test(too_many_fields_are_refused),
		cmocka_unit_test(the_length_has_limits),
		cmocka_unit_test(frames_are_written_as_the_tools_expect_them),
		cmocka_unit_test(a_payload_beyond_the_limit_has_no_frame),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
