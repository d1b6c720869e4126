/*
 * Another plan for a whole meeting: see meeting.h. The new plan is laid over the old one: a session
 * that both have stays the same session, with its number, its answers and its agenda; one that the
 * new plan has not is dropped, or cancelled where it is a calendar entry of its own; one that only
 * the new plan has is added. What somebody moved by hand stays there unless the times themselves
 * change. All in the caller's transaction, so a crash leaves the old plan or the new one.
 */
#include <stdlib.h>
#include <string.h>

#include "directory.h"
#include "gateway.h"
#include "meeting_parts.h"
#include "meeting_special.h"
#include "store.h"
#include "store_clock.h"
#include "tell.h"
#include "util.h"
#include "workflow_parts.h"

enum { DAY_S = 86400 };

static bool collect(void *context, const struct session *session)
{
    struct sessions *all = context;
    if (session->state != SESSION_PLANNED && session->state != SESSION_LEFT_OUT &&
        session->state != SESSION_MONTH)
        return true;
    all->session = grow(all->session, all->count, &all->cap, sizeof *all->session);
    all->session[all->count++] = *session;
    return true;
}

void meeting_sessions(struct stafette *g, int64_t item_seq, struct sessions *all)
{
    store_session_each(g->store, item_seq, 0, all, collect);
}

int64_t meeting_next_sequence(struct stafette *g, const struct meeting *meeting)
{
    return larger(meeting->sequence, store_session_sequence(g->store, meeting->item_seq)) + 1;
}

/* ---- the new plan */

struct change {
    struct stafette *g;
    const struct meeting *before;
    struct meeting *after;
    const struct meeting_wish *list; /* NULL: dates of a list stay as they are */
    struct item *item;
    struct planned *planned;
    size_t count;
    int64_t now_s;
    bool new_times;
    bool touched; /* a session differs from what members know */
};

static bool same_plan(const struct meeting *a, const struct meeting *b)
{
    return a->start_s == b->start_s && a->duration_s == b->duration_s && str_eq(a->rule, b->rule) &&
           a->until_day == b->until_day && a->holiday == b->holiday &&
           a->skip_school_holidays == b->skip_school_holidays;
}

static bool same_place(const struct meeting *a, const struct meeting *b)
{
    return a->mode == b->mode && str_eq(a->room, b->room) && str_eq(a->link, b->link) &&
           str_eq(a->dial_in, b->dial_in);
}

static void want(struct change *c, int64_t original_s, int64_t start_s)
{
    c->planned[c->count++] = (struct planned){original_s, start_s, PLAN_AS_RULED, ""};
}

/* A single meeting, or a list: its dates are its plan. */
static void want_dates(struct change *c, const struct sessions *all)
{
    const struct meeting_wish *list = c->list;
    bool single = c->after->start_s && !(list && list->dates + list->months);
    for (size_t i = 0; i < all->count; i++) {
        const struct session *s = &all->session[i];
        if (s->state == SESSION_MONTH || s->start_s <= c->now_s)
            continue;
        if (single && all->count == 1)
            want(c, s->original_s, c->after->start_s);
        else if (!list)
            want(c, s->original_s, s->start_s);
    }
    if (!list)
        return;
    if (c->after->start_s > c->now_s && !c->count)
        want(c, c->after->start_s, c->after->start_s);
    for (size_t i = 0; i < list->dates && c->count < MEETING_SESSIONS_MAX; i++)
        if (list->date[i] > c->now_s)
            want(c, list->date[i], list->date[i]);
}

static void want_rule(struct change *c)
{
    int64_t from_s = c->now_s / DAY_S * DAY_S, to_s = from_s + (int64_t)MEETING_AHEAD_DAYS * DAY_S;
    c->count = meeting_expand(c->g, c->after, from_s, to_s, c->planned, MEETING_SESSIONS_MAX);
    bool full = c->count == MEETING_SESSIONS_MAX;
    c->after->planned_s = full ? c->planned[c->count - 1].original_s + 1 : to_s;
}

static const struct planned *find_planned(const struct change *c, int64_t original_s)
{
    for (size_t i = 0; i < c->count; i++)
        if (c->planned[i].original_s == original_s)
            return &c->planned[i];
    return NULL;
}

/* ---- laying it over the old one */

/* What a session has as the whole meeting had it follows the meeting; its own stays. */
static void put_place(const struct change *c, struct session *s)
{
    const struct meeting *a = c->before, *b = c->after;
    if (s->mode == a->mode)
        s->mode = b->mode;
    if (str_eq(s->room, a->room))
        str_copy(s->room, sizeof s->room, b->room);
    if (str_eq(s->link, a->link))
        str_copy(s->link, sizeof s->link, b->link);
}

