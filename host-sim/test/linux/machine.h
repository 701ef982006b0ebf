/* SPDX-License-Identifier: BSD-2-Clause */
/* machine.h - vmci-sim, QEMU and the programs of a test, from the host's side.
 *
 * One machine in a process. Whatever ends this process ends all that it started. */
#ifndef HOST_SIM_TEST_LINUX_MACHINE_H
#define HOST_SIM_TEST_LINUX_MACHINE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct machine_options {
	const char *sim, *qemu;		  /* programs */
	const char *image;		  /* directory with vmlinuz and initrd */
	const char *out;		  /* directory for logs */
	const char *bar1, *irq, *vectors; /* of vmci-sim; vectors NULL: its default */
	const char *append;		  /* to the kernel's command line, or NULL */
	unsigned net_port; /* TCP, of a user network in both directions; 0: no network */
	bool trace;
};

/* How a script ended. */
struct outcome {
	bool ok;
	char text[400]; /* what went wrong */
	uint64_t rx, tx, rx_hash, tx_hash, ms, slowest_ms;
};

enum where {
	GUEST,
	HOST
};

/* Does the guest read datagrams a byte at a time? Then everything takes it longer, and limits are
 * wider. */
bool machine_is_port(void);
/* Exits with code 2 when the directories cannot be made. */
void machine_init(const struct machine_options *o);

/* All return false when it did not happen in time; why is then in machine_error(). */
bool machine_start_sim(void);
/* Ask it to end. exit code 0 is success. */
bool machine_stop_sim(void);
/* Until the guest is ready for commands. */
bool machine_start_qemu(void);
bool machine_wait_hello(void);
/* Of the guest's kernel, three numbers; 0 where there is none. */
const unsigned *machine_kernel_version(void);
/* The driver's modules. */
bool machine_load(void);
/* After poweroff. */
bool machine_wait_qemu(void);
void machine_kill_qemu(void);
const char *machine_error(void);
bool machine_lives(void); /* simulator and QEMU both */
const char *machine_uds(void);
pid_t machine_sim_pid(void);

/* Say a line to the guest; the answer that begins with `begin`, or NULL after ms. */
const char *machine_ask(const char *line, const char *begin, unsigned ms);
/* What the guest complained about since the last call. */
const char *machine_complaints(void);

/* Start a script. Returns its number. The guest's programs and the host's are alike. */
__attribute__((format(printf, 2, 3))) unsigned run_start(enum where where, const char *format, ...);
/* A program of the guest and its arguments. */
unsigned run_exec(const char *command);
/* Until it said "up", or a mark. */
bool run_wait_up(unsigned id, unsigned ms);
bool run_wait_mark(unsigned id, const char *text, unsigned ms);
/* Until so many processes of par have made a mark. */
bool run_wait_count(unsigned id, unsigned count, unsigned ms);
/* Until it ended, at most ms; then it is killed. */
struct outcome run_wait(unsigned id, unsigned ms);
void run_wake(unsigned id);
void run_kill(unsigned id);
/* Kill and forget every script, or those of the guest. */
void run_kill_all(void);
void run_kill_guests(void);
/* Let time pass, hearing what is said. */
void machine_pass(unsigned ms);

/* CPU time of the simulator, us; kilobytes in memory; open descriptors. */
uint64_t sim_cpu_us(void);
uint64_t sim_memory_kb(void);
unsigned sim_descriptors(void);

#endif
