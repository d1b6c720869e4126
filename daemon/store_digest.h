/*
 * What overviews count and list (digest_mail.h), over the tables item, delivery, clock and session.
 * Every list has a limit and an index of its own; protected items (restricted, entrusted: DOMAIN
 * R10, R11) are in none of them.
 */
#ifndef STORE_DIGEST_H
#define STORE_DIGEST_H

#include <stdbool.h>
#include <stdint.h>

#include "stafette.h"

struct store;

struct digest_item {
    int64_t seq;
    enum item_kind kind;
    char waiting_unit[ID_MAX];
    int64_t created_ms;
    unsigned flags;
    int64_t due_day; /* of a statutory clock */
    int64_t due_ms;  /* its next clock; 0 where that was not asked for */
};

/* Open items of which a limit has passed, by the unit that must answer; at most max. */
void store_digest_overdue(struct store *s, int64_t max, void *context,
                          void (*each)(void *context, const struct digest_item *item));

/* Open items that wait for the unit and whose next step is due in [from_ms, to_ms), earliest first;
 * at most max. */
void store_digest_due(struct store *s, const char *unit, int64_t from_ms, int64_t to_ms,
                      int64_t max, void *context,
                      void (*each)(void *context, const struct digest_item *item));

/* The waiting list of a provider. */
struct digest_waiting {
    char unit[ID_MAX];
    int64_t count;
    int64_t oldest_ms;                       /* when the oldest was requested */
    char from_week[ID_MAX], to_week[ID_MAX]; /* expected, "2027-W05"; "" = unknown */
};
void store_digest_waiting(struct store *s, void *context,
                          void (*each)(void *context, const struct digest_waiting *list));

/* Deliveries that ended without success since then, by channel; none of drills. */
void store_digest_failed(struct store *s, int64_t since_ms, void *context,
                         void (*each)(void *context, enum channel channel, int64_t count));

/* Sessions by kind that were due in [from_s, to_s): all, and those of which is known that they took
 * place. Wall seconds (ical.h). */
void store_digest_sessions(struct store *s, int64_t from_s, int64_t to_s, void *context,
                           void (*each)(void *context, const char *kind, int64_t due,
                                        int64_t held));

/* Sessions in [from_s, to_s) that may have taken place and have no minutes, oldest first; at most
 * max. The caller knows which kinds have any. */
struct digest_session {
    int64_t item_seq;
    char kind[ID_MAX];
    char unit[ID_MAX]; /* host */
    int64_t start_s;
};
void store_digest_minutes(struct store *s, int64_t from_s, int64_t to_s, int64_t max, void *context,
                          void (*each)(void *context, const struct digest_session *session));

/* Referrals that were asked for in that time: waiting_unit is the asking unit, due_ms 1 for a
 * protected one. */
void store_digest_referrals(struct store *s, int64_t from_ms, int64_t to_ms, int64_t max,
                            void *context,
                            void (*each)(void *context, const struct digest_item *item));

/* Handovers and referrals that ended in [from_ms, to_ms), or had a limit pass in it and did not end
 * in it; each counts once, with those alike. `is_late`: a limit had passed without the
 * answer. `is_told`: and a lead or the coordinator heard of it. Protected ones count, erased ones
 * do not. */
struct digest_quality {
    enum item_kind kind; /* ITEM_HANDOVER, ITEM_REFERRAL */
    bool is_ended, is_late, is_told;
    int64_t count;
};
void store_digest_quality(struct store *s, int64_t from_ms, int64_t to_ms, void *context,
                          void (*each)(void *context, const struct digest_quality *row));

#endif
