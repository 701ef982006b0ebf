/* SPDX-License-Identifier: BSD-2-Clause */
/* Connections: the queue pair under them, their packets and their end. Spec: chapter 84. */
#include "sock.h"

/* The first wait for a peer that does not fetch, and the longest. */
#define BACKOFF_US     500u
#define BACKOFF_MAX_US 64000u

/* Long enough to cost nothing, and short enough for who waits. */
#define REMIND_US 200000u

#define SHUT_BOTH (VMCI_STREAM_SHUT_RECEIVE | VMCI_STREAM_SHUT_SEND)

/* ---- who is connected ------------------------------------------------------------------- */

/* Unique for each pair of ports of one peer context. */
static uint64_t connection_key(struct vmci_sockaddr peer, uint32_t port)
{
	return ((uint64_t)peer.port << 32 | port) + peer.cid * 0x9e3779b97f4a7c15u;
}

struct sock *connection_find(struct vmci_sockets *s, struct vmci_sockaddr peer, uint32_t port)
{
	struct vmci_node *node = vmci_table_find(&s->connections, connection_key(peer, port));

	for (; node; node = vmci_table_next(node)) {
		struct sock *sk = VMCI_HOLDER(node, struct sock, by_connection);

		if (sk->remote.cid == peer.cid && sk->remote.port == peer.port &&
		    sk->local.port == port)
			return sk;
	}
	return NULL;
}

int connection_add(struct sock *sk)
{
	struct vmci_sockets *s = sk->s;

	if (vmci_table_reserve(&s->connections, &s->memory))
		return VMCI_LOCAL_NO_MEMORY;
	vmci_table_add(&s->connections, &sk->by_connection,
		       connection_key(sk->remote, sk->local.port));
	sk->in_connections = true;
	return 0;
}

void connection_remove(struct sock *sk)
{
	if (sk->in_connections)
		vmci_table_remove(&sk->s->connections, &sk->by_connection);
	sk->in_connections = false;
}

void connection_renumber(struct sock *sk, uint32_t cid)
{
	bool was_in = sk->in_connections;

	connection_remove(sk);
	sk->remote.cid = cid;
	if (was_in) {
		/* There is room: one was taken out. */
		vmci_table_add(&sk->s->connections, &sk->by_connection,
			       connection_key(sk->remote, sk->local.port));
		sk->in_connections = true;
	}
}

/* ---- the queue pair --------------------------------------------------------------------- */

void stream_free_rest(struct sock *sk)
{
	sk->s->lingering_bytes -= sk->rest.size;
	sock_release(sk->s, sk->rest.bytes, sk->rest.size);
	memset(&sk->rest, 0, sizeof(sk->rest));
}

/* Move what lies in the queue into memory of our own. Reading is bounded by what was there when we
 * looked: the peer may still be writing. */
static void save(struct sock *sk, int64_t ready)
{
	struct vmci_sockets *s = sk->s;
	uint64_t left = s->limits.lingering_bytes - s->lingering_bytes;
	size_t want = (uint64_t)ready < left ? (size_t)ready : (size_t)left, have = 0;
	uint8_t *bytes = want ? sock_alloc(s, want) : NULL;
	int64_t n = 0;

	sk->rest.is_cut = !bytes || want < (uint64_t)ready;
	if (!bytes)
		return;
	while (have < want) {
		n = s->t->dequeue(s->t->ctx, sk->pair, bytes + have, want - have);
		if (n <= 0)
			break;
		have += (size_t)n;
	}
	sk->rest.bytes = bytes;
	sk->rest.size = want;
	sk->rest.at = 0;
	s->lingering_bytes += want;
	if (have < want) {
		/* A queue that shrinks is a damaged one. */
		sk->rest.is_cut = true;
		memmove(bytes + (want - have), bytes, have);
		sk->rest.at = want - have;
	}
}

static void on_leave(void *arg)
{
	struct sock *sk = arg;
	struct vmci_sockets *s = sk->s;
	int64_t ready;

	sock_lock(s);
	ready = s->t->ready(s->t->ctx, sk->pair);
	if (sk->state == SOCK_CONNECTED) {
		/* Nothing goes to it any more; the event that tells so is on its way. */
		sk->peer_shut = SHUT_BOTH;
		if (ready > 0 && !(sk->shut & VMCI_STREAM_SHUT_RECEIVE) &&
		    !VMCI_FAULT("socket.rest-lost"))
			save(sk, ready);
	}
	sock_unlock(s);
}

