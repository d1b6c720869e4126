/*
 * State machines as tables: see machine.h. Where two rows fit, the first one is taken, so that a
 * row with a code stands before the one for any. A pair that no row names is refused, unless the
 * state is one that the event leads to: then the fact is recorded already, and a second answer is
 * harmless.
 *
 * The one guard that is not in the table: a handover with a Hilfeplan is accepted only after the
 * conversation (H2, § 86c(2) SGB VIII); before that its acceptance is parked.
 */
#include "machine.h"

#include "buf.h"
#include "util.h"

#define AT(state) (UINT64_C(1) << STATE_##state)

/* Asked, and nobody has answered. */
#define ASKED (AT(REQUESTED) | AT(DELIVERED) | AT(REASSIGNED))
/* The receiver knows of it. */
#define SEEN (AT(ACKNOWLEDGED) | AT(CONVERSATION_PLANNED) | AT(CONVERSATION_HELD))
/* The giver must act first. */
#define BACK (AT(RETURNED) | AT(REJECTED))
#define UNDECIDED (ASKED | SEEN | AT(CONFIRMED))

/* A provider has it before it. */
#define OFFER (AT(OFFERED) | AT(ACKNOWLEDGED))
/* A provider has taken it on. */
#define TAKEN (AT(ACCEPTED) | AT(CONTACT_SCHEDULED) | AT(RUNNING))
#define BEFORE_OFFER (AT(RETURNED) | AT(APPROVAL_PENDING) | AT(HELD) | AT(DECLINED) | AT(EXPIRED))

#define H ITEM_HANDOVER
#define R ITEM_REFERRAL
#define E ITEM_EMERGENCY
#define T ITEM_TASK
#define D ITEM_DEADLINE
#define F ITEM_REFUSAL
#define P ITEM_DRILL
#define PARK STATE_NONE

#define ACCEPTED_TEXT "Die Übernahme ist bestätigt."
#define RETURNED_TEXT "Der Vorgang wurde zur Ergänzung zurückgegeben."
#define REJECTED_TEXT "Die Übernahme wurde abgelehnt. Zuständig bleibt die abgebende Stelle."
#define CONFLICT_TEXT                                                                              \
    "Die Zuständigkeit ist strittig. Zuständig bleibt bis zur Klärung die abgebende Stelle."
#define WITHDRAWN_TEXT "Die Übergabe wurde zurückgezogen."
#define DECLINED_TEXT "Der Auftrag wurde abgelehnt. Zuständig bleibt die auftraggebende Stelle."

