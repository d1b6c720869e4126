/*
 * For page_answer*.c and the pages of meetings only: one visit of a link in a mail, and what all
 * pages behind such links share.
 */
#ifndef PAGE_VISIT_H
#define PAGE_VISIT_H

#include <stdbool.h>
#include <stdint.h>

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

/* Reads token, notice and item. False, with the page of a token that is none, when nothing is known
 * of its delivery any more. Release it whatever the result. */
bool visit_load(struct visit *visit, struct stafette *g, struct http_call *call);
void visit_release(struct visit *visit);

/* True when the item is a meeting or a poll: page_meeting.h shows it. */
bool visit_is_meeting(const struct visit *visit);

/* True when this purpose of the delivery has been used; notes that it is now. */
bool visit_used(const struct visit *visit, int purpose);
void visit_note_use(const struct visit *visit, int purpose);

/* Was a button of the page pressed? False for a POST without the form's own field, and says so. */
bool visit_is_pressed(struct visit *visit);

/* "Neuen Link an dieses Postfach senden": the notice once more, at most every ten minutes; says
 * what became of it. */
void visit_send_again(struct visit *visit);

/* The page from its head to what was said; the heading is "Übergabe K7F3-92QX". The footer says
 * what the page does not show, and ends it. */
void visit_begin_page(const struct visit *visit);
void visit_end_page(const struct visit *visit);

/* One pair of the list of facts; an empty value is left out. */
void visit_put_fact(struct buf *out, const char *name, const char *value, const char *more);

/* The beginning of a form, with the field that visit_is_pressed() looks for. */
void visit_begin_form(const struct visit *visit, struct buf *out);

/* The form by which a new link is asked for, under a sentence that says why. */
void visit_put_new_link(const struct visit *visit, struct buf *out, const char *why);

#endif
