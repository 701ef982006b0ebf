/* SPDX-License-Identifier: BSD-2-Clause */
/* port_stream.h - the two byte-wide data ports.
 *
 * DATA_OUT has no marks between datagrams: the header's payload_size says where one ends. DATA_IN
 * has none either: the device keeps count of the guest's reads, which are one page first, then
 * 69632 bytes, so that no header is split over two of them in a way the guest cannot see.
 */
#ifndef VMCI_DEVICE_PORT_STREAM_H
#define VMCI_DEVICE_PORT_STREAM_H

#include "device.h"

void vmci_stream_write(struct vmci_device *dev, const uint8_t *src, size_t len);
void vmci_stream_read(struct vmci_device *dev, uint8_t *dst, size_t len);
/* Forget partial datagrams in both directions. */
void vmci_stream_reset(struct vmci_device *dev);

#endif
