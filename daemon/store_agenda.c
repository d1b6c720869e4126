/*
 * Table agenda: see store_agenda.h. Rows go with their meeting, with the item they are about, with
 * their case (erase.c), and when they have ended and are over their time (retention.c).
 */
#include "store_agenda.h"

#include <assert.h>
#include <string.h>

#include "machine.h"
#include "store_sql.h"
#include "util.h"

enum {
    AGENDA_ADD,
    AGENDA_UPDATE,
    AGENDA_GET,
    AGENDA_DELETE,
    AGENDA_EACH,
    AGENDA_OF_CASE,
    AGENDA_TALLY,
    AGENDA_PRESSING,
    AGENDA_PRUNE
};

static_assert(ITEM_HANDOVER == 0 && ITEM_OVERDUE + ITEM_PING_PONG == 1025 && ITEM_ANVERTRAUT == 256,
              "as the text of AGENDA_PRESSING and of its indexes have it");
static_assert(AGENDA_WAITING == 0, "as the texts of AGENDA_TALLY and AGENDA_PRUNE have it");

#define COLUMNS                                                                                    \
    "agenda_seq, item_seq, session_seq, block, about_seq, case_key, case_ref, reason, change,"     \
    " basis, consent, minutes, by_unit, source, state, added_ms, changed_ms"
#define PRESSING                                                                                   \
    "select item_seq from item where kind = 0 and closed_ms = 0 and flags & 1025"                  \
    " and restricted = 0 and flags & 256 = 0 and "

static const char *const sql[] = {
    [AGENDA_ADD] = "insert into agenda (item_seq, block, added_ms, session_seq, about_seq,"
                   " case_key, case_ref, reason, change, basis, consent, minutes, by_unit, source,"
                   " state, changed_ms) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
                   " returning agenda_seq",
    [AGENDA_UPDATE] = "update agenda set session_seq = ?, about_seq = ?, case_key = ?,"
                      " case_ref = ?, reason = ?, change = ?, basis = ?, consent = ?, minutes = ?,"
                      " by_unit = ?, source = ?, state = ?, changed_ms = ? where agenda_seq = ?",
    [AGENDA_GET] = "select " COLUMNS " from agenda where agenda_seq = ?",
    [AGENDA_DELETE] = "delete from agenda where agenda_seq = ?",
    [AGENDA_EACH] = "select " COLUMNS " from agenda where item_seq = ? and session_seq = ?"
                    " order by block, agenda_seq",
    [AGENDA_OF_CASE] = "select " COLUMNS " from agenda where case_key = ? and case_key <> 0"
                       " order by agenda_seq",
    [AGENDA_TALLY] = "select count(*) from agenda where item_seq = ? and session_seq = 0",
    [AGENDA_PRESSING] = (PRESSING "from_unit = ?1 union " PRESSING "to_unit = ?1"
                                  " order by item_seq limit ?2"),
    [AGENDA_PRUNE] = ("delete from agenda where agenda_seq in (select agenda_seq from agenda"
                      " where state > 0 and changed_ms < ? order by changed_ms limit ?)"),
};
const struct store_statements store_agenda_statements = {sql, COUNT_OF(sql)};

const char *agenda_state_name(enum agenda_state state)
{
    static const char *const names[AGENDA_STATE_COUNT] = {
        [AGENDA_WAITING] = "waiting", [AGENDA_FROZEN] = "frozen",
        [AGENDA_COUNTED] = "counted", [AGENDA_DISCUSSED] = "discussed",
        [AGENDA_DROPPED] = "dropped",
    };
    return names[state];
}

static void bind_rest(struct query *q, const struct agenda_item *row)
{
    query_int(q, row->session_seq);
    query_int(q, row->about_seq);
    query_int(q, row->case_key);
    query_text(q, row->case_ref);
    query_text(q, row->reason);
    query_text(q, row->change);
    query_text(q, row->basis);
    query_int(q, row->consent);
    query_int(q, row->minutes);
    query_text(q, row->by_unit);
    query_text(q, row->source);
    query_int(q, row->state);
    query_int(q, row->changed_ms);
}

