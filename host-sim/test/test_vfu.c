/* SPDX-License-Identifier: BSD-2-Clause */
/* test_vfu.c - the vfio-user server against good, cut, wrong and hostile messages. */
#include "raw.h"
#include "../vfu_link.h"

static const char qemu_version[] =
	"\0\0\0\0{\"capabilities\":{\"pgsizes\":4096,\"max_msg_fds\":16,\"migration\":{\"pgsize\":4096},"
	"\"max_data_xfer_size\":1048576,\"write_multiple\":true}}";

static void all_messages_in_order(void **state)
{
	struct raw r;
	uint8_t body[4096];
	size_t len;
	struct vfu_device_info info = { .argsz = sizeof(info) };
	struct vfu_region_info region = { .argsz = sizeof(region), .index = VFU_BAR1 };
	struct vfu_irq_info irq = { .argsz = sizeof(irq), .index = VFU_MSIX };
	struct {
		struct vfu_region_access a;
		uint8_t data[8];
	} io = { { .offset = 8, .region = VFU_BAR0, .count = 8 }, { 1, 2, 3, 4 } };

	(void)state;
	raw_open(&r);
	raw_send_fds(r.fd, body,
		     raw_message(body, VFU_VERSION, 0, qemu_version, sizeof(qemu_version)), NULL,
		     0);
	raw_pump(&r);
	assert_int_equal(raw_answer(&r, VFU_VERSION, body, &len), 0);
	assert_memory_equal(body, "\0\0\0\0{", 5);
	assert_int_equal(body[len - 1], 0);

	raw_send_fds(r.fd, body, raw_message(body, VFU_DEVICE_GET_INFO, 0, &info, sizeof(info)),
		     NULL, 0);
	raw_pump(&r);
	assert_int_equal(raw_answer(&r, VFU_DEVICE_GET_INFO, &info, &len), 0);
	assert_int_equal(info.flags, 3);
	assert_int_equal(info.regions, 9);
	assert_int_equal(info.irqs, 5);

	raw_send_fds(r.fd, body,
		     raw_message(body, VFU_DEVICE_GET_REGION_INFO, 0, &region, sizeof(region)),
		     NULL, 0);
	raw_pump(&r);
	assert_int_equal(raw_answer(&r, VFU_DEVICE_GET_REGION_INFO, &region, &len), 0);
	assert_int_equal(region.size, 8192);
	assert_int_equal(region.flags, 3);

	raw_send_fds(r.fd, body, raw_message(body, VFU_DEVICE_GET_IRQ_INFO, 0, &irq, sizeof(irq)),
		     NULL, 0);
	raw_pump(&r);
	assert_int_equal(raw_answer(&r, VFU_DEVICE_GET_IRQ_INFO, &irq, &len), 0);
	assert_int_equal(irq.count, 3);

	assert_int_equal(raw_ask(&r, VFU_REGION_WRITE, &io, sizeof(io)), 0);
	raw_send_fds(r.fd, body, raw_message(body, VFU_REGION_READ, 0, &io.a, sizeof(io.a)), NULL,
		     0);
	raw_pump(&r);
	assert_int_equal(raw_answer(&r, VFU_REGION_READ, body, &len), 0);
	assert_int_equal(len, sizeof(io));
	assert_memory_equal(body + sizeof(io.a), "\1\2\3\4", 4);
	assert_int_equal(raw_ask(&r, VFU_DEVICE_RESET, NULL, 0), 0);
	assert_int_equal(r.tiny.resets, 1);
	raw_close(&r);
	assert_int_equal(r.tiny.disconnects, 1);
}

