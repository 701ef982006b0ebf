/* SPDX-License-Identifier: BSD-2-Clause */
/* simdev.c - the core's device role behind the vfio-user server. */
#include "simdev.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STATUS_BYTE 0x06u /* of configuration space */

/* ---- what the core asks of us ---- */

static void *port_alloc(void *ctx, size_t size)
{
	(void)ctx;
	return calloc(1, size);
}

static void port_free(void *ctx, void *p, size_t size)
{
	(void)ctx;
	(void)size;
	free(p);
}

static void port_trace(void *ctx, const struct vmci_trace *ev)
{
	struct simdev *s = ctx;

	trace_text_event(&s->trace, ev);
	if (s->options.watch)
		s->options.watch(s->options.watch_ctx, ev);
}

static void port_panic(void *ctx, const char *where)
{
	(void)ctx;
	fprintf(stderr, "vmci-sim: the core contradicts itself at %s\n", where);
	abort();
}

static struct guestmem *memory(void *ctx)
{
	return vfu_memory(((struct simdev *)ctx)->vfu);
}

static int port_read(void *ctx, struct vmci_gpa gpa, void *dst, size_t len)
{
	return guestmem_read(memory(ctx), gpa.addr, dst, len) ? VMCI_LOCAL_BAD_ADDRESS : 0;
}

static int port_write(void *ctx, struct vmci_gpa gpa, const void *src, size_t len)
{
	return guestmem_write(memory(ctx), gpa.addr, src, len) ? VMCI_LOCAL_BAD_ADDRESS : 0;
}

static int copy_for_peer(void *ctx, uint64_t addr, uint8_t *buf, size_t len, bool to_guest)
{
	return to_guest ? guestmem_write(memory(ctx), addr, buf, len)
			: guestmem_read(memory(ctx), addr, buf, len);
}

static int port_store32(void *ctx, struct vmci_gpa gpa, uint32_t value)
{
	return guestmem_store32_release(memory(ctx), gpa.addr, value) ? VMCI_LOCAL_BAD_ADDRESS : 0;
}

static int port_or8(void *ctx, struct vmci_gpa gpa, uint8_t bits)
{
	return guestmem_or8(memory(ctx), gpa.addr, bits) ? VMCI_LOCAL_BAD_ADDRESS : 0;
}

static void *port_pin(void *ctx, struct vmci_gpa gpa, unsigned page_shift)
{
	return guestmem_pin(memory(ctx), gpa.addr, (size_t)1 << page_shift);
}

static void port_unpin(void *ctx, struct vmci_gpa gpa, void *page, unsigned page_shift)
{
	(void)gpa;
	(void)page_shift;
	guestmem_unpin(memory(ctx), page);
}

static void port_message(void *ctx, unsigned vector)
{
	irqs_message(vfu_irqs(((struct simdev *)ctx)->vfu), vector);
}

static void port_line(void *ctx, bool asserted)
{
	irqs_line(vfu_irqs(((struct simdev *)ctx)->vfu), asserted);
}

/* ---- what the server asks of us ---- */

static uint32_t get_le(const uint8_t *p, uint32_t len)
{
	uint32_t v = 0;

	for (uint32_t i = 0; i < len; i++)
		v |= (uint32_t)p[i] << 8 * i;
	return v;
}

static void put_le(uint8_t *p, uint32_t len, uint32_t v)
{
	for (uint32_t i = 0; i < len; i++)
		p[i] = (uint8_t)(v >> 8 * i);
}

/* Which register window an access falls into. False: none. */
static bool window_of(const struct simdev *s, unsigned region, uint64_t off,
		      enum vmci_window *window, uint32_t *at)
{
	if (region == VFU_BAR0) {
		*window = VMCI_WINDOW_PORTS;
		*at = (uint32_t)off;
		return true;
	}
	if (s->options.pci.bar1_bytes != VMCI_BAR1_SIZE_MMIO || off < VMCI_MMIO_ACCESS_OFFSET ||
	    off - VMCI_MMIO_ACCESS_OFFSET >= VMCI_MMIO_ACCESS_SIZE)
		return false;
	*window = VMCI_WINDOW_MMIO;
	*at = (uint32_t)(off - VMCI_MMIO_ACCESS_OFFSET);
	return true;
}

