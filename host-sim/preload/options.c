/* SPDX-License-Identifier: BSD-2-Clause */
/* options.c - options of sockets: those of level AF_VSOCK, and what others would show of the UNIX
 * socket below. */
#include "call.h"
#include "real.h"
#include "sock.h"
#include <errno.h>
#include <linux/vm_sockets.h>
#include <string.h>
#include <sys/time.h>

static uint64_t *size_option(struct entry *e, int name)
{
	switch (name) {
	case SO_VM_SOCKETS_BUFFER_SIZE:
		return &e->size;
	case SO_VM_SOCKETS_BUFFER_MIN_SIZE:
		return &e->size_min;
	case SO_VM_SOCKETS_BUFFER_MAX_SIZE:
		return &e->size_max;
	default:
		return NULL;
	}
}

static int get_vsock_option(struct entry *e, int name, void *value, socklen_t *len)
{
	struct timeval t = { (time_t)(e->connect_us / 1000000),
			     (suseconds_t)(e->connect_us % 1000000) };
	const uint64_t *size = size_option(e, name);

	if (e->kind != KIND_STREAM)
		return fail(EOPNOTSUPP);
	if (size && *len >= sizeof(*size)) {
		memcpy(value, size, sizeof(*size));
		*len = sizeof(*size);
	} else if ((name == 6 || name == 8) && *len >= sizeof(t)) {
		memcpy(value, &t, sizeof(t));
		*len = sizeof(t);
	} else {
		return fail(size || name == 6 || name == 8 ? EINVAL : ENOPROTOOPT);
	}
	return 0;
}

static int set_vsock_option(struct entry *e, int name, const void *value, socklen_t len)
{
	uint64_t *size = size_option(e, name);
	struct timeval t;

	if (e->kind != KIND_STREAM)
		return fail(EOPNOTSUPP);
	if (size && len >= sizeof(*size)) {
		memcpy(size, value, sizeof(*size));
		if (size == &e->size_min && e->size_min > e->size_max)
			e->size_min = e->size_max;
		if (size == &e->size_max && e->size_max < e->size_min)
			e->size_max = e->size_min;
		e->size = e->size < e->size_min ? e->size_min : e->size;
		e->size = e->size > e->size_max ? e->size_max : e->size;
	} else if ((name == 6 || name == 8) && len >= sizeof(t)) {
		memcpy(&t, value, sizeof(t));
		if (t.tv_sec < 0 || t.tv_sec > 1000000 || t.tv_usec < 0 || t.tv_usec >= 1000000)
			return fail(ERANGE);
		e->connect_us = (uint64_t)t.tv_sec * 1000000u + (uint64_t)t.tv_usec;
		if (e->connect_us == 0)
			e->connect_us = 2000000;
	} else {
		return fail(size || name == 6 || name == 8 ? EINVAL : ENOPROTOOPT);
	}
	return 0;
}

EXPORT int getsockopt(int fd, int level, int name, void *restrict value, socklen_t *restrict len)
{
	struct entry *e = state_get(fd);
	int answer;

	if (!e || (level != SOL_SOCKET && level != AF_VSOCK))
		return REAL(getsockopt)(fd, level, name, value, len);
	if (level == AF_VSOCK)
		return get_vsock_option(e, name, value, len);
	if (name == SO_DOMAIN)
		answer = AF_VSOCK;
	else if (name == SO_TYPE)
		answer = e->kind == KIND_STREAM ? SOCK_STREAM : SOCK_DGRAM;
	else
		return REAL(getsockopt)(fd, level, name, value, len);
	if (*len < sizeof(answer))
		return fail(EINVAL);
	memcpy(value, &answer, sizeof(answer));
	*len = sizeof(answer);
	return 0;
}

EXPORT int setsockopt(int fd, int level, int name, const void *value, socklen_t len)
{
	bool is_mark = level == SOL_SOCKET && name == SO_RCVLOWAT;
	struct entry *e = level == AF_VSOCK || is_mark ? state_get(fd) : NULL;

	if (!e || (is_mark && e->kind != KIND_STREAM))
		return REAL(setsockopt)(fd, level, name, value, len);
	return is_mark ? poll_set_low_water(fd, e, value, len)
		       : set_vsock_option(e, name, value, len);
}
