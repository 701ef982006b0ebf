/* SPDX-License-Identifier: BSD-2-Clause */
/* guestservice.c - GuestRPC for the virtual machine of this process. */
#include "guestservice.h"
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define CONNECTIONS  64u
#define TRACED_BYTES 100u /* of a request or an answer */

/* A reverse channel: how far its questions have got. */
struct channel {
	uint32_t connection; /* 0: free */
	unsigned step;
};

struct guestservice {
	struct vmci_transport *transport;
	struct vmci_guestrpc_port port;
	struct vmci_guestrpc *rpc;
	struct guestinfo *info;
	struct trace_text *trace;
	struct channel channels[CONNECTIONS];
};

static void *service_alloc(void *ctx, size_t size)
{
	(void)ctx;
	return calloc(1, size);
}

static void service_free(void *ctx, void *p, size_t size)
{
	(void)ctx;
	(void)size;
	free(p);
}

static uint64_t service_now(void *ctx)
{
	struct timespec t;

	(void)ctx;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000u + (uint64_t)t.tv_nsec / 1000u;
}

/* ---- trace ------------------------------------------------------------------------------- */

/* A line while it grows. */
struct line {
	char text[320];
	size_t used;
};

__attribute__((format(printf, 2, 3))) static void put(struct line *l, const char *format, ...)
{
	va_list ap;
	int n;

	va_start(ap, format);
	n = vsnprintf(l->text + l->used, sizeof(l->text) - l->used, format, ap);
	va_end(ap);
	if (n > 0)
		l->used += (size_t)n < sizeof(l->text) - l->used ? (size_t)n
								 : sizeof(l->text) - l->used - 1;
}

static void put_guest(struct line *l, const uint8_t *text, size_t len)
{
	if (len && text[len - 1] == '\0')
		len--;
	for (size_t i = 0; i < len && i < TRACED_BYTES; i++)
		put(l, "%c", text[i] >= ' ' && text[i] <= '~' ? text[i] : '.');
	if (len > TRACED_BYTES)
		put(l, "... (%zu bytes)", len);
}

static void trace_request(struct guestservice *s, const struct vmci_guestrpc_caller *caller,
			  const uint8_t *text, size_t len, bool ok, const uint8_t *reply,
			  size_t reply_len)
{
	struct line l = { .used = 0 };

	put(&l, "from port %" PRIu32 "%s%s: ", caller->port,
	    caller->is_privileged ? "" : ", unprivileged", caller->is_last ? ", last" : "");
	put_guest(&l, text, len);
	put(&l, " -> %d ", ok);
	put_guest(&l, reply, reply_len);
	trace_text_line(s->trace, "rpc", l.text);
}

static void trace_news(struct guestservice *s, const struct vmci_guestrpc_caller *caller,
		       const char *what, const uint8_t *text, size_t len)
{
	struct line l = { .used = 0 };

	put(&l, "reverse channel %" PRIu32 ": %s", caller->connection, what);
	put_guest(&l, text, len);
	trace_text_line(s->trace, "rpc", l.text);
}

/* ---- callbacks --------------------------------------------------------------------------- */

static bool service_request(void *ctx, const struct vmci_guestrpc_caller *caller,
			    const uint8_t *text, size_t len, uint8_t *reply, size_t room,
			    size_t *reply_len)
{
	struct guestservice *s = ctx;
	bool ok = guestinfo_request(s->info, caller, text, len, reply, room, reply_len);

	trace_request(s, caller, text, len, ok, reply, *reply_len);
	return ok;
}

static struct channel *channel_of(struct guestservice *s, uint32_t connection)
{
	for (size_t i = 0; i < CONNECTIONS; i++)
		if (s->channels[i].connection == connection)
			return &s->channels[i];
	return NULL;
}

static void ask(struct guestservice *s, const struct vmci_guestrpc_caller *caller,
		struct channel *c)
{
	const char *question = guestinfo_question(c->step);

	if (!question)
		return;
	c->step++;
	trace_news(s, caller, "we ask: ", (const uint8_t *)question, strlen(question));
	if (vmci_guestrpc_call(s->rpc, caller->connection, question, strlen(question)))
		vmci_guestrpc_hang_up(s->rpc, caller->connection);
}

static void service_news(void *ctx, const struct vmci_guestrpc_caller *caller,
			 enum vmci_guestrpc_news what, const uint8_t *text, size_t len)
{
	struct guestservice *s = ctx;
	struct channel *c = channel_of(s, what == VMCI_GUESTRPC_OPENED ? 0 : caller->connection);

	if (!c || what == VMCI_GUESTRPC_ALIVE)
		return;
	switch (what) {
	case VMCI_GUESTRPC_OPENED:
		*c = (struct channel){ caller->connection, 0 };
		trace_news(s, caller, "opened", NULL, 0);
		ask(s, caller, c);
		break;
	case VMCI_GUESTRPC_ANSWERED:
		trace_news(s, caller, "it answers: ", text, len);
		ask(s, caller, c);
		break;
	default:
		trace_news(s, caller, "closed", NULL, 0);
		c->connection = 0;
		break;
	}
}

/* ---- life -------------------------------------------------------------------------------- */

int guestservice_open(struct vmci_hub *hub, struct guestinfo *info, struct trace_text *trace,
		      struct guestservice **out)
{
	const struct vmci_guestrpc_options options = { .connections = CONNECTIONS };
	struct guestservice *s = calloc(1, sizeof(*s));
	int rc = -VMCI_ENOMEM;

	if (!s)
		return rc;
	s->info = info;
	s->trace = trace;
	s->port = (struct vmci_guestrpc_port){ .ctx = s,
					       .alloc = service_alloc,
					       .free = service_free,
					       .now_us = service_now,
					       .request = service_request,
					       .news = service_news };
	s->transport = vmci_transport_of_context(vmci_hub_find(hub, VMCI_HYPERVISOR_CONTEXT_ID),
						 NULL, service_alloc, service_free);
	if (s->transport)
		rc = vmci_guestrpc_create(s->transport, &s->port, &options, &s->rpc);
	if (rc) {
		guestservice_close(s);
		return rc;
	}
	*out = s;
	return 0;
}

void guestservice_close(struct guestservice *s)
{
	if (!s)
		return;
	vmci_guestrpc_destroy(s->rpc);
	vmci_transport_free(s->transport);
	free(s);
}

uint64_t guestservice_pump(struct guestservice *s)
{
	return vmci_guestrpc_pump(s->rpc);
}
