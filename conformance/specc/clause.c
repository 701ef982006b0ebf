/* SPDX-License-Identifier: BSD-2-Clause */
#include "clause.h"

#include <cmark-gfm.h>
#include <ctype.h>
#include <string.h>

#include "markdown.h"
#include "text.h"

static const char *const levels[] = { "MUST", "MUST NOT", "SHOULD", "SHOULD NOT", "MAY" };
static const char *const sides[] = { "device", "guest", "endpoint", "host", "socket" };

const char *clause_level_name(enum vct_level level)
{
	return levels[level];
}

const char *clause_side_name(enum vct_side side)
{
	return sides[side];
}

bool clause_is_id(const char *s)
{
	int parts = 0;

	while (isupper((unsigned char)*s)) {
		while (isupper((unsigned char)*s) || isdigit((unsigned char)*s))
			s++;
		if (*s++ != '.')
			return false;
		parts++;
	}
	return (parts == 2 || parts == 3) && *s && strspn(s, "0123456789") == strlen(s);
}

struct clause *clause_find(const struct spec *sp, const char *id, size_t *index)
{
	for (size_t i = 0; i < sp->clauses.n; i++) {
		if (strcmp(sp->clauses.v[i].id, id) == 0) {
			if (index)
				*index = i;
			return &sp->clauses.v[i];
		}
	}
	return NULL;
}

const char *clause_near(const struct spec *sp, const char *id)
{
	const char *best = NULL;
	size_t least = 3;

	for (size_t i = 0; i < sp->clauses.n; i++) {
		size_t d = str_distance(id, sp->clauses.v[i].id);

		if (d < least) {
			least = d;
			best = sp->clauses.v[i].id;
		}
	}
	return best ? mem_printf(" (did you mean %s?)", best) : "";
}

/* The plain text of a trailing emphasis in parentheses, without them. */
static char *tail_of(cmark_node *para)
{
	cmark_node *last = cmark_node_last_child(para);
	struct text t = { 0 };
	char *s;

	if (!last || cmark_node_get_type(last) != CMARK_NODE_EMPH)
		return NULL;
	markdown_plain(last, &t);
	s = str_fold(t.s);
	if (s[0] != '(' || s[strlen(s) - 1] != ')')
		return NULL;
	s[strlen(s) - 1] = '\0';
	return s + 1;
}

/* How often word stands alone in s. */
static int count_word(const char *s, const char *word)
{
	int n = 0;
	const char *p = s;

	while ((p = strstr(p, word)) != NULL) {
		const char *e = p + strlen(word);

		if ((p == s || !isalnum((unsigned char)p[-1])) && !isalnum((unsigned char)*e))
			n++;
		p = e;
	}
	return n;
}

static void read_level(struct spec *sp, struct clause *c)
{
	static const char *const words[] = { "MUST", "SHOULD", "MAY" };
	static const enum vct_level level[] = { VCT_MUST, VCT_SHOULD, VCT_MAY };
	const char *path = CHAPTER_PATH(sp, c->chapter);
	int total = 0;

	for (int i = 0; i < 3; i++) {
		int n = count_word(c->text, words[i]);

		total += n;
		if (n)
			c->level = level[i];
		if (n && count_word(c->text, mem_printf("%s NOT", words[i])))
			c->level = i == 0 ? VCT_MUST_NOT : VCT_SHOULD_NOT;
	}
	if (total != 1)
		diag_error(sp->diags, path, c->line,
			   "clause %s: %d words of MUST, MUST NOT, SHOULD, SHOULD NOT, MAY; "
			   "a clause has exactly one",
			   c->id, total);
}

static void read_side(struct spec *sp, struct clause *c)
{
	static const char *const subjects[] = { "A device ", "A guest ", "An endpoint ", "A host ",
						"A socket " };

	for (int i = 0; i <= VCT_SIDE_SOCKET; i++) {
		if (str_starts(c->text, subjects[i])) {
			c->side = (enum vct_side)i;
			return;
		}
	}
	diag_error(sp->diags, CHAPTER_PATH(sp, c->chapter), c->line,
		   "clause %s: starts with '%.20s...'; the subject comes first: A device, A guest, "
		   "An endpoint, A host or A socket",
		   c->id, c->text);
}

/* ..R-049 as separate words in *rows. */
static bool add_rows(struct text *rows, const char *s)
{
	char *copy = mem_strdup(s), *p = copy;

	for (; *p; p++)
		if (*p == ',')
			*p = ' ';
	const char *q = copy, *word;

	while ((word = str_word(&q)) != NULL) {
		unsigned from, to;
		int end = 0;

		if (sscanf(word, "R-%u..R-%u%n", &from, &to, &end) == 2 && !word[end]) {
			if (to < from || to - from > 50)
				return false;
		} else if (sscanf(word, "R-%u%n", &from, &end) == 1 && !word[end]) {
			to = from;
		} else if (word[0] == 'Q' && strspn(word + 1, "0123456789") == strlen(word + 1)) {
			continue;
		} else {
			return false;
		}
		for (; from <= to; from++)
			text_printf(rows, "%sR-%03u", rows->len ? " " : "", from);
	}
	return true;
}

