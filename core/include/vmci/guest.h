/* SPDX-License-Identifier: BSD-2-Clause */
/* guest.h - the driver's end of a VMCI device.
 *
 * Finds out what the device offers, negotiates, sends and receives datagrams, keeps doorbells,
 * events and queue pairs. It knows neither an operating system nor a firmware: everything comes
 * through guest_port.h. There are no globals; any number of guests live in one process.
 *
 * One caller at a time for each guest, interrupt handlers included. Handlers of datagrams,
 * doorbells and events run inside the pump functions, with the guest in a consistent state, and may
 * call anything here except the pump functions and vmci_guest_remove().
 *
 * The device is not trusted: sizes, events, completion flags, bitmap bytes and ring indices are
 * taken as if from a network; every wait has a deadline, every drain a budget; a device
 * whose registers read as all ones is gone (VMCI_LOCAL_GONE) and is left alone.
 *
 * Results of the protocol pass through unchanged; the guest's own are VMCI_LOCAL_*. A result of the
 * device that looks like one of those becomes VMCI_LOCAL_PROTOCOL.
 *
 * Example, polled:
 *
 *      struct vmci_guest *g;
 *      if (vmci_guest_probe(&port, NULL, &g) < 0)
 *              return;
 *      vmci_guest_endpoint(g, 5000, 0, on_datagram, NULL);
 *      while (running)
 *              vmci_guest_pump(g);
 *      vmci_guest_remove(g);
 *
 * Spec: chapters 10 to 60, clauses about a guest.
 */
#ifndef VMCI_GUEST_H
#define VMCI_GUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <vmci/error.h>
#include <vmci/guest_port.h>
#include <vmci/ring.h>
#include <vmci/wire.h>

struct vmci_guest;
struct vmci_guest_pair; /* this guest's end of a queue pair */

enum vmci_guest_mode {
	VMCI_GUEST_MODE_ANY,   /* the memory window if it exists and the device offers DMA, else
				  the ports */
	VMCI_GUEST_MODE_PORTS, /* I/O ports, datagrams byte by byte */
	VMCI_GUEST_MODE_MMIO,  /* memory window, DMA datagrams */
};

/* 0 in a field stands for the default in parentheses. */
struct vmci_guest_options {
	enum vmci_guest_mode mode;
	uint32_t refuse_caps; /* VMCI_CAPS_* not to use although offered (none) */
	uint32_t timeout_us;  /* for one answer of the device (2 s) */
	uint32_t max_reads;   /* reads of the device in one drain (64) */
	bool polled;	      /* leave the device's interrupts off */
};

/* ---- life ------------------------------------------------------------------------------- */

/* Find out what the device offers and take it into use. Order at the device: CAPS is read and
 * written; with DMA: page shift and high address words; SET_NOTIFY_BITMAP when notifications are
 * offered; RESOURCES_QUERY; unless polled: IMR, then CONTROL.INT_ENABLE.
 *   port     borrowed until vmci_guest_remove()
 *   options  copied; NULL for all defaults
 * Returns 0 and *out; VMCI_LOCAL_NO_DEVICE: no window of that mode, no datagrams, or no DMA in
 * MMIO mode: nothing was written; VMCI_LOCAL_GONE; VMCI_LOCAL_NO_MEMORY; the device's error, or
 * VMCI_LOCAL_PROTOCOL when it answered neither as it must nor with an error; VMCI_LOCAL_TIMEOUT;
 * VMCI_LOCAL_BAD_ARGUMENT (the port's page_shift).
 * When something had been written the device was reset. */
int vmci_guest_probe(const struct vmci_guest_port *port, const struct vmci_guest_options *options,
		     struct vmci_guest **out);

/* Give everything back: DETACH for each queue pair that is not local (answers are ignored), then
 * CONTROL.RESET, then the memory. No handler runs. The guest and all its objects are dead. */
void vmci_guest_remove(struct vmci_guest *g);

uint32_t vmci_guest_caps(const struct vmci_guest *g); /* VMCI_CAPS_* in use */
bool vmci_guest_uses_dma(const struct vmci_guest *g);
bool vmci_guest_is_gone(const struct vmci_guest *g);

