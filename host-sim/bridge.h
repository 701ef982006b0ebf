/* SPDX-License-Identifier: BSD-2-Clause */
/* bridge.h - sockets of the guest on UNIX sockets of the host.
 *
 * The convention of other hypervisors, for one virtual machine and a path of its own:
 *   a guest that connects to port P of context 2 reaches who listens on the UNIX socket PATH_P;
 *   a host program that connects to PATH and says "CONNECT P\n" reaches port P of the guest, hears
 *   "OK N\n", and has the stream from then on. N is the port it comes from: the number behind
 *   PATH_ when it bound its own end to such a name, a free one otherwise.
 * What a program sees as the name of vmci-sim's end when it accepts is "@vmci/CID:PORT/CID:PORT/N":
 * the guest's address, its own, and something unique.
 * Datagrams: bridge_dgram.h.
 *
 * Either end may stop sending and go on receiving. Who does not read stops the writer: at most
 * BRIDGE_PIECE bytes in each direction wait here beside the two kernels' and the queue pair's.
 *
 * One thread; nothing blocks.
 */
#ifndef HOST_SIM_BRIDGE_H
#define HOST_SIM_BRIDGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <vmci/socket.h>
#include "loop.h"

#define BRIDGE_PIECE 65536u /* moved at once, bytes */

struct bridge;

struct bridge_options {
	const char *path; /* borrowed */
	/* The guest's context id now. */
	uint32_t (*guest_cid)(void *ctx);
	/* What happens to streams and ports, for a trace; text is valid during the call. May be
	 * NULL. */
	void (*note)(void *ctx, const char *text);
	/* Something that the owner of the process should know. May be NULL. */
	void (*warn)(void *ctx, const char *text);
	/* Bytes of streams, as vmci_socket_port.moved. May be NULL. */
	void (*moved)(void *ctx, struct vmci_sockaddr from, struct vmci_sockaddr to,
		      const void *data, size_t len);
	void *ctx;
};

/* Make the sockets of the host's context and listen.
 *   transport  of context 2, borrowed until bridge_close
 *   loop       borrowed as well; descriptors join it
 *   options    copied
 * Returns 0 and *out; or -1 with one line in error: nothing was made. */
int bridge_open(const struct vmci_transport *transport, struct loop *loop,
		const struct bridge_options *options, struct bridge **out, char *error,
		size_t size);
/* Streams end without a word to the guest, the sockets that were made are removed. NULL is ignored.
 */
void bridge_close(struct bridge *b);

/* Move what can be moved, for a bounded time. To be called after anything that may have reached the
 * transport or the loop. Returns microseconds until it has to be called again in any case, 0: at
 * once, UINT64_MAX: never. */
uint64_t bridge_run(struct bridge *b);

/* The guest was reset or has gone. Open streams hear that from the transport; those whose handshake
 * is under way, and of which the guest knows nothing any more, end here. */
void bridge_guest_left(struct bridge *b);

/* Streams and bound datagram ports there are, for tests. */
size_t bridge_count(const struct bridge *b);

#endif
