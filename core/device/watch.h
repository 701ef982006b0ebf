/* SPDX-License-Identifier: BSD-2-Clause */
/* watch.h - who wants to be told when a context is removed. */
#ifndef VMCI_DEVICE_WATCH_H
#define VMCI_DEVICE_WATCH_H

#include "context.h"

/* ctx is going: everybody who asked and may know gets CTX_REMOVED. */
void vmci_watch_announce_removal(struct vmci_context *ctx);
void vmci_watch_drop_all(struct vmci_context *ctx);

#endif
