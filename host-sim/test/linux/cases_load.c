/* SPDX-License-Identifier: BSD-2-Clause */
/* cases_load.c - datagrams; and what vmci-sim costs: stalled readers, idle streams, many
 * connections. */
#include <stdio.h>
#include <string.h>
#include "cases.h"

/* ---- datagrams ---- */

/* Each size there and back; nothing else is on its way, so nothing may be lost. */
static void datagram_sizes(void)
{
	static const unsigned sizes[] = { 0,	1,     8,     4071,  4072,  4073, 4096,
					  8193, 20000, 65536, 69600, 69607, 69608 };
	char guest[2048] = "bind:6000", host[2048] = "bind:7000";
	size_t g = strlen(guest), h = strlen(host);

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		g += (size_t)snprintf(guest + g, sizeof(guest) - g, " sendto:7000:%u recvfrom:%u",
				      sizes[i], sizes[i]);
		h += (size_t)snprintf(host + h, sizeof(host) - h, " recvfrom:%u sendto:6000:%u",
				      sizes[i], sizes[i]);
	}
	both(HOST, guest, host, 30000);
}

static void datagram_many(void)
{
	unsigned n = turns(1000);
	char guest[128], host[128];

	snprintf(guest, sizeof(guest), "bind:6001 loop:%u sendto:7001:100 recvfrom:100", n);
	snprintf(host, sizeof(host), "bind:7001 loop:%u recvfrom:100 sendto:6001:100", n);
	both(HOST, guest, host, 60000);
	tell("%u there and back", n);
}

static void datagram_too_long(void)
{
	unsigned host = run_start(HOST, "bind:7002 wait"), guest;

	must_be_up(host, "host");
	guest = run_start(GUEST,
			  "bind:6002 sendto!EMSGSIZE:7002:69609 sendto!EMSGSIZE:7002:100000");
	must_end(guest, "guest", 10000);
}

static void datagram_nobody(void)
{
	must_end(run_start(GUEST, "bind:6003 sendto!EHOSTUNREACH:7999:10"), "guest", 10000);
}

const struct test_case dgram_cases[] = {
	{ "datagram.sizes", datagram_sizes, false },
	{ "datagram.many", datagram_many, false },
	{ "datagram.too-long", datagram_too_long, false },
	{ "datagram.nobody-there", datagram_nobody, false },
	{ NULL, NULL, false },
};

/* ---- cost ---- */

/* Share of one processor that vmci-sim takes in ms, in 1/1000. */
static unsigned cpu_share(unsigned ms)
{
	uint64_t before = sim_cpu_us();

	machine_pass(ms);
	return (unsigned)((sim_cpu_us() - before) / ms);
}

static void must_idle(unsigned ms, unsigned limit)
{
	unsigned share = cpu_share(ms);

	if (share >= limit)
		fail("vmci-sim takes %u.%u %% of a processor", share / 10, share % 10);
	tell("vmci-sim %u.%u %%", share / 10, share % 10);
}

/* The writer is blocked, nothing spins, then everything arrives. */
static void stalled(enum where reader)
{
	static const char writes[] = "send:8388608 mark:written shut:w eof close";
	static const char reads[] = "wait recv:8388608 eof close";
	enum where writer = reader == GUEST ? HOST : GUEST;
	unsigned r, w;
	struct outcome a, b;

	r = run_start(reader, "listen:5050 accept %s", reads);
	must_be_up(r, "reader");
	w = run_start(writer, "connect:5050 %s", writes);
	if (!run_wait_mark(r, "waiting", 5000))
		fail("reader: %s", run_wait(r, 0).text);
	/* A guest that reads a byte at a time fetches the last datagrams for seconds. */
	machine_pass(machine_is_port() ? 5000 : 1000);
	must_idle(2000, 10);
	if (run_wait_mark(w, "written", 1))
		fail("the writer is not held up");
	run_wake(r);
	a = must_end(r, "reader", 20000);
	b = must_end(w, "writer", 5000);
	if (a.rx != b.tx || a.rx_hash != b.tx_hash)
		fail("other bytes");
}

static void stalled_host(void)
{
	stalled(HOST);
}

static void stalled_guest(void)
{
	stalled(GUEST);
}

static void idle_streams(void)
{
	unsigned host = run_start(HOST, "listen:5051:256 each:200 accept send:1 recv:1 "
					"mark eof"),
		 guest;

	must_be_up(host, "host");
	guest = run_start(GUEST, "each:200 connect:5051 recv:1 send:1 wait");
	if (!run_wait_count(host, 200, 60000))
		fail("host: %s | guest: %s", run_wait(host, 0).text, run_wait(guest, 0).text);
	machine_pass(machine_is_port() ? 5000 : 500);
	must_idle(run_options.quick ? 5000 : 10000, 10);
	run_kill(guest);
	must_end(host, "host", 10000);
}

/* Connect and close, with small queues, because Linux gives them back more slowly than it makes new
 * ones; what vmci-sim holds afterwards is what it held after the first ones. */
static void no_growth(enum where connects)
{
	unsigned n = run_options.quick ? turns(600) : 5000, first = n / 10, before, after;
	char client[2][96], server[2][96];
	uint64_t memory, grown;

	for (int i = 0; i < 2; i++) {
		unsigned times = i ? n : first;

		snprintf(client[i], sizeof(client[i]),
			 "buffer:4096 loop:%u connect:5053 send:100 shut:w eof close", times);
		snprintf(server[i], sizeof(server[i]),
			 "buffer:4096 listen:5053 loop:%u accept recv:100 eof shut:w close", times);
	}
	for (int i = 0; i < 2; i++) {
		if (connects == GUEST)
			both(HOST, client[i], server[i], 300000);
		else
			both(GUEST, server[i], client[i], 300000);
		/* Linux keeps what it accepted for a second. */
		machine_pass(1500);
		if (i == 0) {
			memory = sim_memory_kb();
			before = sim_descriptors();
		}
	}
	after = sim_descriptors();
	grown = sim_memory_kb() > memory ? sim_memory_kb() - memory : 0;
	if (after > before)
		fail("%u descriptors, %u before %u connections", after, before, n);
	/* One leaked byte for each would not show in pages; one leaked object does. */
	if (grown * 1024 > (uint64_t)n * 32 + 65536)
		fail("%llu KiB more after %u connections", (unsigned long long)grown, n);
	tell("%u connections, %llu KiB and %d descriptors more", n, (unsigned long long)grown,
	     (int)after - (int)before);
}

static void no_growth_guest(void)
{
	no_growth(GUEST);
}

static void no_growth_host(void)
{
	no_growth(HOST);
}

const struct test_case load_cases[] = {
	{ "load.stalled-reader.host", stalled_host, false },
	{ "load.stalled-reader.guest", stalled_guest, false },
	{ "load.200-idle-streams", idle_streams, false },
	{ "load.no-growth.guest-connects", no_growth_guest, false },
	{ "load.no-growth.host-connects", no_growth_host, false },
	{ NULL, NULL, false },
};
