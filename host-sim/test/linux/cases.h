/* SPDX-License-Identifier: BSD-2-Clause */
/* cases.h - what is tried with a Linux guest, and what a case may call.
 *
 * A case returns normally when it passed. fail() and skip() do not return to it. Programs that it
 * leaves are killed, then the next one has its turn on the same machine. */
#ifndef HOST_SIM_TEST_LINUX_CASES_H
#define HOST_SIM_TEST_LINUX_CASES_H

#include <stdbool.h>
#include "machine.h"

struct run_options {
	struct machine_options machine;
	const char *name; /* of the run */
	const char *only; /* pattern of fnmatch, or NULL */
	bool quick;	  /* fewer bytes and turns */
};

extern struct run_options run_options; /* set once, in main */

struct test_case {
	const char *name;
	void (*run)(void);
	/* Restarts or ends what the others need; runs when its place in the list has come. */
	bool is_life;
};

extern const struct test_case machine_cases[], stream_cases[], end_cases[], load_cases[],
	dgram_cases[], life_cases[]; /* each ends with an empty one */

__attribute__((format(printf, 1, 2))) _Noreturn void fail(const char *format, ...);
__attribute__((format(printf, 1, 2))) _Noreturn void skip(const char *format, ...);
/* What was measured, for the report. */
__attribute__((format(printf, 1, 2))) void tell(const char *format, ...);

/* Fails unless the script ended well within ms. */
struct outcome must_end(unsigned id, const char *who, unsigned ms);
void must_be_up(unsigned id, const char *who);

/* Run a script on each side; that of `first` begins and has to say "up" before the other starts.
 * Both have to end well, and each has to receive what the other sent, by hash. */
struct two {
	struct outcome guest, host;
};
struct two both(enum where first, const char *guest, const char *host, unsigned ms);

/* How often a case repeats what takes `n` turns: fewer with QUICK, fewer still where each datagram
 * costs the guest thousands of reads. */
unsigned turns(unsigned n);

/* A short exchange in both directions: the machine still works. */
void must_work(void);

#endif
