/* SPDX-License-Identifier: BSD-2-Clause */
/* cases_stream.c - bytes arrive, in both directions, whoever connects. */
#include <stdio.h>
#include <string.h>
#include "cases.h"

#define MIB 1048576u

static unsigned big(void)
{
	return (run_options.quick ? 16 : 100) * MIB;
}

/* Around pages, around queues, around what the bridge moves at once. */
static const unsigned sizes[] = { 1,	  2,	  3,	  4095,	  4096,	  4097,	  8191,
				  8192,	  8193,	  65535,  65536,  65537,  262142, 262143,
				  262144, 262145, 262146, 524287, 524288, 524289, MIB };

/* For each size a connection; there and back. What Linux accepted it keeps for a second, so the
 * server says that it is done. */
static void all_sizes(enum where connects)
{
	char client[4096] = "", server[4096] = "listen:5000";
	size_t c = 0, s = strlen(server);

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		c += (size_t)snprintf(client + c, sizeof(client) - c,
				      "%sconnect:5000 send:%u shut:w recv:%u eof close",
				      i ? " " : "", sizes[i], sizes[i]);
		s += (size_t)snprintf(server + s, sizeof(server) - s,
				      " accept recv:%u eof send:%u shut:w close", sizes[i],
				      sizes[i]);
	}
	if (connects == GUEST)
		both(HOST, client, server, 60000);
	else
		both(GUEST, server, client, 60000);
}

static void sizes_guest(void)
{
	all_sizes(GUEST);
}

static void sizes_host(void)
{
	all_sizes(HOST);
}

/* One way, many bytes; the speed is told. */
static void one_way(enum where connects, enum where sends)
{
	char scripts[2][128];
	unsigned n = big();
	struct two t;

	for (int w = GUEST; w <= HOST; w++)
		snprintf(scripts[w], sizeof(scripts[w]), "%s %s:%u %s",
			 (enum where)w == connects ? "connect:5001" : "listen:5001 accept",
			 (enum where)w == sends ? "send" : "recv", n,
			 (enum where)w == sends ? "close" : "eof close");
	t = both(connects == GUEST ? HOST : GUEST, scripts[GUEST], scripts[HOST], 120000);
	tell("%u MiB, %llu MiB/s", n / MIB,
	     (unsigned long long)(n / MIB) * 1000 / (t.guest.ms ? t.guest.ms : 1));
}

static void up_guest(void)
{
	one_way(GUEST, GUEST);
}

static void down_guest(void)
{
	one_way(GUEST, HOST);
}

static void up_host(void)
{
	one_way(HOST, GUEST);
}

static void down_host(void)
{
	one_way(HOST, HOST);
}

static void both_at_once(void)
{
	char guest[128], host[128];
	unsigned n = big() / 4;

	snprintf(guest, sizeof(guest), "connect:5002 duplex:%u close", n);
	snprintf(host, sizeof(host), "listen:5002 accept duplex:%u close", n);
	both(HOST, guest, host, 120000);
	tell("%u MiB each way", n / MIB);
}

static void odd_writes(void)
{
	both(HOST,
	     "connect:5003 send:20000:1 send:300001:4097 send:500003:65521 shut:w "
	     "recv:20000:1 recv:300001:4099 drain",
	     "listen:5003 accept recv:100003:3 recv:400000:4095 drain "
	     "send:20000:1 send:300001:4097 send:500003:65521 close",
	     60000);
}

/* Linux takes its time to give queues back; smaller ones leave room for the case that follows. An
 * emulated guest needs more than its own second for 200 handshakes at once, so they connect one
 * after the other. */
static void parallel(enum where connects)
{
	/* Through the port 200 streams take five minutes. */
	unsigned n = run_options.quick && machine_is_port() ? 50 : 200;
	char client[160], server[160];
	struct two t;

	snprintf(client, sizeof(client),
		 "buffer:65536 each:%u connect:5004 hello sleep:2000 send:20000 recv:20000 "
		 "shut:w eof close",
		 n);
	snprintf(server, sizeof(server),
		 "buffer:65536 listen:5004:256 each:%u accept greet recv:20000 send:20000 "
		 "shut:w eof close",
		 n);
	if (connects == GUEST)
		t = both(HOST, client, server, 120000);
	else
		t = both(GUEST, server, client, 120000);
	tell("%u streams, slowest connect %llu ms", n,
	     (unsigned long long)(connects == GUEST ? t.guest : t.host).slowest_ms);
}

static void parallel_guest(void)
{
	parallel(GUEST);
}

static void parallel_host(void)
{
	parallel(HOST);
}

/* A first byte that overtakes the end of the handshake breaks the connection on Linux. */
static void speaks_first_host(void)
{
	unsigned n = turns(300);
	char guest[128], host[128];

	snprintf(guest, sizeof(guest), "buffer:16384 loop:%u connect:5005 recv:1000 eof close", n);
	snprintf(host, sizeof(host), "listen:5005 loop:%u accept send:1000 close", n);
	both(HOST, guest, host, 60000);
	tell("%u connects, 2 processors", n);
}

static void speaks_first_guest(void)
{
	unsigned n = turns(300);
	char guest[128], host[128];

	snprintf(guest, sizeof(guest),
		 "buffer:16384 listen:5006 loop:%u accept send:1000 shut:w close", n);
	snprintf(host, sizeof(host), "loop:%u connect:5006 recv:1000 eof close", n);
	both(GUEST, guest, host, 60000);
	tell("%u connects", n);
}

/* Queues smaller than a page, and as small as they get. */
static void small_queues(void)
{
	both(HOST,
	     "buffer:128 connect:5007 send:10000 shut:w recv:10000 eof close "
	     "buffer:4096 connect:5007 send:50000 shut:w recv:50000 eof close "
	     "buffer:5000 connect:5007 send:50000 shut:w recv:50000 eof close",
	     "listen:5007 accept recv:10000 eof send:10000 close "
	     "accept recv:50000 eof send:50000 close accept recv:50000 eof send:50000 close",
	     30000);
}

const struct test_case stream_cases[] = {
	{ "stream.sizes.guest-connects", sizes_guest, false },
	{ "stream.sizes.host-connects", sizes_host, false },
	{ "stream.many-bytes.guest-connects-and-sends", up_guest, false },
	{ "stream.many-bytes.guest-connects-host-sends", down_guest, false },
	{ "stream.many-bytes.host-connects-guest-sends", up_host, false },
	{ "stream.many-bytes.host-connects-and-sends", down_host, false },
	{ "stream.both-ways-at-once", both_at_once, false },
	{ "stream.odd-writes", odd_writes, false },
	{ "stream.small-queues", small_queues, false },
	{ "stream.parallel.guest-connects", parallel_guest, false },
	{ "stream.parallel.host-connects", parallel_host, false },
	{ "stream.host-speaks-first", speaks_first_host, false },
	{ "stream.guest-speaks-first", speaks_first_guest, false },
	{ NULL, NULL, false },
};
