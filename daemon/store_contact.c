/*
 * Table contact_flag: see store_contact.h.
 */
#include "store_contact.h"

#include <assert.h>

#include "store_sql.h"
#include "util.h"

enum {
    CONTACT_FAILED,
    CONTACT_REACHED,
    CONTACT_FAILURES,
    CONTACT_FLAGGED,
    CONTACT_TALLY,
    CONTACT_EACH,
    CONTACT_EACH_REACHED
};

static_assert(DELIVERY_SENT == 1, "as the text of CONTACT_EACH_REACHED has it");

static const char *const sql[] = {
    [CONTACT_FAILED] = ("insert into contact_flag (contact, class, failures, since_ms)"
                        " values (?, ?, 1, ?) on conflict (contact) do update set"
                        " class = excluded.class, failures = failures + 1"),
    [CONTACT_REACHED] = "delete from contact_flag where contact = ?",
    [CONTACT_FAILURES] = "select failures from contact_flag where contact = ?",
    [CONTACT_FLAGGED] = "select 1 from contact_flag where contact = ?",
    [CONTACT_TALLY] = "select count(*) from contact_flag",
    [CONTACT_EACH] = "select contact, class, failures, since_ms from contact_flag"
                     " order by since_ms, contact",
    [CONTACT_EACH_REACHED] = "select contact, max(ended_ms) from (select contact, ended_ms, state"
                             " from delivery order by delivery_seq desc limit ?)"
                             " where state = 1 group by contact",
};
const struct store_statements store_contact_statements = {sql, COUNT_OF(sql)};

void store_contact_failed(struct store *s, const char *contact, enum error_class class,
                          int64_t now_ms)
{
    struct query q = query_start(s, NOUN_CONTACT, CONTACT_FAILED);
    query_text(&q, contact);
    query_int(&q, class);
    query_int(&q, now_ms);
    query_run(&q);
}

void store_contact_reached(struct store *s, const char *contact)
{
    struct query q = query_start(s, NOUN_CONTACT, CONTACT_REACHED);
    query_text(&q, contact);
    query_run(&q);
}

int64_t store_contact_failures(struct store *s, const char *contact)
{
    struct query q = query_start(s, NOUN_CONTACT, CONTACT_FAILURES);
    query_text(&q, contact);
    return query_single(&q);
}

bool store_contact_flagged(struct store *s, const char *contact)
{
    struct query q = query_start(s, NOUN_CONTACT, CONTACT_FLAGGED);
    query_text(&q, contact);
    return query_single(&q) != 0;
}

int64_t store_contact_count(struct store *s)
{
    struct query q = query_start(s, NOUN_CONTACT, CONTACT_TALLY);
    return query_single(&q);
}

void store_contact_each(struct store *s, void *context,
                        void (*each)(void *context, const struct contact_flag *flag))
{
    struct query q = query_start(s, NOUN_CONTACT, CONTACT_EACH);
    while (query_row(&q)) {
        struct contact_flag flag;
        query_column_copy(&q, 0, flag.contact, sizeof flag.contact);
        flag.class = (enum error_class)query_column_int(&q, 1);
        flag.failures = query_column_int(&q, 2);
        flag.since_ms = query_column_int(&q, 3);
        each(context, &flag);
    }
}

void store_contact_each_reached(struct store *s, int64_t look, void *context,
                                void (*each)(void *context, const char *contact, int64_t at_ms))
{
    char contact[2 * ID_MAX];
    struct query q = query_start(s, NOUN_CONTACT, CONTACT_EACH_REACHED);
    query_int(&q, look);
    while (query_row(&q)) {
        query_column_copy(&q, 0, contact, sizeof contact);
        each(context, contact, query_column_int(&q, 1));
    }
}
