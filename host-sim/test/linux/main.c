/* SPDX-License-Identifier: BSD-2-Clause */
/* main.c - vsock-peer: process 1 of the guest, a program on either side, and the test that drives
 * both.
 *
 *   vsock-peer script vsock[:CID]|PATH 'WORDS'   one script (script.h) over AF_VSOCK, or over the
 *                                                UNIX sockets of vmci-sim --vsock-uds PATH
 *   vsock-peer run --sim FILE --qemu FILE --image DIR --out DIR --name NAME [--bar1 8k|256k]
 *                  [--irq msix|msi] [--vectors N] [--only PATTERN] [--quick] [--trace]
 *   vsock-peer suite ... --host-test FILE --preload FILE --list FILE --port TCP
 *                  [--also-skipped] [--turns N]   see suite.h
 *
 * Exit code: 0 all passed, 1 not all, 2 wrong command line or nothing could be started.
 */
#include <fnmatch.h>
#include <getopt.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/vm_sockets.h>
#include "cases.h"
#include "guest.h"
#include "ops.h"
#include "report.h"
#include "script.h"
#include "suite.h"

struct run_options run_options;

static jmp_buf after_case;
static char told[512];
static enum verdict verdict;

static const struct test_case *const groups[] = { machine_cases, stream_cases, end_cases,
						  dgram_cases,	 load_cases,   life_cases };
#define GROUPS (sizeof(groups) / sizeof(groups[0]))

static void add(const char *format, va_list ap)
{
	size_t at = strlen(told);

	if (at && at + 2 < sizeof(told)) {
		memcpy(told + at, ", ", 3);
		at += 2;
	}
	vsnprintf(told + at, sizeof(told) - at, format, ap);
}

void tell(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	add(format, ap);
	va_end(ap);
}

void fail(const char *format, ...)
{
	va_list ap;

	told[0] = '\0';
	va_start(ap, format);
	add(format, ap);
	va_end(ap);
	verdict = FAILED;
	longjmp(after_case, 1);
}

void skip(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	add(format, ap);
	va_end(ap);
	verdict = SKIPPED;
	longjmp(after_case, 1);
}

struct outcome must_end(unsigned id, const char *who, unsigned ms)
{
	struct outcome o = run_wait(id, ms);

	if (!o.ok)
		fail("%s: %s", who, o.text);
	return o;
}

void must_be_up(unsigned id, const char *who)
{
	if (!run_wait_up(id, 10000))
		fail("%s: %s", who, run_wait(id, 0).text);
}

struct two both(enum where first, const char *guest, const char *host, unsigned ms)
{
	enum where second = first == GUEST ? HOST : GUEST;
	const char *scripts[] = { guest, host }, *who[] = { "guest", "host" };
	struct outcome ends[2];
	unsigned ids[2];
	struct two t;

	ids[first] = run_start(first, "%s", scripts[first]);
	must_be_up(ids[first], who[first]);
	ids[second] = run_start(second, "%s", scripts[second]);
	ends[second] = run_wait(ids[second], ms);
	/* The other one may have more to tell than that its peer is gone. */
	ends[first] = run_wait(ids[first], ends[second].ok ? ms : 2000);
	if (!ends[GUEST].ok && !ends[HOST].ok)
		fail("guest: %s | host: %s", ends[GUEST].text, ends[HOST].text);
	for (int i = 0; i < 2; i++)
		if (!ends[i].ok)
			fail("%s: %s", who[i], ends[i].text);
	t.guest = ends[GUEST];
	t.host = ends[HOST];
	if (t.guest.rx != t.host.tx || t.guest.rx_hash != t.host.tx_hash)
		fail("the guest received %llu bytes, the host sent %llu, hashes %llx %llx",
		     (unsigned long long)t.guest.rx, (unsigned long long)t.host.tx,
		     (unsigned long long)t.guest.rx_hash, (unsigned long long)t.host.tx_hash);
	if (t.host.rx != t.guest.tx || t.host.rx_hash != t.guest.tx_hash)
		fail("the host received %llu bytes, the guest sent %llu, hashes %llx %llx",
		     (unsigned long long)t.host.rx, (unsigned long long)t.guest.tx,
		     (unsigned long long)t.host.rx_hash, (unsigned long long)t.guest.tx_hash);
	return t;
}

unsigned turns(unsigned n)
{
	if (run_options.quick)
		n = (n + 2) / 3;
	return machine_is_port() ? (n + 3) / 4 : n;
}

static bool is_chosen(const struct test_case *c)
{
	return !run_options.only || fnmatch(run_options.only, c->name, 0) == 0;
}

/* Returns false when nothing can follow. */
static bool run_case(const struct test_case *c)
{
	uint64_t start = now_us();

	told[0] = '\0';
	verdict = PASSED;
	if (setjmp(after_case) == 0)
		c->run();
	run_kill_all();
	report_case(c->name, verdict, (now_us() - start) / 1000, told);
	return c->is_life || machine_lives();
}

