/* SPDX-License-Identifier: BSD-2-Clause */
/* term.h - colours and a progress line, only where a person looks at a terminal. */
#ifndef CONFORM_TERM_H
#define CONFORM_TERM_H

#include <stdbool.h>
#include <stdio.h>

enum term_colour {
	TERM_PLAIN,
	TERM_GREEN,
	TERM_RED,
	TERM_YELLOW,
	TERM_DIM,
	TERM_BOLD
};

struct term {
	FILE *f;
	bool colour;   /* a terminal, NO_COLOR is not set */
	bool progress; /* a terminal that moves its cursor */
	bool shown;    /* a progress line stands there */
};

void term_start(struct term *t, FILE *f);

/* Start and end a stretch in a colour; nothing without colour. */
void term_on(const struct term *t, enum term_colour c);
void term_off(const struct term *t);

/* Replace the progress line; text is cut to one line. term_clear() removes it. */
void term_progress(struct term *t, unsigned done, unsigned total, const char *text);
void term_clear(struct term *t);

/* SIGINT and SIGTERM are remembered; a second one ends the program at once. */
void term_catch_signals(void);
bool term_interrupted(void);

#endif
