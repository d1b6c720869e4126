/*
 * Series of meetings: see series.h.
 *
 * First every date of the rule gets a verdict by itself; then those that have to give way look for
 * a place, in the order of their dates, past all that stand and all that moved before. Dates around
 * the window are looked at as well, so that a session lands on the same day whatever window it is
 * asked in. Promises: no clock, and each date of the rule in the answer once, whatever became of
 * it. Refuses nothing: a rule that is none has no sessions (ical_rule_check() says why). A crash
 * leaves nothing.
 */
#include "series.h"

#include <stdlib.h>

#include "holiday.h"
#include "ical.h"
#include "school.h"
#include "util.h"
#include "worktime.h"

enum {
    DAY_S = 86400,
    DAYS_BEFORE = 7 * SERIES_MOVE_DAYS, /* whose moves may still press on the window */
    FIRST_GUESS = 64                    /* dates of a window */
};

struct draft {
    struct planned plan;
    bool gives_way; /* left out, unless it finds a place */
};

struct draft_list {
    struct draft *draft;
    size_t count;
};

const char *holiday_rule_name(enum holiday_rule rule)
{
    switch (rule) {
    case HOLIDAY_KEEP:
        return "keep";
    case HOLIDAY_SKIP:
        return "skip";
    case HOLIDAY_PLUS_WEEK:
        return "plus_week";
    case HOLIDAY_NEXT_DAY:
        return "next_day";
    case HOLIDAY_RULE_COUNT:
        break;
    }
    return "";
}

bool holiday_rule_parse(const char *name, enum holiday_rule *rule)
{
    for (int i = 0; i < HOLIDAY_RULE_COUNT; i++)
        if (str_eq(holiday_rule_name((enum holiday_rule)i), name)) {
            *rule = (enum holiday_rule)i;
            return true;
        }
    return false;
}

static int64_t day_at(int64_t wall_s)
{
    return wall_s / DAY_S - (wall_s % DAY_S < 0);
}

static int second_at(int64_t wall_s)
{
    return (int)(wall_s - day_at(wall_s) * DAY_S);
}

/* All dates of the rule in [from_s, to_s); the caller frees them. */
static int64_t *rule_starts(const struct series *series, int64_t from_s, int64_t to_s,
                            size_t *count)
{
    size_t cap = FIRST_GUESS;
    int64_t *start = xcalloc(cap, sizeof *start);
    *count = ical_expand(series->rule, series->start_s, from_s, to_s, start, cap);
    while (*count == cap && cap < SERIES_STARTS_MAX) {
        cap = cap * 4 < SERIES_STARTS_MAX ? cap * 4 : SERIES_STARTS_MAX;
        start = xrealloc(start, cap * sizeof *start);
        *count = ical_expand(series->rule, series->start_s, from_s, to_s, start, cap);
    }
    return start;
}

static int64_t *listed_starts(const int64_t *date, size_t dates, int64_t from_s, int64_t to_s,
                              size_t *count)
{
    int64_t *start = xcalloc(dates + 1, sizeof *start);
    *count = 0;
    for (size_t i = 0; i < dates && *count < SERIES_STARTS_MAX; i++)
        if (date[i] >= from_s && date[i] < to_s && (*count == 0 || date[i] > start[*count - 1]))
            start[(*count)++] = date[i];
    return start;
}

static int64_t *starts_of(const struct series *series, int64_t from_s, int64_t to_s, size_t *count)
{
    if (series->until_day && to_s > (series->until_day + 1) * DAY_S)
        to_s = (series->until_day + 1) * DAY_S;
    if (series->dates > 0)
        return listed_starts(series->date, series->dates, from_s, to_s, count);
    if (!str_empty(series->rule))
        return rule_starts(series, from_s, to_s, count);
    return listed_starts(&series->start_s, 1, from_s, to_s, count);
}

static bool is_excepted(const struct series *series, int64_t day)
{
    for (size_t i = 0; i < series->excepts; i++)
        if (series->except[i] == day)
            return true;
    return false;
}

