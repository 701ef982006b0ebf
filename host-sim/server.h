/* SPDX-License-Identifier: BSD-2-Clause */
/* server.h - the device and everything that is served beside it, in one thread. */
#ifndef HOST_SIM_SERVER_H
#define HOST_SIM_SERVER_H

#include "bridge.h"
#include "check.h"
#include "guestservice.h"
#include "loop.h"
#include "options.h"
#include "pcap.h"
#include "peer_link.h"

struct server {
	struct simdev sim;
	struct peer_link peer;
	struct loop loop;
	struct loop_source stop;
	struct loop_source asked; /* for a report of the check */
	struct check *check;	  /* or NULL */
	struct pcap *pcap;	  /* or NULL */
	bool stopped;
	FILE *trace;
	struct vmci_transport *host; /* of context 2, when there is a bridge */
	struct bridge *bridge;	     /* or NULL */
	struct guestinfo *info;
	struct guestservice *tools; /* for the guest's tools, or NULL */
};

/* Make all that the options ask for.
 *   listener  of the device, belongs to the server now
 *   trace     NULL or where lines go, borrowed
 *   info_out  NULL or where goes what the guest's tools set and report, borrowed
 *   stop      a descriptor that becomes readable when serving has to end, borrowed
 * Returns 0; -1 with one line in error: nothing is left, listener is closed. */
int server_open(struct server *s, const struct options *o, int listener, FILE *trace,
		FILE *info_out, int stop, char *error, size_t size);
/* Serve until stop becomes readable, with once also until the first client has left. */
void server_run(struct server *s, bool once);
/* Returns how many clauses the guest violated, 0 without --check. */
unsigned server_close(struct server *s);

#endif
