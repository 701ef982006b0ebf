/* SPDX-License-Identifier: BSD-2-Clause */
/* trace_text.c - trace events as lines for people. */
#include "trace_text.h"
#include "trace_names.h"
#include <inttypes.h>
#include <stdarg.h>
#include <time.h>
#include <vmci/error.h>

#define HEX_BYTES 32u /* of a payload that are shown */

static uint64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000u + (uint64_t)t.tv_nsec / 1000u;
}

void trace_text_start(struct trace_text *t, FILE *out)
{
	t->out = out;
	t->lines = 0;
	t->start_us = now_us();
}

__attribute__((format(printf, 3, 4))) static void line(struct trace_text *t, const char *kind,
						       const char *format, ...)
{
	uint64_t us = now_us() - t->start_us;
	va_list ap;

	fprintf(t->out, "%5" PRIu64 ".%06" PRIu64 "  %-7s ", us / 1000000u, us % 1000000u, kind);
	va_start(ap, format);
	vfprintf(t->out, format, ap);
	va_end(ap);
	fputc('\n', t->out);
	t->lines++;
}

/* "0 VMCI_SUCCESS", "48", "-10 VMCI_ERROR_DST_UNREACHABLE" */
static const char *result_text(int32_t result, char *buf, size_t size)
{
	if (result > 0)
		snprintf(buf, size, "%" PRId32, result);
	else
		snprintf(buf, size, "%" PRId32 " %s", result, vmci_error_name(result));
	return buf;
}

/* A context id as people say it. */
static const char *context_text(uint32_t context, char *buf, size_t size)
{
	if (context == VMCI_HYPERVISOR_CONTEXT_ID)
		return "hypervisor";
	if (context == VMCI_HOST_CONTEXT_ID)
		return "host";
	if (context == VMCI_INVALID_ID)
		return "any";
	snprintf(buf, size, "vm%" PRIu32, context);
	return buf;
}

static const char *handle_text(struct vmci_handle h, char *buf, size_t size)
{
	char context[24];

	snprintf(buf, size, h.resource == VMCI_INVALID_ID ? "%s:any" : "%s:%" PRIu32,
		 context_text(h.context, context, sizeof(context)), h.resource);
	return buf;
}

static const char *hex_text(const uint8_t *data, size_t len, char *buf, size_t size)
{
	size_t used = 0;

	buf[0] = '\0';
	for (size_t i = 0; data && i < len && i < HEX_BYTES && used + 4 < size; i++)
		used += (size_t)snprintf(buf + used, size - used, i % 4 ? "%02x" : " %02x",
					 data[i]);
	if (data && len > HEX_BYTES && used + 5 < size)
		snprintf(buf + used, size - used, " ...");
	return buf;
}

static void register_line(struct trace_text *t, const struct vmci_trace *ev)
{
	char bits[128], number[24];
	const char *name = trace_register_name(ev->offset);
	bool read = ev->kind == VMCI_TRACE_REG_READ;

	if (!name) {
		snprintf(number, sizeof(number), "+0x%02" PRIx32, ev->offset);
		name = number;
	}
	line(t, read ? "read" : "write", "%s %s 0x%0*" PRIx64 "%s%s", name, read ? "->" : "<-",
	     (int)ev->width / 4, ev->value, trace_bits(ev->offset, ev->value, bits, sizeof(bits)),
	     ev->width == 32  ? ""
	     : ev->width == 8 ? " [8 bits]"
			      : " [16 bits]");
}

static void datagram_line(struct trace_text *t, const char *kind, const struct vmci_trace *ev,
			  bool judged)
{
	char dst[40], src[40], result[64], hex[128];
	const uint8_t *d = ev->data;

	if (!d || ev->len < VMCI_DATAGRAM_SIZE) {
		line(t, kind, "%zu bytes, no whole header", ev->len);
		return;
	}
	line(t, kind, "%s <- %s, %zu bytes%s%s%s",
	     handle_text(vmci_get_handle(d + VMCI_DATAGRAM_DST_CONTEXT), dst, sizeof(dst)),
	     handle_text(vmci_get_handle(d + VMCI_DATAGRAM_SRC_CONTEXT), src, sizeof(src)), ev->len,
	     hex_text(d + VMCI_DATAGRAM_SIZE, ev->len - VMCI_DATAGRAM_SIZE, hex, sizeof(hex)),
	     judged ? " = " : "", judged ? result_text(ev->result, result, sizeof(result)) : "");
}

static void hypercall_line(struct trace_text *t, const struct vmci_trace *ev)
{
	char result[64], hex[128];

	line(t, "call", "%s(%" PRIu64 "), %zu bytes%s = %s", trace_hypercall_name(ev->value),
	     ev->value, ev->len, hex_text(ev->data, ev->len, hex, sizeof(hex)),
	     result_text(ev->result, result, sizeof(result)));
}

