/* SPDX-License-Identifier: BSD-2-Clause */
/* plot.c - the curves as an SVG: nanoseconds over message size, both logarithmic. */
#include <math.h>
#include <string.h>
#include "bench.h"

#define WIDTH  520.0
#define HEIGHT 380.0
#define LEFT   80.0
#define TOP    40.0
#define RIGHT  190.0 /* names */
#define LOWEST 0.0   /* decade of the axis: 1 ns */
#define TALL   5.0

/* A way or a yardstick has the same colour in both panels. */
static const char *colour_of(const struct curve *c)
{
	static const struct {
		const char *name, *colour;
	} colours[] = { { "ring, scattered pages", "#0b6" },
			{ "ring, contiguous", "#06b" },
			{ "ring, scattered, batched", "#0aa" },
			{ "ring, read in place", "#84c" },
			{ "memcpy in, memcpy out", "#777" },
			{ "boost spsc_queue", "#c60" },
			{ "ck_ring", "#a33" } };

	for (size_t i = 0; i < sizeof(colours) / sizeof(colours[0]); i++)
		if (strcmp(colours[i].name, c->name) == 0)
			return colours[i].colour;
	return "#333";
}

static double x_of(size_t i)
{
	return LEFT + (WIDTH - LEFT) * (double)i / (BENCH_SIZES - 1);
}

static double y_of(double ns)
{
	double decades = log10(ns > 1 ? ns : 1) - LOWEST;

	return TOP + HEIGHT - HEIGHT * decades / (TALL - LOWEST);
}

static void axes(FILE *f, const char *title)
{
	fprintf(f, "<text x='%g' y='24' font-weight='bold'>%s</text>\n", LEFT, title);
	for (size_t i = 0; i < BENCH_SIZES; i++) {
		fprintf(f, "<line x1='%g' y1='%g' x2='%g' y2='%g' stroke='#ddd'/>\n", x_of(i), TOP,
			x_of(i), TOP + HEIGHT);
		fprintf(f, "<text x='%g' y='%g' text-anchor='middle'>%zu%s</text>\n", x_of(i),
			TOP + HEIGHT + 18,
			bench_sizes[i] < 1024 ? bench_sizes[i] : bench_sizes[i] / 1024,
			bench_sizes[i] < 1024 ? "" : " Ki");
	}
	for (int decade = 1; decade <= (int)TALL; decade++) {
		double ns = pow(10, decade);

		fprintf(f, "<line x1='%g' y1='%g' x2='%g' y2='%g' stroke='#ddd'/>\n", LEFT,
			y_of(ns), WIDTH, y_of(ns));
		fprintf(f, "<text x='%g' y='%g' text-anchor='end'>%g ns</text>\n", LEFT - 6,
			y_of(ns) + 4, ns);
	}
	fprintf(f, "<text x='%g' y='%g' text-anchor='middle'>bytes of a message</text>\n",
		(LEFT + WIDTH) / 2, TOP + HEIGHT + 38);
}

static void curves(FILE *f, const struct curve *c, size_t n)
{
	for (size_t k = 0; k < n; k++) {
		const char *colour = colour_of(&c[k]);
		double y = TOP + 16 * (double)k + 8;

		fprintf(f, "<polyline fill='none' stroke='%s' stroke-width='%s' points='", colour,
			c[k].is_ours ? "2.5" : "1.5");
		for (size_t i = 0; i < BENCH_SIZES; i++)
			if (c[k].ns[i] > 0)
				fprintf(f, "%g,%g ", x_of(i), y_of(c[k].ns[i]));
		fprintf(f, "'%s/>\n", c[k].is_ours ? "" : " stroke-dasharray='5 3'");
		fprintf(f,
			"<line x1='%g' y1='%g' x2='%g' y2='%g' stroke='%s' stroke-width='2'%s/>\n",
			WIDTH + 14, y, WIDTH + 34, y, colour,
			c[k].is_ours ? "" : " stroke-dasharray='5 3'");
		fprintf(f, "<text x='%g' y='%g'>%s</text>\n", WIDTH + 40, y + 4, c[k].name);
	}
}

int bench_plot(const struct outcome *o, const char *path)
{
	double panel = WIDTH + RIGHT;
	FILE *f = fopen(path, "w");

	if (!f)
		return -1;
	fprintf(f,
		"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 %g %g' "
		"font-family='sans-serif' font-size='12'>\n<rect width='100%%' height='100%%' "
		"fill='white'/>\n<g>\n",
		2 * panel, TOP + HEIGHT + 50);
	axes(f, "One thread: put and take one message");
	curves(f, o->one, o->none);
	fprintf(f, "</g>\n<g transform='translate(%g 0)'>\n", panel);
	axes(f, "Two threads: each message");
	curves(f, o->two, o->ntwo);
	fprintf(f, "</g>\n</svg>\n");
	return fclose(f) ? -1 : 0;
}
