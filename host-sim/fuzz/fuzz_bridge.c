/* SPDX-License-Identifier: BSD-2-Clause */
/* fuzz_bridge.c - whatever programs say to the bridge: first lines, bytes, datagram messages, ends.
 *
 * Input: pieces of { u8 how, u8 length, bytes }.
 *   how bits 0..2  0 bytes on the stream connection   1 the stream connection closes, another comes
 *                  2 it stops sending                 3 a message on the datagram connection
 *                  4 the datagram connection closes, another comes
 *                  5 the oldest handshake ends, well or not
 *                  6 the guest writes, reads and sends a datagram at every socket
 *                  7 the guest stops receiving, sending, at every socket
 * The stack is the fake one, which ends the process when it is asked about a socket that is none.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <vmci/defs.h>
#include "../bridge.h"
#include "../test/fake_sockets.h"

#define TURNS 10000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

static uint32_t cid(void *ctx)
{
	(void)ctx;
	return 16;
}

static void settle(struct loop *loop, struct bridge *b)
{
	int i = 0;

	while (loop_run(loop) > 0 || bridge_run(b) == 0)
		require(i++ < TURNS); /* nothing spins */
}

static int program(const char *path, int type)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	snprintf(at.sun_path, sizeof(at.sun_path), "%s", path);
	require(fd >= 0 && connect(fd, (const struct sockaddr *)&at, sizeof(at)) == 0);
	return fd;
}

static void guest_acts(unsigned how, const uint8_t *data, size_t len)
{
	static uint8_t junk[FAKE_QUEUE];

	for (int i = 0; i < fake_stack->count; i++) {
		const struct fake_socket *k = fake_stack->sockets[i];

		if (!k->exists)
			continue;
		if (how == 7)
			fake_guest_shuts(i, len & 1, len & 2);
		else if (k->is_dgram)
			fake_guest_sends(i, data, len);
		else if (k->is_connected)
			fake_guest_writes(i, data, len);
		if (how == 6 && !k->is_dgram)
			fake_guest_reads(i, junk, sizeof(junk));
	}
}

static void act(const char *paths[2], int fds[2], unsigned how, const uint8_t *data, size_t len)
{
	unsigned which = how >= 3;

	switch (how) {
	case 0:
	case 3:
		(void)!send(fds[which], data, len, MSG_NOSIGNAL | MSG_DONTWAIT);
		break;
	case 1:
	case 4:
		close(fds[which]);
		fds[which] = program(paths[which], which ? SOCK_SEQPACKET : SOCK_STREAM);
		break;
	case 2:
		shutdown(fds[0], SHUT_WR);
		break;
	case 5:
		if (fake_connecting() >= 0)
			fake_handshake(fake_connecting(), len & 1 ? VMCI_ECONNRESET : 0);
		break;
	default:
		guest_acts(how, data, len);
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char dir[] = "/tmp/fuzz_bridge.XXXXXX", path[64], dgram[80], error[200];
	const char *paths[2] = { path, dgram };
	const struct bridge_options options = { .path = path, .guest_cid = cid };
	struct loop loop;
	struct bridge *b;
	int fds[2];

	require(mkdtemp(dir) != NULL && loop_open(&loop) == 0);
	snprintf(path, sizeof(path), "%s/v", dir);
	snprintf(dgram, sizeof(dgram), "%s_dgram", path);
	require(bridge_open(NULL, &loop, &options, &b, error, sizeof(error)) == 0);
	fds[0] = program(path, SOCK_STREAM);
	fds[1] = program(dgram, SOCK_SEQPACKET);
	while (size >= 2) {
		unsigned how = data[0] & 7;
		size_t len = data[1];

		data += 2;
		size -= 2;
		len = len < size ? len : size;
		act(paths, fds, how, data, len);
		settle(&loop, b);
		data += len;
		size -= len;
	}
	close(fds[0]);
	close(fds[1]);
	settle(&loop, b);
	bridge_close(b);
	loop_close(&loop);
	require(rmdir(dir) == 0);
	return 0;
}
