/* SPDX-License-Identifier: BSD-2-Clause */
/* guestrpc.c - connections of the guest's tools: frames in, replies out.
 *
 * Each connection does one thing at a time, in the order read, handle, write. While a reply waits
 * for room nothing is read, so a guest that does not read stalls itself and costs one reply.
 */
#include <vmci/fault.h>
#include <vmci/guestrpc.h>
#include <vmci/rpcframe.h>
#include <vmci/socket.h>

#define CONNECTIONS 64u
#define STATUS	    2u /* "1 " or "0 " */
/* Frames of one connection before the others get their turn. */
#define TURN 16u

struct connection {
	struct connection *next;
	int fd; /* < 0: over, to be freed */
	struct vmci_guestrpc_caller caller;
	bool is_reverse;
	bool is_ending; /* no more reading; over when what is to be written is gone */
	bool awaits;	/* a question of ours is not answered yet */

	uint8_t head[VMCI_GUESTRPC_LENGTH_SIZE];
	size_t got;	/* of head, then of in */
	uint8_t *in;	/* NULL: the length is not known yet */
	size_t in_size; /* bytes of fields */

	uint8_t *out; /* NULL: nothing to be written */
	size_t out_size, sent;
};

struct vmci_guestrpc {
	const struct vmci_guestrpc_port *port;
	struct vmci_socket_port socket_port;
	struct vmci_sockets *sockets;
	int listener[2]; /* < 0: none; [1] is the reverse one */
	struct connection *connections;
	uint32_t count, limit, last_number;
	bool has_work;
	uint8_t reply[VMCI_GUESTRPC_PAYLOAD_MAX];
};

static void *take_memory(struct vmci_guestrpc *r, size_t size)
{
	return r->port->alloc(r->port->ctx, size);
}

static void give_memory(struct vmci_guestrpc *r, void *p, size_t size)
{
	if (p)
		r->port->free(r->port->ctx, p, size);
}

/* ---- the sockets' port ------------------------------------------------------------------- */

static void *port_alloc(void *ctx, size_t size)
{
	return take_memory(ctx, size);
}

static void port_free(void *ctx, void *p, size_t size)
{
	give_memory(ctx, p, size);
}

static uint64_t port_now(void *ctx)
{
	struct vmci_guestrpc *r = ctx;

	return r->port->now_us(r->port->ctx);
}

static uint32_t port_random(void *ctx)
{
	struct vmci_guestrpc *r = ctx;

	return r->port->random ? r->port->random(r->port->ctx) : 0;
}

static void port_ready(void *ctx, int fd)
{
	struct vmci_guestrpc *r = ctx;

	(void)fd;
	r->has_work = true;
	if (r->port->wake)
		r->port->wake(r->port->ctx);
}

/* ---- connections ------------------------------------------------------------------------- */

static void tell(struct vmci_guestrpc *r, const struct connection *c, enum vmci_guestrpc_news what,
		 const uint8_t *text, size_t len)
{
	if (c->is_reverse && r->port->news)
		r->port->news(r->port->ctx, &c->caller, what, text, len);
}

/* The connection is over; it is freed when nobody walks the list. */
static void drop(struct vmci_guestrpc *r, struct connection *c)
{
	if (c->fd < 0)
		return;
	vmci_socket_close(r->sockets, c->fd);
	c->fd = -1;
	c->awaits = false;
	tell(r, c, VMCI_GUESTRPC_CLOSED, NULL, 0);
}

static void free_connection(struct vmci_guestrpc *r, struct connection *c)
{
	give_memory(r, c->in, c->in_size);
	give_memory(r, c->out, c->out_size);
	give_memory(r, c, sizeof(*c));
	r->count--;
}

static void sweep(struct vmci_guestrpc *r)
{
	struct connection **at = &r->connections;

	while (*at) {
		struct connection *c = *at;

		if (c->fd >= 0) {
			at = &c->next;
			continue;
		}
		*at = c->next;
		free_connection(r, c);
	}
}

static struct connection *find(struct vmci_guestrpc *r, uint32_t number)
{
	struct connection *c = r->connections;

	while (c && (c->caller.connection != number || c->fd < 0))
		c = c->next;
	return c;
}

static bool is_privileged(uint32_t port)
{
	if (VMCI_FAULT("rpc.privilege-limit"))
		return port < VMCI_VMADDR_PORT_PRIVILEGED_MAX;
	return port <= VMCI_VMADDR_PORT_PRIVILEGED_MAX || VMCI_FAULT("rpc.all-privileged");
}

