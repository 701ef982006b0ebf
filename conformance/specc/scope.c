/* SPDX-License-Identifier: BSD-2-Clause */
#include "scope.h"

#include <string.h>

#include "code.h"
#include "text.h"

struct var *scope_find(struct scope *sc, const char *name)
{
	for (size_t i = 0; sc && i < sc->vars.n; i++)
		if (strcmp(sc->vars.v[i].name, name) == 0)
			return &sc->vars.v[i];
	return NULL;
}

/* The place in the source that binds, one for all runs of the vector. */
static size_t binding_at(struct lex *lx, const char *name, const char *what)
{
	struct spec *sp = lx->sp;
	struct binding *b;

	for (size_t i = 0; i < sp->bindings.n; i++) {
		b = &sp->bindings.v[i];
		if (b->chapter == lx->scope->chapter && b->line == lx->line &&
		    strcmp(b->name, name) == 0)
			return i;
	}
	b = vec_add(&sp->bindings);
	b->name = name;
	b->chapter = lx->scope->chapter;
	b->line = lx->line;
	b->vector = lx->scope->vector;
	b->what = what;
	return sp->bindings.n - 1;
}

uint32_t scope_slot(struct lex *lx)
{
	if (lx->scope->nslots == VCT_SLOTS) {
		lex_fail(lx, "more than %d variables", VCT_SLOTS);
		return 0;
	}
	return lx->scope->nslots++;
}

struct var *scope_bind(struct lex *lx, const char *name, enum var_kind kind, const char *what)
{
	const struct var *old = scope_find(lx->scope, name);
	struct var *v;

	if (old)
		lex_fail(lx, "%s is bound twice, first in line %d", name,
			 lx->sp->bindings.v[old->binding].line);
	v = vec_add(&lx->scope->vars);
	v->name = name;
	v->kind = kind;
	v->binding = binding_at(lx, name, what);
	v->slot = scope_slot(lx);
	if (kind == VAR_QUEUES || kind == VAR_PAIR)
		v->slot2 = scope_slot(lx);
	return v;
}

uint32_t scope_object(struct lex *lx, const char *name)
{
	struct scope *sc = lx->scope;
	uint32_t i;

	for (i = 0; i < sc->objects.n; i++)
		if (strcmp(sc->objects.v[i].name, name) == 0)
			return i;
	if (i == VCT_OBJECTS) {
		lex_fail(lx, "more than %d queue pairs and sockets", VCT_OBJECTS);
		return 0;
	}
	vec_add(&sc->objects)->name = name;
	return i;
}

static void fields_of(struct lex *lx, const struct var *v, const char *field)
{
	static const char *const fields[] = { "", ".pa .lo .hi .ppn", ".ph .ch .npages",
					      ".ph .ch" };

	if (v->kind == VAR_NUMBER)
		lex_fail(lx, "$%s is a number, it has no .%s", v->name, field);
	else
		lex_fail(lx, "$%s%s%s is no field; $%s has %s", v->name, *field ? "." : "", field,
			 v->name, fields[v->kind]);
}

static void region_value(struct lex *lx, const struct var *v, const char *field,
			 struct ir_code *out)
{
	static const struct {
		const char *name;
		uint64_t operand;
		enum vct_insn op;
	} parts[] = {
		{ "lo", 0xffffffff, VCI_AND },
		{ "hi", 32, VCI_SHR },
		{ "ppn", 12, VCI_SHR },
	};

	code_wide(out, VCI_VAR, 0, v->slot);
	if (strcmp(field, "pa") == 0)
		return;
	for (int i = 0; i < 3; i++) {
		if (strcmp(field, parts[i].name) == 0) {
			code_const(out, parts[i].operand);
			code_op(out, parts[i].op);
			return;
		}
	}
	fields_of(lx, v, field);
}

void scope_value(struct lex *lx, const char *name, const char *field, struct ir_code *out)
{
	struct var *v = scope_find(lx->scope, name);

	if (!v) {
		const char *near = "";

		for (size_t i = 0; lx->scope && i < lx->scope->vars.n; i++)
			if (str_distance(lx->scope->vars.v[i].name, name) <= 2)
				near = mem_printf(" (did you mean $%s?)",
						  lx->scope->vars.v[i].name);
		lex_fail(lx, "$%s is not bound before this line%s", name, near);
		return;
	}
	lx->sp->bindings.v[v->binding].used = true;
	if (v->kind == VAR_REGION) {
		region_value(lx, v, field, out);
	} else if (v->kind == VAR_NUMBER) {
		if (*field)
			fields_of(lx, v, field);
		code_wide(out, VCI_VAR, 0, v->slot);
	} else if (strcmp(field, "ph") == 0 || strcmp(field, "ch") == 0) {
		code_wide(out, VCI_VAR, 0, field[0] == 'p' ? v->slot : v->slot2);
	} else if (strcmp(field, "npages") == 0 && v->kind == VAR_QUEUES) {
		code_const(out, v->npages);
	} else {
		fields_of(lx, v, field);
	}
}
