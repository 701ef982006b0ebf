/* SPDX-License-Identifier: BSD-2-Clause */
/* suite.c - the kernel's own tests of vsock. A case that fails ends both programs, so each case has
 * programs of its own. */
#include <fcntl.h>
#include <fnmatch.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include "cases.h"
#include "ops.h"
#include "report.h"
#include "suite.h"

#define CASES_MAX 64
#define CASE_MS	  40000

static char names[CASES_MAX][96];
static unsigned count;

static unsigned read_list(const char *path)
{
	FILE *f = fopen(path, "re");
	char line[256];
	unsigned n = 0, id;

	while (f && n < CASES_MAX && fgets(line, sizeof(line), f))
		if (sscanf(line, "%u\t%95[^\n]", &id, names[n]) == 2 && id == n)
			n++;
	if (f)
		fclose(f);
	return n;
}

/* No release can pick one case by number, so all others are skipped. */
static void skip_others(unsigned id, char *text, size_t size)
{
	size_t at = 0;

	text[0] = '\0';
	for (unsigned i = 0; i < count && at < size; i++)
		if (i != id)
			at += (size_t)snprintf(text + at, size - at, " --skip=%u", i);
}

static pid_t start_on_host(const struct suite_options *o, const char *mode, unsigned id)
{
	char machines[256], others[800], command[1400];
	pid_t pid = fork();
	int fd;

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	snprintf(machines, sizeof(machines), "16=%s", machine_uds());
	setenv("VMCI_VSOCK", machines, 1);
	setenv("LD_PRELOAD", o->preload, 1);
	skip_others(id, others, sizeof(others));
	snprintf(command, sizeof(command),
		 "exec '%s' --mode=%s %s --control-port=%u --peer-cid=16%s", o->host_program, mode,
		 strcmp(mode, "client") ? "" : "--control-host=127.0.0.1",
		 /* QEMU listens at the first one, for the guest. */
		 strcmp(mode, "client") ? o->port + 1 : o->port, others);
	fd = open(o->log, O_WRONLY | O_CREAT | O_APPEND, 0666);
	dup2(fd, 1);
	dup2(fd, 2);
	execl("/bin/sh", "sh", "-c", command, (char *)NULL);
	_exit(127);
}

static unsigned start_in_guest(const struct suite_options *o, bool is_client, unsigned id)
{
	char others[800], command[1000];

	skip_others(id, others, sizeof(others));
	snprintf(command, sizeof(command),
		 "/vsock_test --mode=%s %s--control-port=%u --peer-cid=2%s",
		 is_client ? "client" : "server", is_client ? "--control-host=10.0.2.2 " : "",
		 is_client ? o->port + 1 : o->port, others);
	return run_exec(command);
}

