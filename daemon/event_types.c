/*
 * The catalogue of event types (DOMAIN.md section 5): which fields each must and may carry, and
 * the rules between fields. A new type is one row; the schemas in contrib/schemas follow from it.
 *
 * Types that the gateway handles come first and in the order of enum event_type. The others are
 * validated just as strictly, so that a case system can be built against the whole catalogue now.
 *
 * Where this table is milder than DOMAIN.md: a series needs `rule` or `dates`, a called meeting
 * no `start` (a date is sought), a cancelled one no `duration`; a phase change need not name the
 * next step yet (MH6); consent and window belong to joint visits only (BI5, BI6); an absence need
 * not know its deputy.
 */
#include <string.h>

#include "event_table.h"
#include "util.h"

#define B(name) FIELD_BIT(name)

#define CASE_FIELDS (B(CASE_REF) | B(KIND) | B(RECHTSKREIS) | B(PLACE))
#define ANSWER_FIELDS (B(CASE_REF) | B(BY_UNIT) | B(CODE))
#define CASE_EXTRA (B(SERVICE) | B(CLOSING_CODE) | B(FROM_UNIT))
#define TALK_FIELDS (B(CASE_REF) | B(BY_UNIT) | B(AT))
#define REFERRAL_FIELDS                                                                            \
    (B(CASE_REF) | B(SERVICE) | B(PLACE) | B(FROM_UNIT) | B(LEGAL_BASIS) | B(COMPLEXITY) |         \
     B(OFFER_CHECK))
#define APPROVAL_FIELDS (B(CASE_REF) | B(BY_ROLE) | B(BUDGET_LINE))
#define PROVIDER_FIELDS (B(CASE_REF) | B(PROVIDER) | B(CODE))
#define CONTACT_FIELDS (B(CASE_REF) | B(PROVIDER) | B(ON))
#define DEADLINE_FIELDS (B(CASE_REF) | B(CLOCK) | B(START_ON) | B(AUTHORITY_SEAT))
#define VISIT_FIELDS (B(CASE_REF) | B(KIND) | B(DUE_ON))
#define MEETING_FIELDS (B(MEETING_ID) | B(KIND) | B(UNIT) | B(START))
#define VISIT_EXTRA (B(WINDOW_D) | B(CONSENT_REF) | B(UNIT) | B(PLACE))
#define MEETING_EXTRA (B(ROOM) | B(LINK) | B(MODE) | B(AGENDA_POLICY))
#define AGENDA_EXTRA (B(KIND) | B(CASE_REF))
#define IDENTITY_FIELDS (B(ITEM_ID) | B(IN_REPLY_TO) | B(CORRECTS))

static const char *const case_kinds[] = {"preventive", "cost", NULL};
static const char *const visit_kinds[] = {"phb", "p37_3", NULL};
static const char *const warning_codes[] = {"missed_appt", "rent_arrears", "hospital_discharge",
                                            "contact_loss", NULL};
/* Why a receiver does not take over. The first four are about competence: a conflict (H5). */
static const char *const reject_codes[] = {
    "not_competent", "wrong_place",   "wrong_area", "wrong_unit",
    "no_capacity",   "known_already", NULL};
/* What the contact roles decided: the asked unit is competent, the giver is, another one is. */
static const char *const decision_codes[] = {"confirmed", "giver_keeps", "reassigned", NULL};
/* Why a provider declines; who has an agreement must accept within its capacity (F3). */
static const char *const decline_codes[] = {"voll",           "not_covered", "not_suitable",
                                            "client_refused", "no_answer",   NULL};
/* In their order (BI1); then comes the Bescheid. */
static const char *const milestone_codes[] = {"gesamthilfebedarf", "hilfeplanung",
                                              "leistungsabsprache", NULL};
static const char *const rsvp_codes[] = {"accepted", "declined", "tentative", "deputy", NULL};
/* "weather" moves a meeting to its rain date (MH11). */
static const char *const cancel_codes[] = {"weather", "illness", "no_quorum", "other", NULL};

