/* SPDX-License-Identifier: BSD-2-Clause */
/* sockets.c - control packets of streams: their form, and the order of a handshake. Spec: chapters
 * 82, 84. */
#include "monitor_state.h"

struct packet {
	uint32_t peer, src_resource, dst_resource; /* peer: the other end's context */
	uint32_t port, peer_port;		   /* of the guest, of the other end */
	uint8_t type;
	uint16_t proto;
	uint64_t value;
	struct vmci_handle handle;
};

/* ---- form ------------------------------------------------------------------------------- */

static bool uses_value(uint8_t type)
{
	return type != VMCI_STREAM_INVALID && type != VMCI_STREAM_WROTE &&
	       type != VMCI_STREAM_READ && type != VMCI_STREAM_RST;
}

static bool is_waiting(uint8_t type)
{
	return type == VMCI_STREAM_WAITING_WRITE || type == VMCI_STREAM_WAITING_READ;
}

static bool has_proto(uint8_t type)
{
	return type == VMCI_STREAM_REQUEST2 || type == VMCI_STREAM_NEGOTIATE2;
}

static void judge_form(struct monitor *m, const uint8_t *dg, size_t len)
{
	uint8_t type;
	const char *what = NULL;
	uint64_t value = 0;

	if (len != VMCI_STREAM_PACKET_SIZE) {
		monitor_violates(m, RULE_STREAM_PKT_1, "a packet of %u bytes", len, 0);
		return;
	}
	type = dg[VMCI_STREAM_PACKET_TYPE];
	if (dg[VMCI_STREAM_PACKET_VERSION] != VMCI_STREAM_VERSION) {
		what = "a packet of version %u, type %u";
		value = dg[VMCI_STREAM_PACKET_VERSION];
	} else if (vmci_get32(dg + VMCI_STREAM_PACKET_RESERVED)) {
		what = "%x in the reserved field of a packet of type %u";
		value = vmci_get32(dg + VMCI_STREAM_PACKET_RESERVED);
	} else if (!has_proto(type) && vmci_get16(dg + VMCI_STREAM_PACKET_PROTO)) {
		what = "notify protocols %x in a packet of type %u";
		value = vmci_get16(dg + VMCI_STREAM_PACKET_PROTO);
	} else if (!uses_value(type) && vmci_get64(dg + VMCI_STREAM_PACKET_VALUE)) {
		what = "the value %x in a packet of type %u";
		value = vmci_get64(dg + VMCI_STREAM_PACKET_VALUE);
	} else if (!is_waiting(type) && vmci_get64(dg + VMCI_STREAM_PACKET_OFFSET)) {
		what = "the offset %x in a packet of type %u";
		value = vmci_get64(dg + VMCI_STREAM_PACKET_OFFSET);
	} else if (type > VMCI_STREAM_TYPE_MAX) {
		what = "a packet of type %u";
		value = type;
	}
	if (what)
		monitor_violates(m, RULE_STREAM_PKT_1, what, value, type);
	else
		monitor_holds(m, RULE_STREAM_PKT_1);
}

static void take_apart(const uint8_t *dg, bool by_guest, struct packet *p)
{
	uint32_t src = vmci_get32(dg + VMCI_STREAM_PACKET_SRC_PORT);
	uint32_t dst = vmci_get32(dg + VMCI_STREAM_PACKET_DST_PORT);

	p->peer =
		vmci_get32(dg + (by_guest ? VMCI_DATAGRAM_DST_CONTEXT : VMCI_DATAGRAM_SRC_CONTEXT));
	p->port = by_guest ? src : dst;
	p->peer_port = by_guest ? dst : src;
	p->type = dg[VMCI_STREAM_PACKET_TYPE];
	p->proto = (uint16_t)vmci_get16(dg + VMCI_STREAM_PACKET_PROTO);
	p->value = vmci_get64(dg + VMCI_STREAM_PACKET_VALUE);
	p->handle = vmci_get_handle(dg + VMCI_STREAM_PACKET_VALUE);
}

/* ---- handshakes that are under way ------------------------------------------------------ */

