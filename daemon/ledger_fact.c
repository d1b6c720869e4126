/*
 * What an audit row says: see ledger_parts.h. The rows are lines of key=value pairs (workflow.c,
 * clock.c); what is not one of the known beginnings says nothing that counts. Pure, takes any
 * bytes.
 */
#include <string.h>

#include "event.h"
#include "ledger_parts.h"
#include "util.h"

/* The value of a key behind the first word, up to the next blank; "" when it is not there or too
 * long. */
static const char *value_of(const char *content, const char *key, char value[ID_MAX])
{
    const char *at = strstr(content, key);
    size_t len = at ? strcspn(at + strlen(key), " ") : 0;
    if (len >= ID_MAX)
        len = 0;
    if (len)
        memcpy(value, at + strlen(key), len);
    value[len] = '\0';
    return value;
}

static bool number_after(const char *content, const char *key, int64_t *number)
{
    char text[24];
    if (!str_starts(content, key))
        return false;
    size_t len = strcspn(content + strlen(key), " ");
    if (len >= sizeof text)
        return false;
    memcpy(text, content + strlen(key), len);
    text[len] = '\0';
    return int_parse(text, 1, INT64_MAX, number);
}

bool ledger_requests(const char *type)
{
    for (int i = 0; i < EVENT_HANDLED_COUNT; i++)
        if (machine_opens(i) && str_eq(event_type_name(i), type))
            return true;
    return false;
}

/* The kind that a type is about; a refused event is a refusal. */
static enum item_kind kind_of(const char *type, const char *outcome)
{
    for (int i = 0; i < EVENT_HANDLED_COUNT && !str_eq(outcome, "refused"); i++)
        if (str_eq(event_type_name(i), type))
            return machine_kind(i);
    return ITEM_REFUSAL;
}

static void read_state(struct ledger_fact *fact, const char *content, enum item_kind kind)
{
    char state[ID_MAX];
    value_of(content, " state=", state);
    fact->has_state = item_state_parse(state, &fact->state);
    fact->over = fact->has_state && item_state_is_final(kind, fact->state);
}

static void read_step(struct ledger_fact *fact, const char *content)
{
    char name[ID_MAX];
    enum item_kind kind = ITEM_REFUSAL;
    fact->says = SAYS_STEP;
    if (item_kind_parse(value_of(content, " kind=", name), &kind))
        read_state(fact, content, kind);
}

static void read_event(struct ledger_fact *fact, const char *content)
{
    char type[ID_MAX], outcome[ID_MAX];
    value_of(content, " type=", type);
    value_of(content, " outcome=", outcome);
    fact->says = SAYS_EVENT;
    read_state(fact, content, kind_of(type, outcome));
    bool taken = str_eq(outcome, "accepted") || str_eq(outcome, "returned");
    fact->requests = taken && ledger_requests(type);
    fact->opens = fact->requests ||
                  (str_eq(outcome, "refused") && fact->has_state && fact->state == STATE_OPEN);
}

void ledger_fact_read(struct ledger_fact *fact, const char *content)
{
    memset(fact, 0, sizeof *fact);
    if (number_after(content, "event=", &fact->number))
        read_event(fact, content);
    else if (number_after(content, "clock=", &fact->number))
        fact->says = SAYS_CLOCK;
    else if (number_after(content, "erased item=", &fact->number))
        fact->says = SAYS_ERASED;
    else if (str_starts(content, "step "))
        read_step(fact, content);
    else if (str_starts(content, "close code=") || str_starts(content, "corrected by event="))
        fact->says = SAYS_ENDED;
}
