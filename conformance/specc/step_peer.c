/* SPDX-License-Identifier: BSD-2-Clause */
/* Lines that an actor outside the engine carries out: `host ...` and `guest ask ...`. */
#include <string.h>

#include "code.h"
#include "expr.h"
#include "pattern.h"
#include "peer.h"
#include "scope.h"
#include "step_parts.h"
#include "text.h"

/* What stands behind a verb, a letter each:
 *   v  a value                 h  C:R              n  name of a queue pair, known
 *   N  name made here          f  from R or C:R    F  from C:R
 *   p  [payload BYTES]         b  BYTES            m  [mode V], default 0
 *   q  peer V flags V produce V consume V          g  [flags V], default 0
 *   r  [priv V], default 0
 *   s  name of a socket, known     S  name of a socket made here
 *   t  its type            w  which direction
 *   k  [sockets V] [datagrams V], default 0
 * Then the answer: P a number, D a datagram, E bytes or none, B a number and
 * bytes, b' as B with bytes optional ('O'). */
struct peer_verb {
	const char *name;
	enum peer_op op;
	const char *form;
};

static const struct peer_verb host_verbs[] = {
	{ "endpoint", PEER_HOST_ENDPOINT, "vrP" },
	{ "refuse", PEER_HOST_REFUSE, "vvP" },
	{ "close", PEER_HOST_CLOSE, "vP" },
	{ "send", PEER_HOST_SEND, "hfpP" },
	{ "recv", PEER_HOST_RECV, "vD" },
	{ "doorbell", PEER_HOST_DOORBELL, "vrP" },
	{ "undoorbell", PEER_HOST_UNDOORBELL, "vP" },
	{ "rung", PEER_HOST_RUNG, "vP" },
	{ "ring", PEER_HOST_RING, "hP" },
	{ "alloc", PEER_HOST_ALLOC, "NhqrP" },
	{ "allocmem", PEER_HOST_ALLOCMEM, "NhqrP" },
	{ "detach", PEER_HOST_DETACH, "nP" },
	{ "push", PEER_HOST_PUSH, "nbP" },
	{ "pull", PEER_HOST_PULL, "nvO" },
	{ "peek", PEER_HOST_PEEK, "nvO" },
	{ "ready", PEER_HOST_READY, "nP" },
	{ "room", PEER_HOST_ROOM, "nP" },
	{ "event", PEER_HOST_EVENT, "E" },
	{ "context", PEER_HOST_CONTEXT, "vrP" },
	{ "remove", PEER_HOST_REMOVE, "vP" },
	{ "watch", PEER_HOST_WATCH, "vP" },
	{ "unwatch", PEER_HOST_UNWATCH, "vP" },
	{ "take", PEER_HOST_TAKE, "vO" },
	{ "pending", PEER_HOST_PENDING, "P" },
	{ "rings", PEER_HOST_RINGS, "P" },
	{ "cid", PEER_HOST_CID, "vP" },
	{ "resumed", PEER_HOST_RESUMED, "P" },
	{ "quiesce", PEER_HOST_QUIESCE, "P" },
	{ "unquiesce", PEER_HOST_UNQUIESCE, "P" },
	{ "map", PEER_HOST_MAP, "nP" },
	{ "unmap", PEER_HOST_UNMAP, "nP" },
	{ "qpstate", PEER_HOST_QPSTATE, "nP" },
	{ "rpc", PEER_HOST_RPC, "vP" },
	{ "rpcask", PEER_HOST_RPC_ASK, "bP" },
	{ "rpcheard", PEER_HOST_RPC_HEARD, "E" },
	{ 0 },
};

static const struct peer_verb ask_verbs[] = {
	{ "probe", PEER_ASK_PROBE, "mP" },
	{ "remove", PEER_ASK_REMOVE, "P" },
	{ "pump", PEER_ASK_PUMP, "P" },
	{ "interrupt", PEER_ASK_INTERRUPT, "vP" },
	{ "cid", PEER_ASK_CID, "P" },
	{ "send", PEER_ASK_SEND, "hFpP" },
	{ "endpoint", PEER_ASK_ENDPOINT, "vgP" },
	{ "close", PEER_ASK_CLOSE, "vP" },
	{ "recv", PEER_ASK_RECV, "vD" },
	{ "subscribe", PEER_ASK_SUBSCRIBE, "vP" },
	{ "unsubscribe", PEER_ASK_UNSUBSCRIBE, "vP" },
	{ "events", PEER_ASK_EVENTS, "vP" },
	{ "event", PEER_ASK_EVENT, "vE" },
	{ "doorbell", PEER_ASK_DOORBELL, "hgrP" },
	{ "undoorbell", PEER_ASK_UNDOORBELL, "hP" },
	{ "ring", PEER_ASK_RING, "hP" },
	{ "fired", PEER_ASK_FIRED, "hP" },
	{ "alloc", PEER_ASK_ALLOC, "NhqrP" },
	{ "detach", PEER_ASK_DETACH, "nP" },
	{ "push", PEER_ASK_PUSH, "nbP" },
	{ "pull", PEER_ASK_PULL, "nvO" },
	{ "peek", PEER_ASK_PEEK, "nvO" },
	{ "ready", PEER_ASK_READY, "nP" },
	{ "room", PEER_ASK_ROOM, "nP" },
	{ 0 },
};

