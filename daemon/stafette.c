/*
 * The names of the shared words: see stafette.h. Each *_name() is a switch without default, so that
 * a new enum value without a name does not compile (-Wswitch); each *_parse() loops over the names,
 * so that reading and writing cannot differ. Pure.
 *
 * A value outside its enum is a bug of the caller and ends the process by assert.
 */
#include "stafette.h"

#include <assert.h>
#include <string.h>

const char *item_kind_name(enum item_kind kind)
{
    switch (kind) {
    case ITEM_HANDOVER:
        return "handover";
    case ITEM_REFERRAL:
        return "referral";
    case ITEM_EMERGENCY:
        return "emergency";
    case ITEM_REFUSAL:
        return "refusal";
    case ITEM_TASK:
        return "task";
    case ITEM_DEADLINE:
        return "deadline";
    case ITEM_LEDGER:
        return "ledger";
    case ITEM_MEETING:
        return "meeting";
    case ITEM_POLL:
        return "poll";
    case ITEM_DIGEST:
        return "digest";
    case ITEM_DRILL:
        return "drill";
    case ITEM_KIND_COUNT:
        break;
    }
    assert(false);
    return "";
}

const char *item_kind_german(enum item_kind kind)
{
    switch (kind) {
    case ITEM_HANDOVER:
        return "Übergabe";
    case ITEM_REFERRAL:
        return "Vermittlung";
    case ITEM_EMERGENCY:
        return "Notlage";
    case ITEM_REFUSAL:
        return "Abweisung";
    case ITEM_TASK:
        return "Aufgabe";
    case ITEM_DEADLINE:
        return "Frist";
    case ITEM_LEDGER:
        return "Nachtprüfung";
    case ITEM_MEETING:
        return "Termin";
    case ITEM_POLL:
        return "Umfrage";
    case ITEM_DIGEST:
        return "Übersicht";
    case ITEM_DRILL:
        return "Probealarm";
    case ITEM_KIND_COUNT:
        break;
    }
    assert(false);
    return "";
}

const char *urgency_name(enum urgency urgency)
{
    switch (urgency) {
    case URGENCY_ROUTINE:
        return "routine";
    case URGENCY_PROMPT:
        return "prompt";
    case URGENCY_URGENT:
        return "urgent";
    case URGENCY_EMERGENCY:
        return "emergency";
    case URGENCY_COUNT:
        break;
    }
    assert(false);
    return "";
}

const char *channel_name(enum channel channel)
{
    switch (channel) {
    case CHANNEL_EMAIL:
        return "email";
    case CHANNEL_SMS:
        return "sms";
    case CHANNEL_COUNT:
        break;
    }
    assert(false);
    return "";
}

const char *unit_kind_name(enum unit_kind kind)
{
    switch (kind) {
    case UNIT_TEAM:
        return "team";
    case UNIT_PROVIDER:
        return "provider";
    case UNIT_DESK:
        return "desk";
    case UNIT_BODY:
        return "body";
    case UNIT_KIND_COUNT:
        break;
    }
    assert(false);
    return "";
}

const char *attempt_end_name(enum attempt_end end)
{
    switch (end) {
    case ATTEMPT_SENT:
        return "sent";
    case ATTEMPT_DEFERRED:
        return "deferred";
    case ATTEMPT_FAILED:
        return "failed";
    case ATTEMPT_END_COUNT:
        break;
    }
    assert(false);
    return "";
}

