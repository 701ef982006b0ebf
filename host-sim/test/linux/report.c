/* SPDX-License-Identifier: BSD-2-Clause */
/* report.c - KTAP and JUnit. A run that is cut short leaves a KTAP file that says so by its plan.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "report.h"

static FILE *ktap, *junit;
static char *body; /* of the JUnit file, which begins with the counts */
static size_t body_size;
static FILE *cases;
static char run_name[128];
static unsigned count, failed, skipped;
static uint64_t total_ms;

static FILE *create(const char *base, const char *suffix)
{
	char path[512];
	FILE *f;

	snprintf(path, sizeof(path), "%s%s", base, suffix);
	f = fopen(path, "we");
	if (!f) {
		fprintf(stderr, "linux: %s: %s\n", path, strerror(errno));
		exit(2);
	}
	return f;
}

__attribute__((format(printf, 1, 2))) static void both(const char *format, ...)
{
	va_list ap;

	for (int i = 0; i < 2; i++) {
		va_start(ap, format);
		vfprintf(i ? ktap : stdout, format, ap);
		va_end(ap);
		fflush(i ? ktap : stdout);
	}
}

void report_open(const char *base, const char *name, unsigned plan)
{
	ktap = create(base, ".ktap");
	junit = create(base, ".xml");
	cases = open_memstream(&body, &body_size);
	if (!cases)
		exit(2);
	snprintf(run_name, sizeof(run_name), "%s", name);
	both("KTAP version 1\n1..%u\n", plan);
}

static void xml(FILE *f, const char *text)
{
	for (; *text; text++) {
		switch (*text) {
		case '<':
			fputs("&lt;", f);
			break;
		case '&':
			fputs("&amp;", f);
			break;
		case '"':
			fputs("&quot;", f);
			break;
		default:
			fputc(*text >= ' ' ? *text : '?', f);
		}
	}
}

void report_case(const char *name, enum verdict verdict, uint64_t ms, const char *text)
{
	count++;
	failed += verdict == FAILED;
	skipped += verdict == SKIPPED;
	total_ms += ms;
	both("%s %u - %s%s\n", verdict == FAILED ? "not ok" : "ok", count, name,
	     verdict == SKIPPED ? " # SKIP" : "");
	both("# %s: %llu ms%s%s\n", name, (unsigned long long)ms, *text ? ", " : "", text);

	fprintf(cases, "  <testcase classname=\"");
	xml(cases, run_name);
	fprintf(cases, "\" name=\"");
	xml(cases, name);
	fprintf(cases, "\" time=\"%llu.%03llu\">\n", (unsigned long long)ms / 1000,
		(unsigned long long)ms % 1000);
	if (verdict != PASSED) {
		fprintf(cases, "    <%s message=\"", verdict == FAILED ? "failure" : "skipped");
		xml(cases, text);
		fprintf(cases, "\"/>\n");
	} else if (*text) {
		fprintf(cases, "    <system-out>");
		xml(cases, text);
		fprintf(cases, "</system-out>\n");
	}
	fprintf(cases, "  </testcase>\n");
}

void report_note(const char *text)
{
	both("# %s\n", text);
}

unsigned report_close(void)
{
	fclose(cases);
	fprintf(junit,
		"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n <testsuite name=\"");
	xml(junit, run_name);
	fprintf(junit,
		"\" tests=\"%u\" failures=\"%u\" errors=\"0\" skipped=\"%u\" time=\"%llu.%03llu\">\n",
		count, failed, skipped, (unsigned long long)total_ms / 1000,
		(unsigned long long)total_ms % 1000);
	fwrite(body, 1, body_size, junit);
	fprintf(junit, " </testsuite>\n</testsuites>\n");
	fclose(junit);
	both("# %s: pass:%u fail:%u skip:%u total:%u, %llu s\n", run_name, count - failed - skipped,
	     failed, skipped, count, (unsigned long long)total_ms / 1000);
	fclose(ktap);
	free(body);
	return failed;
}
