/*
 * For the pages behind links of meetings and polls only (page_meeting*.c, page_tick.c,
 * page_poll_link.c): what a visit finds, and the parts of their forms.
 */
#ifndef PAGE_MEETING_H
#define PAGE_MEETING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "meeting_seat.h"
#include "page_visit.h"

enum {
    PAGE_SESSIONS = 24, /* of a series, to choose single ones from */
    PAGE_TICKS = 60     /* cases of an agenda; more are ticked in two visits */
};

struct meeting_visit {
    struct visit *visit;
    struct meeting_seat seat; /* of a meeting */
    const struct unit *unit;  /* who answers; NULL when it is no longer there */
    enum meeting_question asks;
    struct session next[PAGE_SESSIONS]; /* of a whole meeting: those to come */
    size_t nexts;
};

/* The whole visit of a meeting or poll: acts when a button was pressed, then shows. */
void page_meeting_visit(struct visit *visit, bool pressed);

/* True when this link may be used now for what it asks. */
bool meeting_visit_open(const struct meeting_visit *m);

/* "s17" and the like: the name of a form field of a row. A page never reads a number out of a form:
 * it asks for the fields of the rows that it would show, so that foreign numbers do nothing. */
const char *meeting_field(char name[32], char letter, int64_t seq);
bool meeting_field_set(const struct visit *visit, char letter, int64_t seq);

/* A checkbox with its label. */
void meeting_put_box(struct buf *out, char letter, int64_t seq, const char *label, bool checked);

/* A button that gives that answer. */
void meeting_put_button(struct buf *out, const char *answer, const char *label, bool first);

/* What the member has said of a session (0: of the whole meeting). */
enum member_status meeting_visit_status(const struct meeting_visit *m, int64_t session_seq);

/* Says that the click changed nothing. */
void meeting_say_nothing_done(struct visit *visit);

/* ---- page_meeting_show.c */

void meeting_visit_show(const struct meeting_visit *m);

/* ---- page_tick.c: which cases were discussed */

void tick_act(struct meeting_visit *m, const char *wish);
void tick_show(const struct meeting_visit *m, struct buf *out);

/* ---- page_poll_link.c: what a poll offers */

bool poll_link_open(const struct meeting_visit *m);
void poll_link_act(struct meeting_visit *m, const char *wish);
void poll_link_facts(const struct meeting_visit *m, struct buf *out);
void poll_link_show(const struct meeting_visit *m, struct buf *out);

#endif
