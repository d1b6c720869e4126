/*
 * Every data field of the catalogue (DOMAIN.md section 5): its name, the form of its value, its
 * privacy class, its limits or its closed list. What is not here cannot enter the gateway (R2).
 *
 * Amounts are in euro cents. Closed lists that depend on the type (kind, code) are in
 * event_types.c. The rows stand in the order of enum field, which is also the order of stored data.
 */
#include <string.h>

#include "event_table.h"
#include "util.h"

#define NAMED(text) text, sizeof(text) - 1
#define OPEN_LIMITS 0, 0, NULL
#define P0 PRIVACY_P0
#define P1 PRIVACY_P1

enum {
    TASKS_MAX = 999,
    COUNT_MAX = 10000,
    WINDOW_DAYS_MAX = 366,
    VERSION_MAX = 1000000,
    WITHIN_MAX = 90,
    PAGES_MAX = 9999,
    INTERVAL_MAX = 36
};
#define CENTS_MAX INT64_C(100000000000)

static const char *const modes[] = {"person", "phone", "video", NULL};
static const char *const complexities[] = {"grund", "complex", NULL};
static const char *const offer_checks[] = {"tried", "none", "unsuitable", NULL};
static const char *const phases[] = {"start", "verlauf", "abloesung", NULL};
static const char *const channels[] = {"hotline", "police", "other", NULL};
/* MH7: what follows a counselling, or nothing. */
static const char *const next_steps[] = {
    "agh",  "aktivierung", "sprachkurs", "p45_sgb3", "einzelfallhilfe", "sozialraumangebot",
    "none", NULL};
static const char *const holiday_rules[] = {"keep", "skip", "plus_week", "next_day", NULL};
/* DOMAIN 2.2. */
static const char *const clocks[] = {"C1",  "C2",  "C3",  "C4",  "C5",  "C6",  "C7",  "C8",  "C9",
                                     "C10", "C11", "C12", "C13", "C14", "C15", "C16", "C17", "C18",
                                     "C19", "C20", "C21", "C22", "C23", "C24", "C25", NULL};