/* The same for a host actor and for a guest under test. */
static const struct peer_verb socket_verbs[] = {
	{ "stack", PEER_SOCKET_STACK, "gkP" },
	{ "socket", PEER_SOCKET_MAKE, "StP" },
	{ "closesocket", PEER_SOCKET_CLOSE, "sP" },
	{ "bind", PEER_SOCKET_BIND, "shP" },
	{ "connect", PEER_SOCKET_CONNECT, "shP" },
	{ "listen", PEER_SOCKET_LISTEN, "svP" },
	{ "accept", PEER_SOCKET_ACCEPT, "sSO" },
	{ "write", PEER_SOCKET_WRITE, "sgbP" },
	{ "read", PEER_SOCKET_READ, "svO" },
	{ "preview", PEER_SOCKET_PEEK, "svO" },
	{ "sendto", PEER_SOCKET_SENDTO, "shpP" },
	{ "senddefault", PEER_SOCKET_SENDCONN, "spP" },
	{ "recvfrom", PEER_SOCKET_RECVFROM, "svO" },
	{ "shutdown", PEER_SOCKET_SHUTDOWN, "swP" },
	{ "poll", PEER_SOCKET_POLL, "sP" },
	{ "soerror", PEER_SOCKET_ERROR, "sP" },
	{ "sockname", PEER_SOCKET_NAME, "sO" },
	{ "peername", PEER_SOCKET_PEER, "sO" },
	{ "setopt", PEER_SOCKET_SETOPT, "svvP" },
	{ "getopt", PEER_SOCKET_GETOPT, "svP" },
	{ "lowwater", PEER_SOCKET_LOWWATER, "svP" },
	{ "waiting", PEER_SOCKET_READY, "sP" },
	{ "space", PEER_SOCKET_ROOM, "sP" },
	{ "sockets", PEER_SOCKET_COUNT, "O" },
	{ 0 },
};

static const struct peer_verb *verb_of(struct maker *m, const struct peer_verb *list,
				       const char *who)
{
	const struct peer_verb *lists[] = { list, socket_verbs };
	const char *word = lex_word(m->lx, "a verb"), *near = "";
	size_t least = 3;

	if (m->lx->failed)
		return NULL;
	for (int i = 0; i < 2; i++) {
		for (list = lists[i]; list->name; list++) {
			if (strcmp(list->name, word) == 0) {
				m->run->flags |= i ? VCT_SOCKETS : 0;
				return list;
			}
			if (str_distance(list->name, word) < least) {
				least = str_distance(list->name, word);
				near = mem_printf(" (did you mean %s?)", list->name);
			}
		}
	}
	lex_fail(m->lx, "unknown verb '%s %s'%s", who, word, near);
	return NULL;
}

/* The next argument, an object by its name; NULL: the line is wrong. `what` names its kind. */
static struct object *object(struct maker *m, const char *what, const char **name)
{
	uint32_t i;

	*name = lex_word(m->lx, what);
	if (m->lx->failed)
		return NULL;
	i = scope_object(m->lx, *name);
	if (m->lx->failed)
		return NULL;
	part_arg(m, i);
	return &m->lx->scope->objects.v[i];
}

static void pair(struct maker *m, bool made)
{
	const char *name;
	struct object *o = object(m, "the name of a queue pair", &name);

	if (o && made)
		o->made = true;
	else if (o && !o->made)
		lex_fail(m->lx, "no alloc of queue pair %s before this line", name);
}

static void socket_name(struct maker *m, bool made)
{
	const char *name;
	struct object *o = object(m, "the name of a socket", &name);

	if (o && made)
		o->socket = true;
	else if (o && !o->socket)
		lex_fail(m->lx, "no socket %s before this line", name);
}

/* One of some words that stand for numbers, or a value. */
static void choice(struct maker *m, const char *const *list, const uint8_t *values)
{
	for (int i = 0; list[i]; i++) {
		if (!lex_end(m->lx) && lex_accept(m->lx, list[i])) {
			part_arg(m, values[i]);
			return;
		}
	}
	part_value(m);
}

static void keyword(struct maker *m, const char *word, bool optional)
{
	if (optional && !lex_accept(m->lx, word)) {
		part_arg(m, 0);
		return;
	}
	if (!optional)
		lex_expect(m->lx, word);
	part_value(m);
}

/* `from R` means this resource of the acting context, whose code is `as`. */
static void source(struct maker *m, const struct ir_code *as)
{
	struct ir_code first = { 0 };

	lex_expect(m->lx, "from");
	expr_value(m->lx, EXPR_VALUE, &first);
	if (lex_accept_mark(m->lx, ":")) {
		code_append(&m->s->args, &first);
		code_op(&m->s->args, VCI_ARG);
		m->s->nargs++;
		part_value(m);
		return;
	}
	code_append(&m->s->args, as);
	code_op(&m->s->args, VCI_ARG);
	code_append(&m->s->args, &first);
	code_op(&m->s->args, VCI_ARG);
	m->s->nargs = (uint8_t)(m->s->nargs + 2);
}

