/* SPDX-License-Identifier: BSD-2-Clause */
/* Control packets of streams. Spec: chapter 84. */
#include "sock.h"

#define HEAD VMCI_DATAGRAM_SIZE
#define BODY (VMCI_STREAM_PACKET_SIZE - HEAD)

/* Where a field of a packet lies in its payload. */
#define IN_BODY(field) (VMCI_STREAM_PACKET_##field - HEAD)

static uint32_t resource_of(uint32_t cid)
{
	if (VMCI_FAULT("socket.hypervisor-resource"))
		return VMCI_SOCKETS_STREAM_RID;
	return cid == VMCI_HYPERVISOR_CONTEXT_ID ? VMCI_SOCKETS_STREAM_HYPERVISOR_RID
						 : VMCI_SOCKETS_STREAM_RID;
}

int packet_decode(const uint8_t *data, size_t len, struct packet *p)
{
	uint8_t bytes[VMCI_STREAM_PACKET_SIZE] = { 0 };

	if (len < VMCI_STREAM_PACKET_SIZE && !VMCI_FAULT("socket.short-packet"))
		return VMCI_ERROR_INVALID_ARGS;
	memcpy(bytes, data, len < sizeof(bytes) ? len : sizeof(bytes));
	p->dst_cid = vmci_get32(bytes + VMCI_STREAM_PACKET_DST_CONTEXT);
	p->src_cid = vmci_get32(bytes + VMCI_STREAM_PACKET_SRC_CONTEXT);
	p->src_resource = vmci_get32(bytes + VMCI_STREAM_PACKET_SRC_RESOURCE);
	p->type = bytes[VMCI_STREAM_PACKET_TYPE];
	p->proto = (uint16_t)vmci_get16(bytes + VMCI_STREAM_PACKET_PROTO);
	p->src_port = vmci_get32(bytes + VMCI_STREAM_PACKET_SRC_PORT);
	p->dst_port = vmci_get32(bytes + VMCI_STREAM_PACKET_DST_PORT);
	p->value = vmci_get64(bytes + VMCI_STREAM_PACKET_VALUE);
	p->offset = vmci_get64(bytes + VMCI_STREAM_PACKET_OFFSET);
	if (VMCI_FAULT("socket.source-unchecked"))
		return 0;
	/* Anybody may send a datagram; only the other side's sockets send from this resource. */
	if (p->src_resource != resource_of(p->src_cid) || p->src_cid == VMCI_VMADDR_CID_LOCAL)
		return VMCI_ERROR_NO_ACCESS;
	return 0;
}

int packet_send(struct vmci_sockets *s, struct vmci_sockaddr to, uint32_t from_port, uint8_t type,
		uint16_t proto, uint64_t value, uint64_t offset)
{
	uint8_t body[BODY] = { 0 };

	body[IN_BODY(VERSION)] = VMCI_STREAM_VERSION;
	body[IN_BODY(TYPE)] = type;
	vmci_put16(body + IN_BODY(PROTO), proto);
	vmci_put32(body + IN_BODY(SRC_PORT), from_port);
	vmci_put32(body + IN_BODY(DST_PORT), to.port);
	vmci_put64(body + IN_BODY(VALUE), value);
	vmci_put64(body + IN_BODY(OFFSET), offset);
	if (VMCI_FAULT("socket.version"))
		body[IN_BODY(VERSION)] = 0;
	if (VMCI_FAULT("socket.reserved-not-zero"))
		vmci_put32(body + IN_BODY(RESERVED), 0x5a5a5a5a);
	if (VMCI_FAULT("socket.value-not-zero") && !value)
		vmci_put64(body + IN_BODY(VALUE), to.port);
	if (VMCI_FAULT("socket.ports-swapped")) {
		vmci_put32(body + IN_BODY(SRC_PORT), to.port);
		vmci_put32(body + IN_BODY(DST_PORT), from_port);
	}
	return s->t->send(s->t->ctx, vmci_handle(to.cid, resource_of(to.cid)), s->resource, body,
			  VMCI_FAULT("socket.packet-size") ? BODY - 8 : BODY);
}

int packet_of(struct sock *sk, uint8_t type, uint16_t proto, uint64_t value)
{
	return packet_send(sk->s, sk->remote, sk->local.port, type, proto, value, 0);
}

void packet_reset(struct vmci_sockets *s, const struct packet *p)
{
	struct vmci_sockaddr to = { p->src_cid, p->src_port };
	uint8_t type = VMCI_STREAM_RST;

	if (p->type == VMCI_STREAM_RST && !VMCI_FAULT("socket.rst-answered"))
		return;
	if (VMCI_FAULT("socket.no-rst"))
		return;
	if (VMCI_FAULT("socket.refuses-with-invalid"))
		type = VMCI_STREAM_INVALID;
	(void)packet_send(s, to, p->dst_port, type, 0, 0, 0);
}
