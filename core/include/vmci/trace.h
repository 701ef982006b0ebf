/* SPDX-License-Identifier: BSD-2-Clause */
/* trace.h - what happens at a device, as one stream of typed events.
 *
 * The core emits; the text log, packet captures, the monitor and coverage of clauses consume.
 * An event is valid only during the callback; pointers in it are borrowed. The callback may not
 * call back into the core.
 */
#ifndef VMCI_TRACE_H
#define VMCI_TRACE_H

#include <stddef.h>
#include <stdint.h>
#include <vmci/wire.h>

enum vmci_trace_kind {
	VMCI_TRACE_REG_READ,  /* offset, width (bits), value */
	VMCI_TRACE_REG_WRITE, /* offset, width (bits), value; byte data of the ports is summed up,
				 see BYTES */
	VMCI_TRACE_BYTES, /* offset (DATA_OUT or DATA_IN), len, width (bits of each access): a run
			     of accesses to a data port ended; value = 1 in the middle of a datagram
			     (DATA_OUT) or burst (DATA_IN) */
	VMCI_TRACE_DATAGRAM_OUT,    /* by the guest: data, len (header and payload), result */
	VMCI_TRACE_DATAGRAM_IN,	    /* delivered to the guest: data, len */
	VMCI_TRACE_DATAGRAM_QUEUED, /* for the guest: data, len, result */
	VMCI_TRACE_HYPERCALL,	    /* value = resource id, data, len (payload), result */
	VMCI_TRACE_INTERRUPT, /* value = message number, or the line with offset 1 raised, 2 lowered
			       */
	VMCI_TRACE_DOORBELL,  /* handle, value = index in the bitmap, result */
	VMCI_TRACE_EVENT,     /* value = event number, handle or value2 = context, for value2's */
	VMCI_TRACE_QUEUE_PAIR, /* handle, value = broker state after, text = "create", "attach", ...
				*/
	VMCI_TRACE_RESET,      /* text = "control", "caps", "platform" */
	VMCI_TRACE_REFUSAL,    /* result, text = reason, clause = id or NULL */
	VMCI_TRACE_IRQ_MODE, /* value = enum vmci_irq_mode (device.h), width = messages there are */
};

struct vmci_trace {
	enum vmci_trace_kind kind;
	uint32_t cid; /* VM whose device this is */
	uint32_t offset;
	uint32_t width;
	uint64_t value, value2;
	int32_t result;
	struct vmci_handle handle;
	const uint8_t *data;
	size_t len;
	const char *text;   /* static string or NULL */
	const char *clause; /* spec id, static string or NULL */
};

#endif
