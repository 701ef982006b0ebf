/* SPDX-License-Identifier: BSD-2-Clause */
/* Doorbells of a guest: which byte of the page, and what runs when it is set. Spec: chapter 40. */
#include "state.h"

static struct guest_doorbell *find(const struct vmci_guest *g, struct vmci_handle h)
{
	struct guest_doorbell *d = g->doorbells;

	while (d && !vmci_handle_equal(d->handle, h))
		d = d->next;
	return d;
}

bool guest_has_doorbell(const struct vmci_guest *g, struct vmci_handle handle)
{
	return find(g, handle) != NULL;
}

/* ---- which index ------------------------------------------------------------------------
 *
 * Upward from 0; the index released last first; holes when there are two of them or the page is
 * full; shared, round robin, when there is no hole. Other drivers do the same, so a test can
 * predict it, except that they leave the page when it has exactly one hole. */

static uint32_t next_hole(const struct guest_indexes *x)
{
	uint32_t i = x->last;

	do
		i = i + 1 < x->limit ? i + 1 : 0;
	while (x->users[i]);
	return i;
}

static uint32_t take_index(struct guest_indexes *x)
{
	uint32_t i;

	if (x->limit == x->size && x->count >= x->size) {
		i = x->last + 1 < x->size ? x->last + 1 : 0;
	} else if (x->released < x->limit && !x->users[x->released] &&
		   !VMCI_FAULT("guest-doorbell.index-not-reused")) {
		i = x->released;
		x->released = x->size;
	} else if (x->count + 1 < x->limit ||
		   (x->limit == x->size && !VMCI_FAULT("guest-doorbell.index-outside"))) {
		i = next_hole(x);
	} else {
		i = x->limit + (VMCI_FAULT("guest-doorbell.index-start") && !x->count ? 1 : 0);
	}
	if (VMCI_FAULT("guest-doorbell.index-repeats"))
		i = 0;
	if (i < x->size && i >= x->limit)
		x->limit = i + 1;
	if (i < x->size)
		x->users[i]++;
	x->last = i;
	x->count++;
	return i;
}

static void release_index(struct guest_indexes *x, uint32_t i)
{
	x->count--;
	if (i >= x->size)
		return;
	x->users[i]--;
	while (x->limit && !x->users[x->limit - 1] && !VMCI_FAULT("guest-doorbell.scan-not-shrunk"))
		x->limit--;
	x->released = i;
}

/* ---- life ------------------------------------------------------------------------------- */

int guest_init_doorbells(struct vmci_guest *g)
{
	g->indexes.size = (uint32_t)guest_page(g);
	g->indexes.released = g->indexes.size;
	g->indexes.users = guest_alloc(g, g->indexes.size * sizeof(*g->indexes.users));
	return g->indexes.users ? 0 : VMCI_LOCAL_NO_MEMORY;
}

/* May a doorbell of this guest have this handle? */
static bool is_possible(const struct vmci_guest *g, struct vmci_handle h)
{
	if (h.resource == VMCI_INVALID_ID)
		return false;
	if (h.context == VMCI_HOST_CONTEXT_ID)
		return !VMCI_FAULT("guest-doorbell.host-context-refused");
	return h.context == g->cid || VMCI_FAULT("guest-doorbell.foreign-context");
}

static int link_index(struct vmci_guest *g, struct vmci_handle handle, uint32_t index)
{
	uint8_t message[VMCI_DOORBELL_LINK_MSG_SIZE];

	vmci_put_handle(message + VMCI_DOORBELL_LINK_MSG_HANDLE, handle);
	vmci_put64(message + VMCI_DOORBELL_LINK_MSG_NOTIFY_IDX, index);
	return guest_call_result(g, VMCI_DOORBELL_LINK, message, sizeof(message));
}

static void forget(struct vmci_guest *g, struct guest_doorbell *d)
{
	struct guest_doorbell **link = &g->doorbells;

	while (*link != d)
		link = &(*link)->next;
	*link = d->next;
	g->doorbell_changes++;
	release_index(&g->indexes, d->index);
	guest_free(g, d, sizeof(*d));
}

int64_t vmci_guest_doorbell(struct vmci_guest *g, struct vmci_handle handle, uint32_t flags,
			    uint32_t priv, vmci_doorbell_fn *fn, void *arg)
{
	struct guest_doorbell *d, **end;
	int64_t rc;

	if (((flags & ~(uint32_t)VMCI_FLAG_DELAYED_CB) ||
	     (priv & ~(uint32_t)VMCI_PRIVILEGE_ALL_FLAGS)) &&
	    !VMCI_FAULT("guest-doorbell.flags-unchecked"))
		return VMCI_ERROR_INVALID_ARGS;
	rc = vmci_guest_cid(g);
	if (rc < 0)
		return rc;
	if (handle.context == VMCI_INVALID_ID && handle.resource == VMCI_INVALID_ID) {
		handle.context = (uint32_t)rc;
		handle.resource =
			VMCI_FAULT("guest-doorbell.reserved-resource") ? 7 : guest_free_resource(g);
	} else if (!is_possible(g, handle)) {
		return VMCI_ERROR_INVALID_ARGS;
	} else if (find(g, handle) && !VMCI_FAULT("guest-doorbell.duplicate")) {
		return VMCI_ERROR_ALREADY_EXISTS;
	}
	if (g->indexes.count >= GUEST_DOORBELLS_MAX ||
	    (g->indexes.count >= g->indexes.size && VMCI_FAULT("guest-doorbell.share-refused")))
		return VMCI_ERROR_NO_RESOURCES;
	d = guest_alloc(g, sizeof(*d));
	if (!d)
		return VMCI_LOCAL_NO_MEMORY;
	d->serial = ++g->serial;
	d->handle = handle;
	d->index = take_index(&g->indexes);
	d->is_delayed = (flags & VMCI_FLAG_DELAYED_CB) != 0;
	d->fn = fn;
	d->arg = arg;
	for (end = &g->doorbells; *end; end = &(*end)->next)
		;
	*end = d;
	g->doorbell_changes++;

	rc = link_index(g, handle, d->index);
	if (rc != 0 && !VMCI_FAULT("guest-doorbell.link-result-ignored")) {
		if (!VMCI_FAULT("guest-doorbell.refused-stays"))
			forget(g, d);
		/* A positive answer is no link either, and must not pass for a resource. */
		return rc < 0 ? rc : VMCI_LOCAL_PROTOCOL;
	}
	return handle.resource;
}

