/* SPDX-License-Identifier: BSD-2-Clause */
/* rpcframe.c - the fields of a GuestRPC message. */
#include <vmci/fault.h>
#include <vmci/mem.h>
#include <vmci/rpcframe.h>

#define NUMBER_FIELD 16u /* type, id, 64 bits */
#define STRING_FIELD 12u /* type, id, length */

static uint32_t get_be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static uint8_t *put_be32(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 24);
	p[1] = (uint8_t)(v >> 16);
	p[2] = (uint8_t)(v >> 8);
	p[3] = (uint8_t)v;
	return p + 4;
}

int64_t vmci_rpcframe_length(const uint8_t *p)
{
	uint32_t n = get_be32(p);

	if (VMCI_FAULT("rpc.any-length"))
		return n;
	if (n == 0 || n > VMCI_GUESTRPC_FIELDS_MAX)
		return VMCI_LOCAL_PROTOCOL;
	return n;
}

struct reader {
	const uint8_t *at;
	size_t left;
};

static bool take(struct reader *r, size_t n, const uint8_t **at)
{
	if (n > r->left)
		return false;
	*at = r->at;
	r->at += n;
	r->left -= n;
	return true;
}

static bool take_u32(struct reader *r, uint32_t *v)
{
	const uint8_t *p;

	if (!take(r, 4, &p))
		return false;
	*v = get_be32(p);
	return true;
}

/* The low word comes first, then the high one. Another sender writes the 64 bits straight, so that
 * its small numbers arrive with a low word of 0. No number in use is above 32 bits: whichever word
 * is not 0 is the number. */
static bool take_number(struct reader *r, uint64_t *v)
{
	uint32_t first, second;

	if (!take_u32(r, &first) || !take_u32(r, &second))
		return false;
	*v = first == 0 && !VMCI_FAULT("rpc.one-number-form") ? second
							      : first | (uint64_t)second << 32;
	return true;
}

static bool take_string(struct reader *r, const uint8_t **at, size_t *len)
{
	uint32_t n;

	if (!take_u32(r, &n) || (n == 0 && !VMCI_FAULT("rpc.empty-string")) || !take(r, n, at))
		return false;
	*len = n;
	return true;
}

/* The elements are not kept; what counts is where the list ends. */
static bool skip_list(struct reader *r, bool of_strings)
{
	const uint8_t *at;
	uint32_t n;
	size_t len;

	if (!take_u32(r, &n))
		return false;
	if (!of_strings)
		return take(r, (size_t)n * 8, &at);
	/* Each costs input, so a large count ends with the input. */
	while (n-- > 0)
		if (!take_string(r, &at, &len))
			return false;
	return true;
}

struct field {
	uint32_t type, id;
	uint64_t number;
	const uint8_t *string;
	size_t len;
};

static bool take_field(struct reader *r, struct field *f)
{
	if (!take_u32(r, &f->type) || !take_u32(r, &f->id))
		return false;
	switch (f->type) {
	case VMCI_GUESTRPC_FIELD_INT64:
		return take_number(r, &f->number);
	case VMCI_GUESTRPC_FIELD_STRING:
		return take_string(r, &f->string, &f->len);
	case VMCI_GUESTRPC_FIELD_INT64_LIST:
	case VMCI_GUESTRPC_FIELD_STRING_LIST:
		return skip_list(r, f->type == VMCI_GUESTRPC_FIELD_STRING_LIST);
	default:
		return false;
	}
}

static bool note_field(struct vmci_rpcframe *out, const struct field *f)
{
	switch (f->id) {
	case VMCI_GUESTRPC_ID_TYPE:
		if (f->type != VMCI_GUESTRPC_FIELD_INT64 || f->number > UINT32_MAX)
			return false;
		out->type = (uint32_t)f->number;
		return true;
	case VMCI_GUESTRPC_ID_PAYLOAD:
		if (f->type != VMCI_GUESTRPC_FIELD_STRING)
			return false;
		if (VMCI_FAULT("rpc.order-fixed") && !out->type)
			return false;
		out->payload = f->string;
		out->len = f->len;
		return true;
	case VMCI_GUESTRPC_ID_FAST_CLOSE:
		if (f->type != VMCI_GUESTRPC_FIELD_INT64)
			return false;
		out->fast_close = f->number != 0;
		return true;
	default:
		return !VMCI_FAULT("rpc.unknown-field-refused");
	}
}

static bool is_known(const uint32_t *ids, size_t n, uint32_t id)
{
	for (size_t i = 0; i < n; i++)
		if (ids[i] == id)
			return !VMCI_FAULT("rpc.duplicate-field");
	return false;
}

int vmci_rpcframe_decode(struct vmci_rpcframe *out, const uint8_t *fields, size_t len)
{
	struct vmci_rpcframe frame = { 0 };
	struct reader r = { fields, len };
	uint32_t ids[VMCI_GUESTRPC_FIELD_COUNT_MAX];
	size_t n = 0;

	while (r.left > 0) {
		struct field f = { 0 };

		if (n == VMCI_GUESTRPC_FIELD_COUNT_MAX || !take_field(&r, &f) ||
		    is_known(ids, n, f.id) || !note_field(&frame, &f))
			return VMCI_LOCAL_PROTOCOL;
		ids[n++] = f.id;
	}
	if (VMCI_FAULT("rpc.no-type") && !frame.type)
		frame.type = VMCI_GUESTRPC_DATA;
	if (frame.type != VMCI_GUESTRPC_DATA && frame.type != VMCI_GUESTRPC_PING)
		return VMCI_LOCAL_PROTOCOL;
	if (frame.type == VMCI_GUESTRPC_DATA && !frame.payload)
		return VMCI_LOCAL_PROTOCOL;
	*out = frame;
	return 0;
}

size_t vmci_rpcframe_size(const struct vmci_rpcframe *f)
{
	if (f->payload && f->len > VMCI_GUESTRPC_PAYLOAD_MAX)
		return 0;
	return VMCI_GUESTRPC_LENGTH_SIZE + NUMBER_FIELD + (f->fast_close ? NUMBER_FIELD : 0) +
	       (f->payload ? STRING_FIELD + f->len : 0);
}

static uint8_t *put_number(uint8_t *p, uint32_t id, uint32_t value)
{
	p = put_be32(p, VMCI_GUESTRPC_FIELD_INT64);
	p = put_be32(p, id);
	p = put_be32(p, value);
	return put_be32(p, 0);
}

void vmci_rpcframe_encode(const struct vmci_rpcframe *f, uint8_t *dst)
{
	uint8_t *p = put_be32(dst, (uint32_t)(vmci_rpcframe_size(f) - VMCI_GUESTRPC_LENGTH_SIZE));

	p = put_number(p, VMCI_GUESTRPC_ID_TYPE, f->type);
	if (f->fast_close)
		p = put_number(p, VMCI_GUESTRPC_ID_FAST_CLOSE, 1);
	if (f->payload) {
		p = put_be32(p, VMCI_GUESTRPC_FIELD_STRING);
		p = put_be32(p, VMCI_GUESTRPC_ID_PAYLOAD);
		p = put_be32(p, (uint32_t)f->len);
		memmove(p, f->payload, f->len);
	}
}
