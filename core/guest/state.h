/* SPDX-License-Identifier: BSD-2-Clause */
/* state.h - what a guest remembers, and what its parts offer each other. Private to core/guest.
 *
 * Everything published to the device (addresses, page lists, indices, links) has its master copy
 * here; the shared copy is written and never read back, except completion flags, results, bitmap
 * bytes and what the device delivers.
 */
#ifndef VMCI_GUEST_STATE_H
#define VMCI_GUEST_STATE_H

#include <vmci/defs.h>
#include <vmci/fault.h>
#include <vmci/guest.h>
#include <vmci/mem.h>
#include <vmci/order.h>

/* Every object that has handlers carries a serial number. A loop over handlers remembers the
 * number, not the object, so a handler may remove any object, its own included. */
struct guest_endpoint {
	struct guest_endpoint *next;
	uint64_t serial;
	struct vmci_handle handle; /* context VMCI_INVALID_ID: any */
	uint32_t flags;
	vmci_datagram_fn *fn;
	void *arg;
};

struct guest_delayed {
	struct guest_delayed *next;
	uint64_t endpoint; /* serial */
	size_t len;
	uint8_t data[];
};

struct guest_subscription {
	struct guest_subscription *next;
	uint32_t id; /* ascending along the list */
	uint32_t event;
	vmci_event_fn *fn;
	void *arg;
};

struct guest_doorbell {
	struct guest_doorbell *next;
	uint64_t serial; /* ascending along the list */
	struct vmci_handle handle;
	uint32_t index;
	bool is_delayed, is_rung;
	vmci_doorbell_fn *fn;
	void *arg;
};

/* Doorbell indexes in use, section "which index" of doorbell.c. */
struct guest_indexes {
	uint16_t *users;   /* doorbells of each index; GUEST_INDEX_RUNG marks one for the scan */
	uint32_t size;	   /* indexes in the page */
	uint32_t limit;	   /* highest index in use + 1 */
	uint32_t count;	   /* doorbells */
	uint32_t last;	   /* handed out last */
	uint32_t released; /* released last, or size: none */
};
#define GUEST_INDEX_RUNG    0x8000u
#define GUEST_DOORBELLS_MAX 0x7fffu

/* Pages shared with the device, in a few pieces that lie side by side. */
struct guest_pages {
	void **page;
	uint64_t *addr;	  /* device address of each */
	uint32_t *npiece; /* at the first page of a piece: its pages */
	size_t n;
};

/* The memory of a local pair, shared by its users. */
struct guest_local {
	uint64_t header[2][3];
	uint8_t *bytes[2]; /* queue that user k produces into */
	uint64_t size[2];
	bool is_used[2];
};

struct vmci_guest_pair {
	struct vmci_guest_pair *next;
	struct vmci_guest *g;
	struct vmci_handle handle;
	uint32_t flags;
	uint64_t produce_size, consume_size;
	struct vmci_ring produce, consume;
	struct guest_pages pages; /* not for local pairs */
	uint64_t produce_addr, consume_addr;
	struct guest_local *local; /* NULL unless local */
	unsigned user;		   /* of local */
	bool is_kept;		   /* has no owner: the device did not say whether it has it */
};

struct vmci_guest {
	const struct vmci_guest_port *port;
	struct vmci_guest_options options;
	enum vmci_guest_window window;
	unsigned page_shift; /* as the device counts pages */
	uint32_t caps;	     /* in use */
	uint32_t cid;	     /* VMCI_INVALID_ID: ask */
	bool is_gone;
	bool is_pumping;
	uint64_t serial;	/* given out last */
	uint32_t next_resource; /* to try for a dynamic handle */
	uint32_t next_id;	/* of a subscription */

	/* sending by DMA: one page for header and list, then inline data */
	uint8_t *tx;
	uint64_t tx_addr;
	bool is_tx_lost;	     /* a send timed out: the device may still own the buffer */
	struct guest_pages tx_pages; /* of a scattered send under way */

	/* receiving */
	uint8_t *rx; /* by DMA: one page for the header, then VMCI_MAX_DG_SIZE bytes */
	uint64_t rx_addr;
	uint8_t *record;    /* VMCI_MAX_DG_SIZE private bytes */
	bool is_rx_started; /* the device was asked and has not answered */
	bool is_rx_pending; /* the budget ended before the data */
	uint32_t rx_read;   /* ports: size of the reads of an unfinished invocation, 0: none */
	uint32_t rx_have;   /* ports: bytes of its next read that are at record already */
	uint64_t rx_skip;   /* ports: bytes of an oversize record still to come */

	uint8_t *bitmap; /* one page, or NULL */
	uint64_t bitmap_addr;
	struct guest_indexes indexes;

