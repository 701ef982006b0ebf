/* SPDX-License-Identifier: BSD-2-Clause */
/* options.c - what the person at the console or the file on the medium asked for. */
#include "options.h"

void options_init(struct options *o)
{
	static const struct options defaults = {
		.command = CMD_RUN,
		.slow = true,
		.results = "vmci-results",
		.bench_seconds = 2,
	};

	*o = defaults;
}

const char *options_help(void)
{
	return "vmci.efi - test a VMCI device, or a VMCI guest, from firmware\n"
	       "\n"
	       "  vmci.efi [COMMAND] [OPTION...]\n"
	       "\n"
	       "  run [PATTERN]  run the vectors of the specification (default: all of them)\n"
	       "  list [PATTERN] name them\n"
	       "  info           what was found: function, registers, capabilities\n"
	       "  bench          hypercalls and datagrams per second\n"
	       "  echo           send streams and datagrams of port 7 back until a key is pressed\n"
	       "  cat PORT       a stream to this port of the host, like a pipe\n"
	       "  help           this text\n"
	       "\n"
	       "  --loop         test the device built into this application (needs no hardware)\n"
	       "  --role=ROLE    device, guest or both (default: what the machine allows)\n"
	       "  --fast         leave out the vectors that are flagged slow\n"
	       "  --seconds=N    how long bench measures each thing, 1 to 600 (default 2)\n"
	       "  --send=FILE    what cat sends (default: the keyboard)\n"
	       "  --save=FILE    where cat puts what comes (default: the console)\n"
	       "  --tap=WHERE    auto, serial, console or off: where result lines go\n"
	       "  --results=NAME NAME.tap and NAME.jsonl on the medium (default vmci-results), or none\n"
	       "  --shutdown     power off at the end; else return to the caller\n"
	       "\n"
	       "Options are also read from the file vmci.cfg beside the application.\n";
}

struct word {
	const char *at;
	size_t len;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\0';
}

static bool is(struct word w, const char *s)
{
	size_t i = 0;

	while (i < w.len && s[i] && w.at[i] == s[i])
		i++;
	return i == w.len && s[i] == '\0';
}

/* "--name=value": the value, when w has that name. */
static bool value_of(struct word w, const char *name, struct word *value)
{
	size_t i = 0;

	while (name[i]) {
		if (i >= w.len || w.at[i] != name[i])
			return false;
		i++;
	}
	if (i >= w.len || w.at[i] != '=')
		return false;
	value->at = w.at + i + 1;
	value->len = w.len - i - 1;
	return true;
}

static bool keep(char *dst, size_t size, struct word w)
{
	if (w.len == 0 || w.len >= size)
		return false;
	for (size_t i = 0; i < w.len; i++)
		dst[i] = w.at[i];
	dst[w.len] = '\0';
	return true;
}

static bool number(struct word w, uint32_t min, uint32_t max, uint32_t *out)
{
	uint64_t n = 0;

	if (w.len == 0 || w.len > 10)
		return false;
	for (size_t i = 0; i < w.len; i++) {
		if (w.at[i] < '0' || w.at[i] > '9')
			return false;
		n = n * 10 + (uint64_t)(w.at[i] - '0');
	}
	if (n < min || n > max)
		return false;
	*out = (uint32_t)n;
	return true;
}

struct sink {
	char *at;
	size_t left;
};

static void add(struct sink *s, const char *text, size_t len)
{
	for (size_t i = 0; i < len && s->left > 1; i++) {
		char c = text[i];

		*s->at++ = c >= ' ' && c <= '~' ? c : '?';
		s->left--;
	}
	*s->at = '\0';
}

static size_t length(const char *s)
{
	size_t n = 0;

	while (s[n])
		n++;
	return n;
}

static void add_number(struct sink *s, unsigned n)
{
	char digits[12];
	size_t i = sizeof(digits);

	do {
		digits[--i] = (char)('0' + n % 10);
		n /= 10;
	} while (n);
	add(s, digits + i, sizeof(digits) - i);
}

