/*
 * What is over its time (DOMAIN R19): finding it, oldest first and a bounded number at a time, and
 * deleting it. What hangs on an item is in store_erase.h, the audit trail in store_audit.h.
 */
#ifndef STORE_RETENTION_H
#define STORE_RETENTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct store;

struct ended_item {
    int64_t seq;
    int64_t kind; /* enum item_kind */
    int64_t case_key;
};

/* Items that were closed before a moment and have no open task, oldest first, at most max. */
size_t store_retention_items(struct store *s, int64_t before_ms, struct ended_item *items,
                             size_t max);

/* Calls back for the oldest events up to the first that was received at or after before_ms, at most
 * max of them, and whether it opened an item that is no task and no deadline; the
 * store must not be changed in the call. */
void store_retention_each_event(struct store *s, int64_t before_ms, size_t max, void *context,
                                void (*each)(void *context, int64_t event_seq, bool opened));
/* Deletes the events up to that number. */
void store_retention_delete_events(struct store *s, int64_t last_seq);

/* Deletes absences and changes of on-duty plans that ended before a moment, at most max of each;
 * returns how many. And: is there one to delete? */
int64_t store_retention_rosters(struct store *s, int64_t before_ms, int64_t max);
bool store_retention_rosters_due(struct store *s, int64_t before_ms);

#endif
