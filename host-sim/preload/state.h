/* SPDX-License-Identifier: BSD-2-Clause */
/* state.h - what libvmci-vsock.so knows of the machines and of the descriptors of this process.
 *
 * A descriptor that the program takes for a vsock socket is a UNIX socket; what the program is to
 * see of it (addresses, options) stands here, by its number. Numbers can be closed behind our back
 * (close_range, exec), so an entry counts only while the descriptor is the same file.
 */
#ifndef HOST_SIM_PRELOAD_STATE_H
#define HOST_SIM_PRELOAD_STATE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/un.h>

#define VSOCK_MACHINES 64u
#define VSOCK_FDS      65536
#define VSOCK_LOCAL    1u
#define VSOCK_HOST     2u
#define VSOCK_ANY      UINT32_MAX

struct machine {
	uint32_t cid;
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)]; /* absolute */
};

enum kind {
	KIND_NONE,
	KIND_STREAM,
	KIND_DGRAM,
	KIND_DEVICE /* /dev/vsock */
};

struct addr {
	uint32_t cid, port;
};

struct entry {
	enum kind kind;
	dev_t dev;
	ino_t ino;
	bool is_bound, is_listening, is_connected;
	bool is_linked; /* a datagram socket has its connection */
	pid_t owner;	/* of the names in the file system */
	struct addr local, peer;
	uint64_t size, size_min, size_max;
	uint64_t connect_us;
	int low_water; /* bytes that make a stream readable; 0, 1: any */
};

/* From the environment, once: VMCI_VSOCK="CID=PATH,CID=PATH...". 0 machines: nothing is done. A
 * wrong value ends the process with one line. */
unsigned state_machines(const struct machine **out);
/* Whether there are machines: without, the library does nothing. */
bool state_is_active(void);
/* NULL: unknown. */
const struct machine *state_machine(uint32_t cid);

/* Make fd one of ours, with defaults. Returns the entry, or NULL: the number is too large. */
struct entry *state_add(int fd, enum kind kind);
/* NULL: not ours. errno is kept. */
struct entry *state_get(int fd);
/* to is a duplicate of from. */
void state_copy(int from, int to);
/* fd is about to be closed; names that this process made go with the last descriptor. */
void state_drop(int fd);
/* fd was replaced by another file of the same meaning. */
void state_renew(int fd);

#endif
