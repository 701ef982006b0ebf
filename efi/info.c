/* SPDX-License-Identifier: BSD-2-Clause */
/* info.c - what is there, for a person. */
#include "info.h"
#include "console.h"
#include <efilib.h>
#include <vmci/defs.h>

void info_caps(uint32_t caps, char *text, size_t size)
{
	static const struct {
		uint32_t bit;
		const char *name;
	} names[] = {
		{ VMCI_CAPS_HYPERCALL, "HYPERCALL" },
		{ VMCI_CAPS_GUESTCALL, "GUESTCALL" },
		{ VMCI_CAPS_DATAGRAM, "DATAGRAM" },
		{ VMCI_CAPS_NOTIFICATIONS, "NOTIFICATIONS" },
		{ VMCI_CAPS_PPN64, "PPN64" },
		{ VMCI_CAPS_DMA_DATAGRAM, "DMA_DATAGRAM" },
		{ VMCI_CAPS_CLEAR_TO_ACK, "CLEAR_TO_ACK" },
	};
	size_t n = 0;

	text[0] = '\0';
	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *s = names[i].name;

		if (!(caps & names[i].bit))
			continue;
		if (n && n + 1 < size)
			text[n++] = ' ';
		while (*s && n + 1 < size)
			text[n++] = *s++;
		text[n] = '\0';
	}
}

static void print_bar(const struct pci_function *f, unsigned bar, const char *what)
{
	static const char *const kinds[] = { "absent", "I/O ports", "32-bit memory",
					     "64-bit memory" };

	if (f->bar_kind[bar] == BAR_NONE)
		say("  BAR%d            absent\n", (UINTN)bar);
	else
		say("  BAR%d            %ld bytes, %a (%a)\n", (UINTN)bar, f->bar_size[bar],
		    kinds[f->bar_kind[bar]], what);
}

static void print_registers(struct machine *m, enum machine_window w, const char *name)
{
	uint32_t status, caps;
	char text[128];

	if (m->reg_read(m->ctx, w, 32, VMCI_STATUS_ADDR, &status) ||
	    m->reg_read(m->ctx, w, 32, VMCI_CAPS_ADDR, &caps))
		return;
	info_caps(caps, text, sizeof(text));
	say("  %a  STATUS %08x  CAPS %08x %a\n", name, (UINTN)status, (UINTN)caps, text);
}

void info_print(const struct pci_function *f, UINTN functions, struct machine *m)
{
	uint32_t revision = 0, subsystem = 0;
	uint32_t msi = pci_capability(f, 0x05), msix = pci_capability(f, 0x11), control;

	pci_read(f, PCI_CONFIG, 0x08, 32, &revision);
	pci_read(f, PCI_CONFIG, 0x2c, 32, &subsystem);
	say("VMCI function at %04x:%02x:%02x.%x", f->segment, f->bus, f->device, f->function);
	if (functions > 1)
		say(" (the first of %d; a machine has one)", functions);
	say("\n  id              %04x:%04x, class %06x, revision %02x, subsystem %04x:%04x\n",
	    (UINTN)VMCI_PCI_VENDOR_ID, (UINTN)VMCI_PCI_DEVICE_ID, (UINTN)(revision >> 8),
	    (UINTN)(revision & 0xff), (UINTN)(subsystem & 0xffff), (UINTN)(subsystem >> 16));
	print_bar(f, 0, "port registers");
	print_bar(f, 1,
		  f->bar_size[1] == VMCI_BAR1_SIZE_MMIO ? "register window at 20000"
							: "MSI-X only");
	if (msix && pci_read(f, PCI_CONFIG, msix + 2, 16, &control))
		say("  MSI-X           %d entries\n", (UINTN)((control & 0x7ff) + 1));
	else
		say("  MSI-X           absent\n");
	say("  MSI             %a\n", msi ? "present" : "absent");
	print_registers(m, MACHINE_PORTS, "ports         ");
	print_registers(m, MACHINE_MMIO, "memory window ");
	say("  messages        %a\n",
	    m->abilities & VCT_CAN_IRQ ? "can be seen from here" : "cannot be seen from here");
}
