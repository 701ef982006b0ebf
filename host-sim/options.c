/* SPDX-License-Identifier: BSD-2-Clause */
/* options.c - the command line of vmci-sim. */
#include "options.h"
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <vmci/defs.h>

#define VERSION	    "0.1.0"
#define DEFAULT_CID 16u

static const char help[] =
	"Usage: vmci-sim serve --socket PATH [OPTION]...\n"
	"       vmci-sim connect PATH PORT   stdin, stdout as a stream to a guest's port\n"
	"Serves a VMCI device (PCI 15ad:0740) over vfio-user to QEMU 10.1 or newer.\n"
	"\n"
	"  --socket PATH      UNIX socket to listen on; made, and removed at the end\n"
	"  --cid N            context id of the virtual machine, 16 or more (16)\n"
	"  --bar1 8k|256k     register model: I/O ports, or also memory and DMA (256k)\n"
	"  --irq KIND         msix (also MSI and INTx), msi (also INTx), or intx (msix)\n"
	"  --vectors N        MSI-X messages, 1 to 8 (2 with 8k, 3 with 256k)\n"
	"  --caps LIST        a number, or names with commas out of hypercall guestcall\n"
	"                     datagram notifications ppn64 dma (the last 4; 8k: no dma)\n"
	"  --qp-memory BYTES  limit of the machine's queue pairs; k, M, G allowed (128M)\n"
	"  --trace FILE       write what happens, decoded, as text; - is standard output\n"
	"  --check            judge the guest by the book; --check-report F as JSON lines\n"
	"  --pcap FILE        capture sockets and datagrams for Wireshark (pcapng)\n"
	"  --guestinfo K=V    answer VMware's guest tools; guestinfo.K is V; repeatable\n"
	"  --guestinfo-out F  the same; what the guest sets goes to F as lines NAME=VALUE\n"
	"  --vsock-uds PATH   guest's sockets as UNIX sockets PATH, PATH_PORT, PATH_dgram\n"
	"  --no-peer          without the conformance mailbox in PCI configuration space\n"
	"  --no-sandbox       keep all system calls after the start\n"
	"  --once             end when the first client has left; --help, --version\n"
	"\n"
	"One client at a time; when it leaves, the next may come. Ctrl-C ends.\n"
	"Exit codes: 0 ended as asked, 1 violations (--check), 2 usage or start failed.\n";

enum {
	OPT_SOCKET = 256,
	OPT_CID,
	OPT_BAR1,
	OPT_IRQ,
	OPT_VECTORS,
	OPT_CAPS,
	OPT_QP_MEMORY,
	OPT_TRACE,
	OPT_CHECK,
	OPT_PCAP,
	OPT_CHECK_REPORT,
	OPT_GUESTINFO,
	OPT_GUESTINFO_OUT,
	OPT_VSOCK_UDS,
	OPT_NO_PEER,
	OPT_NO_SANDBOX,
	OPT_ONCE,
	OPT_HELP,
	OPT_VERSION
};

static const struct option longs[] = {
	{ "socket", required_argument, NULL, OPT_SOCKET },
	{ "cid", required_argument, NULL, OPT_CID },
	{ "bar1", required_argument, NULL, OPT_BAR1 },
	{ "irq", required_argument, NULL, OPT_IRQ },
	{ "vectors", required_argument, NULL, OPT_VECTORS },
	{ "caps", required_argument, NULL, OPT_CAPS },
	{ "qp-memory", required_argument, NULL, OPT_QP_MEMORY },
	{ "trace", required_argument, NULL, OPT_TRACE },
	{ "pcap", required_argument, NULL, OPT_PCAP },
	{ "check", no_argument, NULL, OPT_CHECK },
	{ "check-report", required_argument, NULL, OPT_CHECK_REPORT },
	{ "guestinfo", required_argument, NULL, OPT_GUESTINFO },
	{ "guestinfo-out", required_argument, NULL, OPT_GUESTINFO_OUT },
	{ "vsock-uds", required_argument, NULL, OPT_VSOCK_UDS },
	{ "no-peer", no_argument, NULL, OPT_NO_PEER },
	{ "no-sandbox", no_argument, NULL, OPT_NO_SANDBOX },
	{ "once", no_argument, NULL, OPT_ONCE },
	{ "help", no_argument, NULL, OPT_HELP },
	{ "version", no_argument, NULL, OPT_VERSION },
	{ NULL, 0, NULL, 0 },
};

