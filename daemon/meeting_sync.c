/*
 * Meetings of the configuration: see meeting_sync() in meeting.h. After a start and after a new
 * configuration every meeting that it names is compared with the store by a hash over what members
 * hear of, a few in each turn; so a reload without a change tells nobody anything.
 */
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "directory.h"
#include "gateway.h"
#include "meeting_parts.h"
#include "meeting_special.h"
#include "store.h"
#include "util.h"
#include "workflow_parts.h"

size_t meeting_members_of(const struct unit *host, const struct meeting_setup *setup,
                          struct member *member, size_t max)
{
    const struct member_setup *from = setup && setup->members ? setup->member
                                      : host                  ? host->member
                                                              : NULL;
    size_t count = setup && setup->members ? setup->members : host ? host->members : 0;
    for (size_t i = 0; i < count && i < max; i++) {
        memset(&member[i], 0, sizeof member[i]);
        str_copy(member[i].unit, sizeof member[i].unit, from[i].unit->id);
        member[i].role = from[i].role;
        member[i].class = from[i].class;
        member[i].sessions_max = from[i].sessions_max;
    }
    return count < max ? count : max;
}

static void fill(const struct meeting_setup *setup, struct meeting *m)
{
    m->origin = ORIGIN_CONFIG;
    m->start_s = setup->start_s;
    m->duration_s = setup->duration_s;
    m->until_day = setup->until_day;
    m->holiday = setup->holiday;
    m->skip_school_holidays = setup->skip_school_holidays;
    m->mode = setup->mode;
    str_copy(m->meeting_id, sizeof m->meeting_id, setup->id);
    str_copy(m->kind, sizeof m->kind, setup->kind->id);
    str_copy(m->unit, sizeof m->unit, setup->unit->id);
    str_copy(m->rule, sizeof m->rule, setup->rule);
    str_copy(m->room, sizeof m->room, setup->room);
    str_copy(m->link, sizeof m->link, setup->link);
    str_copy(m->dial_in, sizeof m->dial_in, setup->dial_in);
    str_copy(m->setup_hash, sizeof m->setup_hash, setup->hash);
}

/* What lies wholly in the past is left as history in the configuration. */
static bool is_past(const struct stafette *g, const struct meeting_setup *setup)
{
    struct meeting m = {0};
    int64_t now_s = meeting_wall_now(g);
    for (size_t i = 0; i < setup->dates; i++)
        if (setup->date[i] > now_s)
            return false;
    for (size_t i = 0; i < setup->months; i++)
        if (setup->month[i] > now_s)
            return false;
    fill(setup, &m);
    m.planned_s = now_s;
    return !meeting_has_more(g, &m);
}

static void open_new(struct stafette *g, const struct meeting_setup *setup, struct member *member)
{
    struct meeting_wish wish = {.member = member};
    fill(setup, &wish.meeting);
    wish.members = meeting_members_of(setup->unit, setup, member, MEETING_MEMBERS_MAX);
    wish.date = setup->date;
    wish.dates = setup->dates;
    wish.month = setup->month;
    wish.months = setup->months;
    meeting_open(g, &wish);
}

static bool still_member(const struct member *member, size_t count, const char *unit)
{
    for (size_t i = 0; i < count; i++)
        if (str_eq(member[i].unit, unit))
            return true;
    return false;
}

static bool same_member(const struct member *a, const struct member *b)
{
    return a->role == b->role && a->class == b->class && a->sessions_max == b->sessions_max;
}

/* Who is new, or invited to other parts than before, is told the plan as it is for them. */
static bool is_new(void *context, const struct member *member)
{
    const struct meeting_view *before = context;
    const struct member *known = meeting_member(before, member->unit);
    return !known || !same_member(known, member);
}

