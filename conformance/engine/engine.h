/* SPDX-License-Identifier: BSD-2-Clause */
/* engine.h - runs compiled vectors on a machine, one at a time.
 *
 * A struct engine is the caller's memory (large: see ENGINE_*_MAX; allocate it or make it
 * static) and may be used again for another machine after engine_start(). The engine plays every
 * actor but the one under test, compares what that one does with the table and says in words what
 * differed. It never allocates, and every loop has a bound: a device that answers garbage makes a
 * vector fail or end as an error.
 */
#ifndef CONFORMANCE_ENGINE_H
#define CONFORMANCE_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "basics.h"
#include "code.h"
#include "machine.h"
#include "table.h"
#include "text.h"
#include "tidy.h"
#include "xport.h"

#define ENGINE_BLOB_MAX	  300000u /* bytes a step may send: a page list of 128 MiB fits */
#define ENGINE_DATA_MAX	  300000u /* bytes a step may look at */
#define ENGINE_REGIONS	  72u
#define ENGINE_TEXT	  240u
#define ENGINE_WITHIN_US  250000u /* an expectation without `within` */
#define ENGINE_QUIET_US	  20000u  /* how long nothing has to happen for `noirq`, `irqs`, `none` */
#define ENGINE_REPEAT_MAX 1000000u
#define ENGINE_TIMEOUT_US 60000000u /* longest vector by the machine's clock */

enum engine_outcome {
	ENGINE_PASS,
	ENGINE_FAIL,
	ENGINE_SKIP,	   /* the implementation does not offer what the vector is about */
	ENGINE_UNOBSERVED, /* this harness cannot do or see what the vector needs */
	ENGINE_ERROR,	   /* the harness or the transport broke: no verdict */
	ENGINE_TIMEOUT,	   /* the vector took longer than ENGINE_TIMEOUT_US */
	ENGINE_DIFFERS,	   /* failed, but only clauses that are our own choice are concerned */
	ENGINE_OUTCOMES
};

enum engine_class {
	ENGINE_CLASS_NONE,
	ENGINE_CLASS_VALUE,   /* another value */
	ENGINE_CLASS_MISSING, /* something did not happen */
	ENGINE_CLASS_EXTRA,   /* something happened that must not */
	ENGINE_CLASS_ORDER,   /* something else happened first */
	ENGINE_CLASS_CRASH,   /* the other side does not answer any more */
	ENGINE_CLASSES
};

struct engine_result {
	enum engine_outcome outcome;
	enum engine_class cls; /* of a failure */
	uint32_t vector;       /* index in the table */
	uint32_t step;	       /* 1 is the first of the vector; 0: before the first */
	uint32_t line;	       /* of the step in the vector's file; of the vector when step is 0 */
	uint32_t ms;
	char want[ENGINE_TEXT]; /* failures */
	char saw[ENGINE_TEXT];
	char reason[ENGINE_TEXT]; /* skip, unobserved, error, timeout */
};

/* What the device under test offers. */
struct engine_offer {
	bool ports, mmio;
	uint32_t caps;	  /* CAPS as it read */
	uint32_t vectors; /* MSI-X entries; 0 without MSI-X */
	uint32_t needs;	  /* enum vct_need bits that are there */
};

/* A deliberate mistake in the judging of one step, for testing the suite: the step has to fail. */
enum engine_perturbation {
	ENGINE_AS_IT_IS,
	ENGINE_NEGATE_NUMBER, /* the verdict on the number is turned round */
	ENGINE_NEGATE_ITEM,   /* the verdict on item `item` of the bytes */
	ENGINE_OPPOSITE	      /* the opposite is expected: nothing for something, 1 for 0 */
};
struct engine_perturb {
	enum engine_perturbation kind;
	uint32_t step; /* of the vector, 0 is the first */
	int item;
	bool applied; /* set by the engine: such a thing was judged */
};

/* Whether vectors that name no transport may go by DMA. */
enum engine_dma {
	ENGINE_DMA_UNTRIED,
	ENGINE_DMA_FIT,
	ENGINE_DMA_UNFIT
};

struct engine {
	const struct vct *table;
	struct machine *machine;
	bool ignore_needs; /* run vectors whatever the device offers (null machines) */
	uint32_t seed;	   /* varies what a vector does not fix: the order of scattered pages */
	struct engine_perturb perturb;
	struct engine_offer offer;
	enum engine_dma dma_trial;
	struct basics basics;

	/* of the running vector */
	const struct vct_vector *vector;
	struct engine_result *result;
	struct code_env env;
	struct xport xport;
	struct tidy tidy; /* of the last vector, until the next one starts */
	struct text want, saw;
	enum machine_window window;
	uint64_t began;	     /* machine's time, microseconds */
	uint32_t step;	     /* 0-based */
	bool no_ports_calls; /* `start raw` without ports: calls cannot be made */
	bool spoilt;	     /* the last vector of a device did not pass */
	bool gone;	     /* a vector has told that the device does not answer */
	bool probed;	     /* offer is that of the machine as configured now */
	bool configured;     /* the last vector had a configuration of its own */
	bool skip_seen;	     /* guest role: does skip was the last word */
	uint32_t nregions;
	struct {
		uint64_t pa, len;
	} regions[ENGINE_REGIONS];
	uint8_t blob[ENGINE_BLOB_MAX];
	uint8_t data[ENGINE_DATA_MAX];
	uint8_t rx[XPORT_RX_BYTES];
	uint8_t fifo[XPORT_FIFO_BYTES];
};

/* Set up. t and m are borrowed until engine_finish(). Nothing is touched yet. Clears all
 * settings of e (ignore_needs, seed, perturb). */
void engine_start(struct engine *e, const struct vct *t, struct machine *m);

/* Run vector `index` (below the table's count); fills *r whatever happens. */
void engine_run(struct engine *e, uint32_t index, struct engine_result *r);

/* Leave the device reset and its memory released. Errors are ignored. */
void engine_finish(struct engine *e);

/* Look at the device: windows, CAPS, interrupts. Called by engine_run() when needed; a report may
 * call it to describe the device. Resets the device. Returns 0 or the machine's error. */
int engine_probe(struct engine *e);

/* Whether text `s` matches a pattern in which * stands for any characters and ? for one. A
 * pattern also matches a vector's whole family: "db/ring" matches "db/ring@pio". */
bool engine_match(const char *pattern, const char *s);

/* "pass", "fail", ...; "value", ... ("" for none). Static. */
const char *engine_outcome_name(enum engine_outcome o);
const char *engine_class_name(enum engine_class c);

#endif
