/*
 * Agendas: closing them, and what becomes of their lines: see agenda.h.
 *
 * Promise: a line that was once taken ends in front of people: on the agenda of a session that
 * takes place, or by a word to the system that brought it (counted, dropped). What was not
 * discussed, or stood on a session that did not take place, goes to the next. All of it in the open
 * transaction: a crash leaves an agenda open, and its clock closes it again.
 */
#include "agenda.h"

#include <stdlib.h>
#include <string.h>

#include "agenda_parts.h"
#include "code.h"
#include "config.h"
#include "directory.h"
#include "gateway.h"
#include "store.h"
#include "store_audit.h"
#include "tell.h"
#include "util.h"

/* ---- what others learn of a row */

void agenda_tell(struct stafette *g, const struct agenda_item *row, const char *type,
                 const char *source)
{
    struct item told;
    struct meeting meeting;
    struct buf code = BUF_INIT;
    bool named = row->about_seq && store_item_get(g->store, row->about_seq, &told);
    if (!str_empty(source) && (named || store_item_get(g->store, row->item_seq, &told))) {
        str_copy(told.source, sizeof told.source, source);
        agenda_code(g, row, &code);
        if (!store_meeting_get(g->store, row->item_seq, &meeting))
            meeting.meeting_id[0] = '\0';
        tell_status(g, &told, type, named ? "meeting_id" : "agenda_code",
                    named ? meeting.meeting_id : buf_str(&code));
    }
    buf_release(&code);
}

void agenda_audit(struct stafette *g, const struct agenda_item *row, const char *what)
{
    struct buf text = BUF_INIT;
    buf_printf(&text, "agenda=%lld %s meeting=%lld about=%lld config=%s", (long long)row->seq, what,
               (long long)row->item_seq, (long long)row->about_seq, g->config->version);
    store_audit_add(g->store, g->now_ms, row->item_seq, buf_str(&text));
    if (row->about_seq)
        store_audit_add(g->store, g->now_ms, row->about_seq, buf_str(&text));
    buf_release(&text);
}

static void set_state(struct stafette *g, struct agenda_item *row, enum agenda_state state,
                      int64_t session_seq)
{
    row->state = state;
    row->session_seq = session_seq;
    row->changed_ms = g->now_ms;
    store_agenda_update(g->store, row);
}

static void put_off(struct stafette *g, struct agenda_item *row)
{
    set_state(g, row, AGENDA_WAITING, 0);
    agenda_audit(g, row, "put off to the next session");
    agenda_tell(g, row, "agenda.item.deferred", row->source);
}

static void drop(struct stafette *g, struct agenda_item *row, int64_t session_seq, const char *why)
{
    set_state(g, row, AGENDA_DROPPED, session_seq);
    agenda_audit(g, row, why);
    agenda_tell(g, row, "agenda.item.dropped", row->source);
}

/* ---- rows of a meeting */

struct rows {
    struct agenda_item *at;
    size_t n, cap;
};

static bool take_row(void *context, const struct agenda_item *row)
{
    struct rows *rows = context;
    rows->at = grow(rows->at, rows->n, &rows->cap, sizeof *rows->at);
    rows->at[rows->n++] = *row;
    return true;
}

/* ---- closing an agenda */

struct nominating {
    struct stafette *g;
    int64_t meeting_seq;
    int64_t case_key;
    bool found;
};

static bool look_waiting(void *context, const struct agenda_item *row)
{
    struct nominating *n = context;
    n->found = n->found || (row->item_seq == n->meeting_seq && row->state == AGENDA_WAITING);
    return !n->found;
}

/* True when the case waits for this meeting already, whoever brought it. */
static bool waits(struct stafette *g, int64_t meeting_seq, int64_t case_key)
{
    struct nominating n = {g, meeting_seq, case_key, false};
    store_agenda_each_of_case(g->store, case_key, &n, look_waiting);
    return n.found;
}

static void nominate(struct stafette *g, int64_t meeting_seq, const struct item *handover)
{
    bool again = handover->flags & ITEM_PING_PONG;
    struct agenda_item row = {.item_seq = meeting_seq,
                              .block = BLOCK_A,
                              .about_seq = handover->seq,
                              .case_key = handover->case_key,
                              .minutes = AGENDA_CASE_MIN,
                              .state = AGENDA_WAITING,
                              .added_ms = g->now_ms,
                              .changed_ms = g->now_ms};
    str_copy(row.reason, sizeof row.reason, again ? "rueckgabe" : "ueberfaellig");
    str_copy(row.by_unit, sizeof row.by_unit, handover->from_unit);
    str_copy(row.source, sizeof row.source, handover->source);
    store_agenda_add(g->store, &row);
    agenda_audit(g, &row, again ? "nominated because given back twice" : "nominated because late");
    agenda_tell(g, &row, "agenda.item.nominated", row.source);
}

