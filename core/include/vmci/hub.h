/* SPDX-License-Identifier: BSD-2-Clause */
/* hub.h - the host side of VMCI in one process: contexts and what they own.
 *
 * A hub holds the hypervisor (context 0), the host (context 2) and any number of virtual
 * machines. It routes datagrams, keeps doorbells, brokers queue pairs and sends events. A VM
 * context is either the guest of a virtual device (device.h) or a bare context driven through this
 * header, as a hypervisor process without our register model would.
 *
 * The acting context is always a parameter: everything here is what that context may do for
 * itself, with the results of the protocol. One caller at a time per hub; handlers are called with
 * the hub in a consistent state and may call any function of it, with two exceptions: they do not
 * destroy the object they belong to, and they do not destroy, reset or configure the device whose
 * register access led to them.
 *
 * Spec: chapters 30 to 80.
 */
#ifndef VMCI_HUB_H
#define VMCI_HUB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <vmci/error.h>
#include <vmci/port.h>
#include <vmci/wire.h>

struct vmci_hub;
struct vmci_context;
struct vmci_pair_end; /* one context's end of a queue pair */

/* Quotas of every context. 0 in a field stands for the default in parentheses. */
struct vmci_hub_limits {
	uint32_t contexts;	   /* VMs (10000) */
	uint32_t endpoints;	   /* datagram endpoints per context (4096) */
	uint32_t doorbells;	   /* per context (65536) */
	uint32_t queue_pairs;	   /* ends per VM (16384) */
	uint32_t host_queue_bytes; /* waiting per host endpoint, with 64 bytes overhead each (1 MiB)
				    */
	uint64_t qp_memory_bytes;  /* per VM (VMCI_MAX_GUEST_QP_MEMORY) */
};

/* Make an empty hub with contexts 0 and 2.
 *   port    borrowed until vmci_hub_destroy
 *   limits  copied; NULL for all defaults
 * Returns 0, or VMCI_LOCAL_NO_MEMORY: *out is untouched. */
int vmci_hub_create(const struct vmci_hub_port *port, const struct vmci_hub_limits *limits,
		    struct vmci_hub **out);
/* Devices and contexts left are removed first, without events to anybody. */
void vmci_hub_destroy(struct vmci_hub *hub);

struct vmci_context *vmci_hub_find(struct vmci_hub *hub, uint32_t cid); /* NULL: unknown */

/* Deliver what was sent from the host to itself, or to endpoints with DG_DELAYED_CB, before this
 * call. The owner calls it when no other call on the hub is in progress. Returns how many. */
size_t vmci_hub_run(struct vmci_hub *hub);

/* Make a VM context without a device.
 *   cid    wanted; if taken the next free one above max(cid, 15) is given, wrapping to 16
 *   priv   0 or VMCI_PRIVILEGE_FLAG_RESTRICTED
 * Returns 0; VMCI_ERROR_INVALID_ARGS (cid ~0, other flags), VMCI_ERROR_NO_RESOURCES (quota),
 * VMCI_LOCAL_NO_MEMORY: nothing was made. */
int vmci_context_create(struct vmci_hub *hub, uint32_t cid, uint32_t priv,
			struct vmci_context **out);
/* The context dies: subscribers get CTX_REMOVED, then its queue pairs are detached, then the
 * rest is freed. Only for contexts from vmci_context_create. */
void vmci_context_destroy(struct vmci_context *ctx);
uint32_t vmci_context_cid(const struct vmci_context *ctx);
struct vmci_hub *vmci_context_hub(const struct vmci_context *ctx);
uint32_t vmci_context_privileges(const struct vmci_context *ctx); /* VMCI_PRIVILEGE_FLAG_* */

/* ---- datagrams ------------------------------------------------------------------------- */

/* Handler of an endpoint. data: header and payload, len = 24 + payload, borrowed for the call.
 * A negative return becomes the sender's result. */
typedef int vmci_datagram_fn(void *arg, const uint8_t *data, size_t len);

/* Make a datagram endpoint of the host (ctx 2) or hypervisor (ctx 0) context.
 *   resource  wanted, or VMCI_INVALID_ID: one from 1024 on is chosen
 *   priv      VMCI_PRIVILEGE_FLAG_*: what the endpoint may claim; RESTRICTED or TRUSTED or 0
 *   flags     VMCI_FLAG_ANYCID_DG_HND, VMCI_FLAG_DG_DELAYED_CB; WELLKNOWN is refused
 * Returns the resource (as int64 >= 0); VMCI_ERROR_INVALID_ARGS, _ALREADY_EXISTS, _NO_RESOURCES,
 * VMCI_LOCAL_NO_MEMORY: nothing was made. */
