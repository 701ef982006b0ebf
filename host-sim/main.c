/* SPDX-License-Identifier: BSD-2-Clause */
/* main.c - vmci-sim: a VMCI device as a process. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>
#include <vmci/error.h>
#include "check.h"
#include "listener.h"
#include "options.h"
#include "peer_link.h"
#include "sandbox.h"

#define EXIT_VIOLATED 1
#define EXIT_USAGE    2

static int fail(const char *what, const char *why)
{
	fprintf(stderr, "vmci-sim: %s: %s\n", what, why);
	return EXIT_USAGE;
}

/* Readable when somebody wants us to end; -1 with errno. */
static int stop_descriptor(void)
{
	sigset_t stop;

	sigemptyset(&stop);
	sigaddset(&stop, SIGINT);
	sigaddset(&stop, SIGTERM);
	sigaddset(&stop, SIGHUP);
	if (sigprocmask(SIG_BLOCK, &stop, NULL) || signal(SIGPIPE, SIG_IGN) == SIG_ERR)
		return -1;
	return signalfd(-1, &stop, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* NULL with *failed set, or NULL for no trace. */
static FILE *open_trace(const char *path, bool *failed)
{
	FILE *f = stdout;
	int fd;

	*failed = false;
	if (!path)
		return NULL;
	if (strcmp(path, "-") != 0) {
		fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
		f = fd < 0 ? NULL : fdopen(fd, "w");
		if (!f && fd >= 0)
			close(fd);
	}
	*failed = !f;
	return f;
}

/* All that is needed while serving; in one piece because it is large. */
struct server {
	struct simdev sim;
	struct peer_link peer;
	struct check *check;
};

/* Lines reach their reader before we sleep. */
static void flush_trace(void *trace)
{
	if (trace)
		fflush(trace);
}

static void serve(struct server *s, bool once)
{
	for (;;) {
		enum vfu_result r = vfu_poll(s->sim.vfu, -1);

		vmci_hub_run(s->sim.hub);
		if (r == VFU_CLIENT_GONE)
			peer_link_reset(&s->peer);
		if (r == VFU_WOKEN || (r == VFU_CLIENT_GONE && once))
			break;
	}
}

static int open_server(struct server *s, const struct options *o, int listener, FILE *trace,
		       int stop)
{
	const struct vfu_options vfu = {
		.spin_us = VFU_SPIN_US, .wake_fd = stop, .idle = flush_trace, .ctx = trace
	};
	struct simdev_options sim = o->sim;
	char error[256];
	int rc;

	if (o->check) {
		s->check = check_open(o->check_report, &s->sim, error, sizeof(error));
		if (!s->check)
			return fail("check", error);
		sim.watch = check_event;
		sim.watch_ctx = s->check;
	}
	rc = simdev_open(&s->sim, &sim, &vfu, listener, peer_link_handle, &s->peer, trace);

	if (rc == 0 && o->sim.pci.peer && peer_link_open(&s->peer, &s->sim)) {
		simdev_close(&s->sim);
		rc = VMCI_LOCAL_NO_MEMORY;
	}
	return rc;
}

static int run(const struct options *o, const struct listener *l, FILE *trace, int stop)
{
	struct server *s = calloc(1, sizeof(*s));
	int rc = s ? open_server(s, o, l->fd, trace, stop) : VMCI_LOCAL_NO_MEMORY;

	if (rc) {
		free(s);
		return fail("cannot make the device", vmci_error_name(rc));
	}
	printf("listening on %s\n", l->path);
	fflush(stdout);
	if (o->sandbox && sandbox_enter(false)) {
		rc = fail("sandbox", "the kernel refused the filter; --no-sandbox goes without");
	} else {
		serve(s, o->once);
		rc = 0;
	}
	peer_link_close(&s->peer);
	rc = check_close(s->check) ? EXIT_VIOLATED : rc;
	simdev_close(&s->sim);
	free(s);
	return rc;
}

int main(int argc, char **argv)
{
	struct options o;
	struct listener l;
	char error[256];
	bool failed;
	FILE *trace;
	int stop, rc;

	switch (options_parse(&o, argc, argv)) {
	case OPTIONS_DONE:
		return 0;
	case OPTIONS_BAD:
		return EXIT_USAGE;
	default:
		break;
	}
	if (sandbox_limits())
		return fail("cannot lower the limits of the process", strerror(errno));
	trace = open_trace(o.trace, &failed);
	if (failed)
		return fail(o.trace, strerror(errno));
	stop = stop_descriptor();
	if (stop < 0)
		return fail("signals", strerror(errno));
	if (listener_open(&l, o.socket, error, sizeof(error)))
		return fail("--socket", error);
	rc = run(&o, &l, trace, stop);
	listener_remove(&l);
	if (trace && fflush(trace))
		rc = fail(o.trace, strerror(errno));
	return rc;
}
