/* SPDX-License-Identifier: BSD-2-Clause */
/* target_serve.h - a guest on another machine as the one under test.
 *
 * Serves the reference device on a vfio-user socket, with a tap in front of it, to a machine in
 * which a guest agent takes commands from the mailbox in configuration space: the EFI
 * application in QEMU (`vmci.efi run --role=guest`), for one.
 *
 *      agent -> guest -> registers -> vfio-user -> tap -> device -> hub <- peer (host actors)
 *
 * Names: guest:SOCKET (256 KiB BAR1), guest8k:SOCKET (ports only). The socket is made, and removed
 * at the end; then the agent is told to quit.
 */
#ifndef CONFORM_TARGET_SERVE_H
#define CONFORM_TARGET_SERVE_H

#include <stdbool.h>
#include "target.h"

/* Seconds to wait for the agent's first look, and for the answer to one command. */
#define TARGET_SERVE_START_S  120
#define TARGET_SERVE_ANSWER_S 60

/* Listens, then waits for the agent. Returns 0, or -1 and one line in error. */
int target_serve_open(struct target *t, const char *socket_path, bool ports_only, char *error,
		      size_t size);

#endif
