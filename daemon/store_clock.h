/*
 * Clocks: what is due next for each open item (table clock). A clock is open until it fires or is
 * cancelled, both durably, so a step of the wall clock never fires one twice.
 */
#ifndef STORE_CLOCK_H
#define STORE_CLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct store;

/* An open item has exactly one that ends in a person: one of the first three, which climb the
 * ladder, or its beginning, statutory warning or meeting. Lapse, expiry and reminders of sessions
 * may run beside it. The numbers are in the store: new ones come last. */
enum clock_kind {
    CLOCK_ACKNOWLEDGE,
    CLOCK_ACCEPT,
    CLOCK_COMPLETE,
    CLOCK_LAPSE,    /* an offer or an acceptance lapses (F2, first contact) */
    CLOCK_EXPIRY,   /* voucher or agreement ends */
    CLOCK_BEGIN,    /* a task begins; a parked event has waited long enough */
    CLOCK_STATUTE,  /* warnings of a statutory clock, its end, and after it */
    CLOCK_MEETING,  /* what a meeting or poll needs next: exactly one while it is open */
    CLOCK_REMINDER, /* a reminder of a session; step: enum reminder; any number beside */
    CLOCK_KIND_COUNT
};

struct clock {
    int64_t seq;
    int64_t item_seq;
    enum clock_kind kind;
    int step; /* on the ladder: the rung that is told when it fires; statute: which warning */
    int64_t due_ms;
    int64_t session_seq; /* CLOCK_REMINDER: of which session; 0 = of the meeting */
};

const char *clock_kind_name(enum clock_kind kind);

void store_clock_add(struct store *s, const struct clock *clock);
/* Cancels the open clocks of an item. */
void store_clock_cancel(struct store *s, int64_t item_seq);
/* Marks one as fired, with the audit row that tells what it did. */
void store_clock_fire(struct store *s, int64_t clock_seq, int64_t now_ms, int64_t effect_seq);

/* Moves the open clock of that kind of an item. */
void store_clock_move(struct store *s, int64_t item_seq, enum clock_kind kind, int64_t due_ms);

/* Cancels the open reminders of a session. */
void store_clock_cancel_session(struct store *s, int64_t item_seq, int64_t session_seq);

/* True when another open reminder of the same session, with a step from min_step to max_step, is
 * due by then. */
bool store_clock_other_due(struct store *s, const struct clock *clock, int min_step, int max_step,
                           int64_t now_ms);

/* Makes an open clock due now. */
void store_clock_pull(struct store *s, int64_t clock_seq, int64_t now_ms);

/* True until it fires or is cancelled. */
bool store_clock_is_open(struct store *s, int64_t clock_seq);

/* Due clocks, earliest first, at most max; returns how many. */
size_t store_clock_due(struct store *s, int64_t now_ms, struct clock *clocks, size_t max);
/* due_ms of the earliest open clock, 0 when there is none. */
int64_t store_clock_next(struct store *s);
/* The open clock of an item, that of the ladder if there is one; false when there is none. */
bool store_clock_of(struct store *s, int64_t item_seq, struct clock *clock);
/* Open clocks that end in a person: as many as open items. */
int64_t store_clock_count_open(struct store *s);

#endif
