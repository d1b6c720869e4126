/*
 * What an operator does to the outbox: hold and release destinations, try again now, cancel, send
 * once more. Each leaves an audit row with by=operator.
 *
 * Nobody gets lost by it: what is held waits, its clocks go on, and /healthz says so; who cancels
 * the last hope of a notice makes its next contact or step run now; what is sent once more says
 * that it may come twice. Trying again is done in bounded steps, each a transaction of its own; a
 * crash leaves what was committed, and asking again does the rest.
 */
#ifndef OUTBOX_OPS_H
#define OUTBOX_OPS_H

#include <stdbool.h>
#include <stdint.h>

#include "lane_hold.h"

struct buf;
struct outbox_ops;
struct stafette;

enum op_end {
    OP_DONE,
    OP_UNKNOWN, /* there is no such thing */
    OP_REFUSED  /* not in this state; err says what would help */
};

/* Reads what is held and says so in the log. For outbox_open(). */
struct outbox_ops *outbox_ops_open(struct stafette *g);
void outbox_ops_close(struct outbox_ops *ops);

/* What is held now. */
const struct lane_holds *outbox_holds(const struct stafette *g);
bool outbox_lane_held(const struct stafette *g, int64_t lane_id);
/* All of a transport is held, so that nothing may fail over to it either. */
bool outbox_transport_held(const struct stafette *g, const char *name, bool urgent);

/* The name that the operator means: `lane`, or all destinations when it is ""; with the mark when
 * `urgent`. Unless it is all, it must be a configured transport or a known lane. */
enum op_end outbox_name(struct stafette *g, const char *lane, bool urgent, struct buf *name,
                        struct buf *err);

/* In the open transaction: holds or releases the named destinations; "" releases all holds. Nothing
 * in memory changes before outbox_hold_changed(), after the commit, which wakes what is free. */
enum op_end outbox_hold(struct stafette *g, const char *name, bool hold, struct buf *err);
void outbox_hold_changed(struct stafette *g);

/* In the open transaction: ends a delivery that waits. `code` is why, 1 to 32 of a-z and _. *then
 * says what follows: "nothing", "next_contact", "next_step". */
enum op_end outbox_cancel(struct stafette *g, int64_t delivery_seq, const char *code,
                          const char **then, struct buf *err);

/* In the open transaction: one more delivery of the same notice, to the same contact or, unless "",
 * to another one of the same unit, marked as perhaps a copy. *fresh_seq is its number. */
enum op_end outbox_resend(struct stafette *g, int64_t delivery_seq, const char *to,
                          int64_t *fresh_seq, struct buf *err);

/* Who wants to know when a retry is done: how many attempts were put forward, and whether the store
 * took them all. Called by outbox_ops_step(), once. */
struct retry_order {
    void *context;
    void (*done)(struct stafette *g, void *context, int64_t count, bool is_good);
};

/* Begins to try again now: one delivery, or all of the named destinations ("*": all) that are not
 * held, what is urgent among them; how often each was tried is kept. An SMS waits for the end of
 * quiet hours all the same. Done step by step after OP_DONE; one order at a time. */
enum op_end outbox_retry_one(struct stafette *g, const struct retry_order *order,
                             int64_t delivery_seq, struct buf *err);
enum op_end outbox_retry(struct stafette *g, const struct retry_order *order, const char *name,
                         struct buf *err);

/* Once a turn, outside a transaction: the next step, if any. True when there was one. */
bool outbox_ops_step(struct stafette *g);
bool outbox_ops_busy(const struct stafette *g);

#endif
