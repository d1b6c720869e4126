/*
 * Tables poll, choice and vote: see store_poll.h. A row of vote with the number 0 says that the
 * unit was asked, and since when it has answered; its other rows are what it chose.
 */
#include "store_poll.h"

#include <assert.h>
#include <string.h>

#include "store_sql.h"
#include "util.h"

enum {
    POLL_ADD,
    POLL_GET,
    POLL_FIND,
    CHOICE_ADD,
    CHOICES,
    VOTER_ADD,
    VOTER_GET,
    VOTER_EACH,
    VOTER_TALLY,
    ANSWERED_TALLY,
    VOTE_DROP,
    VOTE_MARK,
    VOTE_ADD,
    VOTE_HAS,
    VOTE_TALLY
};

#define POLL_COLUMNS "item_seq, meeting_id, due_ms, quorum"

static const char *const sql[] = {
    [POLL_ADD] = "insert into poll (" POLL_COLUMNS ") values (?, ?, ?, ?)",
    [POLL_GET] = "select " POLL_COLUMNS " from poll where item_seq = ?",
    [POLL_FIND] = "select " POLL_COLUMNS " from poll p where p.meeting_id = ?"
                  " and exists (select 1 from item i where i.item_seq = p.item_seq"
                  " and i.closed_ms = 0) order by p.item_seq desc limit 1",
    [CHOICE_ADD] = "insert into choice (item_seq, number, start_s, option) values (?, ?, ?, ?)",
    [CHOICES] = ("select number, start_s, option from choice where item_seq = ? order by number"
                 " limit ?"),
    [VOTER_ADD] = "insert or ignore into vote (item_seq, unit, number, at_ms) values (?, ?, 0, 0)",
    [VOTER_GET] = "select at_ms from vote where item_seq = ? and unit = ? and number = 0",
    [VOTER_EACH] = "select unit, at_ms from vote where item_seq = ? and number = 0 order by unit",
    [VOTER_TALLY] = "select count(*) from vote where item_seq = ? and number = 0",
    [ANSWERED_TALLY] = "select count(*) from vote where item_seq = ? and number = 0 and at_ms > 0",
    [VOTE_DROP] = "delete from vote where item_seq = ? and unit = ? and number > 0",
    [VOTE_MARK] = "update vote set at_ms = ? where item_seq = ? and unit = ? and number = 0",
    [VOTE_ADD] = "insert or ignore into vote (item_seq, unit, number, at_ms) values (?, ?, ?, ?)",
    [VOTE_HAS] = "select 1 from vote where item_seq = ? and unit = ? and number = ?",
    [VOTE_TALLY] = "select count(*) from vote where item_seq = ? and number = ?",
};
const struct store_statements store_poll_statements = {sql, COUNT_OF(sql)};

void store_poll_add(struct store *s, const struct poll *poll)
{
    struct query q = query_start(s, NOUN_POLL, POLL_ADD);
    query_int(&q, poll->item_seq);
    query_text(&q, poll->meeting_id);
    query_int(&q, poll->due_ms);
    query_int(&q, poll->quorum);
    query_run(&q);
}

static bool one_poll(struct query *q, struct poll *poll)
{
    memset(poll, 0, sizeof *poll);
    if (!query_row(q))
        return false;
    poll->item_seq = query_column_int(q, 0);
    query_column_copy(q, 1, poll->meeting_id, sizeof poll->meeting_id);
    poll->due_ms = query_column_int(q, 2);
    poll->quorum = query_column_int(q, 3);
    query_end(q);
    return true;
}

bool store_poll_get(struct store *s, int64_t item_seq, struct poll *poll)
{
    struct query q = query_start(s, NOUN_POLL, POLL_GET);
    query_int(&q, item_seq);
    return one_poll(&q, poll);
}

bool store_poll_find(struct store *s, const char *meeting_id, struct poll *poll)
{
    struct query q = query_start(s, NOUN_POLL, POLL_FIND);
    query_text(&q, meeting_id);
    return one_poll(&q, poll);
}

