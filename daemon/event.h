/*
 * Events: CloudEvents 1.0 (JSON event format; MQTT binding, structured and binary mode) of the
 * catalogue in DOMAIN.md section 5, validated by one table of types x fields x class. Pure.
 *
 * What is not known to be harmless is refused (DOMAIN R1-R3): unknown fields, free text, wrong
 * kinds, personal data. A fault names the field only when the catalogue knows it or it matches
 * [a-z_]{1,32} (R2); values are never repeated. event.c knows no directory: whether a unit or place
 * exists, and who may speak for whom, is admit.h's to say.
 */
#ifndef EVENT_H
#define EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "stafette.h"

struct buf;
struct json;

/* Every data field of the catalogue, in the order of the field table in event_fields.c. */
enum field {
    FIELD_NONE,
    FIELD_ITEM_ID,
    FIELD_IN_REPLY_TO,
    FIELD_CORRECTS,
    FIELD_CASE_REF,
    FIELD_FROM_UNIT,
    FIELD_TO_UNIT,
    FIELD_BY_UNIT,
    FIELD_BY_ROLE,
    FIELD_UNIT,
    FIELD_PROVIDER,
    FIELD_PROVIDER_WISH,
    FIELD_PLACE,
    FIELD_RECHTSKREIS,
    FIELD_SERVICE,
    FIELD_REASON,
    FIELD_LEGAL_BASIS,
    FIELD_CONSENT_REF,
    FIELD_HILFEPLAN,
    FIELD_OPEN_TASKS,
    FIELD_NEXT_DEADLINE,
    FIELD_HAZARD_CLEARED_AT,
    FIELD_APPLICATION_RECEIVED_ON,
    FIELD_EXPECTED_ON,
    FIELD_PLAN_KIND,
    FIELD_CODE,
    FIELD_DUE_ON,
    FIELD_AT,
    FIELD_MODE,
    FIELD_KIND,
    FIELD_CLOSING_CODE,
    FIELD_COMPLEXITY,
    FIELD_OFFER_CHECK,
    FIELD_BUDGET_CENTS,
    FIELD_BUDGET_LINE,
    FIELD_VALID_UNTIL,
    FIELD_AMOUNT_CENTS,
    FIELD_EXPECTED_WEEK,
    FIELD_ON,
    FIELD_COUNT_OF, /* "count" */
    FIELD_PHASE,
    FIELD_NEXT_STEP,
    FIELD_CHANNEL,
    FIELD_ON_CALL_UNIT,
    FIELD_CLOCK,
    FIELD_START_ON,
    FIELD_AUTHORITY_SEAT,
    FIELD_WINDOW_D,
    FIELD_MEETING_ID,
    FIELD_START,
    FIELD_DURATION,
    FIELD_RULE,
    FIELD_ROOM,
    FIELD_LINK,
    FIELD_AGENDA_POLICY,
    FIELD_FROM,
    FIELD_TO,
    FIELD_DEPUTY,
    FIELD_VERSION,
    FIELD_VALID_FROM,
    FIELD_COMMITTED,
    FIELD_TOTAL,
    FIELD_VALID_TO,
    FIELD_MISSING,    /* what an incomplete handover lacks */
    FIELD_AGREED,     /* forwarded once more by agreement (§ 14(3) SGB IX) */
    FIELD_ANVERTRAUT, /* entrusted data (§ 65 SGB VIII): single successor role only */
    FIELD_SESSION,    /* one session of a series, by its start as the rule has it */
    FIELD_DATES,      /* days of an irregular series; a month is a placeholder (UL7) */
    FIELD_HOLIDAY,    /* what becomes of a session on a holiday */
    FIELD_RAIN_ON,    /* day to which bad weather moves it (MH11) */
    FIELD_PARTIES,    /* units that must come */
    FIELD_WITHIN_D,   /* a date is sought within so many working days */
    FIELD_POLL,       /* the parties are asked, instead of booking the first common slot */
    FIELD_CHANGE,     /* what an extension changes (UL5) */
    FIELD_OPTIONS,    /* units or meetings to choose from (UL6) */
    FIELD_PAGES,      /* of a document for a body (BI10) */
    FIELD_SUMMARY,    /* it has a summary in front */
    FIELD_INTERVAL_M, /* after-care every so many months (UL12) */
    FIELD_SHARE,      /* "sozialraum_share": shares of the Sozialraum are agreed (KI4) */
    FIELD_COUNT
};

