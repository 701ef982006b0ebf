/* SPDX-License-Identifier: BSD-2-Clause */
/* vsock_guest.c - vsock_guest SOCKET COMMAND...: a guest's programs, for tests with programs of the
 * host.
 *
 *   echo PORT [SIZE] accept streams for ever and send back what comes, half-closes included; SIZE
 * is the longest queue, bytes dgram-echo PORT  the same with datagrams sink PORT        accept one
 * stream, print how many bytes came connect PORT     connect to port PORT of the host, standard
 * input and output are the stream send PORT TEXT   send a datagram to PORT of the host, wait for
 * one, print it
 *
 * Says "ready" on the error output when it listens. Ends with 0, 1: an error of the sockets, which
 * it names.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <vmci/defs.h>
#include "vguest.h"

#define STREAMS 2048
#define PIECE	65536u

static uint8_t piece[PIECE];

static int fail(const char *what, int64_t rc)
{
	fprintf(stderr, "vsock_guest: %s: %s\n", what, strerror((int)-rc));
	return 1;
}

static int listen_at(struct vguest *v, uint32_t port, int backlog, uint64_t size)
{
	int fd = vmci_socket(v->sockets, VMCI_SOCK_STREAM);
	int rc = vmci_socket_bind(v->sockets, fd,
				  (struct vmci_sockaddr){ VMCI_VMADDR_CID_ANY, port });

	if (rc == 0 && size)
		rc = vmci_socket_setopt(v->sockets, fd, VMCI_SO_VM_SOCKETS_BUFFER_MAX_SIZE, size);
	if (rc == 0)
		rc = vmci_socket_listen(v->sockets, fd, (uint32_t)backlog);
	fprintf(stderr, "ready\n");
	return rc < 0 ? rc : fd;
}

struct echo {
	int fd;
	size_t len, at;
	uint8_t *rest;
	bool ended;
};

/* Returns true when something moved; *over when the stream is done. */
static bool echo_one(struct vguest *v, struct echo *e, bool *over)
{
	bool moved = false;

	for (;;) {
		int64_t n;

		while (e->at < e->len) {
			n = vmci_socket_send(v->sockets, e->fd, e->rest + e->at, e->len - e->at, 0);
			if (n <= 0) {
				*over = n != -VMCI_EAGAIN;
				return moved;
			}
			e->at += (size_t)n;
			moved = true;
		}
		if (e->ended) {
			/* What the peer has not taken yet would go with us. */
			vmci_socket_shutdown(v->sockets, e->fd, VMCI_SHUT_WR);
			*over = vmci_socket_poll(v->sockets, e->fd) & VMCI_POLLHUP;
			return moved;
		}
		n = vmci_socket_recv(v->sockets, e->fd, e->rest, PIECE, 0);
		if (n == -VMCI_EAGAIN)
			return moved;
		if (n < 0) {
			*over = true;
			return moved;
		}
		e->at = 0;
		e->len = (size_t)n;
		e->ended = n == 0;
		moved = true;
	}
}

static int echo(struct vguest *v, uint32_t port, uint64_t size)
{
	static struct echo all[STREAMS];
	int count = 0, listener = listen_at(v, port, STREAMS, size);

	if (listener < 0)
		return fail("listen", listener);
	while (vguest_turn(v, count ? 1 : 1000)) {
		int fd;

		while (count < STREAMS &&
		       (fd = vmci_socket_accept(v->sockets, listener, NULL)) >= 0)
			all[count++] = (struct echo){ .fd = fd, .rest = malloc(PIECE) };
		for (int i = 0; i < count; i++) {
			bool over = false;

			echo_one(v, &all[i], &over);
			if (!over)
				continue;
			vmci_socket_close(v->sockets, all[i].fd);
			free(all[i].rest);
			all[i--] = all[--count];
		}
	}
	return 0;
}

static int dgram_echo(struct vguest *v, uint32_t port)
{
	int fd = vmci_socket(v->sockets, VMCI_SOCK_DGRAM);
	int rc = vmci_socket_bind(v->sockets, fd,
				  (struct vmci_sockaddr){ VMCI_VMADDR_CID_ANY, port });
	static uint8_t dg[VMCI_MAX_DG_PAYLOAD_SIZE];

	if (rc)
		return fail("bind", rc);
	fprintf(stderr, "ready\n");
	while (vguest_turn(v, 1000)) {
		struct vmci_sockaddr from;
		int64_t n;

		while ((n = vmci_socket_recvfrom(v->sockets, fd, dg, sizeof(dg), 0, &from, NULL)) >=
		       0)
			vmci_socket_sendto(v->sockets, fd, dg, (size_t)n, &from);
	}
	return 0;
}

