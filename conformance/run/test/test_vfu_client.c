/* SPDX-License-Identifier: BSD-2-Clause */
/* test_vfu_client.c - the vfio-user client against our server, and against servers that misbehave.
 */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>
#include "../../../host-sim/test/tiny.h"
#include "../vfu_client.h"

/* ---- our server in a thread ---- */

struct served {
	struct tiny tiny;
	struct vfu *vfu;
	int wake, client_fd;
	pthread_t thread;
};

static void *serve(void *arg)
{
	struct served *s = arg;

	while (vfu_poll(s->vfu, -1) != VFU_WOKEN)
		;
	return NULL;
}

static void start_device(struct served *s, bool no_posted_writes)
{
	struct vfu_options options = { .spin_us = 20 };
	struct vfu_device d = tiny_device(&s->tiny, 3);
	int pair[2];

	d.no_posted_writes = no_posted_writes;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	options.wake_fd = s->wake = eventfd(0, 0);
	s->vfu = vfu_new(&d, &options, -1);
	assert_non_null(s->vfu);
	assert_true(vfu_adopt(s->vfu, pair[1]));
	s->client_fd = pair[0];
	assert_int_equal(pthread_create(&s->thread, NULL, serve, s), 0);
}

static void start(struct served *s)
{
	start_device(s, false);
}

static void stop(struct served *s)
{
	uint64_t one = 1;

	assert_int_equal(write(s->wake, &one, sizeof(one)), sizeof(one));
	pthread_join(s->thread, NULL);
	vfu_free(s->vfu);
	close(s->wake);
}

/* More than one burst, each byte at the same place. */
static void strings(struct vfuc *c)
{
	uint8_t out[200], in[200];

	for (unsigned i = 0; i < sizeof(out); i++)
		out[i] = (uint8_t)(i + 1);
	assert_int_equal(vfuc_write_bytes(c, VFUC_BAR0, 16, out, sizeof(out)), 0);
	assert_int_equal(vfuc_read_bytes(c, VFUC_BAR0, 16, in, sizeof(in)), 0);
	for (unsigned i = 0; i < sizeof(in); i++)
		assert_int_equal(in[i], 200);
	assert_int_equal(vfuc_read_bytes(c, VFUC_BAR0, 64, in, sizeof(in)), VFUC_REFUSED);
	for (unsigned i = 0; i < sizeof(in); i++)
		assert_int_equal(in[i], 0xff);
	assert_int_equal(vfuc_write_bytes(c, VFUC_BAR0, 64, out, 1), VFUC_REFUSED);
}

