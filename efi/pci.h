/* SPDX-License-Identifier: BSD-2-Clause */
/* pci.h - find VMCI functions through EFI_PCI_IO_PROTOCOL and own one of them.
 *
 * No port instruction and no configuration-space trick: everything goes through PCI I/O, so
 * the same code runs on x86-64 and elsewhere. Boot services only.
 */
#ifndef EFI_PCI_H
#define EFI_PCI_H

#include <efi.h>
#include <stdbool.h>
#include <stdint.h>

struct pci_function {
	EFI_HANDLE handle;
	EFI_PCI_IO_PROTOCOL *io;
	UINTN segment, bus, device, function;
	UINT64 original_attributes; /* what firmware had enabled, restored by pci_close */
	uint64_t bar_size[6];	    /* bytes, 0 = absent */
	int bar_kind[6];	    /* enum machine_bar_kind */
	EFI_EVENT exit_event;	    /* signalled at ExitBootServices */
};

/* Number of VMCI functions in the machine; *out is the first, opened and enabled (I/O, memory, bus
 * master as far as the function supports them).
 * Returns EFI_SUCCESS, EFI_NOT_FOUND (none: *count is 0), or what the firmware answered. */
EFI_STATUS pci_open(struct pci_function *out, UINTN *count);

/* Reset the device (CONTROL.RESET through whichever window exists), switch its interrupts and bus
 * mastering off and give the function back. */
void pci_close(struct pci_function *f);

/* One access of 8, 16 or 32 bits. bar 0..5, or PCI_CONFIG. Returns false when PCI I/O refused it
 * (the BAR is absent or shorter); *value is then untouched. */
#define PCI_CONFIG 0xffu
bool pci_read(const struct pci_function *f, unsigned bar, uint64_t off, unsigned bits,
	      uint32_t *value);
bool pci_write(const struct pci_function *f, unsigned bar, uint64_t off, unsigned bits,
	       uint32_t value);
/* count accesses of 8 bits at one offset. */
bool pci_read_fifo(const struct pci_function *f, unsigned bar, uint64_t off, void *dst,
		   UINTN count);
bool pci_write_fifo(const struct pci_function *f, unsigned bar, uint64_t off, const void *src,
		    UINTN count);

/* Offset of a capability in configuration space, 0 = absent. Walks at most 48 links. */
uint32_t pci_capability(const struct pci_function *f, uint8_t id);

/* Common memory of processor and device. */
struct pci_memory {
	void *host;
	uint64_t device; /* address as the device sees it */
	UINTN pages;
	void *mapping;
};
/* Zeroed, page aligned, physically contiguous. high: above 4 GiB, else below.
 * Returns false when there is none such, or firmware maps addresses and will not map these; nothing
 * is then held. */
bool pci_memory_get(const struct pci_function *f, UINTN pages, bool high, struct pci_memory *m);
void pci_memory_put(const struct pci_function *f, struct pci_memory *m);

#endif