static enum options_verdict bad(const char *option, const char *value, const char *expected)
{
	fprintf(stderr, "vmci-sim: %s%s%s: expected %s\n", option, value ? " " : "",
		value ? value : "", expected);
	return OPTIONS_BAD;
}

/* A whole number in [min, max]; with units also k, M, G behind it. */
static bool parse_number(const char *text, uint64_t min, uint64_t max, bool units, uint64_t *out)
{
	static const char *const suffixes = "kMG";
	const char *suffix;
	char *end;
	unsigned shift = 0;

	if (text[0] < '0' || text[0] > '9')
		return false;
	errno = 0;
	*out = strtoull(text, &end, 0);
	if (errno)
		return false;
	if (units && *end && (suffix = strchr(suffixes, *end)) != NULL) {
		shift = 10u * (unsigned)(suffix - suffixes + 1);
		end++;
	}
	if (*end || *out > UINT64_MAX >> shift)
		return false;
	*out <<= shift;
	return *out >= min && *out <= max;
}

static bool parse_caps(const char *text, uint32_t *caps)
{
	static const struct {
		const char *name;
		uint32_t bit;
	} names[] = {
		{ "hypercall", VMCI_CAPS_HYPERCALL }, { "guestcall", VMCI_CAPS_GUESTCALL },
		{ "datagram", VMCI_CAPS_DATAGRAM },   { "notifications", VMCI_CAPS_NOTIFICATIONS },
		{ "ppn64", VMCI_CAPS_PPN64 },	      { "dma", VMCI_CAPS_DMA_DATAGRAM },
	};
	uint64_t number;

	if (parse_number(text, 0, 0x3f, false, &number)) {
		*caps = (uint32_t)number;
		return true;
	}
	*caps = 0;
	while (*text) {
		size_t n = strcspn(text, ","), i;

		for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
			if (strlen(names[i].name) == n && strncasecmp(text, names[i].name, n) == 0)
				break;
		if (i == sizeof(names) / sizeof(names[0]))
			return false;
		*caps |= names[i].bit;
		text += n;
		if (*text == ',' && *++text == '\0')
			return false;
	}
	return *caps != 0;
}

static bool parse_bar1(const char *text, uint32_t *bytes)
{
	if (strcasecmp(text, "8k") == 0)
		*bytes = VMCI_BAR1_SIZE_PORTS;
	else if (strcasecmp(text, "256k") == 0)
		*bytes = VMCI_BAR1_SIZE_MMIO;
	else
		return false;
	return true;
}

static bool parse_irq(const char *text, enum config_irq *irq)
{
	if (strcmp(text, "msix") == 0)
		*irq = CONFIG_IRQ_MSIX;
	else if (strcmp(text, "msi") == 0)
		*irq = CONFIG_IRQ_MSI;
	else if (strcmp(text, "intx") == 0)
		*irq = CONFIG_IRQ_INTX;
	else
		return false;
	return true;
}

/* Values whose default depends on others. */
struct later {
	bool has_vectors, has_caps;
};

static enum options_verdict take(struct options *o, struct later *later, int what, const char *arg)
{
	uint64_t n = 0;

