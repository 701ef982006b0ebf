/* SPDX-License-Identifier: BSD-2-Clause */
/* vfu.c - a vfio-user server: connections and waiting. */
#include "vfu.h"
#include "guestfault.h"
#include "vfu_dispatch.h"
#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static uint64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000u + (uint64_t)t.tv_nsec / 1000u;
}

static uint64_t now_ms(void)
{
	return now_us() / 1000u;
}

static void irqs_changed(void *ctx)
{
	static const char *const names[] = { "off", "intx", "msi", "msix" };
	struct vfu *v = ctx;

	vfu_note(v, VFU_NOTE_IRQS, irqs_usable(&v->irqs), 0, names[irqs_mode(&v->irqs)]);
	if (v->dev.irqs_changed)
		v->dev.irqs_changed(v->dev.ctx);
}

static void memory_changed(void *ctx, bool added, uint64_t gpa, uint64_t size)
{
	struct vfu *v = ctx;

	if (v->dev.memory_changed)
		v->dev.memory_changed(v->dev.ctx, added, gpa, size);
}

struct vfu *vfu_new(const struct vfu_device *device, const struct vfu_options *options, int fd)
{
	struct vfu *v = calloc(1, sizeof(*v));

	if (!v)
		return NULL;
	v->dev = *device;
	v->options = *options;
	v->listener = fd;
	v->link.fd = -1;
	v->link.hurry = options->hurry;
	v->link.ctx = options->ctx;
	irqs_init(&v->irqs, device->vectors, irqs_changed, v);
	v->mem = guestmem_new(memory_changed, v);
	if (!v->mem || guestfault_install()) {
		guestmem_free(v->mem);
		free(v);
		return NULL;
	}
	return v;
}

/* First the device lets go, then its memory and eventfds go. */
static void disconnect(struct vfu *v, const char *why)
{
	if (v->link.fd < 0)
		return;
	vfu_link_close(&v->link);
	v->greeted = false;
	vfu_note(v, VFU_NOTE_CLOSE, 0, 0, why);
	v->dev.reset(v->dev.ctx, VFU_DISCONNECT);
	irqs_drop(&v->irqs);
	irqs_changed(v);
	guestmem_unmap_all(v->mem);
}

void vfu_hang_up(struct vfu *v, const char *why)
{
	disconnect(v, why);
}

void vfu_free(struct vfu *v)
{
	if (!v)
		return;
	disconnect(v, "server ends");
	if (v->listener >= 0)
		close(v->listener);
	guestmem_free(v->mem);
	free(v);
}

bool vfu_adopt(struct vfu *v, int fd)
{
	if (v->link.fd >= 0) {
		vfu_note(v, VFU_NOTE_TURNED_AWAY, 0, 0, "there is a client");
		close(fd);
		return false;
	}
	vfu_link_open(&v->link, fd);
	v->greeted = false;
	v->accepted_ms = now_ms();
	vfu_note(v, VFU_NOTE_CONNECT, 0, 0, NULL);
	return true;
}

/* Only our own user, or root, may be the guest's machine. */
static bool may_connect(int fd)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 &&
	       (peer.uid == geteuid() || peer.uid == 0);
}

static bool accept_one(struct vfu *v)
{
	int fd = v->listener < 0 ? -1 : accept4(v->listener, NULL, NULL, SOCK_CLOEXEC);

	if (fd < 0)
		return false;
	if (!may_connect(fd)) {
		vfu_note(v, VFU_NOTE_TURNED_AWAY, 0, 0, "another user");
		close(fd);
		return true;
	}
	vfu_adopt(v, fd);
	return true;
}

/* Handle what has arrived on the connection, at most VFU_BUDGET messages. */
static enum vfu_result drain(struct vfu *v)
{
	enum vfu_result result = VFU_IDLE;
	bool is_last = false;

	for (unsigned i = 0; i < VFU_BUDGET && v->link.fd >= 0 && !is_last; i++) {
		struct vfu_message m;
		const char *why = NULL;

		switch (vfu_link_receive(&v->link, &m, now_ms())) {
		case VFU_MESSAGE:
			/* Who waits for an answer sends nothing behind it, as a rule. */
			is_last =
				!(m.head.flags & VFU_FLAG_NO_REPLY) && !vfu_link_is_ahead(&v->link);
			why = vfu_dispatch(v, &m);
			vfu_link_done(&v->link, now_ms());
			if (!why && guestmem_lost(v->mem))
				why = "a file of guest memory shrank";
			break;
		case VFU_PART:
			if (v->greeted || now_ms() - v->accepted_ms < VFU_STALL_MS)
				return result;
			why = "no version in time";
			break;
		case VFU_EOF:
			why = "closed by the client";
			break;
		case VFU_BROKEN:
			why = v->link.why;
			break;
		}
		if (why) {
			disconnect(v, why);
			return VFU_CLIENT_GONE;
		}
		result = VFU_WORKED;
	}
	return v->link.fd < 0 && result == VFU_WORKED ? VFU_CLIENT_GONE : result;
}

