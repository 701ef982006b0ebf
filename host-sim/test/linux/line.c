/* SPDX-License-Identifier: BSD-2-Clause */
/* line.c - scripts in the guest and on the host: started, heard, ended. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include "line.h"
#include "machine.h"
#include "ops.h"
#include "script.h"

#define RUNS_MAX 256

struct run {
	bool active, is_guest, is_up;
	unsigned count; /* of marks by processes of par */
	pid_t pid;
	char mark[64];
	struct outcome outcome;
};

struct source {
	int fd;
	size_t have;
	char text[16384];
};

static struct source guest = { .fd = -1 }, host = { .fd = -1 };
static int host_out = -1;
static struct run runs[RUNS_MAX]; /* by number, taken in turn */
static unsigned next_id = 1;
static char notes[RUNS_MAX][200]; /* of their processes */
static const char *bridge;
static unsigned patience = 1;
static char answer[512], complaints[512];
static volatile sig_atomic_t stopped;

/* As much as fits. */
static void copy(char *dst, size_t size, const char *src)
{
	size_t len = strnlen(src, size - 1);

	memcpy(dst, src, len);
	dst[len] = '\0';
}

static void stop(int sig)
{
	stopped = sig;
}

static uint64_t limit_us(unsigned ms)
{
	return now_us() + (uint64_t)ms * 1000 * patience;
}

void line_init(const char *uds, unsigned times)
{
	struct sigaction sa = { .sa_handler = stop };
	int fds[2];

	bridge = uds;
	patience = times;
	if (pipe2(fds, O_CLOEXEC))
		exit(2);
	host.fd = fds[0];
	host_out = fds[1];
	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGHUP, &sa, NULL);
	signal(SIGPIPE, SIG_IGN);
}

static struct run *run_of(unsigned id)
{
	return &runs[id % RUNS_MAX];
}

static void finish(struct run *r, bool ok, const char *text)
{
	const char *note = notes[r - runs];

	if (!r->active)
		return;
	r->active = false;
	r->outcome.ok = ok;
	snprintf(r->outcome.text, sizeof(r->outcome.text), "%.180s%s%s", text, *note ? "; " : "",
		 note);
}

void line_guest(int fd)
{
	if (guest.fd >= 0)
		close(guest.fd);
	guest.fd = fd;
	guest.have = 0;
	for (unsigned i = 0; fd < 0 && i < RUNS_MAX; i++)
		if (runs[i].is_guest)
			finish(&runs[i], false, "the guest is gone");
}

static void on_done(struct run *r, const char *text)
{
	unsigned long long rx, rx_hash, tx, tx_hash, ms, slowest;

	if (sscanf(text, "ok rx=%llu:%llx tx=%llu:%llx ms=%llu slowest=%llu", &rx, &rx_hash, &tx,
		   &tx_hash, &ms, &slowest) == 6) {
		r->outcome.rx = rx;
		r->outcome.tx = tx;
		r->outcome.rx_hash = rx_hash;
		r->outcome.tx_hash = tx_hash;
		r->outcome.ms = ms;
		r->outcome.slowest_ms = slowest;
	}
	finish(r, !strncmp(text, "ok", 2), text);
}

static void on_line(const char *text)
{
	unsigned id = 0;
	int rest = 0;

	if (sscanf(text, "done %u %n", &id, &rest) == 1 && rest) {
		on_done(run_of(id), text + rest);
	} else if (sscanf(text, "up %u", &id) == 1) {
		run_of(id)->is_up = true;
	} else if (sscanf(text, "count %u", &id) == 1) {
		run_of(id)->count++;
	} else if (sscanf(text, "mark %u %n", &id, &rest) == 1 && rest) {
		copy(run_of(id)->mark, sizeof(run_of(id)->mark), text + rest);
	} else if (sscanf(text, "note %u %n", &id, &rest) == 1 && rest) {
		copy(notes[id % RUNS_MAX], sizeof(notes[0]), text + rest);
	} else if (!strncmp(text, "complaint ", 10)) {
		size_t at = strlen(complaints);

		snprintf(complaints + at, sizeof(complaints) - at, "%s%s", at ? "; " : "",
			 text + 10);
	} else {
		copy(answer, sizeof(answer), text);
	}
}

static void hear(struct source *s)
{
	ssize_t n = read(s->fd, s->text + s->have, sizeof(s->text) - 1 - s->have);
	char *end;

	if (n <= 0) {
		if (s == &guest && (n == 0 || errno != EINTR))
			line_guest(-1);
		return;
	}
	s->have += (size_t)n;
	s->text[s->have] = '\0';
	while ((end = memchr(s->text, '\n', s->have)) != NULL) {
		*end = '\0';
		if (end > s->text && end[-1] == '\r')
			end[-1] = '\0';
		on_line(s->text);
		s->have -= (size_t)(end + 1 - s->text);
		memmove(s->text, end + 1, s->have);
	}
	if (s->have == sizeof(s->text) - 1)
		s->have = 0;
}

/* Programs of the host that ended without a word. */
static void reap(void)
{
	int status;

	for (unsigned i = 0; i < RUNS_MAX; i++) {
		struct run *r = &runs[i];
		char text[32];

		if (r->pid <= 0 || waitpid(r->pid, &status, WNOHANG) != r->pid)
			continue;
		/* What it said is in the pipe already. */
		kill(-r->pid, SIGKILL);
		r->pid = 0;
		if (WIFSIGNALED(status)) {
			snprintf(text, sizeof(text), "died %d", WTERMSIG(status));
			finish(r, false, text);
		}
	}
}

