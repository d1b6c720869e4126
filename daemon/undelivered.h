/*
 * What people and case systems are told of notices that do not arrive, in the open transaction: the
 * sender hears early that one is late (notice.delayed) and that one was given up (notice.failed),
 * each with the class and a German reason (verdict.h); the coordinator reads it in the reminder.
 */
#ifndef UNDELIVERED_H
#define UNDELIVERED_H

#include <stdbool.h>

struct buf;
struct delivery;
struct item;
struct stafette;

/* A delivery was given up: notice.failed to the item's source. `asked` is false when no transport
 * was: then it is our own fault, whatever the class. */
void undelivered_failed(struct stafette *g, const struct item *item, const struct delivery *d,
                        bool asked);

/* A delivery waits for its next attempt, which is planned already, or is due and has no room yet
 * (outbox_look_late()). When half of its time is gone by then (until the notice's deadline, or its
 * own expiry where that is sooner), the sender gets notice.delayed, once for each delivery: sets
 * d->warned_ms, which the caller stores. When waiting breaks the notice's deadline, the next
 * contact of the unit is asked as well, once; this delivery stays pending, because the other way
 * may fail too, and a late mail says more than an SMS. */
void undelivered_late(struct stafette *g, struct delivery *d);

/* A mail server has taken the mail and reports that it is late there (RFC 3464 "delayed"): the
 * sender gets notice.delayed, once for each delivery; sets d->warned_ms, which the caller stores.
 */
void undelivered_delayed(struct stafette *g, struct delivery *d);

/* Appends what the coordinator should know of the item's last notice, when it has reached nobody:
 * "Die Nachricht an Stelle X ist nicht angekommen. ..."; nothing when it has. */
void undelivered_sentence(const struct stafette *g, struct buf *out, const struct item *item);

#endif