/* clang-format off */
static const struct step steps[] = {
    /* handover: the giver stays responsible until acceptance (H1) */
    {H, AT(ANNOUNCED) | AT(RETURNED) | AT(REJECTED) | AT(HELD), EVENT_HANDOVER_REQUESTED, NULL, STATE_REQUESTED,
     ACTOR_GIVER, WAITS_RECEIVER, EFFECT_NONE, "handover.requested", ""},
    {H, AT(RETURNED), EVENT_HANDOVER_ANNOUNCED, NULL, STATE_ANNOUNCED, ACTOR_GIVER, WAITS_GIVER, EFFECT_NONE, "handover.announced", ""},
    {H, AT(REQUESTED), ON_DELIVERED, NULL, STATE_DELIVERED, ACTOR_GATEWAY, WAITS_SAME, EFFECT_NONE, "", ""},
    {H, ASKED | AT(CONFIRMED) | AT(HELD), EVENT_HANDOVER_ACKNOWLEDGED, NULL, STATE_ACKNOWLEDGED, ACTOR_RECEIVER, WAITS_SAME, EFFECT_NONE,
     "handover.acknowledged", ""},
    {H, AT(WITHDRAWN), EVENT_HANDOVER_ACKNOWLEDGED, NULL, STATE_CLOSED, ACTOR_RECEIVER, WAITS_NOBODY, EFFECT_NONE,
     "handover.withdrawal.confirmed", ""},
    {H, AT(ANNOUNCED), EVENT_HANDOVER_ACKNOWLEDGED, NULL, PARK, ACTOR_RECEIVER, WAITS_SAME, EFFECT_NONE, "", ""},
    {H, AT(ACKNOWLEDGED) | AT(CONVERSATION_PLANNED) | AT(CONFIRMED), EVENT_CONVERSATION_PLANNED, NULL, STATE_CONVERSATION_PLANNED,
     ACTOR_PARTY, WAITS_SAME, EFFECT_NONE, "handover.conversation.planned", ""},
    {H, ASKED | AT(ANNOUNCED), EVENT_CONVERSATION_PLANNED, NULL, PARK, ACTOR_PARTY, WAITS_SAME, EFFECT_NONE, "", ""},
    {H, UNDECIDED, EVENT_CONVERSATION_HELD, NULL, STATE_CONVERSATION_HELD, ACTOR_PARTY, WAITS_SAME, EFFECT_CONVERSED,
     "handover.conversation.held", "Das Übergabegespräch hat stattgefunden."},
    {H, AT(ANNOUNCED) | BACK | AT(HELD), EVENT_CONVERSATION_HELD, NULL, PARK, ACTOR_PARTY, WAITS_SAME, EFFECT_NONE, "", ""},
    {H, UNDECIDED | AT(REJECTED) | AT(CONFLICT), EVENT_HANDOVER_ACCEPTED, NULL, STATE_ACCEPTED, ACTOR_RECEIVER, WAITS_NOBODY,
     EFFECT_NONE, "handover.accepted", ACCEPTED_TEXT},
    {H, AT(ANNOUNCED) | AT(RETURNED) | AT(HELD), EVENT_HANDOVER_ACCEPTED, NULL, PARK, ACTOR_RECEIVER, WAITS_SAME, EFFECT_NONE, "", ""},
    {H, UNDECIDED, EVENT_HANDOVER_RETURNED, NULL, STATE_RETURNED, ACTOR_RECEIVER, WAITS_GIVER, EFFECT_MISSING,
     "handover.returned", RETURNED_TEXT},
    {H, AT(ANNOUNCED), EVENT_HANDOVER_RETURNED, NULL, PARK, ACTOR_RECEIVER, WAITS_SAME, EFFECT_NONE, "", ""},
    {H, ASKED | SEEN, EVENT_HANDOVER_REJECTED, "not_competent", STATE_CONFLICT, ACTOR_RECEIVER, WAITS_ARBITER, EFFECT_CONFLICT,
     "handover.rejected", CONFLICT_TEXT},
    {H, ASKED | SEEN, EVENT_HANDOVER_REJECTED, "wrong_place", STATE_CONFLICT, ACTOR_RECEIVER, WAITS_ARBITER, EFFECT_CONFLICT,
     "handover.rejected", CONFLICT_TEXT},
    {H, ASKED | SEEN, EVENT_HANDOVER_REJECTED, "wrong_area", STATE_CONFLICT, ACTOR_RECEIVER, WAITS_ARBITER, EFFECT_CONFLICT,
     "handover.rejected", CONFLICT_TEXT},
    {H, ASKED | SEEN, EVENT_HANDOVER_REJECTED, "wrong_unit", STATE_CONFLICT, ACTOR_RECEIVER, WAITS_ARBITER, EFFECT_CONFLICT,
     "handover.rejected", CONFLICT_TEXT},
    {H, UNDECIDED, EVENT_HANDOVER_REJECTED, NULL, STATE_REJECTED, ACTOR_RECEIVER, WAITS_GIVER, EFFECT_NONE,
     "handover.rejected", REJECTED_TEXT},
    {H, AT(ANNOUNCED), EVENT_HANDOVER_REJECTED, NULL, PARK, ACTOR_RECEIVER, WAITS_SAME, EFFECT_NONE, "", ""},
    {H, AT(CONFLICT), EVENT_CONFLICT_DECIDED, "confirmed", STATE_CONFIRMED, ACTOR_ARBITER, WAITS_RECEIVER, EFFECT_NONE,
     "handover.conflict.decided", "Die Zuständigkeit ist geklärt: Die angefragte Stelle ist zuständig und muss die Übernahme bestätigen."},
    {H, AT(CONFLICT), EVENT_CONFLICT_DECIDED, "reassigned", STATE_REASSIGNED, ACTOR_ARBITER, WAITS_RECEIVER, EFFECT_REASSIGN,
     "handover.conflict.decided", "Die Zuständigkeit ist geklärt: Eine andere Stelle ist zuständig und wird jetzt gefragt."},
    {H, AT(CONFLICT), EVENT_CONFLICT_DECIDED, "giver_keeps", STATE_CLOSED, ACTOR_ARBITER, WAITS_NOBODY, EFFECT_NONE,
     "handover.conflict.decided", "Die Zuständigkeit ist geklärt: Die abgebende Stelle bleibt zuständig."},
    {H, UNDECIDED | BACK | AT(CONFLICT), EVENT_HANDOVER_WITHDRAWN, NULL, STATE_WITHDRAWN, ACTOR_GIVER, WAITS_RECEIVER, EFFECT_WITHDRAW,
     "handover.withdrawn", WITHDRAWN_TEXT},
    {H, AT(ANNOUNCED) | AT(HELD), EVENT_HANDOVER_WITHDRAWN, NULL, STATE_CLOSED, ACTOR_GIVER, WAITS_NOBODY, EFFECT_NONE,
     "handover.withdrawn", WITHDRAWN_TEXT},
    {H, AT(REQUESTED) | AT(REASSIGNED), ON_HELD, NULL, STATE_HELD, ACTOR_GATEWAY, WAITS_GIVER, EFFECT_HOLD, "handover.held", ""},
    {H, AT(ACCEPTED), ON_TASKS_DONE, NULL, STATE_CLOSED, ACTOR_GATEWAY, WAITS_NOBODY, EFFECT_NONE, "handover.closed", ""},
    {H, AT(RETURNED), ON_CLOSED_BY_HAND, NULL, STATE_CLOSED, ACTOR_GATEWAY, WAITS_NOBODY, EFFECT_NONE, "handover.closed", ""},

    /* referral: no provider is told before approval (F1), basis, agreement and permission */
    {R, BEFORE_OFFER & ~AT(APPROVAL_PENDING), EVENT_REFERRAL_REQUESTED, NULL, STATE_APPROVAL_PENDING, ACTOR_GIVER, WAITS_APPROVER,
     EFFECT_NONE, "referral.requested", ""},
    {R, AT(APPROVAL_PENDING) | AT(HELD), EVENT_REFERRAL_APPROVED, NULL, STATE_OFFERED, ACTOR_APPROVER, WAITS_RECEIVER, EFFECT_OFFER,
     "referral.approved", ""},
    {R, AT(APPROVAL_PENDING) | AT(HELD), EVENT_REFERRAL_REFUSED, NULL, STATE_REFUSED, ACTOR_APPROVER, WAITS_NOBODY, EFFECT_NONE,
     "referral.refused", "Die Freigabe wurde versagt."},
    {R, AT(DECLINED), EVENT_REFERRAL_REFUSED, NULL, STATE_REFUSED, ACTOR_APPROVER, WAITS_NOBODY, EFFECT_NONE,
     "referral.refused", "Die Freigabe wurde aufgehoben."},
    {R, AT(OFFERED), EVENT_REFERRAL_ACKNOWLEDGED, NULL, STATE_ACKNOWLEDGED, ACTOR_RECEIVER, WAITS_SAME, EFFECT_NONE,
     "referral.acknowledged", ""},
    {R, OFFER | AT(WAITLISTED) | AT(DECLINED), EVENT_REFERRAL_ACCEPTED, NULL, STATE_ACCEPTED, ACTOR_RECEIVER, WAITS_RECEIVER, EFFECT_NONE,
     "referral.accepted", "Der Auftrag ist angenommen."},
    {R, OFFER | AT(WAITLISTED), EVENT_REFERRAL_DECLINED, NULL, STATE_DECLINED, ACTOR_RECEIVER, WAITS_GIVER, EFFECT_NEXT,
     "referral.declined", DECLINED_TEXT},
    {R, OFFER | AT(WAITLISTED), ON_NO_ANSWER, NULL, STATE_DECLINED, ACTOR_GATEWAY, WAITS_GIVER, EFFECT_NEXT,
     "referral.unanswered", "Der angefragte Träger hat nicht geantwortet."},
    {R, AT(DECLINED), ON_NEXT_PROVIDER, NULL, STATE_OFFERED, ACTOR_GATEWAY, WAITS_RECEIVER, EFFECT_NONE, "referral.offered", ""},
    {R, OFFER | AT(WAITLISTED) | AT(ACCEPTED), EVENT_REFERRAL_WAITLISTED, NULL, STATE_WAITLISTED, ACTOR_RECEIVER, WAITS_RECEIVER,
     EFFECT_WAITLIST, "referral.waitlisted", "Der Auftrag steht auf der Warteliste des Trägers."},
    {R, AT(ACCEPTED) | AT(CONTACT_SCHEDULED), EVENT_CONTACT_SCHEDULED, NULL, STATE_CONTACT_SCHEDULED, ACTOR_RECEIVER, WAITS_SAME,
     EFFECT_CONTACT, "referral.contact.scheduled", ""},
    {R, TAKEN, EVENT_CONTACT_HELD, NULL, STATE_RUNNING, ACTOR_RECEIVER, WAITS_SAME, EFFECT_CONTACT, "referral.contact.held", ""},
    {R, AT(ACCEPTED) | AT(CONTACT_SCHEDULED), EVENT_CONTACT_MISSED, NULL, STATE_ACCEPTED, ACTOR_RECEIVER, WAITS_SAME, EFFECT_MISSED,
     "referral.contact.missed", ""},
    {R, AT(RUNNING), EVENT_CONTACT_MISSED, NULL, STATE_RUNNING, ACTOR_RECEIVER, WAITS_SAME, EFFECT_MISSED, "referral.contact.missed", ""},
    {R, OFFER | AT(WAITLISTED), EVENT_CONTACT_SCHEDULED, NULL, PARK, ACTOR_RECEIVER, WAITS_SAME, EFFECT_NONE, "", ""},
    {R, OFFER | AT(WAITLISTED), EVENT_CONTACT_HELD, NULL, PARK, ACTOR_RECEIVER, WAITS_SAME, EFFECT_NONE, "", ""},
    {R, AT(RUNNING), EVENT_PHASE_CHANGED, NULL, STATE_RUNNING, ACTOR_RECEIVER, WAITS_SAME, EFFECT_PHASE, "referral.phase.changed", ""},
    {R, OFFER | AT(ACCEPTED) | AT(CONTACT_SCHEDULED), EVENT_PHASE_CHANGED, NULL, PARK, ACTOR_RECEIVER, WAITS_SAME, EFFECT_NONE, "", ""},
    {R, TAKEN, EVENT_REFERRAL_COMPLETED, NULL, STATE_FEEDBACK_DUE, ACTOR_RECEIVER, WAITS_GIVER, EFFECT_FEEDBACK,
     "referral.completed", "Der Träger hat den Auftrag abgeschlossen."},
    {R, TAKEN, EVENT_REFERRAL_ABORTED, NULL, STATE_FEEDBACK_DUE, ACTOR_RECEIVER, WAITS_GIVER, EFFECT_FEEDBACK,
     "referral.aborted", "Der Träger hat den Auftrag abgebrochen."},
    {R, OFFER, EVENT_REFERRAL_COMPLETED, NULL, PARK, ACTOR_RECEIVER, WAITS_SAME, EFFECT_NONE, "", ""},
    {R, AT(FEEDBACK_DUE) | AT(EXPIRED) | AT(DECLINED), EVENT_REFERRAL_CLOSED, NULL, STATE_CLOSED, ACTOR_GIVER, WAITS_NOBODY, EFFECT_NONE,
     "referral.closed", "Die auftraggebende Stelle hat den Vorgang abgeschlossen."},
    {R, AT(ACCEPTED) | AT(CONTACT_SCHEDULED), ON_CONTACT_OVERDUE, NULL, STATE_OFFERED, ACTOR_GATEWAY, WAITS_RECEIVER, EFFECT_LAPSE,
     "referral.reopened", "Der Erstkontakt ist überfällig. Zuständig ist wieder die auftraggebende Stelle."},
    {R, OFFER | AT(WAITLISTED) | TAKEN, ON_EXPIRED, NULL, STATE_EXPIRED, ACTOR_GATEWAY, WAITS_GIVER, EFFECT_LAPSE,
     "referral.expired", "Die Bewilligung ist abgelaufen. Zuständig ist die auftraggebende Stelle."},
    {R, BEFORE_OFFER | OFFER | AT(WAITLISTED) | TAKEN | AT(FEEDBACK_DUE), EVENT_REFERRAL_WITHDRAWN, NULL, STATE_WITHDRAWN, ACTOR_GIVER,
     WAITS_NOBODY, EFFECT_NONE, "referral.withdrawn", "Vorgang zurückgezogen."},
    {R, AT(RETURNED), ON_CLOSED_BY_HAND, NULL, STATE_CLOSED, ACTOR_GATEWAY, WAITS_NOBODY, EFFECT_NONE, "referral.closed", ""},

    /* emergency: worked on until the hazard is cleared, then handed over (H3, DO2) */
    {E, AT(RETURNED), EVENT_EMERGENCY_REPORTED, NULL, STATE_REPORTED, ACTOR_GIVER, WAITS_RECEIVER, EFFECT_NONE, "emergency.reported", ""},
    {E, AT(REPORTED), EVENT_EMERGENCY_ACKNOWLEDGED, NULL, STATE_ACKNOWLEDGED, ACTOR_RECEIVER, WAITS_SAME, EFFECT_NONE,
     "emergency.acknowledged", "Der Bereitschaftsdienst hat die Notlage übernommen."},
    {E, AT(REPORTED) | AT(ACKNOWLEDGED) | AT(RETURNED), EVENT_HAZARD_CLEARED, NULL, STATE_CLEARED, ACTOR_REPORTER, WAITS_RECEIVER,
     EFFECT_CLEARED, "hazard.cleared", "Die Gefahr ist beseitigt."},
    {E, AT(CLEARED), ON_HANDED_OVER, NULL, STATE_CLOSED, ACTOR_GATEWAY, WAITS_NOBODY, EFFECT_NONE, "emergency.closed", ""},
    {E, AT(CLEARED), EVENT_EMERGENCY_CLOSED, NULL, STATE_CLOSED, ACTOR_RECEIVER, WAITS_NOBODY, EFFECT_NONE,
     "emergency.closed", "Die Notlage ist ohne Übergabe abgeschlossen."},
    {E, AT(REPORTED) | AT(ACKNOWLEDGED), EVENT_EMERGENCY_CLOSED, NULL, PARK, ACTOR_RECEIVER, WAITS_SAME, EFFECT_NONE, "", ""},
    {E, AT(RETURNED), ON_CLOSED_BY_HAND, NULL, STATE_CLOSED, ACTOR_GATEWAY, WAITS_NOBODY, EFFECT_NONE, "emergency.closed", ""},

    /* refusal: a person may stand behind it; it ends by a corrected event or by hand */
    {F, AT(OPEN), ON_CORRECTED, NULL, STATE_CORRECTED, ACTOR_GATEWAY, WAITS_NOBODY, EFFECT_NONE, "refusal.corrected", ""},
    {F, AT(OPEN), ON_CLOSED_BY_HAND, NULL, STATE_CLOSED, ACTOR_GATEWAY, WAITS_NOBODY, EFFECT_NONE, "refusal.closed", ""},

    /* task: something a person must do beside the items themselves */
    {T, AT(WAITING), ON_BEGINS, NULL, STATE_OPEN, ACTOR_GATEWAY, WAITS_SAME, EFFECT_NONE, "task.opened", ""},
    {T, AT(OPEN), EVENT_TASK_ACKNOWLEDGED, NULL, STATE_ACKNOWLEDGED, ACTOR_RECEIVER, WAITS_SAME, EFFECT_NONE, "task.acknowledged", ""},
    {T, AT(OPEN) | AT(ACKNOWLEDGED), EVENT_TASK_DONE, NULL, STATE_DONE, ACTOR_RECEIVER, WAITS_NOBODY, EFFECT_NONE, "task.done", ""},
    {T, AT(WAITING) | AT(OPEN) | AT(ACKNOWLEDGED), ON_END, NULL, STATE_CLOSED, ACTOR_GATEWAY, WAITS_NOBODY, EFFECT_NONE, "task.closed", ""},
    {T, AT(OPEN) | AT(ACKNOWLEDGED), ON_CLOSED_BY_HAND, NULL, STATE_CLOSED, ACTOR_GATEWAY, WAITS_NOBODY, EFFECT_NONE, "task.closed", ""},

    /* drill (Probealarm): over with the first answer, or with the last rung that is not answered */
    {P, AT(OPEN), ON_SEEN, NULL, STATE_DONE, ACTOR_RECEIVER, WAITS_NOBODY, EFFECT_DRILL, "",
     "Der Probealarm ist bestätigt und damit beendet. Sie müssen nichts tun."},
    {P, AT(OPEN), ON_END, NULL, STATE_CLOSED, ACTOR_GATEWAY, WAITS_NOBODY, EFFECT_DRILL, "",
     "Der Probealarm ist beendet. Sie müssen nichts tun."},
    {P, AT(OPEN), ON_CLOSED_BY_HAND, NULL, STATE_CLOSED, ACTOR_GATEWAY, WAITS_NOBODY, EFFECT_DRILL, "", ""},

    /* statutory clock: only the authority that runs it can end it */
    {D, AT(TICKING), EVENT_DEADLINE_EXTENDED, NULL, STATE_TICKING, ACTOR_REPORTER, WAITS_SAME, EFFECT_EXTEND, "deadline.extended", ""},
    {D, AT(TICKING), EVENT_DEADLINE_MET, NULL, STATE_MET, ACTOR_REPORTER, WAITS_NOBODY, EFFECT_NONE, "deadline.met", ""},
    {D, AT(TICKING), EVENT_DEADLINE_CANCELLED, NULL, STATE_CANCELLED, ACTOR_REPORTER, WAITS_NOBODY, EFFECT_NONE, "deadline.cancelled", ""},
};

