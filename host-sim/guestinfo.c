/* SPDX-License-Identifier: BSD-2-Clause */
/* guestinfo.c - the requests of VMware's tools. */
#include "guestinfo.h"
#include <stdlib.h>
#include <string.h>

#define PREFIX	   "guestinfo."
#define NAME_CHARS 120u

struct variable {
	struct variable *next;
	bool is_host;
	char *name;
	uint8_t *value;
	size_t len;
};

struct guestinfo {
	FILE *out;
	size_t written; /* to out */
	struct variable *first;
	unsigned count;
	size_t bytes;
};

/* Bytes of a request, not ended by a 0. */
struct span {
	const uint8_t *at;
	size_t len;
};

static struct span span_of(const char *text)
{
	return (struct span){ (const uint8_t *)text, strlen(text) };
}

static bool is_text(struct span s, const char *text)
{
	return s.len == strlen(text) && memcmp(s.at, text, s.len) == 0;
}

static bool begins(struct span s, const char *text)
{
	return s.len >= strlen(text) && memcmp(s.at, text, strlen(text)) == 0;
}

/* The part up to the first blank; *s becomes what is behind that blank. */
static struct span take_word(struct span *s)
{
	struct span word = { s->at, 0 };

	while (word.len < s->len && word.at[word.len] != ' ')
		word.len++;
	s->at += word.len;
	s->len -= word.len;
	if (s->len) {
		s->at++;
		s->len--;
	}
	return word;
}

/* ---- what the host is told --------------------------------------------------------------- */

static void put_escaped(FILE *f, struct span s)
{
	for (size_t i = 0; i < s.len; i++) {
		if (s.at[i] >= ' ' && s.at[i] <= '~' && s.at[i] != '\\')
			fputc(s.at[i], f);
		else
			fprintf(f, "\\x%02x", s.at[i]);
	}
}

static void report(struct guestinfo *g, struct span name, struct span value)
{
	/* Names are escaped too: those of reports come from the guest unchecked. */
	size_t most = 4 * (name.len + value.len) + 2;

	if (!g->out || g->written + most > GUESTINFO_OUT_BYTES)
		return;
	g->written += most;
	put_escaped(g->out, name);
	fputc('=', g->out);
	put_escaped(g->out, value);
	fputc('\n', g->out);
	fflush(g->out);
}

/* ---- variables --------------------------------------------------------------------------- */

