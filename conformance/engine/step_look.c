/* SPDX-License-Identifier: BSD-2-Clause */
/* step_look.c - what a device did: memory, queues, datagrams, interrupts. These wait a while. */
#include <vmci/defs.h>
#include "pci.h"
#include "steps.h"

enum recv_kind {
	RECV_PATTERN,
	RECV_NONE,
	RECV_ANY
};

static bool inside(const struct engine *e, uint64_t pa, uint64_t len)
{
	for (uint32_t i = 0; i < e->nregions; i++)
		if (pa >= e->regions[i].pa && len <= e->regions[i].len &&
		    pa - e->regions[i].pa <= e->regions[i].len - len)
			return true;
	return false;
}

static int do_read(struct engine *e, const struct step *s)
{
	uint64_t pa = s->args[0], n = s->args[1];
	struct machine *m = e->machine;
	struct step_wait w;
	int rc;

	if (n > ENGINE_DATA_MAX)
		return step_error(e, "the step reads more bytes than the engine can hold");
	if (e->vector->role == VCT_ROLE_DEVICE && !inside(e, pa, n))
		return step_error(e, "the vector reads memory outside its regions");
	if (!m->mem_read)
		return step_unobserved(e, "see guest memory");
	if (step_wait_start(e, &w, s->within_us))
		return 1;
	do {
		rc = m->mem_read(m->ctx, pa, e->data, (size_t)n);
		if (rc)
			return step_machine(e, rc, "read guest memory");
		if (step_bytes(e, s, e->data, (size_t)n, CODE_PLAIN))
			return 0;
	} while (step_wait_more(e, &w));
	return w.rc ? step_machine(e, w.rc, "wait") : step_fail(e, ENGINE_CLASS_VALUE);
}

static int do_recv(struct engine *e, const struct step *s)
{
	bool opposite = step_opposite(e), none = s->args[0] == RECV_NONE;
	const uint8_t *dg = NULL;
	struct step_wait w;
	uint32_t len = 0;
	int rc;

	if (opposite)
		none = !none;
	if (e->no_ports_calls)
		return step_skip(e, "bar.ports");
	basics_takes(e);
	/* Absence is looked for once, behind everything posted; presence may take a while. */
	if (step_wait_start(e, &w, none ? 0 : s->within_us))
		return 1;
	do {
		step_texts(e);
		rc = xport_next(&e->xport, &dg, &len);
		if (rc)
			return step_machine(e, rc, "receive a datagram");
	} while (!len && step_wait_more(e, &w));
	if (w.rc)
		return step_machine(e, w.rc, "wait");
	if (none && len) {
		text_str(&e->want, "no datagram");
		text_str(&e->saw, "one of ");
		text_u64(&e->saw, len);
		text_str(&e->saw, " bytes: ");
		text_bytes(&e->saw, dg, len, 48);
		return step_fail(e, ENGINE_CLASS_EXTRA);
	}
	if (none)
		return 0;
	if (!len)
		return step_fail_text(e, ENGINE_CLASS_MISSING, "a datagram", "none");
	if (s->args[0] == RECV_PATTERN && !step_bytes(e, s, dg, len, CODE_DATAGRAM))
		return step_fail(e, ENGINE_CLASS_VALUE);
	return 0;
}

static int do_queue(struct engine *e, const struct step *s)
{
	bool pull = s->rec->verb == VCT_PULL;
	uint64_t n = pull ? s->args[1] : s->blob_len;
	const struct ring_pair *q;
	struct step_wait w;
	int64_t result = 0;
	int rc;

	if (s->args[0] >= VCT_OBJECTS || !e->env.pairs[s->args[0]].used)
		return step_error(e, "the step uses a queue pair that has no memory");
	if (n > ENGINE_DATA_MAX)
		return step_error(e, "the step moves more bytes than the engine can hold");
	q = &e->env.pairs[s->args[0]];
	if (step_wait_start(e, &w, 0))
		return 1;
	rc = pull ? ring_pull(q, e->machine, e->data, (size_t)n, &result)
		  : ring_push(q, e->machine, e->blob, (size_t)n, &result);
	if (rc)
		return step_machine(e, rc, "reach a queue in guest memory");
	if (step_number(e, s, (struct code_subject){ (uint64_t)result, true, true },
			ENGINE_CLASS_VALUE))
		return 1;
	if (pull && !step_bytes(e, s, e->data, result > 0 ? (size_t)result : 0, CODE_PLAIN))
		return step_fail(e, ENGINE_CLASS_VALUE);
	return 0;
}

/* ---- interrupts ---- */

static void vector_text(struct text *t, uint64_t count, uint64_t vector)
{
	text_u64(t, count);
	text_str(t, count == 1 ? " message " : " messages ");
	text_u64(t, vector);
}