int64_t vmci_context_endpoint(struct vmci_context *ctx, uint32_t resource, uint32_t priv,
			      uint32_t flags, vmci_datagram_fn *fn, void *arg);
/* Returns 0 or VMCI_ERROR_NOT_FOUND. */
int vmci_context_endpoint_close(struct vmci_context *ctx, uint32_t resource);

/* Send as this context.
 *   src.context  this context's id or VMCI_INVALID_ID (host only: filled in)
 *   src.resource what the receiver sees; an endpoint of the host with this resource lends its
 *                privileges to the send
 * Returns 24 + len; the routing error (chapter 70), a negative result of the endpoint's handler,
 * VMCI_ERROR_NO_RESOURCES (the queue of a VM is full) or VMCI_ERROR_NO_MEM: nothing was delivered.
 * Order: a datagram from the host to the host is delivered by vmci_hub_run, all others before
 * this returns. */
int vmci_context_send(struct vmci_context *ctx, struct vmci_handle dst, struct vmci_handle src,
		      const void *payload, size_t len);

/* Take the next datagram that waits for a bare VM context.
 *   buf, size  where header and payload go
 *   len        bytes written on success
 * Returns the size of the datagram after it, or 0 when none is left; VMCI_ERROR_NO_MORE_DATAGRAMS;
 * VMCI_ERROR_NO_MEM: it is larger than size and stays. */
int vmci_context_receive(struct vmci_context *ctx, uint8_t *buf, size_t size, size_t *len);
/* Datagrams or rings wait. */
bool vmci_context_is_pending(const struct vmci_context *ctx);
/* Has a VM fetched every datagram sent to it? Always true for host and hypervisor. */
bool vmci_context_is_drained(const struct vmci_context *ctx);

/* ---- doorbells ------------------------------------------------------------------------- */

typedef void vmci_doorbell_fn(void *arg, struct vmci_handle handle);

/* Make a doorbell. For the host a handler runs on each ring; for a bare VM context (fn NULL)
 * rings become pending and are taken with vmci_context_rings.
 * Returns the resource; errors as vmci_context_endpoint (a bare context's duplicate:
 * DUPLICATE_ENTRY). */
int64_t vmci_context_doorbell(struct vmci_context *ctx, uint32_t resource, uint32_t priv,
			      vmci_doorbell_fn *fn, void *arg);
/* A pending ring is dropped with it. Returns 0 or VMCI_ERROR_NOT_FOUND. */
int vmci_context_doorbell_close(struct vmci_context *ctx, uint32_t resource);
/* Ring a doorbell as this context. Returns 0 (a VM's handler runs or will; a ring that waits
 * already is not counted again), or in this order: VMCI_ERROR_INVALID_ARGS (a half of the handle is
 * all ones), _NOT_FOUND (context), _DST_UNREACHABLE (both are VMs), _INVALID_ARGS (the
 * hypervisor's), _NOT_FOUND (host doorbell), _NO_ACCESS (privileges), _NOT_FOUND (doorbell),
 * _NO_MEM (too many rings wait for a bare VM): nobody was told. */
int vmci_context_ring(struct vmci_context *ctx, struct vmci_handle handle);
/* Take up to max pending rings of a bare VM context; returns how many there were, none lost:
 * if more than max wait, VMCI_ERROR_MORE_DATA and nothing is taken. */
int vmci_context_rings(struct vmci_context *ctx, struct vmci_handle *out, size_t max);

/* ---- events and removal notifications --------------------------------------------------- */

/* Handler of events for the host or hypervisor context: payload as in the event datagram
 * (event number first). */
typedef void vmci_event_fn(void *arg, const uint8_t *payload, size_t len);
/* Be called at each event, after whoever subscribed before. A subscription made by a handler counts
 * from the next event on.
 * Returns an id >= 0; VMCI_ERROR_INVALID_ARGS (a VM: its events are datagrams; no fn),
 * VMCI_LOCAL_NO_MEMORY. */
int64_t vmci_context_subscribe(struct vmci_context *ctx, vmci_event_fn *fn, void *arg);
/* The same for changes of the context id of a VM (vmci_device_set_cid), which no event tells to
 * others than itself. The VM is known under its new id when the handler runs. */