/* The context id, 0..0xfffffffe. Asked once, then kept, updated by CTX_ID_UPDATE.
 * Returns it; VMCI_LOCAL_PROTOCOL: the device has none yet; VMCI_LOCAL_TIMEOUT, _GONE. */
int64_t vmci_guest_cid(struct vmci_guest *g);

/* A hypercall: a datagram without source to {0, resource}.
 *   payload, len  len bytes, copied; at most 1 MiB
 *   result        what the device answered, any number
 * Returns 0 and *result; VMCI_LOCAL_TIMEOUT, _GONE, _NO_MEMORY, _BAD_ARGUMENT (len). */
int vmci_guest_call(struct vmci_guest *g, uint32_t resource, const void *payload, size_t len,
		    int32_t *result);

/* ---- pump ------------------------------------------------------------------------------- */

/* Look once after everything, without interrupts: waiting datagrams until there are none, rung
 * doorbells, delayed handlers.
 * Returns the number of datagrams that were looked at; VMCI_LOCAL_PROTOCOL: a record that cannot
 * be; VMCI_LOCAL_TIMEOUT: a receive did not complete (it is waited for next time);
 * VMCI_LOCAL_GONE; VMCI_LOCAL_BAD_ARGUMENT: called by a handler. */
int64_t vmci_guest_pump(struct vmci_guest *g);
/* The handler of message 0, 1 or 2 when every cause has a message of its own. ICR is not read.
 * Returns the number of datagrams (0), of rung doorbells (1), or 0; errors as pump. */
int64_t vmci_guest_interrupt(struct vmci_guest *g, unsigned message);
/* The handler of the only message or of the line: reads ICR. Returns 1; 0: not this device;
 * errors as pump. */
int vmci_guest_shared_interrupt(struct vmci_guest *g);
/* The budget of the last drain ended before the data did: pump again. */
bool vmci_guest_is_pending(const struct vmci_guest *g);

/* ---- datagrams -------------------------------------------------------------------------- */

/* data: header and payload, len = 24 + payload, private memory, borrowed for the call. The return
 * value is not used. */
typedef int vmci_datagram_fn(void *arg, const uint8_t *data, size_t len);

/* Make a datagram endpoint.
 *   resource  wanted, or VMCI_INVALID_ID: the next free one from 1024 on
 *   flags     VMCI_FLAG_ANYCID_DG_HND: whatever the own context id becomes;
 *             VMCI_FLAG_DG_DELAYED_CB: the handler runs when the drain is over
 * Returns the resource; VMCI_ERROR_INVALID_ARGS (WELLKNOWN, other flags), _ALREADY_EXISTS,
 * VMCI_LOCAL_NO_MEMORY, errors of vmci_guest_cid(): nothing was made. */
int64_t vmci_guest_endpoint(struct vmci_guest *g, uint32_t resource, uint32_t flags,
			    vmci_datagram_fn *fn, void *arg);
/* Returns 0 or VMCI_ERROR_NOT_FOUND. Delayed datagrams for it are dropped. */
int vmci_guest_endpoint_close(struct vmci_guest *g, uint32_t resource);

/* Send.
 *   src      an endpoint of this guest; context VMCI_INVALID_ID: the own id is filled in
 *   payload  len bytes, copied
 * Returns what the device answered, 24 + len if delivered; VMCI_ERROR_INVALID_ARGS: too long, or no
 * destination; VMCI_ERROR_NO_HANDLE: src is no endpoint here: the device saw nothing;
 * VMCI_LOCAL_TIMEOUT, _GONE, _NO_MEMORY, _PROTOCOL. */
int vmci_guest_send(struct vmci_guest *g, struct vmci_handle dst, struct vmci_handle src,
		    const void *payload, size_t len);

/* ---- events ----------------------------------------------------------------------------- */

/* payload: as in the event datagram, event number first; len bytes arrived, what is missing of
 * 24 bytes is zero. */
typedef void vmci_event_fn(void *arg, const uint8_t *payload, size_t len);

/* Be called at each event of one kind, 0..VMCI_EVENT_GUEST_MAX. The device is not told.
 * Returns an id >= 0; VMCI_ERROR_INVALID_ARGS, VMCI_LOCAL_NO_MEMORY. */
