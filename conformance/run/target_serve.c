/* SPDX-License-Identifier: BSD-2-Clause */
/* target_serve.c - a guest on another machine as the one under test. */
#include "target_serve.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <vmci/defs.h>
#include "../../host-sim/listener.h"
#include "../../host-sim/simdev.h"
#include "peer_wire.h"
#include "target_tap.h"

#define CID	  16u
#define POLL_US	  20000
#define MODE_MMIO 2u /* of PEER_ASK_PROBE */

struct serve {
	struct target_tap tapped; /* first */
	struct simdev sim;
	struct listener listener;
	bool is_listening, is_open;
	bool ports_only;
	unsigned vectors; /* messages that the vector wants the function to have, 0 = as many as
			     causes */
	struct vmci_device_config config;
	uint8_t message[PEERBOX_MESSAGE_MAX];
};

static uint64_t now_us(void *ctx)
{
	struct timespec t;

	(void)ctx;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

/* Serve until the agent waits for a command. Returns false when it is gone or the time is up. */
static bool until_agent_waits(struct serve *s, unsigned seconds)
{
	uint64_t end = now_us(NULL) + (uint64_t)seconds * 1000000;

	while (!peerbox_guest_waits(s->sim.peerbox)) {
		enum vfu_result r = vfu_poll(s->sim.vfu, POLL_US);

		if (r == VFU_CLIENT_GONE || now_us(NULL) > end)
			return false;
		if (r == VFU_IDLE)
			vmci_hub_run(s->sim.hub);
	}
	return true;
}

static int ask(void *ctx, const struct peer_request *rq, struct peer_reply *rp)
{
	struct serve *s = ctx;
	uint64_t end = now_us(NULL) + (uint64_t)TARGET_SERVE_ANSWER_S * 1000000;
	size_t len = peer_encode_request(rq, s->message, sizeof(s->message));
	const uint8_t *answer = NULL;

	/* Without the register window there is nothing to see of a guest that is told to use it. */
	if (s->ports_only && rq->op == PEER_ASK_PROBE && rq->nargs && rq->args[0] == MODE_MMIO)
		return MACHINE_UNSUPPORTED;
	if (len == 0 || !until_agent_waits(s, TARGET_SERVE_ANSWER_S) ||
	    !peerbox_command(s->sim.peerbox, s->message, len))
		return MACHINE_ERROR;
	while (!(answer = peerbox_answer(s->sim.peerbox, &len)))
		if (vfu_poll(s->sim.vfu, POLL_US) == VFU_CLIENT_GONE || now_us(NULL) > end)
			return MACHINE_ERROR;
	vmci_hub_run(s->sim.hub);
	return peer_decode_reply(rq->op, rp, answer, len) ? MACHINE_ERROR : 0;
}

/* However many messages there are: the agent runs the handlers when it is asked to. */
static int configure(void *ctx, const struct vmci_device_config *config, unsigned vectors)
{
	struct serve *s = ctx;
	struct peer_request rq = { .op = PEER_CONFIGURE,
				   .nargs = 1 + VCT_CONFIG_KEYS,
				   .args = { (uint64_t)(vectors != 0) << VCT_CFG_VECTORS } };
	struct peer_reply rp = { 0 };

	rq.args[1 + VCT_CFG_VECTORS] = vectors;
	if (ask(s, &rq, &rp) || rp.rc)
		return PEER_RC_UNSUPPORTED;
	return simdev_configure(&s->sim, config);
}

static int settle(void *ctx, uint64_t us)
{
	struct serve *s = ctx;

	uint64_t end = now_us(NULL) + us;

	/* The guest only moves when it is asked: when the socket is quiet, all has happened. But
	 * its clock is a real one, and timers of its sockets look at it. */
	do {
		while (vfu_poll(s->sim.vfu, 0) == VFU_WORKED)
			;
	} while (now_us(NULL) < end && vfu_poll(s->sim.vfu, 1000) != VFU_CLIENT_GONE);
	vmci_hub_run(s->sim.hub);
	return 0;
}

static int mem_read(void *ctx, uint64_t pa, void *dst, size_t len)
{
	struct serve *s = ctx;

	return guestmem_read(vfu_memory(s->sim.vfu), pa, dst, len) ? MACHINE_ERROR : 0;
}

static int mem_write(void *ctx, uint64_t pa, const void *src, size_t len)
{
	struct serve *s = ctx;

	return guestmem_write(vfu_memory(s->sim.vfu), pa, src, len) ? MACHINE_ERROR : 0;
}

/* The machine is not reset, only the device: it stays a bus master with the guest's memory. */
static int fresh(void *ctx)
{
	struct serve *s = ctx;
	struct peer_request rq = { .op = PEER_RESET };
	struct peer_reply rp = { 0 };
	int rc = ask(s, &rq, &rp);

	if (rc)
		return rc;
	rc = simdev_configure(&s->sim, &s->config);
	tap_fresh(s->tapped.tap);
	return rc ? MACHINE_ERROR : 0;
}

static void close_target(struct target *t)
{
	struct serve *s = t->priv;
	struct peer_request rq = { .op = PEER_ASK_QUIT };
	struct peer_reply rp = { 0 };

	if (s->is_open) {
		if (vfu_connected(s->sim.vfu))
			ask(s, &rq, &rp);
		/* The application resets the device and powers off; let it. */
		for (int i = 0; i < 500 && vfu_connected(s->sim.vfu); i++)
			vfu_poll(s->sim.vfu, POLL_US);
		if (s->tapped.peer)
			peer_actor_free(s->tapped.peer);
		simdev_close(&s->sim);
	}
	if (s->is_listening)
		listener_remove(&s->listener);
	free(s->tapped.tap);
	free(s);
}

static int open_device(struct serve *s, bool ports_only, char *error, size_t size)
{
	const struct vfu_options vfu = { .spin_us = VFU_SPIN_US, .wake_fd = -1 };
	struct simdev_options o = {
		.pci = { .bar1_bytes = ports_only ? VMCI_BAR1_SIZE_PORTS : VMCI_BAR1_SIZE_MMIO,
			 .irq = CONFIG_IRQ_MSIX,
			 .vectors = ports_only ? VMCI_MAX_INTRS_NOTIFICATION
					       : VMCI_MAX_INTRS_DMA_DATAGRAM,
			 .peer = true },
		.device = s->config,
	};
	struct peer_world world = {
		.startup = s->config,
		.name = "OpenVMCI core",
		.configure = configure,
		.now_us = now_us,
		.ctx = s,
	};

	if (listener_open(&s->listener, s->listener.path, error, size))
		return -1;
	s->is_listening = true;
	if (simdev_open(&s->sim, &o, &vfu, s->listener.fd, NULL, NULL, NULL)) {
		snprintf(error, size, "no memory for the device");
		return -1;
	}
	s->is_open = true;
	s->tapped.hub = s->sim.hub;
	s->tapped.device = s->sim.device;
	world.hub = s->sim.hub;
	world.port = &s->sim.hub_port;
	world.device = s->sim.device;
	s->tapped.peer = peer_actor_new(&world);
	s->tapped.tap = calloc(1, sizeof(*s->tapped.tap));
	if (!s->tapped.peer || !s->tapped.tap) {
		snprintf(error, size, "no memory for the peer");
		return -1;
	}
	tap_init(s->tapped.tap, s->sim.device, &s->sim.device_port);
	s->sim.tap = s->tapped.tap;
	return 0;
}

int target_serve_open(struct target *t, const char *socket_path, bool ports_only, char *error,
		      size_t size)
{
	struct serve *s = calloc(1, sizeof(*s));

	if (!s) {
		snprintf(error, size, "no memory");
		return -1;
	}
	t->priv = s;
	s->listener.path = socket_path;
	s->ports_only = ports_only;
	s->config.cid = CID;
	s->config.caps = VMCI_CAPS_DATAGRAM | VMCI_CAPS_NOTIFICATIONS | VMCI_CAPS_PPN64 |
			 (ports_only ? 0 : VMCI_CAPS_DMA_DATAGRAM);
	signal(SIGPIPE, SIG_IGN);
	if (open_device(s, ports_only, error, size)) {
		close_target(t);
		return -1;
	}
	fprintf(stderr, "vmci-conform: the device waits at %s for a machine with a guest agent\n",
		socket_path);
	if (!until_agent_waits(s, TARGET_SERVE_START_S)) {
		snprintf(error, size, "%s: no guest agent came within %d s", socket_path,
			 TARGET_SERVE_START_S);
		close_target(t);
		return -1;
	}
	t->close = close_target;
	t->machine = target_tap_machine(&s->tapped);
	t->machine.mem_read = mem_read;
	t->machine.mem_write = mem_write;
	t->machine.settle = settle;
	t->machine.now_us = now_us;
	t->machine.ask = ask;
	t->machine.fresh = fresh;
	snprintf(t->name, sizeof(t->name), ports_only ? "efi-8k" : "efi-256k");
	snprintf(t->implementation, sizeof(t->implementation), "OpenVMCI core, guest role");
	return 0;
}
