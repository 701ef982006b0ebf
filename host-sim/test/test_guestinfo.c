/* SPDX-License-Identifier: BSD-2-Clause */
/* Requests of the guest's tools, and what the host reads of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "../guestinfo.h"

static const struct vmci_guestrpc_caller privileged = { .port = 1023, .is_privileged = true };
static const struct vmci_guestrpc_caller anybody = { .port = 1024 };

struct fixture {
	struct guestinfo *g;
	FILE *out;
	char *written;
	size_t written_len;
	char reply[65536];
};

static void setup(struct fixture *f)
{
	memset(f, 0, sizeof(*f));
	f->out = open_memstream(&f->written, &f->written_len);
	f->g = guestinfo_new(f->out);
	assert_non_null(f->g);
}

static void teardown(struct fixture *f)
{
	guestinfo_free(f->g);
	fclose(f->out);
	free(f->written);
}

/* The answer as it goes over the wire, "1 text" or "0 text". */
static const char *ask_bytes(struct fixture *f, const struct vmci_guestrpc_caller *who,
			     const char *text, size_t len)
{
	size_t n = 0;
	bool ok = guestinfo_request(f->g, who, (const uint8_t *)text, len, (uint8_t *)f->reply + 2,
				    sizeof(f->reply) - 3, &n);

	f->reply[0] = ok ? '1' : '0';
	f->reply[1] = ' ';
	f->reply[2 + n] = '\0';
	return f->reply;
}

static const char *ask(struct fixture *f, const char *text)
{
	return ask_bytes(f, &privileged, text, strlen(text) + 1);
}

static void what_the_host_set_is_read(void **state)
{
	struct fixture f;

	(void)state;
	setup(&f);
	assert_null(guestinfo_preset(f.g, "name=a value = with signs"));
	assert_null(guestinfo_preset(f.g, "guestinfo.other="));
	assert_string_equal(ask(&f, "info-get guestinfo.name"), "1 a value = with signs");
	assert_string_equal(ask(&f, "info-get guestinfo.other"), "1 ");
	assert_string_equal(ask(&f, "info-get guestinfo.none"), "0 No value found");
	assert_string_equal(ask(&f, "info-get name"), "0 No value found");
	assert_string_equal(ask(&f, "info-get"), "0 No value found");
	/* Without a 0 at the end, and with a blank. */
	assert_string_equal(ask_bytes(&f, &anybody, "info-get guestinfo.name", 23),
			    "1 a value = with signs");
	assert_string_equal(ask_bytes(&f, &anybody, "info-get guestinfo.name ", 24),
			    "1 a value = with signs");
	assert_int_equal(f.written_len, 0);
	teardown(&f);
}

static void what_the_guest_sets_is_read_by_both(void **state)
{
	struct fixture f;
	size_t len;

	(void)state;
	setup(&f);
	assert_string_equal(ask(&f, "info-set guestinfo.a  two blanks"), "1 ");
	assert_string_equal(ask(&f, "info-get guestinfo.a"), "1  two blanks");
	assert_memory_equal(guestinfo_value(f.g, "guestinfo.a", &len), " two blanks", 11);
	assert_int_equal(len, 11);
	assert_string_equal(ask(&f, "info-set guestinfo.a back\\slash\nand\x80"), "1 ");
	assert_string_equal(ask(&f, "info-set guestinfo.a"), "1 ");
	assert_string_equal(f.written, "guestinfo.a= two blanks\n"
				       "guestinfo.a=back\\x5cslash\\x0aand\\x80\n"
				       "guestinfo.a=\n");
	teardown(&f);
}

