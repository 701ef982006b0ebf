/* SPDX-License-Identifier: BSD-2-Clause */
/* step_device.c - what a guest does to a device under test: registers, configuration, datagrams. */
#include <vmci/defs.h>
#include <vmci/mem.h>
#include <vmci/wire.h>
#include "pci.h"
#include "steps.h"

static struct code_subject plain(uint64_t value)
{
	struct code_subject s = { value, false, false };

	return s;
}

static struct code_subject word(uint32_t value)
{
	struct code_subject s = { value, true, false };

	return s;
}

static struct code_subject result(uint32_t value)
{
	struct code_subject s = { value, true, true };

	return s;
}

static struct code_subject sized(uint32_t value, uint64_t bits)
{
	if (bits == 8)
		return plain(value & 0xff);
	if (bits == 16)
		return plain(value & 0xffff);
	return word(value);
}

static int width_wrong(struct engine *e, uint64_t bits)
{
	if (bits == 8 || bits == 16 || bits == 32)
		return 0;
	return step_error(e, "the table has an access of a wrong width");
}

/* ---- memory ---- */

static int remember(struct engine *e, uint64_t pa, uint64_t len)
{
	if (e->nregions == ENGINE_REGIONS)
		return step_error(e, "the vector has too many regions");
	e->regions[e->nregions].pa = pa;
	e->regions[e->nregions].len = len;
	e->nregions++;
	return 0;
}

static int do_region(struct engine *e, const struct step *s)
{
	struct machine *m = e->machine;
	uint64_t pa = 0, bytes = s->args[1], align = s->args[2];
	int rc;

	if (s->args[0] >= VCT_SLOTS)
		return step_error(e, "the table names a variable that is not there");
	if (!m->mem_alloc)
		return step_unobserved(e, "give guest memory");
	if (!bytes || bytes > (uint64_t)1 << 30 || (align & (align - 1)))
		return step_error(e, "the table has a region of a wrong size or alignment");
	if (align < (uint64_t)1 << m->page_shift)
		align = (uint64_t)1 << m->page_shift;
	rc = m->mem_alloc(m->ctx, bytes, align, s->args[3] != 0, &pa);
	if (rc == MACHINE_ERROR)
		return step_error(e, "the harness has not enough guest memory");
	if (rc)
		return step_machine(e, rc, "give such guest memory");
	e->env.slots[s->args[0]] = pa;
	return remember(e, pa, bytes);
}

static int do_queues(struct engine *e, const struct step *s)
{
	struct ring_pair *q;
	int rc;

	if (s->args[0] >= VCT_OBJECTS || s->args[3] >= VCT_SLOTS || s->args[4] >= VCT_SLOTS)
		return step_error(e, "the table names a queue pair that is not there");
	if (!e->machine->mem_alloc)
		return step_unobserved(e, "give guest memory");
	q = &e->env.pairs[s->args[0]];
	rc = ring_create(q, e->machine, s->args[1], s->args[2], e->seed);
	if (rc == MACHINE_ERROR || rc > 0)
		return step_error(e, "the harness has not enough guest memory");
	if (rc)
		return step_machine(e, rc, "give such guest memory");
	e->env.slots[s->args[3]] = ring_produce_header(q);
	e->env.slots[s->args[4]] = ring_consume_header(q);
	return remember(e, q->base, (uint64_t)q->npages << q->page_shift);
}

static int do_write(struct engine *e, const struct step *s)
{
	uint64_t at = s->args[0];

	for (uint32_t i = 0; i < e->nregions; i++) {
		uint64_t off = at - e->regions[i].pa;

		if (at >= e->regions[i].pa && off <= e->regions[i].len &&
		    s->blob_len <= e->regions[i].len - off)
			return step_machine(
				e, e->machine->mem_write(e->machine->ctx, at, e->blob, s->blob_len),
				"write guest memory");
	}
	return step_error(e, "the vector writes memory outside its regions");
}

/* ---- registers ---- */

/* Page numbers are as wide as the guest has negotiated, by hand or not. */
static void follow_negotiation(struct engine *e, uint64_t off, uint32_t value)
{
	tidy_register(&e->tidy, off);
	basics_register(e, off);
	if (off == VMCI_CAPS_ADDR)
		e->env.ppn64 = value & e->offer.caps & VMCI_CAPS_PPN64;
	if (off == VMCI_CONTROL_ADDR && value & VMCI_CONTROL_RESET) {
		e->env.ppn64 = false;
		xport_forget(&e->xport);
	}
}