static void regions_and_memory(void **state)
{
	struct served s;
	struct vfuc *c;
	char error[160] = "";
	uint8_t data[8] = "register", back[8] = { 0 };
	uint32_t value, off;

	(void)state;
	start(&s);
	c = vfuc_open_fd(s.client_fd, 2000, error, sizeof(error));
	assert_string_equal(error, "");
	assert_non_null(c);
	assert_int_equal(vfuc_region_bytes(c, VFUC_BAR0), 64);
	assert_int_equal(vfuc_region_bytes(c, VFUC_BAR1), 8192);
	assert_int_equal(vfuc_region_bytes(c, 2), 0);
	assert_int_equal(vfuc_write(c, VFUC_BAR0, 8, data, 8), 0);
	assert_int_equal(vfuc_read(c, VFUC_BAR0, 8, back, 8), 0);
	assert_memory_equal(back, data, 8);
	assert_int_equal(vfuc_write_posted(c, VFUC_BAR1, 0, data, 8), 0);
	assert_int_equal(vfuc_read(c, VFUC_BAR1, 0, back, 4), 0);
	assert_memory_equal(back, data, 4);
	assert_int_equal(vfuc_read(c, VFUC_BAR0, 64, back, 1), VFUC_REFUSED);
	strings(c);
	assert_int_equal(vfuc_write(c, 5, 0, data, 1), VFUC_REFUSED);
	assert_int_equal(vfuc_read(c, VFUC_BAR0, 0, back, 0), VFUC_MISUSE);
	assert_int_equal(vfuc_cfg_read(c, 32, 0, &value), 0);
	assert_int_equal(value, 0x074015ad);
	assert_int_equal(vfuc_find_capability(c, 0x11, &off), 0);
	assert_int_equal(off, 0x58);
	assert_int_equal(vfuc_find_capability(c, 0x10, &off), 0);
	assert_int_equal(off, 0);
	/* The server sees the same bytes, at both places. */
	memcpy(vfuc_memory(c, VFUC_LOW_BASE + 4096, 8), data, 8);
	memcpy(vfuc_memory(c, VFUC_HIGH_BASE, 8), data, 8);
	assert_int_equal(guestmem_read(vfu_memory(s.vfu), VFUC_LOW_BASE + 4096, back, 8), 0);
	assert_memory_equal(back, data, 8);
	assert_int_equal(guestmem_read(vfu_memory(s.vfu), VFUC_HIGH_BASE, back, 8), 0);
	assert_memory_equal(back, data, 8);
	assert_int_equal(guestmem_read(vfu_memory(s.vfu), 0xc0000, back, 8), -EFAULT);
	assert_null(vfuc_memory(c, VFUC_LOW_BASE + VFUC_LOW_BYTES - 1, 2));
	assert_null(vfuc_memory(c, VFUC_LOW_BASE, UINT64_MAX));
	assert_null(vfuc_memory(c, 0, 1));
	assert_int_equal(vfuc_dma_unmap(c, VFUC_HIGH_BASE, 4096), VFUC_REFUSED);
	assert_int_equal(vfuc_dma_unmap(c, VFUC_HIGH_BASE, VFUC_HIGH_BYTES), 0);
	assert_int_equal(vfuc_dma_map(c, VFUC_HIGH_BASE, 4096, false), 0);
	assert_int_equal(vfuc_dma_map(c, VFUC_HIGH_BASE, 4096, false), VFUC_REFUSED);
	assert_int_equal(vfuc_machine_reset(c), 0);
	assert_int_equal(s.tiny.resets, 1);
	vfuc_close(c);
	stop(&s);
}

static void posts_only_where_the_server_lets_it(void **state)
{
	struct served s;
	struct vfuc *c;

	(void)state;
	for (int forbidden = 0; forbidden < 2; forbidden++) {
		start_device(&s, forbidden);
		c = vfuc_open_fd(s.client_fd, 2000, NULL, 0);
		assert_non_null(c);
		assert_int_equal(vfuc_may_post(c), !forbidden);
		vfuc_close(c);
		stop(&s);
	}
}

