/* SPDX-License-Identifier: BSD-2-Clause */
/* fake_sockets.c - a socket stack without protocol, for tests of the bridge. */
#include "fake_sockets.h"
#include <stdlib.h>
#include <string.h>
#include <vmci/defs.h>

struct vmci_sockets *fake_stack;

static struct fake_socket *of(struct vmci_sockets *s, int fd)
{
	if (fd < 0 || fd >= s->count || !s->sockets[fd] || !s->sockets[fd]->exists)
		abort(); /* the bridge uses only what it has */
	return s->sockets[fd];
}

static void ready(struct vmci_sockets *s, int fd)
{
	s->port->ready(s->port->ctx, fd);
}

int vmci_sockets_create(const struct vmci_transport *transport, const struct vmci_socket_port *port,
			const struct vmci_socket_limits *limits, struct vmci_sockets **out)
{
	(void)transport;
	(void)limits;
	*out = calloc(1, sizeof(**out));
	if (!*out)
		return -VMCI_ENOMEM;
	(*out)->port = port;
	(*out)->next_port = 1024;
	fake_stack = *out;
	return 0;
}

void vmci_sockets_destroy(struct vmci_sockets *s)
{
	for (int i = 0; i < s->count; i++)
		free(s->sockets[i]);
	free(s);
	fake_stack = NULL;
}

uint64_t vmci_sockets_pump(struct vmci_sockets *s)
{
	(void)s;
	return UINT64_MAX;
}

int vmci_socket(struct vmci_sockets *s, enum vmci_socket_type type)
{
	struct fake_socket *k;

	if (s->count == FAKE_SOCKETS)
		return -VMCI_EMFILE;
	k = calloc(1, sizeof(*k));
	if (!k)
		return -VMCI_ENOMEM;
	k->exists = true;
	k->is_dgram = type == VMCI_SOCK_DGRAM;
	s->sockets[s->count] = k;
	s->alive++;
	return s->count++;
}

int vmci_socket_close(struct vmci_sockets *s, int fd)
{
	struct fake_socket *k = of(s, fd);

	k->exists = false;
	k->was_closed = true;
	s->alive--;
	return 0;
}

int vmci_socket_bind(struct vmci_sockets *s, int fd, struct vmci_sockaddr addr)
{
	struct fake_socket *k = of(s, fd);

	for (int i = 0; i < s->count; i++)
		if (s->sockets[i]->exists && s->sockets[i]->is_dgram == k->is_dgram &&
		    s->sockets[i]->local.port == addr.port)
			return -VMCI_EADDRINUSE;
	k->local.cid = 2;
	k->local.port = addr.port == VMCI_VMADDR_PORT_ANY ? s->next_port++ : addr.port;
	return 0;
}

int vmci_socket_connect(struct vmci_sockets *s, int fd, struct vmci_sockaddr addr)
{
	struct fake_socket *k = of(s, fd);

	if (!k->local.port)
		k->local = (struct vmci_sockaddr){ 2, s->next_port++ };
	k->peer = addr;
	k->is_connecting = true;
	return -VMCI_EINPROGRESS;
}

int vmci_socket_setopt(struct vmci_sockets *s, int fd, unsigned name, uint64_t value)
{
	if (name != VMCI_SO_VM_SOCKETS_CONNECT_TIMEOUT)
		return -VMCI_ENOPROTOOPT;
	of(s, fd)->connect_us = value;
	return 0;
}

int vmci_socket_getopt(struct vmci_sockets *s, int fd, unsigned name, uint64_t *value)
{
	(void)of(s, fd);
	if (name != VMCI_SO_VM_SOCKETS_BUFFER_SIZE)
		return -VMCI_ENOPROTOOPT;
	*value = FAKE_QUEUE;
	return 0;
}

int64_t vmci_socket_ready(struct vmci_sockets *s, int fd)
{
	const struct fake_socket *k = of(s, fd);

	return k->nup || k->guest_shut_wr ? (int64_t)k->nup : -VMCI_EAGAIN;
}

int64_t vmci_socket_room(struct vmci_sockets *s, int fd)
{
	struct fake_socket *k = of(s, fd);

	return k->guest_shut_rd ? -VMCI_EPIPE : (int64_t)(FAKE_QUEUE - k->ndown);
}

int64_t vmci_socket_send(struct vmci_sockets *s, int fd, const void *buf, size_t len,
			 unsigned flags)
{
	struct fake_socket *k = of(s, fd);
	size_t n = FAKE_QUEUE - k->ndown;

	(void)flags;
	if (k->guest_shut_rd || k->shut_wr)
		return -VMCI_EPIPE;
	if (n == 0)
		return -VMCI_EAGAIN;
	n = len < n ? len : n;
	memcpy(k->down + k->ndown, buf, n);
	k->ndown += n;
	return (int64_t)n;
}

