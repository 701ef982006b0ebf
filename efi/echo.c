/* SPDX-License-Identifier: BSD-2-Clause */
/* echo.c - a guest that sends every datagram back. */
#include "echo.h"
#include <efilib.h>
#include <vmci/defs.h>
#include <vmci/guest.h>
#include "guest_port.h"

struct echo {
	struct vmci_guest *guest;
	uint64_t answered, refused;
};

static int on_datagram(void *arg, const uint8_t *data, size_t len)
{
	struct echo *e = arg;
	struct vmci_handle from = vmci_get_handle(data + VMCI_DATAGRAM_SRC_CONTEXT);
	struct vmci_handle own = vmci_handle(VMCI_INVALID_ID, ECHO_RESOURCE);
	int result = vmci_guest_send(e->guest, from, own, data + VMCI_DATAGRAM_SIZE,
				     len - VMCI_DATAGRAM_SIZE);

	if (result < 0)
		e->refused++;
	else
		e->answered++;
	return result;
}

static bool key_pressed(void)
{
	EFI_INPUT_KEY key;

	return !EFI_ERROR(uefi_call_wrapper(ST->ConIn->ReadKeyStroke, 2, ST->ConIn, &key));
}

static void serve(struct echo *e)
{
	while (!key_pressed()) {
		int64_t n = vmci_guest_pump(e->guest);

		if (n < 0) {
			say("The device failed: %a.\n", vmci_error_name((int)n));
			return;
		}
		if (n == 0)
			clock_wait_us(200);
	}
}

enum suite_status echo_run(const struct pci_function *f, const struct efi_clock *clock)
{
	struct vmci_guest_options options = { .polled = true };
	struct efi_guest_port *port = AllocatePool(sizeof(*port));
	struct echo e = { 0 };
	int64_t cid, made;
	int rc;

	if (!port)
		return SUITE_ERROR;
	efi_guest_port_init(port, f, clock);
	rc = vmci_guest_probe(&port->port, &options, &e.guest);
	if (rc < 0) {
		say("The device cannot be used: %a.\n", vmci_error_name(rc));
		FreePool(port);
		return SUITE_ERROR;
	}
	cid = vmci_guest_cid(e.guest);
	made = vmci_guest_endpoint(e.guest, ECHO_RESOURCE, VMCI_FLAG_ANYCID_DG_HND, on_datagram,
				   &e);
	if (cid < 0 || made < 0) {
		say("No endpoint: %a.\n", vmci_error_name((int)(cid < 0 ? cid : made)));
	} else {
		say("Echo at context %ld, resource %d. Press a key to end.\n", cid,
		    (UINTN)ECHO_RESOURCE);
		serve(&e);
		say("%ld datagrams answered, %ld answers refused.\n", e.answered, e.refused);
	}
	vmci_guest_remove(e.guest);
	FreePool(port);
	return cid < 0 || made < 0 ? SUITE_ERROR : SUITE_PASSED;
}