static void interrupts_are_counted(void **state)
{
	struct served s;
	struct vfuc *c;
	uint32_t count;
	bool raised;

	(void)state;
	start(&s);
	c = vfuc_open_fd(s.client_fd, 2000, NULL, 0);
	assert_non_null(c);
	assert_int_equal(vfuc_vectors(c, VFUC_IRQ_INTX), 1);
	assert_int_equal(vfuc_vectors(c, VFUC_IRQ_MSI), 1);
	assert_int_equal(vfuc_vectors(c, VFUC_IRQ_MSIX), 3);
	/* The server's thread sleeps while this one plays the device. */
	irqs_line(vfu_irqs(s.vfu), true);
	assert_int_equal(vfuc_irq_wait(c, 0, 1000, &count), 0);
	assert_int_equal(count, 1);
	assert_int_equal(vfuc_irq_line(c, &raised), 0);
	assert_true(raised);
	irqs_line(vfu_irqs(s.vfu), false);
	assert_int_equal(vfuc_irq_line(c, &raised), 0);
	assert_false(raised);

	assert_int_equal(vfuc_irq_mode(c, VFUC_IRQ_MSIX, 4), VFUC_MISUSE);
	assert_int_equal(vfuc_irq_mode(c, VFUC_IRQ_MSIX, 3), 0);
	for (unsigned i = 0; i < 5; i++)
		assert_true(irqs_message(vfu_irqs(s.vfu), 2));
	assert_true(irqs_message(vfu_irqs(s.vfu), 0));
	assert_int_equal(vfuc_irq_take(c, 2, &count), 0);
	assert_int_equal(count, 5);
	assert_int_equal(vfuc_irq_take(c, 2, &count), 0);
	assert_int_equal(count, 0);
	assert_int_equal(vfuc_irq_take(c, 1, &count), 0);
	assert_int_equal(count, 0);
	assert_int_equal(vfuc_irq_take(c, 0, &count), 0);
	assert_int_equal(count, 1);
	assert_int_equal(vfuc_irq_mask(c, 1, true), 0);
	irqs_message(vfu_irqs(s.vfu), 1);
	irqs_message(vfu_irqs(s.vfu), 1);
	assert_int_equal(vfuc_irq_take(c, 1, &count), 0);
	assert_int_equal(count, 0);
	assert_int_equal(vfuc_irq_mask(c, 1, false), 0);
	assert_int_equal(vfuc_irq_take(c, 1, &count), 0);
	assert_int_equal(count, 1);
	assert_int_equal(vfuc_irq_mode(c, VFUC_IRQ_MSI, 1), 0);
	assert_false(irqs_message(vfu_irqs(s.vfu), 1));
	assert_true(irqs_message(vfu_irqs(s.vfu), 0));
	assert_int_equal(vfuc_irq_take(c, 0, &count), 0);
	assert_int_equal(count, 1);
	assert_int_equal(vfuc_irq_mode(c, VFUC_IRQ_NONE, 0), 0);
	assert_false(irqs_message(vfu_irqs(s.vfu), 0));
	vfuc_close(c);
	stop(&s);
}

/* ---- servers that misbehave ---- */

enum mood {
	CLOSES,	      /* at once */
	SILENT,	      /* reads, never answers */
	DEAF,	      /* never reads */
	SHORT,	      /* half a reply, then closed */
	HUGE_SIZE,    /* a reply of 4 GiB */
	TINY_SIZE,    /* a reply of 3 bytes */
	OTHER_ID,     /* answers another message */
	NO_REPLY_BIT, /* sends a message of an unknown type */
	NEW_VERSION,  /* says 1.0 */
	REFUSES,      /* errors to everything */
	NO_PCI,	      /* version, maps, then a device that is none */
	LONG_ANSWER,  /* an info of wrong size */
	CHATTERS,     /* asks for guest memory for ever */
	MOODS
};

struct villain {
	enum mood mood;
	int fd;
	pthread_t thread;
};

static void say(int fd, const struct vfu_header *to, uint32_t flags, uint32_t error,
		const void *body, uint32_t len, uint32_t size)
{
	struct vfu_header h = { to->id, to->command, size ? size : (uint32_t)sizeof(h) + len, flags,
				error };

	if (send(fd, &h, sizeof(h), MSG_NOSIGNAL) > 0 && len)
		send(fd, body, len, MSG_NOSIGNAL);
}

