/* SPDX-License-Identifier: BSD-2-Clause */
/* listener.h - a listening UNIX socket that only its owner can reach, made and removed with care.
 */
#ifndef HOST_SIM_LISTENER_H
#define HOST_SIM_LISTENER_H

#include <stddef.h>
#include <sys/types.h>

struct listener {
	const char *path; /* borrowed */
	int fd;
	dev_t dev;
	ino_t ino;
};

/* Listen on path (mode 0600, short backlog).
 * A socket of our own user on which nobody answers is removed first; anything else that is there
 * stays and is an error. So is a directory that others may write to, unless it is sticky. Returns
 * 0, or -1 with one line in error. */
int listener_open(struct listener *l, const char *path, char *error, size_t size);
/* The same with type SOCK_STREAM or SOCK_SEQPACKET and a backlog of more than a few. */
int listener_open_as(struct listener *l, const char *path, int type, int backlog, char *error,
		     size_t size);

/* Remove the path if it is still the socket made by listener_open. Does not close fd. */
void listener_remove(const struct listener *l);

#endif