static int open_pair(struct sock *sk, struct vmci_handle handle, uint32_t flags, uint32_t priv)
{
	const struct vmci_transport *t = sk->s->t;
	uint64_t other = VMCI_FAULT("socket.pair-sizes-differ") ? sk->queue * 2 : sk->queue;

	return t->pair_open(t->ctx, handle, sk->remote.cid, flags, priv, sk->queue, other, on_leave,
			    sk, &sk->pair);
}

int stream_open_pair(struct sock *sk, struct vmci_handle handle, bool attach)
{
	struct vmci_sockets *s = sk->s;
	uint32_t flags =
		attach && !VMCI_FAULT("socket.attach-creates") ? VMCI_QPFLAG_ATTACH_ONLY : 0;
	uint32_t priv = s->limits.is_trusted ? VMCI_PRIVILEGE_FLAG_TRUSTED : 0;
	int rc;

	if (sk->remote.cid == s->cid)
		flags |= VMCI_QPFLAG_LOCAL;
	if (vmci_table_reserve(&s->handles, &s->memory))
		return VMCI_LOCAL_NO_MEMORY;
	rc = open_pair(sk, handle, flags, priv);
	if (rc == VMCI_ERROR_NO_ACCESS && priv)
		rc = open_pair(sk, handle, flags, 0);
	if (rc) {
		sk->pair = NULL;
		return rc;
	}
	s->pairs++;
	handle = s->t->pair_handle(s->t->ctx, sk->pair);
	vmci_table_add(&s->handles, &sk->by_handle, packet_handle_value(handle));
	sk->in_handles = true;
	return 0;
}

void stream_close_pair(struct sock *sk)
{
	struct vmci_sockets *s = sk->s;
	struct vmci_transport_pair *pair = sk->pair;

	if (sk->in_handles)
		vmci_table_remove(&s->handles, &sk->by_handle);
	sk->in_handles = false;
	if (!pair)
		return;
	sk->pair = NULL;
	s->pairs--;
	s->t->pair_close(s->t->ctx, pair);
}

/* ---- packets that are owed -------------------------------------------------------------- */

/* The peer's queue of datagrams is full; that passes. */
static bool is_passing(int rc)
{
	return rc == VMCI_ERROR_NO_RESOURCES || rc == VMCI_ERROR_NO_MEM ||
	       rc == VMCI_LOCAL_NO_MEMORY;
}

static int send_notice(struct sock *sk, unsigned what)
{
	uint64_t generation = 0, offset = 0;
	bool to_read = what == OWE_WAITING_READ;

	if (what == OWE_WROTE)
		return packet_of(sk, VMCI_STREAM_WROTE, 0, 0);
	if (what == OWE_READ)
		return packet_of(sk, VMCI_STREAM_READ, 0, 0);
	notify_position(sk, to_read, &generation, &offset);
	return packet_send(sk->s, sk->remote, sk->local.port,
			   to_read ? VMCI_STREAM_WAITING_READ : VMCI_STREAM_WAITING_WRITE, 0,
			   generation, offset);
}

static unsigned spoiled_mode(unsigned mode)
{
	if (VMCI_FAULT("socket.shutdown-mode-swapped") && mode != SHUT_BOTH)
		return mode ^ SHUT_BOTH;
	if (VMCI_FAULT("socket.close-half") && mode == SHUT_BOTH)
		return VMCI_STREAM_SHUT_SEND;
	return mode;
}

/* Returns false: try again later. */
static bool send_owed(struct sock *sk)
{
	int rc;

	while (sk->owed) {
		unsigned what = sk->owed & -sk->owed;

		rc = send_notice(sk, what);
		if (is_passing(rc) && !VMCI_FAULT("socket.notice-lost"))
			return false;
		sk->owed &= ~what;
	}
	if (sk->owed_shutdown) {
		rc = packet_of(sk, VMCI_STREAM_SHUTDOWN, 0, spoiled_mode(sk->owed_shutdown));
		if (is_passing(rc))
			return false;
		sk->owed_shutdown = 0;
	}
	return true;
}

