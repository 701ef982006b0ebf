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
#include "connect.h"
#include "listener.h"
#include "options.h"
#include "output.h"
#include "sandbox.h"
#include "server.h"

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

/* NULL with *failed set, or NULL: none was asked for. */
static FILE *open_output(struct output *o, const char *path, bool *failed)
{
	FILE *f;

	o->fd = STDOUT_FILENO;
	o->stop = -1;
	o->is_cut = *failed = false;
	if (!path)
		return NULL;
	if (strcmp(path, "-") != 0)
		o->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	f = o->fd < 0 ? NULL : output_stream(o);
	*failed = !f;
	return f;
}

/* What is still to be written, and was something left out? Returns the exit code. */
static int end_output(FILE *f, const struct output *o, const char *path, int rc)
{
	if (f && fflush(f))
		return fail(path, strerror(errno));
	if (o->is_cut)
		fprintf(stderr, "vmci-sim: %s: nobody read; the rest was dropped\n", path);
	return rc;
}

/* Large, so it is not on the stack. */
static int run(const struct options *o, const struct listener *l, FILE *trace, FILE *info_out,
	       int stop)
{
	struct server *s = malloc(sizeof(*s));
	char error[256] = "no memory";
	int rc = 0;

	if (!s || server_open(s, o, l->fd, trace, info_out, stop, error, sizeof(error))) {
		free(s);
		fprintf(stderr, "vmci-sim: %s\n", error);
		return EXIT_USAGE;
	}
	printf("listening on %s\n", l->path);
	fflush(stdout);
	if (o->sandbox && sandbox_enter(false, s->bridge != NULL))
		rc = fail("sandbox", "the kernel refused the filter; --no-sandbox goes without");
	else
		server_run(s, o->once);
	if (server_close(s) && rc == 0)
		rc = EXIT_VIOLATED;
	free(s);
	return rc;
}

int main(int argc, char **argv)
{
	struct options o;
	struct listener l;
	char error[256];
	bool failed;
	struct output to_trace, to_info;
	FILE *trace, *info_out;
	int stop, rc;

	if (argc > 1 && strcmp(argv[1], "connect") == 0)
		return connect_main(argc - 1, argv + 1);
	switch (options_parse(&o, argc, argv)) {
	case OPTIONS_DONE:
		return 0;
	case OPTIONS_BAD:
		return EXIT_USAGE;
	default:
		break;
	}
	if (sandbox_limits(o.vsock_uds ? SANDBOX_DESCRIPTORS_BRIDGE : SANDBOX_DESCRIPTORS))
		return fail("cannot lower the limits of the process", strerror(errno));
	trace = open_output(&to_trace, o.trace, &failed);
	if (failed)
		return fail(o.trace, strerror(errno));
	info_out = open_output(&to_info, o.guestinfo_out, &failed);
	if (failed)
		return fail(o.guestinfo_out, strerror(errno));
	stop = stop_descriptor();
	if (stop < 0)
		return fail("signals", strerror(errno));
	to_trace.stop = to_info.stop = stop;
	if (listener_open(&l, o.socket, error, sizeof(error)))
		return fail("--socket", error);
	rc = run(&o, &l, trace, info_out, stop);
	listener_remove(&l);
	rc = end_output(trace, &to_trace, o.trace, rc);
	return end_output(info_out, &to_info, o.guestinfo_out, rc);
}
