/* SPDX-License-Identifier: BSD-2-Clause */
/* sockets.c - VMCI Sockets of the machine that the firmware runs on. */
#include "sockets.h"
#include <efilib.h>
#include "console.h"

#define IDLE_US                                                                                    \
	200 /* polled: short enough for a handshake, long enough not to trap all the time          \
	     */

static void *pool_alloc(void *ctx, size_t size)
{
	(void)ctx;
	return AllocateZeroPool(size);
}

static void pool_free(void *ctx, void *p, size_t size)
{
	(void)ctx;
	(void)size;
	FreePool(p);
}

static uint64_t pool_now(void *ctx)
{
	struct efi_sockets *s = ctx;

	return s->port.port.now_us(s->port.port.ctx);
}

/* Ports of a boot before are remembered by the host for a moment: begin elsewhere each time. */
static uint32_t pool_random(void *ctx)
{
	EFI_TIME t = { 0 };

	uefi_call_wrapper(RT->GetTime, 2, &t, NULL);
	return (uint32_t)pool_now(ctx) * 2654435761u + t.Second * 60007u + t.Minute * 3001u;
}

struct efi_sockets *efi_sockets_open(const struct pci_function *f, const struct efi_clock *clock)
{
	static const struct vmci_socket_limits limits = { .may_bind_privileged = true };
	struct vmci_guest_options options = { .polled = true };
	struct efi_sockets *s = AllocateZeroPool(sizeof(*s));
	int rc;

	if (!s)
		return NULL;
	efi_guest_port_init(&s->port, f, clock);
	rc = vmci_guest_probe(&s->port.port, &options, &s->guest);
	if (rc < 0) {
		say("The device cannot be used: %a.\n", vmci_error_name(rc));
		FreePool(s);
		return NULL;
	}
	s->socket_port.ctx = s;
	s->socket_port.alloc = pool_alloc;
	s->socket_port.free = pool_free;
	s->socket_port.now_us = pool_now;
	s->socket_port.random = pool_random;
	s->transport = vmci_transport_of_guest(s->guest, NULL, pool_alloc, pool_free);
	rc = s->transport ? vmci_sockets_create(s->transport, &s->socket_port, &limits, &s->stack)
			  : -VMCI_ENOMEM;
	if (rc < 0) {
		say("There are no sockets: %a.\n", efi_sockets_error(rc));
		efi_sockets_close(s);
		return NULL;
	}
	s->cid = (uint32_t)vmci_guest_cid(s->guest);
	return s;
}

void efi_sockets_close(struct efi_sockets *s)
{
	if (s->stack)
		vmci_sockets_destroy(s->stack);
	vmci_transport_free(s->transport);
	vmci_guest_remove(s->guest);
	FreePool(s);
}

bool efi_sockets_pump(struct efi_sockets *s)
{
	int64_t n = vmci_guest_pump(s->guest);

	vmci_sockets_pump(s->stack);
	if (n < 0) {
		say("The device failed: %a.\n", vmci_error_name((int)n));
		return false;
	}
	if (n == 0)
		clock_wait_us(IDLE_US);
	return true;
}

const char *efi_sockets_error(int64_t result)
{
	static const struct {
		int number;
		const char *text;
	} names[] = {
		{ VMCI_ECONNRESET, "connection refused, or broken off" },
		{ VMCI_ETIMEDOUT, "no answer in time" },
		{ VMCI_EADDRINUSE, "the port is in use" },
		{ VMCI_EPIPE, "the other side takes nothing any more" },
		{ VMCI_ENOMEM, "not enough memory" },
		{ VMCI_ENODEV, "the device gives no context id" },
		{ VMCI_EPROTO, "the other side broke the protocol" },
		{ VMCI_EINVAL, "nobody can be there" },
		{ VMCI_EPERM, "privileges do not allow it" },
		{ VMCI_EHOSTUNREACH, "nobody is there" },
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (result == -names[i].number)
			return names[i].text;
	return "unexpected error";
}

uint16_t efi_key(void)
{
	EFI_INPUT_KEY key;

	if (EFI_ERROR(uefi_call_wrapper(ST->ConIn->ReadKeyStroke, 2, ST->ConIn, &key)))
		return 0;
	/* Keys without a character (arrows, Escape) count as a key too. */
	return key.UnicodeChar ? key.UnicodeChar : 0x1b;
}