/* One word. Returns NULL, or what would have been legal. */
static const char *take(struct options *o, struct word w, bool *pattern_next)
{
	static const struct {
		const char *name;
		enum command command;
	} commands[] = { { "run", CMD_RUN },   { "info", CMD_INFO }, { "bench", CMD_BENCH },
			 { "echo", CMD_ECHO }, { "cat", CMD_CAT },   { "help", CMD_HELP },
			 { "list", CMD_LIST } };
	struct word v;

	if (w.at[0] != '-') {
		for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
			if (is(w, commands[i].name)) {
				o->command = commands[i].command;
				*pattern_next = o->command == CMD_RUN || o->command == CMD_LIST;
				return NULL;
			}
		if (*pattern_next && keep(o->pattern, sizeof(o->pattern), w)) {
			*pattern_next = false;
			return NULL;
		}
		if (o->command == CMD_CAT && o->port == 0)
			return number(w, 1, UINT32_MAX - 1, &o->port)
				       ? NULL
				       : "a port of the host, 1 to 4294967294";
		return "run, list, info, bench, echo, cat, help or an option";
	}
	if (is(w, "--loop"))
		o->loop = true;
	else if (is(w, "--fast"))
		o->slow = false;
	else if (is(w, "--shutdown"))
		o->end = END_SHUTDOWN;
	else if (is(w, "--help") || is(w, "-h"))
		o->command = CMD_HELP;
	else if (value_of(w, "--role", &v)) {
		if (is(v, "device"))
			o->roles = 1;
		else if (is(v, "guest"))
			o->roles = 2;
		else if (is(v, "both"))
			o->roles = 3;
		else
			return "--role=device, --role=guest or --role=both";
	} else if (value_of(w, "--tap", &v)) {
		if (is(v, "auto"))
			o->tap = TAP_AUTO;
		else if (is(v, "serial"))
			o->tap = TAP_SERIAL;
		else if (is(v, "console"))
			o->tap = TAP_CONSOLE;
		else if (is(v, "off"))
			o->tap = TAP_OFF;
		else
			return "--tap=auto, serial, console or off";
	} else if (value_of(w, "--results", &v)) {
		if (is(v, "none"))
			o->results[0] = '\0';
		else if (!keep(o->results, sizeof(o->results), v))
			return "--results=NAME with a name of 1 to 63 characters";
	} else if (value_of(w, "--only", &v)) {
		if (!keep(o->pattern, sizeof(o->pattern), v))
			return "--only=PATTERN of 1 to 127 characters";
	} else if (value_of(w, "--send", &v)) {
		if (!keep(o->send, sizeof(o->send), v))
			return "--send=FILE with a name of 1 to 63 characters";
	} else if (value_of(w, "--save", &v)) {
		if (!keep(o->save, sizeof(o->save), v))
			return "--save=FILE with a name of 1 to 63 characters";
	} else if (value_of(w, "--seconds", &v)) {
		if (!number(v, 1, 600, &o->bench_seconds))
			return "--seconds=N with N from 1 to 600";
	} else
		return "one of the options that `help` lists";
	return NULL;
}

int options_parse(struct options *o, const char *where, const char *text, size_t len, char *message,
		  size_t message_size)
{
	unsigned line = 1, first = 0;
	bool pattern_next = true;
	size_t i = 0;

	while (i < len) {
		struct word w = { text + i, 0 };
		const char *expected;

		if (is_blank(text[i])) {
			line += text[i] == '\n';
			i++;
			continue;
		}
		if (text[i] == '#') {
			while (i < len && text[i] != '\n')
				i++;
			continue;
		}
		while (i < len && !is_blank(text[i])) {
			w.len++;
			i++;
		}
		expected = take(o, w, &pattern_next);
		/* The rest is still read: an unattended run has to power off after a mistake too.
		 */
		if (expected && first == 0) {
			struct sink s = { message, message_size };

			add(&s, where, length(where));
			add(&s, ":", 1);
			add_number(&s, line);
			add(&s, ": '", 3);
			add(&s, w.at, w.len);
			add(&s, "' is not understood; expected ", 30);
			add(&s, expected, length(expected));
			first = line;
		}
	}
	return (int)first;
}
