/* SPDX-License-Identifier: BSD-2-Clause */
/* trace_names.c - names of registers, bits, hypercalls and events for the trace. */
#include "trace_names.h"
#include <peer.h>
#include <stdio.h>
#include <vmci/defs.h>
#include <vmci/device.h>

struct name {
	uint64_t value;
	const char *text;
};

static const char *find(const struct name *names, size_t count, uint64_t value)
{
	for (size_t i = 0; i < count; i++)
		if (names[i].value == value)
			return names[i].text;
	return NULL;
}

#define FIND(names, value) find(names, sizeof(names) / sizeof(names[0]), value)
#define OR_UNKNOWN(text)   ((text) ? (text) : "?")

const char *trace_register_name(uint32_t offset)
{
	static const struct name names[] = {
		{ VMCI_STATUS_ADDR, "STATUS" },
		{ VMCI_CONTROL_ADDR, "CONTROL" },
		{ VMCI_ICR_ADDR, "ICR" },
		{ VMCI_IMR_ADDR, "IMR" },
		{ VMCI_DATA_OUT_ADDR, "DATA_OUT" },
		{ VMCI_DATA_IN_ADDR, "DATA_IN" },
		{ VMCI_CAPS_ADDR, "CAPS" },
		{ VMCI_RESULT_LOW_ADDR, "RESULT_LOW" },
		{ VMCI_RESULT_HIGH_ADDR, "RESULT_HIGH" },
		{ VMCI_DATA_OUT_LOW_ADDR, "DATA_OUT_LOW" },
		{ VMCI_DATA_OUT_HIGH_ADDR, "DATA_OUT_HIGH" },
		{ VMCI_DATA_IN_LOW_ADDR, "DATA_IN_LOW" },
		{ VMCI_DATA_IN_HIGH_ADDR, "DATA_IN_HIGH" },
		{ VMCI_GUEST_PAGE_SHIFT_ADDR, "GUEST_PAGE_SHIFT" },
	};

	return FIND(names, offset);
}

const char *trace_hypercall_name(uint64_t resource)
{
	static const struct name names[] = {
		{ VMCI_RESOURCES_QUERY, "RESOURCES_QUERY" },
		{ VMCI_GET_CONTEXT_ID, "GET_CONTEXT_ID" },
		{ VMCI_SET_NOTIFY_BITMAP, "SET_NOTIFY_BITMAP" },
		{ VMCI_DOORBELL_LINK, "DOORBELL_LINK" },
		{ VMCI_DOORBELL_UNLINK, "DOORBELL_UNLINK" },
		{ VMCI_DOORBELL_NOTIFY, "DOORBELL_NOTIFY" },
		{ VMCI_DATAGRAM_REQUEST_MAP, "DATAGRAM_REQUEST_MAP" },
		{ VMCI_DATAGRAM_REMOVE_MAP, "DATAGRAM_REMOVE_MAP" },
		{ VMCI_EVENT_SUBSCRIBE, "EVENT_SUBSCRIBE" },
		{ VMCI_EVENT_UNSUBSCRIBE, "EVENT_UNSUBSCRIBE" },
		{ VMCI_QUEUEPAIR_ALLOC, "QUEUEPAIR_ALLOC" },
		{ VMCI_QUEUEPAIR_DETACH, "QUEUEPAIR_DETACH" },
		{ VMCI_HGFS_TRANSPORT, "HGFS_TRANSPORT" },
		{ VMCI_UNITY_PBRPC_REGISTER, "UNITY_PBRPC_REGISTER" },
	};

	return OR_UNKNOWN(FIND(names, resource));
}