/* What a type is, in the order of enum event_type. */
static const struct { enum item_kind kind; enum event_role role; enum item_state begins; } roles[EVENT_HANDLED_COUNT] = {
    [EVENT_HANDOVER_REQUESTED] = {H, ROLE_OPENS, STATE_REQUESTED},
    [EVENT_HANDOVER_ANNOUNCED] = {H, ROLE_OPENS, STATE_ANNOUNCED},
    [EVENT_HANDOVER_RETURNED] = {H, ROLE_ANSWERS, STATE_NONE},
    [EVENT_HANDOVER_ACKNOWLEDGED] = {H, ROLE_ANSWERS, STATE_NONE},
    [EVENT_CONVERSATION_PLANNED] = {H, ROLE_ANSWERS, STATE_NONE},
    [EVENT_CONVERSATION_HELD] = {H, ROLE_ANSWERS, STATE_NONE},
    [EVENT_HANDOVER_ACCEPTED] = {H, ROLE_ANSWERS, STATE_NONE},
    [EVENT_HANDOVER_REJECTED] = {H, ROLE_ANSWERS, STATE_NONE},
    [EVENT_CONFLICT_DECIDED] = {H, ROLE_ANSWERS, STATE_NONE},
    [EVENT_HANDOVER_WITHDRAWN] = {H, ROLE_ANSWERS, STATE_NONE},
    [EVENT_REFERRAL_REQUESTED] = {R, ROLE_OPENS, STATE_APPROVAL_PENDING},
    [EVENT_REFERRAL_APPROVED] = {R, ROLE_ANSWERS, STATE_NONE},
    [EVENT_REFERRAL_REFUSED] = {R, ROLE_ANSWERS, STATE_NONE},
    [EVENT_REFERRAL_ACKNOWLEDGED] = {R, ROLE_ANSWERS, STATE_NONE},
    [EVENT_REFERRAL_ACCEPTED] = {R, ROLE_ANSWERS, STATE_NONE},
    [EVENT_REFERRAL_DECLINED] = {R, ROLE_ANSWERS, STATE_NONE},
    [EVENT_REFERRAL_WAITLISTED] = {R, ROLE_ANSWERS, STATE_NONE},
    [EVENT_CONTACT_SCHEDULED] = {R, ROLE_ANSWERS, STATE_NONE},
    [EVENT_CONTACT_HELD] = {R, ROLE_ANSWERS, STATE_NONE},
    [EVENT_CONTACT_MISSED] = {R, ROLE_ANSWERS, STATE_NONE},
    [EVENT_PHASE_CHANGED] = {R, ROLE_ANSWERS, STATE_NONE},
    [EVENT_REFERRAL_COMPLETED] = {R, ROLE_ANSWERS, STATE_NONE},
    [EVENT_REFERRAL_ABORTED] = {R, ROLE_ANSWERS, STATE_NONE},
    [EVENT_REFERRAL_WITHDRAWN] = {R, ROLE_ANSWERS, STATE_NONE},
    [EVENT_REFERRAL_CLOSED] = {R, ROLE_ANSWERS, STATE_NONE},
    [EVENT_EMERGENCY_REPORTED] = {E, ROLE_OPENS, STATE_REPORTED},
    [EVENT_EMERGENCY_ACKNOWLEDGED] = {E, ROLE_ANSWERS, STATE_NONE},
    [EVENT_HAZARD_CLEARED] = {E, ROLE_ANSWERS, STATE_NONE},
    [EVENT_EMERGENCY_CLOSED] = {E, ROLE_ANSWERS, STATE_NONE},
    [EVENT_EARLYWARNING_RAISED] = {T, ROLE_FACT, STATE_OPEN},
    [EVENT_TASK_ACKNOWLEDGED] = {T, ROLE_ANSWERS, STATE_NONE},
    [EVENT_TASK_DONE] = {T, ROLE_ANSWERS, STATE_NONE},
    [EVENT_DEADLINE_SET] = {D, ROLE_FACT, STATE_TICKING},
    [EVENT_DEADLINE_EXTENDED] = {D, ROLE_ANSWERS, STATE_NONE},
    [EVENT_DEADLINE_MET] = {D, ROLE_ANSWERS, STATE_NONE},
    [EVENT_DEADLINE_CANCELLED] = {D, ROLE_ANSWERS, STATE_NONE},
    [EVENT_CASE_OPENED] = {T, ROLE_FACT, STATE_OPEN},
    [EVENT_CASE_CONVERTED] = {T, ROLE_FACT, STATE_NONE},
    [EVENT_CASE_CLOSED] = {T, ROLE_FACT, STATE_NONE},
    [EVENT_MILESTONE_REACHED] = {T, ROLE_FACT, STATE_NONE},
    [EVENT_BESCHEID_ISSUED] = {T, ROLE_FACT, STATE_NONE},
    [EVENT_ROSTER_CHANGED] = {T, ROLE_FACT, STATE_NONE},
    [EVENT_ABSENCE_REPORTED] = {T, ROLE_FACT, STATE_NONE},
    [EVENT_BUDGET_CHANGED] = {T, ROLE_FACT, STATE_NONE},
    [EVENT_SERIES_DEFINED] = {T, ROLE_FACT, STATE_NONE},
    [EVENT_MEETING_CALLED] = {T, ROLE_FACT, STATE_NONE},
    [EVENT_MEETING_CHANGED] = {T, ROLE_FACT, STATE_NONE},
    [EVENT_MEETING_CANCELLED] = {T, ROLE_FACT, STATE_NONE},
    [EVENT_MEETING_HELD] = {T, ROLE_FACT, STATE_NONE},
    [EVENT_AGENDA_ADDED] = {T, ROLE_FACT, STATE_NONE},
    [EVENT_MINUTES_FILED] = {T, ROLE_FACT, STATE_NONE},
    [EVENT_RSVP_RECEIVED] = {T, ROLE_FACT, STATE_NONE},
    [EVENT_POLL_OPENED] = {T, ROLE_FACT, STATE_NONE},
    [EVENT_POLL_CLOSED] = {T, ROLE_FACT, STATE_NONE},
    [EVENT_DOCUMENT_FILED] = {T, ROLE_FACT, STATE_NONE},
    [EVENT_REVIEW_DUE] = {T, ROLE_FACT, STATE_NONE},
    [EVENT_AFTERCARE_AGREED] = {T, ROLE_FACT, STATE_NONE},
    [EVENT_LETTER_SENT] = {T, ROLE_FACT, STATE_NONE},
    [EVENT_FOLLOWUP_CALL] = {T, ROLE_FACT, STATE_NONE},
    [EVENT_VISIT_DUE] = {T, ROLE_FACT, STATE_NONE},
    [EVENT_VISIT_JOINT] = {T, ROLE_FACT, STATE_NONE},
};
/* clang-format on */

