/* SPDX-License-Identifier: BSD-2-Clause */
/* guestinfo.h - variables that host and guest share, and the other requests of VMware's tools.
 *
 * What guestrpc.h calls back: the meaning of requests. A request is a word, a blank and arguments.
 *
 *   info-get NAME         value of a variable             info-set NAME VALUE   set one
 *   log TEXT              a line for the host's log        SetGuestInfo  N TEXT  what the guest is
 *   tools.set.version...  version of the tools             tools.capability.*    what they can do
 *   SetGuestDiskInfo TEXT  its disks                       vmx.capability.unified_loop NAME
 *
 * Everything else is answered with "Unknown command", which the tools take for an older host.
 *
 * Names of variables are "guestinfo." and 1 to 120 letters, digits, dots, dashes or underscores.
 * Any program of the guest reads and sets variables; what the host set can be changed by
 * privileged programs only. The other requests that report something are for privileged ones.
 *
 * What the guest sets or reports goes to `out` as lines NAME=VALUE, the newest last; in VALUE a
 * backslash and bytes that are not printable ASCII are written \xNN.
 */
#ifndef HOST_SIM_GUESTINFO_H
#define HOST_SIM_GUESTINFO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <vmci/guestrpc.h>

#define GUESTINFO_VARIABLES   256u
#define GUESTINFO_VALUE_BYTES 60000u		    /* of one value */
#define GUESTINFO_TOTAL_BYTES (1024u * 1024u)	    /* of all names and values */
#define GUESTINFO_OUT_BYTES   (16u * 1024u * 1024u) /* written to out in one life */

struct guestinfo;

/* out: where lines go, borrowed, NULL = nowhere. NULL: no memory. */
struct guestinfo *guestinfo_new(FILE *out);
void guestinfo_free(struct guestinfo *g);

/* Set a variable for the host: text is NAME=VALUE, "guestinfo." in front of NAME may be left out.
 * Returns NULL, or what was expected instead; nothing was set then. */
const char *guestinfo_preset(struct guestinfo *g, const char *text);

/* The value of a variable, borrowed until the next call; NULL: there is none. */
const uint8_t *guestinfo_value(const struct guestinfo *g, const char *name, size_t *len);

/* As in vmci_guestrpc_port, with g as the context. */
bool guestinfo_request(struct guestinfo *g, const struct vmci_guestrpc_caller *caller,
		       const uint8_t *text, size_t len, uint8_t *reply, size_t room,
		       size_t *reply_len);

/* The question that a reverse channel is asked as its `step`-th, from 0; NULL: no more. The tools
 * report what they can do when they have been asked for it. */
const char *guestinfo_question(unsigned step);

#endif