const char *trace_event_name(uint64_t event)
{
	static const struct name names[] = {
		{ VMCI_EVENT_CTX_ID_UPDATE, "CTX_ID_UPDATE" },
		{ VMCI_EVENT_CTX_REMOVED, "CTX_REMOVED" },
		{ VMCI_EVENT_QP_RESUMED, "QP_RESUMED" },
		{ VMCI_EVENT_QP_PEER_ATTACH, "QP_PEER_ATTACH" },
		{ VMCI_EVENT_QP_PEER_DETACH, "QP_PEER_DETACH" },
		{ VMCI_EVENT_MEM_ACCESS_ON, "MEM_ACCESS_ON" },
		{ VMCI_EVENT_MEM_ACCESS_OFF, "MEM_ACCESS_OFF" },
	};

	return OR_UNKNOWN(FIND(names, event));
}

const char *trace_pair_state_name(uint64_t state)
{
	static const struct name names[] = {
		{ VMCI_QPB_NEW, "new" },
		{ VMCI_QPB_CREATED_NO_MEM, "created, no memory" },
		{ VMCI_QPB_CREATED_MEM, "created" },
		{ VMCI_QPB_ATTACHED_NO_MEM, "attached, no memory" },
		{ VMCI_QPB_ATTACHED_MEM, "attached" },
		{ VMCI_QPB_SHUTDOWN_NO_MEM, "shut down, no memory" },
		{ VMCI_QPB_SHUTDOWN_MEM, "shut down" },
		{ VMCI_QPB_GONE, "gone" },
	};

	return OR_UNKNOWN(FIND(names, state));
}

const char *trace_irq_mode_name(uint64_t mode)
{
	static const struct name names[] = {
		{ VMCI_IRQ_NONE, "none" },
		{ VMCI_IRQ_INTX, "INTx" },
		{ VMCI_IRQ_MSI, "MSI" },
		{ VMCI_IRQ_MSIX, "MSI-X" },
	};

	return OR_UNKNOWN(FIND(names, mode));
}

const char *trace_peer_name(uint32_t op)
{
	static const struct name names[] = {
		{ PEER_NOP, "nop" },
		{ PEER_RESET, "reset" },
		{ PEER_CONFIGURE, "configure" },
		{ PEER_INFO, "info" },
		{ PEER_SYNC, "sync" },
		{ PEER_HOST_ENDPOINT, "host endpoint" },
		{ PEER_HOST_REFUSE, "host refuse" },
		{ PEER_HOST_CLOSE, "host close" },
		{ PEER_HOST_SEND, "host send" },
		{ PEER_HOST_RECV, "host recv" },
		{ PEER_HOST_DOORBELL, "host doorbell" },
		{ PEER_HOST_UNDOORBELL, "host undoorbell" },
		{ PEER_HOST_RUNG, "host rung" },
		{ PEER_HOST_RING, "host ring" },
		{ PEER_HOST_ALLOC, "host alloc" },
		{ PEER_HOST_ALLOCMEM, "host allocmem" },
		{ PEER_HOST_DETACH, "host detach" },
		{ PEER_HOST_PUSH, "host push" },
		{ PEER_HOST_PULL, "host pull" },
		{ PEER_HOST_PEEK, "host peek" },
		{ PEER_HOST_READY, "host ready" },
		{ PEER_HOST_ROOM, "host room" },
		{ PEER_HOST_EVENT, "host event" },
		{ PEER_HOST_CONTEXT, "host context" },
		{ PEER_HOST_REMOVE, "host remove" },
		{ PEER_HOST_WATCH, "host watch" },
		{ PEER_HOST_UNWATCH, "host unwatch" },
		{ PEER_HOST_TAKE, "host take" },
		{ PEER_HOST_PENDING, "host pending" },
		{ PEER_HOST_RINGS, "host rings" },
		{ PEER_HOST_CID, "host cid" },
		{ PEER_HOST_RESUMED, "host resumed" },
		{ PEER_HOST_QUIESCE, "host quiesce" },
		{ PEER_HOST_UNQUIESCE, "host unquiesce" },
		{ PEER_HOST_MAP, "host map" },
		{ PEER_HOST_UNMAP, "host unmap" },
		{ PEER_HOST_QPSTATE, "host qpstate" },
		{ PEER_HOST_RPC, "host rpc" },
		{ PEER_HOST_RPC_ASK, "host rpcask" },
		{ PEER_HOST_RPC_HEARD, "host rpcheard" },
		{ PEER_SOCKET_STACK, "host stack" },
		{ PEER_SOCKET_MAKE, "host socket" },
		{ PEER_SOCKET_CLOSE, "host closesocket" },
		{ PEER_SOCKET_BIND, "host bind" },
		{ PEER_SOCKET_CONNECT, "host connect" },
		{ PEER_SOCKET_LISTEN, "host listen" },
		{ PEER_SOCKET_ACCEPT, "host accept" },
		{ PEER_SOCKET_WRITE, "host write" },
		{ PEER_SOCKET_READ, "host read" },
		{ PEER_SOCKET_PEEK, "host preview" },
		{ PEER_SOCKET_SENDTO, "host sendto" },
		{ PEER_SOCKET_SENDCONN, "host senddefault" },
		{ PEER_SOCKET_RECVFROM, "host recvfrom" },
		{ PEER_SOCKET_SHUTDOWN, "host shutdown" },
		{ PEER_SOCKET_POLL, "host poll" },
		{ PEER_SOCKET_ERROR, "host soerror" },
		{ PEER_SOCKET_NAME, "host sockname" },
		{ PEER_SOCKET_PEER, "host peername" },
		{ PEER_SOCKET_SETOPT, "host setopt" },
		{ PEER_SOCKET_GETOPT, "host getopt" },
		{ PEER_SOCKET_LOWWATER, "host lowwater" },
		{ PEER_SOCKET_READY, "host waiting" },
		{ PEER_SOCKET_ROOM, "host space" },
		{ PEER_SOCKET_COUNT, "host sockets" },
	};

	return OR_UNKNOWN(FIND(names, op));
}

