/* SPDX-License-Identifier: BSD-2-Clause */
/* order.h - words that another processor or another party reads or writes.
 *
 * The only way core/ touches such words once their memory is mapped: one access of the full
 * width, never repeated by the compiler, with the order in the name. Addresses are aligned to the
 * width. Words are little-endian in memory; on a big-endian machine these functions would swap.
 * 64-bit queue pointers: a 32-bit guest stores only the low half, the high half stays zero.
 */
#ifndef VMCI_ORDER_H
#define VMCI_ORDER_H

#include <stdint.h>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "order.h has only been written for little-endian machines"
#endif

static inline uint64_t vmci_load_acquire64(const void *p)
{
	return __atomic_load_n((const uint64_t *)p, __ATOMIC_ACQUIRE);
}

static inline void vmci_store_release64(void *p, uint64_t v)
{
	__atomic_store_n((uint64_t *)p, v, __ATOMIC_RELEASE);
}

static inline uint32_t vmci_load_acquire32(const void *p)
{
	return __atomic_load_n((const uint32_t *)p, __ATOMIC_ACQUIRE);
}

static inline void vmci_store_release32(void *p, uint32_t v)
{
	__atomic_store_n((uint32_t *)p, v, __ATOMIC_RELEASE);
}

/* Clear the bits that are not in `keep`, and return what was there. What follows happens after. */
static inline uint8_t vmci_fetch_and8(void *p, uint8_t keep)
{
	return __atomic_fetch_and((uint8_t *)p, keep, __ATOMIC_ACQ_REL);
}

/* Everything before is visible to the other side before anything after. */
static inline void vmci_full_barrier(void)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

#endif