static void put_times(const struct change *c, const struct planned *p, struct session *s)
{
    bool out = p->verdict == PLAN_LEFT_OUT, was_out = s->state == SESSION_LEFT_OUT;
    if (c->new_times || out != was_out) {
        s->start_s = p->start_s;
        s->duration_s = c->after->duration_s;
        s->state = out ? SESSION_LEFT_OUT : SESSION_PLANNED;
        str_copy(s->why, sizeof s->why, p->why);
    }
}

static bool same_session(const struct session *a, const struct session *b)
{
    return a->start_s == b->start_s && a->duration_s == b->duration_s && a->state == b->state &&
           a->mode == b->mode && str_eq(a->room, b->room) && str_eq(a->link, b->link);
}

static void tell_session(struct change *c, const struct session *s, const char *what)
{
    const struct meeting_news news = {.what = what,
                                      .session_seq = s->seq,
                                      .deadline_ms = meeting_answer_until(c->g, c->after, s),
                                      .reason = REASON_MEMBER};
    meeting_tell(c->g, c->item, &news);
}

static void keep(struct change *c, struct session *s, const struct planned *p)
{
    struct session was = *s;
    put_times(c, p, s);
    put_place(c, s);
    if (same_session(&was, s))
        return;
    c->touched = true;
    s->sequence = larger(s->sequence, c->after->sequence);
    store_session_update(c->g->store, s);
    if (s->start_s != was.start_s || s->duration_s != was.duration_s || s->state != was.state)
        meeting_plan_reminders(c->g, c->after, s);
    if (str_empty(c->after->rule))
        tell_session(c, s, "meeting.changed");
}

static void give_up(struct change *c, struct session *s)
{
    c->touched = true;
    if (str_empty(c->after->rule) && s->state == SESSION_PLANNED) {
        meeting_cancel_session(c->g, c->after, s);
        meeting_tell_cancelled(c->g, c->item, s->seq, false);
        return;
    }
    store_clock_cancel_session(c->g->store, c->item->seq, s->seq);
    store_session_drop(c->g->store, c->item->seq, s->seq);
}

static bool is_listed_month(const struct change *c, int64_t month_s)
{
    for (size_t i = 0; c->list && i < c->list->months; i++)
        if (c->list->month[i] == month_s)
            return true;
    return !c->list;
}

static void lay_over_old(struct change *c, struct sessions *all)
{
    for (size_t i = 0; i < all->count; i++) {
        struct session *s = &all->session[i];
        const struct planned *p = find_planned(c, s->original_s);
        if (s->state == SESSION_MONTH) {
            if (!is_listed_month(c, s->original_s))
                give_up(c, s);
        } else if (s->start_s <= c->now_s) {
            continue;
        } else if (p) {
            keep(c, s, p);
        } else {
            give_up(c, s);
        }
    }
}

static void add_new(struct change *c)
{
    for (size_t i = 0; i < c->count; i++) {
        struct session s;
        int64_t original_s = c->planned[i].original_s;
        if (c->planned[i].start_s <= c->now_s ||
            store_session_find(c->g->store, c->item->seq, original_s, &s))
            continue;
        c->touched = true;
        meeting_add_session(c->g, c->after, &c->planned[i]);
        if (str_empty(c->after->rule) &&
            store_session_find(c->g->store, c->item->seq, original_s, &s))
            tell_session(c, &s, "meeting.invited");
    }
    for (size_t i = 0; c->list && i < c->list->months; i++)
        meeting_add_month(c->g, c->after, c->list->month[i]);
}

/* A series is told as a whole; when nothing is left of it, that it ends. */
static void tell_series(struct change *c)
{
    const struct meeting_news news = {.what = "meeting.changed", .reason = REASON_MEMBER};
    if (!meeting_tell_all(c->g, c->after, c->item, &news))
        meeting_tell_cancelled(c->g, c->item, 0, false);
}

static void replan(struct change *c)
{
    struct sessions all = {0};
    meeting_sessions(c->g, c->item->seq, &all);
    c->planned = xcalloc(MEETING_SESSIONS_MAX + all.count, sizeof *c->planned);
    if (!str_empty(c->after->rule))
        want_rule(c);
    else
        want_dates(c, &all);
    lay_over_old(c, &all);
    add_new(c);
    free(c->planned);
    free(all.session);
}

