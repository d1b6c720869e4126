/*
 * Warnings about the meetings of a configuration: see meeting_check.h. All sessions of all members
 * are put in one list by unit and time, so that a town with thousands of meetings is checked in one
 * walk and not in pairs.
 */
#include "meeting_check.h"

#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "conf.h"
#include "config.h"
#include "directory.h"
#include "meeting.h"
#include "school.h"
#include "series.h"
#include "util.h"
#include "walltime.h"

enum { DAY_S = 86400 };

/* One session of one member. */
struct seat {
    const struct unit *unit;
    const struct meeting_setup *meeting;
    int64_t start_s;
};

struct collision {
    const struct meeting_setup *a, *b; /* in the order of the configuration */
    const struct unit *unit;
    int64_t start_s, duration_s; /* of the later one */
};

struct check {
    const struct config *config;
    struct conf_faults *faults;
    int64_t from_s, to_s;
    struct seat *seat;
    size_t seats, seats_cap;
    struct collision *hit;
    size_t hits, hits_cap;
};

static struct conf_node place_of(const struct meeting_setup *m)
{
    return (struct conf_node){.name = "", .text = "", .file = m->file, .line = m->line};
}

/* ---- school holidays */

/* Day by day of the series, so that a school year that ends in summer is seen. */
static void check_school(struct check *c, const struct meeting_setup *m,
                         const struct planned *planned, size_t count)
{
    const struct conf_node at = place_of(m);
    for (size_t i = 0; m->skip_school_holidays && i < count; i++) {
        int year, month, mday;
        int64_t day = planned[i].original_s / DAY_S;
        if (school_knows(c->config->school, m->unit->hours.calendar, day))
            continue;
        day_split(day, &year, &month, &mday);
        conf_warning(
            c->faults, &at,
            "meeting \"%s\" leaves out school holidays, but those of %d are not known from "
            "%02d.%02d. on; complete the file that gateway.school_holidays names",
            m->id, year, mday, month);
        return;
    }
}

/* ---- collisions */

static void add_seat(struct check *c, const struct unit *unit, const struct meeting_setup *m,
                     int64_t start_s)
{
    c->seat = grow(c->seat, c->seats, &c->seats_cap, sizeof *c->seat);
    c->seat[c->seats++] = (struct seat){unit, m, start_s};
}

static void add_session(struct check *c, const struct meeting_setup *m, int64_t start_s)
{
    const struct member_setup *member = m->members ? m->member : m->unit->member;
    size_t count = m->members ? m->members : m->unit->members;
    bool is_member = false;
    for (size_t i = 0; i < count; i++) {
        add_seat(c, member[i].unit, m, start_s);
        is_member = is_member || member[i].unit == m->unit;
    }
    if (!is_member)
        add_seat(c, m->unit, m, start_s);
}

static void add_meeting(struct check *c, const struct meeting_setup *m, struct planned *planned)
{
    const struct series series = {.rule = m->rule,
                                  .start_s = m->start_s,
                                  .until_day = m->until_day,
                                  .date = m->date,
                                  .dates = m->dates,
                                  .except = m->except,
                                  .excepts = m->excepts,
                                  .holiday = m->holiday,
                                  .skip_school_holidays = m->skip_school_holidays,
                                  .hours = &m->unit->hours,
                                  .school = c->config->school};
    if (!m->start_s && !m->dates)
        return;
    size_t n = series_expand(&series, c->from_s, c->to_s, planned, MEETING_SESSIONS_MAX);
    check_school(c, m, planned, n);
    for (size_t i = 0; i < n; i++)
        if (planned[i].verdict != PLAN_LEFT_OUT)
            add_session(c, m, planned[i].start_s);
}

static int by_pointer(const void *a, const void *b)
{
    return (a > b) - (a < b);
}

static int by_number(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

static int by_unit_and_time(const void *a, const void *b)
{
    const struct seat *x = a, *y = b;
    int order = by_pointer(x->unit, y->unit);
    return order ? order : by_number(x->start_s, y->start_s);
}

static int by_pair_and_time(const void *a, const void *b)
{
    const struct collision *x = a, *y = b;
    int order = by_pointer(x->a, y->a);
    order = order ? order : by_pointer(x->b, y->b);
    order = order ? order : by_number(x->start_s, y->start_s);
    return order ? order : by_pointer(x->unit, y->unit);
}

static void add_collision(struct check *c, const struct seat *x, const struct seat *y)
{
    bool first = x->meeting < y->meeting;
    c->hit = grow(c->hit, c->hits, &c->hits_cap, sizeof *c->hit);
    c->hit[c->hits++] =
        (struct collision){first ? x->meeting : y->meeting, first ? y->meeting : x->meeting,
                           x->unit, y->start_s, y->meeting->duration_s};
}

static void find_collisions(struct check *c)
{
    if (c->seats)
        qsort(c->seat, c->seats, sizeof *c->seat, by_unit_and_time);
    for (size_t i = 0; i < c->seats; i++) {
        const struct seat *x = &c->seat[i];
        int64_t end_s = x->start_s + x->meeting->duration_s;
        for (const struct seat *y = x + 1; y < c->seat + c->seats && y->unit == x->unit; y++) {
            if (y->start_s >= end_s)
                break;
            if (y->meeting != x->meeting)
                add_collision(c, x, y);
        }
    }
    if (c->hits)
        qsort(c->hit, c->hits, sizeof *c->hit, by_pair_and_time);
}

static bool same_pair(const struct collision *x, const struct collision *y)
{
    return x->a == y->a && x->b == y->b;
}

/* Tells of the pair that begins at hit[i]; returns where the next one begins. One moment counts
 * once, however many units sit in both. */
static size_t tell_pair(struct check *c, size_t i)
{
    size_t times = 0, next = i;
    struct buf shown = BUF_INIT;
    const struct collision *first = &c->hit[i];
    const struct conf_node at = place_of(first->b);
    for (; next < c->hits && same_pair(&c->hit[next], first); next++) {
        if (next > i && c->hit[next].start_s == c->hit[next - 1].start_s)
            continue;
        if (times++ < MEETING_CHECK_SHOWN) {
            buf_puts(&shown, times > 1 ? "; " : "");
            meeting_when(&shown, c->hit[next].start_s, c->hit[next].duration_s);
        }
    }
    conf_warning(c->faults, &at,
                 "meeting \"%s\" collides with \"%s\" for unit \"%s\", %zu times in the next %d "
                 "days: %s%s",
                 first->b->id, first->a->id, first->unit->id, times, MEETING_CHECK_DAYS,
                 buf_str(&shown), times > MEETING_CHECK_SHOWN ? " ..." : "");
    buf_release(&shown);
    return next;
}

void meeting_check(const struct config *config, int64_t now_ms, struct conf_faults *faults)
{
    const struct directory *dir = config->directory;
    int64_t today_s = wall_day(now_ms, NULL) * DAY_S;
    struct check c = {.config = config,
                      .faults = faults,
                      .from_s = today_s,
                      .to_s = today_s + (int64_t)MEETING_CHECK_DAYS * DAY_S};
    struct planned *planned = xcalloc(MEETING_SESSIONS_MAX, sizeof *planned);
    for (size_t i = 0; i < dir->meetings; i++)
        add_meeting(&c, &dir->meeting[i], planned);
    find_collisions(&c);
    for (size_t i = 0; i < c.hits;)
        i = tell_pair(&c, i);
    free(planned);
    free(c.seat);
    free(c.hit);
}