typedef void vmci_renumber_fn(void *arg, uint32_t was, uint32_t is);
int64_t vmci_context_subscribe_ids(struct vmci_context *ctx, vmci_renumber_fn *fn, void *arg);
/* Ends either. Also from a handler, the own one included. Returns 0 or VMCI_ERROR_NOT_FOUND. */
int vmci_context_unsubscribe(struct vmci_context *ctx, uint32_t id);

/* Ask to be told of the removal of another context (it need not exist).
 * Returns 0; VMCI_ERROR_DST_UNREACHABLE (both VMs), _NO_ACCESS (restricted), _ALREADY_EXISTS,
 * _NO_MEM (VMCI_MAX_CONTEXTS entries). */
int vmci_context_watch(struct vmci_context *ctx, uint32_t remote);
int vmci_context_unwatch(struct vmci_context *ctx, uint32_t remote); /* 0 or VMCI_ERROR_NOT_FOUND */

/* ---- queue pairs ------------------------------------------------------------------------ */

/* Memory of a queue pair given by a bare VM context: header page, data pages, for both queues in
 * the context's view, all in host memory of the caller, kept until the end is closed or unmapped.
 */
struct vmci_pair_memory {
	void *produce_header, *consume_header; /* 24 bytes used, 8-aligned */
	void *const *produce_pages, *const *consume_pages;
	unsigned page_shift;
};

/* Create, or attach to, a queue pair as this context.
 *   handle    resource VMCI_INVALID_ID: create and choose one; the handle used is returned in *used
 *   peer      context that may attach, or VMCI_INVALID_ID
 *   flags     VMCI_QPFLAG_*
 *   priv      VMCI_PRIVILEGE_FLAG_TRUSTED if the endpoint is trusted
 *   produce, consume  bytes, as this context sees them
 *   memory    NULL for the host and hypervisor contexts; for a bare VM NULL makes an end whose
 *             memory comes later, by vmci_pair_map
 * Returns 0 and *end; or the first error of chapter 62's tables: nothing changed. Not for a context
 * with a device: its guest does that itself (VMCI_ERROR_INVALID_ARGS). */
int vmci_context_pair(struct vmci_context *ctx, struct vmci_handle handle, uint32_t peer,
		      uint32_t flags, uint32_t priv, uint64_t produce, uint64_t consume,
		      const struct vmci_pair_memory *memory, struct vmci_handle *used,
		      struct vmci_pair_end **end);
/* Give the end back; the other end gets QP_PEER_DETACH. The pointer is dead afterwards. Returns 0,
 * VMCI_ERROR_NOT_FOUND when the end was taken away before (context death, reset): still freed. */
int vmci_pair_detach(struct vmci_pair_end *end);

/* Move bytes. Partial transfers are normal. Returns the count (> 0, at most INT64_MAX);
 * VMCI_ERROR_QUEUEPAIR_NOSPACE / _NODATA; _INVALID_SIZE: a pointer of the peer is outside its
 * queue, nothing moved; _QUEUEPAIR_NOTATTACHED: no guest memory any more or yet; _WOULD_BLOCK /
 * _QUEUEPAIR_NOT_READY: the guest's memory is away for the moment. Order: release after writing,
 * acquire before reading. One caller per direction. */
int64_t vmci_pair_enqueue(struct vmci_pair_end *end, const void *src, size_t len);
int64_t vmci_pair_dequeue(struct vmci_pair_end *end, void *dst, size_t len);
int64_t vmci_pair_peek(struct vmci_pair_end *end, void *dst, size_t len);
int64_t vmci_pair_ready(struct vmci_pair_end *end); /* bytes to dequeue, or error */
int64_t vmci_pair_room(struct vmci_pair_end *end);  /* bytes that can be enqueued, or error */

/* The other end is about to leave: its context detaches, is reset or dies. The memory is still
 * there as it was. */
typedef void vmci_pair_leave_fn(void *arg);
/* Be called once, at the last moment to take out what the other end wrote. The handler may call
 * dequeue, peek, ready and room of this end and nothing else of the hub. Not called when the hub is
 * destroyed. NULL: nobody. */
void vmci_pair_on_leave(struct vmci_pair_end *end, vmci_pair_leave_fn *fn, void *arg);

/* Memory of a bare VM context's end goes away (quiesce) or comes back. Results of chapter 60. */
int vmci_pair_unmap(struct vmci_pair_end *end);
int vmci_pair_map(struct vmci_pair_end *end, const struct vmci_pair_memory *memory);
int vmci_pair_state(const struct vmci_pair_end *end); /* VMCI_QPB_* */
struct vmci_handle vmci_pair_handle(const struct vmci_pair_end *end);

#endif
