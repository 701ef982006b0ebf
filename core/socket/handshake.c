/* SPDX-License-Identifier: BSD-2-Clause */
/* How a connection comes to be: REQUEST2, NEGOTIATE2, OFFER, ATTACH. Spec: chapter 84. */
#include "sock.h"

/* ---- client ----------------------------------------------------------------------------- */

static int request(struct sock *sk)
{
	uint16_t protos = VMCI_NOTIFY_QUEUE_STATE;
	int rc;

	sk->sent_request2 = !sk->ignores_rst && !sk->s->limits.asks_old_way;
	if (VMCI_FAULT("socket.request-old"))
		sk->sent_request2 = false;
	if (VMCI_FAULT("socket.request-no-proto"))
		protos = 0;
	if (VMCI_FAULT("socket.request-all-protos"))
		protos = UINT16_MAX;
	if (sk->sent_request2)
		rc = packet_of(sk, VMCI_STREAM_REQUEST2, protos, sk->size);
	else
		rc = packet_of(sk, VMCI_STREAM_REQUEST, 0, sk->size);
	return rc < 0 ? -errno_of(rc) : 0;
}

/* Back to a bound socket that may try again. */
static void retreat(struct sock *sk)
{
	timer_stop(sk);
	connection_remove(sk);
	sk->state = SOCK_IDLE;
	sk->ignores_rst = false;
	pair_close(sk);
}

int handshake_begin(struct sock *sk)
{
	int rc;

	sk->error = 0;
	sk->shut = 0;
	sk->peer_shut = 0;
	sk->has_ended = false;
	if (connection_add(sk))
		return -VMCI_ENOMEM;
	sk->state = SOCK_REQUESTED;
	rc = request(sk);
	if (rc && VMCI_FAULT("socket.connect-error-lost"))
		rc = 0;
	if (rc) {
		retreat(sk);
		return rc;
	}
	if (!VMCI_FAULT("socket.no-connect-timeout"))
		timer_start(sk, sk->timeout_us);
	return 0;
}

void handshake_fail(struct sock *sk, int error)
{
	retreat(sk);
	sk->error = error;
	sock_wake(sk);
}

/* The peer broke a rule, or cannot be served: it hears so. */
static void refuse(struct sock *sk, int error)
{
	if (!VMCI_FAULT("socket.failure-silent"))
		(void)packet_of(sk, VMCI_STREAM_RST, 0, 0);
	handshake_fail(sk, error);
}

static void offer(struct sock *sk, uint16_t proto)
{
	struct vmci_handle any = { VMCI_INVALID_ID, VMCI_INVALID_ID };
	int rc = pair_open(sk, any, false);
	struct vmci_handle handle;

	if (rc) {
		refuse(sk, errno_of(rc));
		return;
	}
	notify_begin(sk, proto);
	handle = sk->s->t->pair_handle(sk->s->t->ctx, sk->pair);
	if (VMCI_FAULT("socket.offer-wrong-handle"))
		handle.resource++;
	sk->state = SOCK_OFFERED;
	rc = packet_of(sk, VMCI_STREAM_OFFER, 0, packet_handle_value(handle));
	if (rc < 0)
		refuse(sk, errno_of(rc));
}

static void negotiated(struct sock *sk, const struct packet *p)
{
	uint16_t proto = p->type == VMCI_STREAM_NEGOTIATE2 ? p->proto : 0;

	if (sk->state != SOCK_REQUESTED || !p->value) {
		refuse(sk, VMCI_EPROTO);
		return;
	}
	if ((p->value < sk->min || p->value > sk->max) &&
	    !VMCI_FAULT("socket.agreed-size-unchecked")) {
		refuse(sk, VMCI_EINVAL);
		return;
	}
	if (p->type == VMCI_STREAM_NEGOTIATE2 && proto != VMCI_NOTIFY_QUEUE_STATE) {
		if (!VMCI_FAULT("socket.agreed-proto-unchecked")) {
			refuse(sk, VMCI_EINVAL);
			return;
		}
		proto = VMCI_NOTIFY_QUEUE_STATE;
	}
	/* An RST that comes now is about the connection. */
	sk->ignores_rst = false;
	sk->queue = p->value;
	offer(sk, proto);
}