static void names_and_sizes_have_limits(void **state)
{
	struct fixture f;
	char *text = calloc(1, 70000);
	char name[64];

	(void)state;
	setup(&f);
	assert_int_equal(ask(&f, "info-set other.a 1")[0], '0');
	assert_int_equal(ask(&f, "info-set guestinfo. 1")[0], '0');
	assert_int_equal(ask(&f, "info-set guestinfo.a=b 1")[0], '0');
	assert_int_equal(ask(&f, "info-set guestinfo.\x01 1")[0], '0');
	assert_int_equal(ask(&f, "info-set")[0], '0');
	assert_non_null(guestinfo_preset(f.g, "no sign"));
	assert_non_null(guestinfo_preset(f.g, "=value"));
	assert_non_null(guestinfo_preset(f.g, "a b=value"));

	strcpy(text, "info-set guestinfo.");
	memset(text + 19, 'n', 120);
	strcpy(text + 139, " 1");
	assert_int_equal(ask(&f, text)[0], '1');
	memset(text + 19, 'n', 121);
	strcpy(text + 140, " 1");
	assert_int_equal(ask(&f, text)[0], '0');
	memset(text, 'n', 300);
	strcpy(text + 300, "=1");
	assert_non_null(guestinfo_preset(f.g, text));

	strcpy(text, "info-set guestinfo.long ");
	memset(text + 24, 'v', 60000);
	text[60024] = '\0';
	assert_int_equal(ask(&f, text)[0], '1');
	strcpy(text + 60024, "v");
	assert_int_equal(ask(&f, text)[0], '0');
	assert_int_equal(strlen(ask(&f, "info-get guestinfo.long")), 60002);
	text[60024] = '\0';
	/* 17 times 60 000 bytes are within 1 MiB, 18 times are not; the names have their share. */
	for (int i = 0; i < 17; i++) {
		snprintf(name, sizeof(name), "info-set guestinfo.lon%c", 'A' + i);
		memcpy(text, name, strlen(name));
		assert_int_equal(ask(&f, text)[0], i < 16 ? '1' : '0');
	}
	free(text);
	teardown(&f);
}

static void there_are_256_variables(void **state)
{
	struct fixture f;
	char text[64];

	(void)state;
	setup(&f);
	for (int i = 0; i < 257; i++) {
		snprintf(text, sizeof(text), "info-set guestinfo.%d x", i);
		assert_int_equal(ask(&f, text)[0], i < 256 ? '1' : '0');
	}
	assert_int_equal(ask(&f, "info-set guestinfo.7 y")[0], '1');
	assert_string_equal(ask(&f, "info-get guestinfo.7"), "1 y");
	teardown(&f);
}

static void who_is_not_privileged_changes_and_reports_less(void **state)
{
	static const char *const reports[] = { "log text", "SetGuestInfo  1 name",
					       "tools.capability.x 1", "tools.set.version 1",
					       "vmx.capability.unified_loop toolbox" };
	struct fixture f;

	(void)state;
	setup(&f);
	assert_null(guestinfo_preset(f.g, "host=1"));
	assert_string_equal(ask_bytes(&f, &anybody, "info-set guestinfo.host 2", 25),
			    "0 Permission denied");
	assert_string_equal(ask_bytes(&f, &anybody, "info-set guestinfo.mine 2", 25), "1 ");
	assert_string_equal(ask(&f, "info-set guestinfo.host 3"), "1 ");
	/* It stays the host's. */
	assert_string_equal(ask_bytes(&f, &anybody, "info-set guestinfo.host 4", 25),
			    "0 Permission denied");
	for (size_t i = 0; i < sizeof(reports) / sizeof(reports[0]); i++) {
		assert_string_equal(ask_bytes(&f, &anybody, reports[i], strlen(reports[i])),
				    "0 Permission denied");
		assert_string_equal(ask(&f, reports[i]), "1 ");
	}
	teardown(&f);
}

static void reports_reach_the_host(void **state)
{
	struct fixture f;

	(void)state;
	setup(&f);
	ask(&f, "log vmsvc: started");
	ask(&f, "SetGuestInfo  6 debian\n");
	ask(&f, "tools.set.version 12389");
	ask(&f, "tools.capability.x\x01=y 1");
	assert_string_equal(f.written, "log=vmsvc: started\n"
				       "SetGuestInfo.6=debian\\x0a\n"
				       "tools.set.version=12389\n"
				       "tools.capability.x\\x01=y=1\n");
	teardown(&f);
}

static void the_unknown_is_unknown(void **state)
{
	struct fixture f;

	(void)state;
	setup(&f);
	assert_string_equal(ask(&f, "disk.wiper.enable"), "0 Unknown command");
	assert_string_equal(ask(&f, ""), "0 Unknown command");
	assert_string_equal(ask_bytes(&f, &privileged, "\0\0\0", 3), "0 Unknown command");
	assert_string_equal(ask(&f, "info-getter guestinfo.x"), "0 Unknown command");
	assert_string_equal(ask(&f, "SetGuestInfo"), "0 Invalid arguments");
	assert_string_equal(ask(&f, "SetGuestInfo  12345 x"), "0 Invalid arguments");
	teardown(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_the_host_set_is_read),
		cmocka_unit_test(what_the_guest_sets_is_read_by_both),
		cmocka_unit_test(names_and_sizes_have_limits),
		cmocka_unit_test(there_are_256_variables),
		cmocka_unit_test(who_is_not_privileged_changes_and_reports_less),
		cmocka_unit_test(reports_reach_the_host),
		cmocka_unit_test(the_unknown_is_unknown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
