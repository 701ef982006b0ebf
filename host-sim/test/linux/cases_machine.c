/* SPDX-License-Identifier: BSD-2-Clause */
/* cases_machine.c - the driver comes and goes; at the end: reboot, a killed QEMU, the end of all.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "cases.h"

#define CID 16

/* ---- first ---- */

static void cycles(void)
{
	unsigned n = run_options.quick ? 5 : 20;
	char line[32], want[32];

	if (!machine_ask("unload", "unload ok", 30000))
		fail("the modules cannot be unloaded");
	snprintf(line, sizeof(line), "cycles %u", n);
	snprintf(want, sizeof(want), "cycles %u", n);
	if (!machine_ask(line, "cycles ", 120000) || !machine_ask("load", "load ", 30000))
		fail("no end");
	tell("%u times", n);
	if (*machine_complaints())
		fail("%s", machine_complaints());
}

static const char *look(void)
{
	const char *answer = machine_ask("look", "look ", 30000);

	if (!answer)
		fail("the guest does not answer");
	return answer;
}

static void log_is_clean(void)
{
	const char *answer = look(), *complaints = machine_complaints();

	if (!strstr(answer, "complaints=0"))
		fail("%s", complaints);
}

/* Without one vector for each kind of interrupt Linux uses one for all. */
static unsigned expected_interrupts(void)
{
	const struct machine_options *m = &run_options.machine;
	unsigned wanted = strcmp(m->bar1, "8k") ? 3 : 2;

	if (strcmp(m->irq, "msix") || (m->vectors && (unsigned)atoi(m->vectors) < wanted))
		return 1;
	return wanted;
}

static void interrupts(void)
{
	unsigned n = 0;

	if (sscanf(look(), "look interrupts=%u", &n) != 1 || n != expected_interrupts())
		fail("%u interrupts instead of %u", n, expected_interrupts());
	tell("%u", n);
}

static void context_id(void)
{
	unsigned interrupts_seen, cid = 0;

	if (sscanf(look(), "look interrupts=%u cid=%u", &interrupts_seen, &cid) != 2 || cid != CID)
		fail("context id %u instead of %u", cid, CID);
}

const struct test_case machine_cases[] = {
	{ "modules.load-and-unload", cycles, false },
	{ "modules.interrupts", interrupts, false },
	{ "modules.context-id", context_id, false },
	{ NULL, NULL, false },
};

/* ---- last ---- */

void must_work(void)
{
	both(HOST, "connect:5999 send:300000 shut:w recv:300000 eof",
	     "listen:5999 accept recv:300000 eof send:300000 close", 20000);
	both(GUEST, "listen:5998 accept recv:300000 eof send:300000 close",
	     "connect:5998 send:300000 shut:w recv:300000 eof", 20000);
}

/* Programs on the host that are in the middle of something when the guest goes. */
struct caught {
	unsigned reader, writer, idle;
};

static struct caught catch_programs(void)
{
	struct caught c = {
		.reader = run_start(HOST, "listen:5100 accept mark:on drain"),
		.writer = run_start(HOST, "listen:5101 accept mark:on "
					  "send!EPIPE|ECONNRESET:1073741824"),
		.idle = run_start(HOST, "listen:5102 accept mark:on eof"),
	};

	must_be_up(c.reader, "reader");
	must_be_up(c.writer, "writer");
	must_be_up(c.idle, "idle");
	run_start(GUEST, "connect:5100 send:1073741824");
	run_start(GUEST, "connect:5101 sleep:60000");
	run_start(GUEST, "connect:5102 sleep:60000");
	if (!run_wait_mark(c.reader, "on", 5000) || !run_wait_mark(c.writer, "on", 5000) ||
	    !run_wait_mark(c.idle, "on", 5000))
		fail("no connection before it");
	machine_pass(300);
	return c;
}

static void must_be_released(struct caught c)
{
	must_end(c.reader, "a program that reads from the guest", 3000);
	must_end(c.writer, "a program that writes to the guest", 3000);
	must_end(c.idle, "a program that waits for the guest", 3000);
}

static void load(void)
{
	if (!machine_load())
		fail("%s", machine_error());
}

static void guest_reboots(void)
{
	struct caught c = catch_programs();

	if (!machine_ask("reboot", "hello ", 120000))
		fail("the guest does not come back");
	load();
	must_be_released(c);
	must_work();
	if (!machine_lives())
		fail("%s", machine_error());
}

static void qemu_killed(void)
{
	struct caught c = catch_programs();

	machine_kill_qemu();
	must_be_released(c);
	if (!machine_start_qemu())
		fail("%s", machine_error());
	load();
	must_work();
}

static void driver_unloaded(void)
{
	struct caught c = catch_programs();

	run_kill_guests();
	must_be_released(c);
	if (!machine_ask("unload", "unload ok", 30000))
		fail("the driver does not unload");
	load();
	must_work();
}

static void power_off(void)
{
	machine_ask("poweroff", "nothing", 1);
	if (!machine_wait_qemu())
		fail("%s", machine_error());
}

static void simulator_ends(void)
{
	if (!machine_stop_sim())
		fail("%s", machine_error());
}

const struct test_case life_cases[] = {
	{ "life.driver-unloads", driver_unloaded, false },
	{ "life.log-is-clean", log_is_clean, false },
	{ "life.guest-reboots", guest_reboots, false },
	{ "life.qemu-killed-and-started", qemu_killed, false },
	{ "life.log-is-clean-again", log_is_clean, false },
	{ "life.power-off", power_off, true },
	{ "life.simulator-ends", simulator_ends, true },
	{ NULL, NULL, false },
};
