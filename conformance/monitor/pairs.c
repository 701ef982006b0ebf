/* SPDX-License-Identifier: BSD-2-Clause */
/* pairs.c - requests for queue pairs, and the headers that both ends share. Spec: chapters 60 to
 * 64. */
#include "monitor_state.h"

static bool is_zero_half(uint64_t pointer)
{
	return !(pointer >> 32);
}

void monitor_pairs_forget(struct monitor *m)
{
	for (unsigned i = 0; i < m->npairs_top; i++)
		m->pairs[i].is_used = false;
	m->npairs_top = 0;
	m->look = 0;
	m->nrefused_pairs = 0;
}

unsigned monitor_pairs_held(const struct monitor *m)
{
	unsigned n = 0;

	for (unsigned i = 0; i < m->npairs_top; i++)
		n += m->pairs[i].is_used;
	return n;
}

static struct pair *find(struct monitor *m, struct vmci_handle h)
{
	for (unsigned i = 0; i < m->npairs_top; i++)
		if (m->pairs[i].is_used && vmci_handle_equal(m->pairs[i].handle, h))
			return &m->pairs[i];
	return NULL;
}

bool monitor_pair_sizes(struct monitor *m, struct vmci_handle h, uint64_t *produce,
			uint64_t *consume)
{
	const struct pair *p = find(m, h);

	if (!p)
		return false;
	*produce = p->produce;
	*consume = p->consume;
	return true;
}

/* ---- headers ---------------------------------------------------------------------------- */

/* The pointers that the guest moves. */
static void look_at_own_header(struct monitor *m, const struct pair *p, const uint8_t *head)
{
	uint64_t tail = vmci_get64(head + VMCI_QUEUE_HEADER_PRODUCER_TAIL);
	uint64_t taken = vmci_get64(head + VMCI_QUEUE_HEADER_CONSUMER_HEAD);

	if (!tail && !taken)
		return;
	monitor_judge(m, is_zero_half(tail) && is_zero_half(taken), RULE_QP_MEM_5,
		      "the pointers of a header are %x and %x", tail, taken);
	if (!is_zero_half(tail) || !is_zero_half(taken))
		return;
	if (tail >= p->produce && tail)
		monitor_violates(m, RULE_QP_RING_5, "a tail of %u in a queue of %u bytes", tail,
				 p->produce);
	else if (taken >= p->consume && taken)
		monitor_violates(m, RULE_QP_RING_5, "a head of %u in a queue of %u bytes", taken,
				 p->consume);
	else
		monitor_holds(m, RULE_QP_RING_5);
}

/* The header of the queue that the guest empties is the other end's alone. */
static void look_at_peers_header(struct monitor *m, const struct pair *p, const uint8_t *head)
{
	if (!vmci_handle_equal(vmci_get_handle(head + VMCI_QUEUE_HEADER_HANDLE), p->handle))
		monitor_violates(m, RULE_QP_MEM_2, "the handle in the peer's header changed", 0, 0);
	else if (!p->is_shared && (vmci_get64(head + VMCI_QUEUE_HEADER_PRODUCER_TAIL) ||
				   vmci_get64(head + VMCI_QUEUE_HEADER_CONSUMER_HEAD)))
		monitor_violates(m, RULE_QP_MEM_2,
				 "the peer's header changed, and there is no peer yet", 0, 0);
	else
		monitor_holds(m, RULE_QP_MEM_2);
}

static void look(struct monitor *m, const struct pair *p)
{
	uint8_t head[VMCI_QUEUE_HEADER_SIZE];

	if (monitor_reads(m, p->produce_header.addr, head, sizeof(head)))
		look_at_own_header(m, p, head);
	if (monitor_reads(m, p->consume_header.addr, head, sizeof(head)))
		look_at_peers_header(m, p, head);
}

void monitor_look_at_pairs(struct monitor *m)
{
	if (!m->npairs_top)
		return;
	m->look = (m->look + 1) % m->npairs_top;
	if (m->pairs[m->look].is_used)
		look(m, &m->pairs[m->look]);
}

void monitor_pair_event(struct monitor *m, const struct vmci_trace *ev)
{
	struct pair *p = find(m, ev->handle);

	if (m->has_cid && ev->cid != m->cid) {
		if (p)
			p->is_shared = true;
	} else if (ev->value == VMCI_QPB_ATTACHED_MEM || ev->value == VMCI_QPB_ATTACHED_NO_MEM) {
		/* The request itself is seen behind what it does. */
		m->has_attached = true;
		m->attached = ev->handle;
	}
}

/* ---- requests --------------------------------------------------------------------------- */

struct request {
	struct vmci_handle handle;
	uint32_t flags;
	uint64_t produce, consume, npages;
	uint64_t produce_pages, consume_pages;
	const uint8_t *list;
	unsigned width; /* bytes of a page number */
};

static uint64_t page_number(const struct request *rq, uint64_t i)
{
	const uint8_t *at = rq->list + i * rq->width;

	return rq->width == 8 ? vmci_get64(at) : vmci_get32(at);
}

static uint64_t pages_of(const struct monitor *m, uint64_t bytes)
{
	return (bytes >> m->s.page_shift) + ((bytes & (monitor_page(m) - 1)) != 0);
}

/* A header page that is used for something else as well. */
static bool shares_a_page(const struct request *rq, uint64_t header)
{
	for (uint64_t i = 0; i < rq->npages; i++)
		if (i != header && page_number(rq, i) == page_number(rq, header))
			return true;
	return false;
}

