/* SPDX-License-Identifier: BSD-2-Clause */
/* The words of vmci.cfg and of the load options, as a person may write them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "../options.h"

static int parse(struct options *o, const char *text, char *message)
{
	options_init(o);
	return options_parse(o, "vmci.cfg", text, strlen(text), message, 256);
}

static void nothing_at_all_means_run_everything(void **state)
{
	struct options o;
	char message[256];

	(void)state;
	assert_int_equal(parse(&o, "", message), 0);
	assert_int_equal(o.command, CMD_RUN);
	assert_string_equal(o.pattern, "");
	assert_int_equal(o.roles, 0);
	assert_int_equal(o.end, END_RETURN);
	assert_true(o.slow);
	assert_string_equal(o.results, "vmci-results");
}

static void a_file_may_have_notes_and_lines(void **state)
{
	struct options o;
	char message[256];

	(void)state;
	assert_int_equal(parse(&o,
			       "# unattended\r\nrun dg/*   # these\n\t--shutdown --role=device\n",
			       message),
			 0);
	assert_string_equal(o.pattern, "dg/*");
	assert_int_equal(o.end, END_SHUTDOWN);
	assert_int_equal(o.roles, 1);
}

static void a_pattern_may_stand_without_its_command(void **state)
{
	struct options o;
	char message[256];

	(void)state;
	assert_int_equal(parse(&o, "qp/alloc*", message), 0);
	assert_int_equal(o.command, CMD_RUN);
	assert_string_equal(o.pattern, "qp/alloc*");
}

static void every_option_has_its_effect(void **state)
{
	struct options o;
	char message[256];

	(void)state;
	assert_int_equal(
		parse(&o,
		      "list --loop --fast --tap=console --results=none --only=x --role=both --seconds=600",
		      message),
		0);
	assert_int_equal(o.command, CMD_LIST);
	assert_true(o.loop);
	assert_false(o.slow);
	assert_int_equal(o.tap, TAP_CONSOLE);
	assert_string_equal(o.results, "");
	assert_string_equal(o.pattern, "x");
	assert_int_equal(o.roles, 3);
	assert_int_equal(o.bench_seconds, 600);
	assert_int_equal(parse(&o, "--tap=serial --tap=off --tap=auto --role=guest --results=a.tap",
			       message),
			 0);
	assert_int_equal(o.tap, TAP_AUTO);
	assert_int_equal(o.roles, 2);
	assert_string_equal(o.results, "a.tap");
	assert_int_equal(parse(&o, "cat 4294967294 --send=a.bin --save=b.bin", message), 0);
	assert_int_equal(o.command, CMD_CAT);
	assert_int_equal(o.port, 4294967294u);
	assert_string_equal(o.send, "a.bin");
	assert_string_equal(o.save, "b.bin");
	assert_int_equal(parse(&o, "--help", message), 0);
	assert_int_equal(o.command, CMD_HELP);
}

static void a_mistake_names_the_line_and_what_was_expected(void **state)
{
	static const struct {
		const char *text;
		int line;
		const char *says;
	} cases[] = {
		{ "--rol=device", 1,
		  "vmci.cfg:1: '--rol=device' is not understood; expected one of the options that `help` lists" },
		{ "run\n--role=both\n--role=vm", 3,
		  "vmci.cfg:3: '--role=vm' is not understood; expected --role=device, --role=guest or --role=both" },
		{ "run a b", 1,
		  "vmci.cfg:1: 'b' is not understood; expected run, list, info, bench, echo, cat, help or an option" },
		{ "--seconds=0", 1,
		  "vmci.cfg:1: '--seconds=0' is not understood; expected --seconds=N with N from 1 to 600" },
		{ "--seconds=601", 1,
		  "vmci.cfg:1: '--seconds=601' is not understood; expected --seconds=N with N from 1 to 600" },
		{ "cat 0", 1,
		  "vmci.cfg:1: '0' is not understood; expected a port of the host, 1 to 4294967294" },
		{ "cat 4294967295", 1,
		  "vmci.cfg:1: '4294967295' is not understood; expected a port of the host, 1 to 4294967294" },
		{ "cat 7 --send=", 1,
		  "vmci.cfg:1: '--send=' is not understood; expected --send=FILE with a name of 1 to 63 characters" },
		{ "--tap=", 1,
		  "vmci.cfg:1: '--tap=' is not understood; expected --tap=auto, serial, console or off" },
		{ "--results=", 1,
		  "vmci.cfg:1: '--results=' is not understood; expected --results=NAME with a name of 1 to 63 characters" },
		{ "run a \x1b[2J", 1,
		  "vmci.cfg:1: '?[2J' is not understood; expected run, list, info, bench, echo, cat, help or an option" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct options o;
		char message[256];

		assert_int_equal(parse(&o, cases[i].text, message), cases[i].line);
		assert_string_equal(message, cases[i].says);
	}
}

static void words_behind_a_mistake_still_count(void **state)
{
	struct options o;
	char message[256];

	(void)state;
	assert_int_equal(parse(&o, "--tap=x --role=y\n--shutdown", message), 1);
	assert_int_equal(o.end, END_SHUTDOWN);
	assert_string_equal(
		message,
		"vmci.cfg:1: '--tap=x' is not understood; expected --tap=auto, serial, console or off");
}

static void a_long_word_is_refused_and_never_overruns(void **state)
{
	struct options o;
	char text[600], message[64];

	(void)state;
	memset(text, 'x', sizeof(text));
	options_init(&o);
	assert_int_equal(options_parse(&o, "w", text, sizeof(text), message, sizeof(message)), 1);
	assert_int_equal(strlen(message), sizeof(message) - 1);
	options_init(&o);
	assert_int_equal(options_parse(&o, "w", text, 127, message, sizeof(message)), 0);
	assert_int_equal(strlen(o.pattern), 127);
	options_init(&o);
	assert_int_equal(options_parse(&o, "w", text, 128, message, sizeof(message)), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_at_all_means_run_everything),
		cmocka_unit_test(a_file_may_have_notes_and_lines),
		cmocka_unit_test(a_pattern_may_stand_without_its_command),
		cmocka_unit_test(every_option_has_its_effect),
		cmocka_unit_test(a_mistake_names_the_line_and_what_was_expected),
		cmocka_unit_test(words_behind_a_mistake_still_count),
		cmocka_unit_test(a_long_word_is_refused_and_never_overruns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