/* Rows only. Who has left hears nothing more but cancellations. True when somebody is new. */
static bool change_members(struct stafette *g, const struct meeting_view *view,
                           const struct member *member, size_t count)
{
    bool changed = false;
    for (size_t i = 0; i < view->members; i++)
        if (!still_member(member, count, view->member[i].unit) &&
            !str_eq(view->member[i].unit, view->meeting.unit)) {
            store_member_drop(g->store, view->item.seq, view->member[i].unit);
            changed = true;
        }
    for (size_t i = 0; i < count; i++) {
        const struct member *known = meeting_member(view, member[i].unit);
        struct member now = known ? *known : member[i];
        if (known && same_member(known, &member[i]))
            continue;
        now.item_seq = view->item.seq;
        now.role = member[i].role;
        now.class = member[i].class;
        now.sessions_max = member[i].sessions_max;
        if (!known)
            now.invited_ms = g->now_ms;
        store_member_put(g->store, &now);
        changed = true;
    }
    return changed;
}

static void change_known(struct stafette *g, const struct meeting_setup *setup,
                         const struct meeting *known, struct member *member)
{
    struct meeting_view view;
    struct meeting_wish wish = {.meeting = *known,
                                .date = setup->date,
                                .dates = setup->dates,
                                .month = setup->month,
                                .months = setup->months};
    size_t count = meeting_members_of(setup->unit, setup, member, MEETING_MEMBERS_MAX);
    fill(setup, &wish.meeting);
    if (meeting_view(g, known->item_seq, &view)) {
        bool others = change_members(g, &view, member, count);
        bool told = meeting_change_dates(g, &wish);
        const struct meeting_news news = {.what = others ? "meeting.invited" : "meeting.changed",
                                          .reason = REASON_MEMBER,
                                          .wants = others ? is_new : NULL,
                                          .context = &view};
        /* What differs may not be in the plan: when a part begins for some (BI4). */
        if (others || !told)
            meeting_tell_all(g, &wish.meeting, &view.item, &news);
    }
    meeting_view_release(&view);
}

static void sync_one(struct stafette *g, const struct meeting_setup *setup, struct member *member)
{
    struct meeting known;
    struct item item;
    bool is_known = store_meeting_find(g->store, setup->id, &known) &&
                    store_item_get(g->store, known.item_seq, &item);
    if (is_known && str_eq(known.setup_hash, setup->hash))
        return;
    /* A rule is one entry in calendars, a list is many: the one does not become the other. */
    bool open = is_known && !item.closed_ms;
    bool other_kind = open && str_empty(known.rule) != str_empty(setup->rule);
    if (other_kind)
        meeting_cancel(g, known.item_seq, 0, "other");
    if (open && !other_kind)
        change_known(g, setup, &known, member);
    else if (!is_past(g, setup))
        open_new(g, setup, member);
}

/* So that it is a new one when the configuration has it again. */
static void forget_setup(struct stafette *g, struct meeting *known)
{
    if (str_eq(known->setup_hash, "-"))
        return;
    str_copy(known->setup_hash, sizeof known->setup_hash, "-");
    store_meeting_update(g->store, known);
}

/* A meeting that the configuration no longer has does not take place. */
static size_t sync_removed(struct stafette *g)
{
    struct meeting *known = xcalloc(MEETING_SYNC_SHARE, sizeof *known);
    size_t n = store_meeting_after(g->store, g->daily.meetings_after, ORIGIN_CONFIG, known,
                                   MEETING_SYNC_SHARE);
    for (size_t i = 0; i < n; i++) {
        if (!directory_meeting(g->config->directory, known[i].meeting_id)) {
            forget_setup(g, &known[i]);
            meeting_cancel(g, known[i].item_seq, 0, "other");
        }
        str_copy(g->daily.meetings_next, sizeof g->daily.meetings_next, known[i].meeting_id);
    }
    free(known);
    return n;
}

bool meeting_sync(struct stafette *g)
{
    const struct directory *dir = g->config->directory;
    size_t from = g->daily.meetings_from - 1, to = from + MEETING_SYNC_SHARE;
    if (from >= dir->meetings)
        return sync_removed(g) == MEETING_SYNC_SHARE;
    struct member *member = xcalloc(MEETING_MEMBERS_MAX, sizeof *member);
    for (size_t i = from; i < to && i < dir->meetings; i++) {
        sync_one(g, &dir->meeting[i], member);
        meeting_presence_look(g, &dir->meeting[i]);
    }
    free(member);
    return true;
}