int vmci_guest_doorbell_close(struct vmci_guest *g, struct vmci_handle handle)
{
	uint8_t message[VMCI_DOORBELL_UNLINK_MSG_SIZE];
	struct guest_doorbell *d = find(g, handle);
	int rc;

	if (!d)
		return VMCI_FAULT("guest-doorbell.destroy-unknown") ? 0 : VMCI_ERROR_NOT_FOUND;
	vmci_put_handle(message + VMCI_DOORBELL_UNLINK_MSG_HANDLE, handle);
	rc = guest_call_result(g, VMCI_DOORBELL_UNLINK, message, sizeof(message));
	if (rc < 0 && VMCI_FAULT("guest-doorbell.unlink-result-used"))
		return rc;
	forget(g, d);
	return 0;
}

int vmci_guest_ring(struct vmci_guest *g, struct vmci_handle handle)
{
	uint8_t message[VMCI_DOORBELL_NOTIFY_MSG_SIZE];
	int rc;

	if ((handle.context == VMCI_INVALID_ID || handle.resource == VMCI_INVALID_ID) &&
	    !VMCI_FAULT("guest-doorbell.rings-nobody"))
		return VMCI_ERROR_INVALID_ARGS;
	vmci_put_handle(message + VMCI_DOORBELL_NOTIFY_MSG_HANDLE, handle);
	rc = guest_call_result(g, VMCI_DOORBELL_NOTIFY, message, sizeof(message));
	return VMCI_FAULT("guest-doorbell.ring-result") ? 0 : rc;
}

void guest_free_doorbells(struct vmci_guest *g)
{
	struct guest_doorbell *d;

	while ((d = g->doorbells)) {
		g->doorbells = d->next;
		guest_free(g, d, sizeof(*d));
	}
	guest_free(g, g->indexes.users, g->indexes.size * sizeof(*g->indexes.users));
	g->indexes.users = NULL;
}

/* ---- scan ------------------------------------------------------------------------------- */

/* Clear bit 0 of every rung byte and note the indexes. The bit goes before the handler runs: a ring
 * after that sets it again and is seen next time. */
static void collect(struct vmci_guest *g)
{
	struct guest_indexes *x = &g->indexes;

	for (uint32_t word = 0; word < x->limit; word += 8) {
		if (word && VMCI_FAULT("guest-doorbell.first-word-only"))
			break;
		/* Pairs with the device's atomic OR. */
		if (!(vmci_load_acquire64(g->bitmap + word) & 0x0101010101010101ull))
			continue;
		for (uint32_t i = word; i < word + 8 && i < x->limit; i++) {
			uint8_t keep = (uint8_t)~VMCI_NOTIFICATION_RUNG;

			if (VMCI_FAULT("guest-doorbell.bit-stays"))
				keep = 0xff;
			if (VMCI_FAULT("guest-doorbell.clears-byte"))
				keep = 0;
			if ((vmci_fetch_and8(g->bitmap + i, keep) & VMCI_NOTIFICATION_RUNG) &&
			    x->users[i])
				x->users[i] |= GUEST_INDEX_RUNG;
		}
	}
}

static struct guest_doorbell *next_after(const struct vmci_guest *g, uint64_t serial)
{
	struct guest_doorbell *d = g->doorbells;

	while (d && d->serial <= serial)
		d = d->next;
	return d;
}

/* Run the handlers of marked doorbells. Any handler may make and close doorbells. */
static void run_rung(struct vmci_guest *g, bool delayed)
{
	struct guest_doorbell *d = g->doorbells;

	while (d) {
		uint64_t serial = d->serial, changes = g->doorbell_changes;

		if (d->is_rung && d->is_delayed == delayed) {
			d->is_rung = false;
			d->fn(d->arg, d->handle);
		}
		d = changes == g->doorbell_changes ? d->next : next_after(g, serial);
	}
}

int64_t guest_scan(struct vmci_guest *g)
{
	struct guest_indexes *x = &g->indexes;
	struct guest_doorbell *d;
	int64_t count = 0;

	if (!g->bitmap || !x->limit)
		return 0;
	collect(g);
	/* First the marks move to the doorbells, then handlers run: they may change both. */
	for (d = g->doorbells; d; d = d->next) {
		uint32_t i = d->index;

		if (VMCI_FAULT("guest-doorbell.wrong-handler"))
			i = i ? i - 1 : x->limit - 1;
		if (i >= x->size || !(x->users[i] & GUEST_INDEX_RUNG))
			continue;
		d->is_rung = true;
		count++;
		if (VMCI_FAULT("guest-doorbell.one-handler"))
			x->users[i] &= (uint16_t)~GUEST_INDEX_RUNG;
	}
	for (uint32_t i = 0; i < x->limit; i++)
		x->users[i] &= (uint16_t)~GUEST_INDEX_RUNG;
	if (count)
		run_rung(g, false);
	return count;
}

void guest_run_delayed_doorbells(struct vmci_guest *g)
{
	run_rung(g, true);
}
