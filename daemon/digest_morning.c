/*
 * A team's day: what waits for its answer with a deadline today or on its next staffed day, its
 * meetings today, and once a week what it is told as a number only. What it was not told of before
 * is not here: a first notice never waits for an overview. Protected items are never here (DOMAIN
 * R10, R11).
 */
#include "buf.h"
#include "config.h"
#include "digest_text.h"
#include "directory.h"
#include "gateway.h"
#include "meeting_kind.h"
#include "store_digest.h"
#include "store_item.h"
#include "store_meeting.h"
#include "store_tally.h"
#include "tally.h"
#include "util.h"
#include "walltime.h"
#include "worktime.h"

enum { DAYS_OF_WEEK = 7, DAY_S = 86400, NEXT_DAY_MAX = 14 };

struct morning {
    struct section *section;
    const struct unit *unit;
    int64_t today, next_day; /* the next day on which the unit is staffed */
};

/* The day after at least; a unit that is hardly ever there looks no further than two weeks. */
static int64_t next_staffed(const struct unit *unit, int64_t day)
{
    for (int64_t next = day + 1; next <= day + NEXT_DAY_MAX; next++)
        if (worktime_is_staffed(&unit->hours, next))
            return next;
    return day + 1;
}

/* A statutory clock has its end, which is no clock of ours: those before it are warnings. */
static bool is_due(const struct morning *m, const struct digest_item *item)
{
    return item->kind != ITEM_DEADLINE || item->due_day <= m->next_day;
}

static void put_item(void *context, const struct digest_item *item)
{
    struct morning *m = context;
    struct section *s = m->section;
    if (item->kind == ITEM_MEETING || !is_due(m, item) ||
        !store_item_asked(s->g->store, item->seq, m->unit->id) || !section_row(s))
        return;
    digest_code(s->out, s->g, item->seq);
    buf_printf(s->out, " (%s): ", item_kind_german(item->kind));
    if (item->kind == ITEM_DEADLINE) {
        buf_puts(s->out, "die Frist endet am ");
        day_german(s->out, item->due_day);
        return;
    }
    buf_puts(s->out, item->flags & ITEM_OVERDUE ? "überfällig, die nächste Stelle erfährt es am "
                                                : "bitte antworten bis ");
    time_german(s->out, item->due_ms);
}

static void put_items(struct morning *m)
{
    store_digest_due(m->section->g->store, m->unit->id, m->section->g->now_ms,
                     wall_ms(m->next_day + 1, 0), DIGEST_LOOK_MAX, m, put_item);
}

static void put_time(struct buf *out, int64_t at_s)
{
    buf_printf(out, "%02d:%02d", (int)(at_s % DAY_S / 3600), (int)(at_s % 3600 / 60));
}

static bool put_session(void *context, const struct session *session)
{
    struct morning *m = context;
    struct section *s = m->section;
    struct meeting meeting;
    struct member member;
    if (session->start_s / DAY_S != m->today ||
        !store_meeting_get(s->g->store, session->item_seq, &meeting))
        return true;
    const struct meeting_kind *kind = meeting_kind_find(meeting.kind);
    bool declined =
        store_member_for(s->g->store, session->item_seq, m->unit->id, session->seq, &member) &&
        member.status == STATUS_DECLINED;
    if (!kind || declined || !section_row(s))
        return true;
    put_time(s->out, session->start_s);
    buf_puts(s->out, " bis ");
    put_time(s->out, session->start_s + session->duration_s);
    buf_printf(s->out, " Uhr: %s (", kind->name);
    digest_code(s->out, s->g, session->item_seq);
    buf_addc(s->out, ')');
    return true;
}

static void put_sessions(struct morning *m)
{
    store_session_of_unit(m->section->g->store, m->unit->id, m->today * DAY_S,
                          (m->today + 1) * DAY_S, m, put_session);
}

static void put_count(void *context, const char *unit, int64_t week, int64_t items)
{
    struct morning *m = context;
    struct section *s = m->section;
    if (week != tally_week(s->g->now_ms) - DAYS_OF_WEEK || !str_eq(unit, m->unit->id) ||
        !section_row(s))
        return;
    buf_puts(s->out, "Vorgänge, die andere Stellen übernommen haben: ");
    digest_masked(s->out, items);
}

/* On the unit's first day of a week only: from one day to the next, a count would tell of single
 * items (R25). */
static void put_counts(struct morning *m)
{
    const int64_t monday = m->today - day_weekday(m->today);
    for (int64_t day = monday; day < m->today; day++)
        if (worktime_is_staffed(&m->unit->hours, day))
            return;
    store_tally_each(m->section->g->store, monday - DAYS_OF_WEEK, m, put_count);
}

bool digest_morning(struct stafette *g, const struct unit *unit, struct buf *out)
{
    static const struct {
        const char *title;
        void (*put)(struct morning *m);
    } sections[] = {
        {"Fristen heute und am nächsten Arbeitstag", put_items},
        {"Termine heute", put_sessions},
        {"Nur als Zahl mitgeteilt, letzte Woche", put_counts},
    };
    const int64_t today = berlin_day(g->now_ms);
    bool any = false;
    for (size_t i = 0; i < COUNT_OF(sections); i++) {
        struct section s = {.g = g, .out = out, .title = sections[i].title};
        struct morning m = {&s, unit, today, next_staffed(unit, today)};
        sections[i].put(&m);
        section_end(&s);
        any = any || s.rows > 0;
    }
    return any;
}
