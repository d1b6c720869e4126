/*
 * State machines as tables (DOMAIN 5): what an event does to an item in a state. Pure.
 *
 * Three columns (DESIGN 5): a row that applies, a row that parks (valid, but what must come before
 * it is missing), and everything else is refused. Facts are kept apart: delivered, seen
 * (acknowledged), responsibility accepted (DESIGN 1.3). The owner changes only where a row says so,
 * which is acceptance, and where an acceptance lapses. "Overdue" and "escalated" are flags of an
 * item, not states.
 */
#ifndef MACHINE_H
#define MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "event.h"
#include "stafette.h"

struct buf;

/* The numbers are in the store: new ones come last. */
enum item_state {
    STATE_NONE, /* the item does not exist yet */
    STATE_REQUESTED,
    STATE_RETURNED, /* incomplete: the giver must complete it; the clock keeps running */
    STATE_ACKNOWLEDGED,
    STATE_REJECTED, /* receiver does not take over; the giver stays responsible */
    STATE_APPROVAL_PENDING,
    STATE_HELD, /* basis, consent, agreement or permission is missing: nobody new is told */
    STATE_OFFERED,
    STATE_DECLINED,
    STATE_REPORTED,
    STATE_OPEN, /* refusal at the technical desk; task */
    STATE_ACCEPTED,
    STATE_WITHDRAWN, /* a handover's receiver must confirm that it knows */
    STATE_REFUSED,
    STATE_CLEARED, /* hazard over: the on-call must hand over or close */
    STATE_CORRECTED,
    STATE_CLOSED,
    STATE_ANNOUNCED,
    STATE_DELIVERED, /* the relay or gateway has it; nobody has answered */
    STATE_CONVERSATION_PLANNED,
    STATE_CONVERSATION_HELD,
    STATE_CONFLICT,   /* who is competent? The contact roles decide */
    STATE_CONFIRMED,  /* decided: the asked unit is */
    STATE_REASSIGNED, /* decided: another unit is, and is asked now */
    STATE_WAITLISTED,
    STATE_CONTACT_SCHEDULED,
    STATE_RUNNING,
    STATE_FEEDBACK_DUE, /* completed or aborted: the giver must take note */
    STATE_EXPIRED,      /* voucher or agreement ended: the giver must act */
    STATE_WAITING,      /* a task for later; a parked event that waits for its predecessor */
    STATE_DONE,
    STATE_TICKING, /* a statutory clock */
    STATE_MET,
    STATE_CANCELLED,
    STATE_ERASED, /* its case was erased (DOMAIN R19): only the number is left */
    ITEM_STATE_COUNT
};

enum item_flag {
    ITEM_OVERDUE = 1,         /* a limit passed without an answer */
    ITEM_ESCALATED = 2,       /* somebody above the asked unit was told */
    ITEM_HILFEPLAN = 4,       /* the handover needs a conversation first (§ 86c(2) SGB VIII) */
    ITEM_CONVERSED = 8,       /* which took place */
    ITEM_PINNED = 16,         /* the client chose the provider (§ 5 SGB VIII, § 8 SGB IX) */
    ITEM_MISSED_ONCE = 32,    /* the last contact was missed */
    ITEM_VOICE = 64,          /* nobody answered in time: somebody must telephone */
    ITEM_OUT_OF_ORDER = 128,  /* a fact came before the one that should precede it */
    ITEM_ANVERTRAUT = 256,    /* entrusted data (§ 65 SGB VIII, DOMAIN R10) */
    ITEM_AGREED = 512,        /* forwarded once more by agreement (§ 14(3) SGB IX) */
    ITEM_PING_PONG = 1024,    /* given back a second time: the coordinator knows */
    ITEM_CONSENT = 2048,      /* consent_ref came with the request */
    ITEM_REHA = 4096,         /* an application for rehabilitation goes along (§ 14 SGB IX) */
    ITEM_SHARE = 16384,       /* shares of the Sozialraum are agreed (KI4) */
    ITEM_VOUCHER_TOLD = 8192, /* both sides know that the voucher ends soon */
    ITEM_ANY_HOUR = 32768,    /* a drill that keeps no quiet hours */
    ITEM_WHOLE_CHAIN = 65536, /* a drill that climbs the whole ladder */
    ITEM_LATE = 131072,       /* a limit passed at some time: stays when the answer comes (DO11) */
    ITEM_TOLD_ABOVE = 262144, /* and a lead or the coordinator heard of it: stays, too */
};

/* What happens to an item without an event from a case system. Continues enum event_type. */
enum inner_event {
    ON_DELIVERED = 1000, /* relay or gateway took the first notice */
    ON_CONTACT_OVERDUE,  /* accepted, but no first contact in time */
    ON_NO_ANSWER,        /* the provider was silent too long (F2) */
    ON_NEXT_PROVIDER,    /* another provider is offered it */
    ON_EXPIRED,          /* voucher or agreement ended */
    ON_TASKS_DONE,       /* accepted, and the last task of it is done (KI2) */
    ON_HANDED_OVER,      /* an emergency's case was handed over */
    ON_CORRECTED,        /* a refusal's corrected event came */
    ON_CLOSED_BY_HAND,
    ON_BEGINS, /* a task's day has come; a parked event's predecessor did not */
    ON_END,
    ON_SEEN, /* a drill was answered, by whatever way; case systems know of no drills */
    ON_HELD, /* what it would bring may not be told for want of consent or basis */
};

