/* SPDX-License-Identifier: BSD-2-Clause */
/* device.h - the virtual PCI device: registers, hypercalls, interrupts of one VM.
 *
 * The surroundings decode PCI (configuration space, BARs) and hand register accesses in; the device
 * calls its port for guest memory and interrupts. Every access is handled completely
 * before the function returns. One caller at a time per hub.
 *
 * Spec: chapters 10 to 30.
 */
#ifndef VMCI_DEVICE_H
#define VMCI_DEVICE_H

#include <vmci/hub.h>

struct vmci_device;

enum vmci_window {
	VMCI_WINDOW_PORTS,
	VMCI_WINDOW_MMIO
};

struct vmci_device_config {
	uint32_t cid;		  /* wanted context id, 16..0xfffffffe; a taken one moves up
				     (vmci_context_create) */
	uint32_t caps;		  /* VMCI_CAPS_* offered; DATAGRAM is always added */
	uint32_t priv;		  /* 0 or VMCI_PRIVILEGE_FLAG_RESTRICTED */
	uint64_t qp_memory_bytes; /* 0: the hub's limit */
};

/* How the PCI function may signal, as the owner of configuration space knows it. */
enum vmci_irq_mode {
	VMCI_IRQ_NONE, /* nothing programmed: causes are latched */
	VMCI_IRQ_INTX, /* MSI and MSI-X are off */
	VMCI_IRQ_MSI,  /* one message */
	VMCI_IRQ_MSIX, /* `vectors` messages; 1 is shared mode, 2 and more exclusive */
};

/* Make the device of one VM and its context. A context has at most one device.
 *   config  copied;  port  borrowed until destroy
 * Returns 0; VMCI_ERROR_INVALID_ARGS (cid 0..15 or ~0, unknown caps bits, priv),
 * VMCI_ERROR_NO_RESOURCES, VMCI_LOCAL_NO_MEMORY: nothing was made. */
int vmci_device_create(struct vmci_hub *hub, const struct vmci_device_config *config,
		       const struct vmci_device_port *port, struct vmci_device **out);
/* The VM is destroyed: as vmci_context_destroy. Guest memory is not touched again; only pages that
 * are pinned may be, until this returns, by who takes the rest out of a queue pair
 * (vmci_pair_on_leave). */
void vmci_device_destroy(struct vmci_device *dev);
struct vmci_context *vmci_device_context(struct vmci_device *dev);

/* One register access of 8, 16 or 32 bits. Offsets count from the window's start; anything
 * undefined reads as 0 and ignores writes. */
uint32_t vmci_device_read(struct vmci_device *dev, enum vmci_window w, uint32_t offset,
			  unsigned bits);
void vmci_device_write(struct vmci_device *dev, enum vmci_window w, uint32_t offset, unsigned bits,
		       uint32_t value);

/* len accesses of 8 bits at one offset, as the string instructions of a processor make them: the
 * same as so many single ones, and quicker. Other offsets than DATA_OUT (DATA_IN) as single
 * accesses. */
void vmci_device_write_bytes(struct vmci_device *dev, enum vmci_window w, uint32_t offset,
			     const uint8_t *src, size_t len);
void vmci_device_read_bytes(struct vmci_device *dev, enum vmci_window w, uint32_t offset,
			    uint8_t *dst, size_t len);

/* Machine reset: as CONTROL.RESET, and everything pending is lost, bus mastering off, interrupt
 * mode NONE. */
void vmci_device_platform_reset(struct vmci_device *dev);
/* Replace the configuration, then reset. Returns as vmci_device_create; on error nothing changed.
 */
int vmci_device_configure(struct vmci_device *dev, const struct vmci_device_config *config);

/* PCI command bit 2. Off: no access to guest memory. On: pending work continues. Initially on. */
void vmci_device_set_bus_master(struct vmci_device *dev, bool on);
/* vectors: messages that exist in this mode (1..3). All become unusable until declared usable. */
void vmci_device_set_irq_mode(struct vmci_device *dev, enum vmci_irq_mode mode, unsigned vectors);
/* A vector is set up and not masked. Causes remembered for it are signalled at once. */
void vmci_device_set_vector_usable(struct vmci_device *dev, unsigned vector, bool usable);
/* PCI status bit 3: MSI and MSI-X off, (ICR & IMR) != 0, interrupts enabled. */
bool vmci_device_intx_status(const struct vmci_device *dev);
/* The line was lowered by the interrupt controller's owner (vfio-user unmask): raise it again
 * if a cause is still pending. */
void vmci_device_intx_rearm(struct vmci_device *dev);

/* The guest's memory map changed: pinned pages are dead and will be pinned anew on need. */
void vmci_device_memory_changed(struct vmci_device *dev);

/* The VM gets another context id (migration, resume): event CTX_ID_UPDATE.
 * Returns 0; VMCI_ERROR_ALREADY_EXISTS, VMCI_ERROR_INVALID_ARGS: nothing changed. */
int vmci_device_set_cid(struct vmci_device *dev, uint32_t cid);
/* The VM was resumed and its peers may be lost: event QP_RESUMED. Returns 0 or a queue error. */
int vmci_device_resumed(struct vmci_device *dev);
/* Guest memory goes away for a while (suspend), or is back. While quiesced nothing touches it. */
void vmci_device_quiesce(struct vmci_device *dev);
void vmci_device_unquiesce(struct vmci_device *dev);

#endif
