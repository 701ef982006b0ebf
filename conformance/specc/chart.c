/* SPDX-License-Identifier: BSD-2-Clause */
#include "chart.h"

#include <ctype.h>
#include <string.h>

#include "lex.h"
#include "text.h"

/* Pixels. */
#define WIDTH	 760
#define TOP	 58
#define LINE_H	 16 /* one line of a label */
#define STEP_GAP 13 /* between steps */
#define MARGIN	 74
#define CHAR_W	 7.3 /* of the label's font */

enum lane {
	LANE_GUEST,
	LANE_DEVICE,
	LANE_HOST,
	LANES
};

/* How a step is drawn. */
enum shape {
	SHAPE_ARROW, /* from lane to lane, the answer comes back dashed */
	SHAPE_NOTE,  /* a box on one lane */
	SHAPE_BAR    /* across all lanes */
};

struct look {
	enum shape shape;
	enum lane from, to;
	const char *label;  /* what is done */
	const char *answer; /* what is expected, or NULL */
	bool expected;	    /* the whole step is an expectation */
};

struct chart {
	const struct vector *v;
	struct text *out;
	double x[LANES];
	bool used[LANES];
	double y;
	int frame_top; /* of an open repeat, or -1 */
	struct text frames;
};

/* What a host program does with its sockets stays on its lane; the packets that follow are lines of
 * their own. */
static const char socket_verbs[] =
	"stack socket closesocket bind connect listen accept write read preview sendto senddefault "
	"recvfrom shutdown poll soerror sockname peername setopt getopt lowwater waiting space sockets";

static const char *const lane_names[] = { "guest", "device", "host" };

/* "guest call X -> 0" in three: rest behind the actor, verb, answer. */
static void split(const char *line, const char **actor, const char **rest, const char **answer)
{
	char *s = str_fold(lex_without_note(line));
	char *arrow = strstr(s, "->");
	const char *p = s;

	*answer = NULL;
	if (arrow) {
		*answer = str_fold(arrow + 2);
		*arrow = '\0';
	}
	*actor = str_word(&p);
	*rest = str_fold(p);
}

static bool one_of(const char *verb, const char *list)
{
	const char *word;

	while ((word = str_word(&list)) != NULL)
		if (strcmp(word, verb) == 0)
			return true;
	return false;
}

static bool is_repeat(const char *line)
{
	const char *p = line, *w = str_word(&p);

	return w && strcmp(w, "repeat") == 0;
}

/* "send 2:1 from 5:1 payload packet RST 80:1025" as "RST 80:1025 (send 2:1 from 5:1)": which packet
 * it is comes first. */
static const char *packet_first(const char *s)
{
	static const char mark[] = " payload packet ";
	const char *at = s ? strstr(s, mark) : NULL;

	return at ? mem_printf("%s (%s)", at + strlen(mark), mem_strndup(s, (size_t)(at - s))) : s;
}

static struct look look_of(const struct vector *v, const char *line)
{
	const char *actor, *rest, *answer, *p, *verb;
	struct look k = { .shape = SHAPE_NOTE, .from = LANE_GUEST, .to = LANE_GUEST };

	split(line, &actor, &rest, &answer);
	p = rest;
	verb = str_word(&p);
	k.label = packet_first(rest);
	k.answer = packet_first(answer);
	if (!actor || !verb || one_of(actor, "region queues let")) {
		k.label = str_fold(lex_without_note(line));
		k.answer = NULL;
		if (actor && one_of(actor, "let"))
			k.shape = SHAPE_NOTE;
		return k;
	}
	if (strcmp(actor, "wait") == 0) {
		k.shape = SHAPE_BAR;
		k.label = mem_printf("wait %s", rest);
	} else if (strcmp(actor, "host") == 0) {
		if (strcmp(verb, "as") == 0) {
			str_word(&p);
			verb = str_word(&p);
		}
		k.shape = SHAPE_ARROW;
		k.from = LANE_HOST;
		k.to = LANE_DEVICE;
		if (verb && one_of(verb, "recv event take")) {
			k.from = LANE_DEVICE;
			k.to = LANE_HOST;
			k.expected = true;
		} else if (verb && one_of(verb, socket_verbs)) {
			k.shape = SHAPE_NOTE;
			k.from = LANE_HOST;
		}
	} else if (strcmp(actor, "device") == 0) {
		k.from = LANE_DEVICE;
		k.to = LANE_GUEST;
		k.expected = v->role == VCT_ROLE_DEVICE;
		k.shape = one_of(verb, "irq deliver event") ? SHAPE_ARROW : SHAPE_NOTE;
	} else if (one_of(verb, "ask does")) {
		const char *what = str_word(&p);

		k.from = LANE_GUEST;
		k.to = LANE_DEVICE;
		k.expected = verb[0] == 'd';
		k.shape = k.expected && what && !one_of(what, "nothing skip") ? SHAPE_ARROW
									      : SHAPE_NOTE;
		k.label = k.expected ? packet_first(rest + 5) : k.label;
	} else if (one_of(verb, "recv pull")) {
		k.shape = SHAPE_ARROW;
		k.from = LANE_DEVICE;
		k.expected = verb[0] == 'r';
	} else if (one_of(verb, "read write irq irqmask irqunmask busmaster platreset")) {
		k.shape = SHAPE_NOTE;
	} else {
		k.shape = SHAPE_ARROW;
		k.to = LANE_DEVICE;
	}
	return k;
}

