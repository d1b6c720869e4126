/*
 * State machines as tables: see machine.h. A pair that no row names is refused, unless the state
 * is the one the event leads to: then the fact is recorded already, and a second answer is
 * harmless.
 */
#include "machine.h"

#include "buf.h"
#include "event.h"
#include "util.h"

/* clang-format off */
static const struct step steps[] = {
    /* handover: the giver stays responsible until acceptance */
    {ITEM_HANDOVER, STATE_REQUESTED, EVENT_HANDOVER_ACKNOWLEDGED, STATE_ACKNOWLEDGED, ACTOR_RECEIVER, WAITS_SAME, false,
     "handover.acknowledged", ""},
    {ITEM_HANDOVER, STATE_REQUESTED, EVENT_HANDOVER_ACCEPTED, STATE_ACCEPTED, ACTOR_RECEIVER, WAITS_NOBODY, true,
     "handover.accepted", "Die Übernahme ist bestätigt."},
    {ITEM_HANDOVER, STATE_REQUESTED, EVENT_HANDOVER_RETURNED, STATE_RETURNED, ACTOR_RECEIVER, WAITS_GIVER, false,
     "handover.returned", "Der Vorgang wurde zur Ergänzung zurückgegeben."},
    {ITEM_HANDOVER, STATE_REQUESTED, EVENT_HANDOVER_REJECTED, STATE_REJECTED, ACTOR_RECEIVER, WAITS_GIVER, false,
     "handover.rejected", "Die Übernahme wurde abgelehnt. Zuständig bleibt die abgebende Stelle."},
    {ITEM_HANDOVER, STATE_REQUESTED, EVENT_HANDOVER_WITHDRAWN, STATE_WITHDRAWN, ACTOR_GIVER, WAITS_NOBODY, false,
     "handover.withdrawn", "Die Übergabe wurde zurückgezogen."},
    {ITEM_HANDOVER, STATE_ACKNOWLEDGED, EVENT_HANDOVER_ACCEPTED, STATE_ACCEPTED, ACTOR_RECEIVER, WAITS_NOBODY, true,
     "handover.accepted", "Die Übernahme ist bestätigt."},
    {ITEM_HANDOVER, STATE_ACKNOWLEDGED, EVENT_HANDOVER_RETURNED, STATE_RETURNED, ACTOR_RECEIVER, WAITS_GIVER, false,
     "handover.returned", "Der Vorgang wurde zur Ergänzung zurückgegeben."},
    {ITEM_HANDOVER, STATE_ACKNOWLEDGED, EVENT_HANDOVER_REJECTED, STATE_REJECTED, ACTOR_RECEIVER, WAITS_GIVER, false,
     "handover.rejected", "Die Übernahme wurde abgelehnt. Zuständig bleibt die abgebende Stelle."},
    {ITEM_HANDOVER, STATE_ACKNOWLEDGED, EVENT_HANDOVER_WITHDRAWN, STATE_WITHDRAWN, ACTOR_GIVER, WAITS_NOBODY, false,
     "handover.withdrawn", "Die Übergabe wurde zurückgezogen."},
    {ITEM_HANDOVER, STATE_RETURNED, EVENT_HANDOVER_REQUESTED, STATE_REQUESTED, ACTOR_GIVER, WAITS_RECEIVER, false,
     "handover.requested", ""},
    {ITEM_HANDOVER, STATE_RETURNED, EVENT_HANDOVER_WITHDRAWN, STATE_WITHDRAWN, ACTOR_GIVER, WAITS_NOBODY, false,
     "handover.withdrawn", "Die Übergabe wurde zurückgezogen."},
    {ITEM_HANDOVER, STATE_REJECTED, EVENT_HANDOVER_ACCEPTED, STATE_ACCEPTED, ACTOR_RECEIVER, WAITS_NOBODY, true,
     "handover.accepted", "Die Übernahme ist bestätigt."},
    {ITEM_HANDOVER, STATE_REJECTED, EVENT_HANDOVER_REQUESTED, STATE_REQUESTED, ACTOR_GIVER, WAITS_RECEIVER, false,
     "handover.requested", ""},
    {ITEM_HANDOVER, STATE_REJECTED, EVENT_HANDOVER_WITHDRAWN, STATE_WITHDRAWN, ACTOR_GIVER, WAITS_NOBODY, false,
     "handover.withdrawn", "Die Übergabe wurde zurückgezogen."},

    /* referral: no provider is told before approval, basis, agreement and permission */
    {ITEM_REFERRAL, STATE_APPROVAL_PENDING, EVENT_REFERRAL_APPROVED, STATE_OFFERED, ACTOR_APPROVER, WAITS_RECEIVER, false,
     "referral.approved", ""},
    {ITEM_REFERRAL, STATE_APPROVAL_PENDING, EVENT_REFERRAL_REFUSED, STATE_REFUSED, ACTOR_APPROVER, WAITS_NOBODY, false,
     "referral.refused", "Die Freigabe wurde versagt."},
    {ITEM_REFERRAL, STATE_HELD, EVENT_REFERRAL_APPROVED, STATE_OFFERED, ACTOR_APPROVER, WAITS_RECEIVER, false,
     "referral.approved", ""},
    {ITEM_REFERRAL, STATE_HELD, EVENT_REFERRAL_REFUSED, STATE_REFUSED, ACTOR_APPROVER, WAITS_NOBODY, false,
     "referral.refused", "Die Freigabe wurde versagt."},
    {ITEM_REFERRAL, STATE_OFFERED, EVENT_REFERRAL_ACCEPTED, STATE_ACCEPTED, ACTOR_RECEIVER, WAITS_NOBODY, true,
     "referral.accepted", "Der Auftrag ist angenommen."},
    {ITEM_REFERRAL, STATE_OFFERED, EVENT_REFERRAL_DECLINED, STATE_DECLINED, ACTOR_RECEIVER, WAITS_GIVER, false,
     "referral.declined", "Der Auftrag wurde abgelehnt. Zuständig bleibt die auftraggebende Stelle."},
    {ITEM_REFERRAL, STATE_DECLINED, EVENT_REFERRAL_ACCEPTED, STATE_ACCEPTED, ACTOR_RECEIVER, WAITS_NOBODY, true,
     "referral.accepted", "Der Auftrag ist angenommen."},
    {ITEM_REFERRAL, STATE_DECLINED, EVENT_REFERRAL_REQUESTED, STATE_APPROVAL_PENDING, ACTOR_GIVER, WAITS_APPROVER, false,
     "referral.requested", ""},
    {ITEM_REFERRAL, STATE_DECLINED, EVENT_REFERRAL_REFUSED, STATE_REFUSED, ACTOR_APPROVER, WAITS_NOBODY, false,
     "referral.refused", "Die Freigabe wurde aufgehoben."},
    {ITEM_REFERRAL, STATE_RETURNED, EVENT_REFERRAL_REQUESTED, STATE_APPROVAL_PENDING, ACTOR_GIVER, WAITS_APPROVER, false,
     "referral.requested", ""},

    /* emergency */
    {ITEM_EMERGENCY, STATE_REPORTED, EVENT_HAZARD_CLEARED, STATE_CLEARED, ACTOR_REPORTER, WAITS_NOBODY, false,
     "hazard.cleared", "Die Gefahr ist beseitigt."},
    {ITEM_EMERGENCY, STATE_RETURNED, EVENT_EMERGENCY_REPORTED, STATE_REPORTED, ACTOR_GIVER, WAITS_RECEIVER, false,
     "emergency.reported", ""},
    {ITEM_EMERGENCY, STATE_RETURNED, EVENT_HAZARD_CLEARED, STATE_CLEARED, ACTOR_REPORTER, WAITS_NOBODY, false,
     "hazard.cleared", "Die Gefahr ist beseitigt."},
};
/* clang-format on */

