/* SPDX-License-Identifier: BSD-2-Clause */
/* console.h - where words go: the console for people, serial and a buffer for results.
 *
 * Result lines (KTAP) and words for people may share one serial port, since firmware mirrors its
 * console there. So both are written as whole lines; a reader of results ignores what is not KTAP.
 */
#ifndef EFI_CONSOLE_H
#define EFI_CONSOLE_H

#include <efi.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include "options.h"

/* Text kept for a file on the medium. */
struct record {
	char *text;
	size_t used, size; /* bytes */
	bool truncated;	   /* it was full; what came later is missing */
};

struct console {
	SERIAL_IO_INTERFACE *serial; /* NULL: none, or not wanted */
	bool tap_on_console;
	char line[1024]; /* of KTAP, until it is complete */
	size_t line_used;
	struct record tap;  /* all KTAP lines */
	struct record json; /* one object a vector */
};

/* tap: where result lines go. Returns false when memory for the record is short. */
bool console_open(struct console *c, enum tap tap);
void console_close(struct console *c);

/* To the person. printf of gnu-efi: %a is an ASCII string, %d %ld %x as usual. \n ends a line. */
void say(const char *format, ...);

/* The text as it is, of any length. */
void say_text(const char *text);
/* The text, filled up with blanks to width characters. */
void say_padded(const char *text, unsigned width);

/* Writers for report.h; `arg` is a struct console. Pieces of KTAP come out as whole lines; JSON
 * goes to its record only. */
void console_write_tap(void *arg, const char *s, size_t n);
void console_write_json(void *arg, const char *s, size_t n);

/* One line of KTAP, formatted as by say(); without its end. */
void console_tap(struct console *c, const char *format, ...);

#endif
