/* SPDX-License-Identifier: BSD-2-Clause */
/* device.c - /dev/vsock, which tells a program its context id. */
#include "call.h"
#include "real.h"
#include "state.h"
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ioctl.h>

#define DEVICE	      "/dev/vsock"
#define GET_LOCAL_CID 0x7b9u

/* -2: not ours. */
static int opened(const char *path, int flags)
{
	int fd;

	if (!path || strcmp(path, DEVICE) != 0 || !state_is_active())
		return -2;
	fd = REAL(open)("/dev/null", flags & ~(O_CREAT | O_EXCL | O_TRUNC));
	if (fd >= 0)
		state_add(fd, KIND_DEVICE);
	return fd;
}

/* name and its parameters, and those of them that go on to the C library. */
#define OPEN(name, parameters, ...)                                                                \
	EXPORT int name parameters                                                                 \
	{                                                                                          \
		int fd = opened(path, flags);                                                      \
		mode_t mode = 0;                                                                   \
		va_list ap;                                                                        \
		if (fd != -2)                                                                      \
			return fd;                                                                 \
		if (flags & (O_CREAT | __O_TMPFILE)) {                                             \
			va_start(ap, flags);                                                       \
			mode = va_arg(ap, mode_t);                                                 \
			va_end(ap);                                                                \
		}                                                                                  \
		return REAL(name)(__VA_ARGS__, mode);                                              \
	}

OPEN(open, (const char *path, int flags, ...), path, flags)
OPEN(open64, (const char *path, int flags, ...), path, flags)
OPEN(openat, (int dir, const char *path, int flags, ...), dir, path, flags)
OPEN(openat64, (int dir, const char *path, int flags, ...), dir, path, flags)

EXPORT int ioctl(int fd, unsigned long request, ...)
{
	struct entry *e = (unsigned)request == GET_LOCAL_CID ? state_get(fd) : NULL;
	va_list ap;
	void *arg;

	va_start(ap, request);
	arg = va_arg(ap, void *);
	va_end(ap);
	if (!e)
		return REAL(ioctl)(fd, request, arg);
	*(unsigned *)arg = VSOCK_HOST;
	return 0;
}
