/* SPDX-License-Identifier: BSD-2-Clause */
/* The queue pair under a connection, and what is left in it when the peer leaves. Spec: chapter 84.
 */
#include "sock.h"

void pair_free_rest(struct sock *sk)
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

static int open_once(struct sock *sk, struct vmci_handle handle, uint32_t flags, uint32_t priv)
{
	const struct vmci_transport *t = sk->s->t;
	uint64_t other = VMCI_FAULT("socket.pair-sizes-differ") ? sk->queue * 2 : sk->queue;

	return t->pair_open(t->ctx, handle, sk->remote.cid, flags, priv, sk->queue, other, on_leave,
			    sk, &sk->pair);
}

int pair_open(struct sock *sk, struct vmci_handle handle, bool attach)
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
	rc = open_once(sk, handle, flags, priv);
	if (rc == VMCI_ERROR_NO_ACCESS && priv)
		rc = open_once(sk, handle, flags, 0);
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

void pair_close(struct sock *sk)
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
