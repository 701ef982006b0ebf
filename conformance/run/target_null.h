/* SPDX-License-Identifier: BSD-2-Clause */
/* target_null.h - machines without a device behind them, to test the suite: no vector may pass.
 *
 * Guest memory works in all of them, it is the guest's own.
 *   zeros   every register, byte and actor answers 0; nothing is ever done
 *   ones    the same with all bits set, as a function that is gone answers
 *   silent  zeros, but no datagram waits and every DMA request completes, with result 0
 *   echo    a register reads as it was written last since a reset, DATA_IN gives what went to
 *           DATA_OUT, DMA requests complete, every write interrupts, actors answer with what
 *           they were given
 *   chaos   everything answers at random, and memory is written at random; the seed says how. A
 *           vector may pass by luck here: this one is for the engine, which has to survive it.
 */
#ifndef CONFORM_TARGET_NULL_H
#define CONFORM_TARGET_NULL_H

#include "target.h"

/* kind: one of the names above. Returns 0, or -1 and one line in error. */
int target_null_open(struct target *t, const char *kind, uint32_t seed, char *error, size_t size);

/* The names without chaos, ended by NULL. */
extern const char *const target_null_kinds[];

#endif