static void interrupt_line(struct trace_text *t, const struct vmci_trace *ev)
{
	if (ev->offset)
		line(t, "irq", "INTx %s", ev->offset == 1 ? "raised" : "lowered");
	else
		line(t, "irq", "message %" PRIu64, ev->value);
}

void trace_text_event(struct trace_text *t, const struct vmci_trace *ev)
{
	char handle[40], result[64], context[24];

	if (!t->out)
		return;
	switch (ev->kind) {
	case VMCI_TRACE_REG_READ:
	case VMCI_TRACE_REG_WRITE:
		register_line(t, ev);
		break;
	case VMCI_TRACE_BYTES:
		line(t, "bytes", "%zu through %s%s", ev->len,
		     ev->offset == VMCI_DATA_OUT_ADDR ? "DATA_OUT" : "DATA_IN",
		     ev->width == 8    ? ""
		     : ev->width == 16 ? " [16 bits]"
				       : " [32 bits]");
		break;
	case VMCI_TRACE_DATAGRAM_OUT:
		datagram_line(t, "send", ev, true);
		break;
	case VMCI_TRACE_DATAGRAM_IN:
		datagram_line(t, "deliver", ev, false);
		break;
	case VMCI_TRACE_DATAGRAM_QUEUED:
		datagram_line(t, "queue", ev, true);
		break;
	case VMCI_TRACE_HYPERCALL:
		hypercall_line(t, ev);
		break;
	case VMCI_TRACE_INTERRUPT:
		interrupt_line(t, ev);
		break;
	case VMCI_TRACE_DOORBELL:
		line(t, "ring", "%s, byte %" PRIu64 " of the bitmap = %s",
		     handle_text(ev->handle, handle, sizeof(handle)), ev->value,
		     result_text(ev->result, result, sizeof(result)));
		break;
	case VMCI_TRACE_EVENT:
		line(t, "event", "%s to vm%" PRIu32 ": %s, %s", trace_event_name(ev->value),
		     ev->cid, context_text((uint32_t)ev->value2, context, sizeof(context)),
		     handle_text(ev->handle, handle, sizeof(handle)));
		break;
	case VMCI_TRACE_QUEUE_PAIR:
		line(t, "pair", "%s %s: %s", ev->text ? ev->text : "?",
		     handle_text(ev->handle, handle, sizeof(handle)),
		     trace_pair_state_name(ev->value));
		break;
	case VMCI_TRACE_RESET:
		line(t, "reset", "by %s", ev->text ? ev->text : "?");
		break;
	case VMCI_TRACE_IRQ_MODE:
		line(t, "irq", "mode %s, %" PRIu32 " messages", trace_irq_mode_name(ev->value),
		     ev->width);
		break;
	case VMCI_TRACE_REFUSAL:
		line(t, "refused", "%s: %s%s%s%s", result_text(ev->result, result, sizeof(result)),
		     ev->text ? ev->text : "?", ev->clause ? " [" : "",
		     ev->clause ? ev->clause : "", ev->clause ? "]" : "");
		break;
	}
}

void trace_text_vfu(struct trace_text *t, enum vfu_note what, uint64_t a, uint64_t b,
		    const char *text)
{
	if (!t->out)
		return;
	switch (what) {
	case VFU_NOTE_CONNECT:
		line(t, "vfu", "client connected");
		break;
	case VFU_NOTE_CLOSE:
		line(t, "vfu", "client gone: %s", text);
		break;
	case VFU_NOTE_MAP:
		line(t, "vfu", "map 0x%" PRIx64 " + 0x%" PRIx64 " %s", a, b, text);
		break;
	case VFU_NOTE_UNMAP:
		line(t, "vfu", "unmap 0x%" PRIx64 " + 0x%" PRIx64, a, b);
		break;
	case VFU_NOTE_IRQS:
		line(t, "vfu", "interrupts %s, usable vectors 0x%" PRIx64, text, a);
		break;
	case VFU_NOTE_RESET:
		line(t, "vfu", "device reset");
		break;
	case VFU_NOTE_REFUSED:
		line(t, "vfu", "refused %s (command %" PRIu64 "), errno %" PRIu64, text, a, b);
		break;
	case VFU_NOTE_TURNED_AWAY:
		line(t, "vfu", "turned a client away: %s", text);
		break;
	}
}

void trace_text_peer(struct trace_text *t, uint32_t op, const uint64_t *args, uint32_t nargs,
		     int64_t rc)
{
	char text[256] = "";
	size_t used = 0;

	if (!t->out)
		return;
	for (uint32_t i = 0; i < nargs && used < sizeof(text); i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, " 0x%" PRIx64, args[i]);
	line(t, "peer", "%s%s = %" PRId64, trace_peer_name(op), text, rc);
}

void trace_text_line(struct trace_text *t, const char *kind, const char *text)
{
	if (t->out)
		line(t, kind, "%s", text);
}
