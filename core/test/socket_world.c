/* SPDX-License-Identifier: BSD-2-Clause */
/* A guest and a host in one process, on virtual time. */
#include "socket_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <vmci/order.h>

#define PAGE  4096u
#define PAGES (SOCKET_RAM / PAGE)

/* ---- memory ------------------------------------------------------------------------------ */

static void *count_alloc(struct socket_world *w, size_t size)
{
	void *p;

	w->allocs++;
	if (w->options.fail_at && w->allocs == w->options.fail_at) {
		w->failed++;
		return NULL;
	}
	p = calloc(1, size);
	if (!p)
		abort();
	w->alive++;
	w->alive_bytes += size;
	return p;
}

static void *port_alloc(void *ctx, size_t size)
{
	return count_alloc(ctx, size);
}

static void port_free(void *ctx, void *p, size_t size)
{
	struct socket_world *w = ctx;

	if (!p || w->alive_bytes < size)
		abort();
	w->alive--;
	w->alive_bytes -= size;
	memset(p, 0xdd, size); /* a wrong size is found by the address sanitizer */
	free(p);
}

static void *end_alloc(void *ctx, size_t size)
{
	struct end *e = ctx;

	return count_alloc(e->w, size);
}

static void end_free(void *ctx, void *p, size_t size)
{
	struct end *e = ctx;

	port_free(e->w, p, size);
}

static void *dma_alloc(void *ctx, size_t size, uint64_t *addr)
{
	struct socket_world *w = ctx;
	size_t n = (size + PAGE - 1) / PAGE, run = 0;

	w->allocs++;
	if (w->options.fail_at && w->allocs == w->options.fail_at) {
		w->failed++;
		return NULL;
	}
	for (size_t i = 1; i < PAGES; i++) {
		run = w->used[i] ? 0 : run + 1;
		if (run < n)
			continue;
		i -= n - 1;
		memset(w->used + i, 1, n);
		memset(w->ram + i * PAGE, 0, n * PAGE);
		*addr = i * PAGE;
		w->alive++;
		return w->ram + i * PAGE;
	}
	return NULL;
}

static void dma_free(void *ctx, void *p, size_t size, uint64_t addr)
{
	struct socket_world *w = ctx;
	size_t n = (size + PAGE - 1) / PAGE;

	if (p != w->ram + addr)
		abort();
	memset(w->used + addr / PAGE, 0, n);
	memset(p, 0xdd, n * PAGE);
	w->alive--;
}

/* ---- the device's surroundings ------------------------------------------------------------ */

static void port_panic(void *ctx, const char *where)
{
	(void)ctx;
	fprintf(stderr, "panic: %s\n", where);
	abort();
}

static uint8_t *memory(struct socket_world *w, struct vmci_gpa gpa, uint64_t len)
{
	if (gpa.addr > SOCKET_RAM || len > SOCKET_RAM - gpa.addr)
		return NULL;
	return w->ram + gpa.addr;
}

static int port_read(void *ctx, struct vmci_gpa gpa, void *dst, size_t len)
{
	const uint8_t *p = memory(ctx, gpa, len);

	if (!p)
		return VMCI_LOCAL_BAD_ADDRESS;
	memcpy(dst, p, len);
	return 0;
}

static int port_write(void *ctx, struct vmci_gpa gpa, const void *src, size_t len)
{
	uint8_t *p = memory(ctx, gpa, len);

	if (!p)
		return VMCI_LOCAL_BAD_ADDRESS;
	memcpy(p, src, len);
	return 0;
}

static int port_store32(void *ctx, struct vmci_gpa gpa, uint32_t value)
{
	uint8_t *p = memory(ctx, gpa, sizeof(value));

	if (!p)
		return VMCI_LOCAL_BAD_ADDRESS;
	vmci_store_release32(p, value);
	return 0;
}

static int port_or8(void *ctx, struct vmci_gpa gpa, uint8_t bits)
{
	uint8_t *p = memory(ctx, gpa, 1);

	if (!p)
		return VMCI_LOCAL_BAD_ADDRESS;
	__atomic_fetch_or(p, bits, __ATOMIC_SEQ_CST);
	return 0;
}

