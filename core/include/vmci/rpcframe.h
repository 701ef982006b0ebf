/* SPDX-License-Identifier: BSD-2-Clause */
/* rpcframe.h - one message of GuestRPC: a length, then typed fields in any order.
 *
 * All numbers on the wire are big-endian, unlike everywhere else in VMCI. Works on private memory;
 * every byte of it is hostile.
 *
 * Spec: chapter 89.
 */
#ifndef VMCI_RPCFRAME_H
#define VMCI_RPCFRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <vmci/error.h>

struct vmci_rpcframe {
	uint32_t type;		/* VMCI_GUESTRPC_DATA or VMCI_GUESTRPC_PING */
	bool fast_close;	/* the sender wants the connection closed behind the reply */
	const uint8_t *payload; /* NULL: no payload */
	size_t len;		/* of payload, > 0 unless that is NULL */
};

/* Bytes of fields that follow the length word at p (VMCI_GUESTRPC_LENGTH_SIZE bytes), or
 * VMCI_LOCAL_PROTOCOL: none, or more than VMCI_GUESTRPC_FIELDS_MAX. */
int64_t vmci_rpcframe_length(const uint8_t *p);

/* Read the fields of one message, without the length word.
 *   *out  its payload points into fields
 * Returns 0, or VMCI_LOCAL_PROTOCOL: a field is cut off, has an unknown type, stands there twice or
 * has the wrong type for its id; there are more than VMCI_GUESTRPC_FIELD_COUNT_MAX; the message has
 * no packet type or an unknown one; DATA without payload. *out is untouched then.
 * Fields with unknown ids are read over. Numbers are accepted in both encodings that are in use. */
int vmci_rpcframe_decode(struct vmci_rpcframe *out, const uint8_t *fields, size_t len);

/* Bytes of a whole message with that payload, length word included; 0: the payload is larger than
 * VMCI_GUESTRPC_PAYLOAD_MAX. */
size_t vmci_rpcframe_size(const struct vmci_rpcframe *f);
/* Write the message, vmci_rpcframe_size(f) bytes, to dst. payload may already lie where it belongs,
 * at the end of dst. */
void vmci_rpcframe_encode(const struct vmci_rpcframe *f, uint8_t *dst);

#endif
