/* SPDX-License-Identifier: BSD-2-Clause */
/* suite.h - run the embedded vectors and tell people and machines. */
#ifndef EFI_SUITE_H
#define EFI_SUITE_H

#include <machine.h>
#include "console.h"
#include "options.h"

/* Outcome for the caller and for the host that reads the last result line. */
enum suite_status {
	SUITE_PASSED = 0,
	SUITE_FAILED = 1,
	SUITE_ERROR = 2,   /* the harness could not do its work */
	SUITE_NOTHING = 4, /* no vector could run */
};

struct suite {
	const struct options *options;
	struct console *console;
	const char *implementation, *version; /* of the device under test, as far as known */
	const char *target;		      /* "efi-256k", "efi-loop": names the results */
};

/* Run the device-role vectors that the pattern selects on m. Prints progress by chapter, failures
 * and a summary; writes KTAP lines. */
enum suite_status suite_run(const struct suite *s, struct machine *m);

/* Print the ids that the pattern selects. Returns how many. */
unsigned suite_list(const struct options *o);

#endif