static int do_in(struct engine *e, const struct step *s)
{
	uint32_t value = 0;
	int rc;

	if (width_wrong(e, s->args[0]))
		return 1;
	basics_register(e, s->args[1]);
	rc = e->machine->reg_read(e->machine->ctx, e->window, (unsigned)s->args[0],
				  (uint32_t)s->args[1], &value);
	if (rc)
		return step_machine(e, rc, "read a register");
	if (s->args[1] == VMCI_DATA_IN_ADDR)
		tidy_in(&e->tidy, (size_t)s->args[0] / 8);
	return step_number(e, s, sized(value, s->args[0]), ENGINE_CLASS_VALUE);
}

static int do_out(struct engine *e, const struct step *s)
{
	uint32_t value = (uint32_t)s->args[2];
	uint8_t raw[4];
	int rc;

	if (width_wrong(e, s->args[0]))
		return 1;
	rc = e->machine->reg_write(e->machine->ctx, e->window, (unsigned)s->args[0],
				   (uint32_t)s->args[1], value);
	if (!rc && s->args[0] == 32)
		follow_negotiation(e, s->args[1], value);
	vmci_put32(raw, value);
	if (s->args[1] == VMCI_DATA_OUT_ADDR)
		tidy_out(&e->tidy, raw, (size_t)s->args[0] / 8);
	return step_machine(e, rc, "write a register");
}

static int do_outs(struct engine *e, const struct step *s)
{
	basics_register(e, s->args[0]);
	if (s->args[0] == VMCI_DATA_OUT_ADDR)
		tidy_out(&e->tidy, e->blob, s->blob_len);
	return step_machine(e,
			    e->machine->reg_write_bytes(e->machine->ctx, e->window,
							(uint32_t)s->args[0], e->blob, s->blob_len),
			    "write a port");
}

static int do_ins(struct engine *e, const struct step *s)
{
	int rc;

	if (s->args[1] > ENGINE_DATA_MAX)
		return step_error(e, "the step reads more bytes than the engine can hold");
	basics_register(e, s->args[0]);
	rc = e->machine->reg_read_bytes(e->machine->ctx, e->window, (uint32_t)s->args[0], e->data,
					(size_t)s->args[1]);
	if (rc)
		return step_machine(e, rc, "read a port");
	if (s->args[0] == VMCI_DATA_IN_ADDR)
		tidy_in(&e->tidy, (size_t)s->args[1]);
	if (!step_bytes(e, s, e->data, (size_t)s->args[1], CODE_PLAIN))
		return step_fail(e, ENGINE_CLASS_VALUE);
	return 0;
}

static int do_cfg_in(struct engine *e, const struct step *s)
{
	uint32_t value = 0;
	int rc = MACHINE_UNSUPPORTED;

	if (width_wrong(e, s->args[0]))
		return 1;
	if (e->machine->cfg_read)
		rc = e->machine->cfg_read(e->machine->ctx, (unsigned)s->args[0],
					  (uint32_t)s->args[1], &value);
	if (rc)
		return step_machine(e, rc, "read PCI configuration space");
	return step_number(e, s, sized(value, s->args[0]), ENGINE_CLASS_VALUE);
}

static int do_cfg_out(struct engine *e, const struct step *s)
{
	int rc = MACHINE_UNSUPPORTED;

	if (width_wrong(e, s->args[0]))
		return 1;
	if (e->machine->cfg_write)
		rc = e->machine->cfg_write(e->machine->ctx, (unsigned)s->args[0],
					   (uint32_t)s->args[1], (uint32_t)s->args[2]);
	return step_machine(e, rc, "write PCI configuration space");
}

static int do_bar(struct engine *e, const struct step *s)
{
	enum machine_bar_kind kind = BAR_NONE;
	uint64_t size = 0;
	int rc = MACHINE_UNSUPPORTED;

	if (e->machine->bar_info)
		rc = e->machine->bar_info(e->machine->ctx, (unsigned)s->args[0], &size, &kind);
	if (rc)
		return step_machine(e, rc, "see base address registers");
	return step_number(e, s, plain(s->rec->verb == VCT_BAR_SIZE ? size : (uint64_t)kind),
			   ENGINE_CLASS_VALUE);
}

static int do_pcicap(struct engine *e, const struct step *s)
{
	uint32_t at = 0;
	bool ends = true;
	int rc = pci_find_capability(e->machine, (uint32_t)s->args[0], 0, &at);

	if (!rc)
		rc = pci_capabilities_end(e->machine, &ends);
	if (rc)
		return step_machine(e, rc, "read PCI configuration space");
	if (!ends)
		return step_fail_text(e, ENGINE_CLASS_VALUE, "a list of capabilities with an end",
				      "one that comes back to itself");
	return step_number(e, s, plain(at), ENGINE_CLASS_VALUE);
}

/* ---- datagrams ---- */

