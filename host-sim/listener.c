/* SPDX-License-Identifier: BSD-2-Clause */
/* listener.c - a listening UNIX socket that only its owner can reach. */
#include "listener.h"
#include <errno.h>
#include <libgen.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG 2

struct report {
	char *text;
	size_t size;
};

__attribute__((format(printf, 2, 3))) static int fail(const struct report *r, const char *format,
						      ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(r->text, r->size, format, ap);
	va_end(ap);
	return -1;
}

static int make_address(struct sockaddr_un *at, const char *path, const struct report *r)
{
	memset(at, 0, sizeof(*at));
	at->sun_family = AF_UNIX;
	if (path[0] == '\0' || strlen(path) >= sizeof(at->sun_path))
		return fail(r, "%s: a socket's path has 1 to %zu bytes", path,
			    sizeof(at->sun_path) - 1);
	memcpy(at->sun_path, path, strlen(path));
	return 0;
}

/* Whoever may write to the directory may put another socket in place of ours. */
static int check_directory(const char *path, const struct report *r)
{
	char copy[sizeof(((struct sockaddr_un *)0)->sun_path)];
	const char *dir;
	struct stat st;

	snprintf(copy, sizeof(copy), "%s", path);
	dir = dirname(copy);
	if (stat(dir, &st))
		return fail(r, "%s: %s", dir, strerror(errno));
	if (!S_ISDIR(st.st_mode))
		return fail(r, "%s: not a directory", dir);
	if ((st.st_mode & (S_IWGRP | S_IWOTH)) && !(st.st_mode & S_ISVTX))
		return fail(r, "%s: other users may write there; use a directory of your own", dir);
	if (st.st_uid != geteuid() && st.st_uid != 0 && !(st.st_mode & S_ISVTX))
		return fail(r, "%s: belongs to another user", dir);
	return 0;
}

/* Remove what a crash left behind, and nothing else. */
static int remove_stale(const struct sockaddr_un *at, const struct report *r)
{
	struct stat st;
	int fd, taken;

	if (lstat(at->sun_path, &st))
		return errno == ENOENT ? 0 : fail(r, "%s: %s", at->sun_path, strerror(errno));
	if (!S_ISSOCK(st.st_mode))
		return fail(r, "%s: exists and is no socket", at->sun_path);
	if (st.st_uid != geteuid())
		return fail(r, "%s: a socket of another user", at->sun_path);
	/* Of another type, so that whoever listens sees no connection. */
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return fail(r, "%s: %s", at->sun_path, strerror(errno));
	taken = connect(fd, (const struct sockaddr *)at, sizeof(*at)) == 0 || errno != ECONNREFUSED;
	close(fd);
	if (taken)
		return fail(r, "%s: in use by another process", at->sun_path);
	if (unlink(at->sun_path))
		return fail(r, "%s: %s", at->sun_path, strerror(errno));
	return 0;
}

int listener_open_as(struct listener *l, const char *path, int type, int backlog, char *error,
		     size_t size)
{
	const struct report r = { error, size };
	struct sockaddr_un at;
	struct stat st;
	mode_t mask;
	int rc;

	if (make_address(&at, path, &r) || check_directory(path, &r) || remove_stale(&at, &r))
		return -1;
	l->path = path;
	l->fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (l->fd < 0)
		return fail(&r, "%s: %s", path, strerror(errno));
	mask = umask(0177);
	rc = bind(l->fd, (const struct sockaddr *)&at, sizeof(at));
	umask(mask);
	if (rc || lstat(path, &st) || listen(l->fd, backlog)) {
		fail(&r, "%s: %s", path, strerror(errno));
		close(l->fd);
		return -1;
	}
	l->dev = st.st_dev;
	l->ino = st.st_ino;
	return 0;
}

int listener_open(struct listener *l, const char *path, char *error, size_t size)
{
	return listener_open_as(l, path, SOCK_STREAM, BACKLOG, error, size);
}

void listener_remove(const struct listener *l)
{
	struct stat st;

	if (lstat(l->path, &st) == 0 && S_ISSOCK(st.st_mode) && st.st_dev == l->dev &&
	    st.st_ino == l->ino)
		unlink(l->path);
}