/* Requesting and answering types that the gateway handles now; the rest of the catalogue is
 * validated and answered with E-NOCH-NICHT. The number is an index into the type table. */
enum event_type {
    EVENT_HANDOVER_REQUESTED,
    EVENT_HANDOVER_ANNOUNCED,
    EVENT_HANDOVER_RETURNED,
    EVENT_HANDOVER_ACKNOWLEDGED,
    EVENT_CONVERSATION_PLANNED,
    EVENT_CONVERSATION_HELD,
    EVENT_HANDOVER_ACCEPTED,
    EVENT_HANDOVER_REJECTED,
    EVENT_CONFLICT_DECIDED,
    EVENT_HANDOVER_WITHDRAWN,
    EVENT_REFERRAL_REQUESTED,
    EVENT_REFERRAL_APPROVED,
    EVENT_REFERRAL_REFUSED,
    EVENT_REFERRAL_ACKNOWLEDGED,
    EVENT_REFERRAL_ACCEPTED,
    EVENT_REFERRAL_DECLINED,
    EVENT_REFERRAL_WAITLISTED,
    EVENT_CONTACT_SCHEDULED,
    EVENT_CONTACT_HELD,
    EVENT_CONTACT_MISSED,
    EVENT_PHASE_CHANGED,
    EVENT_REFERRAL_COMPLETED,
    EVENT_REFERRAL_ABORTED,
    EVENT_REFERRAL_WITHDRAWN,
    EVENT_REFERRAL_CLOSED,
    EVENT_EMERGENCY_REPORTED,
    EVENT_EMERGENCY_ACKNOWLEDGED,
    EVENT_HAZARD_CLEARED,
    EVENT_EMERGENCY_CLOSED,
    EVENT_EARLYWARNING_RAISED,
    EVENT_TASK_ACKNOWLEDGED,
    EVENT_TASK_DONE,
    EVENT_DEADLINE_SET,
    EVENT_DEADLINE_EXTENDED,
    EVENT_DEADLINE_MET,
    EVENT_DEADLINE_CANCELLED,
    EVENT_CASE_OPENED,
    EVENT_CASE_CONVERTED,
    EVENT_CASE_CLOSED,
    EVENT_MILESTONE_REACHED,
    EVENT_BESCHEID_ISSUED,
    EVENT_ROSTER_CHANGED,
    EVENT_ABSENCE_REPORTED,
    EVENT_BUDGET_CHANGED,
    EVENT_SERIES_DEFINED,
    EVENT_MEETING_CALLED,
    EVENT_MEETING_CHANGED,
    EVENT_MEETING_CANCELLED,
    EVENT_MEETING_HELD,
    EVENT_AGENDA_ADDED,
    EVENT_MINUTES_FILED,
    EVENT_RSVP_RECEIVED,
    EVENT_POLL_OPENED,
    EVENT_POLL_CLOSED,
    EVENT_DOCUMENT_FILED,
    EVENT_REVIEW_DUE,
    EVENT_AFTERCARE_AGREED,
    EVENT_LETTER_SENT,
    EVENT_FOLLOWUP_CALL,
    EVENT_VISIT_DUE,
    EVENT_VISIT_JOINT,
    EVENT_HANDLED_COUNT,
    /* further catalogue types follow in the table of event_types.c */
    EVENT_UNKNOWN = -1
};

/* One message as it came from the broker or from `stafettectl send`; all borrowed. */
struct event_input {
    const char *topic; /* "stafette/in/<source>/<type with slashes>" */
    const char *payload;
    size_t payload_len;
    const char *content_type;     /* "" on MQTT 3.1.1: then structured mode is meant */
    const char *const *attribute; /* binary mode: name, value, name, value ...; NULL-terminated */
    bool retained;
    bool late; /* somebody vouches that it is no repeat, however old it is */
};

/* What became of reading. */
enum event_verdict {
    EVENT_OK,
    EVENT_INCOMPLETE, /* readable and harmless, a business field is missing: `returned` */
    EVENT_FORBIDDEN,  /* unreadable or not known to be harmless: refused, nothing is routed */
    EVENT_NOT_HANDLED /* valid, but this version does not handle the type */
};

