/* SPDX-License-Identifier: BSD-2-Clause */
/* console.c - where words go. */
#include "console.h"
#include <efilib.h>

#define RECORD_BYTES (4u << 20)
#define LINE_MAX     1024u

static bool record_open(struct record *r)
{
	r->text = AllocatePool(RECORD_BYTES);
	r->size = r->text ? RECORD_BYTES : 0;
	return r->text != NULL;
}

static void record_add(struct record *r, const char *s, size_t n)
{
	if (n > r->size - r->used) {
		r->truncated = true;
		return;
	}
	CopyMem(r->text + r->used, (void *)s, n);
	r->used += n;
}

bool console_open(struct console *c, enum tap tap)
{
	SetMem(c, sizeof(*c), 0);
	if (tap == TAP_AUTO || tap == TAP_SERIAL)
		if (EFI_ERROR(LibLocateProtocol(&SerialIoProtocol, (void **)&c->serial)))
			c->serial = NULL;
	c->tap_on_console = tap == TAP_CONSOLE || (tap == TAP_AUTO && !c->serial);
	return record_open(&c->tap) && record_open(&c->json);
}

void console_close(struct console *c)
{
	if (c->tap.text)
		FreePool(c->tap.text);
	if (c->json.text)
		FreePool(c->json.text);
	c->tap.text = NULL;
	c->json.text = NULL;
}

static void to_console(const char *s)
{
	CHAR16 wide[256];
	UINTN n = 0;

	for (; *s; s++) {
		if (*s == '\n')
			wide[n++] = L'\r';
		wide[n++] = (CHAR16)(unsigned char)*s;
		if (n >= 250 || s[1] == '\0') {
			wide[n] = 0;
			uefi_call_wrapper(ST->ConOut->OutputString, 2, ST->ConOut, wide);
			n = 0;
		}
	}
}

void say(const char *format, ...)
{
	char line[LINE_MAX];
	va_list ap;

	va_start(ap, format);
	AsciiVSPrint((CHAR8 *)line, sizeof(line), (const CHAR8 *)format, ap);
	va_end(ap);
	line[sizeof(line) - 1] = '\0';
	to_console(line);
}

void say_text(const char *text)
{
	to_console(text);
}

void say_padded(const char *text, unsigned width)
{
	unsigned n = 0;

	to_console(text);
	while (text[n])
		n++;
	for (; n < width; n++)
		to_console(" ");
}

static void to_serial(SERIAL_IO_INTERFACE *serial, const char *s, UINTN len)
{
	while (len > 0) {
		UINTN n = len;

		/* A port that takes nothing (no cable, flow control) costs one time-out, not one
		 * for each byte: give the rest of the line up. */
		if (EFI_ERROR(uefi_call_wrapper(serial->Write, 3, serial, &n, (void *)s)) || n == 0)
			return;
		s += n;
		len -= n;
	}
}

static void end_line(struct console *c)
{
	c->line[c->line_used] = '\0';
	if (c->serial) {
		to_serial(c->serial, c->line, c->line_used);
		to_serial(c->serial, "\r\n", 2);
	}
	if (c->tap_on_console) {
		to_console(c->line);
		to_console("\n");
	}
	c->line_used = 0;
}

void console_write_tap(void *arg, const char *s, size_t n)
{
	struct console *c = arg;

	record_add(&c->tap, s, n);
	for (size_t i = 0; i < n; i++) {
		if (s[i] == '\n')
			end_line(c);
		else if (c->line_used < sizeof(c->line) - 1)
			c->line[c->line_used++] = s[i];
	}
}

void console_write_json(void *arg, const char *s, size_t n)
{
	struct console *c = arg;

	record_add(&c->json, s, n);
}

void console_tap(struct console *c, const char *format, ...)
{
	char line[LINE_MAX];
	va_list ap;
	size_t n = 0;

	va_start(ap, format);
	AsciiVSPrint((CHAR8 *)line, sizeof(line) - 1, (const CHAR8 *)format, ap);
	va_end(ap);
	while (n < sizeof(line) - 2 && line[n])
		n++;
	line[n++] = '\n';
	console_write_tap(c, line, n);
}