/* A sequence with every kind of message, sent in two pieces cut at every byte. */
static size_t build_session(uint8_t *buf, size_t *count)
{
	struct vfu_dma_map map = { .argsz = sizeof(map), .flags = 3, .size = 8192 };
	struct vfu_dma_unmap unmap = { .argsz = sizeof(unmap), .size = 8192 };
	struct vfu_device_info info = { .argsz = sizeof(info) };
	struct vfu_region_info region = { .argsz = sizeof(region) };
	struct vfu_irq_info irq = { .argsz = sizeof(irq) };
	struct vfu_irq_set set = { .argsz = sizeof(set), .flags = 0x24, .index = 2, .count = 1 };
	struct vfu_region_access rd = { .region = VFU_CONFIG, .count = 64 };
	struct {
		struct vfu_region_access a;
		uint8_t data[8];
	} wr = { { .region = VFU_BAR1, .count = 8 }, "payload" };
	size_t n = 0, i = 0;

#define PUT(command, thing, size) i++, n += raw_message(buf + n, command, 0, thing, size)
	PUT(VFU_VERSION, qemu_version, sizeof(qemu_version));
	PUT(VFU_DMA_MAP, &map, sizeof(map));
	PUT(VFU_DEVICE_GET_INFO, &info, sizeof(info));
	PUT(VFU_DEVICE_GET_REGION_INFO, &region, sizeof(region));
	PUT(VFU_DEVICE_GET_IRQ_INFO, &irq, sizeof(irq));
	PUT(VFU_REGION_READ, &rd, sizeof(rd));
	PUT(VFU_DEVICE_SET_IRQS, &set, sizeof(set));
	PUT(VFU_REGION_WRITE, &wr, sizeof(wr));
	PUT(VFU_DMA_UNMAP, &unmap, sizeof(unmap));
	PUT(VFU_DEVICE_RESET, NULL, 0);
#undef PUT
	*count = i;
	return n;
}

static size_t collect(struct raw *r, uint8_t *out, size_t size)
{
	size_t have = 0;
	ssize_t n;

	while ((n = recv(r->fd, out + have, size - have, MSG_DONTWAIT)) > 0)
		have += (size_t)n;
	return have;
}

/* QEMU waits for all writes when one region says that it could be mapped. */
static void posting_is_forbidden_by_a_region_without_bytes(void **state)
{
	struct vfu_options options = { .wake_fd = -1 };
	struct raw r = { 0 };
	struct vfu_device d = tiny_device(&r.tiny, 3);

	(void)state;
	for (int forbidden = 0; forbidden < 2; forbidden++) {
		d.no_posted_writes = forbidden;
		r.vfu = vfu_new(&d, &options, -1);
		assert_non_null(r.vfu);
		raw_connect(&r);
		assert_int_equal(raw_hello(&r), 0);
		for (unsigned i = 0; i < VFU_REGIONS; i++) {
			struct vfu_region_info region = { .argsz = sizeof(region), .index = i };
			uint8_t body[256];
			size_t len;

			raw_send_fds(r.fd, body,
				     raw_message(body, VFU_DEVICE_GET_REGION_INFO, 0, &region,
						 sizeof(region)),
				     NULL, 0);
			raw_pump(&r);
			assert_int_equal(raw_answer(&r, VFU_DEVICE_GET_REGION_INFO, &region, &len),
					 0);
			assert_int_equal(region.flags, region.size		    ? 3
						       : forbidden && i == VFU_BAR5 ? 4
										    : 0);
		}
		raw_close(&r);
	}
}

static void split_at_every_byte(void **state)
{
	uint8_t buf[2048], want[2048], got[2048];
	size_t count, len = build_session(buf, &count), want_len;
	struct raw r;

	(void)state;
	raw_open(&r);
	raw_send_fds(r.fd, buf, len, NULL, 0);
	raw_pump(&r);
	want_len = collect(&r, want, sizeof(want));
	assert_true(want_len > count * 16);
	raw_close(&r);
	for (size_t cut = 1; cut < len; cut++) {
		raw_open(&r);
		raw_send_fds(r.fd, buf, cut, NULL, 0);
		raw_pump(&r);
		raw_send_fds(r.fd, buf + cut, len - cut, NULL, 0);
		raw_pump(&r);
		assert_int_equal(collect(&r, got, sizeof(got)), want_len);
		assert_memory_equal(got, want, want_len);
		raw_close(&r);
	}
	/* One byte at a time. */
	raw_open(&r);
	for (size_t i = 0; i < len; i++) {
		raw_send_fds(r.fd, buf + i, 1, NULL, 0);
		raw_pump(&r);
	}
	assert_int_equal(collect(&r, got, sizeof(got)), want_len);
	assert_memory_equal(got, want, want_len);
	raw_close(&r);
}

