/*
 * Quotas of meetings against what the store knows (DOMAIN MH2): how many of a kind a unit has held
 * and planned in a year, whether one more is within its quota, and what was told of it.
 *
 * An ended meeting is removed long before its year is over (retention), so sessions that took place
 * are added to a sum in the store when they are QUOTA_SETTLED_DAYS old: a count is that sum and the
 * sessions since. Whoever says later than that that a session took place is not counted.
 *
 * Inside or outside of a transaction, but quota_settle() and quota_note() belong into the turn's.
 */
#ifndef QUOTA_CHECK_H
#define QUOTA_CHECK_H

#include <stdbool.h>
#include <stdint.h>

#include "quota.h"

struct buf;
struct quota_rule;
struct stafette;
struct unit;

/* Less than the shortest setting of retention.closed. */
enum { QUOTA_SETTLED_DAYS = 35 };

/* True when one more meeting of that kind, at that wall second (ical.h), is within the quota of the
 * host's year, or there is no quota. False: it needs a reason (fault E-QUOTE). */
bool quota_allows(struct stafette *g, const struct unit *unit, const char *kind, int64_t start_s);

/* What was held and is planned in a year. A session whose time has passed counts as planned until
 * somebody has said that it took place, where that is asked for. */
struct quota_count quota_look(struct stafette *g, const struct quota_rule *rule, int year);

/* Adds sessions that are old enough to the sums; once a day. */
void quota_settle(struct stafette *g);

/* Compares each quota of the year with what was told of it, and remembers what it is now. True when
 * there is something to tell that was not told. */
bool quota_note(struct stafette *g, int year);

#endif
