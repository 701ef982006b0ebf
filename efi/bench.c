/* SPDX-License-Identifier: BSD-2-Clause */
/* bench.c - how fast the device answers from here. */
#include "bench.h"
#include "console.h"
#include <efilib.h>
#include <machine.h>
#include <vmci/defs.h>
#include <vmci/guest.h>
#include "guest_port.h"

#define BENCH_RESOURCE 2048u
#define PAYLOAD_MAX    4096u

struct bench {
	struct vmci_guest *guest;
	struct efi_guest_port *port;
	const struct efi_clock *clock;
	uint64_t limit_us;
	uint64_t received;
};

static int on_datagram(void *arg, const uint8_t *data, size_t len)
{
	struct bench *b = arg;

	(void)data;
	(void)len;
	b->received++;
	return 0;
}

static void print_rate(const char *mode, const char *what, uint64_t n, uint64_t us)
{
	if (us == 0)
		us = 1;
	say("  ");
	say_padded(mode, 8);
	say_padded(what, 36);
	say("%9ld /s  %7ld us each\n", n * 1000000 / us, n ? us / n : 0);
}

static void bench_reads(struct bench *b, const char *mode, enum vmci_guest_window w)
{
	uint64_t start = clock_us(b->clock), n = 0, now;

	do {
		for (int i = 0; i < 64; i++)
			b->port->port.in32(b->port, w, VMCI_RESULT_LOW_ADDR);
		n += 64;
		now = clock_us(b->clock);
	} while (now - start < b->limit_us);
	print_rate(mode, "register reads", n, now - start);
}

static int bench_calls(struct bench *b, const char *mode)
{
	uint64_t start = clock_us(b->clock), n = 0, now;
	int32_t result;

	do {
		int rc = vmci_guest_call(b->guest, VMCI_GET_CONTEXT_ID, NULL, 0, &result);

		if (rc < 0)
			return rc;
		n++;
		now = clock_us(b->clock);
	} while (now - start < b->limit_us);
	print_rate(mode, "hypercalls (GET_CONTEXT_ID)", n, now - start);
	return 0;
}

static int bench_datagrams(struct bench *b, const char *mode, uint32_t cid, size_t payload,
			   const char *what)
{
	static const uint8_t bytes[PAYLOAD_MAX];
	struct vmci_handle self = vmci_handle(cid, BENCH_RESOURCE);
	uint64_t start = clock_us(b->clock), now;

	b->received = 0;
	do {
		int rc = vmci_guest_send(b->guest, self, self, bytes, payload);
		int64_t pumped = rc < 0 ? rc : vmci_guest_pump(b->guest);

		if (pumped < 0)
			return (int)pumped;
		now = clock_us(b->clock);
	} while (now - start < b->limit_us);
	print_rate(mode, what, b->received, now - start);
	return 0;
}

static int bench_mode(struct bench *b, enum vmci_guest_mode mode, const char *name)
{
	struct vmci_guest_options options = { .mode = mode, .polled = true };
	int64_t cid, rc;

	bench_reads(b, name, mode == VMCI_GUEST_MODE_PORTS ? VMCI_GUEST_PORTS : VMCI_GUEST_MMIO);
	rc = vmci_guest_probe(&b->port->port, &options, &b->guest);
	if (rc < 0)
		return (int)rc;
	cid = vmci_guest_cid(b->guest);
	rc = cid < 0 ? cid : vmci_guest_endpoint(b->guest, BENCH_RESOURCE, 0, on_datagram, b);
	if (rc >= 0)
		rc = bench_calls(b, name);
	if (rc >= 0)
		rc = bench_datagrams(b, name, (uint32_t)cid, 0, "datagrams to oneself, empty");
	if (rc >= 0)
		rc = bench_datagrams(b, name, (uint32_t)cid, PAYLOAD_MAX,
				     "datagrams to oneself, 4096 bytes");
	vmci_guest_remove(b->guest);
	return (int)rc;
}

enum suite_status bench_run(const struct pci_function *f, const struct efi_clock *clock,
			    uint32_t seconds)
{
	struct bench b = { .clock = clock, .limit_us = (uint64_t)seconds * 1000000 };
	int rc = 0;

	b.port = AllocatePool(sizeof(*b.port));
	if (!b.port)
		return SUITE_ERROR;
	efi_guest_port_init(b.port, f, clock);
	say("Rates seen from firmware, %d s each:\n", (UINTN)seconds);
	if (b.port->port.has_ports)
		rc = bench_mode(&b, VMCI_GUEST_MODE_PORTS, "ports");
	if (rc >= 0 && b.port->port.has_mmio)
		rc = bench_mode(&b, VMCI_GUEST_MODE_MMIO, "memory");
	if (rc < 0)
		say("The device failed: %a.\n", vmci_error_name(rc));
	FreePool(b.port);
	return rc < 0 ? SUITE_ERROR : SUITE_PASSED;
}