void store_agenda_add(struct store *s, struct agenda_item *row)
{
    struct query q = query_start(s, NOUN_AGENDA, AGENDA_ADD);
    query_int(&q, row->item_seq);
    query_int(&q, row->block);
    query_int(&q, row->added_ms);
    bind_rest(&q, row);
    row->seq = query_single(&q);
}

void store_agenda_update(struct store *s, const struct agenda_item *row)
{
    struct query q = query_start(s, NOUN_AGENDA, AGENDA_UPDATE);
    bind_rest(&q, row);
    query_int(&q, row->seq);
    query_run(&q);
}

static void read_row(const struct query *q, struct agenda_item *row)
{
    memset(row, 0, sizeof *row);
    row->seq = query_column_int(q, 0);
    row->item_seq = query_column_int(q, 1);
    row->session_seq = query_column_int(q, 2);
    row->block = (enum agenda_block)query_column_int(q, 3);
    row->about_seq = query_column_int(q, 4);
    row->case_key = query_column_int(q, 5);
    query_column_copy(q, 6, row->case_ref, sizeof row->case_ref);
    query_column_copy(q, 7, row->reason, sizeof row->reason);
    query_column_copy(q, 8, row->change, sizeof row->change);
    query_column_copy(q, 9, row->basis, sizeof row->basis);
    row->consent = query_column_int(q, 10) != 0;
    row->minutes = query_column_int(q, 11);
    query_column_copy(q, 12, row->by_unit, sizeof row->by_unit);
    query_column_copy(q, 13, row->source, sizeof row->source);
    row->state = (enum agenda_state)query_column_int(q, 14);
    row->added_ms = query_column_int(q, 15);
    row->changed_ms = query_column_int(q, 16);
}

bool store_agenda_get(struct store *s, int64_t seq, struct agenda_item *row)
{
    struct query q = query_start(s, NOUN_AGENDA, AGENDA_GET);
    memset(row, 0, sizeof *row);
    query_int(&q, seq);
    if (!query_row(&q))
        return false;
    read_row(&q, row);
    query_end(&q);
    return true;
}

void store_agenda_drop(struct store *s, int64_t seq)
{
    struct query q = query_start(s, NOUN_AGENDA, AGENDA_DELETE);
    query_int(&q, seq);
    query_run(&q);
}

static void each_row(struct query *q, void *context,
                     bool (*each)(void *context, const struct agenda_item *row))
{
    struct agenda_item row;
    while (query_row(q)) {
        read_row(q, &row);
        if (!each(context, &row)) {
            query_end(q);
            return;
        }
    }
}

void store_agenda_each(struct store *s, int64_t item_seq, int64_t session_seq, void *context,
                       bool (*each)(void *context, const struct agenda_item *row))
{
    struct query q = query_start(s, NOUN_AGENDA, AGENDA_EACH);
    query_int(&q, item_seq);
    query_int(&q, session_seq);
    each_row(&q, context, each);
}

void store_agenda_each_of_case(struct store *s, int64_t case_key, void *context,
                               bool (*each)(void *context, const struct agenda_item *row))
{
    struct query q = query_start(s, NOUN_AGENDA, AGENDA_OF_CASE);
    query_int(&q, case_key);
    each_row(&q, context, each);
}

int64_t store_agenda_waiting(struct store *s, int64_t item_seq)
{
    struct query q = query_start(s, NOUN_AGENDA, AGENDA_TALLY);
    query_int(&q, item_seq);
    return query_single(&q);
}

size_t store_agenda_pressing(struct store *s, const char *unit, int64_t *item_seq, size_t max)
{
    size_t n = 0;
    struct query q = query_start(s, NOUN_AGENDA, AGENDA_PRESSING);
    query_text(&q, unit);
    query_int(&q, (int64_t)max);
    while (query_row(&q))
        item_seq[n++] = query_column_int(&q, 0);
    return n;
}

int64_t store_agenda_prune(struct store *s, int64_t before_ms, int64_t max)
{
    struct query q = query_start(s, NOUN_AGENDA, AGENDA_PRUNE);
    query_int(&q, before_ms);
    query_int(&q, max);
    return query_run_counted(&q);
}
