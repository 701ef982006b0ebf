/* SPDX-License-Identifier: BSD-2-Clause */
/* output.h - writing where a reader may be slow, without becoming deaf to signals.
 *
 * A pipe or a terminal whose reader pauses keeps a writer waiting for as long as it likes. That is
 * so until somebody wants us to end; then what the reader does not take soon is dropped.
 */
#ifndef HOST_SIM_OUTPUT_H
#define HOST_SIM_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* What a reader that moves again needs to take what is left. */
#define OUTPUT_GRACE_MS 500

struct output {
	int fd;
	bool may_wait; /* a pipe, a terminal: no file */
	int stop; /* readable from the moment on when somebody wants us to end; -1: nobody will */
	bool is_cut; /* something was dropped, and all that followed it */
};

/* Write all bytes. Returns 0, also when they were dropped; -1 with errno. */
int output_put(struct output *o, const void *bytes, size_t len);
/* A stream that writes so; its descriptor is closed with it. NULL with errno. */
FILE *output_stream(struct output *o);

#endif
