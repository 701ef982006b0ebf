/* SPDX-License-Identifier: BSD-2-Clause */
/* term.c - colours and a progress line. */
#include "term.h"
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static volatile sig_atomic_t interrupted;

static void on_signal(int nr)
{
	(void)nr;
	interrupted = 1;
}

void term_catch_signals(void)
{
	struct sigaction sa = { .sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND };

	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
	signal(SIGPIPE, SIG_IGN);
}

bool term_interrupted(void)
{
	return interrupted != 0;
}

void term_start(struct term *t, FILE *f)
{
	const char *no = getenv("NO_COLOR"), *kind = getenv("TERM");
	bool smart = isatty(fileno(f)) && kind && strcmp(kind, "dumb") != 0;

	t->f = f;
	t->colour = smart && !(no && *no);
	t->progress = smart;
	t->shown = false;
}

void term_on(const struct term *t, enum term_colour c)
{
	static const char *const codes[] = { "", "32", "31", "33", "2", "1" };

	if (t->colour && c != TERM_PLAIN)
		fprintf(t->f, "\033[%sm", codes[c]);
}

void term_off(const struct term *t)
{
	if (t->colour)
		fputs("\033[0m", t->f);
}

void term_progress(struct term *t, unsigned done, unsigned total, const char *text)
{
	if (!t->progress)
		return;
	fprintf(t->f, "\r\033[K[%u/%u] %.60s", done, total, text);
	fflush(t->f);
	t->shown = true;
}

void term_clear(struct term *t)
{
	if (t->shown)
		fputs("\r\033[K", t->f);
	t->shown = false;
}
