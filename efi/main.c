/* SPDX-License-Identifier: BSD-2-Clause */
/* main.c - vmci.efi: from firmware's call to its end.
 *
 * Options come from the load options (a shell, or -append of QEMU) and before them from vmci.cfg
 * on the medium, so that the application runs unattended as BOOTX64.EFI.
 */
#include <efi.h>
#include <efilib.h>
#include "bench.h"
#include "cat.h"
#include "clock.h"
#include "console.h"
#include "echo.h"
#include "guest_role.h"
#include "info.h"
#include "loop.h"
#include "machine_pci.h"
#include "medium.h"
#include "options.h"
#include "suite.h"
#include <vmci/defs.h>

#define CONFIG_FILE "vmci.cfg"
#define CONFIG_MAX  4096u
#define OPTIONS_MAX 1024u
#define ROLE_DEVICE 1u
#define ROLE_GUEST  2u

static bool read_options(EFI_HANDLE image, struct options *o)
{
	char words[OPTIONS_MAX], message[256], *file;
	size_t len;
	int line = 0;

	options_init(o);
	if (medium_read(image, CONFIG_FILE, CONFIG_MAX, &file, &len)) {
		line = options_parse(o, CONFIG_FILE, file, len, message, sizeof(message));
		FreePool(file);
	}
	if (line == 0) {
		len = medium_load_options(image, words, sizeof(words));
		line = options_parse(o, "options", words, len, message, sizeof(message));
	}
	if (line != 0)
		say("vmci.efi: %a\n", message);
	return line == 0;
}

/* Who made the device, as far as its conformance peer says. */
static void ask_name(struct machine *m, char *name, uint32_t size)
{
	struct peer_request rq = { .op = PEER_INFO };
	struct peer_reply rp = { .blob = (uint8_t *)name, .blob_max = size - 1 };

	if (!(m->abilities & VCT_CAN_PEER) || m->peer(m->ctx, &rq, &rp) || rp.rc < 0 ||
	    !rp.blob_len) {
		CopyMem(name, "unknown", 8);
		return;
	}
	name[rp.blob_len] = '\0';
}

/* One command on a real function. */
static enum suite_status on_function(EFI_HANDLE image, const struct options *o, struct console *c)
{
	static struct machine_pci mp; /* too large for firmware's stack */
	struct pci_function f;
	struct machine m;
	UINTN functions;
	enum suite_status status = SUITE_PASSED;
	char name[64];
	struct suite s = { o, c, name, "", "efi" };
	EFI_STATUS found = pci_open(&f, &functions);

	if (EFI_ERROR(found)) {
		if (functions)
			say("The VMCI function (15ad:0740) cannot be used: %r.\n", found);
		else
			say("There is no VMCI device (PCI 15ad:0740) in this machine.\n"
			    "Try `vmci.efi --loop`: it tests the device built into this application.\n");
		return SUITE_NOTHING;
	}
	if (!machine_pci_open(&mp, &f, &m)) {
		say("Not enough memory below 4 GiB.\n");
		pci_close(&f);
		return SUITE_ERROR;
	}
	ask_name(&m, name, sizeof(name));
	s.target = f.bar_size[1] == VMCI_BAR1_SIZE_MMIO ? "efi-256k" : "efi-8k";
	if (o->command == CMD_INFO)
		info_print(&f, functions, &m);
	else if (o->command == CMD_BENCH)
		status = bench_run(&f, &mp.clock, o->bench_seconds);
	else if (o->command == CMD_ECHO)
		status = echo_run(&f, &mp.clock);
	else if (o->command == CMD_CAT)
		status = cat_run(image, o, &f, &mp.clock);
	else if (o->roles == ROLE_GUEST)
		status = guest_role_run(&f, &mp.clock, &mp.mailbox);
	else
		status = suite_run(&s, &m);
	machine_pci_close(&mp);
	pci_close(&f);
	return status;
}

static enum suite_status run(EFI_HANDLE image, const struct options *o, struct console *c)
{
	if (o->command == CMD_HELP) {
		say_text(options_help());
		return SUITE_PASSED;
	}
	if (o->command == CMD_LIST)
		return suite_list(o) ? SUITE_PASSED : SUITE_NOTHING;
	if (o->command == CMD_CAT && o->port == 0) {
		say("vmci.efi: cat: expected a port of the host, 1 to 4294967294\n");
		return SUITE_ERROR;
	}
	if (o->loop)
		return loop_run(o, c);
	return on_function(image, o, c);
}

static void save(EFI_HANDLE image, const char *name, const struct record *r)
{
	EFI_STATUS status;

	if (r->used == 0)
		return;
	status = medium_write(image, name, r->text, r->used);
	if (!EFI_ERROR(status))
		say("Results: \\%a, %ld bytes%a\n", name, (UINT64)r->used,
		    r->truncated ? ", cut off" : "");
	else if (status != EFI_NOT_FOUND)
		say("Results could not be written to \\%a: %r. The result lines are complete.\n",
		    name, status);
}

/* NAME.tap and NAME.jsonl. */
static void save_results(EFI_HANDLE image, const struct options *o, const struct console *c)
{
	char name[sizeof(o->results) + 8];
	size_t n = 0;

	while (o->results[n]) {
		name[n] = o->results[n];
		n++;
	}
	if (n == 0)
		return;
	CopyMem(name + n, ".tap", 5);
	save(image, name, &c->tap);
	CopyMem(name + n, ".jsonl", 7);
	save(image, name, &c->json);
}

EFI_STATUS efi_main(EFI_HANDLE image, EFI_SYSTEM_TABLE *table);

EFI_STATUS efi_main(EFI_HANDLE image, EFI_SYSTEM_TABLE *table)
{
	static const EFI_STATUS answers[] = { EFI_SUCCESS, EFI_ABORTED, EFI_INVALID_PARAMETER,
					      EFI_ABORTED, EFI_NOT_FOUND };
	struct options o;
	struct console c;
	enum suite_status status = SUITE_ERROR;

	InitializeLib(image, table);
	/* A suite may take longer than the five minutes that firmware allows an application. */
	uefi_call_wrapper(BS->SetWatchdogTimer, 4, 0, 0, 0, NULL);
	if (!read_options(image, &o)) {
		if (!console_open(&c, TAP_AUTO))
			return EFI_OUT_OF_RESOURCES;
	} else {
		if (!console_open(&c, o.tap))
			return EFI_OUT_OF_RESOURCES;
		status = run(image, &o, &c);
		save_results(image, &o, &c);
	}
	console_tap(&c, "# status %d", (UINTN)status);
	console_close(&c);
	if (o.end == END_SHUTDOWN)
		uefi_call_wrapper(RT->ResetSystem, 4, EfiResetShutdown, answers[status], 0, NULL);
	return answers[status];
}
