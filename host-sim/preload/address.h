/* SPDX-License-Identifier: BSD-2-Clause */
/* address.h - addresses as programs give and get them, struct sockaddr_vm. */
#ifndef HOST_SIM_PRELOAD_ADDRESS_H
#define HOST_SIM_PRELOAD_ADDRESS_H

#include <sys/socket.h>
#include "state.h"

/* Returns 0 and *out, or -1 with EINVAL: none, too short, or of another family. */
int address_get(const struct sockaddr *from, socklen_t len, struct addr *out);
/* As getsockname does it: *len bytes at most are written, and *len becomes the whole size. With to
 * or len NULL nothing is done. */
void address_put(struct sockaddr *to, socklen_t *len, struct addr a);

#endif