static struct stream *find(struct monitor *m, const struct packet *p)
{
	for (unsigned i = 0; i < STREAMS; i++) {
		struct stream *s = &m->streams[i];

		if (s->is_used && s->peer == p->peer && s->port == p->port &&
		    s->peer_port == p->peer_port)
			return s;
	}
	return NULL;
}

/* A new handshake; the oldest goes when there are too many. */
static struct stream *begin(struct monitor *m, const struct packet *p, bool by_guest)
{
	struct stream *s = find(m, p);

	if (!s)
		s = &m->streams[m->next_stream++ % STREAMS];
	*s = (struct stream){ .is_used = true,
			      .by_guest = by_guest,
			      .is_old = p->type == VMCI_STREAM_REQUEST,
			      .peer = p->peer,
			      .port = p->port,
			      .peer_port = p->peer_port,
			      .size = p->value,
			      .protos = p->proto };
	return s;
}

static bool is_one_of(uint16_t proto, uint16_t offered)
{
	return proto && !(proto & (proto - 1)) && (proto & offered) == proto;
}

static void owe_reset(struct stream *s, enum monitor_rule rule)
{
	s->owes_reset = true;
	s->reset_rule = rule;
}

/* ---- by the guest ----------------------------------------------------------------------- */

static void asks(struct monitor *m, struct stream *s, const struct packet *p)
{
	if (p->type == VMCI_STREAM_REQUEST2)
		monitor_judge(m, p->value && p->proto, RULE_STREAM_CONN_1,
			      "a request for %u bytes with notify protocols %x", p->value,
			      p->proto);
	else if (!s || !s->was_misunderstood)
		monitor_violates(m, RULE_STREAM_CONN_1,
				 "a stream that begins with REQUEST, from port %u to %u", p->port,
				 p->peer_port);
	begin(m, p, true);
}

static void negotiates(struct monitor *m, struct stream *s, const struct packet *p)
{
	if (!s || s->by_guest)
		return;
	if (p->type == VMCI_STREAM_NEGOTIATE2 && s->is_old)
		monitor_violates(m, RULE_STREAM_LISTEN_5, "NEGOTIATE2 answers REQUEST", 0, 0);
	else if (p->type == VMCI_STREAM_NEGOTIATE && !s->is_old)
		monitor_violates(m, RULE_STREAM_LISTEN_1, "NEGOTIATE answers REQUEST2", 0, 0);
	else if (s->is_old)
		monitor_holds(m, RULE_STREAM_LISTEN_5);
	else
		monitor_holds(m, RULE_STREAM_LISTEN_1);
	if (p->type == VMCI_STREAM_NEGOTIATE2)
		monitor_judge(m, is_one_of(p->proto, s->protos), RULE_STREAM_LISTEN_3,
			      "notify protocol %x of an offer of %x", p->proto, s->protos);
}

static void offers(struct monitor *m, struct stream *s, const struct packet *p)
{
	uint64_t produce = 0, consume = 0;

	if (!s || !s->by_guest || !s->has_size)
		return;
	if (!monitor_pair_sizes(m, p->handle, &produce, &consume))
		monitor_violates(m, RULE_STREAM_CONN_2, "OFFER of %h, which it has not",
				 p->handle.context, p->handle.resource);
	else
		monitor_judge(m, produce == s->size && consume == s->size, RULE_STREAM_CONN_2,
			      "OFFER of a queue of %u bytes, and %u were agreed on", produce,
			      s->size);
}

static void attaches(struct monitor *m, struct stream *s, const struct packet *p)
{
	if (!s || s->by_guest || !s->was_offered)
		return;
	monitor_judge(m, vmci_handle_equal(p->handle, s->offered), RULE_STREAM_LISTEN_7,
		      "ATTACH names %h, and another was offered", p->handle.context,
		      p->handle.resource);
}

/* What the last packet to the guest asked for: nothing but an RST. */
static void pay_reset(struct monitor *m, struct stream *s, const struct packet *p)
{
	if (!s || !s->owes_reset)
		return;
	monitor_judge(m, p->type == VMCI_STREAM_RST, s->reset_rule,
		      "a packet of type %u where an RST is due", p->type, 0);
	s->owes_reset = false;
}