/* Word wrap; at least one line. */
static size_t wrap(const char *s, size_t columns, const char **lines, size_t max)
{
	size_t n = 0;

	while (*s && n < max) {
		size_t len = strlen(s), cut;

		if (len > columns) {
			for (cut = columns; cut > columns / 2 && s[cut] != ' '; cut--)
				;
			len = s[cut] == ' ' ? cut : columns;
			/* Never inside a character of several bytes. */
			while (len > 1 && ((unsigned char)s[len] & 0xc0) == 0x80)
				len--;
		}
		lines[n++] = mem_strndup(s, len);
		s += len;
		s += *s == ' ';
	}
	if (*s && n == max)
		lines[n - 1] = mem_printf("%s …", lines[n - 1]);
	return n;
}

static void put_text(struct chart *c, double x, double y, const char *class_, const char *anchor,
		     const char *s)
{
	text_printf(c->out, "<text x=\"%.1f\" y=\"%.1f\" class=\"%s\" text-anchor=\"%s\">", x, y,
		    class_, anchor);
	text_html(c->out, s);
	text_add(c->out, "</text>\n");
}

static void put_line(struct chart *c, double x1, double y1, double x2, double y2,
		     const char *class_)
{
	text_printf(c->out,
		    "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" class=\"%s\"/>\n", x1,
		    y1, x2, y2, class_);
}

static void put_arrow(struct chart *c, double from, double to, double y, const char *class_)
{
	double d = to > from ? -1 : 1;

	put_line(c, from, y, to, y, mem_printf("arrow %s", class_));
	text_printf(c->out, "<path d=\"M%.1f %.1f l%.1f -4.5 l0 9 z\" class=\"head %s\"/>\n", to, y,
		    d * 9, class_);
}

/* One direction: lines of text, then the arrow below them. */
static void put_message(struct chart *c, double from, double to, const char *s, const char *class_)
{
	const char *lines[6];
	double left = from < to ? from : to, right = from < to ? to : from;
	size_t n = wrap(s, (size_t)((right - left - 24) / CHAR_W), lines, 6);

	for (size_t i = 0; i < n; i++) {
		c->y += LINE_H;
		put_text(c, (left + right) / 2, c->y - 4, mem_printf("label %s", class_), "middle",
			 lines[i]);
	}
	c->y += 3;
	put_arrow(c, from, to, c->y, class_);
}

static void draw_arrow(struct chart *c, const struct look *k)
{
	double from = c->x[k->from], to = c->x[k->to];
	bool nothing = k->expected && k->answer && strcmp(k->answer, "none") == 0;

	if (nothing) {
		c->y += LINE_H;
		put_text(c, (from + to) / 2, c->y - 4, "label check", "middle",
			 mem_printf("%s: nothing waits", k->label));
		put_line(c, from, c->y + 3, to, c->y + 3, "arrow none");
		c->y += 3;
		return;
	}
	if (k->expected) {
		put_message(c, from, to,
			    k->answer ? mem_printf("%s: %s", k->label, k->answer) : k->label,
			    "check");
		return;
	}
	put_message(c, from, to, k->label, k->from == LANE_DEVICE ? "check" : "act");
	if (k->answer) {
		c->y += 2;
		put_message(c, to, from, k->answer, "check answer");
	}
}

static void draw_note(struct chart *c, const struct look *k)
{
	const char *lines[8];
	bool first = k->from == LANE_GUEST || !c->used[LANE_GUEST];
	double room = 250, x, w = 0;
	const char *s = k->answer ? mem_printf("%s → %s", k->label, k->answer) : k->label;
	const char *class_ = k->answer || k->expected ? "check" : "act";
	size_t n = wrap(s, (size_t)(room / CHAR_W), lines, 8);

	for (size_t i = 0; i < n; i++) {
		/* A byte that continues a character takes no room. */
		double len = 0;

		for (const char *p = lines[i]; *p; p++)
			len += ((unsigned char)*p & 0xc0) != 0x80;
		if (len * CHAR_W > w)
			w = len * CHAR_W;
	}
	w += 18;
	x = c->x[k->from] - (first ? 22 : w / 2);
	if (x + w > WIDTH - 2)
		x = WIDTH - 2 - w;
	text_printf(c->out,
		    "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" rx=\"4\" "
		    "class=\"note %s\"/>\n",
		    x, c->y + 2, w, (double)n * LINE_H + 6, class_);
	for (size_t i = 0; i < n; i++)
		put_text(c, x + 9, c->y + 16 + (double)i * LINE_H, mem_printf("label %s", class_),
			 "start", lines[i]);
	c->y += (double)n * LINE_H + 6;
}