	struct guest_endpoint *endpoints;
	struct guest_delayed *delayed, **delayed_end;
	unsigned ndelayed;
	struct guest_subscription *subscriptions;
	struct guest_doorbell *doorbells;
	uint64_t doorbell_changes; /* of the list */
	struct vmci_guest_pair *pairs;
};

/* Bytes of a page as the device counts them. */
static inline size_t guest_page(const struct vmci_guest *g)
{
	return (size_t)1 << g->page_shift;
}

static inline uint32_t guest_in32(struct vmci_guest *g, uint32_t offset)
{
	return g->port->in32(g->port->ctx, g->window, offset);
}

static inline void guest_out32(struct vmci_guest *g, uint32_t offset, uint32_t value)
{
	g->port->out32(g->port->ctx, g->window, offset, value);
}

static inline void *guest_alloc(struct vmci_guest *g, size_t size)
{
	return g->port->alloc(g->port->ctx, size);
}

static inline void guest_free(struct vmci_guest *g, void *p, size_t size)
{
	if (p)
		g->port->free(g->port->ctx, p, size);
}

static inline void guest_note(struct vmci_guest *g, const char *what, int code)
{
	if (g->port->note)
		g->port->note(g->port->ctx, what, code);
}

/* A result of the device, to be returned: never mistaken for one of ours. */
static inline int guest_result(int32_t result)
{
	return result <= -2000 ? VMCI_LOCAL_PROTOCOL : result;
}

/* ---- transfer.c ------------------------------------------------------------------------- */

/* Do all registers read as ones? Then the guest is gone from now on. */
bool guest_check_gone(struct vmci_guest *g);
/* Hand one datagram to the device. dg: 24 bytes of header. Errors as vmci_guest_call(). */
int guest_transfer(struct vmci_guest *g, const uint8_t *dg, const void *payload, size_t len,
		   int32_t *result);
/* Wait until a word in shared memory has a value. Returns 0, VMCI_LOCAL_TIMEOUT, _GONE. */
int guest_wait32(struct vmci_guest *g, const void *word, uint32_t value);
/* Hypercall whose answer must not be confused: the device's result or VMCI_LOCAL_*. */
int guest_call_result(struct vmci_guest *g, uint32_t resource, const void *payload, size_t len);

/* ---- receive.c -------------------------------------------------------------------------- */

/* Take what waits. all: until nothing does, else one invocation. Returns records, or an error. */
int64_t guest_drain(struct vmci_guest *g, bool all);

/* ---- datagram.c ------------------------------------------------------------------------- */

/* One record that arrived: len = 24 + payload, private memory. */
void guest_dispatch(struct vmci_guest *g, const uint8_t *data, size_t len);
void guest_run_delayed_datagrams(struct vmci_guest *g);
void guest_free_datagrams(struct vmci_guest *g);
/* A resource that no handle of the own context uses: 1024 and up. */
uint32_t guest_free_resource(struct vmci_guest *g);

/* ---- event.c ---------------------------------------------------------------------------- */

/* Returns 0 or why nobody was called. */
int guest_dispatch_event(struct vmci_guest *g, const uint8_t *payload, uint64_t len);
void guest_free_subscriptions(struct vmci_guest *g);

/* ---- doorbell.c ------------------------------------------------------------------------- */

/* Returns 0 or VMCI_LOCAL_NO_MEMORY. */
int guest_init_doorbells(struct vmci_guest *g);
/* Run handlers of rung doorbells. Returns how many ran or will, when delayed. */
int64_t guest_scan(struct vmci_guest *g);
void guest_run_delayed_doorbells(struct vmci_guest *g);
void guest_free_doorbells(struct vmci_guest *g);
bool guest_has_doorbell(const struct vmci_guest *g, struct vmci_handle handle);

/* ---- pages.c ---------------------------------------------------------------------------- */

/* n zeroed pages, in as few pieces as the port gives. Returns 0 or VMCI_LOCAL_NO_MEMORY. */
int guest_pages_alloc(struct vmci_guest *g, struct guest_pages *pages, size_t n);
void guest_pages_free(struct vmci_guest *g, struct guest_pages *pages);

/* ---- queuepair.c, localpair.c ----------------------------------------------------------- */

void guest_detach_pairs(struct vmci_guest *g); /* tell the device, keep the memory */
void guest_free_pairs(struct vmci_guest *g);
bool guest_has_pair(const struct vmci_guest *g, struct vmci_handle handle);
/* p has handle, flags and sizes. found: the first user of an existing local pair, or NULL. */
int guest_local_alloc(struct vmci_guest *g, struct vmci_guest_pair *p,
		      const struct vmci_guest_pair *found, uint32_t peer);
/* Give the local memory up; true when another user is left. */
bool guest_local_release(struct vmci_guest_pair *p);
/* The event that a device would have sent to the other end. */
void guest_local_event(struct vmci_guest *g, struct vmci_handle handle, uint32_t event);

#endif