/* The client vanishes after every byte, with and without a descriptor under way. */
static void cut_off_at_every_byte(void **state)
{
	uint8_t buf[2048];
	size_t count, len = build_session(buf, &count);
	unsigned before = open_descriptors();
	int fd = memory_file(8192);

	(void)state;
	for (size_t cut = 1; cut < len; cut++) {
		struct raw r;

		raw_open(&r);
		raw_send_fds(r.fd, buf, cut, &fd, cut & 1);
		shutdown(r.fd, SHUT_WR);
		raw_pump(&r);
		assert_false(vfu_connected(r.vfu));
		assert_int_equal(r.tiny.disconnects, 1);
		raw_close(&r);
	}
	close(fd);
	assert_int_equal(open_descriptors(), before);
}

static void pipelined_maps_keep_their_descriptors(void **state)
{
	struct raw r;
	struct vfu_dma_map rom = {
		.argsz = sizeof(rom), .flags = 1, .address = 0xc0000, .size = 8192
	};
	struct vfu_dma_map ram = {
		.argsz = sizeof(ram), .flags = 3, .address = 0x100000, .size = 8192
	};
	uint8_t buf[256];
	int fd = memory_file(8192);
	size_t len;

	(void)state;
	raw_open(&r);
	assert_int_equal(raw_hello(&r), 0);
	raw_send_fds(r.fd, buf, raw_message(buf, VFU_DMA_MAP, 0, &rom, sizeof(rom)), NULL, 0);
	raw_send_fds(r.fd, buf, raw_message(buf, VFU_DMA_MAP, 0, &ram, sizeof(ram)), &fd, 1);
	raw_pump(&r);
	assert_int_equal(raw_answer(&r, VFU_DMA_MAP, buf, &len), 0);
	assert_int_equal(raw_answer(&r, VFU_DMA_MAP, buf, &len), 0);
	assert_int_equal(guestmem_read(vfu_memory(r.vfu), 0xc0000, buf, 4), -EFAULT);
	assert_int_equal(guestmem_read(vfu_memory(r.vfu), 0x100000, buf, 4), 0);
	close(fd);
	raw_close(&r);
}

/* The first read behind a short message takes bytes, and the descriptor, of the next one. */
static void descriptors_stay_with_a_message_that_was_read_in_advance(void **state)
{
	struct raw r;
	struct vfu_dma_map ram = {
		.argsz = sizeof(ram), .flags = 3, .address = 0x100000, .size = 8192
	};
	uint8_t buf[256];
	int fd = memory_file(8192), before;
	size_t len;

	(void)state;
	raw_open(&r);
	assert_int_equal(raw_hello(&r), 0);
	raw_pump(&r);
	before = open_descriptors();
	raw_send_fds(r.fd, buf, raw_message(buf, VFU_DEVICE_RESET, 0, NULL, 0), &fd, 1);
	raw_send_fds(r.fd, buf, raw_message(buf, VFU_DEVICE_RESET, 0, NULL, 0), NULL, 0);
	raw_send_fds(r.fd, buf, raw_message(buf, VFU_DMA_MAP, 0, &ram, sizeof(ram)), &fd, 1);
	raw_pump(&r);
	assert_int_equal(raw_answer(&r, VFU_DEVICE_RESET, buf, &len), EINVAL);
	assert_int_equal(raw_answer(&r, VFU_DEVICE_RESET, buf, &len), 0);
	assert_int_equal(raw_answer(&r, VFU_DMA_MAP, buf, &len), 0);
	assert_int_equal(guestmem_read(vfu_memory(r.vfu), 0x100000, buf, 4), 0);
	assert_int_equal(open_descriptors(), before);
	close(fd);
	raw_close(&r);
}

