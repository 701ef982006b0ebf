/* SPDX-License-Identifier: BSD-2-Clause */
/* options.h - the command line of vmci-sim. */
#ifndef HOST_SIM_OPTIONS_H
#define HOST_SIM_OPTIONS_H

#include <stdbool.h>
#include "guestinfo.h"
#include "simdev.h"

struct options {
	const char *socket;
	const char *trace;			    /* NULL = none, "-" = standard output */
	const char *guestinfo[GUESTINFO_VARIABLES]; /* KEY=VALUE, not checked */
	unsigned guestinfo_count;
	const char *guestinfo_out; /* NULL = nowhere, "-" = standard output */
	const char *vsock_uds;	   /* NULL = no bridge */
	const char *pcap;	   /* NULL = none */
	bool check;
	const char *check_report; /* NULL = none */
	bool once;
	bool sandbox;
	struct simdev_options sim;
};

enum options_verdict {
	OPTIONS_SERVE,
	OPTIONS_DONE, /* --help, --version: text was printed */
	OPTIONS_BAD   /* one line went to the error output */
};

/* Pointers in *o point into argv. */
enum options_verdict options_parse(struct options *o, int argc, char **argv);

#endif