/* Why: a stable code, the field, the rule, and what to do, as the receipt carries them. */
struct event_fault {
    const char *code; /* "E-JSON", "E-FELD", "E-PFLICHT", "E-QUELLE" ...: table in event_fault.c */
    char field[40];   /* "data.diagnosis"; "" when none may be named */
    const char *rule; /* "R2", "CloudEvents 1.0 3.1" ... */
    const char *remedy; /* German sentence: what the sender should do */
    int line, column;   /* E-JSON only; 0 otherwise */
};

enum { EVENT_FAULTS_MAX = 16 };

struct event {
    int type;                  /* enum event_type, or an index beyond EVENT_HANDLED_COUNT */
    const char *type_name;     /* "handover.requested"; "" when unknown */
    const char *id;            /* CloudEvents id; "" when not readable */
    const char *source;        /* CloudEvents source, "/jugendamt-kiel/fachverfahren" */
    char topic_source[ID_MAX]; /* source as the broker's ACL vouches for it */
    const char *subject;
    int64_t time_ms;
    int64_t effective_ms; /* `effectiveat`, else time */
    enum urgency urgency;
    bool restricted;
    const char *text[FIELD_COUNT]; /* "" when absent, and for integers and booleans */
    int64_t number[FIELD_COUNT];   /* integers, booleans, dates and Mondays of weeks as days since
                                    * 1970, times and durations as ms */
    bool present[FIELD_COUNT];
    struct event_fault fault[EVENT_FAULTS_MAX];
    size_t faults;
    struct json *root; /* owns the texts (structured mode: the envelope; binary: the data) */
    char *memory;      /* owns the others */
};

/* Reads and validates. Always fills ev as far as possible, so that even a refusal can be answered:
 * ev->topic_source, ev->id and ev->type where they were readable and of allowed form; the type is
 * the topic's when the payload does not say, or says another that is no emergency. When the verdict
 * is EVENT_FORBIDDEN, no data is kept: subject, text, number and present are empty (R2). The
 * urgency of emergency.reported is always URGENCY_EMERGENCY (DO1, E9). Release ev by
 * event_release() whatever the verdict. `input` may go once this returns. */
enum event_verdict event_read(struct event *ev, const struct event_input *input);
void event_release(struct event *ev);

/* The event again from what the store keeps of it: type and validated data, nothing of the
 * envelope. False when either is not readable. Release ev whatever the result. */
bool event_recall(struct event *ev, const char *type_name, const char *data);

/* An event without content: every text is "". Needs no release. */
void event_empty(struct event *ev);

/* Adds a fault found by a later check (admit.c); ignored when the list is full. The code must be
 * one of the table in event_fault.c, which gives rule and remedy; `field` is a name of our own
 * ("data.to_unit") or "". */
void event_fault_add(struct event *ev, const char *code, const char *field);

/* The fault as one German line for the operator of the case system: "E-FELD: data.diagnosis ist
 * nicht zugelassen (Klasse P3, Regel R2). Der Wert wurde nicht gespeichert. ...". Appends to out;
 * holds no value of the event. */
void event_fault_german(const struct event_fault *fault, struct buf *out);

/* The validated data as one JSON object, fields in table order: what the store keeps. Only
 * P0/P1 fields exist, so nothing else can get in; {} for an event that event_read() refused. */
void event_data_json(const struct event *ev, struct buf *out);

/* True when the text has the form of a case_ref (DOMAIN R7). */
bool event_case_ref_valid(const char *text);

/* "de.sozialraum.handover.requested.v1" from "handover.requested". */
void event_full_type(struct buf *out, const char *type_name);

const char *event_field_name(enum field field);

/* The table for others to read: types of the catalogue in order, and what each may carry. */
size_t event_type_count(void);
const char *event_type_name(int type);
bool event_type_handled(int type);
/* 0: not allowed, 1: optional, 2: required */
int event_field_use(int type, enum field field);

/* JSON Schema (2020-12) of one type's envelope, as contrib/schemas holds them. */
void event_schema(int type, struct buf *out);

#endif