static void read_marks(struct spec *sp, struct clause *c, cmark_node *para)
{
	const char *path = CHAPTER_PATH(sp, c->chapter);
	char *tail = tail_of(para);
	struct text rows = { 0 };
	const char *p, *word;
	char *semicolon, *marks;
	int n = 0;

	c->rows = c->tail = "";
	if (!tail) {
		diag_error(sp->diags, path, c->line,
			   "clause %s: no marks at the end; expected *(L F; R-047)*", c->id);
		return;
	}
	c->tail = tail;
	marks = mem_strdup(tail);
	semicolon = strchr(marks, ';');
	if (semicolon)
		*semicolon = '\0';
	for (p = marks; (word = str_word(&p)) != NULL; n++) {
		if (word[1] || !strchr("LFOHVWIC", word[0]))
			diag_error(sp->diags, path, c->line,
				   "clause %s: mark '%s' is none of L F O H V W I C", c->id, word);
		if (word[0] == 'C')
			c->choice = true;
	}
	if (!n)
		diag_error(sp->diags, path, c->line, "clause %s: no mark says how we know", c->id);
	if (semicolon && !add_rows(&rows, semicolon + 1))
		diag_error(sp->diags, path, c->line,
			   "clause %s: '%s' is no list of rows like R-047, R-050..R-052", c->id,
			   str_fold(semicolon + 1));
	c->rows = text_str(&rows);
	c->text = str_fold(mem_strndup(c->text, strlen(c->text) - strlen(tail) - 2));
}

static void read_clause(struct spec *sp, const struct para *p)
{
	const struct clause *old = clause_find(sp, p->strong, NULL);
	const char *path = CHAPTER_PATH(sp, p->chapter);
	struct chapter *ch = &sp->chapters.v[p->chapter];
	char *part = mem_strndup(p->strong, strcspn(p->strong, "."));
	struct clause *c;

	if (old) {
		diag_error(sp->diags, path, p->line, "clause %s exists already at %s:%d", p->strong,
			   CHAPTER_PATH(sp, old->chapter), old->line);
		return;
	}
	c = vec_add(&sp->clauses);
	c->id = p->strong;
	c->text = p->text;
	c->chapter = p->chapter;
	c->line = p->line;
	c->node = p->node;
	read_marks(sp, c, p->node);
	read_side(sp, c);
	read_level(sp, c);
	c->hash = crc32_add(0, c->text, strlen(c->text));
	if (!ch->part)
		ch->part = part;
	else if (strcmp(ch->part, part) != 0)
		diag_error(sp->diags, path, p->line,
			   "clause %s: the ids of this chapter start with %s", c->id, ch->part);
}

static void read_untestable(struct spec *sp, const struct para *p)
{
	const char *id = p->strong + strlen("Untestable ");
	const char *path = CHAPTER_PATH(sp, p->chapter);
	struct clause *c = clause_find(sp, id, NULL);

	if (!c)
		diag_error(sp->diags, path, p->line, "untestable: unknown clause %s%s", id,
			   clause_near(sp, id));
	else if (c->reason)
		diag_error(sp->diags, path, p->line,
			   "clause %s is called untestable twice, first in line %d", id,
			   c->reason_line);
	else if (!*p->text)
		diag_error(sp->diags, path, p->line, "untestable %s: the reason is missing", id);
	if (c && !c->reason && *p->text) {
		c->reason = p->text;
		c->reason_line = p->line;
		c->reason_node = p->node;
	}
}

static void read_rejected(struct spec *sp, const struct para *p)
{
	const char *path = CHAPTER_PATH(sp, p->chapter);
	struct text rows = { 0 };
	struct rejected *r;

	if (!add_rows(&rows, p->strong + strlen("Rejected ")) || !rows.len)
		diag_error(sp->diags, path, p->line, "'%s': expected rows like Rejected R-193",
			   p->strong);
	if (!*p->text)
		diag_error(sp->diags, path, p->line, "%s: the reason is missing", p->strong);
	r = vec_add(&sp->rejected);
	r->rows = text_str(&rows);
	r->reason = p->text;
	r->chapter = p->chapter;
	r->line = p->line;
	r->node = p->node;
}

/* Strong words that look as if an id was meant: upper case with dots. */
static bool nearly_id(const char *s)
{
	return isupper((unsigned char)*s) && strchr(s, '.') &&
	       strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.") == strlen(s);
}

void clause_read(struct spec *sp)
{
	for (size_t i = 0; i < sp->paras.n; i++) {
		const struct para *p = &sp->paras.v[i];

		if (clause_is_id(p->strong))
			read_clause(sp, p);
		else if (nearly_id(p->strong))
			diag_error(
				sp->diags, CHAPTER_PATH(sp, p->chapter), p->line,
				"'%s' is no clause id: two or three upper-case parts and a number, "
				"like DG.SEND.3",
				p->strong);
	}
	for (size_t i = 0; i < sp->paras.n; i++) {
		const struct para *p = &sp->paras.v[i];

		if (str_starts(p->strong, "Untestable "))
			read_untestable(sp, p);
		else if (str_starts(p->strong, "Rejected "))
			read_rejected(sp, p);
	}
}
