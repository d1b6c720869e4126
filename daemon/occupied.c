/*
 * What keeps a unit from coming: see occupied.h. Absences are those of the directory and those that
 * were reported; meetings are the planned sessions of which the unit is a member.
 */
#include "occupied.h"

#include <stdbool.h>
#include <stddef.h>

#include "buf.h"
#include "config.h"
#include "directory.h"
#include "gateway.h"
#include "holiday.h"
#include "meeting.h"
#include "store_absence.h"
#include "util.h"
#include "walltime.h"
#include "worktime.h"

const char *occupied_name(enum occupied_by by)
{
    switch (by) {
    case OCCUPIED_ABSENCE:
        return "absence";
    case OCCUPIED_MEETING:
        return "meeting";
    case OCCUPIED_HOLIDAY:
        return "holiday";
    case OCCUPIED_CLOSED:
        return "closed";
    }
    return "";
}

struct search {
    const struct unit *unit;
    const struct occupied_span *span;
    void *context;
    void (*each)(void *context, const struct occupied *occupied);
};

static void offer(const struct search *s, const struct occupied *occupied)
{
    if (occupied->from_ms < s->span->to_ms && occupied->to_ms > s->span->from_ms)
        s->each(s->context, occupied);
}

static void take_absence(void *context, const struct absence_row *row)
{
    const struct search *s = context;
    const struct occupied occupied = {row->from_ms, row->to_ms, OCCUPIED_ABSENCE, 0};
    if (str_eq(row->unit, s->unit->id))
        offer(s, &occupied);
}

static bool take_session(void *context, const struct session *session)
{
    const struct search *s = context;
    const struct occupied occupied = {meeting_moment(session->start_s),
                                      meeting_moment(session->start_s + session->duration_s),
                                      OCCUPIED_MEETING, session->item_seq};
    if (session->item_seq != s->span->except_seq)
        offer(s, &occupied);
    return true;
}

static int64_t wall_seconds(int64_t at_ms)
{
    int second;
    int64_t day = wall_day(at_ms, &second);
    return day * 86400 + second;
}

void occupied_each(struct stafette *g, const struct unit *unit, const struct occupied_span *span,
                   void *context, void (*each)(void *context, const struct occupied *occupied))
{
    struct search search = {unit, span, context, each};
    for (size_t i = 0; i < unit->absences; i++) {
        const struct occupied occupied = {unit->absence[i].from_ms, unit->absence[i].to_ms,
                                          OCCUPIED_ABSENCE, 0};
        offer(&search, &occupied);
    }
    store_absence_each(g->store, span->from_ms, &search, take_absence);
    /* An hour more on both sides: on the night of a change of the clock the wall shows less. */
    store_session_of_unit(g->store, unit->id, wall_seconds(span->from_ms) - 3600,
                          wall_seconds(span->to_ms) + 3600, &search, take_session);
}

/* An office opens and closes once a day. */
static bool is_open_all(const struct worktime *hours, const struct occupied_span *span)
{
    return worktime_is_open(hours, span->from_ms) && worktime_is_open(hours, span->to_ms - 1) &&
           wall_day(span->from_ms, NULL) == wall_day(span->to_ms - 1, NULL);
}

void occupied_collisions(struct stafette *g, const struct unit *unit,
                         const struct occupied_span *span, void *context,
                         void (*each)(void *context, const struct occupied *occupied))
{
    int64_t day = wall_day(span->from_ms, NULL);
    struct occupied closed = {span->from_ms, span->to_ms, OCCUPIED_CLOSED, 0};
    occupied_each(g, unit, span, context, each);
    if (is_open_all(&unit->hours, span))
        return;
    if (worktime_is_arbeitstag("", day) && !worktime_is_staffed(&unit->hours, day) &&
        unit->hours.open_s[day_weekday(day)] < unit->hours.close_s[day_weekday(day)])
        closed.by = OCCUPIED_HOLIDAY;
    each(context, &closed);
}

void occupied_german(struct stafette *g, const struct unit *unit, const struct occupied *occupied,
                     struct buf *out)
{
    struct meeting meeting;
    const struct meeting_kind *kind;
    const struct unit *host;
    const char *holiday = holiday_name(unit->hours.calendar, wall_day(occupied->from_ms, NULL));
    switch (occupied->by) {
    case OCCUPIED_ABSENCE:
        buf_puts(out, "abwesend");
        return;
    case OCCUPIED_HOLIDAY:
        buf_puts(out, holiday ? holiday : "Schließtag");
        return;
    case OCCUPIED_CLOSED:
        buf_puts(out, "außerhalb der Dienstzeit");
        return;
    case OCCUPIED_MEETING:
        break;
    }
    if (!store_meeting_get(g->store, occupied->meeting_seq, &meeting))
        return;
    kind = meeting_kind_find(meeting.kind);
    host = directory_unit(g->config->directory, meeting.unit);
    buf_printf(out, "%s, %s", kind ? kind->name : "Termin", host ? host->name : meeting.unit);
}