static void nominate_of(struct stafette *g, int64_t meeting_seq, const char *unit)
{
    int64_t seqs[AGENDA_PRESSING_MAX];
    struct item item;
    size_t n = store_agenda_pressing(g->store, unit, seqs, AGENDA_PRESSING_MAX);
    for (size_t i = 0; i < n; i++)
        if (store_item_get(g->store, seqs[i], &item) && !waits(g, meeting_seq, item.case_key) &&
            !agenda_case_protected(g, item.case_key) &&
            store_agenda_waiting(g->store, meeting_seq) < AGENDA_MAX)
            nominate(g, meeting_seq, &item);
}

static void nominate_pressing(struct stafette *g, const struct meeting_view *view)
{
    if (view->kind->cases != CASES_BLOCK_A)
        return;
    for (size_t i = 0; i < view->members; i++)
        if (view->member[i].class == CLASS_STAFF)
            nominate_of(g, view->item.seq, view->member[i].unit);
    nominate_of(g, view->item.seq, view->host->id);
}

/* What stood on a session that did not take place, or was never ticked off there. */
static void take_back(struct stafette *g, const struct session *session)
{
    struct rows rows = {0};
    store_agenda_each(g->store, session->item_seq, session->seq, &rows, take_row);
    for (size_t i = 0; i < rows.n; i++)
        if (rows.at[i].state == AGENDA_FROZEN)
            put_off(g, &rows.at[i]);
    free(rows.at);
}

static bool did_not_take_place(const struct session *session)
{
    return session->state == SESSION_CANCELLED || session->state == SESSION_NOT_HELD ||
           session->state == SESSION_LEFT_OUT;
}

/* Why a row has no place on the agenda any more; NULL when it has. */
static const char *is_over(struct stafette *g, const struct agenda_item *row)
{
    struct item about;
    if (row->block == BLOCK_B)
        return NULL;
    if (agenda_case_protected(g, row->case_key))
        return "dropped because protected";
    /* Who named the case and not the item means the case, however its item ended. */
    if (str_empty(row->case_ref) &&
        (!store_item_get(g->store, row->about_seq, &about) || about.closed_ms))
        return "dropped because its item is over";
    return NULL;
}

static void settle_waiting(struct stafette *g, const struct session *session)
{
    struct rows rows = {0};
    store_agenda_each(g->store, session->item_seq, 0, &rows, take_row);
    for (size_t i = 0; i < rows.n; i++) {
        struct agenda_item *row = &rows.at[i];
        const char *over = is_over(g, row);
        if (row->state == AGENDA_DROPPED)
            continue;
        if (over)
            drop(g, row, session->seq, over);
        else if (row->state == AGENDA_COUNTED)
            set_state(g, row, AGENDA_COUNTED, session->seq);
        else
            set_state(g, row, AGENDA_FROZEN, session->seq);
    }
    free(rows.at);
}

/* ---- telling the members */

static bool comes(struct stafette *g, const struct session *session, const struct member *member)
{
    struct member now = *member;
    store_member_for(g->store, member->item_seq, member->unit, session->seq, &now);
    return now.status != STATUS_DECLINED;
}

/* Who was told, for what the case's item keeps of it. */
struct told {
    struct agenda_reader *at;
    size_t n;
};

static void tell_member(struct stafette *g, const struct agenda_sheet *sheet,
                        const struct agenda_reader *reader, struct told *told)
{
    struct buf lines = BUF_INIT, text = BUF_INIT;
    size_t withheld = 0;
    const struct item *item = &reader->view->item;
    const bool host = reader->unit == reader->view->host;
    const struct meeting_news news = {.what = "meeting.agenda",
                                      .session_seq = sheet->session->seq,
                                      .reason = host ? REASON_HOST : REASON_MEMBER};
    agenda_sheet_lines(g, reader, sheet, &lines, &withheld);
    buf_printf(&text, "agenda session=%lld unit=%s %zu withheld%s config=%s",
               (long long)sheet->session->seq, reader->unit->id, withheld,
               lines.len ? "" : ", nothing to tell", g->config->version);
    if (sheet->lines)
        store_audit_add(g->store, g->now_ms, item->seq, buf_str(&text));
    if (lines.len) {
        meeting_tell_unit(g, item, reader->unit, &news);
        told->at[told->n++] = *reader;
    }
    buf_release(&text);
    buf_release(&lines);
}

