/*
 * Erasing across the tables: see store_erase.h. The order follows the foreign keys. A new table
 * with rows of an item is one row of `dependants`.
 *
 * Promise: runs in the caller's transaction only, so an item is erased whole or not at all.
 */
#include "store_erase.h"

#include <stddef.h>

#include "machine.h"
#include "store_sql.h"
#include "util.h"

enum {
    ERASE_OUT,
    ERASE_ANSWER_USE,
    ERASE_SMS_CODE,
    ERASE_CLOCK,
    ERASE_DELIVERY,
    ERASE_NOTICE,
    ERASE_VOTE,
    ERASE_CHOICE,
    ERASE_POLL,
    ERASE_AGENDA,
    ERASE_ABOUT,
    ERASE_NAMED,
    ERASE_MEMBER,
    ERASE_SESSION,
    ERASE_MEETING,
    ERASE_PHASE,
    ERASE_EVENTS,
    ERASE_ITEM,
    ERASE_ROW,
    ERASE_AUDIT,
    ERASE_MILESTONE,
    ERASE_CHILDREN,
    ERASE_DATA,
    ERASE_EVENT
};

static const char *const sql[] = {
    [ERASE_OUT] = "delete from out_event where item_seq = ?",
    [ERASE_ANSWER_USE] = "delete from answer_use where item_seq = ?",
    [ERASE_SMS_CODE] = "delete from sms_code where item_seq = ?",
    [ERASE_CLOCK] = "delete from clock where item_seq = ?",
    [ERASE_DELIVERY] = "delete from delivery where item_seq = ?",
    [ERASE_NOTICE] = "delete from notice where item_seq = ?",
    [ERASE_VOTE] = "delete from vote where item_seq = ?",
    [ERASE_CHOICE] = "delete from choice where item_seq = ?",
    [ERASE_POLL] = "delete from poll where item_seq = ?",
    [ERASE_AGENDA] = "delete from agenda where item_seq = ?",
    [ERASE_ABOUT] = "delete from agenda where about_seq = ? and about_seq > 0 and case_ref = ''",
    [ERASE_NAMED] = "update agenda set about_seq = 0 where about_seq = ? and about_seq > 0",
    [ERASE_MEMBER] = "delete from member where item_seq = ?",
    [ERASE_SESSION] = "delete from session where item_seq = ?",
    [ERASE_MEETING] = "delete from meeting where item_seq = ?",
    [ERASE_PHASE] = "delete from phase where item_seq = ?",
    [ERASE_EVENTS] = "update event set event_id = '', data = '', faults = '' where item_seq = ?"
                     " and (event_id <> '' or data <> '' or faults <> '')",
    [ERASE_ITEM] = "update item set state = ?, case_key = 0, case_ref = '', from_unit = '',"
                   " to_unit = '', owner_unit = ?, waiting_unit = '', place = '', area = '',"
                   " service = '', basis = '', rule = '', urgency = 0, restricted = 0,"
                   " changed_ms = ?, closed_ms = ?, parent_seq = 0, flags = 0, returns = 0,"
                   " code = '', complexity = '', budget_line = '', amount_cents = 0, due_day = 0"
                   " where item_seq = ?",
    [ERASE_ROW] = "delete from item where item_seq = ?",
    [ERASE_AUDIT] = "update audit set salt = x'', content = '' where item_seq = ?"
                    " and length(salt) > 0",
    [ERASE_MILESTONE] = "delete from milestone where case_key = ?1"
                        " and not exists (select 1 from item where item.case_key = ?1)",
    [ERASE_CHILDREN] = "select item_seq from item where parent_seq = ? and parent_seq > 0",
    [ERASE_DATA] = "select event_seq, source, data from event where item_seq = ? and data <> ''",
    [ERASE_EVENT] = "update event set event_id = '', data = '', faults = '' where event_seq = ?",
};
const struct store_statements store_erase_statements = {sql, COUNT_OF(sql)};

/* In the order of the foreign keys; where the count is kept, 0: not counted. */
static const struct {
    int statement;
    size_t count;
} dependants[] = {
    {ERASE_OUT, offsetof(struct erased, out_events)},
    {ERASE_ANSWER_USE, 0},
    {ERASE_SMS_CODE, 0},
    {ERASE_CLOCK, offsetof(struct erased, clocks)},
    {ERASE_DELIVERY, offsetof(struct erased, deliveries)},
    {ERASE_NOTICE, offsetof(struct erased, notices)},
    {ERASE_VOTE, 0},
    {ERASE_CHOICE, 0},
    {ERASE_POLL, 0},
    {ERASE_AGENDA, 0},
    {ERASE_ABOUT, 0},
    {ERASE_NAMED, 0},
    {ERASE_MEMBER, 0},
    {ERASE_SESSION, 0},
    {ERASE_MEETING, 0},
    {ERASE_PHASE, 0},
    {ERASE_EVENTS, offsetof(struct erased, events)},
};

static int64_t run_on(struct store *s, int statement, int64_t number)
{
    struct query q = query_start(s, NOUN_ERASE, statement);
    query_int(&q, number);
    return query_run_counted(&q);
}

void store_erase_dependants(struct store *s, int64_t item_seq, struct erased *erased)
{
    for (size_t i = 0; i < COUNT_OF(dependants); i++) {
        int64_t n = run_on(s, dependants[i].statement, item_seq);
        if (dependants[i].count)
            *(int64_t *)((char *)erased + dependants[i].count) += n;
    }
}

void store_erase_item(struct store *s, int64_t item_seq, const char *owner, int64_t now_ms)
{
    struct query q = query_start(s, NOUN_ERASE, ERASE_ITEM);
    query_int(&q, STATE_ERASED);
    query_text(&q, owner);
    query_int(&q, now_ms);
    query_int(&q, now_ms);
    query_int(&q, item_seq);
    query_run(&q);
}

void store_erase_row(struct store *s, int64_t item_seq)
{
    run_on(s, ERASE_ROW, item_seq);
}

int64_t store_erase_audit(struct store *s, int64_t item_seq)
{
    return run_on(s, ERASE_AUDIT, item_seq);
}

void store_erase_milestones(struct store *s, int64_t case_key)
{
    if (case_key)
        run_on(s, ERASE_MILESTONE, case_key);
}

void store_erase_event(struct store *s, int64_t event_seq)
{
    run_on(s, ERASE_EVENT, event_seq);
}

void store_erase_each_child(struct store *s, int64_t item_seq, void *context,
                            void (*each)(void *context, int64_t child_seq))
{
    struct query q = query_start(s, NOUN_ERASE, ERASE_CHILDREN);
    query_int(&q, item_seq);
    while (query_row(&q))
        each(context, query_column_int(&q, 0));
}

void store_erase_each_data(struct store *s, int64_t item_seq, void *context,
                           void (*each)(void *context, int64_t event_seq, const char *source,
                                        const char *data))
{
    struct query q = query_start(s, NOUN_ERASE, ERASE_DATA);
    query_int(&q, item_seq);
    while (query_row(&q))
        each(context, query_column_int(&q, 0), query_column_text(&q, 1), query_column_text(&q, 2));
}