static void expect_none(struct maker *m)
{
	code_const(&m->s->ipat, (uint64_t)-6); /* nothing waits: no more datagrams */
	code_op(&m->s->ipat, VCI_T_EQ);
}

static void expect_some(struct maker *m, uint64_t least)
{
	code_const(&m->s->ipat, least);
	code_op(&m->s->ipat, VCI_T_GE);
}

/* -> C:R from C:R payload BPAT, any or none. */
static void answer_datagram(struct maker *m)
{
	const char *save;

	lex_expect_mark(m->lx, "->");
	save = m->lx->p;
	if (lex_accept(m->lx, "none")) {
		expect_none(m);
		return;
	}
	expect_some(m, 24);
	if (lex_accept(m->lx, "any") && (lex_end(m->lx) || lex_accept(m->lx, "within"))) {
		m->lx->p = save;
		lex_accept(m->lx, "any");
		return;
	}
	m->lx->p = save;
	pattern_datagram(m->lx, &m->s->bpat);
}

static void answer_event(struct maker *m)
{
	lex_expect_mark(m->lx, "->");
	if (lex_accept(m->lx, "none")) {
		expect_none(m);
		return;
	}
	expect_some(m, 0);
	pattern_bytes(m->lx, true, &m->s->bpat);
}

static void follow(struct maker *m, const char *form, const struct ir_code *as)
{
	for (; *form && !m->lx->failed; form++) {
		switch (*form) {
		case 'v':
			part_value(m);
			break;
		case 'h':
			part_handle(m);
			break;
		case 'n':
		case 'N':
			pair(m, *form == 'N');
			break;
		case 'f':
			source(m, as);
			break;
		case 'F':
			lex_expect(m->lx, "from");
			part_handle(m);
			break;
		case 'p':
			part_payload(m);
			break;
		case 'b':
			part_bytes(m);
			break;
		case 'm':
			keyword(m, "mode", true);
			break;
		case 'g':
			keyword(m, "flags", true);
			break;
		case 'r':
			keyword(m, "priv", true);
			break;
		case 's':
		case 'S':
			socket_name(m, *form == 'S');
			break;
		case 't':
			choice(m, (const char *const[]){ "stream", "dgram", "seqpacket", NULL },
			       (const uint8_t[]){ 1, 2, 5 });
			break;
		case 'w':
			choice(m, (const char *const[]){ "read", "write", "both", NULL },
			       (const uint8_t[]){ 0, 1, 2 });
			break;
		case 'k':
			keyword(m, "sockets", true);
			keyword(m, "datagrams", true);
			break;
		case 'q':
			keyword(m, "peer", false);
			keyword(m, "flags", false);
			keyword(m, "produce", false);
			keyword(m, "consume", false);
			break;
		case 'P':
			part_answer(m);
			break;
		case 'O':
			part_answer_both(m, false);
			break;
		case 'D':
			answer_datagram(m);
			break;
		default:
			answer_event(m);
			break;
		}
	}
}

void step_host(struct maker *m)
{
	struct ir_code as = { 0 };
	const struct peer_verb *v;

	m->s->actor = VCT_ACT_HOST;
	m->s->verb = VCT_HOST;
	m->run->abilities |= VCT_CAN_PEER;
	if (lex_accept(m->lx, "as"))
		expr_value(m->lx, EXPR_VALUE, &as);
	else
		code_const(&as, 2); /* the host context */
	v = verb_of(m, host_verbs, "host");
	if (!v)
		return;
	m->s->op = v->op;
	code_append(&m->s->args, &as);
	code_op(&m->s->args, VCI_ARG);
	m->s->nargs++;
	follow(m, v->form, &as);
}

/* `ask alloc NAME`: its reply has the addresses of the header pages. */
static void bind_pair(struct maker *m, const char *line)
{
	const char *name = str_word(&line);
	struct var *v;

	if (!name || !m->lx->scope->wants_pair)
		return;
	v = scope_find(m->lx->scope, name);
	if (!v)
		v = scope_bind(m->lx, name, VAR_PAIR, NULL);
	code_wide(&m->s->bpat, VCI_COND, 8, 1);
	code_wide(&m->s->bpat, VCI_T_BIND, 0, v->slot);
	code_wide(&m->s->bpat, VCI_COND, 8, 1);
	code_wide(&m->s->bpat, VCI_T_BIND, 0, v->slot2);
}

void step_ask(struct maker *m)
{
	const struct peer_verb *v;
	const char *rest;

	m->s->verb = VCT_ASK;
	m->run->abilities |= VCT_CAN_ASK;
	v = verb_of(m, ask_verbs, "guest ask");
	if (!v)
		return;
	m->s->op = v->op;
	rest = m->lx->p;
	follow(m, v->form, NULL);
	if (v->op == PEER_ASK_ALLOC && !m->lx->failed)
		bind_pair(m, rest);
}
