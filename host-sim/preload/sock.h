/* SPDX-License-Identifier: BSD-2-Clause */
/* sock.h - streams and datagrams of libvmci-vsock.so on UNIX sockets. Results are those of the
 * calls of the same name: -1 with errno. */
#ifndef HOST_SIM_PRELOAD_SOCK_H
#define HOST_SIM_PRELOAD_SOCK_H

#include <stddef.h>
#include <sys/socket.h>
#include "state.h"

int stream_bind(int fd, struct entry *e, struct addr at);
int stream_connect(int fd, struct entry *e, struct addr to);
/* Both addresses of an accepted stream, from the name of its other end. */
void stream_accepted(int fd, struct entry *e, const struct entry *listener);

/* What is not read by then is gone. */
int stream_shutdown(int fd, int how);

int dgram_bind(int fd, struct entry *e, struct addr at);
int dgram_connect(int fd, struct entry *e, struct addr to);
/* to, from: NULL or an address */
ssize_t dgram_send(int fd, struct entry *e, const struct iovec *iov, size_t niov, int flags,
		   const struct addr *to);
ssize_t dgram_receive(int fd, struct entry *e, const struct iovec *iov, size_t niov, int flags,
		      struct addr *from, int *flags_out);

/* SO_RCVLOWAT of a stream, as setsockopt. */
int poll_set_low_water(int fd, struct entry *e, const void *value, socklen_t len);

/* A whole UNIX socket address. */
int unix_connect(int fd, const char *path);
/* Wait until fd is readable or the time is over: 0 or -1 with errno. */
int wait_readable(int fd, uint64_t us);
/* Put a new socket of the same kind in place of one that was used up. */
void replace(int fd, int type);

#endif