/* Why no session is held then, but for the series' own will; NULL when nothing hinders it. */
static const char *hindrance(const struct series *series, int64_t start_s)
{
    const char *name = holiday_name(series->hours->calendar, day_at(start_s));
    if (name)
        return name;
    return worktime_is_closed(series->hours, day_at(start_s), second_at(start_s)) ? "Schließtag"
                                                                                  : NULL;
}

/* Why the series itself leaves a day out, or NULL. */
static const char *left_out(const struct series *series, int64_t day)
{
    if (is_excepted(series, day))
        return "Ausnahme";
    if (series->skip_school_holidays &&
        school_is_holiday(series->school, series->hours->calendar, day))
        return "Schulferien";
    return NULL;
}

static struct draft judge(const struct series *series, int64_t start_s)
{
    struct draft draft = {{start_s, start_s, PLAN_AS_RULED, ""}, false};
    const char *why = left_out(series, day_at(start_s));
    if (!why && series->holiday != HOLIDAY_KEEP) {
        why = hindrance(series, start_s);
        draft.gives_way = why && series->holiday != HOLIDAY_SKIP;
    }
    if (why) {
        draft.plan.verdict = PLAN_LEFT_OUT;
        draft.plan.why = why;
    }
    return draft;
}

/* A body without office hours of its own works on every Arbeitstag. */
static bool is_working_day(const struct worktime *hours, int64_t day)
{
    for (int i = 0; i < 7; i++)
        if (hours->open_s[i] < hours->close_s[i])
            return worktime_is_staffed(hours, day);
    return worktime_is_arbeitstag(hours->calendar, day);
}

static bool is_taken(const struct draft_list *list, int64_t day)
{
    for (size_t i = 0; i < list->count; i++)
        if (list->draft[i].plan.verdict != PLAN_LEFT_OUT &&
            day_at(list->draft[i].plan.start_s) == day)
            return true;
    return false;
}

static void find_place(const struct series *series, const struct draft_list *list,
                       struct planned *plan)
{
    int step = series->holiday == HOLIDAY_PLUS_WEEK ? 7 : 1;
    for (int days = step; days <= SERIES_MOVE_DAYS; days += step) {
        int64_t start_s = plan->original_s + (int64_t)days * DAY_S, day = day_at(start_s);
        if (series->holiday == HOLIDAY_NEXT_DAY && !is_working_day(series->hours, day))
            continue;
        if (hindrance(series, start_s) || left_out(series, day) || is_taken(list, day))
            continue;
        plan->start_s = start_s;
        plan->verdict = PLAN_MOVED;
        return;
    }
}

static struct draft_list draft_all(const struct series *series, int64_t from_s, int64_t to_s)
{
    struct draft_list list = {NULL, 0};
    int64_t *start = starts_of(series, from_s, to_s, &list.count);
    list.draft = xcalloc(list.count + 1, sizeof *list.draft);
    for (size_t i = 0; i < list.count; i++)
        list.draft[i] = judge(series, start[i]);
    free(start);
    for (size_t i = 0; i < list.count; i++)
        if (list.draft[i].gives_way)
            find_place(series, &list, &list.draft[i].plan);
    return list;
}

size_t series_expand(const struct series *series, int64_t from_s, int64_t to_s,
                     struct planned *planned, size_t max)
{
    bool moves = series->holiday == HOLIDAY_PLUS_WEEK || series->holiday == HOLIDAY_NEXT_DAY;
    int64_t before_s = moves ? (int64_t)DAYS_BEFORE * DAY_S : 0;
    int64_t after_s = moves ? (int64_t)(SERIES_MOVE_DAYS + 1) * DAY_S : 0;
    size_t n = 0;
    if (from_s >= to_s)
        return 0;
    struct draft_list list = draft_all(series, from_s - before_s, to_s + after_s);
    for (size_t i = 0; i < list.count && n < max; i++) {
        int64_t original_s = list.draft[i].plan.original_s;
        if (original_s >= from_s && original_s < to_s)
            planned[n++] = list.draft[i].plan;
    }
    free(list.draft);
    return n;
}
