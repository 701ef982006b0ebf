/* SPDX-License-Identifier: BSD-2-Clause */
#include "head.h"

#include <ctype.h>
#include <string.h>

#include "clause.h"
#include "expr.h"
#include "lex.h"
#include "text.h"

const char *const need_names[] = {
	"cap.hypercall",
	"cap.datagram",
	"cap.notifications",
	"cap.ppn64",
	"cap.dma",
	"bar.ports",
	"bar.mmio",
	"msix",
	"msi",
	"intx",
	"vectors.2",
	"vectors.3",
	NULL,
};
const char *const ability_names[] = {
	"irq",	     "line",	 "irq.mask", "peer",	"config",    "cfgspace", "busmaster",
	"platreset", "mem.high", "ask",	     "irq.msi", "irq.count", NULL,
};
const char *const flag_names[] = { "slow", "hang", "crash", "choice", "basic", "sockets", NULL };
const char *const config_names[] = { "cid", "caps", "qp_memory", "priv", "vectors", NULL };

static const char *const head_words[] = {
	"about",  "why",   "covers", "catches", "dut",	 "needs",
	"config", "start", "each",   "after",	"flags", NULL,
};

struct reader {
	struct spec *sp;
	struct vector *v;
	const char *path;
	const char *prefix; /* "vector dg/x: " */
	unsigned seen;	    /* bit per head word */
};

#define FAIL(r, line, ...) ((r)->v->broken = true, fail((r), (line), mem_printf(__VA_ARGS__)))

static void fail(struct reader *r, int line, const char *text)
{
	diag_error(r->sp->diags, r->path, line, "%s%s", r->prefix, text);
}

struct vector *vector_find(const struct spec *sp, const char *id, size_t *index)
{
	for (size_t i = 0; i < sp->vectors.n; i++) {
		if (strcmp(sp->vectors.v[i].id, id) == 0) {
			if (index)
				*index = i;
			return &sp->vectors.v[i];
		}
	}
	return NULL;
}

static int word_index(const char *const *list, const char *word)
{
	for (int i = 0; list[i]; i++)
		if (strcmp(list[i], word) == 0)
			return i;
	return -1;
}

static const char *words_of(const char *const *list)
{
	struct text t = { 0 };

	for (; *list; list++)
		text_printf(&t, "%s%s", t.len ? " " : "", *list);
	return text_str(&t);
}

static uint32_t read_bits(struct reader *r, int line, const char *what, const char *const *list,
			  const char *p)
{
	uint32_t bits = 0;
	const char *word;

	while ((word = str_word(&p)) != NULL) {
		int i = word_index(list, word);

		if (i < 0)
			FAIL(r, line, "%s: unknown word '%s'; expected %s", what, word,
			     words_of(list));
		else
			bits |= 1u << i;
	}
	return bits;
}

static void read_covers(struct reader *r, int line, const char *p)
{
	const char *id;

	while ((id = str_word(&p)) != NULL) {
		size_t index, k;
		struct clause *c = clause_find(r->sp, id, &index);

		if (!c) {
			FAIL(r, line, "covers unknown clause %s%s", id, clause_near(r->sp, id));
			continue;
		}
		for (k = 0; k < r->v->covers.n && r->v->covers.v[k] != index; k++)
			;
		if (k < r->v->covers.n) {
			FAIL(r, line, "covers %s twice", id);
			continue;
		}
		*vec_add(&r->v->covers) = index;
		*vec_add(&c->vectors) = (size_t)(r->v - r->sp->vectors.v);
	}
}

bool head_config(struct spec *sp, const char *path, int line, const char *prefix, const char *text,
		 uint32_t *mask, uint64_t *config)
{
	const char *word;
	bool good = true;

	while ((word = str_word(&text)) != NULL) {
		size_t len = strcspn(word, "=");
		int key = word_index(config_names, mem_strndup(word, len));
		int64_t value;

		if (!word[len] || key < 0) {
			diag_error(sp->diags, path, line,
				   "%sconfig: '%s' is not KEY=VALUE with a key of %s", prefix, word,
				   words_of(config_names));
			good = false;
		} else if (!expr_constant(sp, path, line, prefix, word + len + 1, &value)) {
			good = false;
		} else {
			*mask |= 1u << key;
			config[key] = (uint64_t)value;
		}
	}
	return good;
}

