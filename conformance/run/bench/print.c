/* SPDX-License-Identifier: BSD-2-Clause */
/* print.c - the tables of `make bench`. */
#include <string.h>
#include "bench.h"

static void head(const char *title)
{
	printf("%-26s", title);
	for (size_t i = 0; i < BENCH_SIZES; i++)
		if (bench_sizes[i] < 1024)
			printf(" %8zu", bench_sizes[i]);
		else
			printf(" %5zu Ki", bench_sizes[i] / 1024);
	printf("\n");
}

static void row(const char *name, const double *values, const char *format)
{
	printf("%-26s", name);
	for (size_t i = 0; i < BENCH_SIZES; i++)
		if (values[i] > 0)
			printf(format, values[i]);
		else
			printf(" %8s", "-");
	printf("\n");
}

static const struct curve *find(const struct curve *c, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(c[i].name, name) == 0)
			return &c[i];
	return NULL;
}

/* How many times longer the others take than one of our ways. */
static void ratios(const struct curve *c, size_t n, const char *ours)
{
	const struct curve *base = find(c, n, ours);
	char title[64];

	snprintf(title, sizeof(title), "times %s", ours);
	head(title);
	for (size_t k = 0; k < n; k++) {
		double ratio[BENCH_SIZES] = { 0 };

		if (c[k].is_ours)
			continue;
		for (size_t i = 0; i < BENCH_SIZES; i++)
			if (c[k].ns[i] > 0 && base->ns[i] > 0)
				ratio[i] = c[k].ns[i] / base->ns[i];
		row(c[k].name, ratio, " %7.2fx");
	}
}

static void table(const char *title, const struct curve *c, size_t n)
{
	head(title);
	for (size_t k = 0; k < n; k++)
		row(c[k].name, c[k].ns, " %8.1f");
	printf("\n");
	ratios(c, n, "ring, scattered pages");
	printf("\n");
	ratios(c, n, "ring, contiguous");
	printf("\n");
}

static void figure(const char *what, double value, bool at_most, double limit)
{
	printf("  %-58s %7.2f  %s %.2f  %s\n", what, value, at_most ? "at most " : "at least",
	       limit, (at_most ? value <= limit : value >= limit) ? "reached" : "missed");
}

static double against(const struct curve *c, size_t n, const char *other, const char *ours,
		      size_t size)
{
	const struct curve *a = find(c, n, other), *b = find(c, n, ours);

	return a && b && b->ns[size] > 0 ? a->ns[size] / b->ns[size] : 0;
}

static bool is_judged(const struct outcome *o)
{
	return o->steady >= BENCH_SIZES * BENCH_ROUNDS;
}

static void sockets(const struct outcome *o)
{
	static const char *const names[] = { "guest to host", "host to guest", "UNIX socket pair" };
	static const char *const acts[] = { "round trip of 64 bytes", "connect and close" };
	double ratio[BENCH_SIZES];

	head("streams, send and receive");
	for (int k = SOCKET_UP; k <= SOCKET_UNIX; k++)
		row(names[k], o->socket_ns[k], " %8.1f");
	for (int k = SOCKET_UP; k < SOCKET_UNIX; k++) {
		for (size_t i = 0; i < BENCH_SIZES; i++)
			ratio[i] = o->socket_ns[SOCKET_UNIX][i] / o->socket_ns[k][i];
		row(k == SOCKET_UP ? "pair / guest to host" : "pair / host to guest", ratio,
		    " %7.2fx");
	}
	for (int k = 0; k < 2; k++) {
		double ours = o->socket_ns[SOCKET_TRIPS + 2 * k][0];
		double theirs = o->socket_ns[SOCKET_UNIX_TRIPS + 2 * k][0];

		printf("%-26s %8.0f ns, UNIX sockets %.0f ns, %.2fx\n", acts[k], ours, theirs,
		       theirs / ours);
	}
	printf("\n");
}

