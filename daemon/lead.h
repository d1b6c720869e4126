/*
 * Lead times of reminders, and chains of after-care (DOMAIN MH8, UL12, E16). Pure.
 *
 * A lead of days means a morning: it falls on a day when somebody of the recipient is there to
 * read, at the opening of the office. A lead of hours or minutes is exact.
 */
#ifndef LEAD_H
#define LEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;
struct worktime;

enum lead_unit {
    LEAD_DAYS,         /* days of the calendar, then back to a staffed day */
    LEAD_WORKING_DAYS, /* staffed days of the recipient */
    LEAD_EXACT         /* milliseconds before the start */
};

struct lead {
    enum lead_unit unit;
    int64_t amount; /* ms for EXACT, days otherwise */
};

enum {
    LEADS_MAX = 8, /* reminders of one session */
    LEAD_DAYS_MAX = 400,
    LEAD_CHAIN_MAX = 120
};

/* "7 days", "2 weeks", "1 working day", "1 hour", "30 minutes"; "0 days" is the morning of the day
 * itself. False when malformed, negative, over 400 days or, in hours and minutes, over 30 days. */
bool lead_parse(const char *text, struct lead *lead);

/* Appends the lead so that lead_parse() reads the same again. */
void lead_write(struct buf *out, const struct lead *lead);

/* When a reminder of what begins at start_ms is due. Days are counted back on the calendar and
 * pulled back to the nearest earlier staffed day of the recipient; never after start_ms. A
 * recipient that has no staffed day within a year is reminded at the same time of the day, so many
 * days before: outside its hours, but not never. */
int64_t lead_due_ms(const struct lead *lead, const struct worktime *recipient_hours,
                    int64_t start_ms);

/* A reminder that is to be made: lead[lead] is due at due_ms. */
struct lead_due {
    size_t lead;
    int64_t due_ms;
    bool late; /* its time had passed: it is due now instead */
};

struct lead_session {
    const struct worktime *recipient_hours;
    int64_t start_ms;
    int64_t now_ms; /* of the planning */
};

/* Which reminders of a session are made, rising by due_ms, at most `leads` (no more than
 * LEADS_MAX); returns how many. None when the session has begun. Of those whose time has passed
 * only the nearest to the session is made, due now, so that nobody finds three at once; of several
 * due at the same moment only the shortest lead. */
size_t lead_plan(const struct lead *lead, size_t leads, const struct lead_session *session,
                 struct lead_due *due);

/* The days every interval_months months after start_day, the first one interval after it: the same
 * date, or the last day of a month that does not have it (§ 188(3) BGB: 30.01. + 1 month = 28.02.).
 * Counted from the start each time, so that 30.01. gives 30.03. again. Fills `count` days (at most
 * LEAD_CHAIN_MAX) and returns how many; 0 when the interval is not 1 to 120. */
size_t lead_chain(int64_t start_day, int interval_months, size_t count, int64_t day[]);

#endif