static bool row_fits(const struct step *step, const struct occasion *o)
{
    return step->kind == o->kind && step->on == o->on && step->from >> o->state & 1 &&
           (!step->code || str_eq(step->code, o->code));
}

/* H2: no acceptance of a handover with a Hilfeplan before the conversation. */
static bool lacks_conversation(const struct step *step, const struct occasion *o)
{
    return o->kind == ITEM_HANDOVER && step->to == STATE_ACCEPTED && o->flags & ITEM_HILFEPLAN &&
           !(o->flags & ITEM_CONVERSED);
}

/* States in which a fact is overtaken by what came after it: whoever gave it back, planned the talk
 * or took it on has seen it. A late event that says so is harmless (H7). */
static const struct {
    int on;
    uint64_t states;
} overtaken[] = {
    {EVENT_HANDOVER_ACKNOWLEDGED,
     AT(CONVERSATION_PLANNED) | AT(CONVERSATION_HELD) | AT(ACCEPTED) | BACK | AT(CONFLICT)},
    {EVENT_CONVERSATION_PLANNED, AT(CONVERSATION_HELD) | AT(ACCEPTED)},
    {EVENT_CONVERSATION_HELD, AT(ACCEPTED)},
    {EVENT_REFERRAL_ACKNOWLEDGED, TAKEN | AT(WAITLISTED) | AT(FEEDBACK_DUE) | AT(DECLINED)},
    {EVENT_CONTACT_SCHEDULED, AT(RUNNING)},
    {EVENT_EMERGENCY_ACKNOWLEDGED, AT(CLEARED)},
    {EVENT_TASK_ACKNOWLEDGED, AT(DONE)},
};

