/* SPDX-License-Identifier: BSD-2-Clause */
/* Rules about sockets: packets of streams, their form and their order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>
#include "cases.h"

#define HOST VMCI_HOST_CONTEXT_ID
#define SIZE 4096u

struct body {
	uint8_t type, version;
	uint16_t proto;
	uint32_t src_port, dst_port, reserved;
	uint64_t value, offset;
};

static size_t put_body(uint8_t *to, const struct body *b)
{
	const int head = VMCI_DATAGRAM_SIZE;

	to[VMCI_STREAM_PACKET_VERSION - head] = b->version ? b->version : 1;
	to[VMCI_STREAM_PACKET_TYPE - head] = b->type;
	vmci_put16(to + VMCI_STREAM_PACKET_PROTO - head, b->proto);
	vmci_put32(to + VMCI_STREAM_PACKET_SRC_PORT - head, b->src_port ? b->src_port : 5000);
	vmci_put32(to + VMCI_STREAM_PACKET_DST_PORT - head, b->dst_port ? b->dst_port : 80);
	vmci_put32(to + VMCI_STREAM_PACKET_RESERVED - head, b->reserved);
	vmci_put64(to + VMCI_STREAM_PACKET_VALUE - head, b->value);
	vmci_put64(to + VMCI_STREAM_PACKET_OFFSET - head, b->offset);
	return VMCI_STREAM_PACKET_SIZE - head;
}

/* From port 5000 of the guest to port 80 of the host. */
static void sends(struct world *w, struct body b)
{
	uint8_t bytes[32];
	size_t n = put_body(bytes, &b);

	send_dg(w, vmci_handle(HOST, 1), vmci_handle(CID, 1), bytes, n, 56);
}

/* And back. */
static void gets(struct world *w, struct body b)
{
	uint8_t bytes[32];
	uint32_t words[8];

	b.src_port = 80;
	b.dst_port = 5000;
	put_body(bytes, &b);
	for (int i = 0; i < 8; i++)
		words[i] = vmci_get32(bytes + 4 * i);
	deliver(w, vmci_handle(CID, 1), vmci_handle(HOST, 1), 8, words);
}

static void asks(struct world *w)
{
	start_ports(w);
	sends(w, (struct body){ .type = VMCI_STREAM_REQUEST2, .proto = 1, .value = SIZE });
}

static uint64_t name(uint32_t resource)
{
	return (uint64_t)resource << 32 | CID;
}

/* ---- form ------------------------------------------------------------------------------- */

static void connect_good(struct world *w)
{
	asks(w);
	gets(w, (struct body){ .type = VMCI_STREAM_NEGOTIATE2, .proto = 1, .value = SIZE });
	alloc_pair(w, 0x400, 0x4000);
	sends(w, (struct body){ .type = VMCI_STREAM_OFFER, .value = name(0x400) });
	gets(w, (struct body){ .type = VMCI_STREAM_ATTACH, .value = name(0x400) });
	sends(w, (struct body){ .type = VMCI_STREAM_WROTE });
	sends(w, (struct body){ .type = VMCI_STREAM_SHUTDOWN, .value = 3 });
	detach_pair(w, 0x400);
}

#define ONE(test, ...)                                                                             \
	static void test(struct world *w)                                                          \
	{                                                                                          \
		start_ports(w);                                                                    \
		sends(w, (struct body){ __VA_ARGS__ });                                            \
	}

ONE(pkt_1_bad_version, .type = VMCI_STREAM_RST, .version = 2)
ONE(pkt_1_bad_reserved, .type = VMCI_STREAM_RST, .reserved = 1)
ONE(pkt_1_bad_proto, .type = VMCI_STREAM_WROTE, .proto = 1)
ONE(pkt_1_bad_value, .type = VMCI_STREAM_READ, .value = 1)
ONE(pkt_1_bad_offset, .type = VMCI_STREAM_SHUTDOWN, .value = 3, .offset = 9)
ONE(pkt_1_bad_type, .type = 13, .value = 1)
ONE(conn_1_bad, .type = VMCI_STREAM_REQUEST, .value = SIZE)
ONE(conn_1_bad_size, .type = VMCI_STREAM_REQUEST2, .proto = 1)
ONE(end_4_bad, .type = VMCI_STREAM_SHUTDOWN, .value = 0)

static void pkt_1_bad_size(struct world *w)
{
	static const uint8_t bytes[24];

	start_ports(w);
	send_dg(w, vmci_handle(HOST, 1), vmci_handle(CID, 1), bytes, sizeof(bytes), 48);
}

static void resources_are(struct world *w, uint32_t to, uint32_t from)
{
	const struct body b = { .type = VMCI_STREAM_RST };
	uint8_t bytes[32];
	size_t n = put_body(bytes, &b);

	start_ports(w);
	send_dg(w, vmci_handle(HOST, to), vmci_handle(CID, from), bytes, n, 56);
}

static void pkt_2_bad(struct world *w)
{
	resources_are(w, 15, 1);
}

static void pkt_3_bad(struct world *w)
{
	resources_are(w, 1, 0x400);
}

/* ---- the guest connects ----------------------------------------------------------------- */

/* Only a peer that does not understand REQUEST2 is asked the old way. */
static void conn_1_good(struct world *w)
{
	asks(w);
	gets(w, (struct body){ .type = VMCI_STREAM_INVALID });
	sends(w, (struct body){ .type = VMCI_STREAM_REQUEST, .value = SIZE });
}

static void conn_2_bad(struct world *w)
{
	asks(w);
	gets(w, (struct body){ .type = VMCI_STREAM_NEGOTIATE2, .proto = 1, .value = 2 * SIZE });
	alloc_pair(w, 0x400, 0x4000);
	sends(w, (struct body){ .type = VMCI_STREAM_OFFER, .value = name(0x400) });
}