static void answer(const struct villain *v, const struct vfu_header *h)
{
	static const uint8_t zeros[64];
	static const struct vfu_version next = { 1, 0 };
	struct vfu_header other = *h;
	uint64_t dma[2] = { VFUC_LOW_BASE, 16 };

	other.id++;
	switch (v->mood) {
	case SHORT:
		send(v->fd, h, 9, MSG_NOSIGNAL);
		shutdown(v->fd, SHUT_RDWR);
		break;
	case HUGE_SIZE:
		say(v->fd, h, VFU_FLAG_REPLY, 0, NULL, 0, 0xfffffff0);
		break;
	case TINY_SIZE:
		say(v->fd, h, VFU_FLAG_REPLY, 0, NULL, 0, 3);
		break;
	case OTHER_ID:
		say(v->fd, &other, VFU_FLAG_REPLY, 0, zeros, 4, 0);
		break;
	case NO_REPLY_BIT:
		say(v->fd, h, 7, 0, zeros, 4, 0);
		break;
	case NEW_VERSION:
		say(v->fd, h, VFU_FLAG_REPLY, 0, &next, sizeof(next), 0);
		break;
	case REFUSES:
		say(v->fd, h, VFU_FLAG_REPLY | VFU_FLAG_ERROR, 0xdead, NULL, 0, 0);
		break;
	case NO_PCI:
		say(v->fd, h, VFU_FLAG_REPLY, 0, zeros, h->command == VFU_VERSION ? 4 : 16, 0);
		break;
	case LONG_ANSWER:
		say(v->fd, h, VFU_FLAG_REPLY, 0, zeros, h->command == VFU_VERSION ? 4 : 60, 0);
		break;
	case CHATTERS:
		for (int i = 0; i < 5000; i++) {
			other.command = VFU_DMA_READ;
			say(v->fd, &other, 0, 0, dma, sizeof(dma), 0);
		}
		break;
	default:
		break;
	}
}

static void *misbehave(void *arg)
{
	struct villain *v = arg;
	struct vfu_header h;
	uint8_t body[4096];

	if (v->mood == CLOSES) {
		close(v->fd);
		return NULL;
	}
	while (v->mood != DEAF && recv(v->fd, &h, sizeof(h), MSG_WAITALL) == sizeof(h)) {
		if (h.size > sizeof(h) && recv(v->fd, body, h.size - sizeof(h), MSG_WAITALL) <= 0)
			break;
		/* Replies to its own requests. */
		if (!(h.flags & VFU_FLAG_REPLY))
			answer(v, &h);
	}
	if (v->mood == DEAF)
		usleep(400000);
	close(v->fd);
	return NULL;
}

static void survives_any_server(void **state)
{
	(void)state;
	for (int mood = 0; mood < MOODS; mood++) {
		struct villain v = { .mood = (enum mood)mood };
		char error[160] = "";
		int pair[2];

		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
		v.fd = pair[1];
		assert_int_equal(pthread_create(&v.thread, NULL, misbehave, &v), 0);
		assert_null(vfuc_open_fd(pair[0], 200, error, sizeof(error)));
		if (error[0] == '\0')
			fail_msg("mood %d: no reason given", mood);
		pthread_join(v.thread, NULL);
	}
}

static void a_dead_server_stays_dead(void **state)
{
	struct served s;
	struct vfuc *c;
	uint32_t value;
	bool raised;

	(void)state;
	start(&s);
	c = vfuc_open_fd(s.client_fd, 500, NULL, 0);
	assert_non_null(c);
	stop(&s);
	assert_int_equal(vfuc_cfg_read(c, 32, 0, &value), VFUC_DEAD);
	assert_true(vfuc_dead(c));
	assert_int_equal(vfuc_cfg_write(c, 32, 0, 0), VFUC_DEAD);
	assert_int_equal(vfuc_irq_take(c, 0, &value), VFUC_DEAD);
	assert_int_equal(vfuc_irq_line(c, &raised), VFUC_DEAD);
	assert_int_equal(vfuc_machine_reset(c), VFUC_DEAD);
	assert_int_equal(vfuc_dma_map(c, VFUC_LOW_BASE, 4096, true), VFUC_DEAD);
	vfuc_close(c);
}

static void nobody_listens(void **state)
{
	char error[160] = "";

	(void)state;
	assert_null(vfuc_open("/nonexistent/socket", 100, error, sizeof(error)));
	assert_string_equal(error, "/nonexistent/socket: No such file or directory");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(regions_and_memory),
		cmocka_unit_test(interrupts_are_counted),
		cmocka_unit_test(posts_only_where_the_server_lets_it),
		cmocka_unit_test(survives_any_server),
		cmocka_unit_test(a_dead_server_stays_dead),
		cmocka_unit_test(nobody_listens),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("vfu_client", tests, NULL, NULL);
}
