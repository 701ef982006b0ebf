/* SPDX-License-Identifier: BSD-2-Clause */
/* Sockets that are closed in one thread while another waits in recv, thousands of times. Built with
 * the thread sanitizer; prints TAP. The original VMCI Sockets library crashed a guest in this way.
 *
 * One recursive mutex stands for everything: guest, hub and both stacks. One thread pumps; two
 * readers block on a condition variable in recv; a closer closes either end, of a connection
 * that is idle, or just getting bytes, or not yet accepted.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include "socket_world.h"

#define ROUNDS	4000u
#define READERS 2u

static struct socket_world world;
static pthread_mutex_t big;
static pthread_mutex_t wake_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t wake = PTHREAD_COND_INITIALIZER;
static uint64_t wakes;
static atomic_bool stop;
static atomic_uint wrong;

static void take(void *ctx)
{
	(void)ctx;
	pthread_mutex_lock(&big);
}

static void give(void *ctx)
{
	(void)ctx;
	pthread_mutex_unlock(&big);
}

static void woken(void *ctx, int fd)
{
	(void)ctx;
	(void)fd;
	pthread_mutex_lock(&wake_lock);
	wakes++;
	pthread_cond_broadcast(&wake);
	pthread_mutex_unlock(&wake_lock);
}

static uint64_t wakes_so_far(void)
{
	uint64_t n;

	pthread_mutex_lock(&wake_lock);
	n = wakes;
	pthread_mutex_unlock(&wake_lock);
	return n;
}

static void wait_behind(uint64_t seen)
{
	pthread_mutex_lock(&wake_lock);
	while (wakes == seen)
		pthread_cond_wait(&wake, &wake_lock);
	pthread_mutex_unlock(&wake_lock);
}

static void *pump(void *arg)
{
	struct timespec pause = { 0, 20000 };

	(void)arg;
	while (!atomic_load(&stop)) {
		take(NULL);
		world.now_us += 1000;
		socket_world_settle(&world);
		give(NULL);
		nanosleep(&pause, NULL);
	}
	return NULL;
}

/* ---- jobs of the two kinds of thread ------------------------------------------------------ */

struct job {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct vmci_sockets *s; /* NULL: none */
	int fd;
	bool is_over;
};

static void put(struct job *j, struct vmci_sockets *s, int fd)
{
	pthread_mutex_lock(&j->lock);
	j->s = s;
	j->fd = fd;
	pthread_cond_broadcast(&j->changed);
	pthread_mutex_unlock(&j->lock);
}

static void wait_done(struct job *j)
{
	pthread_mutex_lock(&j->lock);
	while (j->s)
		pthread_cond_wait(&j->changed, &j->lock);
	pthread_mutex_unlock(&j->lock);
}

static void *reader(void *arg)
{
	struct job *j = arg;

	for (;;) {
		struct vmci_sockets *s;
		char buf[100];
		int64_t n;
		int fd;

		pthread_mutex_lock(&j->lock);
		while (!j->s && !j->is_over)
			pthread_cond_wait(&j->changed, &j->lock);
		s = j->s;
		fd = j->fd;
		pthread_mutex_unlock(&j->lock);
		if (!s)
			return NULL;
		for (;;) {
			uint64_t seen = wakes_so_far();

			n = vmci_socket_recv(s, fd, buf, sizeof(buf), 0);
			if (n == -VMCI_EAGAIN)
				wait_behind(seen);
			else if (n <= 0)
				break;
		}
		if (n != 0 && n != -VMCI_EBADF)
			atomic_fetch_add(&wrong, 1);
		(void)vmci_socket_close(s, fd); /* perhaps for the second time */
		put(j, NULL, -1);
	}
}

/* ---- rounds ------------------------------------------------------------------------------- */

