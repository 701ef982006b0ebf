/* SPDX-License-Identifier: BSD-2-Clause */
/* ops.c - the operations of a script. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include "ops.h"

#define CHUNK (256u << 10)

static uint8_t buf[CHUNK], expected[CHUNK];

uint64_t program_number(struct program *p, unsigned i)
{
	char *end;
	uint64_t n;

	if (i >= p->nargs)
		program_fails(p, "argument %u is missing", i);
	n = strtoull(p->args[i], &end, 0);
	if (*end)
		program_fails(p, "%s is no number", p->args[i]);
	return n;
}

static uint64_t number_or(struct program *p, unsigned i, uint64_t otherwise)
{
	return i < p->nargs ? program_number(p, i) : otherwise;
}

/* Is the error e, as a name, one of the wanted ones? */
static bool is_wanted(const struct program *p, int e)
{
	const char *name = strerrorname_np(e), *at = p->want_error;
	size_t len = name ? strlen(name) : 0;

	for (; at && name; at = strchr(at, '|') ? strchr(at, '|') + 1 : NULL)
		if (!strncmp(at, name, len) && (at[len] == '\0' || at[len] == '|'))
			return true;
	return false;
}

/* Judge the result of an operation: negative errno or not. Returns whether it succeeded. */
static bool settle(struct program *p, int64_t rc)
{
	if (rc >= 0 && p->want_error)
		program_fails(p, "succeeded");
	if (rc < 0 && !is_wanted(p, (int)-rc))
		program_fails(p, "%s, %llu bytes in, %llu out",
			      strerrorname_np((int)-rc) ? strerrorname_np((int)-rc) : "?",
			      (unsigned long long)p->in.bytes, (unsigned long long)p->out.bytes);
	return rc >= 0;
}

static void forget(struct program *p)
{
	p->total.rx += p->in.bytes;
	p->total.tx += p->out.bytes;
	p->total.rx_hash += sum_end(&p->in);
	p->total.tx_hash += sum_end(&p->out);
	memset(&p->in, 0, sizeof(p->in));
	memset(&p->out, 0, sizeof(p->out));
	p->stream = -1;
}

void op_close(struct program *p)
{
	if (p->stream >= 0)
		close(p->stream);
	forget(p);
}

void op_leave(struct program *p)
{
	if (p->stream >= 0)
		close(p->stream);
	p->stream = -1;
}

static void adopt(struct program *p, int64_t fd)
{
	if (!settle(p, fd))
		return;
	if (p->stream >= 0)
		op_close(p);
	p->stream = (int)fd;
}

static void op_connect(struct program *p)
{
	uint64_t start = now_us();
	int fd = place_connect(&p->place, (uint32_t)program_number(p, 1), p->buffer);

	start = now_us() - start;
	if (start > p->total.slowest_us)
		p->total.slowest_us = start;
	adopt(p, fd);
}

static void op_accept(struct program *p)
{
	int fd;

	do
		fd = accept(p->listener, NULL, NULL);
	while (fd < 0 && errno == EINTR);
	adopt(p, fd < 0 ? -errno : fd);
}

static void op_listen(struct program *p)
{
	int fd = place_listen(&p->place, (uint32_t)program_number(p, 1), (int)number_or(p, 2, 128),
			      p->buffer);

	if (settle(p, fd)) {
		p->listener = fd;
		program_says(p, "up", "");
	}
}

static void write_all(struct program *p, const uint8_t *src, size_t len)
{
	while (len) {
		ssize_t n = send(p->stream, src, len, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			settle(p, -errno);
			return;
		}
		sum_add(&p->out, src, (size_t)n);
		src += n;
		len -= (size_t)n;
	}
}

/* With an error that is wanted, N is the most that may be sent before it comes. */
static void op_send(struct program *p)
{
	uint64_t left = program_number(p, 1), chunk = number_or(p, 2, CHUNK);

	for (uint64_t at = p->out.bytes; left; at = p->out.bytes) {
		uint64_t n = left < chunk ? left : chunk;

		if (n > CHUNK)
			n = CHUNK;
		pattern_fill(p->seed, at, buf, n);
		write_all(p, buf, n);
		if (p->out.bytes != at + n)
			return;
		left -= n;
	}
	settle(p, 0);
}

/* Read at most len bytes, compare them. Returns 0 at the end, negative errno. */
static int64_t read_some(struct program *p, uint64_t len)
{
	uint64_t at = p->in.bytes;
	ssize_t n;

	do
		n = recv(p->stream, buf, len < CHUNK ? len : CHUNK, 0);
	while (n < 0 && errno == EINTR);
	if (n <= 0)
		return n < 0 ? -errno : 0;
	sum_add(&p->in, buf, (size_t)n);
	pattern_fill(p->seed, at, expected, (size_t)n);
	if (memcmp(buf, expected, (size_t)n)) {
		size_t i = 0;

		while (buf[i] == expected[i])
			i++;
		program_fails(p, "byte %llu is %02x instead of %02x", (unsigned long long)(at + i),
			      buf[i], expected[i]);
	}
	return n;
}

static void op_recv(struct program *p)
{
	uint64_t left = program_number(p, 1), chunk = number_or(p, 2, CHUNK);

	while (left) {
		int64_t n = read_some(p, left < chunk ? left : chunk);

		if (n < 0) {
			settle(p, n);
			return;
		}
		if (n == 0)
			program_fails(p, "ends %llu bytes early", (unsigned long long)left);
		left -= (uint64_t)n;
	}
	settle(p, 0);
}

