/* SPDX-License-Identifier: BSD-2-Clause */
/* trace_names.h - names of registers, bits, hypercalls and events for the trace. */
#ifndef HOST_SIM_TRACE_NAMES_H
#define HOST_SIM_TRACE_NAMES_H

#include <stddef.h>
#include <stdint.h>

/* NULL: not a register. */
const char *trace_register_name(uint32_t offset);
/* "?" when unknown. */
const char *trace_hypercall_name(uint64_t resource);
const char *trace_event_name(uint64_t event);
const char *trace_pair_state_name(uint64_t state);
const char *trace_irq_mode_name(uint64_t mode);
const char *trace_peer_name(uint32_t op);
/* The bits of a register's value by name, " (DATAGRAM PPN64)"; empty when it has no names. Returns
 * buf. */
const char *trace_bits(uint32_t offset, uint64_t value, char *buf, size_t size);

#endif
