/* SPDX-License-Identifier: BSD-2-Clause */
/* sockets.h - VMCI Sockets of the machine that the firmware runs on. */
#ifndef EFI_SOCKETS_H
#define EFI_SOCKETS_H

#include <vmci/guest.h>
#include <vmci/socket.h>
#include "guest_port.h"

struct efi_sockets {
	struct efi_guest_port port;
	struct vmci_guest *guest;
	struct vmci_transport *transport;
	struct vmci_socket_port socket_port;
	struct vmci_sockets *stack;
	uint32_t cid; /* own context id */
};

/* Take the device into use and make a stack on it. Says what is wrong, and returns NULL then.
 *   f, clock  borrowed until efi_sockets_close */
struct efi_sockets *efi_sockets_open(const struct pci_function *f, const struct efi_clock *clock);
/* Every socket is dropped, the device is reset. */
void efi_sockets_close(struct efi_sockets *s);

/* Look once after the device and the timers; waits 200 us when nothing came. False, and says so:
 * the device is gone or broken. */
bool efi_sockets_pump(struct efi_sockets *s);

/* Name of a negative result of socket.h, static. */
const char *efi_sockets_error(int64_t result);

/* The key that was pressed, or 0: none. Never waits. */
uint16_t efi_key(void);

#endif
