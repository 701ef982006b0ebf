/* SPDX-License-Identifier: BSD-2-Clause */
/* device.h - inside of a virtual device. */
#ifndef VMCI_DEVICE_DEVICE_H
#define VMCI_DEVICE_DEVICE_H

#include <vmci/device.h>
#include "context.h"

#define VMCI_VECTORS	  3
#define VMCI_FORMER_CIDS  8
#define VMCI_CAUSES	  (VMCI_ICR_DATAGRAM | VMCI_ICR_NOTIFICATION | VMCI_ICR_DMA_DATAGRAM)
#define VMCI_CAPS_KNOWN	  0x3fu
#define VMCI_CAPS_UNACKED 0x0fu /* work without a CAPS write */

/* A hypercall may be longer than a routed datagram: the page list of the largest queue pair, and
 * room for one somewhat beyond, so that it is refused for its size and not for its length. */
#define VMCI_HYPERCALL_MAX 270336u

/* What the guest made of the device. All zero bits but those of vmci_regs_power_on(). */
struct vmci_regs {
	uint32_t caps; /* in force */
	uint32_t imr, icr;
	uint32_t unsent;     /* causes raised, with no message or ICR read since */
	bool is_enabled;     /* CONTROL.INT_ENABLE */
	bool is_outstanding; /* one vector: a message was sent and ICR not read */
	bool is_draining;    /* one vector, DMA: the guest fetches datagrams */
	bool line;	     /* INTx as the port knows it */
	uint32_t page_shift;
	uint32_t out_high, in_high;
	int32_t result;
	bool has_bitmap;
	struct vmci_gpa bitmap;
	bool has_receive; /* a DATA_IN request waits for guest memory */
	struct vmci_gpa receive;
	uint32_t former[VMCI_FORMER_CIDS]; /* context ids since the last reset, newest last */
	uint32_t formers;
};

/* Bytes on their way through DATA_OUT. */
struct vmci_stream_out {
	uint8_t head[24];
	uint32_t have_head; /* bytes of it */
	uint8_t *buf;	    /* whole datagram, NULL while the head is incomplete or swallowing */
	size_t len, have;   /* of buf */
	uint64_t swallow;   /* bytes still to be thrown away */
	int32_t verdict;    /* result when that is done */
};

/* Where the guest is in its reads of DATA_IN. */
struct vmci_stream_in {
	bool is_active;	 /* between the first byte of a run and its last filler byte */
	bool has_given;	 /* this run holds a datagram */
	uint32_t read;	 /* bytes of the guest's reads by now: one page, then 69632 */
	uint32_t left;	 /* bytes of the current read behind the current record */
	uint32_t filler; /* bytes of filler still to give */
	bool ends;	 /* the run is over after the filler */
	struct vmci_datagram *record;
	size_t at; /* bytes of it given, padding included */
};

struct vmci_device {
	struct vmci_hub *hub;
	struct vmci_context *ctx;
	const struct vmci_device_port *port;
	struct vmci_device_config config; /* cid is the one in force after reset */

	/* Of the machine around. */
	bool bus_master, is_quiesced;
	enum vmci_irq_mode irq_mode;
	unsigned vectors;
	bool is_usable[VMCI_VECTORS];

	struct vmci_regs regs;
	struct vmci_stream_out out;
	struct vmci_stream_in in;

	/* Observation only. */
	uint32_t run_offset; /* of a run of byte accesses, 0 for none */
	uint64_t run_len;
	unsigned run_bits; /* of each access of the run */
};

void vmci_device_free(struct vmci_device *dev);

/* Guest memory may be touched now. */
static inline bool vmci_device_has_memory(const struct vmci_device *dev)
{
	return dev->bus_master && !dev->is_quiesced;
}

static inline bool vmci_device_uses(const struct vmci_device *dev, uint32_t cap)
{
	return (dev->regs.caps & cap) != 0;
}

static inline uint64_t vmci_device_page_size(const struct vmci_device *dev)
{
	return (uint64_t)1 << dev->regs.page_shift;
}

/* The device had this context id since the last reset, and has another one now. */
bool vmci_device_had_cid(const struct vmci_device *dev, uint32_t cid);
/* The VM that had this context id; for a deliberate mistake. */
struct vmci_context *vmci_device_once_was(const struct vmci_hub *hub, uint32_t cid);
/* The context's queue got a datagram. */
void vmci_device_datagram_waits(struct vmci_device *dev);

/* Observation: a run of byte accesses went on, or something else ends it. */
void vmci_device_trace_bytes(struct vmci_device *dev, uint32_t offset, unsigned bits,
			     uint64_t count);
void vmci_device_trace_end_run(struct vmci_device *dev);
/* As vmci_refuse. */
int vmci_device_refuse(struct vmci_device *dev, int result, const char *reason, const char *clause);

/* A datagram of the guest is complete: carry it out. Returns its result.
 *   dg  private memory, changed */
int32_t vmci_device_dispatch(struct vmci_device *dev, uint8_t *dg, size_t len);
/* Longest datagram accepted for this destination, bytes. */
size_t vmci_device_accepts(uint32_t dst_context);

#endif
