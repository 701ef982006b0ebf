/* SPDX-License-Identifier: BSD-2-Clause */
/* state.c - what libvmci-vsock.so knows of the machines and of the descriptors of this process. */
#include "state.h"
#include "real.h"
#include "../bridge_line.h"
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SIZE_DEFAULT UINT64_C(262144)
#define SIZE_MIN     UINT64_C(128)
#define CONNECT_US   UINT64_C(2000000)

static struct machine machines[VSOCK_MACHINES];
static unsigned nmachines;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
/* Entries are never freed: another thread may look at one. */
static struct entry *entries[VSOCK_FDS];
static int highest = -1;
static pid_t self;

static void bad(const char *what)
{
	fprintf(stderr, "libvmci-vsock: VMCI_VSOCK: expected CID=PATH,..., not %s\n", what);
	_exit(2);
}

/* The program may change its directory later. */
static void make_absolute(char *path, size_t size, const char *text, size_t len)
{
	char dir[4096] = "";
	int n;

	if (text[0] != '/' && !getcwd(dir, sizeof(dir)))
		bad("a path here");
	n = snprintf(path, size, "%s%s%.*s", dir, dir[0] ? "/" : "", (int)len, text);
	if (n < 0 || (size_t)n > BRIDGE_PATH_MAX)
		bad("a path as long as this");
}

static void forked(void)
{
	self = getpid();
}

/* The child of a vfork has its own descriptors and our memory. */
static bool is_ours(void)
{
	return self == getpid();
}

static void read_machines(void)
{
	const char *text = getenv("VMCI_VSOCK");

	self = getpid();
	pthread_atfork(NULL, NULL, forked);
	while (text && *text) {
		size_t len = strcspn(text, ","), head = strcspn(text, "=,");
		struct machine *m = &machines[nmachines];

		if (nmachines == VSOCK_MACHINES)
			bad("that many");
		if (text[head] != '=' || head + 1 == len ||
		    !bridge_number(text, head, UINT32_MAX - 1, &m->cid) || m->cid <= VSOCK_HOST)
			bad(text);
		make_absolute(m->path, sizeof(m->path), text + head + 1, len - head - 1);
		nmachines++;
		text += len;
		if (*text == ',')
			text++;
	}
}

unsigned state_machines(const struct machine **out)
{
	pthread_once(&once, read_machines);
	*out = machines;
	return nmachines;
}

bool state_is_active(void)
{
	const struct machine *m;

	return state_machines(&m) > 0;
}

const struct machine *state_machine(uint32_t cid)
{
	const struct machine *all;
	unsigned n = state_machines(&all);

	for (unsigned i = 0; i < n; i++)
		if (all[i].cid == cid)
			return &all[i];
	return NULL;
}

static bool identify(int fd, struct entry *e)
{
	struct stat st;

	if (fstat(fd, &st))
		return false;
	e->dev = st.st_dev;
	e->ino = st.st_ino;
	return true;
}

static struct entry *slot(int fd)
{
	if (fd < 0 || fd >= VSOCK_FDS)
		return NULL;
	if (!entries[fd])
		entries[fd] = calloc(1, sizeof(struct entry));
	if (entries[fd] && fd > highest)
		highest = fd;
	return entries[fd];
}

struct entry *state_add(int fd, enum kind kind)
{
	struct entry *e;

	pthread_mutex_lock(&mutex);
	e = slot(fd);
	if (e) {
		*e = (struct entry){ .kind = kind,
				     .local = { VSOCK_ANY, VSOCK_ANY },
				     .size = SIZE_DEFAULT,
				     .size_min = SIZE_MIN,
				     .size_max = SIZE_DEFAULT,
				     .connect_us = CONNECT_US };
		if (!identify(fd, e))
			e->kind = KIND_NONE;
	}
	pthread_mutex_unlock(&mutex);
	return e;
}

struct entry *state_get(int fd)
{
	struct entry *e =
		fd >= 0 && fd < VSOCK_FDS ? __atomic_load_n(&entries[fd], __ATOMIC_ACQUIRE) : NULL;
	struct entry now;
	int error = errno;

	if (!e || e->kind == KIND_NONE)
		return NULL;
	if (!identify(fd, &now) || now.ino != e->ino || now.dev != e->dev)
		e = NULL;
	errno = error;
	return e;
}

void state_copy(int from, int to)
{
	struct entry *e = state_get(from), *copy;

	if (!e || !is_ours())
		return;
	pthread_mutex_lock(&mutex);
	copy = slot(to);
	if (copy)
		*copy = *e;
	pthread_mutex_unlock(&mutex);
}

static bool is_last(int fd, const struct entry *e)
{
	for (int i = 0; i <= highest; i++)
		if (i != fd && entries[i] && entries[i]->kind == e->kind &&
		    entries[i]->ino == e->ino && entries[i]->dev == e->dev && state_get(i))
			return false;
	return true;
}

static void remove_names(const struct entry *e)
{
	struct sockaddr_un at;

	for (unsigned i = 0; i < nmachines; i++) {
		bridge_address(&at, machines[i].path, e->local.port);
		unlink(at.sun_path);
	}
}

void state_drop(int fd)
{
	struct entry *e = state_get(fd);
	int error = errno;

	if (!e || !is_ours())
		return;
	if (e->kind == KIND_STREAM && e->owner == getpid() && is_last(fd, e))
		remove_names(e);
	e->kind = KIND_NONE;
	errno = error;
}

void state_renew(int fd)
{
	if (fd >= 0 && fd < VSOCK_FDS && entries[fd])
		identify(fd, entries[fd]);
}

/* Names go even when the program does not close. */
__attribute__((destructor)) static void leave(void)
{
	for (int i = 0; i <= highest; i++)
		if (entries[i] && entries[i]->kind == KIND_STREAM &&
		    entries[i]->owner == getpid() && state_get(i))
			remove_names(entries[i]);
}
