/* SPDX-License-Identifier: BSD-2-Clause */
/* Captures: whole blocks, nothing cut off, and a disk that is full. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <signal.h>
#include <unistd.h>
#include <cmocka.h>
#include <vmci/defs.h>
#include "../pcap.h"

#define CID 16u

static char name[64];

static int make_name(void **state)
{
	(void)state;
	snprintf(name, sizeof(name), "/tmp/vmci-pcap-%ld", (long)getpid());
	return 0;
}

static int remove_name(void **state)
{
	(void)state;
	unlink(name);
	return 0;
}

static struct pcap *open_it(void)
{
	char error[256];
	struct pcap *p = pcap_open(name, error, sizeof(error));

	assert_non_null(p);
	return p;
}

/* The whole file; its length in *len. */
static uint8_t *contents(size_t *len)
{
	FILE *f = fopen(name, "rb");
	struct stat st;
	uint8_t *bytes;

	assert_non_null(f);
	assert_int_equal(fstat(fileno(f), &st), 0);
	*len = (size_t)st.st_size;
	bytes = malloc(*len + 1);
	assert_int_equal(fread(bytes, 1, *len, f), *len);
	fclose(f);
	return bytes;
}

/* Walks over the blocks; counts the packets of each interface and their bytes. */
static void walk(unsigned packets[2], size_t bytes[2])
{
	size_t len, at = 0;
	uint8_t *file = contents(&len);

	packets[0] = packets[1] = 0;
	bytes[0] = bytes[1] = 0;
	assert_int_equal(vmci_get32(file), 0x0a0d0d0a);
	while (at < len) {
		uint32_t size = vmci_get32(file + at + 4), interface;

		assert_true(size >= 12 && size % 4 == 0 && size <= len - at);
		assert_int_equal(vmci_get32(file + at + size - 4), size);
		if (vmci_get32(file + at) == 6) {
			interface = vmci_get32(file + at + 8);
			assert_true(interface < 2);
			packets[interface]++;
			bytes[interface] += vmci_get32(file + at + 20);
		}
		at += size;
	}
	free(file);
}

static void send_request(struct pcap *p)
{
	uint8_t dg[VMCI_STREAM_PACKET_SIZE] = { 0 };
	const struct vmci_trace ev = { .kind = VMCI_TRACE_DATAGRAM_OUT,
				       .cid = CID,
				       .data = dg,
				       .len = sizeof(dg),
				       .result = 56 };

	vmci_put_handle(dg, vmci_handle(2, 1));
	vmci_put_handle(dg + 8, vmci_handle(CID, 1));
	vmci_put64(dg + 16, 32);
	dg[24] = 1;
	dg[25] = VMCI_STREAM_REQUEST2;
	vmci_put32(dg + 28, 5000);
	vmci_put32(dg + 32, 80);
	pcap_event(p, &ev);
}

static const struct vmci_sockaddr guest = { CID, 5000 }, host = { 2, 80 };

static void a_control_packet_is_seen_on_both_interfaces(void **state)
{
	unsigned packets[2];
	size_t bytes[2];
	struct pcap *p = open_it();

	(void)state;
	send_request(p);
	pcap_close(p);
	walk(packets, bytes);
	assert_int_equal(packets[0], 1);
	assert_int_equal(bytes[0], 32);
	assert_int_equal(packets[1], 1);
	assert_int_equal(bytes[1], 16 + 56);
}

static void a_flush_leaves_a_whole_file(void **state)
{
	unsigned packets[2];
	size_t bytes[2];
	struct pcap *p = open_it();

	(void)state;
	pcap_moved(p, guest, host, "hello", 5);
	pcap_flush(p);
	walk(packets, bytes);
	assert_int_equal(packets[0], 1);
	assert_int_equal(bytes[0], 32 + 5);
	pcap_close(p);
}

static void long_pieces_become_several_packets(void **state)
{
	const size_t len = 300000;
	uint8_t *data = calloc(1, len);
	unsigned packets[2];
	size_t bytes[2];
	struct pcap *p = open_it();

	(void)state;
	for (int i = 0; i < 10; i++)
		pcap_moved(p, host, guest, data, len);
	pcap_close(p);
	walk(packets, bytes);
	assert_int_equal(packets[0], 30);
	assert_int_equal(bytes[0], 30 * 32 + 10 * len);
	free(data);
}

static void a_full_disk_ends_the_capture_and_nothing_else(void **state)
{
	const struct rlimit small = { 100000, RLIM_INFINITY };
	static const uint8_t data[60000];
	unsigned packets[2];
	size_t bytes[2];
	struct pcap *p = open_it();

	(void)state;
	/* A limit on files instead of a full disk: part of a block is written, then nothing. */
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	pcap_moved(p, guest, host, data, sizeof(data));
	pcap_flush(p);
	for (int i = 0; i < 5; i++) {
		pcap_moved(p, guest, host, data, sizeof(data));
		pcap_flush(p);
	}
	pcap_close(p);
	walk(packets, bytes);
	assert_int_equal(packets[0], 1);
}

static void a_name_that_cannot_be_made_is_told(void **state)
{
	char error[256] = "";

	(void)state;
	assert_null(pcap_open("/nonexistent/file", error, sizeof(error)));
	assert_non_null(strstr(error, "--pcap /nonexistent/file: "));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(a_control_packet_is_seen_on_both_interfaces, remove_name),
		cmocka_unit_test_teardown(a_flush_leaves_a_whole_file, remove_name),
		cmocka_unit_test_teardown(long_pieces_become_several_packets, remove_name),
		cmocka_unit_test_teardown(a_name_that_cannot_be_made_is_told, remove_name),
		/* The last: its limit stays. */
		cmocka_unit_test_teardown(a_full_disk_ends_the_capture_and_nothing_else,
					  remove_name),
	};

	return cmocka_run_group_tests(tests, make_name, NULL);
}