/* The step that an event has taken already when the item is in this state; NULL: none. What was
 * acknowledged may be accepted by now. */
static const struct step *taken_step(enum item_kind kind, enum item_state state, int on)
{
    for (size_t i = 0; i < COUNT_OF(steps); i++)
        if (steps[i].kind == kind && steps[i].on == on &&
            (steps[i].to == state ||
             (on == EVENT_HANDOVER_ACKNOWLEDGED && state == STATE_ACCEPTED)))
            return &steps[i];
    return NULL;
}

enum step_verdict machine_next(enum item_kind kind, enum item_state state, int on,
                               const struct step **step)
{
    for (size_t i = 0; i < COUNT_OF(steps); i++) {
        if (steps[i].kind == kind && steps[i].from == state && steps[i].on == on) {
            *step = &steps[i];
            return STEP_APPLY;
        }
    }
    *step = machine_opens(on) ? NULL : taken_step(kind, state, on);
    return *step ? STEP_NO_EFFECT : STEP_REFUSE;
}

bool item_state_is_final(enum item_state state)
{
    return state >= STATE_ACCEPTED;
}

const char *item_state_name(enum item_state state)
{
    switch (state) {
    case STATE_NONE:
        return "none";
    case STATE_REQUESTED:
        return "requested";
    case STATE_RETURNED:
        return "returned";
    case STATE_ACKNOWLEDGED:
        return "acknowledged";
    case STATE_REJECTED:
        return "rejected";
    case STATE_APPROVAL_PENDING:
        return "approval_pending";
    case STATE_HELD:
        return "held";
    case STATE_OFFERED:
        return "offered";
    case STATE_DECLINED:
        return "declined";
    case STATE_REPORTED:
        return "reported";
    case STATE_OPEN:
        return "open";
    case STATE_ACCEPTED:
        return "accepted";
    case STATE_WITHDRAWN:
        return "withdrawn";
    case STATE_REFUSED:
        return "refused";
    case STATE_CLEARED:
        return "cleared";
    case STATE_CORRECTED:
        return "corrected";
    case STATE_CLOSED:
        return "closed";
    case ITEM_STATE_COUNT:
        break;
    }
    return "?";
}