void store_choice_add(struct store *s, int64_t item_seq, const struct poll_choice *choice)
{
    struct query q = query_start(s, NOUN_POLL, CHOICE_ADD);
    query_int(&q, item_seq);
    query_int(&q, choice->number);
    query_int(&q, choice->start_s);
    query_text(&q, choice->option);
    query_run(&q);
}

size_t store_choices(struct store *s, int64_t item_seq, struct poll_choice *choice, size_t max)
{
    size_t n = 0;
    struct query q = query_start(s, NOUN_POLL, CHOICES);
    query_int(&q, item_seq);
    query_int(&q, (int64_t)max);
    while (n < max && query_row(&q)) {
        choice[n].number = query_column_int(&q, 0);
        choice[n].start_s = query_column_int(&q, 1);
        query_column_copy(&q, 2, choice[n].option, sizeof choice[n].option);
        n++;
    }
    query_end(&q);
    return n;
}

void store_voter_add(struct store *s, int64_t item_seq, const char *unit)
{
    struct query q = query_start(s, NOUN_POLL, VOTER_ADD);
    query_int(&q, item_seq);
    query_text(&q, unit);
    query_run(&q);
}

bool store_voter_get(struct store *s, int64_t item_seq, const char *unit, int64_t *answered_ms)
{
    struct query q = query_start(s, NOUN_POLL, VOTER_GET);
    query_int(&q, item_seq);
    query_text(&q, unit);
    *answered_ms = 0;
    if (!query_row(&q))
        return false;
    *answered_ms = query_column_int(&q, 0);
    query_end(&q);
    return true;
}

void store_voter_each(struct store *s, int64_t item_seq, void *context,
                      void (*each)(void *context, const char *unit, int64_t answered_ms))
{
    struct query q = query_start(s, NOUN_POLL, VOTER_EACH);
    query_int(&q, item_seq);
    while (query_row(&q))
        each(context, query_column_text(&q, 0), query_column_int(&q, 1));
    query_end(&q);
}

int64_t store_voter_count(struct store *s, int64_t item_seq, bool answered)
{
    struct query q = query_start(s, NOUN_POLL, answered ? ANSWERED_TALLY : VOTER_TALLY);
    query_int(&q, item_seq);
    return query_single(&q);
}

static void forget_vote(struct store *s, int64_t item_seq, const char *unit)
{
    struct query q = query_start(s, NOUN_POLL, VOTE_DROP);
    query_int(&q, item_seq);
    query_text(&q, unit);
    query_run(&q);
}

void store_vote_put(struct store *s, int64_t item_seq, const char *unit, const int64_t *number,
                    size_t numbers, int64_t at_ms)
{
    forget_vote(s, item_seq, unit);
    struct query q = query_start(s, NOUN_POLL, VOTE_MARK);
    query_int(&q, at_ms);
    query_int(&q, item_seq);
    query_text(&q, unit);
    query_run(&q);
    for (size_t i = 0; i < numbers; i++) {
        assert(number[i] > 0);
        q = query_start(s, NOUN_POLL, VOTE_ADD);
        query_int(&q, item_seq);
        query_text(&q, unit);
        query_int(&q, number[i]);
        query_int(&q, at_ms);
        query_run(&q);
    }
}

bool store_vote_has(struct store *s, int64_t item_seq, const char *unit, int64_t number)
{
    struct query q = query_start(s, NOUN_POLL, VOTE_HAS);
    query_int(&q, item_seq);
    query_text(&q, unit);
    query_int(&q, number);
    return query_single(&q) != 0;
}

int64_t store_vote_count(struct store *s, int64_t item_seq, int64_t number)
{
    struct query q = query_start(s, NOUN_POLL, VOTE_TALLY);
    query_int(&q, item_seq);
    query_int(&q, number);
    return query_single(&q);
}
