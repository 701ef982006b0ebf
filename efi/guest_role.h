/* SPDX-License-Identifier: BSD-2-Clause */
/* guest_role.h - the core's guest role as the one under test.
 *
 * The vectors are run on the other side, by the simulator, which plays the device: this end
 * takes commands from the mailbox in configuration space and carries them out.
 */
#ifndef EFI_GUEST_ROLE_H
#define EFI_GUEST_ROLE_H

#include <mailbox.h>
#include "clock.h"
#include "pci.h"
#include "suite.h"

/* Serve until PEER_ASK_QUIT, or until no command came for ten minutes.
 *   mb  the function's mailbox, opened
 * Returns SUITE_PASSED when it was told to quit (the verdict is the simulator's), SUITE_NOTHING
 * without a mailbox, SUITE_ERROR when the mailbox broke. */
enum suite_status guest_role_run(const struct pci_function *f, const struct efi_clock *clock,
				 struct mailbox *mb);

#endif
