/* SPDX-License-Identifier: BSD-2-Clause */
/* ops.h - a running script, and the operations of its words. Only for script.c and ops.c. */
#ifndef HOST_SIM_TEST_LINUX_OPS_H
#define HOST_SIM_TEST_LINUX_OPS_H

#include <stdbool.h>
#include <stdint.h>
#include "pattern.h"
#include "place.h"

#define MAX_ARGS     4
#define WORD_MAX     128
#define SCRIPT_MAX   8192
#define SCRIPT_WORDS 1024

/* Of all connections that are over; hashes are added, so that their order does not matter. */
struct totals {
	uint64_t rx, tx, rx_hash, tx_hash, slowest_us;
};

struct program {
	struct place place;
	int report_fd, total_fd;
	unsigned id;
	int index; /* of this process in par, or -1 */
	bool failed;
	uint64_t start_us, seed, buffer;
	int listener, stream, datagram;
	struct sum in, out; /* of the current connection */
	struct totals total;
	/* The current word. */
	char word[WORD_MAX];
	char *args[MAX_ARGS];
	unsigned nargs;
	const char *want_error;
};

uint64_t now_us(void);
void program_counts(const struct program *p);
void program_says(const struct program *p, const char *what, const char *text);
__attribute__((format(printf, 2, 3))) _Noreturn void program_fails(struct program *p,
								   const char *format, ...);
/* Argument i of the current word, which has to be there. */
uint64_t program_number(struct program *p, unsigned i);

void op_run(struct program *p);
/* End the connection, if there is one, and add it to the totals. */
void op_close(struct program *p);
/* The connection is another process's now. */
void op_leave(struct program *p);

#endif