static bool is_overtaken(const struct occasion *o)
{
    for (size_t i = 0; i < COUNT_OF(overtaken); i++)
        if (overtaken[i].on == o->on)
            return overtaken[i].states >> o->state & 1;
    return false;
}

/* The step that an event has taken already when the item is in this state; NULL: none. */
static const struct step *taken_step(const struct occasion *o)
{
    for (size_t i = 0; i < COUNT_OF(steps); i++) {
        const struct step *step = &steps[i];
        if (step->kind != o->kind || step->on != o->on || step->to == STATE_NONE ||
            (step->code && !str_eq(step->code, o->code)))
            continue;
        if (step->to == o->state || is_overtaken(o))
            return step;
    }
    return NULL;
}

enum step_verdict machine_next(const struct occasion *o, const struct step **step)
{
    for (size_t i = 0; i < COUNT_OF(steps); i++) {
        if (!row_fits(&steps[i], o))
            continue;
        *step = &steps[i];
        return steps[i].to == STATE_NONE || lacks_conversation(&steps[i], o) ? STEP_PARK
                                                                             : STEP_APPLY;
    }
    *step = machine_opens(o->on) ? NULL : taken_step(o);
    return *step ? STEP_NO_EFFECT : STEP_REFUSE;
}

bool step_moves_owner(const struct step *step)
{
    return step->to == STATE_ACCEPTED && step->actor == ACTOR_RECEIVER &&
           step->effect != EFFECT_MISSED;
}

