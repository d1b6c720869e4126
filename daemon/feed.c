/*
 * Private feeds: see feed.h. Each session is an event of its own, not a rule with exceptions:
 * calendars that subscribe show it right whatever became of its series. Their UIDs are not those of
 * invitations, so that nobody can answer them, and a calendar that has both shows both for what
 * they are. Reads the store; writes nothing but the epoch.
 */
#include "feed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "code.h"
#include "config.h"
#include "directory.h"
#include "feed_secret.h"
#include "gateway.h"
#include "ical.h"
#include "meeting.h"
#include "store.h"
#include "store_audit.h"
#include "util.h"

enum { DAY_S = 86400 };

/* ---- the epoch */

static void meta_name(char name[2 * ID_MAX], const struct unit *unit)
{
    snprintf(name, 2 * ID_MAX, "feed/%s", unit->id);
}

int64_t feed_epoch(struct stafette *g, const struct unit *unit)
{
    char name[2 * ID_MAX];
    meta_name(name, unit);
    return store_meta_int(g->store, name);
}

int64_t feed_renew(struct stafette *g, const struct unit *unit)
{
    char name[2 * ID_MAX];
    struct buf text = BUF_INIT;
    int64_t epoch = (feed_epoch(g, unit) + 1) & FEED_EPOCH_MAX;
    meta_name(name, unit);
    store_meta_set_int(g->store, name, epoch);
    buf_printf(&text, "feed unit=%s renewed", unit->id);
    store_audit_add(g->store, g->now_ms, 0, buf_str(&text));
    buf_release(&text);
    return epoch;
}

/* ---- the calendar */

struct row {
    struct buf uid, summary, description, location;
    struct ical_event event;
};

struct feed {
    struct stafette *g;
    const struct unit *unit;
    struct row *row;
    size_t rows, cap;
    struct meeting_view *view; /* of the meetings met so far */
    size_t views, view_cap;
};

static const struct meeting_view *view_of(struct feed *f, int64_t item_seq)
{
    for (size_t i = 0; i < f->views; i++)
        if (f->view[i].meeting.item_seq == item_seq)
            return &f->view[i];
    f->view = grow(f->view, f->views, &f->view_cap, sizeof *f->view);
    if (!meeting_view(f->g, item_seq, &f->view[f->views])) {
        meeting_view_release(&f->view[f->views]);
        return NULL;
    }
    return &f->view[f->views++];
}

static void put_uid(const struct stafette *g, const struct session *session, struct buf *out)
{
    unsigned char mac[DIGEST_FULL];
    struct buf text = BUF_INIT;
    buf_printf(&text, "s%lld", (long long)session->seq);
    digest_hmac(mac, g->keys.token, text.data, text.len);
    buf_printf(out, "%s.", buf_str(&text));
    digest_hex(out, mac, 4);
    buf_printf(out, "@%s", g->config->settings.mail_id_domain);
    buf_release(&text);
}

static void put_texts(const struct feed *f, struct row *row, const struct meeting_view *view,
                      const struct session *session, enum member_status status)
{
    char code[ITEM_ID_LEN + 1];
    code_write(code, view->item.seq, f->g->keys.code);
    put_uid(f->g, session, &row->uid);
    buf_printf(&row->summary, "%s %s", view->kind->name, code);
    buf_printf(&row->description, "Kennung: %s\n", code);
    buf_printf(&row->description, "Ihre Antwort: %s\n", member_status_german(status));
    if (view->kind->cases == CASES_ONE) {
        buf_puts(&row->description, "Ort: siehe Einladung");
        return;
    }
    buf_printf(&row->description, "Vorbereitet von: %s", view->host->name);
    meeting_where(&row->location, &view->meeting, session);
}

static bool put_session(void *context, const struct session *session)
{
    struct feed *f = context;
    struct member member;
    int64_t start_s, duration_s;
    const struct meeting_view *view = view_of(f, session->item_seq);
    const struct member *whole = view ? meeting_member(view, f->unit->id) : NULL;
    if (!whole || !meeting_is_invited(view, session, whole) ||
        !store_member_for(f->g->store, session->item_seq, f->unit->id, session->seq, &member))
        return true;
    f->row = grow(f->row, f->rows, &f->cap, sizeof *f->row);
    struct row *row = &f->row[f->rows++];
    memset(row, 0, sizeof *row);
    put_texts(f, row, view, session, member.status);
    meeting_times_for(view, session, whole, &start_s, &duration_s);
    row->event.sequence =
        session->sequence > view->meeting.sequence ? session->sequence : view->meeting.sequence;
    row->event.dtstamp_ms = view->item.changed_ms;
    row->event.start_s = start_s;
    row->event.end_s = start_s + duration_s;
    return f->rows < FEED_SESSIONS_MAX;
}

/* The rows stand still now: their texts may be pointed to. */
static void write_rows(struct feed *f, struct buf *out)
{
    struct buf name = BUF_INIT;
    struct ical_event *event = xcalloc(f->rows + 1, sizeof *event);
    for (size_t i = 0; i < f->rows; i++) {
        event[i] = f->row[i].event;
        event[i].uid = buf_str(&f->row[i].uid);
        event[i].summary = buf_str(&f->row[i].summary);
        event[i].description = buf_str(&f->row[i].description);
        event[i].location = buf_str(&f->row[i].location);
        event[i].organizer_address = f->g->config->settings.mail_from;
        event[i].organizer_name = "Stafette";
    }
    buf_printf(&name, "Termine: %s", f->unit->name);
    ical_write_feed(out, buf_str(&name), event, f->rows);
    buf_release(&name);
    free(event);
}

static void release(struct feed *f)
{
    for (size_t i = 0; i < f->rows; i++) {
        buf_release(&f->row[i].uid);
        buf_release(&f->row[i].summary);
        buf_release(&f->row[i].description);
        buf_release(&f->row[i].location);
    }
    for (size_t i = 0; i < f->views; i++)
        meeting_view_release(&f->view[i]);
    free(f->row);
    free(f->view);
}

void feed_write(struct stafette *g, const struct unit *unit, struct buf *out)
{
    struct feed f = {.g = g, .unit = unit};
    int64_t now_s = meeting_wall_now(g);
    int64_t from_s = (now_s / DAY_S - FEED_BACK_DAYS) * DAY_S;
    int64_t to_s = (now_s / DAY_S + MEETING_AHEAD_DAYS) * DAY_S;
    store_session_of_feed(g->store, unit->id, from_s, to_s, &f, put_session);
    write_rows(&f, out);
    release(&f);
}
