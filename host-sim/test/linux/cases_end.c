/* SPDX-License-Identifier: BSD-2-Clause */
/* cases_end.c - how connections do not come about, and how they end. */
#include <stdio.h>
#include <string.h>
#include "cases.h"

/* ---- refused ---- */

static void must_be_quick(struct outcome o)
{
	/* A connect that nobody answers takes two seconds. */
	if (o.slowest_ms >= (machine_is_port() ? 1500 : 500))
		fail("refused after %llu ms", (unsigned long long)o.slowest_ms);
	tell("after %llu ms", (unsigned long long)o.slowest_ms);
}

static void refused_guest(void)
{
	must_be_quick(
		must_end(run_start(GUEST, "loop:20 connect!ECONNRESET:4242"), "guest", 30000));
}

static void refused_host(void)
{
	must_be_quick(must_end(run_start(HOST, "loop:20 connect!ECONNRESET:4242"), "host", 30000));
}

/* A dead program's socket is still there. */
static void refused_stale(void)
{
	unsigned dead = run_start(HOST, "listen:4243 die");

	must_be_up(dead, "host");
	run_wait(dead, 2000);
	must_be_quick(must_end(run_start(GUEST, "connect!ECONNRESET:4243"), "guest", 10000));
}

/* How many connections wait for accept() with a backlog of n: n + 1, as with other families, since
 * Linux 7.2 and since the stable releases below, which took the change over; n before. */
static unsigned admitted(unsigned n)
{
	static const unsigned stable[][3] = { { 6, 1, 189 }, { 6, 12, 111 } };
	const unsigned *v = machine_kernel_version();

	for (size_t i = 0; i < sizeof(stable) / sizeof(stable[0]); i++)
		if (v[0] == stable[i][0] && v[1] == stable[i][1])
			return n + (v[2] >= stable[i][2]);
	if (v[0] < 7 || (v[0] == 7 && v[1] < 2))
		skip("which release of Linux %u.%u admits one more is not known here", v[0], v[1]);
	return n + 1;
}

static void backlog_guest(void)
{
	unsigned guest, host, n = admitted(3);

	guest = run_start(GUEST, "listen:5020:3 wait loop:%u accept send:10 shut:w keep", n);
	must_be_up(guest, "guest");
	host = run_start(HOST,
			 "connect:5020 keep connect:5020 keep connect:5020 keep %s"
			 "connect!ECONNRESET:5020 connect!ECONNRESET:5020 wait",
			 n > 3 ? "connect:5020 keep " : "");
	if (!run_wait_mark(host, "waiting", 10000))
		fail("host: %s", run_wait(host, 0).text);
	run_wake(guest);
	must_end(guest, "guest", 10000);
	run_wake(host);
	must_end(host, "host", 5000);
	tell("%u with a backlog of 3", n);
}

/* UNIX sockets admit one more. */
static void backlog_host(void)
{
	unsigned host = run_start(HOST, "listen:5021:2 wait"), guest;

	must_be_up(host, "host");
	guest = run_start(GUEST, "connect:5021 keep connect:5021 keep connect:5021 keep "
				 "connect!ECONNRESET:5021");
	must_be_quick(must_end(guest, "guest", 10000));
}

/* ---- half and whole ---- */

static void half_close_guest(void)
{
	both(HOST, "connect:5030 send:1000 shut:w recv:300000 eof close",
	     "listen:5030 accept recv:1000 eof sleep:200 send:300000 close", 15000);
	both(GUEST, "listen:5031 accept send:1000 shut:w recv:300000 eof close",
	     "connect:5031 recv:1000 eof sleep:200 send:300000 close", 15000);
}

static void half_close_host(void)
{
	both(HOST, "connect:5032 recv:1000 eof sleep:200 send:300000 close",
	     "listen:5032 accept send:1000 shut:w recv:300000 eof close", 15000);
	both(GUEST, "listen:5033 accept recv:1000 eof sleep:200 send:300000 close",
	     "connect:5033 send:1000 shut:w recv:300000 eof close", 15000);
}

/* The pages of the queue are the guest's: what is in it has to be taken before they go. */
static void guest_closes(void)
{
	char guest[256], host[256];
	unsigned n = turns(90);

	snprintf(guest, sizeof(guest),
		 "loop:%u connect:5034 send:1 close connect:5034 send:200000 close "
		 "connect:5034 send:262143 close connect:5034 send:600000 close",
		 n);
	snprintf(host, sizeof(host),
		 "listen:5034 loop:%u accept recv:1 eof close accept recv:200000 eof close "
		 "accept recv:262143 eof close accept recv:600000 eof close",
		 n);
	both(HOST, guest, host, 60000);
	/* Linux keeps what it accepted for a second. */
	both(GUEST, "listen:5035 loop:4 accept send:262143 close",
	     "loop:4 connect:5035 recv:262143 eof close", 30000);
}

