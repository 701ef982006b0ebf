/* SPDX-License-Identifier: BSD-2-Clause */
/* script.c - reading a script, loops, parallel processes and reports; what words do is in ops.c. */
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "ops.h"
#include "script.h"

static struct program *running; /* for the signal handler */

uint64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

/* One write a line: lines of several processes do not mix. */
static void report(const struct program *p, const char *format, ...)
{
	char line[512];
	va_list ap;
	int n;

	va_start(ap, format);
	n = vsnprintf(line, sizeof(line), format, ap);
	va_end(ap);
	if (write(p->report_fd, line, (size_t)n < sizeof(line) ? (size_t)n : sizeof(line) - 1) < 0)
		_exit(3);
}

void program_counts(const struct program *p)
{
	report(p, "count %u\n", p->id);
}

void program_says(const struct program *p, const char *what, const char *text)
{
	if (p->index < 0)
		report(p, "%s %u%s%s\n", what, p->id, *text ? " " : "", text);
}

_Noreturn static void leave(struct program *p, int code)
{
	/* A process of par tells its parent instead. */
	if (p->index >= 0) {
		if (write(p->total_fd, &p->total, sizeof(p->total)) < 0)
			_exit(3);
		_exit(code);
	}
	/* Whoever hears of the end may use the port again. */
	if (p->listener >= 0)
		close(p->listener);
	if (!code)
		report(p, "done %u ok rx=%llu:%llx tx=%llu:%llx ms=%llu slowest=%llu\n", p->id,
		       (unsigned long long)p->total.rx, (unsigned long long)p->total.rx_hash,
		       (unsigned long long)p->total.tx, (unsigned long long)p->total.tx_hash,
		       (unsigned long long)(now_us() - p->start_us) / 1000,
		       (unsigned long long)p->total.slowest_us / 1000);
	_exit(code);
}

void program_fails(struct program *p, const char *format, ...)
{
	char text[256];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	if (p->index >= 0)
		report(p, "note %u process %d, %s: %s\n", p->id, p->index, p->word, text);
	else
		report(p, "done %u fail %s: %s\n", p->id, p->word, text);
	p->failed = true;
	leave(p, 1);
}

static void out_of_time(int sig)
{
	(void)sig;
	program_fails(running, "out of time after %llu ms, %llu bytes in, %llu out",
		      (unsigned long long)(now_us() - running->start_us) / 1000,
		      (unsigned long long)running->in.bytes,
		      (unsigned long long)running->out.bytes);
}

static void parse(struct program *p, const char *text, char *word);

/* Fork n processes that carry the rest out; add up what they moved. With first, that word is
 * carried out before each of them, one after the other. */
static void run_parallel(struct program *p, unsigned n, const char *first)
{
	char word[WORD_MAX];
	struct totals t;
	int pipe_fd[2], status, bad = 0;
	pid_t pid;

	if (pipe(pipe_fd))
		program_fails(p, "pipe: %s", strerror(errno));
	for (unsigned i = 0; i < n; i++) {
		if (first) {
			parse(p, first, word);
			op_run(p);
		}
		pid = fork();
		if (pid < 0)
			program_fails(p, "fork: %s", strerror(errno));
		if (pid == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			alarm(SCRIPT_LIMIT_S);
			p->index = (int)i;
			p->seed = i;
			p->total_fd = pipe_fd[1];
			close(pipe_fd[0]);
			return;
		}
		op_leave(p);
	}
	close(pipe_fd[1]);
	while (read(pipe_fd[0], &t, sizeof(t)) == (ssize_t)sizeof(t)) {
		p->total.rx += t.rx;
		p->total.tx += t.tx;
		p->total.rx_hash += t.rx_hash;
		p->total.tx_hash += t.tx_hash;
		if (t.slowest_us > p->total.slowest_us)
			p->total.slowest_us = t.slowest_us;
	}
	while ((pid = wait(&status)) > 0 || errno == EINTR)
		bad += pid > 0 && status != 0;
	if (bad)
		program_fails(p, "%d of %u processes failed", bad, n);
	leave(p, 0);
}

/* Split WORD!ERRORS:ARG:ARG into a copy of WORD_MAX bytes that the caller keeps. */
static void parse(struct program *p, const char *text, char *word)
{
	char *at, *save = NULL;

	snprintf(word, WORD_MAX, "%s", text);
	snprintf(p->word, sizeof(p->word), "%s", word);
	p->nargs = 0;
	p->want_error = NULL;
	for (at = strtok_r(word, ":", &save); at && p->nargs < MAX_ARGS;
	     at = strtok_r(NULL, ":", &save))
		p->args[p->nargs++] = at;
	at = strchr(p->args[0], '!');
	if (at) {
		*at = '\0';
		p->want_error = at + 1;
	}
}

static void run_words(struct program *p, char **words, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char word[WORD_MAX];

		parse(p, words[i], word);
		if (strcmp(p->args[0], "loop") == 0) {
			uint64_t times = program_number(p, 1);

			for (uint64_t k = 0; k < times; k++)
				run_words(p, words + i + 1, n - i - 1);
			return;
		}
		if (strcmp(p->args[0], "par") == 0)
			run_parallel(p, (unsigned)program_number(p, 1), NULL);
		else if (strcmp(p->args[0], "each") == 0 && i + 1 < n)
			run_parallel(p, (unsigned)program_number(p, 1), words[++i]);
		else
			op_run(p);
	}
}

_Noreturn void script_run(const struct place *place, int report_fd, unsigned id, const char *text)
{
	static char copy[SCRIPT_MAX];
	static char *words[SCRIPT_WORDS];
	static struct program p;
	char *save = NULL;
	size_t n = 0;

	p.place = *place;
	p.report_fd = report_fd;
	p.id = id;
	p.index = -1;
	p.listener = p.stream = p.datagram = -1;
	p.start_us = now_us();
	running = &p;
	signal(SIGPIPE, SIG_IGN);
	signal(SIGALRM, out_of_time);
	alarm(SCRIPT_LIMIT_S);
	snprintf(copy, sizeof(copy), "%s", text);
	for (char *w = strtok_r(copy, " ", &save); w && n < SCRIPT_WORDS;
	     w = strtok_r(NULL, " ", &save))
		words[n++] = w;
	run_words(&p, words, n);
	op_close(&p);
	leave(&p, 0);
}