/* Storage behind the MSI-X table. The client plays the table itself; this serves one that looks. */
static void table_access(struct simdev *s, uint64_t off, uint8_t *dst, const uint8_t *src,
			 uint32_t len)
{
	uint64_t size = 16u * s->options.pci.vectors;

	for (uint32_t i = 0; i < len && off + i < size; i++) {
		if (dst)
			dst[i] = s->msix_table[off + i];
		else
			s->msix_table[off + i] = src[i];
	}
}

static void read_config(struct simdev *s, uint32_t off, uint8_t *dst, uint32_t len)
{
	if (off <= STATUS_BYTE && off + len > STATUS_BYTE)
		config_set_intx_status(&s->config, vmci_device_intx_status(s->device));
	config_read(&s->config, off, dst, len);
	/* Only an access that is nothing but a mailbox register may have its side effects. */
	if (s->peerbox && off >= PEERBOX_MAGIC_REG && peerbox_covers(off, len))
		peerbox_read(s->peerbox, off, dst, len);
}

static void write_config(struct simdev *s, uint32_t off, const uint8_t *src, uint32_t len)
{
	if (s->peerbox && off >= PEERBOX_MAGIC_REG && peerbox_covers(off, len)) {
		peerbox_write(s->peerbox, off, src, len);
		return;
	}
	if (config_write(&s->config, off, src, len) & CONFIG_BUS_MASTER)
		vmci_device_set_bus_master(s->device, config_bus_master(&s->config));
}

static void on_read(void *ctx, unsigned region, uint64_t off, uint8_t *dst, uint32_t len)
{
	struct simdev *s = ctx;
	enum vmci_window window;
	uint32_t at;

	if (region == VFU_CONFIG)
		read_config(s, (uint32_t)off, dst, len);
	else if (!window_of(s, region, off, &window, &at))
		table_access(s, off, dst, NULL, len);
	else if (len == 1 || len == 2 || len == 4)
		put_le(dst, len,
		       s->tap ? tap_read(s->tap, window, at, len * 8)
			      : vmci_device_read(s->device, window, at, len * 8));
}

static void on_write(void *ctx, unsigned region, uint64_t off, const uint8_t *src, uint32_t len)
{
	struct simdev *s = ctx;
	enum vmci_window window;
	uint32_t at;

	if (region == VFU_CONFIG)
		write_config(s, (uint32_t)off, src, len);
	else if (!window_of(s, region, off, &window, &at))
		table_access(s, off, NULL, src, len);
	else if ((len == 1 || len == 2 || len == 4) && s->tap)
		tap_write(s->tap, window, at, len * 8, get_le(src, len));
	else if (len == 1 || len == 2 || len == 4)
		vmci_device_write(s->device, window, at, len * 8, get_le(src, len));
}

static void tell_mode(struct simdev *s, enum irqs_mode mode, unsigned vectors)
{
	static const enum vmci_irq_mode modes[] = { [IRQS_OFF] = VMCI_IRQ_NONE,
						    [IRQS_INTX] = VMCI_IRQ_INTX,
						    [IRQS_MSI] = VMCI_IRQ_MSI,
						    [IRQS_MSIX] = VMCI_IRQ_MSIX };

	s->irq_mode = mode;
	s->irq_vectors = vectors;
	vmci_device_set_irq_mode(s->device, modes[mode], vectors);
}

static void on_irqs(void *ctx)
{
	struct simdev *s = ctx;
	const struct irqs *q = vfu_irqs(s->vfu);
	enum irqs_mode mode = irqs_mode(q);
	uint32_t usable = irqs_usable(q);
	unsigned vectors = mode == IRQS_MSIX ? q->kind[VFU_MSIX].enabled : mode != IRQS_OFF;

	if (vectors > VMCI_MAX_INTRS_DMA_DATAGRAM)
		vectors = VMCI_MAX_INTRS_DMA_DATAGRAM;
	if (mode != s->irq_mode || vectors != s->irq_vectors)
		tell_mode(s, mode, vectors);
	for (unsigned v = 0; v < vectors; v++)
		vmci_device_set_vector_usable(s->device, v, usable >> v & 1);
}

static void on_reset(void *ctx, enum vfu_why why)
{
	struct simdev *s = ctx;

	config_reset(&s->config);
	memset(s->msix_table, 0, sizeof(s->msix_table));
	vmci_device_platform_reset(s->device);
	vmci_device_set_bus_master(s->device, false);
	/* The device forgot the interrupt mode; eventfds that stay are told to it again. */
	s->irq_mode = IRQS_OFF;
	s->irq_vectors = 0;
	if (why == VFU_DISCONNECT && s->peerbox)
		peerbox_reset(s->peerbox);
	if (why == VFU_ASKED)
		on_irqs(s);
	if (s->options.was_reset)
		s->options.was_reset(s->options.reset_ctx);
}