/* Returns the exit code, or -1: killed after its time. */
static int wait_on_host(pid_t pid, unsigned ms)
{
	int status = 0;

	for (unsigned t = 0; t < ms; t += 50) {
		if (waitpid(pid, &status, WNOHANG) == pid)
			return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
		machine_pass(50);
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return -1;
}

#define HOST_CONNECTS 1u
#define HOST_LISTENS  2u

/* What cannot pass over VMCI, with what the kernel or the test does instead; docs/testing.md has
 * the places in their sources. */
static const struct {
	const char *pattern; /* of fnmatch */
	unsigned when;
	const char *why;
} cannot[] = {
	{ "SOCK_SEQPACKET*", HOST_CONNECTS | HOST_LISTENS,
	  "VMCI has no SOCK_SEQPACKET: ESOCKTNOSUPPORT" },
	{ "*ZEROCOPY*", HOST_CONNECTS | HOST_LISTENS,
	  "Linux' VMCI transport refuses MSG_ZEROCOPY: EOPNOTSUPP" },
	{ "SOCK_STREAM accept()ed socket custom setsockopt()", HOST_CONNECTS | HOST_LISTENS,
	  "sets SO_ZEROCOPY, which Linux' VMCI transport refuses: EOPNOTSUPP" },
	{ "SOCK_STREAM TX credit bounds", HOST_CONNECTS | HOST_LISTENS,
	  "lowers BUFFER_SIZE after connect, when the size of the queue pair is agreed" },
	{ "SOCK_STREAM test invalid buffer", HOST_LISTENS,
	  "wants EFAULT for a bad buffer; Linux' VMCI transport makes every error of a read "
	  "ENOMEM" },
	{ "SOCK_STREAM double bind connect", HOST_CONNECTS,
	  "the guest's program does not close the first connection, and Linux' VMCI transport "
	  "gives a request between the same addresses to that one until it is closed" },
	{ "SOCK_STREAM transport release use-after-free", HOST_CONNECTS,
	  "tests the client's kernel alone, in whose place the host's program has a library" },
	{ "SOCK_STREAM transport release use-after-free", HOST_LISTENS,
	  "binds to the context ids 0 to 3 only, and none is the guest's: nothing is tested" },
};

/* NULL: it can pass. */
static const char *why_not(const char *name, unsigned when)
{
	for (size_t i = 0; i < sizeof(cannot) / sizeof(cannot[0]); i++)
		if ((cannot[i].when & when) && !fnmatch(cannot[i].pattern, name, 0))
			return cannot[i].why;
	return NULL;
}

/* Tries of a case that is a race in some releases: the guest writes as soon as the host's program
 * said over TCP that it had called shutdown, and the write has to fail. Later releases try again,
 * because the shutdown may be on its way. */
#define RACE	   "SOCK_STREAM SHUT_RD"
#define RACE_TRIES 8u

/* Returns true when both programs are content; else text says who is not. */
static bool try_one(const struct suite_options *o, unsigned id, bool host_is_client, char *text,
		    size_t size)
{
	struct outcome guest;
	unsigned run = 0;
	int host;
	pid_t pid = 0;

	if (host_is_client)
		run = start_in_guest(o, false, id);
	else
		pid = start_on_host(o, "server", id);
	machine_pass(700);
	if (host_is_client)
		pid = start_on_host(o, "client", id);
	else
		run = start_in_guest(o, true, id);
	host = wait_on_host(pid, CASE_MS);
	guest = run_wait(run, host ? 3000 : 10000);
	if (host || !guest.ok)
		snprintf(text, size, "host %s %d, guest %s", host < 0 ? "no end" : "code", host,
			 guest.text);
	run_kill_all();
	machine_pass(300);
	return !host && guest.ok;
}

static void run_one(const struct suite_options *o, unsigned id, bool host_is_client)
{
	const char *why = why_not(names[id], host_is_client ? HOST_CONNECTS : HOST_LISTENS);
	unsigned tries = !host_is_client && !strcmp(names[id], RACE) ? RACE_TRIES : 1, lost = 0;
	uint64_t start = now_us();
	char title[128], text[512] = "";

	snprintf(title, sizeof(title), "%s [host is %s]", names[id],
		 host_is_client ? "client" : "server");
	if (why && !o->also_skipped) {
		report_case(title, SKIPPED, 0, why);
		return;
	}
	while (!try_one(o, id, host_is_client, text, sizeof(text)) && ++lost < tries)
		;
	if (lost && lost < tries)
		snprintf(text, sizeof(text), "the guest wrote too early %u times", lost);
	report_case(title, lost < tries ? PASSED : FAILED, (now_us() - start) / 1000, text);
}

static bool is_chosen(unsigned id)
{
	return !run_options.only || fnmatch(run_options.only, names[id], 0) == 0;
}

int suite_run(const struct suite_options *o, const char *base, const char *name)
{
	unsigned n = read_list(o->list), chosen = 0;

	count = n;
	if (!n) {
		fprintf(stderr, "linux: %s: expected what vsock_test --list prints\n", o->list);
		return 2;
	}
	if (!machine_ask("net", "net ok", 10000)) {
		fprintf(stderr, "linux: the guest has no network\n");
		return 2;
	}
	for (unsigned i = 0; i < n; i++)
		chosen += is_chosen(i);
	report_open(base, name, 2 * chosen * o->turns);
	for (unsigned i = 0; i < 2 * n * o->turns; i++)
		if (is_chosen(i / 2 % n))
			run_one(o, i / 2 % n, i % 2 == 0);
	return report_close() ? 1 : 0;
}
