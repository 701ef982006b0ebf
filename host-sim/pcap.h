/* SPDX-License-Identifier: BSD-2-Clause */
/* pcap.h - `serve --pcap`: what passes between guest and host as a capture (pcapng).
 *
 * Two interfaces in one file.
 *
 *   vsock   link type 271 (VSOCK): the socket traffic as Linux' vsockmon shows it, so that
 *           Wireshark decodes it as it is: connects, ends, control packets, bytes of streams and
 *           datagrams
 *   vmci    link type 147 (USER0): the datagrams themselves and doorbells, decoded by
 *           host-sim/wireshark/vmci.lua. In front of each a header of 16 bytes, little-endian:
 *
 *             0   u8   version, 1
 *             1   u8   kind: 1 sent by the guest, 2 delivered to the guest, 3 doorbell rung
 *             2   u16  0
 *             4   u32  context id of the virtual machine
 *             8   i32  result of what the guest sent; of a ring the index in the bitmap
 *             12  u32  0
 *             16  the datagram, or the handle of the doorbell
 *
 * Writing never makes the guest wait: what cannot be written at once ends the capture, with one
 * line on the error output, and the file stays a valid capture up to there.
 */
#ifndef HOST_SIM_PCAP_H
#define HOST_SIM_PCAP_H

#include <stddef.h>
#include <vmci/socket.h>
#include <vmci/trace.h>

struct pcap;

/* Make the file, or open a pipe that has a reader. NULL with one line in error. */
struct pcap *pcap_open(const char *path, char *error, size_t size);
/* An event of the device's trace. Others than datagrams and rings are ignored. */
void pcap_event(struct pcap *p, const struct vmci_trace *ev);
/* Bytes of a stream between a host's socket and the guest's. */
void pcap_moved(struct pcap *p, struct vmci_sockaddr from, struct vmci_sockaddr to,
		const void *data, size_t len);
/* What is collected reaches the file. To be called before a sleep. NULL is ignored. */
void pcap_flush(struct pcap *p);
void pcap_close(struct pcap *p);

#endif