/* A reader that is slow as well. */
static void guest_closes_slow_reader(void)
{
	both(HOST, "connect:5036 send:2000000 close",
	     "listen:5036 accept sleep:1500 recv:1000000:1000 sleep:300 recv:1000000 eof close",
	     20000);
}

static void host_closes(void)
{
	both(HOST, "loop:10 connect:5037 sleep:100 recv:200000 eof eof close",
	     "listen:5037 loop:10 accept send:200000 close", 20000);
	both(GUEST, "listen:5038 loop:4 accept sleep:100 recv:200000 eof eof close",
	     "loop:4 connect:5038 send:200000 close", 20000);
}

static void host_closes_then_shutdown(void)
{
	both(HOST, "loop:10 connect:5039 sleep:150 shut:w recv:200000 eof close",
	     "listen:5039 loop:10 accept send:200000 close", 20000);
	both(HOST, "loop:10 connect:5040 shut:w sleep:100 recv:200000 eof close",
	     "listen:5040 loop:10 accept send:200000 close", 20000);
}

/* Who writes on hears that nobody reads. */
static void write_after_host_close(void)
{
	unsigned host = run_start(HOST, "listen:5041 accept send:10 close"), guest;

	must_be_up(host, "host");
	guest = run_start(GUEST, "connect:5041 recv:10 eof sleep:100 "
				 "send!EPIPE|ECONNRESET:100000000 close");
	must_end(host, "host", 5000);
	must_end(guest, "guest", 10000);
}

static void write_after_guest_close(void)
{
	unsigned guest = run_start(GUEST, "listen:5042 accept recv:10 close"), host;

	must_be_up(guest, "guest");
	host = run_start(HOST, "connect:5042 send:10 sleep:1500 send!EPIPE|ECONNRESET:100000000 "
			       "close");
	must_end(guest, "guest", 5000);
	must_end(host, "host", 10000);
}

/* ---- killed ---- */

static void host_reader_killed(void)
{
	unsigned host = run_start(HOST, "listen:5043 accept recv:3000000 die"), guest;

	must_be_up(host, "host");
	guest = run_start(GUEST, "connect:5043 send!EPIPE|ECONNRESET:1073741824 close");
	run_wait(host, 10000);
	must_end(guest, "guest", 5000);
}

static void host_writer_killed(void)
{
	unsigned host = run_start(HOST, "listen:5044 accept send:3000000 die"), guest;
	struct outcome o;

	must_be_up(host, "host");
	guest = run_start(GUEST, "connect:5044 drain eof close");
	run_wait(host, 10000);
	o = must_end(guest, "guest", 5000);
	if (o.rx != 3000000)
		fail("%llu bytes instead of 3000000 that were written before",
		     (unsigned long long)o.rx);
}

static void guest_reader_killed(void)
{
	unsigned host = run_start(HOST, "listen:5045 accept send!EPIPE|ECONNRESET:1073741824"),
		 guest;

	must_be_up(host, "host");
	guest = run_start(GUEST, "connect:5045 recv:3000000 die");
	run_wait(guest, 10000);
	must_end(host, "host", 5000);
}

static void guest_writer_killed(void)
{
	unsigned host = run_start(HOST, "listen:5046 accept drain eof close"), guest;
	struct outcome o;

	must_be_up(host, "host");
	guest = run_start(GUEST, "connect:5046 send:3000000 die");
	run_wait(guest, 10000);
	o = must_end(host, "host", 5000);
	if (o.rx != 3000000)
		fail("%llu bytes instead of 3000000 that were written before",
		     (unsigned long long)o.rx);
}

const struct test_case end_cases[] = {
	{ "end.refused.guest-connects", refused_guest, false },
	{ "end.refused.host-connects", refused_host, false },
	{ "end.refused.dead-program", refused_stale, false },
	{ "end.backlog.guest-listens", backlog_guest, false },
	{ "end.backlog.host-listens", backlog_host, false },
	{ "end.half-close.guest-first", half_close_guest, false },
	{ "end.half-close.host-first", half_close_host, false },
	{ "end.guest-closes-after-writing", guest_closes, false },
	{ "end.guest-closes-slow-reader", guest_closes_slow_reader, false },
	{ "end.host-closes-after-writing", host_closes, false },
	{ "end.host-closes-guest-shuts-down", host_closes_then_shutdown, false },
	{ "end.guest-writes-after-host-closed", write_after_host_close, false },
	{ "end.host-writes-after-guest-closed", write_after_guest_close, false },
	{ "end.host-reader-killed", host_reader_killed, false },
	{ "end.host-writer-killed", host_writer_killed, false },
	{ "end.guest-reader-killed", guest_reader_killed, false },
	{ "end.guest-writer-killed", guest_writer_killed, false },
	{ NULL, NULL, false },
};
