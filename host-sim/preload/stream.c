/* SPDX-License-Identifier: BSD-2-Clause */
/* stream.c - streams of libvmci-vsock.so. */
#include "call.h"
#include "real.h"
#include "sock.h"
#include "../bridge_line.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define TRIES	   64u
#define FIRST_PORT 1024u

static uint64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000u + (uint64_t)t.tv_nsec / 1000u;
}

int unix_connect(int fd, const char *path)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };

	memcpy(at.sun_path, path, strnlen(path, sizeof(at.sun_path) - 1));
	return REAL(connect)(fd, (const struct sockaddr *)&at, sizeof(at));
}

int wait_readable(int fd, uint64_t us)
{
	uint64_t end = now_us() + us;

	for (;;) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		uint64_t now = now_us();
		int n = REAL(poll)(&p, 1, now < end ? (int)((end - now + 999) / 1000) : 0);

		if (n > 0)
			return 0;
		if (n == 0)
			return fail(ETIMEDOUT);
		if (errno != EINTR)
			return -1;
	}
}

void replace(int fd, int type)
{
	int descriptor = REAL(fcntl)(fd, F_GETFD), status = REAL(fcntl)(fd, F_GETFL);
	int error = errno, fresh = REAL(socket)(AF_UNIX, type, 0);

	if (fresh >= 0) {
		REAL(fcntl)(fresh, F_SETFL, status);
		REAL(dup3)(fresh, fd, descriptor & FD_CLOEXEC ? O_CLOEXEC : 0);
		REAL(close)(fresh);
		state_renew(fd);
	}
	errno = error;
}

/* ---- bind ---- */