static void by_guest(struct monitor *m, const struct packet *p)
{
	struct stream *s = find(m, p);

	pay_reset(m, s, p);
	switch (p->type) {
	case VMCI_STREAM_REQUEST:
	case VMCI_STREAM_REQUEST2:
		asks(m, s, p);
		break;
	case VMCI_STREAM_NEGOTIATE:
	case VMCI_STREAM_NEGOTIATE2:
		negotiates(m, s, p);
		break;
	case VMCI_STREAM_OFFER:
		offers(m, s, p);
		break;
	case VMCI_STREAM_ATTACH:
		attaches(m, s, p);
		break;
	case VMCI_STREAM_SHUTDOWN:
		monitor_judge(m, p->value >= 1 && p->value <= 3, RULE_STREAM_END_4,
			      "SHUTDOWN with mode %x", p->value, 0);
		break;
	case VMCI_STREAM_RST:
		if (s)
			s->is_used = false;
		break;
	default:
		break;
	}
}

bool monitor_stream_packet(struct monitor *m, const uint8_t *dg, size_t len)
{
	uint32_t dst = vmci_get32(dg + VMCI_DATAGRAM_DST_CONTEXT);
	uint32_t to = vmci_get32(dg + VMCI_DATAGRAM_DST_RESOURCE);
	uint32_t from = vmci_get32(dg + VMCI_DATAGRAM_SRC_RESOURCE);
	uint32_t right = dst == VMCI_HYPERVISOR_CONTEXT_ID ? VMCI_SOCKETS_STREAM_HYPERVISOR_RID
							   : VMCI_SOCKETS_STREAM_RID;
	struct packet p;

	/* Whose two resources are both others is no packet of a stream. */
	if (from != VMCI_SOCKETS_STREAM_RID && (to != right || len != VMCI_STREAM_PACKET_SIZE))
		return false;
	monitor_judge(m, to == right, RULE_STREAM_PKT_2, "a packet to resource %u of context %x",
		      to, dst);
	monitor_judge(m, from == VMCI_SOCKETS_STREAM_RID, RULE_STREAM_PKT_3,
		      "a packet from resource %u", from, 0);
	judge_form(m, dg, len);
	if (len < VMCI_STREAM_PACKET_SIZE)
		return true;
	take_apart(dg, true, &p);
	by_guest(m, &p);
	return true;
}

/* ---- to the guest ----------------------------------------------------------------------- */

static void is_answered(struct stream *s, const struct packet *p)
{
	if (!s || !s->by_guest)
		return;
	s->has_size = true;
	s->size = p->value;
	if (!p->value)
		owe_reset(s, RULE_STREAM_CONN_6);
	else if (p->type == VMCI_STREAM_NEGOTIATE2 && !is_one_of(p->proto, s->protos))
		owe_reset(s, RULE_STREAM_CONN_5);
}

static void is_offered(struct stream *s, const struct packet *p)
{
	if (!s || s->by_guest)
		return;
	s->was_offered = true;
	s->offered = p->handle;
	if (p->handle.context == VMCI_INVALID_ID || p->handle.resource == VMCI_INVALID_ID)
		owe_reset(s, RULE_STREAM_LISTEN_8);
}

void monitor_stream_delivered(struct monitor *m, const uint8_t *dg, size_t len)
{
	struct packet p;
	struct stream *s;

	if (len < VMCI_STREAM_PACKET_SIZE ||
	    vmci_get32(dg + VMCI_DATAGRAM_DST_RESOURCE) != VMCI_SOCKETS_STREAM_RID)
		return;
	take_apart(dg, false, &p);
	s = find(m, &p);
	switch (p.type) {
	case VMCI_STREAM_REQUEST:
	case VMCI_STREAM_REQUEST2:
		s = begin(m, &p, false);
		if (!p.value)
			owe_reset(s, RULE_STREAM_LISTEN_4);
		break;
	case VMCI_STREAM_NEGOTIATE:
	case VMCI_STREAM_NEGOTIATE2:
		is_answered(s, &p);
		break;
	case VMCI_STREAM_OFFER:
		is_offered(s, &p);
		break;
	case VMCI_STREAM_INVALID:
		if (s)
			s->was_misunderstood = true;
		break;
	default:
		break;
	}
}

void monitor_streams_forget(struct monitor *m)
{
	memset(m->streams, 0, sizeof(m->streams));
}
