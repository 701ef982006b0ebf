/* SPDX-License-Identifier: BSD-2-Clause */
/* main.c - bench PLOT.svg: measures the core, prints tables, writes a plot. */
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "bench.h"

const size_t bench_sizes[BENCH_SIZES] = { 16, 64, 256, 1024, 4096, 16384, 65536 };

double bench_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double bench_median(double *values, size_t n)
{
	qsort(values, n, sizeof(*values), compare);
	return n ? values[n / 2] : 0;
}

double bench_bursts(void (*fn)(void *arg, uint64_t count), void *arg, uint64_t n)
{
	uint64_t count = n / 64 ? n / 64 : 1;
	double best = 0;

	for (uint64_t done = 0; done < n; done += count) {
		double start = bench_now(), ns;

		fn(arg, count);
		ns = (bench_now() - start) / (double)count;
		if (!done || ns < best)
			best = ns;
	}
	return best;
}

void bench_wait(unsigned *turns)
{
	/* Long waits mean that the other end has no processor. */
	if (++*turns % 1024 == 0) {
		sched_yield();
		return;
	}
#if defined(__x86_64__) || defined(__i386__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ volatile("yield");
#endif
}

int main(int argc, char **argv)
{
	static struct outcome o;

	if (argc != 2 || argv[1][0] == '-') {
		fprintf(stderr, "usage: bench PLOT.svg\n");
		return 2;
	}
	bench_one_thread(&o);
	bench_two_threads(&o);
	bench_many(&o);
	if (bench_device(&o)) {
		fprintf(stderr, "bench: the guest does not find its device\n");
		return 2;
	}
	if (bench_sockets(&o)) {
		fprintf(stderr, "bench: no stream between guest and host\n");
		return 2;
	}
	bench_print(&o);
	if (bench_plot(&o, argv[1])) {
		fprintf(stderr, "bench: %s: cannot be written\n", argv[1]);
		return 2;
	}
	printf("\nPlot: %s\n", argv[1]);
	return 0;
}