static const struct field_row fields[FIELD_COUNT] = {
    [FIELD_NONE] = {NAMED(""), VALUE_CODE, P0, OPEN_LIMITS},
    [FIELD_ITEM_ID] = {NAMED("item_id"), VALUE_ITEM_ID, P1, OPEN_LIMITS},
    [FIELD_IN_REPLY_TO] = {NAMED("in_reply_to"), VALUE_EVENT_ID, P1, OPEN_LIMITS},
    [FIELD_CORRECTS] = {NAMED("corrects"), VALUE_EVENT_ID, P1, OPEN_LIMITS},
    [FIELD_CASE_REF] = {NAMED("case_ref"), VALUE_CASE_REF, P1, OPEN_LIMITS},
    [FIELD_FROM_UNIT] = {NAMED("from_unit"), VALUE_ID, P0, OPEN_LIMITS},
    [FIELD_TO_UNIT] = {NAMED("to_unit"), VALUE_ID, P0, OPEN_LIMITS},
    [FIELD_BY_UNIT] = {NAMED("by_unit"), VALUE_ID, P0, OPEN_LIMITS},
    [FIELD_BY_ROLE] = {NAMED("by_role"), VALUE_ID, P0, OPEN_LIMITS},
    [FIELD_UNIT] = {NAMED("unit"), VALUE_ID, P0, OPEN_LIMITS},
    [FIELD_PROVIDER] = {NAMED("provider"), VALUE_ID, P0, OPEN_LIMITS},
    [FIELD_PROVIDER_WISH] = {NAMED("provider_wish"), VALUE_ID, P0, OPEN_LIMITS},
    [FIELD_PLACE] = {NAMED("place"), VALUE_ID, P0, OPEN_LIMITS},
    [FIELD_RECHTSKREIS] = {NAMED("rechtskreis"), VALUE_AREA, P0, OPEN_LIMITS},
    [FIELD_SERVICE] = {NAMED("service"), VALUE_ID, P0, OPEN_LIMITS},
    [FIELD_REASON] = {NAMED("reason"), VALUE_CODE, P1, OPEN_LIMITS},
    [FIELD_LEGAL_BASIS] = {NAMED("legal_basis"), VALUE_CODE, P0, OPEN_LIMITS},
    [FIELD_CONSENT_REF] = {NAMED("consent_ref"), VALUE_CONSENT, P1, OPEN_LIMITS},
    [FIELD_HILFEPLAN] = {NAMED("hilfeplan"), VALUE_BOOLEAN, P0, OPEN_LIMITS},
    [FIELD_OPEN_TASKS] = {NAMED("open_tasks"), VALUE_INTEGER, P0, 0, TASKS_MAX, NULL},
    [FIELD_NEXT_DEADLINE] = {NAMED("next_deadline"), VALUE_DATE, P0, OPEN_LIMITS},
    [FIELD_HAZARD_CLEARED_AT] = {NAMED("hazard_cleared_at"), VALUE_TIME, P0, OPEN_LIMITS},
    [FIELD_APPLICATION_RECEIVED_ON] = {NAMED("application_received_on"), VALUE_DATE, P0,
                                       OPEN_LIMITS},
    [FIELD_EXPECTED_ON] = {NAMED("expected_on"), VALUE_DATE, P0, OPEN_LIMITS},
    [FIELD_PLAN_KIND] = {NAMED("plan_kind"), VALUE_CODE, P0, OPEN_LIMITS},
    [FIELD_CODE] = {NAMED("code"), VALUE_CODE, P1, OPEN_LIMITS},
    [FIELD_DUE_ON] = {NAMED("due_on"), VALUE_DATE, P0, OPEN_LIMITS},
    [FIELD_AT] = {NAMED("at"), VALUE_TIME, P0, OPEN_LIMITS},
    [FIELD_MODE] = {NAMED("mode"), VALUE_CODE, P0, 0, 0, modes},
    [FIELD_KIND] = {NAMED("kind"), VALUE_CODE, P0, OPEN_LIMITS},
    [FIELD_CLOSING_CODE] = {NAMED("closing_code"), VALUE_CODE, P1, OPEN_LIMITS},
    [FIELD_COMPLEXITY] = {NAMED("complexity"), VALUE_CODE, P0, 0, 0, complexities},
    [FIELD_OFFER_CHECK] = {NAMED("offer_check"), VALUE_CODE, P0, 0, 0, offer_checks},
    [FIELD_BUDGET_CENTS] = {NAMED("budget_cents"), VALUE_INTEGER, P0, 0, CENTS_MAX, NULL},
    [FIELD_BUDGET_LINE] = {NAMED("budget_line"), VALUE_ID, P0, OPEN_LIMITS},
    [FIELD_VALID_UNTIL] = {NAMED("valid_until"), VALUE_DATE, P0, OPEN_LIMITS},
    [FIELD_AMOUNT_CENTS] = {NAMED("amount_cents"), VALUE_INTEGER, P0, 0, CENTS_MAX, NULL},
    [FIELD_EXPECTED_WEEK] = {NAMED("expected_week"), VALUE_WEEK, P0, OPEN_LIMITS},
    [FIELD_ON] = {NAMED("on"), VALUE_DATE, P0, OPEN_LIMITS},
    [FIELD_COUNT_OF] = {NAMED("count"), VALUE_INTEGER, P0, 0, COUNT_MAX, NULL},
    [FIELD_PHASE] = {NAMED("phase"), VALUE_CODE, P0, 0, 0, phases},
    [FIELD_NEXT_STEP] = {NAMED("next_step"), VALUE_CODE, P0, 0, 0, next_steps},
    [FIELD_CHANNEL] = {NAMED("channel"), VALUE_CODE, P0, 0, 0, channels},
    [FIELD_ON_CALL_UNIT] = {NAMED("on_call_unit"), VALUE_ID, P0, OPEN_LIMITS},
    [FIELD_CLOCK] = {NAMED("clock"), VALUE_CODE, P0, 0, 0, clocks},
    [FIELD_START_ON] = {NAMED("start_on"), VALUE_DATE, P0, OPEN_LIMITS},
    [FIELD_AUTHORITY_SEAT] = {NAMED("authority_seat"), VALUE_ID, P0, OPEN_LIMITS},
    [FIELD_WINDOW_D] = {NAMED("window_d"), VALUE_INTEGER, P0, 0, WINDOW_DAYS_MAX, NULL},
    [FIELD_MEETING_ID] = {NAMED("meeting_id"), VALUE_ID, P1, OPEN_LIMITS},
    [FIELD_START] = {NAMED("start"), VALUE_TIME, P0, OPEN_LIMITS},
    [FIELD_DURATION] = {NAMED("duration"), VALUE_DURATION, P0, OPEN_LIMITS},
    [FIELD_RULE] = {NAMED("rule"), VALUE_RRULE, P0, OPEN_LIMITS},
    [FIELD_ROOM] = {NAMED("room"), VALUE_ID, P0, OPEN_LIMITS},
    [FIELD_LINK] = {NAMED("link"), VALUE_LINK, P0, OPEN_LIMITS},
    [FIELD_AGENDA_POLICY] = {NAMED("agenda_policy"), VALUE_CODE, P0, OPEN_LIMITS},
    [FIELD_FROM] = {NAMED("from"), VALUE_TIME, P0, OPEN_LIMITS},
    [FIELD_TO] = {NAMED("to"), VALUE_TIME, P0, OPEN_LIMITS},
    [FIELD_DEPUTY] = {NAMED("deputy"), VALUE_ID, P0, OPEN_LIMITS},
    [FIELD_VERSION] = {NAMED("version"), VALUE_INTEGER, P0, 1, VERSION_MAX, NULL},
    [FIELD_VALID_FROM] = {NAMED("valid_from"), VALUE_DATE, P0, OPEN_LIMITS},
    [FIELD_COMMITTED] = {NAMED("committed"), VALUE_INTEGER, P0, 0, CENTS_MAX, NULL},
    [FIELD_TOTAL] = {NAMED("total"), VALUE_INTEGER, P0, 0, CENTS_MAX, NULL},
    [FIELD_VALID_TO] = {NAMED("valid_to"), VALUE_DATE, P0, OPEN_LIMITS},
    [FIELD_MISSING] = {NAMED("missing"), VALUE_CODES, P0, OPEN_LIMITS},
    [FIELD_AGREED] = {NAMED("agreed"), VALUE_BOOLEAN, P0, OPEN_LIMITS},
    [FIELD_ANVERTRAUT] = {NAMED("anvertraut"), VALUE_BOOLEAN, P0, OPEN_LIMITS},
    [FIELD_SESSION] = {NAMED("session"), VALUE_TIME, P0, OPEN_LIMITS},
    [FIELD_DATES] = {NAMED("dates"), VALUE_DATES, P0, OPEN_LIMITS},
    [FIELD_HOLIDAY] = {NAMED("holiday"), VALUE_CODE, P0, 0, 0, holiday_rules},
    [FIELD_RAIN_ON] = {NAMED("rain_on"), VALUE_DATE, P0, OPEN_LIMITS},
    [FIELD_PARTIES] = {NAMED("parties"), VALUE_IDS, P0, OPEN_LIMITS},
    [FIELD_WITHIN_D] = {NAMED("within_d"), VALUE_INTEGER, P0, 1, WITHIN_MAX, NULL},
    [FIELD_POLL] = {NAMED("poll"), VALUE_BOOLEAN, P0, OPEN_LIMITS},
    [FIELD_CHANGE] = {NAMED("change"), VALUE_CODES, P0, OPEN_LIMITS},
    [FIELD_OPTIONS] = {NAMED("options"), VALUE_IDS, P0, OPEN_LIMITS},
    [FIELD_PAGES] = {NAMED("pages"), VALUE_INTEGER, P0, 1, PAGES_MAX, NULL},
    [FIELD_SUMMARY] = {NAMED("summary"), VALUE_BOOLEAN, P0, OPEN_LIMITS},
    [FIELD_SHARE] = {NAMED("sozialraum_share"), VALUE_BOOLEAN, P0, OPEN_LIMITS},
    [FIELD_INTERVAL_M] = {NAMED("interval_m"), VALUE_INTEGER, P0, 1, INTERVAL_MAX, NULL},
};

const struct field_row *event_field_row(enum field field)
{
    return &fields[field];
}

const char *event_field_name(enum field field)
{
    return fields[field].name;
}

/* Some sixty lengths are compared faster than one hash is made. */
enum field event_field_find(const char *name, size_t len)
{
    for (unsigned f = FIELD_NONE + 1; f < FIELD_COUNT; f++)
        if (fields[f].len == len && memcmp(fields[f].name, name, len) == 0)
            return (enum field)f;
    return FIELD_NONE;
}

bool event_in_list(const char *const *list, const char *text)
{
    for (; *list; list++)
        if (str_eq(*list, text))
            return true;
    return false;
}