static void wait_longer(struct sock *sk)
{
	if (!sk->backoff_us)
		sk->backoff_us = BACKOFF_US;
	timer_start(sk, sk->backoff_us);
	sk->backoff_us = sk->backoff_us < BACKOFF_MAX_US ? sk->backoff_us * 2 : BACKOFF_MAX_US;
}

void stream_flush(struct sock *sk)
{
	if (sk->is_held || sk->is_stuck || !(sk->owed | sk->owed_shutdown))
		return;
	if (send_owed(sk)) {
		sk->backoff_us = BACKOFF_US;
		return;
	}
	sk->is_stuck = true;
	wait_longer(sk);
}

/* Linux says READ no more to a peer that has shut down receiving, although that one may still send:
 * the queue has to be looked at from time to time. */
void stream_watch_room(struct sock *sk)
{
	if (!(sk->shut & VMCI_STREAM_SHUT_RECEIVE) || sk->watches_room || sk->is_held)
		return;
	sk->watches_room = true;
	if (!sk->is_stuck)
		wait_longer(sk);
}

static void look_for_room(struct sock *sk)
{
	const struct vmci_transport *t = sk->s->t;

	if (!sk->watches_room || !sk->pair)
		return;
	if (t->room(t->ctx, sk->pair) != 0) {
		sk->watches_room = false;
		sk->backoff_us = BACKOFF_US;
		sock_wake(sk);
	} else if (!sk->timer) {
		wait_longer(sk);
	}
}

/* A timer that was for something else first. */
static void wait_for_reader(struct sock *sk)
{
	uint64_t now = sock_now(sk->s);

	if (sk->watches_reader && !sk->timer)
		timer_start(sk, sk->remind_us > now ? sk->remind_us - now : 0);
}

/* WROTE told of the first byte. A Linux program that waits in poll for more (SO_RCVLOWAT) was woken
 * by it in vain, and no byte behind it wakes it. */
void stream_watch_reader(struct sock *sk)
{
	if (sk->watches_reader || VMCI_FAULT("socket.reader-not-reminded"))
		return;
	sk->watches_reader = true;
	sk->notify.seen_by_peer = notify_seen_by_peer(sk);
	sk->remind_us = sock_now(sk->s) + REMIND_US;
	wait_for_reader(sk);
}

static void look_at_reader(struct sock *sk)
{
	uint64_t seen;

	if (!sk->watches_reader || sock_now(sk->s) < sk->remind_us)
		return;
	sk->watches_reader = false;
	seen = sk->pair ? notify_seen_by_peer(sk) : sk->notify.put;
	if (seen == sk->notify.put && !VMCI_FAULT("socket.reader-reminded-always"))
		return;
	/* It reads; what is there now may still be too little for it. */
	if (seen != sk->notify.seen_by_peer && !VMCI_FAULT("socket.reader-left-alone")) {
		stream_watch_reader(sk);
		return;
	}
	sk->owed |= OWE_WROTE;
	stream_flush(sk);
	if (VMCI_FAULT("socket.reader-reminded-twice"))
		stream_watch_reader(sk);
}

/* A Linux client handles packets in any order, and one that overtakes ATTACH ends its connect. */
void stream_hold(struct sock *sk)
{
	sk->backoff_us = BACKOFF_US;
	if (VMCI_FAULT("socket.attach-not-alone"))
		return;
	sk->is_held = true;
	sk->attached_us = sock_now(sk->s);
	/* A transport that cannot say what the peer has fetched stands beside a quick one. */
	sk->is_fetched = !sk->s->t->is_drained;
	timer_start(sk, sk->is_fetched ? VMCI_SOCKETS_ATTACH_ALONE_US : BACKOFF_US);
}

/* A peer that needed long to fetch ATTACH needs as long to come to it: one processor that reads run
 * after run through the port does not hand on what it has read. */
static uint64_t silence_us(const struct sock *sk)
{
	uint64_t took = sock_now(sk->s) - sk->attached_us;

	if (VMCI_FAULT("socket.attach-hurried") || took < VMCI_SOCKETS_ATTACH_ALONE_US)
		return VMCI_SOCKETS_ATTACH_ALONE_US;
	return took < VMCI_SOCKETS_ATTACH_ALONE_MAX_US ? took : VMCI_SOCKETS_ATTACH_ALONE_MAX_US;
}

