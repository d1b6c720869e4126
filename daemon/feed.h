/*
 * Private feeds: the meetings of a unit as a calendar to subscribe to (RFC 5545, METHOD:PUBLISH),
 * behind an address that only its readers know (feed_secret.h). The epoch is kept in meta
 * "feed/<unit>"; a unit without one has the epoch 0.
 */
#ifndef FEED_H
#define FEED_H

#include <stdint.h>

struct buf;
struct stafette;
struct unit;

enum {
    FEED_SESSIONS_MAX = 1000, /* further ones are left out, the latest first */
    FEED_BACK_DAYS = 30
};

/* The epoch that holds now; feed_renew() makes the next one hold. In the open transaction. */
int64_t feed_epoch(struct stafette *g, const struct unit *unit);
int64_t feed_renew(struct stafette *g, const struct unit *unit);

/* Appends the calendar: the sessions of the last 30 days and as far as they are planned, at the
 * times that hold for the unit. The same bytes until something changes. Of a meeting called for one
 * case nothing but its kind and code. */
void feed_write(struct stafette *g, const struct unit *unit, struct buf *out);

#endif
