/*
 * Table sms_code: see store_sms.h.
 *
 * Numbers go round: the search for a free one begins behind the one given last, so that a late
 * answer to an old SMS meets a number that nobody has now, and is asked back, instead of an item it
 * does not mean. A row whose item is erased counts as free.
 */
#include "store_sms.h"

#include "store_sql.h"
#include "util.h"

enum { SMS_NUMBER, SMS_TAKEN, SMS_LAST, SMS_GIVE, SMS_ITEM, SMS_EACH };

static const char *const sql[] = {
    [SMS_NUMBER] = "select number from sms_code where contact = ? and item_seq = ?",
    [SMS_TAKEN] = "select c.number"
                  " from sms_code c join item i on i.item_seq = c.item_seq"
                  " where c.contact = ? and (i.closed_ms = 0 or i.closed_ms > ?)",
    [SMS_LAST] = "select number from sms_code where contact = ?"
                 " order by given_ms desc, item_seq desc limit 1",
    [SMS_GIVE] = "insert or replace into sms_code (contact, number, item_seq, given_ms)"
                 " values (?, ?, ?, ?)",
    [SMS_ITEM] = "select item_seq from sms_code where contact = ? and number = ?",
    [SMS_EACH] = "select item_seq from sms_code where contact = ?"
                 " order by given_ms desc, item_seq desc",
};
const struct store_statements store_sms_statements = {sql, COUNT_OF(sql)};

int store_sms_number(struct store *s, const char *contact, int64_t item_seq)
{
    struct query q = query_start(s, NOUN_SMS, SMS_NUMBER);
    query_text(&q, contact);
    query_int(&q, item_seq);
    return (int)query_single(&q);
}

static void mark_taken(struct store *s, const char *contact, int64_t now_ms,
                       bool taken[SMS_NUMBER_MAX + 1])
{
    struct query q = query_start(s, NOUN_SMS, SMS_TAKEN);
    query_text(&q, contact);
    query_int(&q, now_ms - SMS_NUMBER_REST_DAYS * DAY_MS);
    while (query_row(&q)) {
        int64_t number = query_column_int(&q, 0);
        if (number >= SMS_NUMBER_MIN && number <= SMS_NUMBER_MAX)
            taken[number] = true;
    }
}

/* The first free one of first..last, beginning behind `after`; 0 when there is none. */
static int next_free(const bool taken[SMS_NUMBER_MAX + 1], int first, int last, int after)
{
    int count = last - first + 1;
    int begin = after < first || after >= last ? first : after + 1;
    for (int i = 0; i < count; i++) {
        int number = first + (begin - first + i) % count;
        if (!taken[number])
            return number;
    }
    return 0;
}

static int choose(struct store *s, const char *contact, int64_t now_ms)
{
    bool taken[SMS_NUMBER_MAX + 1] = {false};
    struct query q = query_start(s, NOUN_SMS, SMS_LAST);
    query_text(&q, contact);
    int last = (int)query_single(&q);
    mark_taken(s, contact, now_ms, taken);
    int number = next_free(taken, SMS_NUMBER_MIN, SMS_NUMBER_SHORT, last);
    return number ? number : next_free(taken, SMS_NUMBER_SHORT + 1, SMS_NUMBER_MAX, last);
}

int store_sms_give(struct store *s, const char *contact, int64_t item_seq, int64_t now_ms)
{
    int number = store_sms_number(s, contact, item_seq);
    if (number)
        return number;
    number = choose(s, contact, now_ms);
    if (!number)
        return 0;
    struct query q = query_start(s, NOUN_SMS, SMS_GIVE);
    query_text(&q, contact);
    query_int(&q, number);
    query_int(&q, item_seq);
    query_int(&q, now_ms);
    query_run(&q);
    return number;
}

int64_t store_sms_item(struct store *s, const char *contact, int number)
{
    struct query q = query_start(s, NOUN_SMS, SMS_ITEM);
    query_text(&q, contact);
    query_int(&q, number);
    return query_single(&q);
}

void store_sms_each(struct store *s, const char *contact, void *context,
                    bool (*each)(void *context, int64_t item_seq))
{
    struct query q = query_start(s, NOUN_SMS, SMS_EACH);
    query_text(&q, contact);
    while (query_row(&q))
        if (!each(context, query_column_int(&q, 0)))
            break;
    query_end(&q);
}