static void broken_framing_closes(void **state)
{
	static const struct {
		struct vfu_header head;
		const char *what;
	} bad[] = {
		{ { 1, VFU_VERSION, 0, 0, 0 }, "size 0" },
		{ { 1, VFU_VERSION, 15, 0, 0 }, "size 15" },
		{ { 1, VFU_VERSION, 16 + 256u * 1024u + 17, 0, 0 }, "too long" },
		{ { 1, VFU_VERSION, 0xffffffff, 0, 0 }, "size -1" },
		{ { 1, VFU_VERSION, 16, 1, 0 }, "a reply" },
		{ { 1, VFU_VERSION, 16, 2, 0 }, "type 2" },
		{ { 1, VFU_VERSION, 16, 0x20, 0 }, "an error flag" },
		{ { 1, VFU_VERSION, 16, 0x40, 0 }, "an unknown flag" },
		{ { 1, VFU_DEVICE_GET_INFO, 16, 0, 0 }, "no version before" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct raw r;
		uint8_t junk[64];
		size_t len;

		raw_open(&r);
		raw_send_fds(r.fd, &bad[i].head, sizeof(bad[i].head), NULL, 0);
		raw_pump(&r);
		if (raw_answer(&r, VFU_VERSION, junk, &len) != -2)
			fail_msg("%s did not close", bad[i].what);
		assert_int_equal(r.tiny.closes, 1);
		raw_close(&r);
	}
}

static void wrong_versions_are_refused(void **state)
{
	static const struct {
		const char *body;
		size_t len;
	} bad[] = {
		{ "", 0 },
		{ "\0\0", 2 },
		{ "\1\0\0\0", 4 },
		{ "\0\0\0\0{}", 6 }, /* no NUL */
		{ "\0\0\0\0", 5 },   /* an empty text is no object */
		{ "\0\0\0\0[]", 7 },
		{ "\0\0\0\0{]", 7 },
		{ "\0\0\0\0{\"a\":01}", 13 },
		{ "\0\0\0\0{}\0{}", 10 },
		{ "\0\0\0\0{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":"
		  "{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":1}}}}}}}}}}}}}}}}}",
		  4 + 17 * 6 + 2 },
	};
	static const struct {
		const char *body;
		size_t len;
	} good[] = {
		{ "\0\0\0\0", 4 },
		{ "\0\0\3\0", 4 }, /* a newer minor gets 0 */
		{ "\0\0\0\0{}", 7 },
		{ "\0\0\0\0 { \"capabilities\" : { } } ", 31 },
		{ "\0\0\0\0{\"x\":[-1.5e+3,true,null,\"\\u00e9\\n\"]}", 41 },
	};
	struct raw r;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		raw_open(&r);
		assert_int_equal(raw_ask(&r, VFU_VERSION, bad[i].body, bad[i].len), EINVAL);
		assert_false(vfu_connected(r.vfu));
		raw_close(&r);
	}
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		raw_open(&r);
		assert_int_equal(raw_ask(&r, VFU_VERSION, good[i].body, good[i].len), 0);
		assert_int_equal(raw_hello(&r), EINVAL); /* once only */
		assert_true(vfu_connected(r.vfu));
		raw_close(&r);
	}
}

/* Each kind of message with every length but the right one, and with descriptors it must not have.
 */
