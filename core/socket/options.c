/* SPDX-License-Identifier: BSD-2-Clause */
/* Options of sockets. Spec: chapter 82. */
#include "sock.h"

void options_default(struct sock *sk)
{
	sk->size = VMCI_FAULT("socket.default-size") ? 65536 : VMCI_SOCKETS_BUFFER_SIZE;
	sk->min = VMCI_SOCKETS_BUFFER_MIN_SIZE;
	sk->max = VMCI_SOCKETS_BUFFER_MAX_SIZE;
	sk->timeout_us = VMCI_SOCKETS_CONNECT_TIMEOUT_US;
}

/* The maximum is last, so it holds even where the minimum is above it. */
static void set_size(struct sock *sk, uint64_t size)
{
	if (!VMCI_FAULT("socket.size-not-clamped")) {
		if (size < sk->min)
			size = sk->min;
		if (size > sk->max)
			size = sk->max;
	}
	sk->size = size;
}

static int set_timeout(struct sock *sk, uint64_t us)
{
	if (us > INT64_MAX)
		return -VMCI_ERANGE;
	sk->timeout_us = us ? us : VMCI_SOCKETS_CONNECT_TIMEOUT_US;
	if (VMCI_FAULT("socket.timeout-option-lost"))
		sk->timeout_us = VMCI_SOCKETS_CONNECT_TIMEOUT_US;
	return 0;
}

static int set(struct sock *sk, unsigned name, uint64_t value)
{
	switch (name) {
	case VMCI_SO_VM_SOCKETS_BUFFER_SIZE:
		set_size(sk, value);
		return 0;
	case VMCI_SO_VM_SOCKETS_BUFFER_MIN_SIZE:
		sk->min = value;
		if (VMCI_FAULT("socket.limit-leaves-size"))
			return 0;
		set_size(sk, sk->size);
		return 0;
	case VMCI_SO_VM_SOCKETS_BUFFER_MAX_SIZE:
		sk->max = value;
		set_size(sk, sk->size);
		return 0;
	case VMCI_SO_VM_SOCKETS_CONNECT_TIMEOUT:
	case VMCI_SO_VM_SOCKETS_CONNECT_TIMEOUT_NEW:
		return set_timeout(sk, value);
	default:
		return VMCI_FAULT("socket.any-option") ? 0 : -VMCI_ENOPROTOOPT;
	}
}

static int get(const struct sock *sk, unsigned name, uint64_t *value)
{
	switch (name) {
	case VMCI_SO_VM_SOCKETS_BUFFER_SIZE:
		*value = sk->size;
		return 0;
	case VMCI_SO_VM_SOCKETS_BUFFER_MIN_SIZE:
		*value = sk->min;
		return 0;
	case VMCI_SO_VM_SOCKETS_BUFFER_MAX_SIZE:
		*value = sk->max;
		return 0;
	case VMCI_SO_VM_SOCKETS_TRUSTED:
		*value = sk->s->limits.is_trusted;
		return 0;
	case VMCI_SO_VM_SOCKETS_CONNECT_TIMEOUT:
	case VMCI_SO_VM_SOCKETS_CONNECT_TIMEOUT_NEW:
		*value = sk->timeout_us;
		return 0;
	default:
		return -VMCI_ENOPROTOOPT;
	}
}

int vmci_socket_setopt(struct vmci_sockets *s, int fd, unsigned name, uint64_t value)
{
	struct sock *sk;
	int rc;

	sock_lock(s);
	sk = sock_of(s, fd);
	if (!sk)
		rc = -VMCI_EBADF;
	else if (sk->type == VMCI_SOCK_DGRAM && !VMCI_FAULT("socket.datagram-options"))
		rc = -VMCI_EOPNOTSUPP;
	else
		rc = set(sk, name, value);
	sock_unlock(s);
	return rc;
}

int vmci_socket_getopt(struct vmci_sockets *s, int fd, unsigned name, uint64_t *value)
{
	struct sock *sk;
	int rc;

	sock_lock(s);
	sk = sock_of(s, fd);
	if (!sk)
		rc = -VMCI_EBADF;
	else if (sk->type == VMCI_SOCK_DGRAM)
		rc = -VMCI_EOPNOTSUPP;
	else
		rc = get(sk, name, value);
	sock_unlock(s);
	return rc;
}

int vmci_socket_low_water(struct vmci_sockets *s, int fd, uint64_t bytes)
{
	struct sock *sk;
	int rc = 0;

	sock_lock(s);
	sk = sock_of(s, fd);
	if (!sk)
		rc = -VMCI_EBADF;
	else if (sk->type == VMCI_SOCK_DGRAM)
		rc = -VMCI_EOPNOTSUPP;
	else if (bytes > (sk->state == SOCK_CONNECTED ? sk->queue : sk->size))
		rc = -VMCI_EINVAL;
	else
		sk->low_water = bytes ? bytes : 1;
	sock_unlock(s);
	return rc;
}
