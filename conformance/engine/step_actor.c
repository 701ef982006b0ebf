/* SPDX-License-Identifier: BSD-2-Clause */
/* step_actor.c - host actors, and a guest under test: what it is asked, what it does. */
#include <vmci/defs.h>
#include <vmci/mem.h>
#include <vmci/wire.h>
#include "steps.h"

/* Operations whose answer is something that waits, or a negative result when nothing does. */
static bool takes_something(uint32_t op)
{
	return op == PEER_HOST_RECV || op == PEER_HOST_EVENT || op == PEER_ASK_RECV ||
	       op == PEER_ASK_EVENT || op == PEER_HOST_RPC_HEARD;
}

static enum code_context context_of(uint32_t op)
{
	return op == PEER_HOST_RECV || op == PEER_ASK_RECV || op == PEER_HOST_TAKE ? CODE_DATAGRAM
										   : CODE_PLAIN;
}

static int perform(struct engine *e, const struct step *s, struct peer_reply *rp)
{
	struct machine *m = e->machine;
	struct peer_request rq = { .op = s->rec->op, .nargs = s->rec->nargs };
	bool host = s->rec->verb == VCT_HOST;
	int rc = MACHINE_UNSUPPORTED;

	memcpy(rq.args, s->args, sizeof(rq.args));
	rq.blob = e->blob;
	rq.blob_len = (uint32_t)s->blob_len;
	rp->rc = 0;
	rp->blob = e->data;
	rp->blob_max = ENGINE_DATA_MAX;
	rp->blob_len = 0;
	if (host && m->peer)
		rc = m->peer(m->ctx, &rq, rp);
	else if (!host && m->ask)
		rc = m->ask(m->ctx, &rq, rp);
	if (rc)
		return step_machine(e, rc, host ? "play host actors" : "ask the guest");
	if (rp->blob_len > ENGINE_DATA_MAX)
		return step_error(e, "an actor answered with more bytes than it may");
	if (rp->rc == PEER_RC_UNSUPPORTED)
		return step_unobserved(e, "play this host actor (the peer does not know it)");
	if (rp->rc == PEER_RC_BAD_REQUEST)
		return step_error(e, "an actor refused the request as malformed");
	if (rp->rc == PEER_RC_GONE) {
		e->result->cls = ENGINE_CLASS_CRASH;
		return step_error(e, "an actor does not answer any more");
	}
	return 0;
}

/* Whether the line says that nothing waits: its number pattern takes the result for that. */
static bool expects_none(struct engine *e, const struct step *s)
{
	struct code_subject none = { (uint64_t)(int64_t)VMCI_ERROR_NO_MORE_DATAGRAMS, true, true };

	step_texts(e);
	return s->rec->bpat == VCT_NONE && s->rec->ipat != VCT_NONE &&
	       code_number(&e->env, s->rec->ipat, none, &e->want);
}

static int do_actor(struct engine *e, const struct step *s)
{
	bool takes = takes_something(s->rec->op), wait = takes && !expects_none(e, s);
	struct code_subject rc = { 0, true, true };
	enum engine_class cls = ENGINE_CLASS_VALUE;
	struct peer_reply rp;
	struct step_wait w;

	if (s->blob_len > PEER_BLOB_MAX)
		return step_error(e, "the step has more bytes than an actor takes");
	if (step_wait_start(e, &w, wait ? s->within_us : 0))
		return 1;
	do {
		if (perform(e, s, &rp))
			return 1;
	} while (wait && rp.rc == VMCI_ERROR_NO_MORE_DATAGRAMS && step_wait_more(e, &w));
	if (w.rc)
		return step_machine(e, w.rc, "wait");
	rc.value = (uint64_t)rp.rc;
	if (wait && rp.rc == VMCI_ERROR_NO_MORE_DATAGRAMS)
		cls = ENGINE_CLASS_MISSING;
	else if (takes && !wait && rp.rc >= 0)
		cls = ENGINE_CLASS_EXTRA;
	if (step_number(e, s, rc, cls))
		return 1;
	if (s->rec->op == PEER_ASK_ALLOC && rp.rc < 0)
		return 0;
	if (!step_bytes(e, s, e->data, rp.blob_len, context_of(s->rec->op)))
		return step_fail(e, cls);
	return 0;
}

/* ---- what a guest under test did ---- */

static void event_text(struct text *t, const struct machine_event *ev)
{
	if (ev->kind == MACHINE_SAW_WRITE) {
		text_str(t, "a write of ");
		text_number(t, ev->value, 1);
		text_str(t, ", ");
		text_u64(t, ev->width_bits);
		text_str(t, " bits, to register ");
		text_hex(t, ev->offset, 2);
	} else {
		text_str(t, "a datagram of ");
		text_u64(t, ev->len);
		text_str(t, " bytes: ");
		text_bytes(t, ev->bytes, ev->len, 32);
	}
}

/* The next thing, which has to be of a kind. 0: *ev is it. */
static int next_event(struct engine *e, uint32_t kind, const char *want, struct machine_event *ev)
{
	int rc = e->machine->saw(e->machine->ctx, ev);

	if (rc < 0)
		return step_machine(e, rc, "see what the guest does");
	if (rc == 0)
		return step_fail_text(e, ENGINE_CLASS_MISSING, want, "nothing");
	if (ev->kind == kind)
		return 0;
	step_fail_text(e, ENGINE_CLASS_ORDER, want, "");
	event_text(&e->saw, ev);
	return 1;
}

