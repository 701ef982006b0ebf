/* SPDX-License-Identifier: BSD-2-Clause */
/* main.c - the host's side of `make bench-sockets`, and as process 1 the guest's.
 *
 *   sock-bench LINE ROUNDS QUICK NAME PID PATH [NAME PID PATH]
 *
 * LINE is the guest's serial line, a UNIX socket. Each NAME (vmci, virtio) is a transport: the
 * process that serves it, and where that has its hybrid-vsock socket. All transports are measured
 * in turn, round after round, in one boot of the guest; the median of the rounds counts. All clocks
 * are the host's. Exit code: 0 measured, 2 not.
 */
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>
#include "flow.h"

#define ROUNDS_MAX 32
#define MB	   1000000u
#define IDLE	   200u
#define UNSTEADY   1.5 /* slowest to quickest round */

enum figure {
	UP_RATE, /* MB/s, guest to host */
	DOWN_RATE,
	TRIPS,
	CONNECTS,
	UP_CPU, /* seconds of the server for 100 MB */
	DOWN_CPU,
	IDLE_CPU, /* per cent of a processor */
	FIGURES
};

static const char *const figure_names[FIGURES] = { "guest to host, MB/s",
						   "host to guest, MB/s",
						   "round trips of 64 bytes, /s",
						   "connect and close, /s",
						   "server s of CPU, 100 MB guest to host",
						   "server s of CPU, 100 MB host to guest",
						   "server % of CPU, 200 idle streams" };

struct transport {
	const char *name, *path;
	pid_t pid;
	/* vhost-device-vsock 0.3 is known to hang on writes of 64 KiB with its usual buffer. */
	size_t chunk;
	double values[FIGURES][ROUNDS_MAX];
};

static unsigned long bytes = 100 * (unsigned long)MB, trips = 3000, connects = 400;
static unsigned port = 20000; /* a new one for each measurement */
static int line;
static const char *in_use = ""; /* the transport */

__attribute__((format(printf, 1, 2))) static _Noreturn void fail(const char *format, ...)
{
	va_list ap;

	fprintf(stderr, "bench-sockets: ");
	va_start(ap, format);
	vfprintf(stderr, format, ap);
	va_end(ap);
	fprintf(stderr, "\n");
	exit(2);
}

static double now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* All threads of a process, seconds. */
static double cpu_s(pid_t pid)
{
	unsigned long long ns, sum = 0;
	char path[320];
	struct dirent *e;
	DIR *d;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	d = opendir(path);
	while (d && (e = readdir(d)) != NULL) {
		FILE *f;

		if (e->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "/proc/%d/task/%s/schedstat", (int)pid, e->d_name);
		f = fopen(path, "re");
		if (f && fscanf(f, "%llu", &ns) == 1)
			sum += ns;
		if (f)
			fclose(f);
	}
	if (d)
		closedir(d);
	return (double)sum / 1e9;
}

/* ---- the guest ---- */

static void hear(const char *wanted, const char *what)
{
	struct pollfd p = { .fd = line, .events = POLLIN };
	char text[256];
	size_t n = 0;

	for (;;) {
		if (poll(&p, 1, 2 * FLOW_PATIENCE_S * 1000) <= 0)
			fail("%s %s: the guest does not answer", in_use, what);
		if (read(line, text + n, 1) != 1)
			fail("%s %s: the guest is gone", in_use, what);
		if (text[n] == '\r' || (text[n] == '\n' && n == 0))
			continue;
		if (text[n] == '\n')
			break;
		if (++n == sizeof(text) - 1)
			fail("%s %s: the guest babbles", in_use, what);
	}
	text[n] = '\0';
	if (strcmp(text, wanted) != 0)
		fail("%s %s: the guest says %s", in_use, what, text);
}

__attribute__((format(printf, 1, 2))) static void say(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vdprintf(line, format, ap);
	va_end(ap);
}

/* ---- the host's sockets ---- */

static int unix_socket(const char *path, struct sockaddr_un *a)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	memset(a, 0, sizeof(*a));
	a->sun_family = AF_UNIX;
	if (fd < 0 || strlen(path) >= sizeof(a->sun_path))
		fail("%s: no socket", path);
	memcpy(a->sun_path, path, strlen(path));
	flow_patience(fd);
	return fd;
}

