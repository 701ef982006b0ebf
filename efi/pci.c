/* SPDX-License-Identifier: BSD-2-Clause */
/* pci.c - find VMCI functions through EFI_PCI_IO_PROTOCOL and own one of them. */
#include "pci.h"
#include <efilib.h>
#include <machine.h>
#include <vmci/defs.h>

#define PCI_COMMAND	   0x04
#define PCI_CAP_POINTER	   0x34
#define COMMAND_BUS_MASTER 0x0004u
#define COMMAND_INTX_OFF   0x0400u

static EFI_GUID pci_io_guid = EFI_PCI_IO_PROTOCOL_GUID;

/* Address space descriptor of ACPI, as GetBarAttributes returns it. */
#define ACPI_QWORD_DESCRIPTOR 0x8a
#define ACPI_TYPE_MEMORY      0
#define ACPI_TYPE_IO	      1

static uint64_t le64(const uint8_t *p)
{
	uint64_t v = 0;

	for (int i = 7; i >= 0; i--)
		v = v << 8 | p[i];
	return v;
}

static void look_at_bars(struct pci_function *f)
{
	for (unsigned bar = 0; bar < 6; bar++) {
		uint8_t *d = NULL;

		f->bar_size[bar] = 0;
		f->bar_kind[bar] = BAR_NONE;
		if (EFI_ERROR(f->io->GetBarAttributes(f->io, (UINT8)bar, NULL, (void **)&d)) || !d)
			continue;
		if (d[0] == ACPI_QWORD_DESCRIPTOR) {
			f->bar_size[bar] = le64(d + 38);
			if (d[3] == ACPI_TYPE_IO)
				f->bar_kind[bar] = BAR_IO;
			else
				f->bar_kind[bar] = le64(d + 6) == 64 ? BAR_MEM64 : BAR_MEM32;
		}
		FreePool(d);
	}
	/* Firmware reports the width of the granularity field, not every one of them says 64; the
	 * type bits of the BAR itself are the truth. */
	for (unsigned bar = 0; bar < 6; bar++) {
		uint32_t raw;

		if (f->bar_size[bar] && f->bar_kind[bar] != BAR_IO &&
		    pci_read(f, PCI_CONFIG, 0x10 + 4 * bar, 32, &raw))
			f->bar_kind[bar] = (raw & 6) == 4 ? BAR_MEM64 : BAR_MEM32;
	}
}

/* Runs when an operating system takes over. It may not allocate or free, or the memory map that the
 * loader holds would be stale: the device is told to forget our memory, then cut off from it. */
static VOID EFIAPI on_exit_boot_services(EFI_EVENT event, void *context)
{
	struct pci_function *f = context;
	uint32_t command;

	(void)event;
	if (f->bar_kind[0] == BAR_IO)
		pci_write(f, 0, VMCI_CONTROL_ADDR, 32, VMCI_CONTROL_RESET);
	else if (f->bar_size[1] == VMCI_BAR1_SIZE_MMIO)
		pci_write(f, 1, VMCI_MMIO_ACCESS_OFFSET + VMCI_CONTROL_ADDR, 32,
			  VMCI_CONTROL_RESET);
	if (pci_read(f, PCI_CONFIG, PCI_COMMAND, 16, &command))
		pci_write(f, PCI_CONFIG, PCI_COMMAND, 16,
			  (command & ~COMMAND_BUS_MASTER) | COMMAND_INTX_OFF);
}

static EFI_STATUS own(struct pci_function *f)
{
	UINT64 supported = 0;
	EFI_STATUS status;

	f->io->Attributes(f->io, EfiPciIoAttributeOperationGet, 0, &f->original_attributes);
	status = f->io->Attributes(f->io, EfiPciIoAttributeOperationSupported, 0, &supported);
	if (EFI_ERROR(status))
		return status;
	/* Firmware on ARM leaves everything off; without the dual address cycle no buffer above
	 * 4 GiB can be mapped. */
	status = f->io->Attributes(f->io, EfiPciIoAttributeOperationEnable,
				   supported &
					   (EFI_PCI_IO_ATTRIBUTE_IO | EFI_PCI_IO_ATTRIBUTE_MEMORY |
					    EFI_PCI_IO_ATTRIBUTE_BUS_MASTER |
					    EFI_PCI_IO_ATTRIBUTE_DUAL_ADDRESS_CYCLE),
				   NULL);
	if (EFI_ERROR(status))
		return status;
	f->io->GetLocation(f->io, &f->segment, &f->bus, &f->device, &f->function);
	look_at_bars(f);
	return uefi_call_wrapper(BS->CreateEvent, 5, EVT_SIGNAL_EXIT_BOOT_SERVICES, TPL_NOTIFY,
				 on_exit_boot_services, f, &f->exit_event);
}