static void answered(struct world *w, uint16_t proto, uint64_t size, uint8_t reply)
{
	asks(w);
	gets(w, (struct body){ .type = VMCI_STREAM_NEGOTIATE2, .proto = proto, .value = size });
	sends(w, (struct body){ .type = reply,
				.value = reply == VMCI_STREAM_OFFER ? name(0x400) : 0 });
}

static void conn_2_bad_name(struct world *w)
{
	answered(w, 1, SIZE, VMCI_STREAM_OFFER);
}

static void conn_5_good(struct world *w)
{
	answered(w, 2, SIZE, VMCI_STREAM_RST);
}

static void conn_5_bad(struct world *w)
{
	answered(w, 3, SIZE, VMCI_STREAM_OFFER);
}

static void conn_6_good(struct world *w)
{
	answered(w, 1, 0, VMCI_STREAM_RST);
}

static void conn_6_bad(struct world *w)
{
	answered(w, 1, 0, VMCI_STREAM_OFFER);
}

/* ---- the guest listens ------------------------------------------------------------------ */

static const struct body request2 = { .type = VMCI_STREAM_REQUEST2, .proto = 1, .value = SIZE };
static const struct body request = { .type = VMCI_STREAM_REQUEST, .value = SIZE };
static const struct body nothing = { .type = VMCI_STREAM_REQUEST2, .proto = 1 };
static const struct body negotiate2 = { .type = VMCI_STREAM_NEGOTIATE2, .proto = 1, .value = SIZE };
static const struct body negotiate = { .type = VMCI_STREAM_NEGOTIATE, .value = SIZE };
static const struct body other = { .type = VMCI_STREAM_NEGOTIATE2, .proto = 2, .value = SIZE };
static const struct body rst = { .type = VMCI_STREAM_RST };

/* The host asks with one packet, the guest answers with another. */
#define ASKED(test, question, answer)                                                              \
	static void test(struct world *w)                                                          \
	{                                                                                          \
		start_ports(w);                                                                    \
		gets(w, question);                                                                 \
		sends(w, answer);                                                                  \
	}

ASKED(listen_1_good, request2, negotiate2)
ASKED(listen_1_bad, request2, negotiate)
ASKED(listen_3_bad, request2, other)
ASKED(listen_4_good, nothing, rst)
ASKED(listen_4_bad, nothing, negotiate2)
ASKED(listen_5_good, request, negotiate)
ASKED(listen_5_bad, request, negotiate2)

static void offered(struct world *w, uint64_t handle, uint8_t type, uint64_t value)
{
	listen_1_good(w);
	gets(w, (struct body){ .type = VMCI_STREAM_OFFER, .value = handle });
	sends(w, (struct body){ .type = type, .value = value });
}

static void listen_7_good(struct world *w)
{
	offered(w, name(0x400), VMCI_STREAM_ATTACH, name(0x400));
}

static void listen_7_bad(struct world *w)
{
	offered(w, name(0x400), VMCI_STREAM_ATTACH, name(0x401));
}

static void listen_8_good(struct world *w)
{
	offered(w, UINT64_MAX, VMCI_STREAM_RST, 0);
}

static void listen_8_bad(struct world *w)
{
	offered(w, UINT64_MAX, VMCI_STREAM_ATTACH, UINT64_MAX);
}

/* ---- the table -------------------------------------------------------------------------- */

static const struct rule_case cases[] = {
	{ RULE_STREAM_PKT_1, connect_good, pkt_1_bad_version },
	{ RULE_STREAM_PKT_1, connect_good, pkt_1_bad_reserved },
	{ RULE_STREAM_PKT_1, connect_good, pkt_1_bad_proto },
	{ RULE_STREAM_PKT_1, connect_good, pkt_1_bad_value },
	{ RULE_STREAM_PKT_1, connect_good, pkt_1_bad_offset },
	{ RULE_STREAM_PKT_1, connect_good, pkt_1_bad_type },
	{ RULE_STREAM_PKT_1, connect_good, pkt_1_bad_size },
	{ RULE_STREAM_PKT_2, connect_good, pkt_2_bad },
	{ RULE_STREAM_PKT_3, connect_good, pkt_3_bad },
	{ RULE_STREAM_CONN_1, connect_good, conn_1_bad },
	{ RULE_STREAM_CONN_1, conn_1_good, conn_1_bad_size },
	{ RULE_STREAM_CONN_2, connect_good, conn_2_bad },
	{ RULE_STREAM_CONN_2, connect_good, conn_2_bad_name },
	{ RULE_STREAM_CONN_5, conn_5_good, conn_5_bad },
	{ RULE_STREAM_CONN_6, conn_6_good, conn_6_bad },
	{ RULE_STREAM_LISTEN_1, listen_1_good, listen_1_bad },
	{ RULE_STREAM_LISTEN_3, listen_1_good, listen_3_bad },
	{ RULE_STREAM_LISTEN_4, listen_4_good, listen_4_bad },
	{ RULE_STREAM_LISTEN_5, listen_5_good, listen_5_bad },
	{ RULE_STREAM_LISTEN_7, listen_7_good, listen_7_bad },
	{ RULE_STREAM_LISTEN_8, listen_8_good, listen_8_bad },
	{ RULE_STREAM_END_4, connect_good, end_4_bad },
};
#define CASES (sizeof(cases) / sizeof(cases[0]))

CASES_TESTS(cases)

static void every_rule_has_a_case(void **state)
{
	(void)state;
	cases_cover(cases, CASES, RULE_STREAM_PKT_1, RULE_STREAM_END_4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASES_TEST_LIST,
		cmocka_unit_test(every_rule_has_a_case),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