bool item_state_is_final(enum item_kind kind, enum item_state state)
{
    static const uint64_t final[ITEM_KIND_COUNT] = {
        [ITEM_HANDOVER] = AT(ACCEPTED) | AT(CLOSED),
        [ITEM_REFERRAL] = AT(REFUSED) | AT(WITHDRAWN) | AT(CLOSED),
        [ITEM_EMERGENCY] = AT(CLOSED),
        [ITEM_REFUSAL] = AT(CORRECTED) | AT(CLOSED),
        [ITEM_TASK] = AT(DONE) | AT(CLOSED),
        [ITEM_DEADLINE] = AT(MET) | AT(CANCELLED),
        [ITEM_LEDGER] = AT(CLOSED),
        [ITEM_MEETING] = AT(CLOSED) | AT(CANCELLED),
        [ITEM_POLL] = AT(CLOSED) | AT(CANCELLED),
        [ITEM_DIGEST] = AT(CLOSED),
        [ITEM_DRILL] = AT(DONE) | AT(CLOSED),
    };
    return state == STATE_ERASED || (final[kind] >> state & 1);
}

/* A test asks for each, so that none is forgotten. */
static const struct {
    const char *name, *german;
} states[ITEM_STATE_COUNT] = {
    [STATE_NONE] = {"none", "noch nicht angelegt"},
    [STATE_REQUESTED] = {"requested", "wartet auf Quittung"},
    [STATE_RETURNED] = {"returned", "unvollständig, zurück an die abgebende Stelle"},
    [STATE_ACKNOWLEDGED] = {"acknowledged", "gesehen, Übernahme noch nicht bestätigt"},
    [STATE_REJECTED] = {"rejected", "Übernahme abgelehnt"},
    [STATE_APPROVAL_PENDING] = {"approval_pending", "wartet auf Freigabe"},
    [STATE_HELD] =
        {"held", "angehalten: Rechtsgrundlage, Einwilligung, Vereinbarung oder Berechtigung fehlt"},
    [STATE_OFFERED] = {"offered", "dem Träger angeboten"},
    [STATE_DECLINED] = {"declined", "vom Träger abgelehnt"},
    [STATE_REPORTED] = {"reported", "Notlage gemeldet"},
    [STATE_OPEN] = {"open", "offen"},
    [STATE_ACCEPTED] = {"accepted", "übernommen"},
    [STATE_WITHDRAWN] = {"withdrawn", "zurückgezogen"},
    [STATE_REFUSED] = {"refused", "nicht freigegeben"},
    [STATE_CLEARED] = {"cleared", "Gefahr beseitigt, Übergabe steht aus"},
    [STATE_CORRECTED] = {"corrected", "durch berichtigte Meldung erledigt"},
    [STATE_CLOSED] = {"closed", "abgeschlossen"},
    [STATE_ANNOUNCED] = {"announced", "angekündigt"},
    [STATE_DELIVERED] = {"delivered", "zugestellt, wartet auf Quittung"},
    [STATE_CONVERSATION_PLANNED] = {"conversation_planned", "Übergabegespräch ist geplant"},
    [STATE_CONVERSATION_HELD] = {"conversation_held", "Übergabegespräch hat stattgefunden"},
    [STATE_CONFLICT] = {"conflict", "Zuständigkeit strittig"},
    [STATE_CONFIRMED] = {"confirmed", "Zuständigkeit bestätigt, Übernahme steht aus"},
    [STATE_REASSIGNED] = {"reassigned", "einer anderen Stelle zugewiesen, wartet auf Quittung"},
    [STATE_WAITLISTED] = {"waitlisted", "auf der Warteliste"},
    [STATE_CONTACT_SCHEDULED] = {"first_contact_scheduled", "Erstkontakt ist vereinbart"},
    [STATE_RUNNING] = {"running", "läuft"},
    [STATE_FEEDBACK_DUE] = {"feedback_due", "beendet, Kenntnisnahme steht aus"},
    [STATE_EXPIRED] = {"expired", "Bewilligung abgelaufen"},
    [STATE_WAITING] = {"waiting", "vorgemerkt"},
    [STATE_DONE] = {"done", "erledigt"},
    [STATE_TICKING] = {"ticking", "Frist läuft"},
    [STATE_MET] = {"met", "Frist eingehalten"},
    [STATE_CANCELLED] = {"cancelled", "Frist aufgehoben"},
    [STATE_ERASED] = {"erased", "gelöscht"},
};