static void figures_of_two_threads(const struct outcome *o)
{
	bool is_near = o->ping_pong_ns < 250;
	const struct curve *contiguous = find(o->two, o->ntwo, "ring, contiguous");
	double worst = 0;

	if (!is_judged(o)) {
		printf("  Two threads: not judged, the machine was too busy.\n");
		return;
	}
	if (find(o->two, o->ntwo, "boost spsc_queue")) {
		figure("boost spsc_queue / ring, two threads, 16 bytes",
		       against(o->two, o->ntwo, "boost spsc_queue", "ring, scattered pages", 0),
		       false, 1.4);
		figure("boost spsc_queue / ring, two threads, 64 bytes",
		       against(o->two, o->ntwo, "boost spsc_queue", "ring, scattered pages", 1),
		       false, 1.2);
	}
	figure("64 KiB contiguous: share of the cross-core read ceiling",
	       contiguous->ns[6] > 0 ? o->ceiling_ns[6] / contiguous->ns[6] : 0, false,
	       is_near ? 0.70 : 0.95);
	for (int k = 0; k < 3; k++)
		if (o->latency_ns[k] / (o->ping_pong_ns / 2) > worst)
			worst = o->latency_ns[k] / (o->ping_pong_ns / 2);
	figure("one-way latency up to 256 bytes / half a ping-pong", worst, true, 1.05);
}

static void figures(const struct outcome *o)
{
	printf("Figures to reach (ratios in this run; the cores are %s)\n",
	       o->ping_pong_ns < 250 ? "NEAR" : "FAR");
	figures_of_two_threads(o);
	figure("64 bytes over 10 000 pairs in turn / over 100", o->many_ns / o->few_ns, true, 6);
	figure("64 bytes over 10 000 pairs in turn, ns", o->many_ns, true, 24);
}

void bench_print(const struct outcome *o)
{
	static const char *const ways[] = { "ports", "DMA" };
	double rate[BENCH_SIZES] = { 0 };

	printf("Queue of %u bytes, nanoseconds for each message, medians of %d rounds of bursts.\n\n",
	       BENCH_QUEUE, BENCH_ROUNDS);
	table("one thread, put and take", o->one, o->none);
	printf("Two threads: a cache line goes there and back in %.0f ns; %u rounds were steady, %u "
	       "were not.\n",
	       o->ping_pong_ns, o->steady, o->unsteady);
	if (!is_judged(o))
		printf("This machine is too busy for them: what follows says little.\n");
	printf("\n");
	table("two threads", o->two, o->ntwo);
	row("cross-core read ceiling", o->ceiling_ns, " %8.1f");
	for (size_t k = 0; k < o->ntwo; k++) {
		if (!o->two[k].is_ours)
			continue;
		for (size_t i = 0; i < BENCH_SIZES; i++)
			rate[i] =
				o->two[k].ns[i] > 0 ? (double)bench_sizes[i] / o->two[k].ns[i] : 0;
		printf("GB/s %-21s", o->two[k].name + 6);
		for (size_t i = 0; i < BENCH_SIZES; i++)
			if (rate[i] > 0)
				printf(" %8.2f", rate[i]);
			else
				printf(" %8s", "-");
		printf("\n");
	}
	printf("\nOne way, 16 / 64 / 256 bytes: %.0f / %.0f / %.0f ns; half a ping-pong is %.0f ns.\n",
	       o->latency_ns[0], o->latency_ns[1], o->latency_ns[2], o->ping_pong_ns / 2);
	printf("64 bytes in turn over 100 pairs: %.1f ns, over 10 000: %.1f ns.\n\n", o->few_ns,
	       o->many_ns);
	printf("%-44s %12s %12s\n", "guest and device in process, a second", ways[0], ways[1]);
	printf("%-44s %12.0f %12.0f\n", "hypercalls (GET_CONTEXT_ID)", 1e9 / o->call_ns[0],
	       1e9 / o->call_ns[1]);
	printf("%-44s %12.0f %12.0f\n", "datagrams to the host, 64 bytes", 1e9 / o->send_ns[0],
	       1e9 / o->send_ns[1]);
	printf("%-44s %12.0f %12.0f\n\n", "datagrams to the guest, 64 bytes, in bursts",
	       1e9 / o->receive_ns[0], 1e9 / o->receive_ns[1]);
	sockets(o);
	figures(o);
}
