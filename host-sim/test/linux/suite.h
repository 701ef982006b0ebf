/* SPDX-License-Identifier: BSD-2-Clause */
/* suite.h - vsock_test of the kernel's source, guest against host: each case twice, with the host's
 * program as client and as server. */
#ifndef HOST_SIM_TEST_LINUX_SUITE_H
#define HOST_SIM_TEST_LINUX_SUITE_H

#include <stdbool.h>

struct suite_options {
	const char *host_program; /* under the preload library */
	const char *preload;
	const char *list;  /* file: what vsock_test --list prints */
	const char *log;   /* of the host's programs */
	bool also_skipped; /* run what cannot pass as well: does it still fail? */
	unsigned turns;	   /* through the list */
	unsigned port;	   /* TCP, for the control connection; and the next one */
};

/* In the guest the program is /vsock_test. Prints and writes results as report.h says. Returns the
 * exit code. */
int suite_run(const struct suite_options *o, const char *base, const char *name);

#endif