/* Open to the public: never a case (UL11). Also the head of the list below. */
#define PUBLIC_KINDS "sozialraumkonferenz", "stadtteilkonferenz", "sozialraumrunde"
static const char *const public_kinds[] = {PUBLIC_KINDS, NULL};
static const char *const meeting_kinds[] = {PUBLIC_KINDS,
                                            "sozialraumteam",
                                            "fallteam",
                                            "toj",
                                            "startup",
                                            "clearing",
                                            "reflexion",
                                            "lenkungsgruppe",
                                            "projektgruppe",
                                            "traegergemeinschaft",
                                            "hearing",
                                            "stadtteile_team",
                                            "ag_sozialraum",
                                            "kooperationstreffen",
                                            "lernwerkstatt",
                                            "gremium",
                                            "fortbildung",
                                            "schulung",
                                            "kick_off",
                                            "milestone_review",
                                            "hospitation",
                                            "begehung",
                                            "presence",
                                            "uebergabegespraech",
                                            "hilfeplangespraech",
                                            "gesamtplankonferenz",
                                            "teilhabeplankonferenz",
                                            NULL};

static const struct type_row types[] = {
    [EVENT_HANDOVER_REQUESTED] = {"handover.requested",
                                  B(CASE_REF) | B(FROM_UNIT) | B(REASON) | B(LEGAL_BASIS) |
                                      B(HILFEPLAN) | B(OPEN_TASKS) | B(NEXT_DEADLINE),
                                  B(TO_UNIT) | B(PLACE) | B(RECHTSKREIS) | B(SERVICE) |
                                      B(CONSENT_REF) | B(HAZARD_CLEARED_AT) |
                                      B(APPLICATION_RECEIVED_ON) | B(AGREED) | B(ANVERTRAUT),
                                  RULE_ROUTED, NULL, NULL},
    [EVENT_HANDOVER_ANNOUNCED] = {"handover.announced",
                                  B(CASE_REF) | B(FROM_UNIT) | B(TO_UNIT) | B(EXPECTED_ON) |
                                      B(REASON),
                                  B(LEGAL_BASIS) | B(PLAN_KIND), 0, NULL, NULL},
    [EVENT_HANDOVER_RETURNED] = {"handover.returned", ANSWER_FIELDS, B(DUE_ON) | B(MISSING),
                                 RULE_FOLLOW_UP, NULL, NULL},
    [EVENT_HANDOVER_ACKNOWLEDGED] = {"handover.acknowledged", ANSWER_FIELDS, B(DUE_ON),
                                     RULE_FOLLOW_UP, NULL, NULL},
    [EVENT_CONVERSATION_PLANNED] = {"handover.conversation.planned", TALK_FIELDS, B(MODE),
                                    RULE_FOLLOW_UP, NULL, NULL},
    [EVENT_CONVERSATION_HELD] = {"handover.conversation.held", TALK_FIELDS, B(MODE), RULE_FOLLOW_UP,
                                 NULL, NULL},
    [EVENT_HANDOVER_ACCEPTED] = {"handover.accepted", TALK_FIELDS, B(MODE), RULE_FOLLOW_UP, NULL,
                                 NULL},
    [EVENT_HANDOVER_REJECTED] = {"handover.rejected", ANSWER_FIELDS, B(DUE_ON), RULE_FOLLOW_UP,
                                 NULL, reject_codes},
    [EVENT_CONFLICT_DECIDED] = {"handover.conflict.decided", ANSWER_FIELDS, B(DUE_ON) | B(TO_UNIT),
                                RULE_FOLLOW_UP, NULL, decision_codes},
    [EVENT_HANDOVER_WITHDRAWN] = {"handover.withdrawn", TALK_FIELDS, B(MODE), RULE_FOLLOW_UP, NULL,
                                  NULL},
    [EVENT_REFERRAL_REQUESTED] = {"referral.requested", REFERRAL_FIELDS,
                                  B(CONSENT_REF) | B(PROVIDER_WISH) | B(BUDGET_CENTS) |
                                      B(ANVERTRAUT) | B(SHARE),
                                  0, NULL, NULL},
    [EVENT_REFERRAL_APPROVED] = {"referral.approved", APPROVAL_FIELDS,
                                 B(VALID_UNTIL) | B(AMOUNT_CENTS), RULE_FOLLOW_UP, NULL, NULL},
    [EVENT_REFERRAL_REFUSED] = {"referral.refused", APPROVAL_FIELDS,
                                B(VALID_UNTIL) | B(AMOUNT_CENTS), RULE_FOLLOW_UP, NULL, NULL},
    [EVENT_REFERRAL_ACKNOWLEDGED] = {"referral.acknowledged", PROVIDER_FIELDS, 0, RULE_FOLLOW_UP,
                                     NULL, NULL},
    [EVENT_REFERRAL_ACCEPTED] = {"referral.accepted", PROVIDER_FIELDS, B(EXPECTED_WEEK),
                                 RULE_FOLLOW_UP, NULL, NULL},
    [EVENT_REFERRAL_DECLINED] = {"referral.declined", PROVIDER_FIELDS, B(EXPECTED_WEEK),
                                 RULE_FOLLOW_UP, NULL, decline_codes},
    [EVENT_REFERRAL_WAITLISTED] = {"referral.waitlisted", PROVIDER_FIELDS | B(EXPECTED_WEEK), 0,
                                   RULE_FOLLOW_UP, NULL, NULL},
    [EVENT_CONTACT_SCHEDULED] = {"referral.contact.scheduled", CONTACT_FIELDS, B(COUNT_OF),
                                 RULE_FOLLOW_UP, NULL, NULL},
    [EVENT_CONTACT_HELD] = {"referral.contact.held", CONTACT_FIELDS, B(COUNT_OF), RULE_FOLLOW_UP,
                            NULL, NULL},
    [EVENT_CONTACT_MISSED] = {"referral.contact.missed", CONTACT_FIELDS, B(COUNT_OF),
                              RULE_FOLLOW_UP, NULL, NULL},
    [EVENT_PHASE_CHANGED] = {"referral.phase.changed", B(CASE_REF) | B(PHASE),
                             B(NEXT_STEP) | B(PROVIDER), RULE_FOLLOW_UP, NULL, NULL},
    [EVENT_REFERRAL_COMPLETED] = {"referral.completed", B(CASE_REF) | B(CODE) | B(NEXT_STEP),
                                  B(PROVIDER), RULE_FOLLOW_UP, NULL, NULL},
    [EVENT_REFERRAL_ABORTED] = {"referral.aborted", B(CASE_REF) | B(CODE) | B(NEXT_STEP),
                                B(PROVIDER), RULE_FOLLOW_UP, NULL, NULL},
    [EVENT_REFERRAL_WITHDRAWN] = {"referral.withdrawn", TALK_FIELDS, B(CODE), RULE_FOLLOW_UP, NULL,
                                  NULL},
    [EVENT_REFERRAL_CLOSED] = {"referral.closed", ANSWER_FIELDS, 0, RULE_FOLLOW_UP, NULL, NULL},
    [EVENT_EMERGENCY_REPORTED] = {"emergency.reported", B(CASE_REF) | B(PLACE) | B(CHANNEL),
                                  B(ON_CALL_UNIT), 0, NULL, NULL},
    [EVENT_EMERGENCY_ACKNOWLEDGED] = {"emergency.acknowledged", B(CASE_REF) | B(BY_UNIT) | B(AT), 0,
                                      RULE_FOLLOW_UP, NULL, NULL},
    [EVENT_HAZARD_CLEARED] = {"hazard.cleared", B(CASE_REF) | B(AT), B(ON_CALL_UNIT),
                              RULE_FOLLOW_UP, NULL, NULL},
    [EVENT_EMERGENCY_CLOSED] = {"emergency.closed", ANSWER_FIELDS, 0, RULE_FOLLOW_UP, NULL, NULL},
    [EVENT_EARLYWARNING_RAISED] = {"earlywarning.raised", B(CASE_REF) | B(CODE),
                                   B(COUNT_OF) | B(PLACE) | B(RECHTSKREIS) | B(SERVICE) |
                                       B(FROM_UNIT),
                                   0, NULL, warning_codes},
    [EVENT_TASK_ACKNOWLEDGED] = {"task.acknowledged", ANSWER_FIELDS, 0, RULE_FOLLOW_UP, NULL, NULL},
    [EVENT_TASK_DONE] = {"task.done", ANSWER_FIELDS, 0, RULE_FOLLOW_UP, NULL, NULL},
    [EVENT_DEADLINE_SET] = {"deadline.set", DEADLINE_FIELDS, B(REASON) | B(UNIT), 0, NULL, NULL},
    [EVENT_DEADLINE_EXTENDED] = {"deadline.extended", DEADLINE_FIELDS, B(REASON) | B(UNIT),
                                 RULE_FOLLOW_UP, NULL, NULL},
    [EVENT_DEADLINE_MET] = {"deadline.met", DEADLINE_FIELDS, B(REASON) | B(UNIT), RULE_FOLLOW_UP,
                            NULL, NULL},
    [EVENT_DEADLINE_CANCELLED] = {"deadline.cancelled", DEADLINE_FIELDS, B(REASON) | B(UNIT),
                                  RULE_FOLLOW_UP, NULL, NULL},
    [EVENT_CASE_OPENED] = {"case.opened", CASE_FIELDS, CASE_EXTRA, 0, case_kinds, NULL},
    [EVENT_CASE_CONVERTED] = {"case.converted", CASE_FIELDS, CASE_EXTRA, 0, case_kinds, NULL},
    [EVENT_CASE_CLOSED] = {"case.closed", CASE_FIELDS, CASE_EXTRA, 0, case_kinds, NULL},
    [EVENT_MILESTONE_REACHED] = {"milestone.reached", TALK_FIELDS | B(CODE), 0, 0, NULL,
                                 milestone_codes},
    [EVENT_BESCHEID_ISSUED] = {"bescheid.issued", TALK_FIELDS, 0, 0, NULL, NULL},
    [EVENT_ROSTER_CHANGED] = {"roster.changed", B(UNIT) | B(FROM) | B(TO) | B(DEPUTY), 0, 0, NULL,
                              NULL},
    [EVENT_ABSENCE_REPORTED] = {"absence.reported", B(UNIT) | B(FROM) | B(TO), B(DEPUTY), 0, NULL,
                                NULL},
    [EVENT_BUDGET_CHANGED] = {"budget.changed", B(BUDGET_LINE) | B(COMMITTED) | B(TOTAL), 0, 0,
                              NULL, NULL},
    [EVENT_SERIES_DEFINED] = {"meeting.series.defined", MEETING_FIELDS | B(DURATION),
                              MEETING_EXTRA | B(RULE) | B(DATES) | B(HOLIDAY) | B(PARTIES), 0,
                              meeting_kinds, NULL},
    [EVENT_MEETING_CALLED] = {"meeting.called", B(MEETING_ID) | B(KIND) | B(UNIT) | B(DURATION),
                              MEETING_EXTRA | B(START) | B(RULE) | B(PARTIES) | B(WITHIN_D) |
                                  B(POLL) | B(CASE_REF) | B(CONSENT_REF) | B(RAIN_ON) | B(REASON),
                              RULE_AGENDA, meeting_kinds, NULL},
    [EVENT_MEETING_CHANGED] = {"meeting.changed", MEETING_FIELDS | B(DURATION),
                               MEETING_EXTRA | B(RULE) | B(SESSION), 0, meeting_kinds, NULL},
    [EVENT_MEETING_CANCELLED] = {"meeting.cancelled", MEETING_FIELDS,
                                 MEETING_EXTRA | B(DURATION) | B(RULE) | B(SESSION) | B(CODE), 0,
                                 meeting_kinds, cancel_codes},
    [EVENT_MEETING_HELD] = {"meeting.held", MEETING_FIELDS | B(DURATION),
                            MEETING_EXTRA | B(RULE) | B(SESSION), 0, meeting_kinds, NULL},
    [EVENT_AGENDA_ADDED] = {"agenda.item.added", B(MEETING_ID) | B(REASON),
                            AGENDA_EXTRA | B(DURATION) | B(BY_UNIT) | B(CHANGE) | B(LEGAL_BASIS) |
                                B(CONSENT_REF),
                            RULE_AGENDA, meeting_kinds, NULL},
    [EVENT_MINUTES_FILED] = {"minutes.filed", B(MEETING_ID) | B(AT),
                             AGENDA_EXTRA | B(BY_UNIT) | B(SESSION), RULE_AGENDA, meeting_kinds,
                             NULL},
    [EVENT_RSVP_RECEIVED] = {"rsvp.received", B(MEETING_ID) | B(UNIT) | B(CODE),
                             AGENDA_EXTRA | B(SESSION) | B(DEPUTY), RULE_AGENDA, meeting_kinds,
                             rsvp_codes},
    [EVENT_POLL_OPENED] = {"poll.opened", B(MEETING_ID) | B(UNIT) | B(DUE_ON),
                           AGENDA_EXTRA | B(DURATION) | B(COUNT_OF) | B(OPTIONS) | B(PARTIES),
                           RULE_AGENDA, meeting_kinds, NULL},
    [EVENT_POLL_CLOSED] = {"poll.closed", B(MEETING_ID) | B(AT),
                           AGENDA_EXTRA | B(START) | B(COUNT_OF), RULE_AGENDA, meeting_kinds, NULL},
    [EVENT_DOCUMENT_FILED] = {"document.filed", B(MEETING_ID) | B(BY_UNIT) | B(PAGES) | B(SUMMARY),
                              0, 0, NULL, NULL},
    [EVENT_REVIEW_DUE] = {"plan.review.due", B(CASE_REF) | B(UNIT) | B(DUE_ON), B(PLAN_KIND), 0,
                          NULL, NULL},
    [EVENT_AFTERCARE_AGREED] = {"aftercare.agreed",
                                B(CASE_REF) | B(UNIT) | B(START_ON) | B(INTERVAL_M), B(COUNT_OF), 0,
                                NULL, NULL},
    [EVENT_LETTER_SENT] = {"letter.sent", B(CASE_REF) | B(KIND) | B(ON) | B(PLACE),
                           B(SERVICE) | B(RECHTSKREIS), 0, visit_kinds, NULL},
    [EVENT_FOLLOWUP_CALL] = {"followup.call.due", VISIT_FIELDS, VISIT_EXTRA, 0, visit_kinds, NULL},
    [EVENT_VISIT_DUE] = {"visit.due", VISIT_FIELDS, VISIT_EXTRA, 0, visit_kinds, NULL},
    [EVENT_VISIT_JOINT] = {"visit.joint.proposed", VISIT_FIELDS | B(WINDOW_D) | B(CONSENT_REF),
                           B(UNIT) | B(PLACE), 0, visit_kinds, NULL},

    {"unit.changed", B(UNIT) | B(FROM), B(TO) | B(DEPUTY), 0, NULL, NULL},
    {"route.table.activated", B(VERSION) | B(VALID_FROM), 0, 0, NULL, NULL},
    {"budget.threshold", B(BUDGET_LINE) | B(COMMITTED) | B(TOTAL), 0, 0, NULL, NULL},
    {"agreement.expiring", B(PROVIDER) | B(VALID_TO), 0, 0, NULL, NULL},
};