static bool is_name(struct span s)
{
	if (!begins(s, PREFIX) || s.len == strlen(PREFIX) || s.len > strlen(PREFIX) + NAME_CHARS)
		return false;
	for (size_t i = 0; i < s.len; i++) {
		uint8_t c = s.at[i];

		if ((c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') &&
		    c != '.' && c != '-' && c != '_')
			return false;
	}
	return true;
}

static struct variable *find(const struct guestinfo *g, struct span name)
{
	struct variable *v = g->first;

	while (v && !is_text(name, v->name))
		v = v->next;
	return v;
}

static void *copy_of(struct span s)
{
	uint8_t *copy = malloc(s.len + 1);

	if (copy) {
		memcpy(copy, s.at, s.len);
		copy[s.len] = '\0';
	}
	return copy;
}

static struct variable *add(struct guestinfo *g, struct span name)
{
	struct variable *v = calloc(1, sizeof(*v));

	if (v)
		v->name = copy_of(name);
	if (!v || !v->name) {
		free(v);
		return NULL;
	}
	v->next = g->first;
	g->first = v;
	g->count++;
	g->bytes += name.len;
	return v;
}

/* NULL, or why not. */
static const char *set(struct guestinfo *g, struct span name, struct span value, bool is_host)
{
	struct variable *v = find(g, name);
	size_t bytes = g->bytes + (v ? 0 : name.len) - (v ? v->len : 0) + value.len;
	uint8_t *copy;

	if (!is_name(name))
		return "a name of guestinfo. and up to 120 letters, digits, dots, dashes, underscores";
	if (value.len > GUESTINFO_VALUE_BYTES)
		return "a value of at most 60000 bytes";
	if (bytes > GUESTINFO_TOTAL_BYTES || (!v && g->count == GUESTINFO_VARIABLES))
		return "at most 256 variables and 1 MiB in all";
	copy = copy_of(value);
	if (!copy || (!v && (v = add(g, name)) == NULL)) {
		free(copy);
		return "no memory";
	}
	g->bytes += value.len;
	g->bytes -= v->len;
	free(v->value);
	v->value = copy;
	v->len = value.len;
	v->is_host = v->is_host || is_host;
	return NULL;
}

struct guestinfo *guestinfo_new(FILE *out)
{
	struct guestinfo *g = calloc(1, sizeof(*g));

	if (g)
		g->out = out;
	return g;
}

void guestinfo_free(struct guestinfo *g)
{
	if (!g)
		return;
	while (g->first) {
		struct variable *v = g->first;

		g->first = v->next;
		free(v->name);
		free(v->value);
		free(v);
	}
	free(g);
}

const char *guestinfo_preset(struct guestinfo *g, const char *text)
{
	const char *sign = strchr(text, '=');
	char name[sizeof(PREFIX) + NAME_CHARS + 1];
	int n;

	if (!sign)
		return "KEY=VALUE";
	n = snprintf(name, sizeof(name), "%s%.*s",
		     strncmp(text, PREFIX, strlen(PREFIX)) == 0 ? "" : PREFIX, (int)(sign - text),
		     text);
	/* Cut off: longer than a name can be. */
	if (n < 0 || (size_t)n >= sizeof(name))
		n = sizeof(name) - 1;
	return set(g, (struct span){ (uint8_t *)name, (size_t)n }, span_of(sign + 1), true);
}

const uint8_t *guestinfo_value(const struct guestinfo *g, const char *name, size_t *len)
{
	const struct variable *v = find(g, span_of(name));

	if (!v)
		return NULL;
	*len = v->len;
	return v->value;
}

/* ---- requests ---------------------------------------------------------------------------- */

struct request {
	struct guestinfo *g;
	const struct vmci_guestrpc_caller *caller;
	struct span word, rest;
	uint8_t *reply;
	size_t room, *reply_len;
};

static bool say(struct request *q, bool ok, struct span s)
{
	if (s.len > q->room)
		return false;
	memcpy(q->reply, s.at, s.len);
	*q->reply_len = s.len;
	return ok;
}

static bool no(struct request *q, const char *why)
{
	return say(q, false, span_of(why));
}

static bool yes(struct request *q)
{
	*q->reply_len = 0;
	return true;
}

static bool info_get(struct request *q)
{
	struct span name = take_word(&q->rest);
	const struct variable *v = find(q->g, name);

	if (!v)
		return no(q, "No value found");
	return say(q, true, (struct span){ v->value, v->len });
}

static bool info_set(struct request *q)
{
	struct span name = take_word(&q->rest);
	const struct variable *v = find(q->g, name);
	const char *why;

	if (v && v->is_host && !q->caller->is_privileged)
		return no(q, "Permission denied");
	why = set(q->g, name, q->rest, false);
	if (why)
		return no(q, why);
	report(q->g, name, q->rest);
	return yes(q);
}

static bool log_line(struct request *q)
{
	report(q->g, q->word, q->rest);
	return yes(q);
}

/* A number behind two blanks and then anything: what of the guest is told. */
static bool set_guest_info(struct request *q)
{
	char name[32] = "SetGuestInfo.";
	size_t n = strlen(name);
	struct span kind;

	while (q->rest.len && q->rest.at[0] == ' ')
		take_word(&q->rest);
	kind = take_word(&q->rest);
	if (kind.len == 0 || kind.len > 3)
		return no(q, "Invalid arguments");
	memcpy(name + n, kind.at, kind.len);
	report(q->g, (struct span){ (uint8_t *)name, n + kind.len }, q->rest);
	return yes(q);
}

static bool acknowledge(struct request *q)
{
	report(q->g, q->word, q->rest);
	return yes(q);
}

static const struct command {
	const char *word;
	bool is_prefix;	 /* of the word */
	bool privileged; /* only for privileged callers */
	bool (*run)(struct request *q);
} commands[] = {
	{ "info-get", false, false, info_get },
	{ "info-set", false, false, info_set },
	{ "log", false, true, log_line },
	{ "SetGuestInfo", false, true, set_guest_info },
	{ "SetGuestDiskInfo", false, true, acknowledge },
	{ "tools.capability.", true, true, acknowledge },
	{ "tools.set.version", true, true, acknowledge },
	{ "vmx.capability.unified_loop", false, true, acknowledge },
};

bool guestinfo_request(struct guestinfo *g, const struct vmci_guestrpc_caller *caller,
		       const uint8_t *text, size_t len, uint8_t *reply, size_t room,
		       size_t *reply_len)
{
	struct request q = { .g = g,
			     .caller = caller,
			     .rest = { text, len },
			     .reply = reply,
			     .room = room,
			     .reply_len = reply_len };

	/* Most senders count the 0 that ends their string. */
	if (len && text[len - 1] == '\0')
		q.rest.len--;
	q.word = take_word(&q.rest);
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		const struct command *c = &commands[i];

		if (c->is_prefix ? !begins(q.word, c->word) : !is_text(q.word, c->word))
			continue;
		if (c->privileged && !caller->is_privileged)
			return no(&q, "Permission denied");
		return c->run(&q);
	}
	return no(&q, "Unknown command");
}

const char *guestinfo_question(unsigned step)
{
	static const char *const questions[] = {
		"reset",
		"Capabilities_Register",
		"Set_Option synctime 0",
		"Set_Option broadcastIP 1",
	};

	return step < sizeof(questions) / sizeof(questions[0]) ? questions[step] : NULL;
}
