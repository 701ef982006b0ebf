/* SPDX-License-Identifier: BSD-2-Clause */
/* scope.h - the names of one run of a vector: variables, memory, queue pairs. */
#ifndef SPECC_SCOPE_H
#define SPECC_SCOPE_H

#include "ir.h"
#include "lex.h"

enum var_kind {
	VAR_NUMBER, /* ?x, let */
	VAR_REGION, /* slot: address */
	VAR_QUEUES, /* slot, slot2: addresses of the header pages; the guest's own pages */
	VAR_PAIR    /* made by `ask alloc`: slot, slot2 once the addresses were asked for */
};

struct var {
	const char *name;
	enum var_kind kind;
	uint32_t slot, slot2;
	size_t binding;	 /* index in spec.bindings */
	uint64_t npages; /* VAR_QUEUES */
};

/* A queue pair object; guest pages, host end and asked end of one name share it. */
struct object {
	const char *name;
	bool queues; /* has `queues` */
	bool made;   /* was named by an alloc */
	bool socket; /* was named by a socket or accept */
};

struct scope {
	size_t vector; /* whose step this is */
	size_t chapter;
	VEC(struct var) vars;
	VEC(struct object) objects;
	uint32_t nslots;
	bool wants_pair; /* some $NAME.ph or .ch of an `ask alloc` is used */
};

struct var *scope_find(struct scope *sc, const char *name);

/* Bind a name; a name bound before is an error. what is for messages: "?cid". */
struct var *scope_bind(struct lex *lx, const char *name, enum var_kind kind, const char *what);

/* A fresh slot. */
uint32_t scope_slot(struct lex *lx);

/* Index of an object, made if new. */
uint32_t scope_object(struct lex *lx, const char *name);

/* Emit the value of $name or $name.field; marks the binding used. */
void scope_value(struct lex *lx, const char *name, const char *field, struct ir_code *out);

#endif