int64_t vmci_guest_subscribe(struct vmci_guest *g, uint32_t event, vmci_event_fn *fn, void *arg);
/* Returns 0 or VMCI_ERROR_NOT_FOUND. */
int vmci_guest_unsubscribe(struct vmci_guest *g, uint32_t id);

/* ---- doorbells -------------------------------------------------------------------------- */

typedef void vmci_doorbell_fn(void *arg, struct vmci_handle handle);

/* Make a doorbell and link it at the device.
 *   handle  {VMCI_INVALID_ID, VMCI_INVALID_ID}: own context, next free resource; otherwise context
 *           2 or the own one, and a resource
 *   flags   0 or VMCI_FLAG_DELAYED_CB: the handler runs when the scan is over
 *   priv    VMCI_PRIVILEGE_FLAG_*
 * Returns the resource; VMCI_ERROR_INVALID_ARGS (handle, flags, priv), _ALREADY_EXISTS; the answer
 * of the link if it was not 0; VMCI_ERROR_NO_RESOURCES (32767 doorbells), VMCI_LOCAL_*: nothing was
 * made. */
int64_t vmci_guest_doorbell(struct vmci_guest *g, struct vmci_handle handle, uint32_t flags,
			    uint32_t priv, vmci_doorbell_fn *fn, void *arg);
/* Unlink and forget; what the device answers does not matter. Returns 0 or VMCI_ERROR_NOT_FOUND. */
int vmci_guest_doorbell_close(struct vmci_guest *g, struct vmci_handle handle);
/* Ring anybody's doorbell. Returns the device's answer; VMCI_ERROR_INVALID_ARGS for a handle
 * with a half of all ones, before anything reaches the device; VMCI_LOCAL_*. */
int vmci_guest_ring(struct vmci_guest *g, struct vmci_handle handle);

/* ---- queue pairs ------------------------------------------------------------------------ */

/* Create a queue pair, or attach to one.
 *   handle   {VMCI_INVALID_ID, VMCI_INVALID_ID}: own context, next free resource
 *   peer     context that may attach, VMCI_INVALID_ID: any
 *   flags    VMCI_QPFLAG_ATTACH_ONLY, VMCI_QPFLAG_LOCAL
 *   priv     must be 0
 *   produce, consume  bytes of the queue to put into, to take from; one may be 0
 * Returns 0 and *out; before anything reaches the device: VMCI_ERROR_NO_RESOURCES (more than
 * VMCI_MAX_GUEST_QP_MEMORY), _INVALID_ARGS (both sizes 0, other flags, a handle with exactly one
 * half of all ones), _NO_ACCESS (priv; a local pair of another context), _ALREADY_EXISTS (handle in
 * use here), for local pairs _NOT_FOUND, _UNAVAILABLE (two users), _QUEUEPAIR_MISMATCH;
 * VMCI_LOCAL_NO_MEMORY; _INVALID_ARGS: a page number that does not fit; else the device's error.
 * Nothing was made.
 * A second user of a local pair makes the event QP_PEER_ATTACH, before this returns. */
int vmci_guest_pair_alloc(struct vmci_guest *g, struct vmci_handle handle, uint32_t peer,
			  uint32_t flags, uint32_t priv, uint64_t produce, uint64_t consume,
			  struct vmci_guest_pair **out);
/* Give the end back; the pointer is dead after 0. Returns 0, or the device's error: then the peer
 * may still use the memory, and everything stays as it was. Try again, or leave it to
 * vmci_guest_remove(). */
int vmci_guest_pair_detach(struct vmci_guest_pair *p);

/* The two queues, to put into and to take from with ring.h. They live as long as the pair. */
struct vmci_ring *vmci_guest_pair_produce(struct vmci_guest_pair *p);
struct vmci_ring *vmci_guest_pair_consume(struct vmci_guest_pair *p);
struct vmci_handle vmci_guest_pair_handle(const struct vmci_guest_pair *p);
/* Device addresses of the two header pages; 0 for local pairs. */
void vmci_guest_pair_headers(const struct vmci_guest_pair *p, uint64_t *produce, uint64_t *consume);

#endif