static void attached(struct sock *sk, const struct packet *p)
{
	const struct vmci_transport *t = sk->s->t;

	if (sk->state != SOCK_OFFERED ||
	    (p->value != packet_handle_value(t->pair_handle(t->ctx, sk->pair)) &&
	     !VMCI_FAULT("socket.attach-unchecked"))) {
		refuse(sk, VMCI_EPROTO);
		return;
	}
	timer_stop(sk);
	sk->state = SOCK_CONNECTED;
	sock_wake(sk);
}

/* The server does not know REQUEST2. What it says next may be about the same packet. */
static void fall_back(struct sock *sk)
{
	int rc;

	if (!sk->sent_request2 || sk->state != SOCK_REQUESTED)
		return;
	if (VMCI_FAULT("socket.no-fallback")) {
		handshake_fail(sk, VMCI_EPROTO);
		return;
	}
	sk->ignores_rst = true;
	rc = request(sk);
	if (rc)
		handshake_fail(sk, -rc);
}

static void reset(struct sock *sk)
{
	if (sk->ignores_rst && !VMCI_FAULT("socket.fallback-rst-heard")) {
		sk->ignores_rst = false;
		return;
	}
	if (!VMCI_FAULT("socket.connect-ignores-rst"))
		handshake_fail(sk, VMCI_ECONNRESET);
}

void handshake_client(struct sock *sk, const struct packet *p)
{
	switch (p->type) {
	case VMCI_STREAM_NEGOTIATE:
	case VMCI_STREAM_NEGOTIATE2:
		negotiated(sk, p);
		break;
	case VMCI_STREAM_ATTACH:
		attached(sk, p);
		break;
	case VMCI_STREAM_INVALID:
		fall_back(sk);
		break;
	case VMCI_STREAM_RST:
		reset(sk);
		break;
	default:
		if (!VMCI_FAULT("socket.connect-ignores-others"))
			refuse(sk, VMCI_EPROTO);
		break;
	}
}

/* ---- child of a listener ---------------------------------------------------------------- */

static bool is_good_offer(const struct packet *p)
{
	struct vmci_handle h = { (uint32_t)p->value, (uint32_t)(p->value >> 32) };

	if (VMCI_FAULT("socket.offer-unchecked"))
		return true;
	/* Whoever creates a pair gives it a name of its own; a name of somebody else would join us
	 * to a third party's queues. */
	return h.context == p->src_cid && h.resource != VMCI_INVALID_ID;
}

void handshake_child(struct sock *sk, const struct packet *p)
{
	struct vmci_handle handle = { (uint32_t)p->value, (uint32_t)(p->value >> 32) };

	if (p->type != VMCI_STREAM_OFFER && p->type != VMCI_STREAM_RST &&
	    VMCI_FAULT("socket.child-tolerant"))
		return;
	if (p->type != VMCI_STREAM_OFFER || !is_good_offer(p) ||
	    (pair_open(sk, handle, true) && !VMCI_FAULT("socket.attach-error-ignored"))) {
		packet_reset(sk->s, p);
		pending_fail(sk, VMCI_EPROTO);
		return;
	}
	timer_stop(sk);
	/* Connected before the client knows: what it sends at once is for a connection. */
	sk->state = SOCK_CONNECTED;
	if (VMCI_FAULT("socket.attach-wrong-handle"))
		handle.resource++;
	if (packet_of(sk, VMCI_STREAM_ATTACH, 0, packet_handle_value(handle)) < 0) {
		pending_fail(sk, VMCI_EPROTO);
		return;
	}
	owed_hold(sk);
	if (sk->parent)
		listener_admit(sk);
	else
		sock_wake(sk);
}