static void *port_pin(void *ctx, struct vmci_gpa gpa, unsigned page_shift)
{
	struct socket_world *w = ctx;
	uint8_t *p = memory(w, gpa, (uint64_t)1 << page_shift);

	w->pins += p != NULL;
	return p;
}

static void port_unpin(void *ctx, struct vmci_gpa gpa, void *page, unsigned page_shift)
{
	struct socket_world *w = ctx;

	if (page != memory(w, gpa, (uint64_t)1 << page_shift) || !w->pins)
		abort();
	w->pins--;
}

static void port_message(void *ctx, unsigned vector)
{
	struct socket_world *w = ctx;

	w->messages |= 1u << vector;
}

static void port_line(void *ctx, bool asserted)
{
	(void)ctx;
	(void)asserted;
}

/* ---- the guest's surroundings ------------------------------------------------------------- */

static enum vmci_window window(enum vmci_guest_window w)
{
	return w == VMCI_GUEST_PORTS ? VMCI_WINDOW_PORTS : VMCI_WINDOW_MMIO;
}

static uint32_t in32(void *ctx, enum vmci_guest_window win, uint32_t offset)
{
	struct socket_world *w = ctx;

	return vmci_device_read(w->dev, window(win), offset, 32);
}

static void out32(void *ctx, enum vmci_guest_window win, uint32_t offset, uint32_t value)
{
	struct socket_world *w = ctx;

	vmci_device_write(w->dev, window(win), offset, 32, value);
}

static void out_bytes(void *ctx, uint32_t offset, const uint8_t *src, size_t len)
{
	struct socket_world *w = ctx;

	vmci_device_write_bytes(w->dev, VMCI_WINDOW_PORTS, offset, src, len);
}

static void in_bytes(void *ctx, uint32_t offset, uint8_t *dst, size_t len)
{
	struct socket_world *w = ctx;

	vmci_device_read_bytes(w->dev, VMCI_WINDOW_PORTS, offset, dst, len);
}

static uint64_t guest_now(void *ctx)
{
	struct socket_world *w = ctx;

	return w->now_us;
}

static uint64_t end_now(void *ctx)
{
	struct end *e = ctx;

	return e->w->now_us;
}

static void relax(void *ctx)
{
	struct socket_world *w = ctx;

	w->now_us += 100;
}

/* ---- ends --------------------------------------------------------------------------------- */

static void woken(void *ctx, int fd)
{
	struct end *e = ctx;

	e->wakes++;
	e->last_woken = fd;
	(void)vmci_socket_poll(e->s, fd);
	if (e->w->options.ready)
		e->w->options.ready(ctx, fd);
}

static int keep(void *arg, const uint8_t *data, size_t len)
{
	struct end *e = arg;
	struct seen *seen = &e->inbox[e->tail % SOCKET_INBOX];

	if (len < VMCI_STREAM_PACKET_SIZE)
		return 0;
	if (e->tail - e->head == SOCKET_INBOX)
		e->head++;
	e->tail++;
	seen->len = len;
	seen->src_cid = vmci_get32(data + VMCI_STREAM_PACKET_SRC_CONTEXT);
	seen->src_resource = vmci_get32(data + VMCI_STREAM_PACKET_SRC_RESOURCE);
	seen->type = data[VMCI_STREAM_PACKET_TYPE];
	seen->proto = (uint16_t)vmci_get16(data + VMCI_STREAM_PACKET_PROTO);
	seen->src_port = vmci_get32(data + VMCI_STREAM_PACKET_SRC_PORT);
	seen->dst_port = vmci_get32(data + VMCI_STREAM_PACKET_DST_PORT);
	seen->value = vmci_get64(data + VMCI_STREAM_PACKET_VALUE);
	seen->offset = vmci_get64(data + VMCI_STREAM_PACKET_OFFSET);
	seen->is_clean = data[VMCI_STREAM_PACKET_VERSION] == VMCI_STREAM_VERSION &&
			 !vmci_get32(data + VMCI_STREAM_PACKET_RESERVED);
	return 0;
}

static uint32_t resource(enum which end)
{
	return end == HYPERVISOR ? VMCI_SOCKETS_STREAM_HYPERVISOR_RID : VMCI_SOCKETS_STREAM_RID;
}