/* Who may say it. */
enum actor {
    ACTOR_GIVER,    /* the unit that asked */
    ACTOR_RECEIVER, /* a unit that was told of the item */
    ACTOR_APPROVER, /* the lead that was asked for approval, or a deputy; never the asking unit */
    ACTOR_REPORTER, /* a source that speaks for the reporting or the on-call side */
    ACTOR_PARTY,    /* giver or receiver */
    ACTOR_ARBITER,  /* contact role for conflicts of either side, their leads, the coordinator */
    ACTOR_GATEWAY   /* no event from outside: enum inner_event */
};

/* Whom the item waits for after the step. */
enum waits_for {
    WAITS_NOBODY,
    WAITS_RECEIVER,
    WAITS_GIVER,
    WAITS_APPROVER,
    WAITS_ARBITER,
    WAITS_SAME
};

/* What a step does besides: a function each in workflow_effect.c. */
enum effect {
    EFFECT_NONE,
    EFFECT_OFFER,     /* approved: budget, basis, agreement, permission; then the provider */
    EFFECT_NEXT,      /* the next provider, or the giver's turn */
    EFFECT_CONFLICT,  /* both contact roles are told in one thread */
    EFFECT_REASSIGN,  /* the decided unit is asked */
    EFFECT_MISSING,   /* what an incomplete handover lacks */
    EFFECT_CONVERSED, /* the conversation is on record */
    EFFECT_CONTACT,   /* date of the first contact, or it took place */
    EFFECT_MISSED,    /* the second in a row warns the giver (F5) */
    EFFECT_PHASE,     /* phase of a running referral (MH6) */
    EFFECT_FEEDBACK,  /* what comes next (MH7) */
    EFFECT_LAPSE,     /* responsibility goes back to the giver */
    EFFECT_WAITLIST,  /* expected week; asked again every four weeks (F4) */
    EFFECT_HOLD,      /* the giver gets a task that says what is missing */
    EFFECT_EXTEND,    /* a statutory clock begins anew */
    EFFECT_WITHDRAW,  /* nobody was asked yet: nobody has to confirm it */
    EFFECT_CLEARED,   /* the case may be handed over already */
    EFFECT_DRILL,     /* a drill is over: measured, and told to the coordinator */
    EFFECT_COUNT
};

enum step_verdict {
    STEP_APPLY,
    STEP_NO_EFFECT, /* the fact is already recorded: harmless */
    STEP_PARK,      /* what must come before is missing: kept 24 h */
    STEP_REFUSE     /* the state does not allow it */
};

struct step {
    enum item_kind kind;
    uint64_t from;      /* set of states */
    int on;             /* enum event_type or inner_event */
    const char *code;   /* only with this code; NULL: any */
    enum item_state to; /* STATE_NONE: the event is parked */
    enum actor actor;
    enum waits_for waits;
    enum effect effect;
    const char *status;  /* status event to the sender: "handover.acknowledged" */
    const char *outcome; /* German sentence for those who were told before; "" = they are not */
};

/* An item as the table sees it, and what came. */
struct occasion {
    enum item_kind kind;
    enum item_state state;
    unsigned flags; /* enum item_flag */
    int on;
    const char *code; /* "" = none */
};

/* Looks the occasion up. *step is the row that applies or parks; for STEP_NO_EFFECT one that has
 * been applied (who may say it, whether it moved the owner); else NULL. */
enum step_verdict machine_next(const struct occasion *occasion, const struct step **step);

/* True when the step gives responsibility to the receiver. */
bool step_moves_owner(const struct step *step);

/* True when nothing further is due: the item is over. An accepted handover is over unless tasks of
 * it are open, which the caller knows. */
bool item_state_is_final(enum item_kind kind, enum item_state state);

const char *item_state_name(enum item_state state);
bool item_state_parse(const char *name, enum item_state *state);
const char *item_state_german(enum item_state state);
const char *inner_event_name(int on);

/* What a handled event type is to items. */
enum event_role { ROLE_OPENS, ROLE_ANSWERS, ROLE_FACT };
enum event_role machine_role(int type);

/* Which kind of item a handled event type belongs to; facts belong to tasks. */
enum item_kind machine_kind(int type);
/* True for types that open an item. */
bool machine_opens(int type);

/* The state in which an item of that kind begins when its request is complete. */
enum item_state machine_begins(int type);

/* The whole matrix of a kind as text, one line per state and event: what the golden test holds. */
void machine_print(enum item_kind kind, struct buf *out);

/* The table of a kind as a graph in the DOT language of Graphviz, for `stafettectl states`. */
void machine_dot(enum item_kind kind, struct buf *out);

#endif
