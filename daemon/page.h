/*
 * Pages and control calls: one table of doors, methods, paths and handlers. Those that answer from
 * memory are served at once, also while the store is in trouble; the others run in the turn's
 * transaction and are answered after its commit.
 */
#ifndef PAGE_H
#define PAGE_H

#include "http.h"

struct known;
struct stafette;

/* Takes a fresh call: answers it from memory, answers it with an error, or adds it to the turn. */
void page_receive(struct stafette *g, struct http_call *call);

/* Runs a call of the turn in the open transaction; may run again after a rollback. */
void page_serve(struct stafette *g, struct http_call *call, struct known *fresh);

/* After the commit, before the answer leaves. */
void page_committed(struct stafette *g, const struct http_call *call);

/* Answers calls that wait for the gateway to be idle (clock advance). */
void page_idle(struct stafette *g);

#endif