static bool is_word(const char *s)
{
	if (!isalpha((unsigned char)*s))
		return false;
	for (; *s; s++)
		if (!isalnum((unsigned char)*s) && *s != '_')
			return false;
	return true;
}

/* A blank or more separates values; one in quotes or parentheses is part of the value. */
static const char *take_each_value(const char **p)
{
	const char *s = *p + strspn(*p, " \t"), *e = s;
	int depth = 0;

	if (*s == '"') {
		e = strchr(s + 1, '"');
		if (!e)
			return NULL;
		*p = e + 1;
		return mem_strndup(s + 1, (size_t)(e - s - 1));
	}
	for (; *e && (depth || (*e != ' ' && *e != '\t')); e++)
		depth += *e == '(' ? 1 : *e == ')' ? -1 : 0;
	*p = e;
	return e == s ? NULL : mem_strndup(s, (size_t)(e - s));
}

static void read_each(struct reader *r, int line, const char *p)
{
	const char *name = str_word(&p), *equal = str_word(&p), *value;
	struct each *e;

	if (!name || !is_word(name) || !equal || strcmp(equal, "=") != 0) {
		FAIL(r, line, "each: expected each NAME = VALUE VALUE...");
		return;
	}
	for (size_t i = 0; i < r->v->each.n; i++)
		if (strcmp(r->v->each.v[i].name, name) == 0)
			FAIL(r, line, "each %s: a second line of that name", name);
	e = vec_add(&r->v->each);
	e->name = name;
	e->line = line;
	while ((value = take_each_value(&p)) != NULL) {
		bool bad = (strcmp(name, "transport") == 0 && strcmp(value, "pio") != 0 &&
			    strcmp(value, "dma") != 0) ||
			   (strcmp(name, "window") == 0 && strcmp(value, "ports") != 0 &&
			    strcmp(value, "mmio") != 0);

		if (bad)
			FAIL(r, line, "each %s: '%s' is neither %s", name, value,
			     name[0] == 't' ? "pio nor dma" : "ports nor mmio");
		for (size_t i = 0; i < e->values.n; i++)
			if (strcmp(e->values.v[i], value) == 0)
				FAIL(r, line, "each %s: value %s twice", name, value);
		*vec_add(&e->values) = value;
	}
	if (!e->values.n)
		FAIL(r, line, "each %s: no values", name);
}

static void read_choice(struct reader *r, int line, const char *what, const char *p, const char *a,
			const char *b, uint8_t av, uint8_t bv, uint8_t *out)
{
	const char *s = str_fold(p);

	if (strcmp(s, a) == 0)
		*out = av;
	else if (strcmp(s, b) == 0)
		*out = bv;
	else
		FAIL(r, line, "%s: '%s' is neither %s nor %s", what, s, a, b);
}

