/* SPDX-License-Identifier: BSD-2-Clause */
/* start.h - a fresh start in front of each vector. */
#ifndef CONFORMANCE_START_H
#define CONFORMANCE_START_H

#include "steps.h"

/* Bring the device, or the guest, that is under test to where the vector starts: configured, clean,
 * negotiated unless it says `start raw`. Return like a step: 0, or 1: the vector is over before its
 * first step and e->result says why. */
int start_device(struct engine *e);
int start_guest(struct engine *e);

/* Take away what the last vector left: at the peer, in the device, in guest memory; `deep` also by
 * a reset of the PCI function. Returns 0 or the machine's error, then *what (static) says what was
 * tried last. */
int start_clean(struct engine *e, bool deep, const char **what);

#endif
