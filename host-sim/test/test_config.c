/* SPDX-License-Identifier: BSD-2-Clause */
/* test_config.c - configuration space: golden listing of each variant, writable bits, sizing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include <vmci/defs.h>
#include <vmci/wire.h>
#include <mailbox_regs.h>
#include <pci_function.h>

#define REG_COMMAND	 0x04u
#define REG_STATUS	 0x06u
#define REG_CAPABILITIES 0x34u
#define REG_PIN		 0x3du
#define STATUS_INTERRUPT 0x0008u
#define CAP_MSI		 0x05
#define CAP_MSIX	 0x11
#define MSI_64_BIT	 0x0080u
#define MSI_ENABLE	 0x0001u

/* ---- a listing in the manner of lspci -nvv ---- */

struct text {
	char *buf;
	unsigned size;
	int len;
};

__attribute__((format(printf, 2, 3))) static void add(struct text *t, const char *format, ...)
{
	va_list ap;
	unsigned used = (unsigned)t->len < t->size ? (unsigned)t->len : t->size;
	int n;

	va_start(ap, format);
	n = vsnprintf(t->buf + used, t->size - used, format, ap);
	va_end(ap);
	if (n > 0)
		t->len += n;
}

static void describe_capability(const struct config *c, struct text *t, uint32_t at)
{
	const uint8_t *cap = c->reg + at;
	uint32_t control = vmci_get16(cap + 2);

	switch (cap[0]) {
	case CAP_MSI:
		add(t, "\tCapabilities: [%02x] MSI: Enable%c Count=1/1 Maskable- 64bit%c\n", at,
		    control & MSI_ENABLE ? '+' : '-', control & MSI_64_BIT ? '+' : '-');
		break;
	case CAP_MSIX:
		add(t, "\tCapabilities: [%02x] MSI-X: Enable%c Count=%u Masked%c\n", at,
		    control & 0x8000u ? '+' : '-', (control & 0x7ffu) + 1,
		    control & 0x4000u ? '+' : '-');
		add(t, "\t\tVector table: BAR=%u offset=%08x\n", vmci_get32(cap + 4) & 7,
		    vmci_get32(cap + 4) & ~7u);
		add(t, "\t\tPBA: BAR=%u offset=%08x\n", vmci_get32(cap + 8) & 7,
		    vmci_get32(cap + 8) & ~7u);
		break;
	default:
		add(t, "\tCapabilities: [%02x] Vendor Specific Information: Len=%02x\n", at,
		    cap[2]);
		break;
	}
}

/* Returns the length without the final NUL. */
static int config_describe(const struct config *c, char *buf, unsigned size)
{
	struct text t = { .buf = buf, .size = size };
	uint32_t class = vmci_get32(c->reg + 8), status = vmci_get16(c->reg + REG_STATUS);
	uint32_t command = vmci_get16(c->reg + REG_COMMAND);

	add(&t, "%04x: %04x:%04x (rev %02x) (prog-if %02x)\n", class >> 16, vmci_get16(c->reg),
	    vmci_get16(c->reg + 2), class & 0xff, class >> 8 & 0xff);
	add(&t, "\tSubsystem: %04x:%04x\n", vmci_get16(c->reg + 0x2c), vmci_get16(c->reg + 0x2e));
	add(&t, "\tControl: I/O%c Mem%c BusMaster%c DisINTx%c\n", command & 1 ? '+' : '-',
	    command & 2 ? '+' : '-', command & 4 ? '+' : '-', command & 0x400 ? '+' : '-');
	add(&t, "\tStatus: Cap%c 66MHz%c FastB2B%c DEVSEL=%s INTx%c\n", status & 0x10 ? '+' : '-',
	    status & 0x20 ? '+' : '-', status & 0x80 ? '+' : '-',
	    (status >> 9 & 3) == 1 ? "medium" : "other", status & STATUS_INTERRUPT ? '+' : '-');
	add(&t, "\tLatency: %u (%uns min, %uns max)\n", c->reg[0x0d], c->reg[0x3e] * 250u,
	    c->reg[0x3f] * 250u);
	add(&t, "\tInterrupt: pin %c\n", "-ABCD"[c->reg[REG_PIN] < 5 ? c->reg[REG_PIN] : 0]);
	add(&t, "\tRegion 0: I/O ports [size=%u]\n", VMCI_BAR0_SIZE);
	add(&t, "\tRegion 1: Memory (64-bit, non-prefetchable) [size=%uK]\n",
	    c->options.bar1_bytes / 1024u);
	for (uint32_t at = c->reg[REG_CAPABILITIES]; at; at = c->reg[at + 1])
		describe_capability(c, &t, at);
	return t.len;
}

