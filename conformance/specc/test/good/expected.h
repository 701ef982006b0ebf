/* SPDX-License-Identifier: BSD-2-Clause */
/* defs.h - numbers of the protocol: constants, and where fields lie.
 *
 * Generated from spec/ by specc, do not edit: `make defs` writes it. Each name is
 * explained in the chapter that its group names.
 */
#ifndef VMCI_DEFS_H
#define VMCI_DEFS_H

/* numbers (10-first.md) */
#define VMCI_DECIMAL                             10 /* plain */
#define VMCI_HEX                                 0x1f /* stays as written */
#define VMCI_BINARY                              0x5 /* becomes hex */
#define VMCI_NEGATIVE                            (-6) /* in parentheses in C */
#define VMCI_SUM                                 0x20 /* left to right: 32 */
#define VMCI_COMMENT                             1 /* ends / * here * / and there */
#define VMCI_GET_CONTEXT_ID                      1

/* registers vmci_registers: offsets in bytes (10-first.md) */
#define VMCI_STATUS_ADDR                         0x00 /* u32, r; a register */
#define VMCI_CONTROL_ADDR                        0x04 /* u32, w */
#define VMCI_ICR_ADDR                            0x08 /* u32, rc; reading clears */
#define VMCI_DATA_OUT_ADDR                       0x10 /* u8, w */
#define VMCI_CAPS_ADDR                           0x18 /* u32, rw */
#define VMCI_REGISTERS_SIZE                      32 /* bytes */

/* layout vmci_datagram: offsets in bytes (10-first.md) */
#define VMCI_DATAGRAM_DST_CONTEXT                0 /* u32; to whom */
#define VMCI_DATAGRAM_DST_RESOURCE               4 /* u32 */
#define VMCI_DATAGRAM_SRC                        8 /* handle; from whom */
#define VMCI_DATAGRAM_SIZE_FIELD                 16 /* u64; becomes SIZE_FIELD */
#define VMCI_DATAGRAM_PAYLOAD                    24 /* bytes */
#define VMCI_DATAGRAM_SIZE                       24 /* bytes */

/* layout vmci_open: offsets in bytes (10-first.md) */
#define VMCI_OPEN_FIRST                          0 /* u16 */
#define VMCI_OPEN_RESERVED                       2 /* bytes[6] */
#define VMCI_OPEN_LIST                           8 /* u32[4] */
#define VMCI_OPEN_REST                           64 /* bytes */

#endif