EFI_STATUS pci_open(struct pci_function *out, UINTN *count)
{
	EFI_HANDLE *handles = NULL;
	UINTN n = 0;
	EFI_STATUS status = uefi_call_wrapper(BS->LocateHandleBuffer, 5, ByProtocol, &pci_io_guid,
					      NULL, &n, &handles);

	*count = 0;
	if (EFI_ERROR(status))
		return EFI_NOT_FOUND;
	for (UINTN i = 0; i < n; i++) {
		EFI_PCI_IO_PROTOCOL *io = NULL;
		UINT32 id = 0;

		if (EFI_ERROR(uefi_call_wrapper(BS->HandleProtocol, 3, handles[i], &pci_io_guid,
						(void **)&io)) ||
		    EFI_ERROR(io->Pci.Read(io, EfiPciIoWidthUint32, 0, 1, &id)) ||
		    id != ((UINT32)VMCI_PCI_DEVICE_ID << 16 | VMCI_PCI_VENDOR_ID))
			continue;
		if ((*count)++ == 0) {
			SetMem(out, sizeof(*out), 0);
			out->handle = handles[i];
			out->io = io;
		}
	}
	FreePool(handles);
	return *count ? own(out) : EFI_NOT_FOUND;
}

void pci_close(struct pci_function *f)
{
	if (f->exit_event)
		uefi_call_wrapper(BS->CloseEvent, 1, f->exit_event);
	f->exit_event = NULL;
	on_exit_boot_services(NULL, f);
	f->io->Attributes(f->io, EfiPciIoAttributeOperationSet,
			  f->original_attributes & ~(UINT64)EFI_PCI_IO_ATTRIBUTE_BUS_MASTER, NULL);
}

static bool width_of(unsigned bits, EFI_PCI_IO_PROTOCOL_WIDTH *w)
{
	*w = bits == 8	  ? EfiPciIoWidthUint8
	     : bits == 16 ? EfiPciIoWidthUint16
			  : EfiPciIoWidthUint32;
	return bits == 8 || bits == 16 || bits == 32;
}

bool pci_read(const struct pci_function *f, unsigned bar, uint64_t off, unsigned bits,
	      uint32_t *value)
{
	EFI_PCI_IO_PROTOCOL_WIDTH w;
	UINT32 v = 0;
	EFI_STATUS status;

	if (!width_of(bits, &w))
		return false;
	if (bar == PCI_CONFIG)
		status = f->io->Pci.Read(f->io, w, (UINT32)off, 1, &v);
	else if (bar < 6 && f->bar_kind[bar] == BAR_IO)
		status = f->io->Io.Read(f->io, w, (UINT8)bar, off, 1, &v);
	else
		status = f->io->Mem.Read(f->io, w, (UINT8)bar, off, 1, &v);
	if (EFI_ERROR(status))
		return false;
	*value = v;
	return true;
}

bool pci_write(const struct pci_function *f, unsigned bar, uint64_t off, unsigned bits,
	       uint32_t value)
{
	EFI_PCI_IO_PROTOCOL_WIDTH w;
	UINT32 v = value;

	if (!width_of(bits, &w))
		return false;
	if (bar == PCI_CONFIG)
		return !EFI_ERROR(f->io->Pci.Write(f->io, w, (UINT32)off, 1, &v));
	if (bar < 6 && f->bar_kind[bar] == BAR_IO)
		return !EFI_ERROR(f->io->Io.Write(f->io, w, (UINT8)bar, off, 1, &v));
	return !EFI_ERROR(f->io->Mem.Write(f->io, w, (UINT8)bar, off, 1, &v));
}

bool pci_read_fifo(const struct pci_function *f, unsigned bar, uint64_t off, void *dst, UINTN count)
{
	EFI_PCI_IO_PROTOCOL_ACCESS *a =
		bar < 6 && f->bar_kind[bar] == BAR_IO ? &f->io->Io : &f->io->Mem;

	return !EFI_ERROR(a->Read(f->io, EfiPciIoWidthFifoUint8, (UINT8)bar, off, count, dst));
}