static void release_hold(struct sock *sk)
{
	sk->is_held = false;
	sk->backoff_us = BACKOFF_US;
	timer_stop(sk);
	stream_flush(sk);
	wait_for_reader(sk);
}

void stream_timer(struct sock *sk)
{
	if (!sk->is_held) {
		sk->is_stuck = false;
		stream_flush(sk);
		look_for_room(sk);
		look_at_reader(sk);
		wait_for_reader(sk);
	} else if (sk->is_fetched) {
		release_hold(sk);
	} else if (sk->s->t->is_drained(sk->s->t->ctx, sk->remote.cid)) {
		sk->is_fetched = true;
		timer_start(sk, silence_us(sk));
	} else {
		wait_longer(sk);
	}
}

/* ---- packets that come ------------------------------------------------------------------ */

void stream_ended(struct sock *sk)
{
	/* The peer may connect again from the same port while this one is still being read. */
	connection_remove(sk);
	sk->has_ended = true;
	sk->peer_shut = SHUT_BOTH;
	sk->owed = 0;
	sk->owed_shutdown = 0;
	sk->is_held = false;
	sk->is_stuck = false;
	sk->watches_room = false;
	sk->watches_reader = false;
	timer_stop(sk);
	sock_wake(sk);
}

static void shut_down(struct sock *sk, const struct packet *p)
{
	unsigned mode = (unsigned)p->value & SHUT_BOTH;

	if (!mode && VMCI_FAULT("socket.shutdown-zero"))
		mode = SHUT_BOTH;
	if (!mode || VMCI_FAULT("socket.shutdown-ignored"))
		return;
	if (VMCI_FAULT("socket.shutdown-modes-mixed") && mode != SHUT_BOTH)
		mode ^= SHUT_BOTH;
	if (VMCI_FAULT("socket.half-close-is-whole"))
		mode = SHUT_BOTH;
	sk->peer_shut |= mode;
	sock_wake(sk);
}

void stream_packet(struct sock *sk, const struct packet *p)
{
	/* What comes from the peer shows that it has seen ATTACH. */
	if (sk->is_held)
		release_hold(sk);
	switch (p->type) {
	case VMCI_STREAM_SHUTDOWN:
		shut_down(sk, p);
		break;
	case VMCI_STREAM_RST:
		if (VMCI_FAULT("socket.rst-is-error"))
			sk->error = VMCI_ECONNRESET;
		stream_ended(sk);
		break;
	case VMCI_STREAM_WROTE:
	case VMCI_STREAM_READ:
	case VMCI_STREAM_WAITING_READ:
	case VMCI_STREAM_WAITING_WRITE:
		notify_packet(sk, p);
		stream_flush(sk);
		break;
	default:
		if (VMCI_FAULT("socket.stray-answered"))
			packet_reset(sk->s, p);
		break;
	}
}

void stream_detached(struct sock *sk)
{
	const struct vmci_transport *t = sk->s->t;

	if (!sk->pair)
		return;
	switch (sk->state) {
	case SOCK_REQUESTED:
	case SOCK_OFFERED:
		handshake_fail(sk, VMCI_ECONNRESET);
		return;
	case SOCK_LINGERING:
		sock_free(sk);
		return;
	default:
		break;
	}
	/* What the peer wrote stays readable where the memory is ours; it was saved where not. */
	if (t->ready(t->ctx, sk->pair) <= 0)
		stream_close_pair(sk);
	stream_ended(sk);
}

/* ---- the user's end --------------------------------------------------------------------- */

void stream_close(struct sock *sk)
{
	if (sk->state == SOCK_CONNECTED && sk->pair && !sk->has_ended &&
	    (sk->s->t->announces_close || VMCI_FAULT("socket.guest-close-speaks")) &&
	    !sk->s->is_ending && !VMCI_FAULT("socket.close-detaches")) {
		sk->state = SOCK_LINGERING;
		port_release(sk);
		sk->watches_reader = false;
		sk->owed = 0;
		sk->owed_shutdown = VMCI_FAULT("socket.close-silent") ? 0 : SHUT_BOTH;
		sock_forget_number(sk);
		if (VMCI_FAULT("socket.close-resets"))
			(void)packet_of(sk, VMCI_STREAM_RST, 0, 0);
		stream_flush(sk);
		return;
	}
	sock_free(sk);
}