static const struct name caps_bits[] = {
	{ VMCI_CAPS_HYPERCALL, "HYPERCALL" },
	{ VMCI_CAPS_GUESTCALL, "GUESTCALL" },
	{ VMCI_CAPS_DATAGRAM, "DATAGRAM" },
	{ VMCI_CAPS_NOTIFICATIONS, "NOTIFICATIONS" },
	{ VMCI_CAPS_PPN64, "PPN64" },
	{ VMCI_CAPS_DMA_DATAGRAM, "DMA_DATAGRAM" },
	{ VMCI_CAPS_CLEAR_TO_ACK, "CLEAR_TO_ACK" },
};
static const struct name cause_bits[] = {
	{ VMCI_ICR_DATAGRAM, "DATAGRAM" },
	{ VMCI_ICR_NOTIFICATION, "NOTIFICATION" },
	{ VMCI_ICR_DMA_DATAGRAM, "DMA_DATAGRAM" },
};
static const struct name control_bits[] = {
	{ VMCI_CONTROL_RESET, "RESET" },
	{ VMCI_CONTROL_INT_ENABLE, "INT_ENABLE" },
	{ VMCI_CONTROL_INT_DISABLE, "INT_DISABLE" },
};

const char *trace_bits(uint32_t offset, uint64_t value, char *buf, size_t size)
{
	const struct name *bits = NULL;
	size_t count = 0, used = 0;

	if (offset == VMCI_CAPS_ADDR)
		bits = caps_bits, count = sizeof(caps_bits) / sizeof(bits[0]);
	else if (offset == VMCI_ICR_ADDR || offset == VMCI_IMR_ADDR)
		bits = cause_bits, count = sizeof(cause_bits) / sizeof(bits[0]);
	else if (offset == VMCI_CONTROL_ADDR)
		bits = control_bits, count = sizeof(control_bits) / sizeof(bits[0]);
	buf[0] = '\0';
	for (size_t i = 0; i < count; i++)
		if (value & bits[i].value && used < size)
			used += (size_t)snprintf(buf + used, size - used, "%s%s", used ? " " : " (",
						 bits[i].text);
	if (used && used < size)
		snprintf(buf + used, size - used, ")");
	return buf;
}