bool pci_write_fifo(const struct pci_function *f, unsigned bar, uint64_t off, const void *src,
		    UINTN count)
{
	EFI_PCI_IO_PROTOCOL_ACCESS *a =
		bar < 6 && f->bar_kind[bar] == BAR_IO ? &f->io->Io : &f->io->Mem;

	return !EFI_ERROR(
		a->Write(f->io, EfiPciIoWidthFifoUint8, (UINT8)bar, off, count, (void *)src));
}

uint32_t pci_capability(const struct pci_function *f, uint8_t id)
{
	uint32_t at, head;

	if (!pci_read(f, PCI_CONFIG, PCI_CAP_POINTER, 8, &at))
		return 0;
	for (int links = 0; links < 48 && at >= 0x40; links++) {
		at &= 0xfc;
		if (!pci_read(f, PCI_CONFIG, at, 16, &head))
			return 0;
		if ((head & 0xff) == id)
			return at;
		at = head >> 8 & 0xff;
	}
	return 0;
}

/* Whether the device sees other addresses than the processor. Firmware with an IOMMU installs this
 * protocol of the EDK II. */
static bool has_iommu(void)
{
	static EFI_GUID iommu = {
		0x4e939de9, 0xd948, 0x4b0f, { 0x88, 0xed, 0xe6, 0xe1, 0xce, 0x51, 0x7c, 0x1e }
	};
	void *found;

	return !EFI_ERROR(LibLocateProtocol(&iommu, &found));
}

/* Firmware prefers its own areas below 4 GiB even when higher memory is free: look in the map and
 * take the end of a free range there. */
static bool allocate_high(UINTN pages, EFI_PHYSICAL_ADDRESS *at)
{
	UINTN entries = 0, key, size;
	UINT32 version;
	EFI_MEMORY_DESCRIPTOR *map = LibMemoryMap(&entries, &key, &size, &version);
	bool found = false;

	for (UINTN i = 0; map && i < entries && !found; i++) {
		EFI_MEMORY_DESCRIPTOR *d = NextMemoryDescriptor(map, i * size);

		if (d->Type != EfiConventionalMemory || d->PhysicalStart < 0x100000000ull ||
		    d->NumberOfPages < pages)
			continue;
		*at = d->PhysicalStart + (d->NumberOfPages - pages) * EFI_PAGE_SIZE;
		found = !EFI_ERROR(uefi_call_wrapper(BS->AllocatePages, 4, AllocateAddress,
						     EfiBootServicesData, pages, at));
	}
	if (map)
		FreePool(map);
	return found;
}

static bool allocate_low(UINTN pages, EFI_PHYSICAL_ADDRESS *at)
{
	*at = 0xffffffffull;
	return !EFI_ERROR(uefi_call_wrapper(BS->AllocatePages, 4, AllocateMaxAddress,
					    EfiBootServicesData, pages, at));
}

bool pci_memory_get(const struct pci_function *f, UINTN pages, bool high, struct pci_memory *m)
{
	EFI_PHYSICAL_ADDRESS at = 0, device = 0;
	UINTN bytes = pages * EFI_PAGE_SIZE;

	if (high ? !allocate_high(pages, &at) : !allocate_low(pages, &at))
		return false;
	m->host = (void *)(UINTN)at;
	m->pages = pages;
	SetMem(m->host, bytes, 0);
	if (EFI_ERROR(f->io->Map(f->io, EfiPciIoOperationBusMasterCommonBuffer, m->host, &bytes,
				 &device, &m->mapping))) {
		/* OVMF for x86 allows no mapping above 4 GiB on any root bridge; the memory can be
		 * reached all the same, and a device has to manage high addresses. */
		if (!high || has_iommu())
			goto give_back;
		m->mapping = NULL;
		device = at;
		bytes = pages * EFI_PAGE_SIZE;
	}
	if (bytes == pages * EFI_PAGE_SIZE) {
		m->device = device;
		return true;
	}
	if (m->mapping)
		f->io->Unmap(f->io, m->mapping);
give_back:
	uefi_call_wrapper(BS->FreePages, 2, at, pages);
	return false;
}

void pci_memory_put(const struct pci_function *f, struct pci_memory *m)
{
	if (m->mapping)
		f->io->Unmap(f->io, m->mapping);
	uefi_call_wrapper(BS->FreePages, 2, (EFI_PHYSICAL_ADDRESS)(UINTN)m->host, m->pages);
	m->host = NULL;
}