/* Milliseconds until a client that says nothing must be dropped; -1: never. */
static int patience(const struct vfu *v)
{
	uint64_t now = now_ms();

	if (v->link.fd >= 0 && !v->greeted)
		return now - v->accepted_ms >= VFU_STALL_MS
			       ? 0
			       : (int)(VFU_STALL_MS - (now - v->accepted_ms));
	return vfu_link_patience(&v->link, now);
}

/* Wait for anything, NULL: for ever, and handle what came from the client. */
static enum vfu_result look(struct vfu *v, const struct timespec *wait)
{
	struct pollfd p[3] = { { .fd = v->link.fd, .events = POLLIN },
			       { .fd = v->listener, .events = POLLIN },
			       { .fd = v->options.wake_fd, .events = POLLIN } };
	bool client = v->link.fd >= 0;

	if (ppoll(p, 3, wait, NULL) <= 0)
		return VFU_IDLE;
	v->woken = p[2].revents;
	/* The old client's end of file comes before a new client. */
	if (p[0].revents) {
		enum vfu_result result = drain(v);

		if (result != VFU_IDLE)
			return result;
	}
	if (v->woken)
		return VFU_WOKEN;
	return p[1].revents && accept_one(v) && !client ? VFU_WORKED : VFU_IDLE;
}

/* After a message the next one is often microseconds away, while going to sleep and being
 * woken costs ten times that. */
static enum vfu_result spin(struct vfu *v)
{
	static const struct timespec at_once = { 0, 0 };
	uint64_t until = v->active_us + v->options.spin_us;
	enum vfu_result result;

	if (v->link.fd < 0 || v->options.spin_us == 0 || v->active_us == 0 ||
	    v->misses >= VFU_SPIN_MISSES)
		return VFU_IDLE;
	v->active_us = 0;
	while ((result = look(v, &at_once)) == VFU_IDLE && now_us() < until)
		sched_yield(); /* whoever is to speak next may need this processor */
	v->misses = result == VFU_IDLE ? v->misses + 1 : 0;
	return result;
}

/* A sleep so short that a busy wait would have seen its end. */
static void slept(struct vfu *v, uint64_t since_us)
{
	if (v->misses && now_us() - since_us < UINT64_C(2) * v->options.spin_us)
		v->misses = 0;
}

static enum vfu_result wait_for(struct vfu *v, int64_t timeout_us)
{
	int limit = patience(v);
	uint64_t since_us = 0;
	struct timespec wait;
	enum vfu_result result;

	if (limit >= 0 && (timeout_us < 0 || limit < timeout_us / 1000))
		timeout_us = (int64_t)limit * 1000;
	wait = (struct timespec){ timeout_us / 1000000, timeout_us % 1000000 * 1000 };
	if (timeout_us != 0 && v->misses)
		since_us = now_us();
	result = look(v, timeout_us < 0 ? NULL : &wait);
	if (result == VFU_IDLE)
		return limit == 0 ? drain(v) : VFU_IDLE;
	if (since_us)
		slept(v, since_us);
	return result;
}

enum vfu_result vfu_poll(struct vfu *v, int64_t timeout_us)
{
	enum vfu_result result = vfu_link_is_ahead(&v->link) ? drain(v) : VFU_IDLE;

	v->woken = false;
	if (result == VFU_IDLE && timeout_us != 0)
		result = spin(v);
	if (result == VFU_IDLE && timeout_us != 0 && v->options.idle)
		v->options.idle(v->options.ctx);
	if (result == VFU_IDLE)
		result = wait_for(v, timeout_us);
	if (result == VFU_WORKED && v->link.fd >= 0)
		v->active_us = now_us();
	return result;
}

bool vfu_woken(const struct vfu *v)
{
	return v->woken;
}

void vfu_active(struct vfu *v)
{
	v->active_us = now_us();
}

struct guestmem *vfu_memory(struct vfu *v)
{
	return v->mem;
}

struct irqs *vfu_irqs(struct vfu *v)
{
	return &v->irqs;
}

bool vfu_connected(const struct vfu *v)
{
	return v->link.fd >= 0;
}
