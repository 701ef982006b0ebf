/* SPDX-License-Identifier: BSD-2-Clause */
/* server.c - the device and everything that is served beside it, in one thread. */
#include "server.h"
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <vmci/defs.h>
#include <vmci/error.h>

static void *get_memory(void *ctx, size_t size)
{
	(void)ctx;
	return calloc(1, size);
}

static void give_memory(void *ctx, void *p, size_t size)
{
	(void)ctx;
	(void)size;
	free(p);
}

/* ---- what the parts ask of us ---- */

/* Lines reach their reader before we sleep. */
static void before_sleep(void *ctx)
{
	struct server *s = ctx;

	if (s->trace)
		fflush(s->trace);
	pcap_flush(s->pcap);
}

static void on_event(void *ctx, const struct vmci_trace *ev)
{
	struct server *s = ctx;

	if (s->check)
		check_event(s->check, ev);
	if (s->pcap)
		pcap_event(s->pcap, ev);
}

static void on_bytes(void *ctx, struct vmci_sockaddr from, struct vmci_sockaddr to,
		     const void *data, size_t len)
{
	pcap_moved(((struct server *)ctx)->pcap, from, to, data, len);
}

/* The signal is never read: it is told until the end, however often, and whatever comes beside. */
static void on_stop(struct loop_source *source, uint32_t events)
{
	struct server *s =
		(struct server *)(void *)((char *)source - offsetof(struct server, stop));

	(void)events;
	s->stopped = true;
}

/* For who waits without the loop. */
static bool is_to_stop(void *ctx)
{
	const struct server *s = ctx;
	struct pollfd p = { .fd = s->stop.fd, .events = POLLIN };

	return s->stopped || poll(&p, 1, 0) > 0;
}

static void on_asked(struct loop_source *source, uint32_t events)
{
	struct server *s =
		(struct server *)(void *)((char *)source - offsetof(struct server, asked));

	(void)events;
	check_report(s->check);
}

static void on_reset(void *ctx)
{
	struct server *s = ctx;

	if (s->bridge)
		bridge_guest_left(s->bridge);
}

static uint32_t guest_cid(void *ctx)
{
	struct server *s = ctx;

	return vmci_context_cid(vmci_device_context(s->sim.device));
}

static void bridge_says(void *ctx, const char *text)
{
	struct server *s = ctx;

	trace_text_line(&s->sim.trace, "sockets", text);
}

static void bridge_warns(void *ctx, const char *text)
{
	(void)ctx;
	fprintf(stderr, "vmci-sim: %s\n", text);
}

/* ---- life ---- */

static int open_device(struct server *s, const struct options *o, int listener, char *error,
		       size_t size)
{
	const struct vfu_options vfu = { .spin_us = VFU_SPIN_US,
					 .wake_fd = s->loop.fd,
					 .idle = before_sleep,
					 .hurry = is_to_stop,
					 .ctx = s };
	struct simdev_options sim = o->sim;
	int rc;

	sim.watch = s->check || s->pcap ? on_event : NULL;
	sim.watch_ctx = s;
	sim.was_reset = on_reset;
	sim.reset_ctx = s;
	rc = simdev_open(&s->sim, &sim, &vfu, listener, peer_link_handle, &s->peer, s->trace);

	if (rc == 0 && o->sim.pci.peer && peer_link_open(&s->peer, &s->sim)) {
		simdev_close(&s->sim);
		rc = VMCI_LOCAL_NO_MEMORY;
	}
	if (rc)
		snprintf(error, size, "cannot make the device: %s", vmci_error_name(rc));
	return rc;
}

/* Whoever only looks on. */
static int open_watchers(struct server *s, const struct options *o, char *error, size_t size)
{
	if (o->pcap) {
		s->pcap = pcap_open(o->pcap, error, size);
		if (!s->pcap)
			return -1;
	}
	if (!o->check)
		return 0;
	s->check = check_open(o->check_report, &s->sim, error, size);
	if (!s->check)
		return -1;
	s->asked = (struct loop_source){ .fd = check_asked_fd(s->check), .ready = on_asked };
	if (loop_add(&s->loop, &s->asked) == 0)
		return 0;
	snprintf(error, size, "--check: %s", strerror(errno));
	return -1;
}