bool item_state_parse(const char *name, enum item_state *state)
{
    for (int i = 0; i < ITEM_STATE_COUNT; i++) {
        if (str_eq(name, item_state_name((enum item_state)i))) {
            *state = (enum item_state)i;
            return true;
        }
    }
    return false;
}

const char *item_state_german(enum item_state state)
{
    switch (state) {
    case STATE_NONE:
        return "noch nicht angelegt";
    case STATE_REQUESTED:
        return "wartet auf Quittung";
    case STATE_RETURNED:
        return "unvollständig, zurück an die abgebende Stelle";
    case STATE_ACKNOWLEDGED:
        return "gesehen, Übernahme noch nicht bestätigt";
    case STATE_REJECTED:
        return "Übernahme abgelehnt";
    case STATE_APPROVAL_PENDING:
        return "wartet auf Freigabe";
    case STATE_HELD:
        return "angehalten: Rechtsgrundlage, Vereinbarung oder Berechtigung fehlt";
    case STATE_OFFERED:
        return "dem Träger angeboten";
    case STATE_DECLINED:
        return "vom Träger abgelehnt";
    case STATE_REPORTED:
        return "Notlage gemeldet";
    case STATE_OPEN:
        return "offen bei der technischen Stelle";
    case STATE_ACCEPTED:
        return "übernommen";
    case STATE_WITHDRAWN:
        return "zurückgezogen";
    case STATE_REFUSED:
        return "nicht freigegeben";
    case STATE_CLEARED:
        return "Gefahr beseitigt";
    case STATE_CORRECTED:
        return "durch berichtigte Meldung erledigt";
    case STATE_CLOSED:
        return "von Hand geschlossen";
    case ITEM_STATE_COUNT:
        break;
    }
    return "?";
}

enum item_kind machine_kind(int type)
{
    if (type <= EVENT_HANDOVER_WITHDRAWN)
        return ITEM_HANDOVER;
    return type <= EVENT_REFERRAL_DECLINED ? ITEM_REFERRAL : ITEM_EMERGENCY;
}

bool machine_opens(int type)
{
    return type == EVENT_HANDOVER_REQUESTED || type == EVENT_REFERRAL_REQUESTED ||
           type == EVENT_EMERGENCY_REPORTED;
}

void machine_print(struct buf *out)
{
    for (int kind = 0; kind < ITEM_REFUSAL; kind++)
        for (int state = STATE_REQUESTED; state < ITEM_STATE_COUNT; state++)
            for (int type = 0; type < EVENT_HANDLED_COUNT; type++) {
                const struct step *step;
                if (machine_kind(type) != (enum item_kind)kind)
                    continue;
                enum step_verdict verdict =
                    machine_next((enum item_kind)kind, (enum item_state)state, type, &step);
                buf_printf(out, "%-10s %-17s %-23s %s\n", item_kind_name((enum item_kind)kind),
                           item_state_name((enum item_state)state), event_type_name(type),
                           verdict == STEP_APPLY       ? item_state_name(step->to)
                           : verdict == STEP_NO_EFFECT ? "(no effect)"
                                                       : "-");
            }
}
