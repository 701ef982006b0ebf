/* SPDX-License-Identifier: BSD-2-Clause */
/* read_ktap.c - the KTAP of report.c read back, from a log that may hold firmware noise or end
 * early. */
#include <stdlib.h>
#include <string.h>
#include "records.h"

struct log {
	struct records *r;
	const char *name;
	unsigned nr;
	char target[64];
	char running[256]; /* id behind the last "# run", "" once its result came */
	unsigned long planned, seen;
	bool plan, end;
	struct engine_result diag; /* from the lines in front of a result */
	char where[256];
};

static const char *after(const char *line, const char *prefix)
{
	size_t n = strlen(prefix);

	return strncmp(line, prefix, n) == 0 ? line + n : NULL;
}

static void copy(char *dst, size_t max, const char *src)
{
	snprintf(dst, max, "%s", src);
}

/* "... target NAME spec ..." */
static void facts(struct log *log, const char *line)
{
	const char *p = strstr(line, " target "), *end;

	if (!p)
		return;
	p += strlen(" target ");
	end = strstr(p, " spec ");
	snprintf(log->target, sizeof(log->target), "%.*s", end ? (int)(end - p) : (int)strlen(p),
		 p);
}

static void forget_diag(struct log *log)
{
	memset(&log->diag, 0, sizeof(log->diag));
	log->where[0] = 0;
}

/* "missing after 3 ms": class or outcome, then the time. */
static void class_and_time(struct log *log, const char *p)
{
	const char *ms = strstr(p, " after ");
	char word[16];

	if (!ms)
		return;
	snprintf(word, sizeof(word), "%.*s", (int)(ms - p), p);
	if (record_class(word, &log->diag.cls))
		log->diag.ms = (uint32_t)strtoul(ms + strlen(" after "), NULL, 10);
}

static void comment(struct log *log, const char *line)
{
	const char *p;
	char *rest;

	if ((p = after(line, "# run "))) {
		copy(log->running, sizeof(log->running), p);
		forget_diag(log);
	} else if ((p = after(line, "# implementation "))) {
		facts(log, line);
	} else if ((p = after(line, "# end "))) {
		log->end = true;
	} else if ((p = after(line, "# step "))) {
		log->diag.step = (uint32_t)strtoul(p, &rest, 10);
		copy(log->where, sizeof(log->where), *rest == ' ' ? rest + 1 : rest);
		log->where[strcspn(log->where, " ")] = 0;
	} else if ((p = after(line, "#   want "))) {
		copy(log->diag.want, ENGINE_TEXT, p);
	} else if ((p = after(line, "#   saw  "))) {
		copy(log->diag.saw, ENGINE_TEXT, p);
	} else if ((p = after(line, "#   "))) {
		class_and_time(log, p);
	}
}

/* What stands behind the id says which outcome an "ok" or "not ok" is. */
static void outcome(struct log *log, bool ok, const char *directive)
{
	static const struct {
		const char *text;
		bool ok;
		enum engine_outcome outcome;
	} kinds[] = { { "SKIP unobserved: ", true, ENGINE_UNOBSERVED },
		      { "SKIP ", true, ENGINE_SKIP },
		      { "XFAIL ", true, ENGINE_DIFFERS },
		      { "error: ", false, ENGINE_ERROR },
		      { "timeout: ", false, ENGINE_TIMEOUT } };
	const char *p;

	log->diag.outcome = ok ? ENGINE_PASS : ENGINE_FAIL;
	for (size_t i = 0; directive && i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		p = after(directive, kinds[i].text);
		if (p && ok == kinds[i].ok) {
			log->diag.outcome = kinds[i].outcome;
			copy(log->diag.reason, ENGINE_TEXT, p);
			return;
		}
	}
}

static void keep(struct log *log, const char *id)
{
	struct record *rec = records_add(log->r, id, log->target, "");

	log->diag.vector = rec->vector;
	rec->result = log->diag;
	free(rec->where);
	rec->where = must_copy(log->where);
	log->running[0] = 0;
	log->seen++;
	forget_diag(log);
}

static int result(struct log *log, bool ok, const char *p)
{
	char *rest, *directive = NULL, *id;
	unsigned long n = strtoul(p, &rest, 10);
	int rc = 0;

	if (rest == p || *rest != ' ')
		return 0; /* noise that begins with "ok" */
	id = must_copy(rest + 1);
	directive = strstr(id, " # ");
	if (directive) {
		*directive = 0;
		directive += 3;
	}
	if (n != log->seen + 1) {
		fprintf(stderr, "vmci-conform: %s:%u: result %lu where %lu should stand\n",
			log->name, log->nr, n, log->seen + 1);
		rc = -1;
	} else {
		outcome(log, ok, directive);
		keep(log, id);
	}
	free(id);
	return rc;
}

/* A console may put escape sequences and carriage returns around a line. */
static void strip(char *line)
{
	char *to = line;

	for (const char *p = line; *p && *p != '\n'; p++) {
		if (*p == '\033' && p[1] == '[') {
			p += 2 + strspn(p + 2, "0123456789;?=");
			if (!*p)
				break;
		} else if (*p != '\r') {
			*to++ = *p;
		}
	}
	*to = 0;
}

static int one_line(struct log *log, char *line)
{
	const char *p;

	strip(line);
	if (!log->plan && (p = after(line, "1.."))) {
		log->planned = strtoul(p, NULL, 10);
		log->plan = true;
		return 0;
	}
	if (!log->plan || log->end)
		return 0;
	if ((p = after(line, "ok ")))
		return result(log, true, p);
	if ((p = after(line, "not ok ")))
		return result(log, false, p);
	if (line[0] == '#')
		comment(log, line);
	return 0;
}

static void cut_short(struct log *log, bool *cut)
{
	*cut = true;
	fprintf(stderr, "vmci-conform: %s:%u: the log ends after %lu of %lu results%s%s\n",
		log->name, log->nr, log->seen, log->planned, log->running[0] ? ", in " : "",
		log->running);
	if (!log->running[0])
		return;
	log->diag.outcome = ENGINE_ERROR;
	copy(log->diag.reason, ENGINE_TEXT, "the log ends in this vector");
	keep(log, log->running);
}

int records_read_ktap(struct records *r, FILE *f, const char *name, bool *cut)
{
	struct log log = { .r = r, .name = name };
	char *line = NULL;
	size_t room = 0;
	int rc = 0;

	while (!rc && getline(&line, &room, f) >= 0) {
		log.nr++;
		rc = one_line(&log, line);
	}
	free(line);
	if (rc)
		return rc;
	if (!log.plan) {
		fprintf(stderr, "vmci-conform: %s: no results in it (no line 1..N)\n", name);
		return -1;
	}
	if (!log.end || log.seen != log.planned)
		cut_short(&log, cut);
	return 0;
}
