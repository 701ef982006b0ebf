/* SPDX-License-Identifier: BSD-2-Clause */
/* chart.h - a vector as a message sequence chart in SVG. */
#ifndef SPECC_CHART_H
#define SPECC_CHART_H

#include "model.h"

struct text;

/* Append the chart of a vector's own steps; what goes before by `after` is one
 * note. Colours come from the page's style sheet. */
void chart_write(const struct spec *sp, const struct vector *v, struct text *out);

#endif