/* Who could read it, at the case's item: what the person concerned may ask (Art. 15 DSGVO). */
static void audit_line(struct stafette *g, const struct agenda_line *line, const struct told *told)
{
    struct buf text = BUF_INIT;
    if (!line->about.seq || line->row.block == BLOCK_B || !line->number)
        return;
    buf_printf(&text, "agenda=%lld told to", (long long)line->row.seq);
    for (size_t i = 0; i < told->n; i++)
        if (agenda_sees(g, &told->at[i], line))
            buf_printf(&text, " %s", told->at[i].unit->id);
    buf_printf(&text, " meeting=%lld config=%s", (long long)line->row.item_seq, g->config->version);
    store_audit_add(g->store, g->now_ms, line->about.seq, buf_str(&text));
    buf_release(&text);
}

static void tell_members(struct stafette *g, const struct meeting_view *view,
                         const struct session *session)
{
    struct agenda_sheet sheet;
    struct told told = {xcalloc(view->members + 1, sizeof *told.at), 0};
    const struct agenda_reader host = agenda_reader(view, view->host);
    agenda_sheet_read(g, session, &sheet);
    tell_member(g, &sheet, &host, &told);
    for (size_t i = 0; i < view->members; i++) {
        const struct member *member = &view->member[i];
        const struct agenda_reader reader = {
            view, directory_unit(g->config->directory, member->unit), member};
        if (reader.unit && reader.unit != view->host && meeting_is_invited(view, session, member) &&
            comes(g, session, member))
            tell_member(g, &sheet, &reader, &told);
    }
    for (size_t i = 0; i < sheet.lines; i++)
        audit_line(g, &sheet.line[i], &told);
    free(told.at);
    agenda_sheet_release(&sheet);
}

void agenda_freeze(struct stafette *g, struct item *item, struct session *session)
{
    struct meeting_view view;
    if (session->frozen_ms)
        return;
    if (meeting_view(g, item->seq, &view)) {
        for (size_t i = 0; i < view.sessions; i++)
            if (view.session[i].frozen_ms && did_not_take_place(&view.session[i]))
                take_back(g, &view.session[i]);
        nominate_pressing(g, &view);
        session->frozen_ms = g->now_ms;
        store_session_update(g->store, session);
        settle_waiting(g, session);
        tell_members(g, &view, session);
    }
    meeting_view_release(&view);
}

/* ---- afterwards */

size_t agenda_list(struct stafette *g, int64_t item_seq, int64_t session_seq,
                   struct agenda_item *item, size_t max)
{
    struct session session;
    struct agenda_sheet sheet;
    size_t n = 0;
    if (!store_session_get(g->store, session_seq, &session) || session.item_seq != item_seq)
        return 0;
    agenda_sheet_read(g, &session, &sheet);
    for (size_t i = 0; i < sheet.lines && n < max; i++)
        if (sheet.line[i].number && !sheet.line[i].is_protected)
            item[n++] = sheet.line[i].row;
    agenda_sheet_release(&sheet);
    return n;
}

/* The session at which a row was discussed whose agenda was never closed. */
static int64_t session_of(struct stafette *g, const struct agenda_item *row)
{
    struct session last;
    if (!row->session_seq &&
        store_session_last(g->store, row->item_seq, meeting_wall_now(g), &last))
        return last.seq;
    return row->session_seq;
}

void agenda_tick(struct stafette *g, int64_t agenda_seq, bool discussed)
{
    struct agenda_item row;
    struct item about;
    if (!store_agenda_get(g->store, agenda_seq, &row) ||
        (row.state != AGENDA_FROZEN && row.state != AGENDA_WAITING))
        return;
    if (!discussed) {
        if (row.state == AGENDA_FROZEN)
            put_off(g, &row);
        return;
    }
    set_state(g, &row, AGENDA_DISCUSSED, session_of(g, &row));
    agenda_audit(g, &row, "discussed");
    bool known = row.about_seq && store_item_get(g->store, row.about_seq, &about);
    agenda_tell(g, &row, "agenda.item.discussed", known ? about.source : row.source);
}

void agenda_close(struct stafette *g, const struct item *item)
{
    struct rows rows = {0};
    store_agenda_each(g->store, item->seq, 0, &rows, take_row);
    for (size_t i = 0; i < rows.n; i++)
        if (rows.at[i].state == AGENDA_WAITING)
            drop(g, &rows.at[i], 0, "dropped because the meeting is over");
    free(rows.at);
}