/* A connection between two ends, or false. */
static bool connect_ends(enum which from, enum which to, uint32_t port, int *c, int *s)
{
	struct vmci_sockets *a = world.end[from].s, *b = world.end[to].s;
	struct vmci_sockaddr any = { VMCI_VMADDR_CID_ANY, port };
	struct vmci_sockaddr there = { world.end[to].cid, port };
	int l = vmci_socket(b, VMCI_SOCK_STREAM);
	uint64_t seen;

	*c = vmci_socket(a, VMCI_SOCK_STREAM);
	if (vmci_socket_setopt(a, *c, 0, 1000) || vmci_socket_bind(b, l, any) ||
	    vmci_socket_listen(b, l, 0) || vmci_socket_connect(a, *c, there) != -VMCI_EINPROGRESS)
		return false;
	do {
		seen = wakes_so_far();
		*s = vmci_socket_accept(b, l, NULL);
		if (*s == -VMCI_EAGAIN)
			wait_behind(seen);
	} while (*s == -VMCI_EAGAIN);
	(void)vmci_socket_close(b, l);
	return *s >= 0;
}

static void round_of(unsigned n, struct job *jobs)
{
	enum which from = n & 1 ? GUEST : HOST, to = n & 1 ? HOST : GUEST;
	struct vmci_sockets *a = world.end[from].s, *b = world.end[to].s;
	struct timespec pause = { 0, (n * 7919u) % 60000 };
	int c, s;

	if (!connect_ends(from, to, 10000 + n, &c, &s)) {
		atomic_fetch_add(&wrong, 1);
		return;
	}
	put(&jobs[0], a, c);
	put(&jobs[1], b, s);
	if (n & 2)
		(void)vmci_socket_send(b, s, "bytes", 5, 0);
	nanosleep(&pause, NULL);
	/* Either end; the other reader sees an end of file. */
	if (n & 4)
		(void)vmci_socket_close(a, c);
	else
		(void)vmci_socket_close(b, s);
	wait_done(&jobs[0]);
	wait_done(&jobs[1]);
}

static bool all_gone(void)
{
	uint32_t n, pairs, sum = 0;

	for (int i = 0; i < 1000; i++) {
		struct timespec pause = { 0, 1000000 };

		sum = 0;
		for (int k = 0; k < 2; k++) {
			vmci_sockets_count(world.end[k].s, &n, &pairs);
			sum += n + pairs;
		}
		if (!sum)
			break;
		nanosleep(&pause, NULL);
	}
	return sum == 0;
}

int main(void)
{
	struct socket_world_options options = { .lock = take, .unlock = give, .ready = woken };
	struct job jobs[READERS] = { 0 };
	pthread_t threads[READERS], pumper;
	pthread_mutexattr_t attr;
	bool ok;

	printf("1..2\n");
	pthread_mutexattr_init(&attr);
	pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_RECURSIVE);
	pthread_mutex_init(&big, &attr);
	if (!socket_world_open(&world, &options))
		return 1;
	for (unsigned i = 0; i < READERS; i++) {
		pthread_mutex_init(&jobs[i].lock, NULL);
		pthread_cond_init(&jobs[i].changed, NULL);
		pthread_create(&threads[i], NULL, reader, &jobs[i]);
	}
	pthread_create(&pumper, NULL, pump, NULL);
	for (unsigned n = 0; n < ROUNDS; n++)
		round_of(n, jobs);
	ok = atomic_load(&wrong) == 0;
	printf("%sok 1 - a close in one thread ends a recv in another, %u times\n",
	       ok ? "" : "not ", ROUNDS);
	if (!all_gone())
		ok = false;
	printf("%sok 2 - nothing is left of them\n", ok ? "" : "not ");
	atomic_store(&stop, true);
	pthread_join(pumper, NULL);
	for (unsigned i = 0; i < READERS; i++) {
		pthread_mutex_lock(&jobs[i].lock);
		jobs[i].is_over = true;
		pthread_cond_broadcast(&jobs[i].changed);
		pthread_mutex_unlock(&jobs[i].lock);
		pthread_join(threads[i], NULL);
	}
	socket_world_close(&world);
	return ok ? 0 : 1;
}