/* The payload is in e->blob; the header goes in front of it. */
static int do_send(struct engine *e, const struct step *s, const uint64_t *address)
{
	uint32_t value = 0;
	int rc;

	if (e->no_ports_calls)
		return step_skip(e, "bar.ports");
	if (s->blob_len > ENGINE_BLOB_MAX - VMCI_DATAGRAM_SIZE)
		return step_error(e, "the step has more bytes than the engine can hold");
	memmove(e->blob + VMCI_DATAGRAM_PAYLOAD, e->blob, s->blob_len);
	for (int i = 0; i < 4; i++)
		vmci_put32(e->blob + 4 * (size_t)i, (uint32_t)address[i]);
	vmci_put64(e->blob + VMCI_DATAGRAM_PAYLOAD_SIZE, s->blob_len);
	if (address[0] == VMCI_HYPERVISOR_CONTEXT_ID)
		tidy_call(&e->tidy, address[1], e->blob + VMCI_DATAGRAM_PAYLOAD, s->blob_len);
	if (!e->xport.dma)
		tidy_out(&e->tidy, e->blob, VMCI_DATAGRAM_SIZE + s->blob_len);
	step_texts(e);
	basics_sends(e, (uint32_t)address[0], (uint32_t)address[1]);
	rc = xport_send(&e->xport, e->blob, VMCI_DATAGRAM_SIZE + s->blob_len, &value);
	if (rc == XPORT_FAULT)
		basics_fault(e);
	if (rc)
		return step_machine(e, rc, "send a datagram");
	basics_result(e, (uint32_t)address[0], (uint32_t)address[1], value);
	return step_number(e, s, result(value), ENGINE_CLASS_VALUE);
}

static int do_call(struct engine *e, const struct step *s)
{
	uint64_t address[4] = { VMCI_HYPERVISOR_CONTEXT_ID, s->args[0], s->args[1], s->args[2] };

	return do_send(e, s, address);
}

/* ---- the PCI function ---- */

static int do_irq_mode(struct engine *e, const struct step *s)
{
	int rc = MACHINE_UNSUPPORTED;

	if (s->args[0] > VCT_IRQ_INTX)
		return step_error(e, "the table has a wrong interrupt mode");
	basics_irq_mode(e, (enum vct_irq_mode)s->args[0]);
	if (e->machine->irq_mode)
		rc = e->machine->irq_mode(e->machine->ctx, (enum vct_irq_mode)s->args[0]);
	return step_machine(e, rc, "program interrupts that way");
}

static int do_irq_mask(struct engine *e, const struct step *s)
{
	int rc = MACHINE_UNSUPPORTED;

	if (e->machine->irq_mask)
		rc = e->machine->irq_mask(e->machine->ctx, (unsigned)s->args[0], s->args[1] != 0);
	return step_machine(e, rc, "mask interrupt messages");
}

static int do_bus_master(struct engine *e, const struct step *s)
{
	int rc = MACHINE_UNSUPPORTED;

	if (e->machine->bus_master)
		rc = e->machine->bus_master(e->machine->ctx, s->args[0] != 0);
	return step_machine(e, rc, "switch bus mastering");
}

static int do_platform_reset(struct engine *e)
{
	int rc = MACHINE_UNSUPPORTED;

	if (e->machine->plat_reset)
		rc = e->machine->plat_reset(e->machine->ctx);
	if (!rc) {
		e->env.ppn64 = false;
		xport_forget(&e->xport);
	}
	return step_machine(e, rc, "reset the PCI function");
}

int step_device(struct engine *e, const struct step *s)
{
	/* A guest under test has the device for itself; only memory is shared. */
	if (e->vector->role == VCT_ROLE_GUEST && s->rec->verb > VCT_LET &&
	    s->rec->verb != VCT_WRITE)
		return step_error(e, "the table drives a device while a guest is under test");
	switch (s->rec->verb) {
	case VCT_REGION:
		return do_region(e, s);
	case VCT_QUEUES:
		return do_queues(e, s);
	case VCT_IN:
		return do_in(e, s);
	case VCT_OUT:
		return do_out(e, s);
	case VCT_OUTS:
		return do_outs(e, s);
	case VCT_INS:
		return do_ins(e, s);
	case VCT_CFG_IN:
		return do_cfg_in(e, s);
	case VCT_CFG_OUT:
		return do_cfg_out(e, s);
	case VCT_BAR_SIZE:
	case VCT_BAR_KIND:
		return do_bar(e, s);
	case VCT_PCICAP:
		return do_pcicap(e, s);
	case VCT_CALL:
		return do_call(e, s);
	case VCT_SEND:
		return do_send(e, s, s->args);
	case VCT_WRITE:
		return do_write(e, s);
	case VCT_IRQ_MODE:
		return do_irq_mode(e, s);
	case VCT_IRQ_MASK:
		return do_irq_mask(e, s);
	case VCT_BUSMASTER:
		return do_bus_master(e, s);
	case VCT_PLATRESET:
		return do_platform_reset(e);
	default:
		return step_error(e, "the table has a step of an unknown kind");
	}
}
