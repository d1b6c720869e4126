/*
 * Deliveries: one notice to one address on one channel (table delivery). A row holds references
 * and results, never text and never an address.
 */
#ifndef STORE_DELIVERY_H
#define STORE_DELIVERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "stafette.h"
#include "store_notice.h"

struct buf;
struct store;

struct delivery {
    int64_t seq;
    int64_t notice_seq;
    int64_t item_seq;
    char contact[2 * ID_MAX]; /* "<unit>/<n>" */
    enum channel channel;
    int64_t lane_id; /* destination, an interned text */
    int64_t template_id;
    bool urgent;
    enum delivery_state state;
    int64_t attempts;
    int64_t next_ms;    /* next attempt */
    int64_t expires_ms; /* given up after */
    int64_t created_ms;
    int64_t ended_ms;       /* 0 = not yet */
    enum error_class class; /* of the last attempt */
    int64_t code;
    char provider_id[80];
    enum report_status report; /* after it was sent */
    int64_t reported_ms;
    int64_t bundle_seq; /* it left in the mail of that delivery; 0 = in its own */
    int64_t warned_ms;  /* its sender was told that it is late; 0 = not */
};

void store_delivery_add(struct store *s, const struct delivery *delivery);
bool store_delivery_get(struct store *s, int64_t seq, struct delivery *delivery);

/* What an attempt came to: lane_id, state, attempts, next_ms, ended_ms, class, code, provider_id,
 * bundle_seq, warned_ms. */
void store_delivery_settle(struct store *s, const struct delivery *delivery);

/* What was reported of it later: state, ended_ms, class, code, report, reported_ms. */
void store_delivery_report(struct store *s, const struct delivery *delivery);

/* Walks the SMS that a gateway knows by this id, newest first; each() false ends. */
void store_delivery_each_by_provider(struct store *s, const char *provider_id, void *context,
                                     bool (*each)(void *context, const struct delivery *delivery));

/* SMS that were sent in [from_ms, to_ms) and of which no report has told the end, by lane. */
void store_delivery_each_unreported(struct store *s, int64_t from_ms, int64_t to_ms, void *context,
                                    void (*each)(void *context, int64_t lane_id, int64_t n));

/* Walks the deliveries that left in the mail of this one, itself not among them. */
void store_delivery_each_bundled(struct store *s, int64_t seq, void *context,
                                 void (*each)(void *context, const struct delivery *delivery));

/* A due delivery with what is needed to render it. */
struct due {
    struct delivery delivery;
    struct notice notice; /* outcome is copied to outcome_text */
    char outcome_text[OUTCOME_MAX];
};

/* The same of one delivery, whatever its state; false when there is none. due->notice.outcome
 * points to due->outcome_text. */
bool store_delivery_with_notice(struct store *s, int64_t seq, struct due *due);

/* Due deliveries of a lane, earliest first; each() false ends. Returns the next_ms of the first
 * one that is not due yet, 0 when there is none (or when each() ended the walk). */
int64_t store_delivery_due(struct store *s, int64_t lane_id, int64_t now_ms, void *context,
                           bool (*each)(void *context, const struct due *due));

/* Other pending deliveries of the same lane and contact that are due at the same moment, oldest
 * first; each() false ends. */
void store_delivery_mates(struct store *s, const struct delivery *leader, void *context,
                          bool (*each)(void *context, const struct due *due));

/* Pending deliveries whose next attempt is later than latest_ms get it now: it was planned by a
 * clock that was ahead. An SMS that may wait for the end of quiet hours is left alone. */
void store_delivery_pull(struct store *s, int64_t latest_ms, int64_t now_ms);

/* What waits in a lane because its transport was unwell (classes that incident_blames()) becomes
 * due now, at most `max` of them; how many did. */
int64_t store_delivery_hasten(struct store *s, int64_t lane_id, int64_t now_ms, int64_t max);

/* The next lane by number that has pending deliveries; 0 = none. */
int64_t store_delivery_lane_after(struct store *s, int64_t lane_id);

/* Ends what is still pending of an item, because its item is over: outcome notices stay. */
void store_delivery_cancel(struct store *s, int64_t item_seq, int64_t before_notice_seq,
                           int64_t now_ms);

/* Ends what is still pending about one session of a meeting. */
void store_delivery_cancel_session(struct store *s, int64_t item_seq, int64_t session_seq,
                                   int64_t now_ms);

/* Cancels what has not left yet of an item's notices to a unit, because a newer one is made. */
void store_delivery_replace(struct store *s, int64_t item_seq, const char *unit,
                            const char *template_name, int64_t session_seq, int64_t now_ms);

void store_delivery_supersede(struct store *s, int64_t item_seq, const char *unit, int64_t now_ms);

/* True when a delivery of the notice has been sent or is still to be, or when the notice asks for
 * no answer, so that nothing hangs on it. */
bool store_delivery_hopeful(struct store *s, int64_t notice_seq);

/* Walks an item's deliveries. */
void store_delivery_each(struct store *s, int64_t item_seq, void *context,
                         void (*each)(void *context, const struct delivery *delivery));

/* Walks deliveries that wait for permission (held with CLASS_FORBIDDEN), by number from `from` on;
 * each() false ends. */
void store_delivery_each_held(struct store *s, int64_t from, void *context,
                              bool (*each)(void *context, const struct delivery *delivery));
/* One of them may leave now: pending, and given up no earlier than a day from now. */
void store_delivery_permit(struct store *s, int64_t seq, int64_t now_ms);

int64_t store_delivery_count(struct store *s, enum delivery_state state);

/* After a restore: pending -> held, and back; the notices are marked as perhaps sent before. What
 * waits for permission goes on waiting. */
void store_delivery_hold_all(struct store *s);
void store_delivery_release_all(struct store *s, int64_t now_ms);

#endif
