/* SPDX-License-Identifier: BSD-2-Clause */
/* flow.h - what both sides of `make bench-sockets` do with connected streams. Nobody looks at the
 * bytes, so that only the moving takes time. All return 0 or a negative errno. */
#ifndef HOST_SIM_TEST_LINUX_BENCH_FLOW_H
#define HOST_SIM_TEST_LINUX_BENCH_FLOW_H

#include <stddef.h>
#include <stdint.h>

/* Nothing waits longer for its peer. That is long: Linux gives the queue pairs of closed streams
 * back one after the other, the newest first, and a busy machine needs up to a second for each. */
#define FLOW_PATIENCE_S 300

void flow_patience(int fd);
/* Send bytes in calls of chunk, and wait for the one byte with which the peer says that it has
 * them, so that no figure depends on how a half-closed stream is carried. */
int flow_send(int fd, uint64_t bytes, size_t chunk);
/* The other end of it. */
int flow_receive(int fd, uint64_t bytes);
/* Until nothing comes. */
int flow_sink(int fd);
/* Exactly len bytes there, or here; -ENODATA: the peer stopped. */
int flow_put(int fd, size_t len);
int flow_take(int fd, uint64_t len);

/* Process 1 of the guest: what it is told over the second serial line, a line each, answered by
 * "ok" or "fail WHY"; whoever listens says "up" before.
 *   use vmci|virtio        what is below AF_VSOCK from now on
 *   send PORT BYTES CHUNK  to the host        sink PORT BYTES  from the host
 *   ping PORT TIMES LEN    there and back     connect PORT TIMES   and close
 *   idle PORT COUNT MS     so many streams, doing nothing
 *   poweroff */
_Noreturn void guest_main(void);

#endif