static void draw_bar(struct chart *c, const char *s)
{
	c->y += LINE_H;
	put_line(c, MARGIN - 30, c->y - 5, WIDTH - 8, c->y - 5, "bar");
	text_printf(c->out,
		    "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"16\" class=\"back\"/>\n",
		    WIDTH / 2 - (double)strlen(s) * CHAR_W / 2 - 6, c->y - 13,
		    (double)strlen(s) * CHAR_W + 12);
	put_text(c, WIDTH / 2, c->y - 1, "label act", "middle", s);
}

static void draw_step(struct chart *c, const struct line *l)
{
	const char *s = str_fold(lex_without_note(l->s));
	struct look k;

	if (!*s)
		return;
	if (is_repeat(s)) {
		c->y += STEP_GAP;
		c->frame_top = (int)c->y;
		c->y += LINE_H + 4;
		put_text(c, MARGIN - 24, c->y - 6, "label act", "start",
			 str_fold(mem_strndup(s, strcspn(s, "{"))));
		return;
	}
	c->y += STEP_GAP;
	if (s[0] == '}') {
		if (c->frame_top >= 0)
			text_printf(&c->frames,
				    "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%.0f\" rx=\"5\" "
				    "class=\"frame\"/>\n",
				    MARGIN - 32, c->frame_top, WIDTH - MARGIN + 26,
				    c->y - c->frame_top);
		c->frame_top = -1;
		return;
	}
	put_text(c, 26, c->y + LINE_H - 3, "number", "end", mem_printf("%d", l->no));
	k = look_of(c->v, l->s);
	if (k.shape == SHAPE_BAR)
		draw_bar(c, k.label);
	else if (k.shape == SHAPE_NOTE)
		draw_note(c, &k);
	else
		draw_arrow(c, &k);
}

static void find_lanes(struct chart *c)
{
	int n = 0, i = 0;

	c->used[LANE_DEVICE] = true;
	for (size_t s = 0; s < c->v->steps.n; s++) {
		const char *line = str_fold(lex_without_note(c->v->steps.v[s].s));
		struct look k;

		if (!*line || *line == '}' || is_repeat(line) || str_starts(line, "wait "))
			continue;
		k = look_of(c->v, line);
		c->used[k.from] = c->used[k.to] = true;
	}
	c->used[LANE_GUEST] |= c->v->role == VCT_ROLE_GUEST;
	for (int l = 0; l < LANES; l++)
		n += c->used[l];
	for (int l = 0; l < LANES; l++)
		if (c->used[l])
			c->x[l] = n == 1 ? WIDTH / 2
					 : MARGIN + (WIDTH - 2.0 * MARGIN + 10) * i++ / (n - 1);
}

void chart_write(const struct spec *sp, const struct vector *v, struct text *out)
{
	struct text body = { 0 }, *real = out;
	struct chart c = { .v = v, .out = &body, .y = TOP, .frame_top = -1 };
	int under_test = v->role == VCT_ROLE_GUEST ? LANE_GUEST : LANE_DEVICE;

	(void)sp;
	find_lanes(&c);
	if (v->after) {
		c.y += 4;
		draw_bar(&c, mem_printf("first the steps of %s", v->after));
	}
	for (size_t i = 0; i < v->steps.n; i++)
		draw_step(&c, &v->steps.v[i]);
	c.y += 18;
	text_printf(real,
		    "<svg class=\"chart\" viewBox=\"0 0 %d %.0f\" role=\"img\" "
		    "xmlns=\"http://www.w3.org/2000/svg\" aria-label=\"message sequence of ",
		    WIDTH, c.y + 4);
	text_html(real, v->id);
	text_add(real, "\">\n");
	text_add(real, text_str(&c.frames));
	c.out = real;
	for (int l = 0; l < LANES; l++) {
		if (!c.used[l])
			continue;
		put_line(&c, c.x[l], 42, c.x[l], c.y, "life");
		text_printf(real,
			    "<rect x=\"%.1f\" y=\"14\" width=\"108\" height=\"28\" rx=\"5\" "
			    "class=\"actor%s\"/>\n",
			    c.x[l] - 54, l == under_test ? " dut" : "");
		put_text(&c, c.x[l], 33, l == under_test ? "actorname dut" : "actorname", "middle",
			 lane_names[l]);
	}
	text_add(real, text_str(&body));
	text_add(real, "</svg>\n");
}
