/*
 * Absences of units that were reported (table absence), and changes of on-duty plans (table duty):
 * who is there now, apart from what the configuration says. An absence that is taken back ends; its
 * row stays until it is pruned.
 */
#ifndef STORE_ABSENCE_H
#define STORE_ABSENCE_H

#include <stdbool.h>
#include <stdint.h>

#include "stafette.h"

struct store;

struct absence_row {
    int64_t seq; /* given by store_absence_add() */
    char unit[ID_MAX];
    int64_t from_ms, to_ms; /* to_ms excluded */
    char deputy[ID_MAX];    /* unit that stands in; "" = as the directory says */
};

void store_absence_add(struct store *s, const struct absence_row *row);
bool store_absence_get(struct store *s, int64_t seq, struct absence_row *row);

/* Lets an absence end at that time. */
void store_absence_end(struct store *s, int64_t seq, int64_t to_ms);

/* The absence of a unit at a moment, of several the one reported last; false when it is there. */
bool store_absence_at(struct store *s, const char *unit, int64_t at_ms, struct absence_row *row);

/* True when the same absence (unit, times, deputy) is there already. */
bool store_absence_known(struct store *s, const struct absence_row *row);

/* Absences of a unit that have not ended at that time. */
int64_t store_absence_count(struct store *s, const char *unit, int64_t at_ms);

/* When the last of all ends, and when the next one after a moment begins; 0 = none. */
int64_t store_absence_last_end(struct store *s);
int64_t store_absence_next_begin(struct store *s, int64_t after_ms);

/* Walks those that have not ended at that time, in the order of their beginning. */
void store_absence_each(struct store *s, int64_t at_ms, void *context,
                        void (*each)(void *context, const struct absence_row *row));

/* Who has the first line of an on-duty plan instead of the planned one. */
struct duty_row {
    char roster[ID_MAX];
    int64_t from_ms, to_ms; /* to_ms excluded */
    char unit[ID_MAX];
};

void store_duty_add(struct store *s, const struct duty_row *row);

/* The change that holds at a moment, of several the one that came last; false when none does. */
bool store_duty_at(struct store *s, const char *roster, int64_t at_ms, struct duty_row *row);

/* The next moment after at_ms when a change of the plan begins or ends; 0 = none. */
int64_t store_duty_next_change(struct store *s, const char *roster, int64_t at_ms);
/* Changes of a plan that have not ended at that time. */
int64_t store_duty_count(struct store *s, const char *roster, int64_t at_ms);
/* When the last change of all plans ends; 0 = none. */
int64_t store_duty_last_end(struct store *s);

#endif