static int listen_at(const struct transport *t)
{
	struct sockaddr_un a;
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s_%u", t->path, port);
	unlink(path);
	fd = unix_socket(path, &a);
	if (bind(fd, (const struct sockaddr *)&a, sizeof(a)) || listen(fd, 1024))
		fail("%s: %s", path, strerror(errno));
	return fd;
}

/* The guest may know better why. */
static void must(const struct transport *t, const char *what, int rc)
{
	struct pollfd p = { .fd = line, .events = POLLIN };
	char text[128];
	ssize_t n = 0;

	if (!rc)
		return;
	if (poll(&p, 1, 2000) > 0)
		n = read(line, text, sizeof(text) - 1);
	text[n > 0 ? n : 0] = '\0';
	text[strcspn(text, "\r\n")] = '\0';
	fail("%s, %s: %s%s%s", t->name, what, strerror(-rc), n > 0 ? "; the guest: " : "", text);
}

static int accept_at(const struct transport *t, int listener)
{
	int fd = accept(listener, NULL, NULL);

	must(t, "nobody connects", fd < 0 ? -errno : 0);
	flow_patience(fd);
	return fd;
}

static int connect_at(const struct transport *t)
{
	struct sockaddr_un a;
	int fd = unix_socket(t->path, &a);
	char c = 0, first = 0;

	if (connect(fd, (const struct sockaddr *)&a, sizeof(a)) ||
	    dprintf(fd, "CONNECT %u\n", port) < 0)
		fail("%s: %s", t->path, strerror(errno));
	do {
		if (read(fd, &c, 1) != 1)
			fail("%s: no connection to port %u", t->name, port);
		first = first ? first : c;
	} while (c != '\n');
	if (first != 'O')
		fail("%s: port %u is refused", t->name, port);
	return fd;
}

static void forget(const struct transport *t, int listener)
{
	char path[128];

	close(listener);
	snprintf(path, sizeof(path), "%s_%u", t->path, port++);
	unlink(path);
}

/* ---- measuring ---- */

static void measure_up(struct transport *t, unsigned round)
{
	int listener = listen_at(t), fd;
	double start, cpu;

	say("send %u %lu %zu\n", port, bytes, t->chunk);
	fd = accept_at(t, listener);
	cpu = cpu_s(t->pid);
	start = now_s();
	must(t, "guest to host", flow_receive(fd, bytes));
	t->values[UP_RATE][round] = (double)bytes / MB / (now_s() - start);
	t->values[UP_CPU][round] = (cpu_s(t->pid) - cpu) * 100 * MB / (double)bytes;
	close(fd);
	hear("ok", "guest to host");
	forget(t, listener);
}

static void measure_down(struct transport *t, unsigned round)
{
	double start, cpu;
	int fd;

	say("sink %u %lu\n", port, bytes);
	hear("up", "host to guest");
	fd = connect_at(t);
	port++;
	cpu = cpu_s(t->pid);
	start = now_s();
	must(t, "host to guest", flow_send(fd, bytes, 65536));
	t->values[DOWN_RATE][round] = (double)bytes / MB / (now_s() - start);
	t->values[DOWN_CPU][round] = (cpu_s(t->pid) - cpu) * 100 * MB / (double)bytes;
	close(fd);
	hear("ok", "host to guest");
}

static void measure_trips(struct transport *t, unsigned round)
{
	int listener = listen_at(t), fd, rc = 0;
	double start = 0;

	say("ping %u %lu 64\n", port, trips + 1);
	fd = accept_at(t, listener);
	for (unsigned long i = 0; i <= trips && !rc; i++) {
		rc = flow_take(fd, 64);
		if (i == 0)
			start = now_s();
		if (!rc)
			rc = flow_put(fd, 64);
	}
	must(t, "round trips", rc);
	t->values[TRIPS][round] = (double)trips / (now_s() - start);
	hear("ok", "round trips");
	close(fd);
	forget(t, listener);
}

static void measure_connects(struct transport *t, unsigned round)
{
	int listener = listen_at(t);
	double start = 0;

	say("connect %u %lu\n", port, connects + 1);
	for (unsigned long i = 0; i <= connects; i++) {
		int fd = accept_at(t, listener);

		if (i == 0)
			start = now_s();
		must(t, "connects", flow_sink(fd));
		close(fd);
	}
	t->values[CONNECTS][round] = (double)connects / (now_s() - start);
	hear("ok", "connects");
	forget(t, listener);
}

