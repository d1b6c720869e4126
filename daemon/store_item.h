/*
 * Items: what must be answered (table item), and their current state.
 */
#ifndef STORE_ITEM_H
#define STORE_ITEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "machine.h"
#include "stafette.h"

struct store;

struct item {
    int64_t seq;
    enum item_kind kind;
    enum item_state state;
    int64_t case_key; /* keyed hash of case_ref; 0 = none */
    char case_ref[CASE_REF_MAX];
    char source[ID_MAX]; /* who hears of it */
    int64_t event_seq;   /* the requesting event */
    char from_unit[ID_MAX];
    char to_unit[ID_MAX];
    char owner_unit[ID_MAX];   /* responsible now */
    char waiting_unit[ID_MAX]; /* must answer now; "" when nobody */
    char place[ID_MAX];
    char area[ID_MAX];
    char service[ID_MAX];
    char basis[ID_MAX];
    char rule[2 * ID_MAX];
    enum urgency urgency;
    bool restricted;
    int64_t limits_id; /* frozen policy (limits.h of workflow): intern number */
    int64_t created_ms;
    int64_t changed_ms;
    int64_t closed_ms;  /* 0 = open */
    int64_t parent_seq; /* a task: the item it belongs to; 0 = none */
    unsigned flags;     /* enum item_flag */
    int returns;        /* how often it was given back or rejected */
    char code[ID_MAX];  /* what kind of task; phase of a referral; statutory clock; reason */
    char complexity[ID_MAX];
    char budget_line[ID_MAX];
    int64_t amount_cents;
    int64_t due_day; /* days since 1970: voucher valid until, expected on, end of the statutory
                      * clock; 0 = none */
};

void store_item_add(struct store *s, const struct item *item);
void store_item_update(struct store *s, const struct item *item);

/* Writes state and flags alone, which no index of usual items holds: what delivery and reminders
 * change. */
void store_item_mark(struct store *s, const struct item *item);

/* Writes the state alone, which no index holds at all. */
void store_item_set_state(struct store *s, const struct item *item);
bool store_item_get(struct store *s, int64_t seq, struct item *item);

/* Walks the items of a case, newest first; each() false ends. */
void store_item_each_of_case(struct store *s, int64_t case_key, void *context,
                             bool (*each)(void *context, const struct item *item));

/* Walks items by number from `from` on (open ones only, or all), at most max; each() false ends. */
void store_item_each(struct store *s, bool all, int64_t from, void *context,
                     bool (*each)(void *context, const struct item *item));

int64_t store_item_count_open(struct store *s);
/* created_ms of the oldest open item that nobody has answered (state requested, offered ...), 0. */
int64_t store_item_oldest_open(struct store *s);

/* Calls back for each unit that an open item names as responsible or waited for, with how many. */
void store_item_each_unit(struct store *s, void *context,
                          void (*each)(void *context, const char *unit, int64_t items));

/* Walks the open items that belong to another (its tasks), oldest first; each() false ends. */
void store_item_each_child(struct store *s, int64_t parent_seq, void *context,
                           bool (*each)(void *context, const struct item *item));

/* Open referrals that wait for a provider or are being served by it: its load. */
int64_t store_item_load(struct store *s, const char *provider);

/* Open referrals for a service in a place that were made after since_ms; none that is protected or
 * holds entrusted data. */
int64_t store_item_pool(struct store *s, const char *service, const char *place, int64_t since_ms);

/* True when that unit was asked to answer (told with a deadline). */
bool store_item_asked(struct store *s, int64_t seq, const char *unit);

#endif
