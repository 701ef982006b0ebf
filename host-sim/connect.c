/* SPDX-License-Identifier: BSD-2-Clause */
/* connect.c - vmci-sim connect: standard input and output as a stream to a guest's socket. */
#include "connect.h"
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define CHUNK	   65536
#define LINE_BYTES 64

static int complain(const char *what, const char *why)
{
	fprintf(stderr, "vmci-sim: connect: %s: %s\n", what, why);
	return 1;
}

static int usage(const char *what, const char *expected)
{
	fprintf(stderr, "vmci-sim: connect: %s: expected %s\n", what, expected);
	return 2;
}

/* One direction: bytes wait in buf between a readable and a writable descriptor. */
struct flow {
	int from, to; /* < 0: ended */
	size_t at, len;
	bool to_socket;
	char buf[CHUNK];
};

static bool write_all(int fd, const char *text, size_t len)
{
	while (len) {
		ssize_t n = write(fd, text, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		text += n;
		len -= (size_t)n;
	}
	return true;
}

/* "OK <port>\n", byte by byte: what follows it belongs to the stream. */
static bool accepted(int fd)
{
	char line[LINE_BYTES];
	size_t len = 0;

	while (len < sizeof(line) - 1) {
		ssize_t n = read(fd, line + len, 1);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		if (line[len++] == '\n')
			return len > 3 && memcmp(line, "OK ", 3) == 0;
	}
	return false;
}

/* False: the stream broke. */
static bool move(struct flow *f, short revents)
{
	ssize_t n;

	if (!revents)
		return true;
	if (f->at == f->len) {
		n = read(f->from, f->buf, sizeof(f->buf));
		if (n < 0)
			return errno == EINTR || errno == EAGAIN;
		f->at = 0;
		f->len = (size_t)n;
		if (n == 0) {
			if (f->to_socket)
				shutdown(f->to, SHUT_WR);
			f->from = -1;
		}
		return true;
	}
	n = write(f->to, f->buf + f->at, f->len - f->at);
	if (n < 0)
		return errno == EINTR || errno == EAGAIN;
	f->at += (size_t)n;
	return true;
}

static struct pollfd wish(const struct flow *f)
{
	bool full = f->at < f->len;
	struct pollfd p = { .fd = full ? f->to : f->from, .events = full ? POLLOUT : POLLIN };

	return p;
}

/* Until the guest has ended its side. */
static int pump(int fd)
{
	static struct flow up, down;

	up = (struct flow){ .from = STDIN_FILENO, .to = fd, .to_socket = true };
	down = (struct flow){ .from = fd, .to = STDOUT_FILENO };
	while (down.from >= 0 || down.at < down.len) {
		struct pollfd p[2] = { wish(&up), wish(&down) };

		if (poll(p, 2, -1) < 0 && errno != EINTR)
			return complain("poll", strerror(errno));
		/* The guest takes no more: what it still says is heard. */
		if (up.from >= 0 && !move(&up, p[0].revents)) {
			up.from = -1;
			up.at = up.len;
		}
		if (!move(&down, p[1].revents))
			return complain("the stream broke off", strerror(errno));
	}
	return 0;
}

static bool port_of(const char *text, uint32_t *port)
{
	char *end;
	unsigned long n;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	n = strtoul(text, &end, 10);
	*port = (uint32_t)n;
	return !errno && !*end && n < UINT32_MAX;
}

int connect_main(int argc, char **argv)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	char line[LINE_BYTES];
	uint32_t port;
	int fd;

	if (argc != 3)
		return usage(argc < 3 ? "an argument is missing" : argv[3],
			     "vmci-sim connect PATH PORT, PATH as given to --vsock-uds");
	if (strlen(argv[1]) >= sizeof(addr.sun_path))
		return usage(argv[1], "a path of at most 107 bytes");
	if (!port_of(argv[2], &port))
		return usage(argv[2], "a port of the guest, 0 to 4294967294");
	strcpy(addr.sun_path, argv[1]);
	signal(SIGPIPE, SIG_IGN);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&addr, sizeof(addr)))
		return complain(argv[1], strerror(errno));
	snprintf(line, sizeof(line), "CONNECT %u\n", port);
	if (!write_all(fd, line, strlen(line)) || !accepted(fd)) {
		snprintf(line, sizeof(line), "port %u of the guest", port);
		return complain(line, "refused; nobody listens, or no guest is there");
	}
	return pump(fd);
}