	switch (what) {
	case OPT_SOCKET:
		o->socket = arg;
		break;
	case OPT_CID:
		if (!parse_number(arg, VMCI_RESERVED_CID_LIMIT, VMCI_INVALID_ID - 1, false, &n))
			return bad("--cid", arg, "a number from 16 to 0xfffffffe");
		o->sim.device.cid = (uint32_t)n;
		break;
	case OPT_BAR1:
		if (!parse_bar1(arg, &o->sim.pci.bar1_bytes))
			return bad("--bar1", arg, "8k or 256k");
		break;
	case OPT_IRQ:
		if (!parse_irq(arg, &o->sim.pci.irq))
			return bad("--irq", arg, "msix, msi or intx");
		break;
	case OPT_VECTORS:
		if (!parse_number(arg, 1, CONFIG_VECTORS_MAX, false, &n))
			return bad("--vectors", arg, "a number from 1 to 8");
		o->sim.pci.vectors = (unsigned)n;
		later->has_vectors = true;
		break;
	case OPT_CAPS:
		if (!parse_caps(arg, &o->sim.device.caps))
			return bad("--caps", arg,
				   "names of capabilities with commas, or a number up to 0x3f");
		later->has_caps = true;
		break;
	case OPT_QP_MEMORY:
		if (!parse_number(arg, 1, UINT64_C(1) << 40, true, &o->sim.device.qp_memory_bytes))
			return bad("--qp-memory", arg, "a number of bytes from 1 to 1024G");
		break;
	case OPT_TRACE:
		o->trace = arg;
		break;
	case OPT_CHECK_REPORT:
		o->check_report = arg;
		o->check = true;
		break;
	case OPT_PCAP:
		o->pcap = arg;
		break;
	case OPT_CHECK:
		o->check = true;
		break;
	case OPT_GUESTINFO:
		if (o->guestinfo_count == GUESTINFO_VARIABLES)
			return bad("--guestinfo", arg, "at most 256 variables");
		o->guestinfo[o->guestinfo_count++] = arg;
		break;
	case OPT_GUESTINFO_OUT:
		o->guestinfo_out = arg;
		break;
	case OPT_VSOCK_UDS:
		o->vsock_uds = arg;
		break;
	case OPT_NO_PEER:
		o->sim.pci.peer = false;
		break;
	case OPT_NO_SANDBOX:
		o->sandbox = false;
		break;
	case OPT_ONCE:
		o->once = true;
		break;
	case OPT_HELP:
		fputs(help, stdout);
		return OPTIONS_DONE;
	case OPT_VERSION:
		puts("vmci-sim (OpenVMCI) " VERSION);
		return OPTIONS_DONE;
	default:
		/* getopt named the culprit. */
		fputs("vmci-sim: --help lists the options\n", stderr);
		return OPTIONS_BAD;
	}
	return OPTIONS_SERVE;
}

enum options_verdict options_parse(struct options *o, int argc, char **argv)
{
	struct later later = { false, false };
	bool mmio;
	int what;

	memset(o, 0, sizeof(*o));
	o->sandbox = true;
	o->sim.pci.bar1_bytes = VMCI_BAR1_SIZE_MMIO;
	o->sim.pci.peer = true;
	o->sim.device.cid = DEFAULT_CID;
	while ((what = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		enum options_verdict v = take(o, &later, what, optarg);

		if (v != OPTIONS_SERVE)
			return v;
	}
	if (optind >= argc)
		return bad("command", NULL, "serve (--help explains)");
	if (strcmp(argv[optind], "serve") != 0)
		return bad("command", argv[optind], "serve");
	if (optind + 1 < argc)
		return bad("argument", argv[optind + 1], "nothing behind serve but options");
	if (!o->socket)
		return bad("--socket", NULL, "the path of the UNIX socket to listen on");
	if (o->vsock_uds)
		o->sim.pci.peer = false;
	mmio = o->sim.pci.bar1_bytes == VMCI_BAR1_SIZE_MMIO;
	if (!later.has_vectors)
		o->sim.pci.vectors =
			mmio ? VMCI_MAX_INTRS_DMA_DATAGRAM : VMCI_MAX_INTRS_NOTIFICATION;
	if (!later.has_caps)
		o->sim.device.caps = VMCI_CAPS_DATAGRAM | VMCI_CAPS_NOTIFICATIONS |
				     VMCI_CAPS_PPN64 | (mmio ? VMCI_CAPS_DMA_DATAGRAM : 0);
	return OPTIONS_SERVE;
}