static void wrong_lengths_and_descriptors(void **state)
{
	static const struct {
		unsigned command;
		size_t len;
		unsigned max_fds;
	} kinds[] = {
		{ VFU_DMA_MAP, 32, 1 },
		{ VFU_DMA_UNMAP, 24, 0 },
		{ VFU_DEVICE_GET_INFO, 16, 0 },
		{ VFU_DEVICE_GET_REGION_INFO, 32, 0 },
		{ VFU_DEVICE_GET_IRQ_INFO, 16, 0 },
		{ VFU_REGION_READ, 16, 0 },
		{ VFU_DEVICE_RESET, 0, 0 },
	};
	unsigned before = open_descriptors();
	uint8_t body[64] = { 0 };
	int fds[8];
	struct raw r;

	(void)state;
	for (unsigned i = 0; i < 8; i++)
		fds[i] = memory_file(4096);
	raw_open(&r);
	assert_int_equal(raw_hello(&r), 0);
	for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
		body[0] = 32;
		for (size_t len = 0; len < 64; len++)
			if (len != kinds[k].len)
				assert_int_equal(raw_ask(&r, kinds[k].command, body, len), EINVAL);
		for (unsigned n = kinds[k].max_fds + 1; n <= 8; n++)
			assert_int_equal(
				raw_ask_fds(&r, kinds[k].command, body, kinds[k].len, fds, n),
				EINVAL);
	}
	assert_int_equal(raw_ask_fds(&r, 200, body, 16, fds, 8), ENOTSUP);
	assert_int_equal(r.tiny.resets, 0);
	assert_int_equal(guestmem_maps(vfu_memory(r.vfu)), 0);
	raw_close(&r);
	for (unsigned i = 0; i < 8; i++)
		close(fds[i]);
	assert_int_equal(open_descriptors(), before);
}

static void unknown_commands_are_refused(void **state)
{
	static const unsigned commands[] = { 0, 6, 11, 12, 14, 15, 16, 18, 99, 0xffff };
	uint8_t body[16] = { 0 };
	struct raw r;

	(void)state;
	raw_open(&r);
	assert_int_equal(raw_hello(&r), 0);
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		assert_int_equal(raw_ask(&r, commands[i], body, sizeof(body)), ENOTSUP);
	assert_true(vfu_connected(r.vfu));
	raw_close(&r);
}

static void ranges_are_checked(void **state)
{
	static const struct vfu_region_access bad[] = {
		{ 0, VFU_BAR0, 0 },
		{ 0, VFU_BAR0, 65 },
		{ 64, VFU_BAR0, 1 },
		{ 63, VFU_BAR0, 2 },
		{ UINT64_MAX, VFU_BAR0, 1 },
		{ UINT64_MAX, VFU_BAR0, 2 },
		{ 0, 2, 1 },
		{ 0, VFU_ROM, 1 },
		{ 0, VFU_VGA, 1 },
		{ 0, 9, 1 },
		{ 0, 0xffffffff, 1 },
		{ 0, VFU_CONFIG, 257 },
		{ 256, VFU_CONFIG, 4 },
		{ 0, VFU_BAR1, 0x7fffffff },
		{ 0, VFU_BAR1, 0xffffffff },
		{ UINT64_C(1) << 32, VFU_BAR0, 4 },
	};
	struct raw r;

	(void)state;
	raw_open(&r);
	assert_int_equal(raw_hello(&r), 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		uint8_t body[16 + 257];

		assert_int_equal(raw_ask(&r, VFU_REGION_READ, &bad[i], sizeof(bad[i])), EINVAL);
		memset(body, 0xee, sizeof(body));
		memcpy(body, &bad[i], sizeof(bad[i]));
		assert_int_equal(raw_ask(&r, VFU_REGION_WRITE, body,
					 16 + (bad[i].count <= 257 ? bad[i].count : 4)),
				 EINVAL);
	}
	for (size_t i = 0; i < sizeof(r.tiny.bar0); i++)
		assert_int_equal(r.tiny.bar0[i], 0);
	raw_close(&r);
}

