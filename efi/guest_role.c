/* SPDX-License-Identifier: BSD-2-Clause */
/* guest_role.c - the core's guest role as the one under test. */
#include "guest_role.h"
#include <efilib.h>
#include <agent.h>
#include "guest_port.h"

#define IDLE_US	    600000000u
#define LOOK_US	    50u
#define LOOK_MAX_US 2000u

struct role {
	struct efi_guest_port port;
	struct agent agent;
	uint8_t blob[PEER_BLOB_MAX];
	uint64_t commands;
};

/* Returns 1 when a command was carried out, 0 when none waits, negative when the mailbox broke. */
static int serve_one(struct role *r, struct mailbox *mb)
{
	struct peer_request rq;
	struct peer_reply rp = { .blob = r->blob, .blob_max = sizeof(r->blob) };
	int rc = mailbox_command(mb, &rq);

	if (rc <= 0)
		return rc;
	agent_execute(&r->agent, &rq, &rp);
	r->commands++;
	rc = mailbox_answer(mb, &rp);
	return rc < 0 ? rc : 1;
}

static int serve(struct role *r, struct mailbox *mb, const struct efi_clock *clock)
{
	uint64_t last = clock_us(clock), pause = LOOK_US;

	while (!r->agent.has_quit) {
		int rc = serve_one(r, mb);

		if (rc < 0)
			return rc;
		if (rc > 0) {
			last = clock_us(clock);
			pause = LOOK_US;
			continue;
		}
		if (clock_us(clock) - last > IDLE_US)
			return -1;
		/* Look often right after a command, seldom when nobody is there. */
		clock_wait_us(pause);
		if (pause < LOOK_MAX_US)
			pause *= 2;
	}
	return 0;
}

enum suite_status guest_role_run(const struct pci_function *f, const struct efi_clock *clock,
				 struct mailbox *mb)
{
	/* Port reads under emulation cost tens of microseconds a byte. */
	static const struct vmci_guest_options options = { .timeout_us = 60000000 };
	struct role *r;
	int rc;

	if (mb->at == 0) {
		say("The guest role needs the simulator's mailbox, which this device does not have.\n");
		return SUITE_NOTHING;
	}
	r = AllocateZeroPool(sizeof(*r));
	if (!r) {
		say("Not enough memory.\n");
		return SUITE_ERROR;
	}
	efi_guest_port_init(&r->port, f, clock);
	agent_init(&r->agent, &r->port.port, &options);
	say("The guest role waits for the simulator's commands.\n");
	rc = serve(r, mb, clock);
	say("%ld commands carried out.\n", r->commands);
	socket_actor_drop(&r->agent.sockets);
	if (r->agent.guest)
		vmci_guest_remove(r->agent.guest);
	FreePool(r);
	if (rc < 0)
		say("The mailbox does not answer any more.\n");
	return rc < 0 ? SUITE_ERROR : SUITE_PASSED;
}
