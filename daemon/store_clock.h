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

enum clock_kind { CLOCK_ACKNOWLEDGE, CLOCK_ACCEPT, CLOCK_COMPLETE, CLOCK_KIND_COUNT };

struct clock {
    int64_t seq;
    int64_t item_seq;
    enum clock_kind kind;
    int step; /* 0: the unit itself was asked; 1: its lead; from 2 on: the catch-all desk */
    int64_t due_ms;
};

const char *clock_kind_name(enum clock_kind kind);

void store_clock_add(struct store *s, const struct clock *clock);
/* Cancels the open clocks of an item. */
void store_clock_cancel(struct store *s, int64_t item_seq);
/* Marks one as fired, with the audit row that tells what it did. */
void store_clock_fire(struct store *s, int64_t clock_seq, int64_t now_ms, int64_t effect_seq);

/* Makes an open clock due now. */
void store_clock_pull(struct store *s, int64_t clock_seq, int64_t now_ms);

/* Due clocks, earliest first, at most max; returns how many. */
size_t store_clock_due(struct store *s, int64_t now_ms, struct clock *clocks, size_t max);
/* due_ms of the earliest open clock, 0 when there is none. */
int64_t store_clock_next(struct store *s);
/* The open clock of an item; false when there is none. */
bool store_clock_of(struct store *s, int64_t item_seq, struct clock *clock);
int64_t store_clock_count_open(struct store *s);

#endif