const char *error_class_name(enum error_class class)
{
    switch (class) {
    case CLASS_NONE:
        return "none";
    case CLASS_CONNECT:
        return "connect";
    case CLASS_TIMEOUT:
        return "timeout";
    case CLASS_TEMPORARY:
        return "temporary";
    case CLASS_THROTTLED:
        return "throttled";
    case CLASS_AMBIGUOUS:
        return "ambiguous";
    case CLASS_AUTH:
        return "auth";
    case CLASS_TLS:
        return "tls";
    case CLASS_LOCAL:
        return "local";
    case CLASS_ADDRESS:
        return "address";
    case CLASS_PERMANENT:
        return "permanent";
    case CLASS_FORBIDDEN:
        return "forbidden";
    case CLASS_FULL:
        return "full";
    case CLASS_POLICY:
        return "policy";
    case CLASS_CREDIT:
        return "credit";
    case ERROR_CLASS_COUNT:
        break;
    }
    assert(false);
    return "";
}

const char *reason_name(enum reason reason)
{
    switch (reason) {
    case REASON_ROUTE:
        return "route";
    case REASON_NAMED:
        return "named";
    case REASON_LEAD:
        return "lead";
    case REASON_CATCH_ALL:
        return "catch_all";
    case REASON_TECH_DESK:
        return "tech_desk";
    case REASON_ON_CALL:
        return "on_call";
    case REASON_OUTCOME:
        return "outcome";
    case REASON_SENDER:
        return "sender";
    case REASON_CONFLICT:
        return "conflict";
    case REASON_DEPUTY:
        return "deputy";
    case REASON_TASK:
        return "task";
    case REASON_LEDGER:
        return "ledger";
    case REASON_LINK:
        return "link";
    case REASON_ANSWERED:
        return "answered";
    case REASON_MEMBER:
        return "member";
    case REASON_HOST:
        return "host";
    case REASON_DIGEST:
        return "digest";
    case REASON_DRILL:
        return "drill";
    case REASON_COUNT:
        break;
    }
    assert(false);
    return "";
}

const char *report_status_name(enum report_status status)
{
    switch (status) {
    case REPORT_UNKNOWN:
        return "unknown";
    case REPORT_QUEUED:
        return "queued";
    case REPORT_SENT:
        return "sent";
    case REPORT_DELIVERED:
        return "delivered";
    case REPORT_FAILED:
        return "failed";
    case REPORT_STATUS_COUNT:
        break;
    }
    assert(false);
    return "";
}

const char *delivery_state_name(enum delivery_state state)
{
    switch (state) {
    case DELIVERY_PENDING:
        return "pending";
    case DELIVERY_SENT:
        return "sent";
    case DELIVERY_FAILED:
        return "failed";
    case DELIVERY_CANCELLED:
        return "cancelled";
    case DELIVERY_HELD:
        return "held";
    case DELIVERY_STATE_COUNT:
        break;
    }
    assert(false);
    return "";
}

bool item_kind_parse(const char *name, enum item_kind *kind)
{
    for (enum item_kind k = 0; k < ITEM_KIND_COUNT; k++)
        if (strcmp(name, item_kind_name(k)) == 0) {
            *kind = k;
            return true;
        }
    return false;
}

bool urgency_parse(const char *name, enum urgency *urgency)
{
    for (enum urgency u = 0; u < URGENCY_COUNT; u++)
        if (strcmp(name, urgency_name(u)) == 0) {
            *urgency = u;
            return true;
        }
    return false;
}

bool channel_parse(const char *name, enum channel *channel)
{
    for (enum channel c = 0; c < CHANNEL_COUNT; c++)
        if (strcmp(name, channel_name(c)) == 0) {
            *channel = c;
            return true;
        }
    return false;
}

bool unit_kind_parse(const char *name, enum unit_kind *kind)
{
    for (enum unit_kind k = 0; k < UNIT_KIND_COUNT; k++)
        if (strcmp(name, unit_kind_name(k)) == 0) {
            *kind = k;
            return true;
        }
    return false;
}

bool delivery_state_parse(const char *name, enum delivery_state *state)
{
    for (enum delivery_state s = 0; s < DELIVERY_STATE_COUNT; s++)
        if (strcmp(name, delivery_state_name(s)) == 0) {
            *state = s;
            return true;
        }
    return false;
}