/* ---- tests ---- */

static struct config make(uint32_t bar1, enum config_irq irq, unsigned vectors, bool peer)
{
	struct config_options o = { bar1, irq, vectors, peer };
	struct config c;

	config_init(&c, &o);
	return c;
}

static uint32_t cfg32(const struct config *c, uint32_t off)
{
	uint8_t raw[4];

	config_read(c, off, raw, 4);
	return vmci_get32(raw);
}

static unsigned write_back(struct config *c, uint32_t off, uint32_t value, uint32_t len)
{
	uint8_t raw[4];

	vmci_put32(raw, value);
	return config_write(c, off, raw, len);
}

/* The listing in golden/config.txt is what a person checked against the published listings
 * of the real device. When it differs, the
 * new listing goes to the error output. */
static void golden_listings(void **state)
{
	static char want[8192], got[8192];
	const struct config variants[] = {
		make(VMCI_BAR1_SIZE_MMIO, CONFIG_IRQ_MSIX, 3, true),
		make(VMCI_BAR1_SIZE_PORTS, CONFIG_IRQ_MSIX, 2, true),
		make(VMCI_BAR1_SIZE_MMIO, CONFIG_IRQ_MSI, 1, false),
		make(VMCI_BAR1_SIZE_PORTS, CONFIG_IRQ_INTX, 1, false),
	};
	size_t have = 0, len;
	FILE *f;

	(void)state;
	for (size_t i = 0; i < sizeof(variants) / sizeof(variants[0]); i++) {
		have += (size_t)config_describe(&variants[i], got + have,
						(unsigned)(sizeof(got) - have));
		for (unsigned row = 0; row < CONFIG_BYTES && have < sizeof(got) - 64; row += 16) {
			have += (size_t)snprintf(got + have, sizeof(got) - have, "%02x:", row);
			for (unsigned b = 0; b < 16; b++)
				have += (size_t)snprintf(got + have, sizeof(got) - have, " %02x",
							 variants[i].reg[row + b]);
			have += (size_t)snprintf(got + have, sizeof(got) - have, "\n");
		}
		have += (size_t)snprintf(got + have, sizeof(got) - have, "\n");
	}
	f = fopen("host-sim/test/golden/config.txt", "r");
	len = f ? fread(want, 1, sizeof(want) - 1, f) : 0;
	if (f)
		fclose(f);
	if (have != len || memcmp(got, want, len) != 0) {
		fputs(got, stderr);
		fail_msg("differs from host-sim/test/golden/config.txt");
	}
}

static void bars_are_sized(void **state)
{
	struct config c = make(VMCI_BAR1_SIZE_MMIO, CONFIG_IRQ_MSIX, 3, true);

	(void)state;
	for (uint32_t off = 0x10; off < 0x28; off += 4)
		write_back(&c, off, 0xffffffff, 4);
	assert_int_equal(cfg32(&c, 0x10), 0xffffffc1);
	assert_int_equal(cfg32(&c, 0x14), 0xfffc0004);
	assert_int_equal(cfg32(&c, 0x18), 0xffffffff);
	assert_int_equal(cfg32(&c, 0x1c), 0);
	assert_int_equal(cfg32(&c, 0x20), 0);
	assert_int_equal(cfg32(&c, 0x24), 0);
	write_back(&c, 0x30, 0xfffff800, 4);
	assert_int_equal(cfg32(&c, 0x30), 0);
	c = make(VMCI_BAR1_SIZE_PORTS, CONFIG_IRQ_MSIX, 2, true);
	write_back(&c, 0x14, 0xffffffff, 4);
	assert_int_equal(cfg32(&c, 0x14), 0xffffe004);
}

