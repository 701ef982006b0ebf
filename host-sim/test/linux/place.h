/* SPDX-License-Identifier: BSD-2-Clause */
/* place.h - where a program reaches its peer: AF_VSOCK, or the UNIX sockets of vmci-sim's bridge.
 *
 * All functions return a descriptor or 0 on success and a negative errno otherwise. */
#ifndef HOST_SIM_TEST_LINUX_PLACE_H
#define HOST_SIM_TEST_LINUX_PLACE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct place {
	const char *uds; /* path of --vsock-uds; NULL: AF_VSOCK */
	uint32_t cid;	 /* of the peer */
};

/* buffer: size of the queues in bytes, at most; 0 for the default; AF_VSOCK only. */
int place_connect(const struct place *p, uint32_t port, uint64_t buffer);
int place_listen(const struct place *p, uint32_t port, int backlog, uint64_t buffer);

/* Datagrams. A port of the host's side is a socket of its own. */
int place_bind(const struct place *p, uint32_t port);
/* Both return the bytes of the payload. */
ssize_t place_send(const struct place *p, int fd, uint32_t port, const void *src, size_t len);
ssize_t place_receive(const struct place *p, int fd, void *dst, size_t size, uint32_t *port);

#endif
