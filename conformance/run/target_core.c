/* SPDX-License-Identifier: BSD-2-Clause */
/* target_core.c - the core's device in this process, on virtual time. */
#include "target_core.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <vmci/defs.h>
#include "machine_core.h"

#define LOW_BYTES  0x10000000ull
#define HIGH_BYTES 0x4000000ull

struct core {
	struct target *target;
	struct machine_core machine;
	struct core_vm_options options;
	struct vmci_hub_port port;
	bool is_open;
};

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

static void port_panic(void *ctx, const char *where)
{
	(void)ctx;
	fprintf(stderr, "vmci-conform: the core contradicts itself at %s\n", where);
	abort();
}

static void port_trace(void *ctx, const struct vmci_trace *ev)
{
	const struct target *t = ((struct core *)ctx)->target;

	if (t->trace)
		t->trace(t->trace_ctx, ev);
}

static void second_look(void *ctx, uint64_t gpa)
{
	(void)ctx;
	fprintf(stderr,
		"vmci-conform: the device read guest memory at 0x%llx twice in one access\n",
		(unsigned long long)gpa);
}

static uint8_t *map_memory(uint64_t bytes)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

static void unmap_memory(uint8_t *p, uint64_t bytes)
{
	if (p)
		munmap(p, bytes);
}

static void close_device(struct core *c)
{
	unsigned long kept = c->is_open ? machine_core_close(&c->machine) : 0;

	c->is_open = false;
	if (kept)
		fprintf(stderr, "vmci-conform: the core kept %lu pieces of memory\n", kept);
}

static void close_core(struct target *t)
{
	struct core *c = t->priv;

	close_device(c);
	unmap_memory(c->options.low, LOW_BYTES);
	unmap_memory(c->options.high, HIGH_BYTES);
	free(c);
}

static int start(struct target *t)
{
	struct core *c = t->priv;

	if (machine_core_open(&c->machine, &c->options, &t->machine))
		return -1;
	c->is_open = true;
	return 0;
}

static int reopen(struct target *t)
{
	close_device(t->priv);
	return start(t);
}

/* One word of the options. Returns 0 or -1. */
static int option(struct core_vm_options *o, const char *word, size_t len)
{
	static const char *const irqs[] = { "msix", "msi", "intx" };
	unsigned n = 0;

	if (len == 2 && strncmp(word, "8k", 2) == 0) {
		core_vm_defaults(o, VMCI_BAR1_SIZE_PORTS);
		return 0;
	}
	if (len == 4 && strncmp(word, "256k", 4) == 0) {
		core_vm_defaults(o, VMCI_BAR1_SIZE_MMIO);
		return 0;
	}
	for (unsigned i = 0; i < 3; i++)
		if (strlen(irqs[i]) == len && strncmp(word, irqs[i], len) == 0) {
			o->pci.irq = (enum config_irq)i;
			return 0;
		}
	if (len == 9 && strncmp(word, "vectors=", 8) == 0)
		n = (unsigned)(word[8] - '0');
	if (n < 1 || n > CONFIG_VECTORS_MAX)
		return -1;
	o->pci.vectors = n;
	return 0;
}

int target_core_open(struct target *t, const char *options, char *error, size_t size)
{
	struct core *c = calloc(1, sizeof(*c));

	if (!c) {
		snprintf(error, size, "out of memory");
		return -1;
	}
	core_vm_defaults(&c->options, VMCI_BAR1_SIZE_MMIO);
	for (const char *at = options; *at;) {
		size_t len = strcspn(at, ",");

		if (option(&c->options, at, len)) {
			snprintf(error, size,
				 "core:%s: expected 8k, 256k, msix, msi, intx or vectors=1..8",
				 options);
			free(c);
			return -1;
		}
		at += len + (at[len] == ',');
	}
	c->target = t;
	c->port = (struct vmci_hub_port){ .ctx = c,
					  .alloc = port_alloc,
					  .free = port_free,
					  .trace = port_trace,
					  .panic = port_panic };
	c->options.port = &c->port;
	c->options.second_look = second_look;
	c->options.low = map_memory(LOW_BYTES);
	c->options.low_bytes = LOW_BYTES;
	c->options.high = map_memory(HIGH_BYTES);
	c->options.high_bytes = HIGH_BYTES;
	t->priv = c;
	if (!c->options.low || !c->options.high || start(t)) {
		snprintf(error, size, "core: no memory for a device");
		close_core(t);
		return -1;
	}
	t->reopen = reopen;
	t->close = close_core;
	snprintf(t->name, sizeof(t->name), "core");
	snprintf(t->implementation, sizeof(t->implementation), "OpenVMCI core");
	snprintf(t->version, sizeof(t->version), "0.1");
	return 0;
}