static bool open_end(struct socket_world *w, enum which which)
{
	struct end *e = &w->end[which];

	e->t = which == GUEST ? vmci_transport_of_guest(w->g, e, end_alloc, end_free)
			      : vmci_transport_of_context(which == HOST ? w->host : w->hypervisor,
							  e, end_alloc, end_free);
	if (!e->t)
		return false;
	e->cid = (uint32_t)e->t->cid(e->t->ctx);
	if (w->options.bare[which])
		return e->t->endpoint(e->t->ctx, resource(which), VMCI_FLAG_ANYCID_DG_HND, true,
				      keep, e) >= 0;
	return vmci_sockets_create(e->t, &e->port, &w->options.limits, &e->s) == 0;
}

static void close_end(struct socket_world *w, enum which which)
{
	struct end *e = &w->end[which];

	if (e->s)
		vmci_sockets_destroy(e->s);
	else if (e->t)
		(void)e->t->endpoint_close(e->t->ctx, resource(which));
	e->s = NULL;
	vmci_transport_free(e->t);
	e->t = NULL;
}

static bool open_guest(struct socket_world *w)
{
	struct vmci_guest_options options = { .mode = w->options.mmio ? VMCI_GUEST_MODE_MMIO
								      : VMCI_GUEST_MODE_PORTS };

	vmci_device_set_bus_master(w->dev, true);
	vmci_device_set_irq_mode(w->dev, VMCI_IRQ_MSIX, 3);
	for (unsigned i = 0; i < 3; i++)
		vmci_device_set_vector_usable(w->dev, i, true);
	return vmci_guest_probe(&w->guest_port, &options, &w->g) == 0 && open_end(w, GUEST);
}

static void set_ports(struct socket_world *w)
{
	w->hub_port = (struct vmci_hub_port){ w, port_alloc, port_free, NULL, port_panic };
	w->device_port = (struct vmci_device_port){ w,	      port_read, port_write, port_store32,
						    port_or8, port_pin,	 port_unpin, port_message,
						    port_line };
	w->guest_port = (struct vmci_guest_port){ .ctx = w,
						  .has_ports = true,
						  .has_mmio = true,
						  .page_shift = 12,
						  .in32 = in32,
						  .out32 = out32,
						  .out_bytes = out_bytes,
						  .in_bytes = in_bytes,
						  .alloc = port_alloc,
						  .free = port_free,
						  .dma_alloc = dma_alloc,
						  .dma_free = dma_free,
						  .now_us = guest_now,
						  .relax = relax };
	for (int i = 0; i < ENDS; i++) {
		struct end *e = &w->end[i];

		e->w = w;
		e->port = (struct vmci_socket_port){ .ctx = e,
						     .alloc = end_alloc,
						     .free = end_free,
						     .now_us = end_now,
						     .ready = woken,
						     .lock = w->options.lock,
						     .unlock = w->options.unlock };
	}
}