static void measure_idle(struct transport *t, unsigned round)
{
	int listener = listen_at(t), fds[IDLE];
	struct timespec pause = { .tv_sec = 2 };
	double start, cpu;

	say("idle %u %u 5000\n", port, IDLE);
	for (unsigned i = 0; i < IDLE; i++)
		fds[i] = accept_at(t, listener);
	nanosleep(&(struct timespec){ .tv_sec = 1 }, NULL);
	cpu = cpu_s(t->pid);
	start = now_s();
	nanosleep(&pause, NULL);
	t->values[IDLE_CPU][round] = 100 * (cpu_s(t->pid) - cpu) / (now_s() - start);
	hear("ok", "idle streams");
	for (unsigned i = 0; i < IDLE; i++)
		close(fds[i]);
	forget(t, listener);
}

/* ---- the table ---- */

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void print(struct transport *t, unsigned n, unsigned rounds)
{
	bool unsteady = false;
	double load = 0;

	printf("%-40s", "median of the rounds, lowest-highest");
	for (unsigned k = 0; k < n; k++)
		printf(" %26s", t[k].name);
	printf(n > 1 ? " %12s\n" : "\n", "vmci/virtio");
	for (unsigned f = 0; f < FIGURES; f++) {
		double middle[2] = { 0 };

		printf("%-40s", figure_names[f]);
		for (unsigned k = 0; k < n; k++) {
			double *v = t[k].values[f], last;
			unsigned many = f == IDLE_CPU ? 1 : rounds;

			qsort(v, many, sizeof(*v), compare);
			middle[k] = v[many / 2];
			last = v[many - 1];
			printf(f < UP_CPU ? " %8.0f %8.0f-%-8.0f" : " %8.3f %8.3f-%-8.3f",
			       middle[k], v[0], last);
			if (f < UP_CPU && last > UNSTEADY * v[0])
				unsteady = true;
		}
		if (n > 1 && middle[1] > 0)
			printf(" %12.2f", middle[0] / middle[1]);
		printf("\n");
	}
	if (getloadavg(&load, 1) == 1)
		printf("Load of the machine at the end: %.1f on %ld processors.\n", load,
		       sysconf(_SC_NPROCESSORS_ONLN));
	if (unsteady)
		printf("Unsteady: rounds differ by more than %.1f times; the machine did other "
		       "work.\n",
		       UNSTEADY);
}

int main(int argc, char **argv)
{
	static struct transport all[2];
	struct sockaddr_un a;
	unsigned n = 0, rounds;

	if (getpid() == 1)
		guest_main();
	if (argc != 7 && argc != 10) {
		fprintf(stderr, "usage: sock-bench LINE ROUNDS QUICK NAME PID PATH ...\n");
		return 2;
	}
	rounds = (unsigned)atoi(argv[2]);
	if (rounds < 1 || rounds > ROUNDS_MAX)
		fail("ROUNDS=%s: expected 1 to %d", argv[2], ROUNDS_MAX);
	if (argv[3][0] == '1') {
		bytes /= 5;
		trips /= 5;
		connects /= 5;
	}
	for (int i = 4; i < argc; i += 3) {
		bool is_virtio = strcmp(argv[i], "virtio") == 0;

		all[n++] = (struct transport){ .name = argv[i],
					       .pid = atoi(argv[i + 1]),
					       .path = argv[i + 2],
					       .chunk = is_virtio ? 32000 : 65536 };
	}
	line = unix_socket(argv[1], &a);
	if (connect(line, (const struct sockaddr *)&a, sizeof(a)))
		fail("%s: %s", argv[1], strerror(errno));
	hear("ok", "start");
	for (unsigned r = 0; r < rounds; r++) {
		for (unsigned k = 0; k < n; k++) {
			in_use = all[k].name;
			say("use %s\n", in_use);
			hear("ok", all[k].name);
			measure_up(&all[k], r);
			measure_down(&all[k], r);
			measure_trips(&all[k], r);
			measure_connects(&all[k], r);
			if (r == 0)
				measure_idle(&all[k], r);
		}
		fprintf(stderr, "bench-sockets: round %u of %u\n", r + 1, rounds);
	}
	print(all, n, rounds);
	say("poweroff\n");
	return 0;
}