static bool is_listed_well(struct monitor *m, const struct request *rq, size_t len)
{
	uint64_t need = rq->produce_pages + rq->consume_pages + 2;
	const char *what;
	uint64_t value, other = 0;

	if (rq->npages != need) {
		what = "%u pages, and the sizes need %u";
		value = rq->npages;
		other = need;
	} else if (len - VMCI_QUEUEPAIR_ALLOC_MSG_SIZE != rq->npages * rq->width) {
		what = "a list of %u bytes for %u pages";
		value = len - VMCI_QUEUEPAIR_ALLOC_MSG_SIZE;
		other = rq->npages;
	} else if (shares_a_page(rq, 0) || shares_a_page(rq, rq->produce_pages + 1)) {
		what = "a header page of %h that is named twice";
		value = rq->handle.context;
		other = rq->handle.resource;
	} else {
		return true;
	}
	monitor_violates(m, RULE_QP_GUEST_1, what, value, other);
	return false;
}

static void judge_flags(struct monitor *m, const struct request *rq)
{
	bool fits = rq->produce <= VMCI_MAX_GUEST_QP_MEMORY &&
		    rq->consume <= VMCI_MAX_GUEST_QP_MEMORY - rq->produce;

	monitor_judge(m, !(rq->flags & (VMCI_QPFLAG_NONBLOCK | VMCI_QPFLAG_PINNED)),
		      RULE_QP_GUEST_3, "a request with flags %x", rq->flags, 0);
	monitor_judge(m, !(rq->flags & VMCI_QPFLAG_LOCAL), RULE_QP_GUEST_10,
		      "a request for a local pair", 0, 0);
	if (!rq->produce && !rq->consume)
		monitor_violates(m, RULE_QP_GUEST_4, "a request for two queues of no bytes", 0, 0);
	else if (rq->flags & ~(uint32_t)VMCI_QP_ALL_FLAGS)
		monitor_violates(m, RULE_QP_GUEST_4, "a request with flags %x", rq->flags, 0);
	else
		monitor_judge(m, fits, RULE_QP_GUEST_4, "a request for %u and %u bytes",
			      rq->produce, rq->consume);
}

static void keep(struct monitor *m, const struct request *rq)
{
	struct pair *p = m->pairs;

	m->s.had_pairs = true;
	while (p < m->pairs + PAIRS && p->is_used)
		p++;
	if (p == m->pairs + PAIRS)
		return;
	if (p == m->pairs + m->npairs_top)
		m->npairs_top++;
	*p = (struct pair){ .is_used = true, .handle = rq->handle, .produce = rq->produce };
	p->consume = rq->consume;
	p->produce_header.addr = page_number(rq, 0) << m->s.page_shift;
	p->consume_header.addr = page_number(rq, rq->produce_pages + 1) << m->s.page_shift;
	p->is_shared = m->has_attached && vmci_handle_equal(m->attached, rq->handle);
	m->has_attached = false;
}

void monitor_alloc(struct monitor *m, const uint8_t *msg, size_t len, int32_t result)
{
	struct request rq = { .width = m->s.caps & VMCI_CAPS_PPN64 ? 8 : 4 };

	if (len < VMCI_QUEUEPAIR_ALLOC_MSG_SIZE) {
		monitor_violates(m, RULE_QP_GUEST_1, "a request of %u bytes", len, 0);
		return;
	}
	rq.handle = vmci_get_handle(msg + VMCI_QUEUEPAIR_ALLOC_MSG_HANDLE);
	rq.flags = vmci_get32(msg + VMCI_QUEUEPAIR_ALLOC_MSG_FLAGS);
	rq.produce = vmci_get64(msg + VMCI_QUEUEPAIR_ALLOC_MSG_PRODUCE_SIZE);
	rq.consume = vmci_get64(msg + VMCI_QUEUEPAIR_ALLOC_MSG_CONSUME_SIZE);
	rq.npages = vmci_get64(msg + VMCI_QUEUEPAIR_ALLOC_MSG_NUM_PPNS);
	rq.list = msg + VMCI_QUEUEPAIR_ALLOC_MSG_PPNS;
	rq.produce_pages = pages_of(m, rq.produce);
	rq.consume_pages = pages_of(m, rq.consume);
	judge_flags(m, &rq);
	if (!is_listed_well(m, &rq, len))
		return;
	monitor_holds(m, RULE_QP_GUEST_1);
	if (result < 0)
		m->refused_pairs[m->nrefused_pairs++ % REFUSED] = rq.handle;
	else
		keep(m, &rq);
}

void monitor_detach(struct monitor *m, const uint8_t *msg, int32_t result)
{
	struct vmci_handle h = vmci_get_handle(msg + VMCI_QUEUEPAIR_DETACH_MSG_HANDLE);
	struct pair *p = find(m, h);
	unsigned n = m->nrefused_pairs < REFUSED ? m->nrefused_pairs : REFUSED;

	if (p) {
		look(m, p);
		if (result >= 0)
			p->is_used = false;
		while (m->npairs_top && !m->pairs[m->npairs_top - 1].is_used)
			m->npairs_top--;
		return;
	}
	for (unsigned i = 0; i < n; i++)
		if (vmci_handle_equal(m->refused_pairs[i], h)) {
			monitor_violates(m, RULE_QP_GUEST_5,
					 "it detaches from %h, which was refused", h.context,
					 h.resource);
			m->nrefused_pairs = 0;
			return;
		}
}