static void no_reply_means_none(void **state)
{
	struct {
		struct vfu_region_access a;
		uint8_t data[8];
	} io = { { .offset = 8, .region = VFU_BAR0, .count = 8 }, { 1, 2, 3, 4 } };
	uint8_t buf[64];
	size_t len;
	struct raw r;

	(void)state;
	raw_open(&r);
	assert_int_equal(raw_hello(&r), 0);
	raw_send_fds(r.fd, buf,
		     raw_message(buf, VFU_REGION_WRITE, VFU_FLAG_NO_REPLY, &io, sizeof(io)), NULL,
		     0);
	raw_pump(&r);
	assert_int_equal(raw_answer(&r, VFU_REGION_WRITE, buf, &len), -1);
	assert_int_equal(r.tiny.bar0[8], 1);
	io.a.offset = 4096;
	raw_send_fds(r.fd, buf,
		     raw_message(buf, VFU_REGION_WRITE, VFU_FLAG_NO_REPLY, &io, sizeof(io)), NULL,
		     0);
	raw_send_fds(r.fd, buf, raw_message(buf, 77, VFU_FLAG_NO_REPLY, NULL, 0), NULL, 0);
	raw_pump(&r);
	assert_int_equal(raw_answer(&r, VFU_REGION_WRITE, buf, &len), -1);
	assert_int_equal(r.tiny.refusals, 2);
	assert_true(vfu_connected(r.vfu));
	raw_close(&r);
}

static void nothing_leaks_in_a_thousand_attempts(void **state)
{
	unsigned before = open_descriptors();
	struct vfu_dma_map map = { .argsz = sizeof(map), .flags = 3, .size = 1 << 20 };
	struct vfu_irq_set set = {
		.argsz = sizeof(set), .flags = 0x24, .index = 2, .start = 2, .count = 2
	};
	struct vfu_header half = { 1, VFU_DMA_MAP, 48, 0, 0 };
	int fds[16];

	(void)state;
	for (unsigned i = 0; i < 16; i++)
		fds[i] = memory_file(4096);
	for (unsigned i = 0; i < 1000; i++) {
		struct raw r;

		raw_open(&r);
		assert_int_equal(raw_hello(&r), 0);
		switch (i % 5) {
		case 0: /* beyond the end of the file */
			assert_int_equal(raw_ask_fds(&r, VFU_DMA_MAP, &map, sizeof(map), fds, 1),
					 EINVAL);
			break;
		case 1: /* half a header with a descriptor */
			raw_send_fds(r.fd, &half, 8, fds, 1);
			break;
		case 2: /* more descriptors than announced */
			raw_send_fds(r.fd, &half, 16, fds, 9 + i % 8);
			break;
		case 3: /* a range of vectors that does not exist */
			assert_int_equal(
				raw_ask_fds(&r, VFU_DEVICE_SET_IRQS, &set, sizeof(set), fds, 2),
				EINVAL);
			break;
		case 4: /* descriptors in the body's piece, then gone */
			raw_send_fds(r.fd, &half, 16, NULL, 0);
			raw_pump(&r);
			raw_send_fds(r.fd, &map, 5, fds, 3);
			break;
		}
		raw_pump(&r);
		if (i % 5 == 2)
			assert_false(vfu_connected(r.vfu));
		close(r.fd);
		raw_pump(&r);
		assert_false(vfu_connected(r.vfu));
		vfu_free(r.vfu);
	}
	for (unsigned i = 0; i < 16; i++)
		close(fds[i]);
	assert_int_equal(open_descriptors(), before);
}

static void clients_come_and_go(void **state)
{
	unsigned before = open_descriptors();
	struct vfu_dma_map map = { .argsz = sizeof(map), .flags = 3, .size = 8192 };
	int fd = memory_file(8192), pair[2];
	struct raw r;
	char byte;

	(void)state;
	raw_open(&r);
	for (unsigned i = 1; i <= 8; i++) {
		assert_int_equal(raw_hello(&r), 0);
		assert_int_equal(raw_ask_fds(&r, VFU_DMA_MAP, &map, sizeof(map), &fd, 1), 0);
		assert_int_equal(guestmem_maps(vfu_memory(r.vfu)), 1);
		/* A second one is turned away meanwhile. */
		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
		assert_false(vfu_adopt(r.vfu, pair[1]));
		assert_int_equal(recv(pair[0], &byte, 1, 0), 0);
		close(pair[0]);
		close(r.fd);
		raw_pump(&r);
		assert_false(vfu_connected(r.vfu));
		assert_int_equal(guestmem_maps(vfu_memory(r.vfu)), 0);
		assert_int_equal(r.tiny.disconnects, i);
		raw_connect(&r);
	}
	raw_close(&r);
	close(fd);
	assert_int_equal(open_descriptors(), before);
}

