/*
 * What waits, as a table of destination by age: like Postfix's qshape, but with what to make of it.
 * Each destination has the number of its deliveries by minutes since they were made, what it does
 * now, and the error class that most of them had last. Pure: rows come in, text or JSON goes out.
 */
#ifndef OUTBOX_TABLE_H
#define OUTBOX_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "stafette.h"

struct buf;
struct json;
struct lane_holds;
struct outbox_mark;

/* Up to 5, 10, 20 ... 1280 minutes, and older. */
enum { OUTBOX_AGES = 10 };

struct outbox_lane {
    int64_t id;
    char *name;
    enum channel channel;
    int64_t pending; /* have a next attempt */
    int64_t blocked; /* wait for a permission, or for the release of a restored store */
    int64_t age[OUTBOX_AGES];
    int64_t oldest_ms; /* when the oldest was made, wall */
    int64_t next_ms;   /* earliest attempt, steady; 0 = none */
    int64_t class[ERROR_CLASS_COUNT];
};

struct outbox_table {
    int64_t now_ms;    /* wall */
    int64_t steady_ms; /* what next attempts are compared with */
    struct outbox_lane *lane;
    size_t lanes, cap;
    size_t *slot; /* by lane id; a power of two */
    size_t slots;
};

/* The clocks are set by the caller. */
void outbox_table_init(struct outbox_table *t, int64_t now_ms, int64_t steady_ms);
void outbox_table_release(struct outbox_table *t);

void outbox_table_add(struct outbox_table *t, const struct outbox_mark *mark);

/* Puts the names in, leaves out the others when `urgent`, and sorts: most deliveries first. */
void outbox_table_finish(struct outbox_table *t, bool urgent, void *context,
                         const char *(*name)(void *context, int64_t lane_id));

/* The answers. `live` is what the daemon says of itself (GET /control/outbox), NULL when it is
 * silent: then no incident is known. */
void outbox_table_text(struct buf *out, const struct outbox_table *t,
                       const struct lane_holds *holds, const struct json *live);
void outbox_table_json(struct buf *out, const struct outbox_table *t,
                       const struct lane_holds *holds, const struct json *live);

#endif