static int sink(struct vguest *v, uint32_t port)
{
	int listener = listen_at(v, port, 1, 0), fd = -1;
	uint64_t total = 0;

	while (listener >= 0 && vguest_turn(v, 1000)) {
		int64_t n = -VMCI_EAGAIN;

		if (fd < 0)
			fd = vmci_socket_accept(v->sockets, listener, NULL);
		while (fd >= 0 && (n = vmci_socket_recv(v->sockets, fd, piece, PIECE, 0)) > 0)
			total += (uint64_t)n;
		if (fd >= 0 && n != -VMCI_EAGAIN) {
			printf("%llu\n", (unsigned long long)total);
			return n ? fail("recv", n) : 0;
		}
	}
	return 1;
}

static int connect_to(struct vguest *v, uint32_t port)
{
	static uint8_t up[PIECE];
	int fd = vmci_socket(v->sockets, VMCI_SOCK_STREAM), rc;
	size_t len = 0, at = 0;
	bool in_ended = false, out_ended = false, moved = false;

	rc = vmci_socket_connect(v->sockets, fd, (struct vmci_sockaddr){ 2, port });
	while (rc == -VMCI_EINPROGRESS && !vmci_socket_poll(v->sockets, fd))
		if (!vguest_turn(v, 100))
			return 1;
	rc = rc == -VMCI_EINPROGRESS ? -vmci_socket_error(v->sockets, fd) : rc;
	if (rc)
		return fail("connect", rc);
	fcntl(0, F_SETFL, O_NONBLOCK);
	while (!out_ended || !in_ended) {
		int64_t n;

		if (!vguest_turn(v, moved ? 0 : 1))
			return 1;
		moved = false;
		if (at == len && !in_ended) {
			ssize_t got = read(0, up, sizeof(up));

			if (got == 0) {
				in_ended = true;
				vmci_socket_shutdown(v->sockets, fd, VMCI_SHUT_WR);
			}
			if (got > 0)
				at = 0, len = (size_t)got, moved = true;
		}
		while (at < len && (n = vmci_socket_send(v->sockets, fd, up + at, len - at, 0)) > 0)
			at += (size_t)n;
		while ((n = vmci_socket_recv(v->sockets, fd, piece, PIECE, 0)) > 0)
			if (fwrite(piece, 1, (size_t)n, stdout) != (size_t)n)
				return 1;
		if (n == 0)
			out_ended = true;
		else if (n != -VMCI_EAGAIN)
			return fail("recv", n);
		fflush(stdout);
	}
	vmci_socket_close(v->sockets, fd);
	return 0;
}

static int send_datagram(struct vguest *v, uint32_t port, const char *text)
{
	int fd = vmci_socket(v->sockets, VMCI_SOCK_DGRAM);
	struct vmci_sockaddr to = { 2, port }, from;
	int64_t n = vmci_socket_sendto(v->sockets, fd, text, strlen(text), &to);

	if (n < 0)
		return fail("sendto", n);
	for (int i = 0; i < 500; i++) {
		vguest_turn(v, 10);
		n = vmci_socket_recvfrom(v->sockets, fd, piece, PIECE, 0, &from, NULL);
		if (n >= 0) {
			printf("%.*s from %u:%u\n", (int)n, (const char *)piece, from.cid,
			       from.port);
			return 0;
		}
	}
	return fail("recvfrom", n);
}

int main(int argc, char **argv)
{
	struct vguest *v;
	uint32_t port;
	int rc = 2;

	if (argc < 4) {
		fprintf(stderr, "usage: vsock_guest SOCKET COMMAND PORT [TEXT]\n");
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	v = vguest_open(argv[1]);
	if (!v)
		return 2;
	port = (uint32_t)strtoul(argv[3], NULL, 10);
	if (strcmp(argv[2], "echo") == 0)
		rc = echo(v, port, argc > 4 ? strtoull(argv[4], NULL, 10) : 0);
	else if (strcmp(argv[2], "dgram-echo") == 0)
		rc = dgram_echo(v, port);
	else if (strcmp(argv[2], "sink") == 0)
		rc = sink(v, port);
	else if (strcmp(argv[2], "connect") == 0)
		rc = connect_to(v, port);
	else if (strcmp(argv[2], "send") == 0 && argc > 4)
		rc = send_datagram(v, port, argv[4]);
	vguest_close(v);
	return rc;
}