static void admit(struct vmci_guestrpc *r, int fd, struct vmci_sockaddr peer, bool is_reverse)
{
	struct connection *c = r->count < r->limit ? take_memory(r, sizeof(*c)) : NULL;

	if (!c) {
		vmci_socket_close(r->sockets, fd);
		return;
	}
	*c = (struct connection){ .next = r->connections,
				  .fd = fd,
				  .caller = { .connection = ++r->last_number,
					      .cid = peer.cid,
					      .port = peer.port,
					      .is_privileged = is_privileged(peer.port) },
				  .is_reverse = is_reverse };
	r->connections = c;
	r->count++;
	tell(r, c, VMCI_GUESTRPC_OPENED, NULL, 0);
}

static void accept_all(struct vmci_guestrpc *r)
{
	for (int i = 0; i < 2; i++) {
		struct vmci_sockaddr peer;
		int fd;

		while (r->listener[i] >= 0 &&
		       (fd = vmci_socket_accept(r->sockets, r->listener[i], &peer)) >= 0)
			admit(r, fd, peer, i == 1);
	}
}

/* ---- writing ----------------------------------------------------------------------------- */

/* A frame with this payload is what c writes next. Returns 0, -VMCI_EMSGSIZE or -VMCI_ENOMEM. */
static int compose(struct vmci_guestrpc *r, struct connection *c, const uint8_t *payload,
		   size_t len)
{
	struct vmci_rpcframe f = { .type = VMCI_GUESTRPC_DATA, .payload = payload, .len = len };
	size_t size = vmci_rpcframe_size(&f);

	if (size == 0)
		return -VMCI_EMSGSIZE;
	c->out = take_memory(r, size);
	if (!c->out)
		return -VMCI_ENOMEM;
	c->out_size = size;
	c->sent = 0;
	vmci_rpcframe_encode(&f, c->out);
	return 0;
}

/* True: all is written. */
static bool write_out(struct vmci_guestrpc *r, struct connection *c)
{
	while (c->out) {
		int64_t n = vmci_socket_send(r->sockets, c->fd, c->out + c->sent,
					     c->out_size - c->sent, 0);

		if (n == -VMCI_EAGAIN)
			return false;
		if (n <= 0) {
			drop(r, c);
			return false;
		}
		c->sent += (size_t)n;
		if (c->sent == c->out_size) {
			give_memory(r, c->out, c->out_size);
			c->out = NULL;
		}
	}
	return true;
}

/* ---- reading ----------------------------------------------------------------------------- */

/* True: `to` has `size` bytes. */
static bool fill(struct vmci_guestrpc *r, struct connection *c, uint8_t *to, size_t size)
{
	while (c->got < size) {
		int64_t n = vmci_socket_recv(r->sockets, c->fd, to + c->got, size - c->got, 0);

		if (n == -VMCI_EAGAIN)
			return false;
		if (n <= 0) {
			drop(r, c);
			return false;
		}
		c->got += (size_t)n;
	}
	return true;
}

/* True: the fields of one frame are in c->in. */
static bool read_frame(struct vmci_guestrpc *r, struct connection *c)
{
	int64_t size;

	if (!c->in) {
		if (!fill(r, c, c->head, sizeof(c->head)))
			return false;
		size = vmci_rpcframe_length(c->head);
		c->in = size > 0 ? take_memory(r, (size_t)size) : NULL;
		if (!c->in) {
			drop(r, c);
			return false;
		}
		c->in_size = (size_t)size;
		c->got = 0;
	}
	return fill(r, c, c->in, c->in_size);
}

static void answer(struct vmci_guestrpc *r, struct connection *c, const struct vmci_rpcframe *f)
{
	size_t len = 0;
	bool ok;

	c->caller.is_last = f->fast_close;
	ok = r->port->request(r->port->ctx, &c->caller, f->payload, f->len, r->reply + STATUS,
			      sizeof(r->reply) - STATUS, &len);
	if (len > sizeof(r->reply) - STATUS)
		len = sizeof(r->reply) - STATUS;
	r->reply[0] = ok || VMCI_FAULT("rpc.status-wrong") ? '1' : '0';
	r->reply[1] = ' ';
	c->is_ending = c->is_ending || (f->fast_close && !VMCI_FAULT("rpc.no-fast-close")) ||
		       VMCI_FAULT("rpc.closes-always");
	if (c->fd >= 0 && compose(r, c, r->reply, STATUS + len))
		drop(r, c);
}

static void handle(struct vmci_guestrpc *r, struct connection *c)
{
	struct vmci_rpcframe f;

	if (vmci_rpcframe_decode(&f, c->in, c->in_size)) {
		drop(r, c);
		return;
	}
	if (f.type == VMCI_GUESTRPC_PING) {
		c->awaits = c->awaits && !VMCI_FAULT("rpc.ping-is-answer");
		tell(r, c, VMCI_GUESTRPC_ALIVE, NULL, 0);
	} else if (!c->is_reverse) {
		answer(r, c, &f);
	} else if (c->awaits) {
		/* Before the news: it may ask the next question. */
		c->awaits = false;
		tell(r, c, VMCI_GUESTRPC_ANSWERED, f.payload, f.len);
	}
	/* Data that nobody asked for goes unheard. */
}

