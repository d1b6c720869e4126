/*
 * State machines as tables (DOMAIN 5): what an event does to an item in a state. Pure.
 *
 * Facts are kept apart: delivered, seen (acknowledged), responsibility accepted (DESIGN 1.3). The
 * owner changes only where a row says so, which is acceptance.
 */
#ifndef MACHINE_H
#define MACHINE_H

#include <stdbool.h>
#include <stddef.h>

#include "stafette.h"

struct buf;

enum item_state {
    STATE_NONE, /* the item does not exist yet */
    STATE_REQUESTED,
    STATE_RETURNED, /* incomplete: the giver must complete it; the clock keeps running */
    STATE_ACKNOWLEDGED,
    STATE_REJECTED, /* receiver says "not competent"; the giver stays responsible */
    STATE_APPROVAL_PENDING,
    STATE_HELD, /* approved, but basis, agreement or permission is missing */
    STATE_OFFERED,
    STATE_DECLINED,
    STATE_REPORTED,
    STATE_OPEN, /* refusal at the technical desk */
    STATE_ACCEPTED,
    STATE_WITHDRAWN,
    STATE_REFUSED,
    STATE_CLEARED,
    STATE_CORRECTED,
    STATE_CLOSED, /* by a person, with a code */
    ITEM_STATE_COUNT
};

/* Who may say it. */
enum actor {
    ACTOR_GIVER,    /* the unit that asked */
    ACTOR_RECEIVER, /* a unit that was told of the item */
    ACTOR_APPROVER, /* the lead that was asked for approval */
    ACTOR_REPORTER  /* a source that speaks for the reporting or the on-call side */
};

/* Whom the item waits for after the step. */
enum waits_for { WAITS_NOBODY, WAITS_RECEIVER, WAITS_GIVER, WAITS_APPROVER, WAITS_SAME };

struct step {
    enum item_kind kind;
    enum item_state from;
    int on; /* enum event_type */
    enum item_state to;
    enum actor actor;
    enum waits_for waits;
    bool moves_owner;   /* responsibility passes to the receiver */
    const char *status; /* status event to the sender: "handover.acknowledged" */
    const char
        *outcome; /* German sentence for those who were told before; "" = they are not told */
};

enum step_verdict {
    STEP_APPLY,
    STEP_NO_EFFECT, /* the fact is already recorded: harmless */
    STEP_REFUSE     /* the state does not allow it */
};

/* Looks the pair up; `on` is an enum event_type. *step is the row that applies, for STEP_NO_EFFECT
 * one that has been applied (who may say it, whether it moved the owner), else NULL. */
enum step_verdict machine_next(enum item_kind kind, enum item_state state, int on,
                               const struct step **step);

/* True when nothing further is due: the item is over. */
bool item_state_is_final(enum item_state state);

const char *item_state_name(enum item_state state);
bool item_state_parse(const char *name, enum item_state *state);
const char *item_state_german(enum item_state state);

/* Which kind of item a handled event type belongs to. */
enum item_kind machine_kind(int type);
/* True for types that open an item. */
bool machine_opens(int type);

/* The whole matrix as text, one line per kind, state and event: for the golden test. */
void machine_print(struct buf *out);

#endif
