/* SPDX-License-Identifier: BSD-2-Clause */
/* bridge_dgram.h - datagram sockets of the guest on a UNIX socket of the host.
 *
 * PATH_dgram is of type SOCK_SEQPACKET: it keeps the bounds of datagrams as SOCK_DGRAM does, and a
 * connection tells when a program is gone and when it does not read. Each connection is one
 * datagram socket in context 2. A message is a header of four little-endian 32-bit words and a
 * payload:
 *
 *   offset 0   kind    BRIDGE_DGRAM_*
 *          4   cid     the other end's context
 *          8   port    the other end's port
 *          12  value   0, or an error number (VMCI_E*, those of Linux)
 *
 *   program -> vmci-sim
 *     BIND    port to receive at, or ~0: any free one; cid 2 or ~0. Once, before anything else;
 *             otherwise the first DATA binds to any free port.
 *     DATA    payload for cid and port
 *   vmci-sim -> program
 *     BIND    what BIND did: own cid and port, value 0; or value tells why not
 *     DATA    payload from cid and port
 *     ERROR   a DATA for cid and port was not delivered, value tells why; or a message made no
 *             sense (VMCI_EINVAL), then cid and port are ~0
 *
 * Payloads have at most VMCI_MAX_DG_PAYLOAD_SIZE bytes. A program that does not read its messages
 * misses what does not fit in its socket's buffers any more, ERROR first.
 */
#ifndef HOST_SIM_BRIDGE_DGRAM_H
#define HOST_SIM_BRIDGE_DGRAM_H

#define BRIDGE_DGRAM_SUFFIX "_dgram"

#define BRIDGE_DGRAM_HEADER 16u

#define BRIDGE_DGRAM_BIND  1u
#define BRIDGE_DGRAM_DATA  2u
#define BRIDGE_DGRAM_ERROR 3u

#endif