static void identity_cannot_be_written(void **state)
{
	struct config c = make(VMCI_BAR1_SIZE_MMIO, CONFIG_IRQ_MSIX, 3, true), before = c;
	static const uint8_t fixed[] = { 0x00, 0x08, 0x2c, 0x34, 0x38, 0x80, 0x84, 0x88, 0x98 };

	(void)state;
	for (size_t i = 0; i < sizeof(fixed); i++) {
		write_back(&c, fixed[i], 0xffffffff, 4);
		assert_int_equal(cfg32(&c, fixed[i]), cfg32(&before, fixed[i]));
		write_back(&c, fixed[i], 0, 4);
		assert_int_equal(cfg32(&c, fixed[i]), cfg32(&before, fixed[i]));
	}
	write_back(&c, 0x3d, 0xff, 1);
	assert_int_equal(cfg32(&c, 0x3c) >> 8 & 0xff, 1);
}

static void command_and_status(void **state)
{
	struct config c = make(VMCI_BAR1_SIZE_MMIO, CONFIG_IRQ_MSIX, 3, true);

	(void)state;
	assert_false(config_bus_master(&c));
	assert_int_equal(write_back(&c, 4, 3, 2), 0);
	assert_int_equal(write_back(&c, 4, 7, 2), CONFIG_BUS_MASTER);
	assert_true(config_bus_master(&c));
	assert_int_equal(write_back(&c, 4, 0xffff, 2), 0);
	assert_int_equal(cfg32(&c, 4) & 0xffff, 0x547);
	config_set_intx_status(&c, true);
	assert_int_equal(cfg32(&c, 4) >> 16, 0x298);
	write_back(&c, 6, 0xffff, 2);
	assert_int_equal(cfg32(&c, 4) >> 16, 0x298);
	config_set_intx_status(&c, false);
	assert_int_equal(cfg32(&c, 4) >> 16, 0x290);
	assert_int_equal(write_back(&c, 0x5a, 0x8000, 2), CONFIG_MSI_STATE);
	assert_int_equal(cfg32(&c, 0x58) >> 16, 0x8002);
	assert_int_equal(write_back(&c, 0x42, 0xffff, 2), CONFIG_MSI_STATE);
	assert_int_equal(cfg32(&c, 0x40) >> 16, 0x0081);
	config_reset(&c);
	assert_false(config_bus_master(&c));
	assert_int_equal(cfg32(&c, 0x58) >> 16, 0x0002);
}

static void capability_list_of_each_variant(void **state)
{
	struct config c = make(VMCI_BAR1_SIZE_MMIO, CONFIG_IRQ_INTX, 1, false);

	(void)state;
	assert_int_equal(cfg32(&c, 0x34), 0);
	assert_int_equal(cfg32(&c, 4) >> 16 & 0x10, 0);
	c = make(VMCI_BAR1_SIZE_MMIO, CONFIG_IRQ_INTX, 1, true);
	assert_int_equal(cfg32(&c, 0x34), 0x80);
	assert_int_equal(cfg32(&c, 4) >> 16 & 0x10, 0x10);
	assert_int_equal(cfg32(&c, 0x80), 0x00200009);
	assert_int_equal(cfg32(&c, 0x84), PEERBOX_MAGIC);
	c = make(VMCI_BAR1_SIZE_MMIO, CONFIG_IRQ_MSI, 1, true);
	assert_int_equal(cfg32(&c, 0x34), 0x40);
	assert_int_equal(cfg32(&c, 0x40) & 0xffff, 0x8005);
	assert_int_equal(cfg32(&c, 0x58), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(golden_listings),
		cmocka_unit_test(bars_are_sized),
		cmocka_unit_test(identity_cannot_be_written),
		cmocka_unit_test(command_and_status),
		cmocka_unit_test(capability_list_of_each_variant),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("config", tests, NULL, NULL);
}