bool socket_world_open(struct socket_world *w, const struct socket_world_options *options)
{
	struct vmci_device_config config = { .cid = SOCKET_CID,
					     .caps = VMCI_CAPS_DATAGRAM | VMCI_CAPS_NOTIFICATIONS |
						     VMCI_CAPS_PPN64 | VMCI_CAPS_DMA_DATAGRAM };

	memset(w, 0, sizeof(*w));
	if (options)
		w->options = *options;
	config.priv = w->options.restricted;
	set_ports(w);
	/* Not from the heap: a sanitizer would touch the shadow of all of it. */
	w->ram = mmap(NULL, SOCKET_RAM, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	w->used = calloc(1, PAGES);
	if (w->ram == MAP_FAILED || !w->used)
		abort();
	if (vmci_hub_create(&w->hub_port, NULL, &w->hub))
		return false;
	w->host = vmci_hub_find(w->hub, VMCI_HOST_CONTEXT_ID);
	w->hypervisor = vmci_hub_find(w->hub, VMCI_HYPERVISOR_CONTEXT_ID);
	return vmci_device_create(w->hub, &config, &w->device_port, &w->dev) == 0 &&
	       open_end(w, HOST) && open_end(w, HYPERVISOR) && open_guest(w);
}

void socket_world_close(struct socket_world *w)
{
	close_end(w, GUEST);
	if (w->g)
		vmci_guest_remove(w->g);
	close_end(w, HOST);
	close_end(w, HYPERVISOR);
	if (w->dev)
		vmci_device_destroy(w->dev);
	if (w->hub)
		vmci_hub_destroy(w->hub);
	if (w->alive || w->alive_bytes || w->pins) {
		fprintf(stderr, "left behind: %llu pieces, %llu bytes, %llu pages pinned\n",
			(unsigned long long)w->alive, (unsigned long long)w->alive_bytes,
			(unsigned long long)w->pins);
		abort();
	}
	munmap(w->ram, SOCKET_RAM);
	free(w->used);
	memset(w, 0, sizeof(*w));
}

void socket_world_guest_resets(struct socket_world *w)
{
	vmci_device_platform_reset(w->dev);
	close_end(w, GUEST);
	vmci_guest_remove(w->g);
	w->g = NULL;
	w->messages = 0;
	if (!open_guest(w))
		abort();
}

/* ---- time --------------------------------------------------------------------------------- */

static bool deliver(struct socket_world *w)
{
	bool any = vmci_hub_run(w->hub) > 0;

	while (w->messages) {
		unsigned n = (unsigned)__builtin_ctz(w->messages);

		w->messages &= ~(1u << n);
		any = true;
		(void)vmci_guest_interrupt(w->g, n);
		while (vmci_guest_is_pending(w->g))
			(void)vmci_guest_pump(w->g);
	}
	return any;
}

static uint64_t pump(struct socket_world *w)
{
	uint64_t next = UINT64_MAX;

	for (int i = 0; i < ENDS; i++) {
		uint64_t wait = w->end[i].s ? vmci_sockets_pump(w->end[i].s) : UINT64_MAX;

		next = wait < next ? wait : next;
	}
	return next;
}

void socket_world_settle(struct socket_world *w)
{
	do
		(void)pump(w);
	while (deliver(w));
}

void socket_world_pass(struct socket_world *w, uint64_t us)
{
	uint64_t end = w->now_us + us, wait;

	for (;;) {
		socket_world_settle(w);
		if (w->now_us >= end)
			return;
		wait = pump(w);
		w->now_us += wait < end - w->now_us ? wait : end - w->now_us;
	}
}

/* ---- a bare hand -------------------------------------------------------------------------- */

int socket_world_send_raw(struct socket_world *w, enum which from, struct vmci_handle dst,
			  const void *payload, size_t len)
{
	struct end *e = &w->end[from];

	return e->t->send(e->t->ctx, dst, resource(from), payload, len);
}

int socket_world_send(struct socket_world *w, enum which from, enum which to, uint8_t type,
		      uint16_t proto, uint32_t src_port, uint32_t dst_port, uint64_t value)
{
	uint8_t body[32] = { 1, type };

	vmci_put16(body + 2, proto);
	vmci_put32(body + 4, src_port);
	vmci_put32(body + 8, dst_port);
	vmci_put64(body + 16, value);
	return socket_world_send_raw(w, from, vmci_handle(w->end[to].cid, resource(to)), body,
				     sizeof(body));
}

const struct seen *socket_world_next(struct socket_world *w, enum which end)
{
	struct end *e = &w->end[end];

	socket_world_settle(w);
	return e->head == e->tail ? NULL : &e->inbox[e->head++ % SOCKET_INBOX];
}

bool socket_world_connect(struct socket_world *w, enum which from, enum which to, uint32_t port,
			  int *client, int *server)
{
	struct vmci_sockets *c = w->end[from].s, *s = w->end[to].s;
	struct vmci_sockaddr any = { VMCI_VMADDR_CID_ANY, port };
	struct vmci_sockaddr there = { w->end[to].cid, port };
	int listener = vmci_socket(s, VMCI_SOCK_STREAM);

	*client = vmci_socket(c, VMCI_SOCK_STREAM);
	*server = -1;
	if (vmci_socket_bind(s, listener, any) || vmci_socket_listen(s, listener, 0))
		return false;
	if (vmci_socket_connect(c, *client, there) != -VMCI_EINPROGRESS)
		return false;
	socket_world_settle(w);
	*server = vmci_socket_accept(s, listener, NULL);
	vmci_socket_close(s, listener);
	return *server >= 0 && vmci_socket_poll(c, *client) == VMCI_POLLOUT &&
	       !vmci_socket_error(c, *client);
}
