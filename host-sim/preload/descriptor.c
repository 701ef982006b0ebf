/* SPDX-License-Identifier: BSD-2-Clause */
/* descriptor.c - the calls by which a descriptor goes or becomes two. */
#include "call.h"
#include "real.h"
#include "state.h"
#include <fcntl.h>
#include <stdarg.h>
#include <unistd.h>

EXPORT int close(int fd)
{
	state_drop(fd);
	return REAL(close)(fd);
}

EXPORT int dup(int fd)
{
	int to = REAL(dup)(fd);

	if (to >= 0)
		state_copy(fd, to);
	return to;
}

EXPORT int dup2(int fd, int to)
{
	int rc;

	if (to != fd)
		state_drop(to);
	rc = REAL(dup2)(fd, to);
	if (rc >= 0 && to != fd)
		state_copy(fd, to);
	return rc;
}

EXPORT int dup3(int fd, int to, int flags)
{
	int rc;

	if (to != fd)
		state_drop(to);
	rc = REAL(dup3)(fd, to, flags);
	if (rc >= 0)
		state_copy(fd, to);
	return rc;
}

static int duplicated(int fd, int command, int rc)
{
	if (rc >= 0 && (command == F_DUPFD || command == F_DUPFD_CLOEXEC))
		state_copy(fd, rc);
	return rc;
}

#define FCNTL(name)                                                                                \
	EXPORT int name(int fd, int command, ...)                                                  \
	{                                                                                          \
		va_list ap;                                                                        \
		void *arg;                                                                         \
		va_start(ap, command);                                                             \
		arg = va_arg(ap, void *);                                                          \
		va_end(ap);                                                                        \
		return duplicated(fd, command, REAL(name)(fd, command, arg));                      \
	}

FCNTL(fcntl)
FCNTL(fcntl64)