static_assert(COUNT_OF(types) > EVENT_HANDLED_COUNT, "handled types come first");

const struct type_row *event_type_row(int type)
{
    assert(type >= 0 && (size_t)type < COUNT_OF(types));
    return &types[type];
}

int event_type_find(const char *name, size_t len)
{
    for (size_t i = 0; i < COUNT_OF(types); i++)
        if (strncmp(types[i].name, name, len) == 0 && types[i].name[len] == '\0')
            return (int)i;
    return EVENT_UNKNOWN;
}

size_t event_type_count(void)
{
    return COUNT_OF(types);
}

const char *event_type_name(int type)
{
    return type < 0 ? "" : event_type_row(type)->name;
}

bool event_type_handled(int type)
{
    return type >= 0 && type < EVENT_HANDLED_COUNT;
}

field_set event_type_allowed(int type)
{
    const struct type_row *row = event_type_row(type);
    return row->required | row->optional | IDENTITY_FIELDS;
}

int event_field_use(int type, enum field field)
{
    field_set bit = (field_set)1 << field;
    if (event_type_row(type)->required & bit)
        return 2;
    return event_type_allowed(type) & bit ? 1 : 0;
}

const char *const *event_type_codes(int type, enum field field)
{
    const struct type_row *row = event_type_row(type);
    if (field == FIELD_KIND)
        return row->kinds;
    if (field == FIELD_CODE)
        return row->codes;
    return event_field_row(field)->codes;
}

const char *const *event_public_kinds(void)
{
    return public_kinds;
}