static int take(struct engine *e, uint64_t vector, uint32_t *count)
{
	int rc = MACHINE_UNSUPPORTED;

	*count = 0;
	if (e->machine->irq_take)
		rc = e->machine->irq_take(e->machine->ctx, (unsigned)vector, count);
	return step_machine(e, rc, "see interrupt messages");
}

static int do_irq(struct engine *e, const struct step *s)
{
	bool opposite = step_opposite(e);
	struct step_wait w;
	uint32_t count;

	basics_waits(e);
	if (step_wait_start(e, &w, opposite ? ENGINE_QUIET_US : s->within_us))
		return 1;
	do {
		if (take(e, s->args[0], &count))
			return 1;
	} while (!count && step_wait_more(e, &w));
	if (w.rc)
		return step_machine(e, w.rc, "wait");
	if ((count != 0) != opposite)
		return 0;
	step_texts(e);
	text_str(&e->want, opposite ? "no message " : "a message ");
	text_u64(&e->want, s->args[0]);
	vector_text(&e->saw, count, s->args[0]);
	return step_fail(e, opposite ? ENGINE_CLASS_EXTRA : ENGINE_CLASS_MISSING);
}

/* What has to be counted to the end gets a time in which everything has to have come. */
static int quiet(struct engine *e, const struct step *s)
{
	struct step_wait w;

	if (step_wait_start(e, &w, s->rec->within_us ? s->rec->within_us : ENGINE_QUIET_US))
		return 1;
	while (step_wait_more(e, &w))
		;
	return step_machine(e, w.rc, "wait");
}

static int do_irqs(struct engine *e, const struct step *s)
{
	uint32_t count;

	basics_waits(e);
	if (quiet(e, s) || take(e, s->args[0], &count))
		return 1;
	return step_number(e, s, (struct code_subject){ count, false, false }, ENGINE_CLASS_VALUE);
}

static int do_noirq(struct engine *e, const struct step *s)
{
	uint64_t first = s->args[0], end = first + 1, seen = VCT_ANY_IRQ;
	bool opposite = step_opposite(e);
	uint32_t count = 0, total = 0;

	if (s->args[0] == VCT_ANY_IRQ) {
		first = 0;
		end = e->offer.vectors ? e->offer.vectors : 1;
		if (end > VMCI_MAX_INTRS_DMA_DATAGRAM)
			end = VMCI_MAX_INTRS_DMA_DATAGRAM;
	}
	if (quiet(e, s))
		return 1;
	for (uint64_t i = first; i < end; i++) {
		if (take(e, i, &count))
			return 1;
		if (count)
			seen = i;
		total += count;
	}
	if ((total == 0) != opposite)
		return 0;
	step_texts(e);
	text_str(&e->want, opposite ? "a message" : "no message");
	if (s->args[0] != VCT_ANY_IRQ) {
		text_char(&e->want, ' ');
		text_u64(&e->want, s->args[0]);
	}
	vector_text(&e->saw, total, seen == VCT_ANY_IRQ ? first : seen);
	return step_fail(e, opposite ? ENGINE_CLASS_MISSING : ENGINE_CLASS_EXTRA);
}

/* The line itself; its image in the status register is for the vectors that read that. */
static int do_line(struct engine *e, const struct step *s)
{
	bool want = (s->args[0] != 0) != step_opposite(e), line = false;
	struct step_wait w;
	int rc;

	if (!e->machine->irq_line)
		return step_unobserved(e, "see the INTx line");
	if (step_wait_start(e, &w, s->within_us))
		return 1;
	do {
		rc = e->machine->irq_line(e->machine->ctx, &line);
		if (rc)
			return step_machine(e, rc, "see the INTx line");
	} while (line != want && step_wait_more(e, &w));
	if (w.rc)
		return step_machine(e, w.rc, "wait");
	if (line == want)
		return 0;
	return step_fail_text(e, ENGINE_CLASS_VALUE, want ? "line 1" : "line 0",
			      line ? "line 1" : "line 0");
}

int step_look(struct engine *e, const struct step *s)
{
	switch (s->rec->verb) {
	case VCT_RECV:
		return do_recv(e, s);
	case VCT_READ:
	case VCT_SET_LOAD:
		return do_read(e, s);
	case VCT_PUSH:
	case VCT_PULL:
		return do_queue(e, s);
	case VCT_DEV_IRQ:
		return do_irq(e, s);
	case VCT_DEV_IRQS:
		return do_irqs(e, s);
	case VCT_DEV_NOIRQ:
		return do_noirq(e, s);
	default:
		return do_line(e, s);
	}
}