static int open_bridge(struct server *s, const char *path, char *error, size_t size)
{
	const struct bridge_options options = { .path = path,
						.guest_cid = guest_cid,
						.note = bridge_says,
						.warn = bridge_warns,
						.moved = s->pcap ? on_bytes : NULL,
						.ctx = s };

	s->host = vmci_transport_of_context(vmci_hub_find(s->sim.hub, VMCI_HOST_CONTEXT_ID), NULL,
					    get_memory, give_memory);
	if (!s->host) {
		snprintf(error, size, "cannot make the device: no memory");
		return -1;
	}
	return bridge_open(s->host, &s->loop, &options, &s->bridge, error, size);
}

/* What the guest's tools may ask for. */
static int open_tools(struct server *s, const struct options *o, FILE *out, char *error,
		      size_t size)
{
	int rc;

	s->info = guestinfo_new(out);
	for (unsigned i = 0; s->info && i < o->guestinfo_count; i++) {
		const char *why = guestinfo_preset(s->info, o->guestinfo[i]);

		if (!why)
			continue;
		snprintf(error, size, "--guestinfo %.60s: expected %s", o->guestinfo[i], why);
		return -1;
	}
	rc = s->info ? guestservice_open(s->sim.hub, s->info, &s->sim.trace, &s->tools)
		     : -VMCI_ENOMEM;
	if (rc)
		snprintf(error, size, "--guestinfo: cannot serve context 0: %s", strerror(-rc));
	return rc;
}

int server_open(struct server *s, const struct options *o, int listener, FILE *trace,
		FILE *info_out, int stop, char *error, size_t size)
{
	memset(s, 0, sizeof(*s));
	s->trace = trace;
	s->stop = (struct loop_source){ .fd = stop, .ready = on_stop };
	if (loop_open(&s->loop) || loop_add_level(&s->loop, &s->stop)) {
		snprintf(error, size, "cannot wait for events: %s", strerror(errno));
		loop_close(&s->loop);
		close(listener);
		return -1;
	}
	if (open_watchers(s, o, error, size)) {
		check_free(s->check);
		pcap_close(s->pcap);
		loop_close(&s->loop);
		close(listener);
		return -1;
	}
	if (open_device(s, o, listener, error, size)) {
		check_free(s->check);
		pcap_close(s->pcap);
		loop_close(&s->loop);
		return -1;
	}
	if ((o->vsock_uds && open_bridge(s, o->vsock_uds, error, size)) ||
	    ((o->guestinfo_count || info_out) && open_tools(s, o, info_out, error, size))) {
		server_close(s);
		return -1;
	}
	return 0;
}

/* Everything that a message or an event may have set going. Returns microseconds until it has to be
 * looked at again, -1: only after an event. */
static int64_t work(struct server *s, bool is_woken)
{
	uint64_t next_us = UINT64_MAX, us;

	if (is_woken && loop_run(&s->loop) > 0 && s->loop.heard)
		vfu_active(s->sim.vfu);
	vmci_hub_run(s->sim.hub);
	if (s->bridge)
		next_us = bridge_run(s->bridge);
	us = s->tools ? guestservice_pump(s->tools) : UINT64_MAX;
	next_us = us < next_us ? us : next_us;
	us = peer_link_pump(&s->peer);
	next_us = us < next_us ? us : next_us;
	return next_us > INT64_MAX ? -1 : (int64_t)next_us;
}

void server_run(struct server *s, bool once)
{
	int64_t timeout_us = work(s, true);

	/* Asked after work, which may be told to end. */
	while (!s->stopped) {
		enum vfu_result r = vfu_poll(s->sim.vfu, timeout_us);

		if (r == VFU_CLIENT_GONE)
			peer_link_reset(&s->peer);
		if (r == VFU_CLIENT_GONE && once)
			break;
		timeout_us = work(s, vfu_woken(s->sim.vfu));
	}
}

unsigned server_close(struct server *s)
{
	unsigned violated = check_close(s->check);

	peer_link_close(&s->peer);
	guestservice_close(s->tools);
	guestinfo_free(s->info);
	bridge_close(s->bridge);
	s->bridge = NULL; /* the device's end is a reset */
	vmci_transport_free(s->host);
	simdev_close(&s->sim);
	pcap_close(s->pcap);
	loop_close(&s->loop);
	return violated;
}