/* Hear what there is within ms. Everything that waits passes here. */
static void pump(unsigned ms)
{
	struct pollfd fds[2] = { { .fd = host.fd, .events = POLLIN },
				 { .fd = guest.fd, .events = POLLIN } };

	if (poll(fds, guest.fd >= 0 ? 2 : 1, (int)ms) > 0) {
		if (fds[0].revents)
			hear(&host);
		if (guest.fd >= 0 && fds[1].revents)
			hear(&guest);
	}
	reap();
	if (stopped)
		exit(128 + stopped);
}

/* Returns false when `until` is over. */
static bool step(uint64_t until)
{
	uint64_t now = now_us();

	if (now >= until)
		return false;
	now = (until - now) / 1000 + 1;
	pump(now < 50 ? (unsigned)now : 50);
	return true;
}

void machine_pass(unsigned ms)
{
	uint64_t until = now_us() + (uint64_t)ms * 1000;

	while (step(until))
		;
}

static void say(const char *text)
{
	size_t len = strlen(text);

	while (guest.fd >= 0 && len) {
		ssize_t n = write(guest.fd, text, len);

		if (n < 0 && errno != EINTR)
			return;
		if (n > 0) {
			text += n;
			len -= (size_t)n;
		}
	}
}

const char *machine_ask(const char *line, const char *begin, unsigned ms)
{
	uint64_t until = limit_us(ms);

	if (line) {
		answer[0] = '\0';
		say(line);
		say("\n");
	}
	while (strncmp(answer, begin, strlen(begin)) && guest.fd >= 0)
		if (!step(until))
			return NULL;
	if (guest.fd < 0)
		return NULL;
	return answer;
}

const char *machine_complaints(void)
{
	static char text[sizeof(complaints)];

	memcpy(text, complaints, sizeof(text));
	complaints[0] = '\0';
	return text;
}

static unsigned take(bool is_guest)
{
	unsigned id = next_id++;
	struct run *r = run_of(id);

	memset(r, 0, sizeof(*r));
	notes[id % RUNS_MAX][0] = '\0';
	r->active = true;
	r->is_guest = is_guest;
	return id;
}

static void start_on_host(unsigned id, const char *text)
{
	struct place place = { .uds = bridge, .cid = 16 };
	pid_t pid = fork();

	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		setpgid(0, 0);
		signal(SIGINT, SIG_DFL);
		signal(SIGTERM, SIG_DFL);
		signal(SIGHUP, SIG_DFL);
		script_run(&place, host_out, id, text);
	}
	setpgid(pid, pid);
	run_of(id)->pid = pid;
}

unsigned run_start(enum where where, const char *format, ...)
{
	static char text[SCRIPT_MAX], line[SCRIPT_MAX + 32];
	unsigned id = take(where == GUEST);
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	if (where == HOST) {
		start_on_host(id, text);
		return id;
	}
	snprintf(line, sizeof(line), "run %u %s\n", id, text);
	say(line);
	return id;
}

unsigned run_exec(const char *command)
{
	char line[1024];
	unsigned id = take(true);

	snprintf(line, sizeof(line), "exec %u %s\n", id, command);
	say(line);
	return id;
}

bool run_wait_up(unsigned id, unsigned ms)
{
	uint64_t until = limit_us(ms);

	while (run_of(id)->active && !run_of(id)->is_up)
		if (!step(until))
			return false;
	return run_of(id)->is_up;
}

bool run_wait_mark(unsigned id, const char *text, unsigned ms)
{
	uint64_t until = limit_us(ms);

	while (run_of(id)->active && strcmp(run_of(id)->mark, text))
		if (!step(until))
			return false;
	return strcmp(run_of(id)->mark, text) == 0;
}

bool run_wait_count(unsigned id, unsigned count, unsigned ms)
{
	uint64_t until = limit_us(ms);

	while (run_of(id)->active && run_of(id)->count < count)
		if (!step(until))
			return false;
	return run_of(id)->count >= count;
}

struct outcome run_wait(unsigned id, unsigned ms)
{
	uint64_t until = limit_us(ms);
	struct run *r = run_of(id);

	while (r->active && step(until))
		;
	if (r->active) {
		run_kill(id);
		finish(r, false, "no end");
	}
	return r->outcome;
}

static void signal_run(unsigned id, int sig)
{
	struct run *r = run_of(id);
	char line[32];

	if (r->is_guest) {
		snprintf(line, sizeof(line), "%s %u\n", sig == SIGKILL ? "kill" : "wake", id);
		say(line);
	} else if (r->pid > 0) {
		kill(sig == SIGKILL ? -r->pid : r->pid, sig);
	}
}

void run_wake(unsigned id)
{
	signal_run(id, SIGUSR1);
}

void run_kill(unsigned id)
{
	signal_run(id, SIGKILL);
}

void run_kill_guests(void)
{
	for (unsigned id = next_id > RUNS_MAX ? next_id - RUNS_MAX : 1; id < next_id; id++) {
		if (run_of(id)->is_guest && run_of(id)->active) {
			run_kill(id);
			finish(run_of(id), false, "killed");
		}
	}
}

void run_kill_all(void)
{
	run_kill_guests();
	for (unsigned i = 0; i < RUNS_MAX; i++) {
		struct run *r = &runs[i];

		if (r->pid > 0) {
			kill(-r->pid, SIGKILL);
			waitpid(r->pid, NULL, 0);
			r->pid = 0;
		}
		finish(r, false, "killed");
	}
}
