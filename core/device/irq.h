/* SPDX-License-Identifier: BSD-2-Clause */
/* irq.h - interrupt causes and how they become messages or a line.
 *
 * Three ways, by what the PCI function is programmed for:
 *   exclusive  two or more MSI-X messages: each occurrence of cause n is message n. Nobody reads
 *              ICR, so a cause that is still set never holds back a message.
 *   one vector MSI, or one MSI-X message: at most one message between two reads of ICR, and with
 *              DMA datagrams none between a read that showed a datagram and the completion of the
 *              fetch that follows.
 *   line       INTx: high while an enabled cause is set.
 * A cause that cannot be signalled now (masked, disabled, vector not usable) is remembered and
 * signalled when it can.
 */
#ifndef VMCI_DEVICE_IRQ_H
#define VMCI_DEVICE_IRQ_H

#include "device.h"

/* Causes occurred: VMCI_ICR_* bits. */
void vmci_irq_raise(struct vmci_device *dev, uint32_t causes);
/* A fetch of datagrams is complete; then raise causes. */
void vmci_irq_fetch_done(struct vmci_device *dev, uint32_t causes);
/* ICR as the guest reads it. */
uint32_t vmci_irq_read_icr(struct vmci_device *dev);
/* IMR, the enable bit, or a vector changed: signal what waits. */
void vmci_irq_update(struct vmci_device *dev);
/* One message for all causes. */
bool vmci_irq_is_one_vector(const struct vmci_device *dev);

#endif
