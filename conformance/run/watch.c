/* SPDX-License-Identifier: BSD-2-Clause */
/* watch.c - `run --check`: the protocol monitor looks on while vectors run. */
#include "watch.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "records.h"

static void on_event(void *ctx, const struct vmci_trace *ev)
{
	struct watch *w = ctx;
	const struct machine *m = &w->session->target.machine;

	/* What comes before is the end of the last vector. */
	if (!w->has_begun) {
		w->has_begun = ev->kind == VMCI_TRACE_RESET;
		return;
	}
	if (m->now_us)
		monitor_time(w->monitor, m->now_us(m->ctx));
	monitor_event(w->monitor, ev);
}

static int read_memory(void *ctx, struct vmci_gpa gpa, void *dst, size_t len)
{
	const struct machine *m = &((struct watch *)ctx)->session->target.machine;

	return m->mem_read(m->ctx, gpa.addr, dst, len);
}

void watch_open(struct watch *w, const struct vct *t)
{
	memset(w, 0, sizeof(*w));
	w->table = t;
	w->monitor = must_alloc(monitor_bytes());
}

void watch_close(struct watch *w)
{
	free(w->monitor);
	w->monitor = NULL;
}

void watch_session(struct watch *w, struct session *s)
{
	w->session = s;
	s->target.trace = on_event;
	s->target.trace_ctx = w;
	watch_before(w);
}

void watch_before(struct watch *w)
{
	const struct monitor_port port = { .ctx = w, .mem_read = read_memory };

	monitor_start(w->monitor, &port, MONITOR_PATIENCE_US);
	w->has_begun = false;
}

void watch_after(struct watch *w, uint32_t vector, FILE *out)
{
	const char *id = vct_str(w->table, w->table->vectors[vector].id);
	const struct monitor_finding *f;
	char what[256];

	monitor_finish(w->monitor);
	w->vectors++;
	w->bad += monitor_finding(w->monitor, 0) != NULL;
	for (unsigned i = 0; i < MONITOR_RULE_COUNT; i++) {
		struct monitor_score s = monitor_score(w->monitor, (enum monitor_rule)i);

		w->total[i].held += s.held;
		w->total[i].violated += s.violated;
	}
	for (unsigned i = 0; (f = monitor_finding(w->monitor, i)) != NULL; i++)
		fprintf(out, "check    %s: %s: %s, %" PRIu64 " times\n", id,
			monitor_clause(f->rule), monitor_finding_text(f, what, sizeof(what)),
			f->count);
}

void watch_summary(const struct watch *w, FILE *out)
{
	for (unsigned i = 0; i < MONITOR_RULE_COUNT; i++)
		fprintf(out, "check    %-12s held %" PRIu64 ", violated %" PRIu64 "\n",
			monitor_clause((enum monitor_rule)i), w->total[i].held,
			w->total[i].violated);
	fprintf(out, "check    %u vectors watched, %u with a violation\n", w->vectors, w->bad);
}