static void serve(struct vmci_guestrpc *r, struct connection *c)
{
	for (unsigned i = 0; i < TURN && c->fd >= 0; i++) {
		if (!write_out(r, c))
			return;
		if (c->is_ending) {
			drop(r, c);
			return;
		}
		if (!read_frame(r, c))
			return;
		handle(r, c);
		give_memory(r, c->in, c->in_size);
		c->in = NULL;
		c->got = 0;
	}
	r->has_work = true;
}

/* ---- life -------------------------------------------------------------------------------- */

static int listen_at(struct vmci_guestrpc *r, uint32_t port, uint32_t backlog, int *out)
{
	struct vmci_sockaddr at = { VMCI_HYPERVISOR_CONTEXT_ID, port };
	int fd = vmci_socket(r->sockets, VMCI_SOCK_STREAM), rc;

	if (fd < 0)
		return fd;
	*out = fd;
	rc = vmci_socket_bind(r->sockets, fd, at);
	return rc ? rc : vmci_socket_listen(r->sockets, fd, backlog);
}

static int open_service(struct vmci_guestrpc *r, const struct vmci_transport *transport,
			bool is_disabled)
{
	struct vmci_socket_limits limits = { .may_bind_privileged = true, .is_trusted = true };
	int rc = vmci_sockets_create(transport, &r->socket_port, &limits, &r->sockets);

	if (rc == 0 && !is_disabled)
		rc = listen_at(r, VMCI_GUESTRPC_PORT, r->limit, &r->listener[0]);
	if (rc == 0 && !is_disabled && !VMCI_FAULT("rpc.no-reverse-port"))
		rc = listen_at(r, VMCI_GUESTRPC_REVERSE_PORT, r->limit, &r->listener[1]);
	return rc;
}

int vmci_guestrpc_create(const struct vmci_transport *transport,
			 const struct vmci_guestrpc_port *port,
			 const struct vmci_guestrpc_options *options, struct vmci_guestrpc **out)
{
	struct vmci_guestrpc *r = port->alloc(port->ctx, sizeof(*r));
	int rc;

	if (!r)
		return -VMCI_ENOMEM;
	r->port = port;
	r->listener[0] = r->listener[1] = -1;
	r->limit = options && options->connections ? options->connections : CONNECTIONS;
	r->socket_port = (struct vmci_socket_port){ .ctx = r,
						    .alloc = port_alloc,
						    .free = port_free,
						    .now_us = port_now,
						    .random = port_random,
						    .ready = port_ready };
	rc = open_service(r, transport,
			  options && options->is_disabled && !VMCI_FAULT("rpc.serves-when-off"));
	if (rc) {
		vmci_guestrpc_destroy(r);
		return rc;
	}
	*out = r;
	return 0;
}

void vmci_guestrpc_destroy(struct vmci_guestrpc *r)
{
	if (!r)
		return;
	while (r->connections) {
		struct connection *c = r->connections;

		r->connections = c->next;
		free_connection(r, c);
	}
	if (r->sockets)
		vmci_sockets_destroy(r->sockets);
	r->port->free(r->port->ctx, r, sizeof(*r));
}

uint64_t vmci_guestrpc_pump(struct vmci_guestrpc *r)
{
	uint64_t next = vmci_sockets_pump(r->sockets);

	if (!r->has_work)
		return next;
	r->has_work = false;
	accept_all(r);
	for (struct connection *c = r->connections; c; c = c->next)
		serve(r, c);
	sweep(r);
	return r->has_work ? 0 : vmci_sockets_pump(r->sockets);
}

int vmci_guestrpc_call(struct vmci_guestrpc *r, uint32_t connection, const void *text, size_t len)
{
	struct connection *c = find(r, connection);
	int rc;

	if (!c || !c->is_reverse || c->is_ending)
		return -VMCI_ENOTCONN;
	if (len == 0)
		return -VMCI_EMSGSIZE;
	if ((c->awaits && !VMCI_FAULT("rpc.questions-pile-up")) || c->out)
		return -VMCI_EALREADY;
	rc = compose(r, c, text, len);
	if (rc)
		return rc;
	c->awaits = true;
	port_ready(r, c->fd);
	return 0;
}

void vmci_guestrpc_hang_up(struct vmci_guestrpc *r, uint32_t connection)
{
	struct connection *c = find(r, connection);

	if (!c)
		return;
	c->is_ending = true;
	port_ready(r, c->fd);
}