static void op_drain(struct program *p)
{
	int64_t n;

	do
		n = read_some(p, CHUNK);
	while (n > 0);
	settle(p, n);
}

static void op_eof(struct program *p)
{
	ssize_t n;

	do
		n = recv(p->stream, buf, 1, 0);
	while (n < 0 && errno == EINTR);
	if (settle(p, n < 0 ? -errno : 0) && n > 0)
		program_fails(p, "a byte instead of the end after %llu",
			      (unsigned long long)p->in.bytes);
}

/* Send N and receive N at the same time: another process sends. */
static void op_duplex(struct program *p)
{
	uint64_t n = program_number(p, 1), at = 0;
	int status;
	pid_t pid = fork();

	if (pid < 0)
		settle(p, -errno);
	if (pid == 0) {
		p->index = p->index < 0 ? 0 : p->index;
		op_send(p);
		_exit(0);
	}
	op_recv(p);
	if (waitpid(pid, &status, 0) != pid || status)
		program_fails(p, "the sending process failed");
	for (; at < n; at += CHUNK) {
		size_t part = n - at < CHUNK ? n - at : CHUNK;

		pattern_fill(p->seed, at, buf, part);
		sum_add(&p->out, buf, part);
	}
}

static void op_echo(struct program *p)
{
	ssize_t n;

	while ((n = recv(p->stream, buf, sizeof(buf), 0)) > 0) {
		sum_add(&p->in, buf, (size_t)n);
		write_all(p, buf, (size_t)n);
	}
	settle(p, n < 0 ? -errno : 0);
}

/* The seed itself is not part of the stream. */
static void op_hello(struct program *p)
{
	uint64_t seed = p->seed;

	if (send(p->stream, &seed, sizeof(seed), MSG_NOSIGNAL) != (ssize_t)sizeof(seed))
		settle(p, -errno);
}

static void op_greet(struct program *p)
{
	uint64_t seed;
	ssize_t n = recv(p->stream, &seed, sizeof(seed), MSG_WAITALL);

	if (n < 0)
		settle(p, -errno);
	else if (n != (ssize_t)sizeof(seed))
		program_fails(p, "%zd bytes", n);
	else
		p->seed = seed;
}

static void op_shut(struct program *p)
{
	const char *how = p->nargs > 1 ? p->args[1] : "";

	settle(p, shutdown(p->stream, !strcmp(how, "r")	  ? SHUT_RD
				      : !strcmp(how, "w") ? SHUT_WR
							  : SHUT_RDWR)
			  ? -errno
			  : 0);
}

static void op_bind(struct program *p)
{
	int fd = place_bind(&p->place, (uint32_t)program_number(p, 1));

	if (settle(p, fd)) {
		p->datagram = fd;
		program_says(p, "up", "");
	}
}

static void op_sendto(struct program *p)
{
	uint64_t n = program_number(p, 2);
	ssize_t rc;

	pattern_fill(p->seed, 0, buf, n);
	rc = place_send(&p->place, p->datagram, (uint32_t)program_number(p, 1), buf, n);
	if (settle(p, rc)) {
		if ((uint64_t)rc != n)
			program_fails(p, "%zd bytes sent", rc);
		sum_add(&p->out, buf, n);
	}
}

static void op_recvfrom(struct program *p)
{
	uint64_t n = program_number(p, 1);
	uint32_t port;
	ssize_t rc = place_receive(&p->place, p->datagram, buf, sizeof(buf), &port);

	if (!settle(p, rc))
		return;
	if ((uint64_t)rc != n)
		program_fails(p, "%zd bytes", rc);
	pattern_fill(p->seed, 0, expected, n);
	if (memcmp(buf, expected, n))
		program_fails(p, "other bytes");
	sum_add(&p->in, buf, n);
}

static void op_sleep(struct program *p)
{
	uint64_t end = now_us() + program_number(p, 1) * 1000, now;

	while ((now = now_us()) < end)
		usleep((useconds_t)(end - now < 900000 ? end - now : 900000));
}

static void woken(int sig)
{
	(void)sig;
}

static void op_wait(struct program *p)
{
	sigset_t set;
	int sig;

	signal(SIGUSR1, woken);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	program_says(p, "mark", "waiting");
	sigwait(&set, &sig);
}

/* Processes of par are counted. */
static void op_mark(struct program *p)
{
	if (p->index >= 0)
		program_counts(p);
	else
		program_says(p, "mark", p->nargs > 1 ? p->args[1] : "");
}

static void op_buffer(struct program *p)
{
	p->buffer = program_number(p, 1);
}

static void op_die(struct program *p)
{
	(void)p;
	raise(SIGKILL);
}

static const struct {
	const char *name;
	void (*run)(struct program *p);
} ops[] = {
	{ "connect", op_connect }, { "accept", op_accept },	{ "listen", op_listen },
	{ "send", op_send },	   { "recv", op_recv },		{ "drain", op_drain },
	{ "eof", op_eof },	   { "echo", op_echo },		{ "hello", op_hello },
	{ "greet", op_greet },	   { "shut", op_shut },		{ "close", op_close },
	{ "keep", forget },	   { "bind", op_bind },		{ "sendto", op_sendto },
	{ "sleep", op_sleep },	   { "recvfrom", op_recvfrom }, { "wait", op_wait },
	{ "mark", op_mark },	   { "buffer", op_buffer },	{ "die", op_die },
	{ "duplex", op_duplex },
};

void op_run(struct program *p)
{
	for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
		if (strcmp(p->args[0], ops[i].name) == 0) {
			ops[i].run(p);
			return;
		}
	}
	program_fails(p, "no such word");
}