/* Memory that comes leaves what is pinned alone. */
static void on_memory(void *ctx, bool added, uint64_t gpa, uint64_t size)
{
	struct simdev *s = ctx;

	(void)gpa, (void)size;
	if (added)
		return;
	vmci_device_memory_changed(s->device);
	/* The device forgets its pages without giving them back. */
	guestmem_forget_pins(memory(s));
}

static void on_note(void *ctx, enum vfu_note what, uint64_t a, uint64_t b, const char *text)
{
	struct simdev *s = ctx;

	trace_text_vfu(&s->trace, what, a, b, text);
}

/* ---- together ---- */

static void fill_ports(struct simdev *s)
{
	s->hub_port = (struct vmci_hub_port){ .ctx = s,
					      .alloc = port_alloc,
					      .free = port_free,
					      .trace = s->trace.out || s->options.watch ? port_trace
											: NULL,
					      .panic = port_panic };
	s->device_port = (struct vmci_device_port){ .ctx = s,
						    .mem_read = port_read,
						    .mem_write = port_write,
						    .mem_store32_release = port_store32,
						    .mem_or8 = port_or8,
						    .page_pin = port_pin,
						    .page_unpin = port_unpin,
						    .irq_message = port_message,
						    .irq_line = port_line };
}

static struct vfu_device describe(struct simdev *s)
{
	const struct config_options *pci = &s->options.pci;

	return (struct vfu_device){ .ctx = s,
				    .region_bytes = { [VFU_BAR0] = VMCI_BAR0_SIZE,
						      [VFU_BAR1] = pci->bar1_bytes,
						      [VFU_CONFIG] = CONFIG_BYTES },
				    .vectors = { 1, pci->irq != CONFIG_IRQ_INTX,
						 pci->irq == CONFIG_IRQ_MSIX ? pci->vectors : 0 },
				    /* DG.RCV.16 */
				    .no_posted_writes = true,
				    .read = on_read,
				    .write = on_write,
				    .reset = on_reset,
				    .irqs_changed = on_irqs,
				    .memory_changed = on_memory,
				    .note = on_note };
}

int simdev_open(struct simdev *s, const struct simdev_options *options,
		const struct vfu_options *vfu, int listener, peerbox_handler *handler,
		void *handler_ctx, FILE *trace)
{
	struct vfu_device described;
	int rc;

	memset(s, 0, sizeof(*s));
	s->options = *options;
	trace_text_start(&s->trace, trace);
	config_init(&s->config, &options->pci);
	fill_ports(s);
	described = describe(s);
	s->vfu = vfu_new(&described, vfu, listener);
	if (s->vfu && options->pci.peer)
		s->peerbox = peerbox_new(handler, handler_ctx);
	if (s->peerbox)
		peerbox_set_memory(s->peerbox, copy_for_peer, s);
	if (!s->vfu || (options->pci.peer && !s->peerbox)) {
		rc = VMCI_LOCAL_NO_MEMORY;
	} else {
		rc = vmci_hub_create(&s->hub_port, NULL, &s->hub);
		if (rc == 0)
			rc = vmci_device_create(s->hub, &options->device, &s->device_port,
						&s->device);
	}
	if (rc)
		simdev_close(s);
	else
		vmci_device_set_bus_master(s->device, false);
	return rc;
}

void simdev_close(struct simdev *s)
{
	if (s->vfu)
		vfu_hang_up(s->vfu, "server ends");
	if (s->device)
		vmci_device_destroy(s->device);
	if (s->hub)
		vmci_hub_destroy(s->hub);
	vfu_free(s->vfu);
	peerbox_free(s->peerbox);
	memset(s, 0, sizeof(*s));
}

int simdev_configure(struct simdev *s, const struct vmci_device_config *config)
{
	int rc = vmci_device_configure(s->device, config);

	if (rc)
		return rc;
	/* The machine around is as before: the device learns it anew. */
	s->irq_mode = IRQS_OFF;
	s->irq_vectors = 0;
	vmci_device_set_bus_master(s->device, config_bus_master(&s->config));
	on_irqs(s);
	return 0;
}
