/* SPDX-License-Identifier: BSD-2-Clause */
/* main.c - served SOCKET: what a served device costs, beside a bare UNIX socket.
 *
 * The yardstick is a pair of processes that pass 32 bytes there and 20 back, as a register read
 * does without any work in between. Both are measured in turn; the median of the rounds counts.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <vmci/defs.h>
#include <vmci/wire.h>
#include "../../vfu_client.h"

#define ROUNDS	   9
#define COUNT	   2000
#define REQUEST	   32
#define REPLY	   20
#define TIMEOUT_MS 5000

struct served {
	struct vfuc *c;
	int bare; /* our end of the socket pair */
	uint64_t buffer;
};

static double now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* The other end of the bare socket: answers until it is closed. */
static int start_bare(pid_t *child)
{
	int fds[2];
	char buf[REQUEST];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds))
		return -1;
	*child = fork();
	if (*child != 0) {
		close(fds[1]);
		return *child < 0 ? -1 : fds[0];
	}
	close(fds[0]);
	while (recv(fds[1], buf, sizeof(buf), MSG_WAITALL) == (ssize_t)sizeof(buf))
		if (send(fds[1], buf, REPLY, MSG_NOSIGNAL) != REPLY)
			break;
	_exit(0);
}

static int bare(struct served *s)
{
	char buf[REQUEST] = { 0 };

	return send(s->bare, buf, REQUEST, MSG_NOSIGNAL) == REQUEST &&
			       recv(s->bare, buf, REPLY, MSG_WAITALL) == REPLY
		       ? 0
		       : -1;
}

static int read_register(struct served *s)
{
	uint8_t raw[4];

	return vfuc_read(s->c, VFUC_BAR0, VMCI_RESULT_LOW_ADDR, raw, 4);
}

static void put_call(uint8_t *dg)
{
	memset(dg, 0, VMCI_DATAGRAM_SIZE);
	vmci_put32(dg + VMCI_DATAGRAM_DST_RESOURCE, VMCI_GET_CONTEXT_ID);
	memset(dg + VMCI_DATAGRAM_SRC_CONTEXT, 0xff, VMCI_HANDLE_SIZE);
}

static int call_by_ports(struct served *s)
{
	uint8_t dg[VMCI_DATAGRAM_SIZE];

	put_call(dg);
	for (size_t i = 0; i < sizeof(dg); i++)
		if (vfuc_write(s->c, VFUC_BAR0, VMCI_DATA_OUT_ADDR, dg + i, 1))
			return -1;
	return read_register(s);
}

/* As a driver does it: one posted write, two reads. */
static int call_by_dma(struct served *s)
{
	uint8_t *b = vfuc_memory(s->c, s->buffer, 4096), raw[4];

	memset(b, 0, VMCI_DMA_HEADER_SIZE);
	vmci_put32(b + VMCI_DMA_HEADER_SIZE_FIELD, VMCI_DATAGRAM_SIZE);
	put_call(b + VMCI_DMA_HEADER_DATA);
	vmci_put32(b + VMCI_DMA_HEADER_BUSY, 1);
	vmci_put32(raw, (uint32_t)s->buffer);
	if (vfuc_write_posted(s->c, VFUC_BAR1, VMCI_MMIO_ACCESS_OFFSET + VMCI_DATA_OUT_LOW_ADDR,
			      raw, 4))
		return -1;
	for (int i = 0; i < 2; i++)
		if (vfuc_read(s->c, VFUC_BAR1, VMCI_MMIO_ACCESS_OFFSET + VMCI_RESULT_LOW_ADDR, raw,
			      4))
			return -1;
	return vmci_get32(b + VMCI_DMA_HEADER_BUSY) ? -1 : 0;
}

static int prepare(struct served *s)
{
	uint8_t raw[4];

	s->buffer = VFUC_LOW_BASE;
	vmci_put32(raw, VMCI_CAPS_DATAGRAM | VMCI_CAPS_DMA_DATAGRAM);
	return vfuc_cfg_write(s->c, 16, 4, 7) ||
	       vfuc_write(s->c, VFUC_BAR1, VMCI_MMIO_ACCESS_OFFSET + VMCI_CAPS_ADDR, raw, 4);
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static int measure(struct served *s)
{
	static const struct {
		const char *name;
		int (*fn)(struct served *s);
		int part; /* of COUNT */
	} subjects[] = { { "bare socket, 32 bytes there and 20 back", bare, 1 },
			 { "register read", read_register, 1 },
			 { "hypercall through the ports", call_by_ports, 10 },
			 { "hypercall by DMA", call_by_dma, 2 } };
	double ns[4][ROUNDS];

	for (int round = 0; round < ROUNDS; round++)
		for (int k = 0; k < 4; k++) {
			int count = COUNT / subjects[k].part;
			double start = now_ns();

			for (int i = 0; i < count; i++)
				if (subjects[k].fn(s)) {
					fprintf(stderr, "served: %s: %s\n", subjects[k].name,
						vfuc_error(s->c));
					return 2;
				}
			ns[k][round] = (now_ns() - start) / count;
		}
	printf("%-42s %10s %10s %8s\n", "served over vfio-user, median", "us", "a second", "ratio");
	for (int k = 0; k < 4; k++)
		qsort(ns[k], ROUNDS, sizeof(double), compare);
	for (int k = 0; k < 4; k++)
		printf("%-42s %10.1f %10.0f %8.2f\n", subjects[k].name, ns[k][ROUNDS / 2] / 1e3,
		       1e9 / ns[k][ROUNDS / 2], ns[k][ROUNDS / 2] / ns[0][ROUNDS / 2]);
	return 0;
}

int main(int argc, char **argv)
{
	struct served s = { 0 };
	char error[128];
	pid_t child = 0;
	int rc = 2;

	if (argc != 2 || argv[1][0] == '-') {
		fprintf(stderr, "usage: served SOCKET\n");
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	s.c = vfuc_open(argv[1], TIMEOUT_MS, error, sizeof(error));
	if (!s.c) {
		fprintf(stderr, "served: %s\n", error);
		return 2;
	}
	s.bare = start_bare(&child);
	if (s.bare < 0 || prepare(&s))
		fprintf(stderr, "served: the device cannot be prepared\n");
	else
		rc = measure(&s);
	if (s.bare >= 0)
		close(s.bare);
	if (child > 0)
		waitpid(child, NULL, 0);
	vfuc_close(s.c);
	return rc;
}
