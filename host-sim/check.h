/* SPDX-License-Identifier: BSD-2-Clause */
/* check.h - `serve --check`: the protocol monitor beside the device.
 *
 * A violation of a new kind is told at once, on the error output and in the trace. The whole
 * report goes to the standard output when it is asked for (SIGUSR1) and at the end; as JSON lines
 * also into a file.
 */
#ifndef HOST_SIM_CHECK_H
#define HOST_SIM_CHECK_H

#include <stddef.h>
#include "simdev.h"

struct check;

/* Make a monitor, before the device is.
 *   report  name of the file for JSON lines, made now; NULL = none
 *   sim     watched from simdev_open on, which gets check_event in its options; borrowed
 * Returns NULL with one line in error. */
struct check *check_open(const char *report, struct simdev *sim, char *error, size_t size);
/* For simdev_options.watch, ctx is the check. */
void check_event(void *ctx, const struct vmci_trace *ev);
/* A descriptor that is readable when somebody asked for a report by SIGUSR1; of the check. */
int check_asked_fd(const struct check *c);
/* Write the report as it is now, and read what asked for it. */
void check_report(struct check *c);
/* The last report; returns how many clauses were violated. To be called before the device is
 * closed. c may be NULL. */
unsigned check_close(struct check *c);
/* Without a report. c may be NULL. */
void check_free(struct check *c);

#endif
