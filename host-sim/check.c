/* SPDX-License-Identifier: BSD-2-Clause */
/* check.c - `serve --check`: the protocol monitor beside the device. */
#include "check.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <monitor_report.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

extern const unsigned char vmci_vectors[], vmci_vectors_end[];

struct check {
	struct monitor *monitor;
	struct simdev *sim;
	struct vct table;
	FILE *json; /* or NULL */
	const char *name;
	bool is_json_bad;
	int asked_fd;
};

static uint64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000u + (uint64_t)t.tv_nsec / 1000u;
}

static int read_memory(void *ctx, struct vmci_gpa gpa, void *dst, size_t len)
{
	struct check *c = ctx;

	return guestmem_read(vfu_memory(c->sim->vfu), gpa.addr, dst, len);
}

static void on_found(void *ctx, const struct monitor_finding *f)
{
	struct check *c = ctx;
	char what[256], line[512];

	snprintf(line, sizeof(line), "violates %s: %s", monitor_clause(f->rule),
		 monitor_finding_text(f, what, sizeof(what)));
	trace_text_line(&c->sim->trace, "check", line);
	fprintf(stderr, "vmci-sim: check: event %" PRIu64 " %s\n", f->event, line);
}

/* ---- report ----------------------------------------------------------------------------- */

static void write_stream(void *ctx, const char *s, size_t n)
{
	fwrite(s, 1, n, ctx);
}

static void write_json(struct check *c, struct monitor_report *r)
{
	bool bad;

	/* The newest report replaces the one before, where the file can be cut. */
	if (fseek(c->json, 0, SEEK_SET) == 0)
		(void)!ftruncate(fileno(c->json), 0);
	r->ctx = c->json;
	monitor_report_json(r);
	bad = fflush(c->json) || ferror(c->json);
	if (bad && !c->is_json_bad)
		fprintf(stderr, "vmci-sim: --check-report %s: %s\n", c->name, strerror(errno));
	c->is_json_bad = bad;
	clearerr(c->json);
}

int check_asked_fd(const struct check *c)
{
	return c->asked_fd;
}

void check_report(struct check *c)
{
	struct signalfd_siginfo info;
	struct monitor_report r = { .monitor = c->monitor,
				    .table = &c->table,
				    .name = "vmci-sim: check",
				    .write = write_stream,
				    .ctx = stdout };

	while (read(c->asked_fd, &info, sizeof(info)) > 0)
		;
	monitor_report_text(&r);
	fflush(stdout);
	if (c->json)
		write_json(c, &r);
}

/* ---- life ------------------------------------------------------------------------------- */

static FILE *open_json(const char *name)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	FILE *f = fd < 0 ? NULL : fdopen(fd, "w");

	if (!f && fd >= 0)
		close(fd);
	return f;
}

/* -1 with errno. */
static int signal_descriptor(void)
{
	sigset_t ask;

	sigemptyset(&ask);
	sigaddset(&ask, SIGUSR1);
	if (sigprocmask(SIG_BLOCK, &ask, NULL))
		return -1;
	return signalfd(-1, &ask, SFD_CLOEXEC | SFD_NONBLOCK);
}

void check_free(struct check *c)
{
	if (!c)
		return;
	if (c->asked_fd >= 0)
		close(c->asked_fd);
	if (c->json)
		fclose(c->json);
	free(c->monitor);
	free(c);
}

struct check *check_open(const char *report, struct simdev *sim, char *error, size_t size)
{
	struct check *c = calloc(1, sizeof(*c));
	struct monitor_port port = { .ctx = c, .mem_read = read_memory, .found = on_found };
	const char *why = "no memory";

	if (c) {
		c->monitor = malloc(monitor_bytes());
		c->asked_fd = signal_descriptor();
	}
	if (!c || !c->monitor || c->asked_fd < 0 ||
	    vct_open(&c->table, vmci_vectors, (size_t)(vmci_vectors_end - vmci_vectors), &why)) {
		snprintf(error, size, "--check: %s", why);
		check_free(c);
		return NULL;
	}
	c->sim = sim;
	c->name = report;
	if (report) {
		c->json = open_json(report);
		if (!c->json) {
			snprintf(error, size, "--check-report %s: %s", report, strerror(errno));
			check_free(c);
			return NULL;
		}
	}
	monitor_start(c->monitor, &port, MONITOR_PATIENCE_US);
	return c;
}

void check_event(void *ctx, const struct vmci_trace *ev)
{
	struct check *c = ctx;

	monitor_time(c->monitor, now_us());
	monitor_line(c->monitor, c->sim->trace.lines);
	monitor_event(c->monitor, ev);
}

unsigned check_close(struct check *c)
{
	unsigned violated;

	if (!c)
		return 0;
	/* What ends now is the server's doing. */
	c->sim->options.watch = NULL;
	monitor_finish(c->monitor);
	check_report(c);
	violated = monitor_report_violated(c->monitor);
	check_free(c);
	return violated;
}
