/*
 * The outbox: starts the attempts that are due, and settles what came of them (DESIGN 7).
 *
 * At least once: what was in flight when the process died is unknown, so it is attempted again with
 * the same Message-ID and client reference. With n crashes, copies beyond the first are at most n
 * times delivery.in_flight_max, which counts attempts handed out and not yet settled.
 *
 * Claims live in memory, results in the store. A destination ("lane") holds at most half of the
 * carriers, so one dead relay never stops the others.
 */
#ifndef OUTBOX_H
#define OUTBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "stafette.h"

struct contact;
struct delivery;
struct item;
struct job;
struct notice;
struct outbox;
struct stafette;

struct outbox *outbox_open(struct stafette *g);
/* Gives running attempts wait_ms to end; what they came to is lost and will be repeated. */
void outbox_close(struct outbox *o, int wait_ms);

/* The fd that becomes readable when a carrier has finished something. */
int outbox_fd(const struct outbox *o);

/* Takes finished attempts from the engines; true when they should be settled now. While
 * OUTBOX_COMPANY or more were started within OUTBOX_YOUNG_MS, a few results wait up to
 * OUTBOX_SETTLE_MS for company: one commit settles them all. */
enum { OUTBOX_SETTLE_MS = 2, OUTBOX_SETTLE_COUNT = 64, OUTBOX_YOUNG_MS = 20, OUTBOX_COMPANY = 8 };
bool outbox_collect(struct stafette *g);
bool outbox_unsettled(const struct outbox *o);

/* Writes the results into the open transaction; may run again after a rollback. */
void outbox_settle(struct stafette *g);

/* In the open transaction: what a peer had accepted was given up later (a bounce, a failed delivery
 * report). The delivery and all that left in its mail end as failed with this class and code, the
 * contact is flagged where the class blames it, the next contact or step runs now. Nothing happens
 * when it is not sent, so a report that comes twice is harmless; false then. */
bool outbox_returned(struct stafette *g, int64_t delivery_seq, enum error_class class, int code);

/* In the open transaction: a report says that a delivery which waits for its next attempt has
 * arrived (its last one ended in doubt). It ends as sent; the report itself is the caller's to
 * store. False when it is not pending, or an attempt is under way: its result says so. */
bool outbox_arrived(struct stafette *g, struct delivery *delivery);

/* True while an attempt of it is handed out and not settled. */
bool outbox_is_under_way(const struct stafette *g, int64_t delivery_seq);

/* After the commit: logs, counts and forgets the settled attempts. */
void outbox_settled(struct stafette *g);

/* What is due may have to wait all the same: for a rate, for a window, for a gateway that asked for
 * patience, for an operator who holds it. Once a minute the lanes are looked at in which that has
 * gone on for a minute: the sender is warned and the next contact asked as after a failed attempt
 * (undelivered.h). A bounded step of that in the open transaction, when one is due. */
void outbox_look_late(struct stafette *g);
/* Monotonic time of its next step; 0: nothing is to be looked at now. */
int64_t outbox_late_ms(const struct stafette *g);

/* After a rollback: what outbox_pace() noted is as it was before. */
void outbox_rolled_back(struct stafette *g);

/* After the commit: starts what is due, as far as there is room. */
void outbox_start(struct stafette *g);

/* The steady time, not before next_ms, at which a delivery to this contact may leave: at once when
 * it is urgent or somebody waits for it, else with others to the same mailbox (delivery.bundle), at
 * the hour of its digest, within delivery.contact_per_hour. */
int64_t outbox_pace(struct stafette *g, const struct item *item, const struct notice *notice,
                    const struct contact *contact, int64_t next_ms);

/* A delivery was made for this lane; all lanes may have something to start. */
void outbox_wake(struct stafette *g, int64_t lane_id);
void outbox_wake_all(struct stafette *g);

/* Steady time of the next attempt that is not due yet, 0 = none; now when there is more to do. */
int64_t outbox_next_ms(const struct outbox *o);
size_t outbox_in_flight(const struct outbox *o);
/* Of those, the ones that started within OUTBOX_YOUNG_MS: how busy it is. An attempt that has taken
 * long already (a relay that hangs) is no reason for others to wait. */
size_t outbox_young(const struct stafette *g);

/* Runs work that is no delivery on a carrier (loading a configuration); `done` is called on the
 * deciding thread by outbox_collect(). */
void outbox_run(struct outbox *o, void (*run)(void *context), void *context,
                void (*done)(struct stafette *g, void *context));

#endif
