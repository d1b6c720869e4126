/*
 * What an operator sees of the outbox and does to it: deliveries by state, each read in the order
 * of an index so that a walk can stop early; attempts that are put forward, a bounded number at a
 * time; and the destinations that are held (table lane_hold).
 */
#ifndef STORE_OUTBOX_H
#define STORE_OUTBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "stafette.h"

struct delivery;
struct store;

/* What the table of ages needs of a delivery that waits. */
struct outbox_mark {
    int64_t lane_id;
    enum channel channel;
    enum delivery_state state; /* pending or held */
    enum error_class class;    /* of the last attempt */
    int64_t created_ms, next_ms;
};

/* Walks all deliveries that wait, in no order. Reads a million in about a second: not for the
 * deciding thread. */
void store_outbox_marks(struct store *s, void *context,
                        void (*each)(void *context, const struct outbox_mark *mark));

/* Walks deliveries until each() says false: pending ones of a lane by their next attempt; those of
 * another state by number, the newest first. */
void store_outbox_each_pending(struct store *s, int64_t lane_id, void *context,
                               bool (*each)(void *context, const struct delivery *delivery));
void store_outbox_each_of(struct store *s, enum delivery_state state, void *context,
                          bool (*each)(void *context, const struct delivery *delivery));

/* The number of a lane by its name; 0 when there never was one. */
int64_t store_outbox_lane(struct store *s, const char *name);
bool store_outbox_lane_waits(struct store *s, int64_t lane_id);

/* Puts forward to now_ms what is pending of a lane with a later attempt, the earliest first, at
 * most max; returns how many. */
int64_t store_outbox_pull(struct store *s, int64_t lane_id, int64_t now_ms, int64_t max);
/* The same of one delivery, to next_ms; false when it is not pending. */
bool store_outbox_set_next(struct store *s, int64_t delivery_seq, int64_t next_ms);
/* The first pending delivery of a lane behind this place in the order of attempts; false = none. */
bool store_outbox_later(struct store *s, int64_t lane_id, int64_t after_ms, int64_t after_seq,
                        struct delivery *delivery);

/* Held destinations. */
void store_outbox_hold(struct store *s, const char *lane, int64_t now_ms);
void store_outbox_release(struct store *s, const char *lane);
void store_outbox_each_hold(struct store *s, void *context,
                            void (*each)(void *context, const char *lane, int64_t since_ms));

#endif