int64_t vmci_socket_recv(struct vmci_sockets *s, int fd, void *buf, size_t len, unsigned flags)
{
	struct fake_socket *k = of(s, fd);
	size_t n = len < k->nup ? len : k->nup;

	(void)flags;
	if (n == 0)
		return k->guest_shut_wr ? 0 : -VMCI_EAGAIN;
	memcpy(buf, k->up, n);
	memmove(k->up, k->up + n, k->nup - n);
	k->nup -= n;
	return (int64_t)n;
}

int vmci_socket_shutdown(struct vmci_sockets *s, int fd, enum vmci_socket_how how)
{
	struct fake_socket *k = of(s, fd);

	k->shutdowns++;
	k->shut_rd |= how != VMCI_SHUT_WR;
	k->shut_wr |= how != VMCI_SHUT_RD;
	return 0;
}

unsigned vmci_socket_poll(struct vmci_sockets *s, int fd)
{
	const struct fake_socket *k = of(s, fd);

	if (k->error)
		return VMCI_POLLERR | VMCI_POLLOUT;
	return (k->is_connected ? VMCI_POLLOUT : 0) | (k->guest_shut_wr ? VMCI_POLLRDHUP : 0);
}

int vmci_socket_error(struct vmci_sockets *s, int fd)
{
	struct fake_socket *k = of(s, fd);
	int error = k->error;

	k->error = 0;
	return error;
}

int vmci_socket_name(struct vmci_sockets *s, int fd, struct vmci_sockaddr *out)
{
	*out = of(s, fd)->local;
	return 0;
}

int64_t vmci_socket_sendto(struct vmci_sockets *s, int fd, const void *buf, size_t len,
			   const struct vmci_sockaddr *to)
{
	(void)of(s, fd);
	if (s->sendto_result)
		return s->sendto_result;
	memcpy(s->sent, buf, len);
	s->sent_len = len;
	s->sent_to = *to;
	return (int64_t)len;
}

int64_t vmci_socket_recvfrom(struct vmci_sockets *s, int fd, void *buf, size_t len, unsigned flags,
			     struct vmci_sockaddr *from, unsigned *flags_out)
{
	struct fake_socket *k = of(s, fd);

	(void)flags;
	(void)flags_out;
	if (!k->has_dgram)
		return -VMCI_EAGAIN;
	if (k->dgram_len > len)
		abort();
	k->has_dgram = false;
	memcpy(buf, k->dgram, k->dgram_len);
	*from = k->peer;
	return (int64_t)k->dgram_len;
}

/* ---- the guest's side ---- */

int fake_guest_connects(uint32_t port, struct vmci_sockaddr from)
{
	int fd = vmci_socket(fake_stack, VMCI_SOCK_STREAM);
	struct fake_socket *k = fake_stack->sockets[fd];

	k->local = (struct vmci_sockaddr){ 2, port };
	k->peer = from;
	if (fake_stack->port->wanted(fake_stack->port->ctx, fd, k->local, from)) {
		k->is_connecting = true;
		return fd;
	}
	vmci_socket_close(fake_stack, fd);
	return -1;
}

void fake_handshake(int fd, int error)
{
	struct fake_socket *k = of(fake_stack, fd);

	k->is_connecting = false;
	k->is_connected = !error;
	k->error = error;
	ready(fake_stack, fd);
}

size_t fake_guest_writes(int fd, const void *data, size_t len)
{
	struct fake_socket *k = of(fake_stack, fd);
	size_t n = FAKE_QUEUE - k->nup < len ? FAKE_QUEUE - k->nup : len;

	memcpy(k->up + k->nup, data, n);
	k->nup += n;
	ready(fake_stack, fd);
	return n;
}

size_t fake_guest_reads(int fd, void *data, size_t max)
{
	struct fake_socket *k = fake_stack->sockets[fd];
	size_t n = k->ndown < max ? k->ndown : max;

	memcpy(data, k->down, n);
	memmove(k->down, k->down + n, k->ndown - n);
	k->ndown -= n;
	if (n && k->exists)
		ready(fake_stack, fd);
	return n;
}

void fake_guest_shuts(int fd, bool rd, bool wr)
{
	struct fake_socket *k = of(fake_stack, fd);

	k->guest_shut_rd |= rd;
	k->guest_shut_wr |= wr;
	ready(fake_stack, fd);
}

void fake_guest_sends(int fd, const void *data, size_t len)
{
	struct fake_socket *k = of(fake_stack, fd);

	memcpy(k->dgram, data, len);
	k->dgram_len = len;
	k->has_dgram = true;
	ready(fake_stack, fd);
}

int fake_connecting(void)
{
	for (int i = 0; i < fake_stack->count; i++)
		if (fake_stack->sockets[i]->exists && fake_stack->sockets[i]->is_connecting)
			return i;
	return -1;
}