const char *item_state_name(enum item_state state)
{
    return state < ITEM_STATE_COUNT ? states[state].name : "?";
}

const char *item_state_german(enum item_state state)
{
    return state < ITEM_STATE_COUNT ? states[state].german : "?";
}

bool item_state_parse(const char *name, enum item_state *state)
{
    for (int i = 0; i < ITEM_STATE_COUNT; i++) {
        if (str_eq(name, states[i].name)) {
            *state = (enum item_state)i;
            return true;
        }
    }
    return false;
}

const char *inner_event_name(int on)
{
    switch ((enum inner_event)on) {
    case ON_DELIVERED:
        return "(delivered)";
    case ON_CONTACT_OVERDUE:
        return "(contact overdue)";
    case ON_NO_ANSWER:
        return "(no answer)";
    case ON_NEXT_PROVIDER:
        return "(next provider)";
    case ON_EXPIRED:
        return "(expired)";
    case ON_TASKS_DONE:
        return "(tasks done)";
    case ON_HANDED_OVER:
        return "(handed over)";
    case ON_CORRECTED:
        return "(corrected)";
    case ON_CLOSED_BY_HAND:
        return "(closed by hand)";
    case ON_BEGINS:
        return "(begins)";
    case ON_END:
        return "(ends)";
    case ON_SEEN:
        return "(seen)";
    case ON_HELD:
        return "(held)";
    }
    return "?";
}

enum event_role machine_role(int type)
{
    return roles[type].role;
}

enum item_kind machine_kind(int type)
{
    return roles[type].kind;
}

bool machine_opens(int type)
{
    return type >= 0 && type < EVENT_HANDLED_COUNT && roles[type].role == ROLE_OPENS;
}

enum item_state machine_begins(int type)
{
    return roles[type].begins;
}
