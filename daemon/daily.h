/*
 * What the calendar makes due, besides the clocks of items: routing tables that become active
 * (activate.h), agreements that are about to end (DOMAIN DO10), and another look at notices that
 * wait for permission (permit.h), each morning and after each new configuration; and overviews at
 * their hours (digest_mail.h).
 *
 * A turn asks daily_due(), does its share by daily_run() in the transaction, and calls daily_done()
 * after the commit; a rollback leaves everything due. No share takes more than a few milliseconds.
 */
#ifndef DAILY_H
#define DAILY_H

#include <stdbool.h>
#include <stdint.h>

#include "directory.h"

struct stafette;

enum { DAILY_HOUR = 6 }; /* of the morning, Berlin */

/* In struct stafette; all zero: nothing is planned. */
struct daily {
    int64_t next_ms;      /* wall time of the next share; 0 = none */
    int64_t held_from;    /* delivery from which held notices are looked at again; 0 = no look */
    int64_t held_next;    /* the same after this turn's share */
    size_t meetings_from; /* meetings of the configuration are compared from here on, + 1;
                           * 0 = no comparison */
    char meetings_after[ID_MAX]; /* then those of the store, behind this id */
    char meetings_next[ID_MAX];  /* the same after this turn's share */
    bool meetings_more;
    int64_t drill_day;      /* local day of the last scheduled drill (drill.h); 0 = none */
    int64_t drill_next_day; /* the same after this turn */
};

/* At start, when the store is open, and after a new configuration was taken. */
void daily_reloaded(struct stafette *g);

bool daily_due(const struct stafette *g);
void daily_run(struct stafette *g);
void daily_done(struct stafette *g);

/* Days before its end at which an agreement is told of, the longer one first. */
enum { AGREEMENT_FIRST_DAYS = 90, AGREEMENT_SECOND_DAYS = 30 };

/* Pure: how many days are left of an agreement when it is to be told of on that day: 90 or fewer.
 * -1: not yet, or over, or another agreement goes on from its end. */
int64_t daily_agreement_left(const struct directory *dir, const struct agreement *agreement,
                             int64_t day);

#endif