/* A begun message has to be complete in time; a quiet client has all the time there is. */
static void slow_messages_are_dropped(void **state)
{
	struct vfu_link *link = calloc(1, sizeof(*link));
	struct vfu_message m;
	struct vfu_header h = { 1, VFU_DEVICE_RESET, sizeof(h), 0, 0 };
	int pair[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	vfu_link_open(link, pair[1]);
	assert_int_equal(vfu_link_receive(link, &m, 1000000), VFU_PART);
	assert_int_equal(vfu_link_patience(link, 2000000), -1);
	raw_send_fds(pair[0], &h, 5, NULL, 0);
	assert_int_equal(vfu_link_receive(link, &m, 3000000), VFU_PART);
	assert_int_equal(vfu_link_patience(link, 3000000), VFU_STALL_MS);
	assert_int_equal(vfu_link_receive(link, &m, 3000000 + VFU_STALL_MS - 1), VFU_PART);
	assert_int_equal(vfu_link_patience(link, 3000000 + VFU_STALL_MS), 0);
	assert_int_equal(vfu_link_receive(link, &m, 3000000 + VFU_STALL_MS), VFU_BROKEN);
	assert_string_equal(link->why, "message not completed in time");
	vfu_link_close(link);
	close(pair[0]);
	free(link);
}

/* H-62: the file shrinks after the map. */
static void shrinking_memory_drops_the_client(void **state)
{
	struct vfu_dma_map map = { .argsz = sizeof(map), .flags = 3, .size = 65536 };
	int fd = memory_file(65536);
	struct raw r;
	uint32_t word = 1;

	(void)state;
	raw_open(&r);
	assert_int_equal(raw_hello(&r), 0);
	assert_int_equal(raw_ask_fds(&r, VFU_DMA_MAP, &map, sizeof(map), &fd, 1), 0);
	assert_int_equal(guestmem_write(vfu_memory(r.vfu), 0, &word, 4), 0);
	assert_int_equal(ftruncate(fd, 0), 0);
	assert_int_equal(guestmem_read(vfu_memory(r.vfu), 0, &word, 4), -EFAULT);
	assert_int_equal(guestmem_or8(vfu_memory(r.vfu), 100, 1), -EFAULT);
	assert_true(guestmem_lost(vfu_memory(r.vfu)));
	raw_ask(&r, VFU_DEVICE_RESET, NULL, 0);
	assert_false(vfu_connected(r.vfu));
	assert_string_equal(r.tiny.why, "a file of guest memory shrank");
	close(fd);
	raw_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_messages_in_order),
		cmocka_unit_test(posting_is_forbidden_by_a_region_without_bytes),
		cmocka_unit_test(split_at_every_byte),
		cmocka_unit_test(cut_off_at_every_byte),
		cmocka_unit_test(pipelined_maps_keep_their_descriptors),
		cmocka_unit_test(descriptors_stay_with_a_message_that_was_read_in_advance),
		cmocka_unit_test(broken_framing_closes),
		cmocka_unit_test(wrong_versions_are_refused),
		cmocka_unit_test(wrong_lengths_and_descriptors),
		cmocka_unit_test(unknown_commands_are_refused),
		cmocka_unit_test(ranges_are_checked),
		cmocka_unit_test(no_reply_means_none),
		cmocka_unit_test(nothing_leaks_in_a_thousand_attempts),
		cmocka_unit_test(clients_come_and_go),
		cmocka_unit_test(slow_messages_are_dropped),
		cmocka_unit_test(shrinking_memory_drops_the_client),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("vfu", tests, NULL, NULL);
}
