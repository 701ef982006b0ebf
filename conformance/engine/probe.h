/* SPDX-License-Identifier: BSD-2-Clause */
/* probe.h - what a driver does first, in the registers, before there is a transport: find a window,
 * reset, read CAPS, negotiate. engine_probe() (engine.h) looks at the whole device.
 *
 * Results are the machine's: 0 or its error.
 */
#ifndef CONFORMANCE_PROBE_H
#define CONFORMANCE_PROBE_H

#include "engine.h"

#define PROBE_ABSENT 0xffffffffu /* what registers read as when there is no device */

/* A window that the device has: the ports, if both. */
enum machine_window probe_window(const struct engine *e);

/* CONTROL.RESET, by that window. */
int probe_reset(struct engine *e);

/* CAPS as e->window shows it, after mending an offer that shrank, as every start should find it. */
int probe_offer(struct engine *e, uint32_t *caps);
/* Whether these CAPS are those of a device that does datagrams. */
bool probe_offers_datagrams(uint32_t caps);

/* What drivers do behind it, through e->window: accept what is known of the offer, and with `dma`
 * set the page shift and the high address words. Sets e->env.ppn64. */
int probe_negotiate(struct engine *e, bool dma);

#endif
