/* SPDX-License-Identifier: BSD-2-Clause */
/* fuzz_vfu.c - any stream of vfio-user messages and descriptors, through a real socket pair.
 *
 * Input: pieces of { u8 how, u8 command, u16 length, bytes }.
 *   how bits 0..3  descriptors that go with the piece, modulo 11
 *       bit 4      they are eventfds, not memory files
 *       bit 5      truncate the memory file before the piece
 *       bit 6      the piece is a body: a matching header goes in front
 *       bit 7      the server runs before the piece is sent
 * A second server with a client of its own stands by; its memory and its maps must not change.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>
#include <vmci/wire.h>
#include "../test/tiny.h"

#define FILE_BYTES  65536u
#define PIECE_MAX   4096u
#define DESCRIPTORS 11u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct party {
	struct tiny tiny;
	struct vfu *vfu;
	int fd;
};

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void open_party(struct party *p)
{
	struct vfu_options options = { .wake_fd = -1 };
	struct vfu_device d = tiny_device(&p->tiny, 3);
	int pair[2];

	require(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) == 0);
	p->vfu = vfu_new(&d, &options, -1);
	require(p->vfu && vfu_adopt(p->vfu, pair[1]));
	p->fd = pair[0];
}

static void close_party(struct party *p)
{
	close(p->fd);
	vfu_free(p->vfu);
}

static void send_piece(int fd, const void *buf, size_t len, const int *fds, unsigned nfds)
{
	union {
		struct cmsghdr align;
		char space[CMSG_SPACE(sizeof(int) * DESCRIPTORS)];
	} control;
	struct iovec iov = { (void *)(uintptr_t)buf, len };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };

	memset(&control, 0, sizeof(control));
	if (nfds) {
		struct cmsghdr *c;

		msg.msg_control = &control;
		msg.msg_controllen = CMSG_SPACE(sizeof(int) * nfds);
		c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int) * nfds);
		memcpy(CMSG_DATA(c), fds, sizeof(int) * nfds);
	}
	if (sendmsg(fd, &msg, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		return;
}

static void pump(struct party *p)
{
	char sink[8192];

	for (int i = 0; i < 16 && vfu_poll(p->vfu, 0) == VFU_WORKED; i++)
		while (recv(p->fd, sink, sizeof(sink), MSG_DONTWAIT) > 0)
			;
	while (recv(p->fd, sink, sizeof(sink), MSG_DONTWAIT) > 0)
		;
}

/* The device side at work: all the server offers it, at addresses the maps make interesting. */
static void use(struct party *p, uint64_t gpa)
{
	struct guestmem *gm = vfu_memory(p->vfu);
	uint8_t buf[64];
	void *page;

	if (guestmem_read(gm, gpa, buf, sizeof(buf)) == 0)
		guestmem_write(gm, gpa + 8, buf, 48);
	guestmem_or8(gm, gpa, 1);
	guestmem_store32_release(gm, gpa & ~UINT64_C(3), 7);
	page = guestmem_pin(gm, gpa & ~UINT64_C(4095), 4096);
	if (page) {
		*(volatile uint8_t *)page = 1;
		guestmem_unpin(gm, page);
	}
	for (unsigned v = 0; v < 4; v++)
		irqs_message(vfu_irqs(p->vfu), v);
	irqs_line(vfu_irqs(p->vfu), gpa & 4096);
}

static struct party *bystander(void)
{
	static struct party p;
	static const struct vfu_version version;
	static const char mark[] = "bystander";
	struct vfu_dma_map map = { .argsz = sizeof(map), .flags = 3, .size = 4096 };
	uint8_t buf[64];
	int fd;

	if (p.vfu)
		return &p;
	open_party(&p);
	fd = memfd_create("bystander", MFD_CLOEXEC);
	require(fd >= 0 && ftruncate(fd, 4096) == 0 &&
		pwrite(fd, mark, sizeof(mark), 0) == sizeof(mark));
	memcpy(buf, &(struct vfu_header){ 1, VFU_VERSION, 20, 0, 0 }, 16);
	memcpy(buf + 16, &version, 4);
	send_piece(p.fd, buf, 20, NULL, 0);
	memcpy(buf, &(struct vfu_header){ 2, VFU_DMA_MAP, 48, 0, 0 }, 16);
	memcpy(buf + 16, &map, 32);
	send_piece(p.fd, buf, 48, &fd, 1);
	close(fd);
	pump(&p);
	require(guestmem_maps(vfu_memory(p.vfu)) == 1);
	return &p;
}

static unsigned open_descriptors(void)
{
	unsigned n = 0;

	for (int fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct party *other = bystander(), p;
	unsigned before = open_descriptors();
	uint8_t piece[16 + PIECE_MAX], seen[10];
	int files[DESCRIPTORS], events[DESCRIPTORS], file;
	uint64_t gpa = 0;

	file = memfd_create("fuzz", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	require(file >= 0 && ftruncate(file, FILE_BYTES) == 0);
	events[0] = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	for (unsigned i = 0; i < DESCRIPTORS; i++) {
		files[i] = file;
		events[i] = events[0];
	}
	open_party(&p);
	while (size >= 4) {
		uint8_t how = data[0];
		size_t len = vmci_get16(data + 2), at = how & 0x40 ? 16 : 0;

		if (len > size - 4)
			len = size - 4;
		if (len > PIECE_MAX)
			len = PIECE_MAX;
		if (how & 0x80)
			pump(&p);
		if (how & 0x20)
			require(ftruncate(file, (off_t)(data[1] % 17 * 4096u)) == 0);
		if (at) {
			struct vfu_header h = { .id = 1,
						.command = data[1] & 15,
						.size = (uint32_t)(16 + len),
						.flags = data[1] & VFU_FLAG_NO_REPLY };

			memcpy(piece, &h, sizeof(h));
		}
		memcpy(piece + at, data + 4, len);
		if (len >= 24)
			gpa = vmci_get64(data + 4 + 16);
		send_piece(p.fd, piece, at + len, how & 0x10 ? events : files,
			   (how & 15u) % DESCRIPTORS);
		data += 4 + len;
		size -= 4 + len;
		use(&p, gpa);
		use(&p, gpa + 4090);
	}
	shutdown(p.fd, SHUT_WR);
	pump(&p);
	close_party(&p);
	close(file);
	close(events[0]);
	require(open_descriptors() == before);
	require(vfu_poll(other->vfu, 0) == VFU_IDLE && vfu_connected(other->vfu));
	require(guestmem_read(vfu_memory(other->vfu), 0, seen, 10) == 0 &&
		memcmp(seen, "bystander", 10) == 0);
	return 0;
}