static void put_owner(struct stafette *g, struct item *item, const struct meeting *meeting)
{
    str_copy(item->owner_unit, sizeof item->owner_unit, meeting->unit);
    str_copy(item->waiting_unit, sizeof item->waiting_unit, meeting->unit);
    store_item_update(g->store, item);
}

static bool change(struct stafette *g, const struct meeting *wanted,
                   const struct meeting_wish *list)
{
    struct meeting before, after = *wanted;
    struct item item;
    if (!store_meeting_get(g->store, wanted->item_seq, &before) ||
        !store_item_get(g->store, wanted->item_seq, &item) || item.closed_ms)
        return false;
    struct change c = {.g = g,
                       .before = &before,
                       .after = &after,
                       .list = list,
                       .item = &item,
                       .now_s = meeting_wall_now(g),
                       .new_times = !same_plan(&before, wanted)};
    after.sequence = meeting_next_sequence(g, &before);
    after.planned_s = before.planned_s;
    store_meeting_update(g->store, &after);
    put_owner(g, &item, &after);
    if (c.new_times)
        store_member_ask_again(g->store, item.seq, 0);
    replan(&c);
    bool changed = c.touched || c.new_times || !same_place(&before, wanted);
    if (!changed)
        after.sequence = before.sequence;
    store_meeting_update(g->store, &after);
    meeting_set_clock(g, &after, &item);
    if (!changed)
        return false;
    meeting_note(g, item.seq, "meeting changed", "plan");
    if (!str_empty(after.rule))
        tell_series(&c);
    if (c.new_times)
        meeting_chain_moved(g, &after);
    tell_status(g, &item, "meeting.changed", "meeting_id", after.meeting_id);
    return true;
}

bool meeting_change(struct stafette *g, const struct meeting *wanted)
{
    return change(g, wanted, NULL);
}

bool meeting_change_dates(struct stafette *g, const struct meeting_wish *wish)
{
    return change(g, &wish->meeting, wish);
}

/* ---- mode */

/* False when the session is as wanted already, or begins before. */
static bool switch_session(const struct change *c, struct session *s,
                           const struct meeting_switch *wanted)
{
    bool same = s->mode == wanted->mode &&
                (str_empty(wanted->link) || str_eq(s->link, wanted->link)) &&
                (str_empty(wanted->room) || str_eq(s->room, wanted->room));
    if (s->state != SESSION_PLANNED || s->start_s < wanted->from_s || s->start_s <= c->now_s ||
        same)
        return false;
    s->mode = wanted->mode;
    s->sequence = larger(s->sequence, c->after->sequence);
    if (!str_empty(wanted->link))
        str_copy(s->link, sizeof s->link, wanted->link);
    if (!str_empty(wanted->room))
        str_copy(s->room, sizeof s->room, wanted->room);
    store_session_update(c->g->store, s);
    return true;
}

static void switch_meeting(struct stafette *g, struct meeting *meeting, const struct item *item,
                           const struct meeting_switch *wanted)
{
    const struct meeting_news news = {.what = "meeting.changed",
                                      .reason = REASON_MEMBER,
                                      .outcome = wanted->mode == MODE_ONLINE
                                                     ? "Der Termin findet jetzt online statt."
                                                     : "Ort oder Art des Termins ist anders."};
    meeting->mode = wanted->mode;
    if (!str_empty(wanted->link))
        str_copy(meeting->link, sizeof meeting->link, wanted->link);
    if (!str_empty(wanted->room))
        str_copy(meeting->room, sizeof meeting->room, wanted->room);
    store_meeting_update(g->store, meeting);
    meeting_note(g, item->seq, "meeting changed", "mode");
    meeting_tell_all(g, meeting, item, &news);
}

bool meeting_switch_mode(struct stafette *g, int64_t item_seq, const struct meeting_switch *wanted)
{
    struct sessions all = {0};
    struct meeting meeting;
    struct item item;
    size_t changed = 0;
    if (!store_meeting_get(g->store, item_seq, &meeting) ||
        !store_item_get(g->store, item_seq, &item) || item.closed_ms)
        return false;
    const struct change c = {.g = g, .after = &meeting, .now_s = meeting_wall_now(g)};
    meeting.sequence = meeting_next_sequence(g, &meeting);
    meeting_sessions(g, item_seq, &all);
    for (size_t i = 0; i < all.count; i++)
        changed += switch_session(&c, &all.session[i], wanted);
    free(all.session);
    if (changed)
        switch_meeting(g, &meeting, &item, wanted);
    return changed > 0;
}