static void read_line(struct reader *r, const struct line *l)
{
	struct vector *v = r->v;
	const char *p = l->s, *word = str_word(&p), *rest;
	int i;

	if (!word || word[0] == '#')
		return;
	i = word_index(head_words, word);
	rest = str_fold(i < 2 ? p : lex_without_note(p));
	if (i < 0) {
		FAIL(r, l->no,
		     "unknown head line '%s'; expected one of %s, or --- before the steps", word,
		     words_of(head_words));
		return;
	}
	if (!*rest) {
		FAIL(r, l->no, "%s: nothing follows", word);
		return;
	}
	if ((r->seen & 1u << i) && strcmp(word, "each") != 0 && strcmp(word, "covers") != 0 &&
	    strcmp(word, "catches") != 0) {
		FAIL(r, l->no, "a second line '%s'", word);
		return;
	}
	r->seen |= 1u << i;
	switch (i) {
	case 0:
		v->about = rest;
		break;
	case 1:
		v->why = rest;
		break;
	case 2:
		read_covers(r, l->no, rest);
		break;
	case 3:
		v->catches = v->catches ? mem_printf("%s %s", v->catches, rest) : rest;
		break;
	case 4:
		read_choice(r, l->no, word, rest, "device", "guest", VCT_ROLE_DEVICE,
			    VCT_ROLE_GUEST, &v->role);
		break;
	case 5:
		v->needs = read_bits(r, l->no, word, need_names, rest);
		break;
	case 6:
		v->config.s = rest;
		v->config.no = l->no;
		break;
	case 7:
		v->start_given = true;
		read_choice(r, l->no, word, rest, "probe", "raw", VCT_START_PROBE, VCT_START_RAW,
			    &v->start);
		break;
	case 8:
		read_each(r, l->no, rest);
		break;
	case 9:
		v->after = rest;
		v->after_line = l->no;
		break;
	case 10:
		v->flags = read_bits(r, l->no, word, flag_names, rest);
		if (v->flags & (VCT_CHOICE | VCT_SOCKETS))
			FAIL(r, l->no,
			     "flags: choice and sockets follow from the rest, they are not written");
		break;
	default:
		break;
	}
}

static bool is_vector_id(const char *s)
{
	const char *slash = strchr(s, '/');

	if (!slash || slash == s || !slash[1])
		return false;
	for (; *s; s++)
		if (!islower((unsigned char)*s) && !isdigit((unsigned char)*s) &&
		    !strchr("/-.", *s))
			return false;
	return true;
}

static void check_choice(struct reader *r)
{
	size_t n = 0;

	for (size_t i = 0; i < r->v->covers.n; i++)
		n += r->sp->clauses.v[r->v->covers.v[i]].choice;
	if (n && n < r->v->covers.n)
		FAIL(r, r->v->line,
		     "covers choices (mark C) and other clauses; a device that chose otherwise could "
		     "not be told from a wrong one: make it two vectors");
	if (n && n == r->v->covers.n)
		r->v->flags |= VCT_CHOICE;
}

static void read_head(struct spec *sp, const struct block *b)
{
	const struct vector *old = vector_find(sp, b->name, NULL);
	struct reader r = { .sp = sp, .path = CHAPTER_PATH(sp, b->chapter) };
	size_t i;

	r.prefix = mem_printf("vector %s: ", b->name);
	r.v = vec_add(&sp->vectors);
	r.v->id = b->name;
	r.v->chapter = b->chapter;
	r.v->line = b->line;
	r.v->block = b;
	if (old) {
		/* Found by id, the first one stays the one that is meant. */
		FAIL(&r, b->line, "the id exists already at %s:%d", CHAPTER_PATH(sp, old->chapter),
		     old->line);
	}
	if (!is_vector_id(b->name))
		FAIL(&r, b->line, "the id is a group, '/' and a name of a-z 0-9 - .");
	if (*b->rest)
		FAIL(&r, b->line, "'%s' behind the id; expected nothing", b->rest);
	for (i = 0; i < b->lines.n; i++) {
		if (strcmp(str_fold(b->lines.v[i].s), "---") == 0)
			break;
		read_line(&r, &b->lines.v[i]);
	}
	if (i == b->lines.n)
		FAIL(&r, b->line, "no line --- between head and steps");
	for (i++; i < b->lines.n; i++)
		*vec_add(&r.v->steps) = b->lines.v[i];
	if (!(r.seen & 1))
		FAIL(&r, b->line, "no line 'about'");
	if (!(r.seen & 1u << 2))
		FAIL(&r, b->line, "no line 'covers'");
	if (!(r.seen & 1u << 4))
		FAIL(&r, b->line, "no line 'dut'");
	check_choice(&r);
}

void head_read(struct spec *sp)
{
	for (size_t i = 0; i < sp->blocks.n; i++)
		if (sp->blocks.v[i].kind == BLOCK_VECTOR)
			read_head(sp, &sp->blocks.v[i]);
}
