/* SPDX-License-Identifier: BSD-2-Clause */
/* paths.h - by which transport and which window a vector goes, where it does not say so itself. */
#ifndef CONFORMANCE_PATHS_H
#define CONFORMANCE_PATHS_H

#include "engine.h"

/* Choose for e->vector. Sets e->window and e->no_ports_calls. Returns whether the transport is DMA,
 * else it is the byte ports. */
bool paths_choose(struct engine *e);

/* Whether a device that offers DMA does it well enough to carry vectors that are about something
 * else; what is wrong with it the vectors of DMA tell. Uses the transport, which must be DMA and
 * negotiated; the device is not in a known state afterwards. */
bool paths_dma_carries(struct engine *e);

#endif