static int do_does_nothing(struct engine *e, bool opposite)
{
	struct machine_event ev;
	int rc = e->machine->saw(e->machine->ctx, &ev);

	if (rc < 0)
		return step_machine(e, rc, "see what the guest does");
	if ((rc == 0) != opposite)
		return 0;
	if (rc == 0)
		return step_fail_text(e, ENGINE_CLASS_MISSING, "something", "nothing");
	step_fail_text(e, ENGINE_CLASS_EXTRA, "nothing", "");
	event_text(&e->saw, &ev);
	return 1;
}

static int do_does_out(struct engine *e, const struct step *s)
{
	struct machine_event ev;

	if (next_event(e, MACHINE_SAW_WRITE, "a register write", &ev))
		return 1;
	if ((s->args[0] && s->args[0] != ev.width_bits) ||
	    ((uint32_t)s->args[1] != VCT_ANY_REG && s->args[1] != ev.offset)) {
		step_texts(e);
		text_str(&e->want, "a write of ");
		text_u64(&e->want, s->args[0]);
		text_str(&e->want, " bits to register ");
		text_hex(&e->want, s->args[1], 2);
		event_text(&e->saw, &ev);
		return step_fail(e, ENGINE_CLASS_ORDER);
	}
	return step_number(e, s, (struct code_subject){ ev.value, true, false },
			   ENGINE_CLASS_VALUE);
}

static int do_does_call(struct engine *e, const struct step *s)
{
	struct machine_event ev;

	if (next_event(e, MACHINE_SAW_DATAGRAM, "a hypercall", &ev))
		return 1;
	if (ev.len < VMCI_DATAGRAM_SIZE ||
	    vmci_get32(ev.bytes + VMCI_DATAGRAM_DST_CONTEXT) != VMCI_HYPERVISOR_CONTEXT_ID ||
	    vmci_get32(ev.bytes + VMCI_DATAGRAM_DST_RESOURCE) != (uint32_t)s->args[0]) {
		step_texts(e);
		text_str(&e->want, "hypercall ");
		text_u64(&e->want, s->args[0]);
		event_text(&e->saw, &ev);
		return step_fail(e, ENGINE_CLASS_ORDER);
	}
	if (!step_bytes(e, s, ev.bytes + VMCI_DATAGRAM_PAYLOAD, ev.len - VMCI_DATAGRAM_SIZE,
			CODE_PAYLOAD))
		return step_fail(e, ENGINE_CLASS_VALUE);
	return 0;
}

static int do_does_send(struct engine *e, const struct step *s)
{
	struct machine_event ev;

	if (next_event(e, MACHINE_SAW_DATAGRAM, "a datagram", &ev))
		return 1;
	if (!step_bytes(e, s, ev.bytes, ev.len, CODE_DATAGRAM))
		return step_fail(e, ENGINE_CLASS_VALUE);
	return 0;
}

static int do_does(struct engine *e, const struct step *s)
{
	struct machine_event ev;
	int rc;

	if (!e->machine->saw)
		return step_unobserved(e, "see what a guest does");
	if (s->rec->verb != VCT_DOES_SKIP && step_opposite(e))
		return do_does_nothing(e, s->rec->verb == VCT_DOES_NOTHING);
	switch (s->rec->verb) {
	case VCT_DOES_OUT:
		return do_does_out(e, s);
	case VCT_DOES_CALL:
		return do_does_call(e, s);
	case VCT_DOES_SEND:
		return do_does_send(e, s);
	case VCT_DOES_NOTHING:
		return do_does_nothing(e, false);
	default:
		break;
	}
	e->skip_seen = true;
	do {
		rc = e->machine->saw(e->machine->ctx, &ev);
	} while (rc > 0);
	return step_machine(e, rc, "see what the guest does");
}

/* ---- what the device does to a guest under test ---- */

static int do_set(struct engine *e, const struct step *s)
{
	struct machine *m = e->machine;
	int rc = MACHINE_UNSUPPORTED;

	switch (s->rec->verb) {
	case VCT_SET_OFFER:
		if (m->set_offer)
			rc = m->set_offer(m->ctx, (uint32_t)s->args[0]);
		break;
	case VCT_SET_ANSWER:
		if (m->set_answer)
			rc = m->set_answer(m->ctx, (int32_t)(uint32_t)s->args[0]);
		break;
	case VCT_SET_DELIVER:
		if (m->set_deliver)
			rc = m->set_deliver(m->ctx, e->blob, s->blob_len);
		break;
	case VCT_SET_EVENT:
		if (m->set_event)
			rc = m->set_event(m->ctx, e->blob, s->blob_len);
		break;
	case VCT_SET_GONE:
		if (m->set_gone)
			rc = m->set_gone(m->ctx);
		break;
	default: /* VCT_SET_STORE */
		if (m->mem_write)
			rc = m->mem_write(m->ctx, s->args[0], e->blob, s->blob_len);
		break;
	}
	return step_machine(e, rc, "play this device");
}

int step_actor(struct engine *e, const struct step *s)
{
	switch (s->rec->verb) {
	case VCT_HOST:
	case VCT_ASK:
		return do_actor(e, s);
	case VCT_DOES_OUT:
	case VCT_DOES_CALL:
	case VCT_DOES_SEND:
	case VCT_DOES_NOTHING:
	case VCT_DOES_SKIP:
		return do_does(e, s);
	default:
		return do_set(e, s);
	}
}
