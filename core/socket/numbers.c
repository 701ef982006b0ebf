/* SPDX-License-Identifier: BSD-2-Clause */
/* The numbers by which users know their sockets. */
#include "sock.h"

#define NO_SLOT UINT32_MAX

void numbers_init(struct vmci_sockets *s)
{
	s->first_free = NO_SLOT;
	s->last_free = NO_SLOT;
	while ((uint32_t)1 << s->slot_bits < s->limits.sockets)
		s->slot_bits++;
}

void numbers_free(struct vmci_sockets *s)
{
	sock_release(s, s->slot, s->slots_size * sizeof(*s->slot));
}

/* A number is a slot and how often the slot was used. Free slots wait in a queue, so the same
 * number comes back after 2^(31 - slot_bits) uses of one slot at the earliest. */

static bool grow_slots(struct vmci_sockets *s)
{
	uint32_t size = s->slots_size ? s->slots_size * 2 : 16;
	struct sock_slot *slot;

	if (size > (uint32_t)1 << s->slot_bits)
		size = (uint32_t)1 << s->slot_bits;
	if (size <= s->slots_size)
		return false;
	slot = sock_alloc(s, size * sizeof(*slot));
	if (!slot)
		return false;
	if (s->slots)
		memcpy(slot, s->slot, s->slots * sizeof(*slot));
	sock_release(s, s->slot, s->slots_size * sizeof(*slot));
	s->slot = slot;
	s->slots_size = size;
	return true;
}

int sock_number(struct sock *sk)
{
	struct vmci_sockets *s = sk->s;
	uint32_t i = s->first_free;

	if (i != NO_SLOT) {
		s->first_free = s->slot[i].next;
		if (s->first_free == NO_SLOT)
			s->last_free = NO_SLOT;
	} else {
		if (s->slots == s->slots_size && !grow_slots(s))
			return -VMCI_EMFILE;
		i = s->slots++;
		s->slot[i].generation = 0;
	}
	s->slot[i].sock = sk;
	sk->fd = (int)(s->slot[i].generation << s->slot_bits | i);
	return sk->fd;
}

void sock_forget_number(struct sock *sk)
{
	struct vmci_sockets *s = sk->s;
	uint32_t i = (uint32_t)sk->fd & (((uint32_t)1 << s->slot_bits) - 1);
	struct sock_slot *slot;

	if (sk->fd < 0)
		return;
	slot = &s->slot[i];
	sk->fd = -1;
	slot->sock = NULL;
	slot->generation = (slot->generation + 1) & ((UINT32_MAX >> 1) >> s->slot_bits);
	slot->next = NO_SLOT;
	if (s->last_free == NO_SLOT)
		s->first_free = i;
	else
		s->slot[s->last_free].next = i;
	s->last_free = i;
}

struct sock *sock_of(struct vmci_sockets *s, int fd)
{
	uint32_t i = (uint32_t)fd & (((uint32_t)1 << s->slot_bits) - 1);

	if (fd < 0 || i >= s->slots || !s->slot[i].sock || s->slot[i].sock->fd != fd)
		return NULL;
	return s->slot[i].sock;
}
