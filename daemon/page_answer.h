/*
 * For page_answer*.c only: one visit of an answer link.
 */
#ifndef PAGE_ANSWER_H
#define PAGE_ANSWER_H

#include <stdbool.h>
#include <stdint.h>

#include "answer.h"
#include "buf.h"
#include "store_delivery.h"
#include "store_item.h"
#include "token.h"

struct http_call;
struct stafette;
struct unit;

struct visit {
    struct stafette *g;
    struct http_call *call;
    const char *text; /* the token as it stands in the path */
    struct token token;
    struct due due;
    struct item item;      /* as it is now */
    const struct unit *by; /* unit that was told; NULL when it is no longer there */
    bool expired;
    bool acted;      /* an answer was given just now */
    struct buf said; /* what is recorded now, or what is missing; "" = nothing to say */
};

/* True when the answer's link, or the page for it, has been used. */
bool visit_used(const struct visit *visit, enum answer_verb verb);

/* True when this link may give that answer now: its purpose, not used, possible. */
bool visit_offers(const struct visit *visit, enum answer_verb verb);

/* Writes the page: what was said, the item's state, and the answers that are possible. */
void visit_show(const struct visit *visit);

#endif
