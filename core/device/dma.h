/* SPDX-License-Identifier: BSD-2-Clause */
/* dma.h - datagrams through buffers in guest memory. */
#ifndef VMCI_DEVICE_DMA_H
#define VMCI_DEVICE_DMA_H

#include "device.h"

/* DATA_OUT_LOW was written: send the datagram of the buffer at gpa. */
void vmci_dma_send(struct vmci_device *dev, struct vmci_gpa gpa);
/* DATA_IN_LOW was written: fill the buffer at gpa, at once or when guest memory is back. */
void vmci_dma_receive(struct vmci_device *dev, struct vmci_gpa gpa);
/* Guest memory is back. */
void vmci_dma_continue(struct vmci_device *dev);

#endif