/* A name that a dead program left is removed. Returns 0 when the name may be free now. */
static int clear_name(const char *path)
{
	struct stat st;
	int fd, taken;

	if (lstat(path, &st))
		return 0;
	if (S_ISLNK(st.st_mode) && stat(path, &st))
		return unlink(path);
	if (!S_ISSOCK(st.st_mode))
		return fail(EADDRINUSE);
	/* Of another type, so that a living listener sees no connection. */
	fd = REAL(socket)(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	taken = unix_connect(fd, path) == 0 || errno != ECONNREFUSED;
	REAL(close)(fd);
	return taken ? fail(EADDRINUSE) : unlink(path);
}

/* One socket, and links to it from the names of the other machines. */
static int make_names(int fd, uint32_t port)
{
	const struct machine *m;
	unsigned n = state_machines(&m), made = 0;
	struct sockaddr_un first, other;
	int rc, error;

	bridge_address(&first, m[0].path, port);
	rc = clear_name(first.sun_path);
	if (rc == 0)
		rc = REAL(bind)(fd, (const struct sockaddr *)&first, sizeof(first));
	if (rc)
		return -1;
	rc = chmod(first.sun_path, 0600);
	for (made = 1; rc == 0 && made < n; made++) {
		bridge_address(&other, m[made].path, port);
		rc = clear_name(other.sun_path);
		if (rc == 0)
			rc = symlink(first.sun_path, other.sun_path);
		if (rc)
			break;
	}
	if (rc == 0)
		return 0;
	error = errno == EEXIST ? EADDRINUSE : errno;
	while (made-- > 0) {
		bridge_address(&other, m[made].path, port);
		unlink(other.sun_path);
	}
	replace(fd, SOCK_STREAM);
	return fail(error);
}

int stream_bind(int fd, struct entry *e, struct addr at)
{
	bool any = at.port == VSOCK_ANY;
	int rc = -1;

	if (e->is_bound)
		return fail(EINVAL);
	if (at.cid != VSOCK_ANY && at.cid != VSOCK_HOST && at.cid != VSOCK_LOCAL)
		return fail(EADDRNOTAVAIL);
	for (unsigned i = 0; i < (any ? TRIES : 1); i++) {
		if (any)
			at.port =
				FIRST_PORT + (uint32_t)(now_us() * 2654435761u >> 8) % 0x7ffff000u;
		rc = make_names(fd, at.port);
		if (rc == 0 || errno != EADDRINUSE)
			break;
	}
	if (rc)
		return -1;
	e->owner = getpid();
	e->is_bound = true;
	e->local = at;
	return 0;
}

/* ---- connect ---- */

/* "OK PORT\n", byte by byte: what comes behind it is the program's. */
static int read_ok(int fd, uint64_t us, uint32_t *port)
{
	uint64_t end = now_us() + us;
	char text[BRIDGE_LINE_MAX];
	size_t have = 0;

	for (;;) {
		uint64_t now = now_us();
		ssize_t n;

		if (wait_readable(fd, now < end ? end - now : 0))
			return -1;
		n = REAL(recv)(fd, text + have, 1, MSG_DONTWAIT);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			continue;
		if (n <= 0)
			return fail(now_us() - (end - us) >= BRIDGE_CONNECT_US ? ETIMEDOUT
									       : ECONNRESET);
		if (text[have] == '\n')
			break;
		if (++have == sizeof(text))
			return fail(EPROTO);
	}
	if (have < 4 || memcmp(text, "OK ", 3) != 0 ||
	    !bridge_number(text + 3, have - 3, VSOCK_ANY, port))
		return fail(EPROTO);
	return 0;
}

static int connect_machine(int fd, struct entry *e, const struct machine *m, uint32_t port)
{
	char line[BRIDGE_LINE_MAX];
	uint32_t own = 0;
	int n = snprintf(line, sizeof(line), "CONNECT %" PRIu32 "\n", port);

	if (unix_connect(fd, m->path))
		return fail(errno == ENOENT || errno == ECONNREFUSED ? ENODEV : errno);
	if (REAL(send)(fd, line, (size_t)n, MSG_NOSIGNAL) != n)
		return fail(ECONNRESET);
	if (read_ok(fd, e->connect_us, &own))
		return -1;
	e->local = (struct addr){ VSOCK_HOST, own };
	return 0;
}

/* A program of this host. */
static int connect_local(int fd, struct entry *e, uint32_t port)
{
	const struct machine *m;
	struct sockaddr_un at;

	state_machines(&m);
	bridge_address(&at, m[0].path, port);
	if (unix_connect(fd, at.sun_path))
		return fail(errno == ENOENT || errno == ECONNREFUSED ? ECONNRESET : errno);
	if (!e->is_bound)
		e->local = (struct addr){ VSOCK_HOST, FIRST_PORT + (uint32_t)fd };
	return 0;
}

int stream_connect(int fd, struct entry *e, struct addr to)
{
	const struct machine *m = state_machine(to.cid);
	int rc;

	if (e->is_connected)
		return fail(EISCONN);
	if (e->is_listening || to.port == VSOCK_ANY)
		return fail(EINVAL);
	if (m)
		rc = connect_machine(fd, e, m, to.port);
	else if (to.cid == VSOCK_HOST || to.cid == VSOCK_LOCAL)
		rc = connect_local(fd, e, to.port);
	else
		return fail(ENODEV);
	if (rc) {
		int error = errno;

		/* The bridge goes on waiting while it sees us. */
		if (e->is_bound)
			REAL(shutdown)(fd, SHUT_RDWR);
		else
			replace(fd, SOCK_STREAM);
		return fail(error);
	}
	e->is_connected = true;
	e->peer = to;
	return 0;
}

void stream_accepted(int fd, struct entry *e, const struct entry *listener)
{
	const struct machine *m;
	struct sockaddr_un name = { 0 };
	socklen_t len = sizeof(name);
	unsigned cid = 0, port = 0;

	e->is_connected = true;
	e->local = (struct addr){ VSOCK_HOST, listener->local.port };
	e->size = listener->size;
	e->size_min = listener->size_min;
	e->size_max = listener->size_max;
	/* Without a name, as from another monitor than vmci-sim, it can only be the first machine.
	 */
	state_machines(&m);
	e->peer = (struct addr){ m[0].cid, FIRST_PORT + (uint32_t)fd };
	if (REAL(getpeername)(fd, (struct sockaddr *)&name, &len) ||
	    len <= offsetof(struct sockaddr_un, sun_path))
		return;
	name.sun_path[sizeof(name.sun_path) - 1] = '\0';
	if (name.sun_path[0] == '\0' && sscanf(name.sun_path + 1, "vmci/%u:%u/", &cid, &port) == 2)
		e->peer = (struct addr){ cid, port };
	else if (name.sun_path[0] == '/')
		e->peer.cid = VSOCK_HOST;
}

int stream_shutdown(int fd, int how)
{
	char gone[4096];

	if (REAL(shutdown)(fd, how))
		return -1;
	/* A vsock socket shows none of it any more, and a full UNIX socket would keep vmci-sim from
	 * seeing that nobody reads. */
	while (how != SHUT_WR && REAL(recv)(fd, gone, sizeof(gone), MSG_DONTWAIT) > 0)
		;
	return 0;
}