static int run_all(void)
{
	const struct machine_options *m = &run_options.machine;
	char base[512];
	unsigned plan = 0;

	for (size_t g = 0; g < GROUPS; g++)
		for (const struct test_case *c = groups[g]; c->name; c++)
			plan += is_chosen(c);
	machine_init(m);
	if (!machine_start_sim()) {
		fprintf(stderr, "linux: %s\n", machine_error());
		return 2;
	}
	snprintf(base, sizeof(base), "%s/results", m->out);
	report_open(base, run_options.name, plan);
	if (!machine_start_qemu() || !machine_load()) {
		report_note(machine_error());
		fprintf(stderr, "linux: %s\n", machine_error());
		return 2;
	}
	for (size_t g = 0; g < GROUPS; g++) {
		for (const struct test_case *c = groups[g]; c->name; c++) {
			if (is_chosen(c) && !run_case(c)) {
				report_note(machine_error());
				report_close();
				return 1;
			}
		}
	}
	return report_close() ? 1 : 0;
}

static int run_suite(const struct suite_options *suite)
{
	const struct machine_options *m = &run_options.machine;
	char base[512], log[512];
	struct suite_options o = *suite;

	machine_init(m);
	if (!machine_start_sim() || !machine_start_qemu() || !machine_load()) {
		fprintf(stderr, "linux: %s\n", machine_error());
		return 2;
	}
	snprintf(base, sizeof(base), "%s/results", m->out);
	snprintf(log, sizeof(log), "%s/host.log", m->out);
	o.log = log;
	o.port = m->net_port;
	return suite_run(&o, base, run_options.name);
}

static int run_script(int argc, char **argv)
{
	struct place place = { NULL, VMADDR_CID_HOST };

	if (argc != 4) {
		fprintf(stderr, "usage: vsock-peer script vsock[:CID]|PATH 'WORDS'\n");
		return 2;
	}
	if (!strncmp(argv[2], "vsock", 5) && (argv[2][5] == ':' || !argv[2][5]))
		place.cid = argv[2][5] ? (uint32_t)strtoul(argv[2] + 6, NULL, 0) : VMADDR_CID_HOST;
	else
		place.uds = argv[2];
	script_run(&place, 1, 1, argv[3]);
}

int main(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "sim", 1, NULL, 's' },     { "qemu", 1, NULL, 'q' },
		{ "image", 1, NULL, 'i' },   { "out", 1, NULL, 'o' },
		{ "name", 1, NULL, 'n' },    { "bar1", 1, NULL, 'b' },
		{ "irq", 1, NULL, 'I' },     { "vectors", 1, NULL, 'v' },
		{ "only", 1, NULL, 'O' },    { "quick", 0, NULL, 'Q' },
		{ "trace", 0, NULL, 't' },   { "host-test", 1, NULL, 'h' },
		{ "preload", 1, NULL, 'p' }, { "list", 1, NULL, 'l' },
		{ "port", 1, NULL, 'P' },    { "also-skipped", 0, NULL, 'A' },
		{ "turns", 1, NULL, 'T' },   { NULL, 0, NULL, 0 }
	};
	struct machine_options *m = &run_options.machine;
	struct suite_options suite = { .turns = 1 };
	int c;

	if (getpid() == 1)
		guest_main();
	if (argc > 1 && !strcmp(argv[1], "script"))
		return run_script(argc, argv);
	m->bar1 = "256k";
	m->irq = "msix";
	run_options.name = "linux";
	if (argc < 2 || (strcmp(argv[1], "run") && strcmp(argv[1], "suite"))) {
		fprintf(stderr, "usage: vsock-peer run|suite|script ...; see the head of main.c\n");
		return 2;
	}
	optind = 2;
	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		switch (c) {
		case 's':
			m->sim = optarg;
			break;
		case 'q':
			m->qemu = optarg;
			break;
		case 'i':
			m->image = optarg;
			break;
		case 'o':
			m->out = optarg;
			break;
		case 'n':
			run_options.name = optarg;
			break;
		case 'b':
			m->bar1 = optarg;
			break;
		case 'I':
			m->irq = optarg;
			break;
		case 'v':
			m->vectors = optarg;
			break;
		case 'O':
			run_options.only = optarg;
			break;
		case 'Q':
			run_options.quick = true;
			break;
		case 't':
			m->trace = true;
			break;
		case 'h':
			suite.host_program = optarg;
			break;
		case 'p':
			suite.preload = optarg;
			break;
		case 'l':
			suite.list = optarg;
			break;
		case 'A':
			suite.also_skipped = true;
			break;
		case 'T':
			suite.turns = (unsigned)atoi(optarg);
			break;
		case 'P':
			m->net_port = (unsigned)atoi(optarg);
			break;
		default:
			return 2;
		}
	}
	if (optind != argc || !m->sim || !m->qemu || !m->image || !m->out) {
		fprintf(stderr, "vsock-peer: --sim, --qemu, --image and --out are needed\n");
		return 2;
	}
	return strcmp(argv[1], "suite") ? run_all() : run_suite(&suite);
}
