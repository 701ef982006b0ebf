/* SPDX-License-Identifier: BSD-2-Clause */
/* wire.h - little-endian numbers in byte buffers, and handles.
 *
 * The caller has checked that the bytes exist. Buffers need no alignment and must be private
 * memory (a copy), never memory that somebody else can change: for that see order.h.
 */
#ifndef VMCI_WIRE_H
#define VMCI_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct vmci_handle {
	uint32_t context, resource;
};

static inline uint32_t vmci_get16(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8;
}

static inline uint32_t vmci_get32(const uint8_t *p)
{
	return vmci_get16(p) | vmci_get16(p + 2) << 16;
}

static inline uint64_t vmci_get64(const uint8_t *p)
{
	return (uint64_t)vmci_get32(p) | (uint64_t)vmci_get32(p + 4) << 32;
}

static inline void vmci_put16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)v;
	p[1] = (uint8_t)(v >> 8);
}

static inline void vmci_put32(uint8_t *p, uint32_t v)
{
	vmci_put16(p, v & 0xffff);
	vmci_put16(p + 2, v >> 16);
}

static inline void vmci_put64(uint8_t *p, uint64_t v)
{
	vmci_put32(p, (uint32_t)v);
	vmci_put32(p + 4, (uint32_t)(v >> 32));
}

static inline struct vmci_handle vmci_get_handle(const uint8_t *p)
{
	struct vmci_handle h = { vmci_get32(p), vmci_get32(p + 4) };
	return h;
}

static inline void vmci_put_handle(uint8_t *p, struct vmci_handle h)
{
	vmci_put32(p, h.context);
	vmci_put32(p + 4, h.resource);
}

static inline struct vmci_handle vmci_handle(uint32_t context, uint32_t resource)
{
	struct vmci_handle h = { context, resource };
	return h;
}

static inline bool vmci_handle_equal(struct vmci_handle a, struct vmci_handle b)
{
	return a.context == b.context && a.resource == b.resource;
}

#endif
