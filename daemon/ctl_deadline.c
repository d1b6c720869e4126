/*
 * The deadline command: reads three words, asks period.c or statute.c, prints.
 *
 * Promises the date alone on the first line, so that scripts can take it from there. Refuses words
 * that it does not understand, naming the word and what it may be; nothing is guessed, because a
 * deadline that was misread is worse than none. Holds nothing.
 */
#include "ctl_deadline.h"

#include <string.h>

#include "buf.h"
#include "json.h"
#include "period.h"
#include "statute.h"
#include "util.h"

/* A plain length is a run without a row. */
struct answer {
    struct statute_run run;
    struct period_end end;
    bool no_time; /* the start was a day alone */
};

static bool read_local(const char *text, int64_t *at_ms)
{
    struct buf full = BUF_INIT;
    int64_t naive_ms;
    buf_printf(&full, "%s:00Z", text);
    bool ok = strlen(text) == strlen("2026-12-18T16:00") && time_parse(buf_str(&full), &naive_ms);
    buf_release(&full);
    if (!ok)
        return false;
    int64_t day = (naive_ms - (naive_ms % DAY_MS + DAY_MS) % DAY_MS) / DAY_MS;
    *at_ms = berlin_to_ms(day, (int)((naive_ms - day * DAY_MS) / 1000));
    return true;
}

static int read_start(struct answer *a, const char *text, struct buf *err)
{
    int64_t day;
    if (date_parse(text, &day)) {
        a->run.start_ms = berlin_to_ms(day, 0);
        a->no_time = true;
        return 0;
    }
    if (read_local(text, &a->run.start_ms) || time_parse(text, &a->run.start_ms))
        return 0;
    buf_printf(err,
               "START \"%s\" is no date; write 2026-12-23, or 2026-12-18T16:00 for a period of "
               "hours",
               text);
    return -1;
}

static void unknown_clock(const char *text, struct buf *err)
{
    struct buf names = BUF_INIT;
    char clock[8] = "";
    size_t len = strcspn(text, "/");
    if (len < sizeof clock)
        memcpy(clock, text, len);
    statute_names(&names, clock);
    bool known = clock[0] && names.len > 0;
    if (!known) {
        buf_reset(&names);
        statute_names(&names, "");
    }
    buf_printf(err, "LENGTH \"%s\" is no clock; %s", text,
               known ? "this one has: " : "there are: ");
    buf_puts(err, buf_str(&names));
    buf_release(&names);
}

static int work_out(struct answer *a, const struct ctl_deadline *ask, struct buf *err)
{
    struct period period;
    a->run.calendar = ask->calendar;
    a->run.local = "";
    if (read_start(a, ask->start, err) < 0)
        return -1;
    a->run.row = statute_find(ask->length);
    if (a->run.row)
        return statute_due(&a->run, &a->end, err);
    if (period_parse(ask->length, &period))
        return period_end(&period, a->run.start_ms, ask->calendar, &a->end, err);
    if (ask->length[0] == 'C' || ask->length[0] == 'c')
        unknown_clock(ask->length, err);
    else
        buf_printf(err,
                   "LENGTH \"%s\" is none; write \"2 weeks\", \"7 Werktage\", \"3 Arbeitstage\", "
                   "\"2 months\", \"1 year\", \"72 hours\" (at most 50 years), or a clock like C1",
                   ask->length);
    return -1;
}

static void put_iso(struct buf *out, int64_t day)
{
    int year, month, mday;
    day_split(day, &year, &month, &mday);
    buf_printf(out, "%04d-%02d-%02d", year, month, mday);
}

static void put_end(struct buf *out, const struct period_end *end)
{
    if (end->period.unit == PERIOD_HOURS)
        time_local(out, end->end_ms);
    else
        put_iso(out, end->end_day);
}

static void put_why(struct buf *out, const struct answer *a)
{
    if (a->run.row)
        statute_why(out, &a->run, &a->end);
    else
        period_why(out, &a->end, a->run.calendar);
    if (a->no_time && a->end.period.unit == PERIOD_HOURS)
        buf_puts(out, "Ohne Uhrzeit angegeben: gerechnet ab 00:00 Uhr.\n");
}

static void put_warnings(struct buf *out, const struct answer *a)
{
    struct statute_warnings w;
    bool hours = a->end.period.unit == PERIOD_HOURS;
    statute_warn(&a->end, a->run.calendar, NULL, &w);
    for (int i = 0; i < WARN_COUNT; i++) {
        if (!w.day[i])
            continue;
        buf_puts(out, "Warnung: ");
        if (hours)
            time_german(out, w.at_ms[i]);
        else
            day_german(out, w.day[i]);
        buf_printf(out, " (%s).\n",
                   hours && i == WARN_LAST_DAY ? "letzte Stunde"
                                               : statute_warning_german((enum statute_warning)i));
    }
}

static void put_text(struct buf *out, const struct answer *a)
{
    put_end(out, &a->end);
    buf_addc(out, '\n');
    put_why(out, a);
    if (a->run.row)
        put_warnings(out, a);
}

static void member_day(struct buf *out, const char *name, int64_t day)
{
    struct buf text = BUF_INIT;
    put_iso(&text, day);
    json_member_text(out, name, buf_str(&text));
    buf_release(&text);
}

static void member_warnings(struct buf *out, const struct answer *a)
{
    struct statute_warnings w;
    statute_warn(&a->end, a->run.calendar, NULL, &w);
    json_put_name(out, "warnings");
    buf_addc(out, '{');
    for (int i = 0; i < WARN_COUNT; i++) {
        const char *name = statute_warning_name((enum statute_warning)i);
        if (w.day[i] && a->end.period.unit == PERIOD_HOURS)
            json_member_time(out, name, w.at_ms[i]);
        else if (w.day[i])
            member_day(out, name, w.day[i]);
    }
    buf_addc(out, '}');
}

/* The lines of the text as a list. */
static void member_why(struct buf *out, const struct answer *a)
{
    struct buf text = BUF_INIT, line = BUF_INIT;
    put_why(&text, a);
    json_put_name(out, "why");
    buf_addc(out, '[');
    for (const char *at = buf_str(&text); *at; at += strcspn(at, "\n") + 1) {
        buf_reset(&line);
        buf_add(&line, at, strcspn(at, "\n"));
        json_comma(out);
        json_put_text(out, buf_str(&line));
    }
    buf_addc(out, ']');
    buf_release(&text);
    buf_release(&line);
}

static void put_json(struct buf *out, const struct answer *a)
{
    struct buf text = BUF_INIT;
    buf_addc(out, '{');
    put_end(&text, &a->end);
    json_member_text(out, "end", buf_str(&text));
    json_member_time(out, "end_at", a->end.end_ms);
    member_day(out, "start_day", a->end.start_day);
    member_day(out, "raw_end_day", a->end.raw_day);
    buf_reset(&text);
    period_write(&text, &a->end.period);
    json_member_text(out, "length", buf_str(&text));
    json_member_text(out, "calendar", a->run.calendar);
    if (a->run.row) {
        json_member_text(out, "clock", a->run.row->clock);
        json_member_text(out, "variant", a->run.row->variant);
        json_member_text(out, "norm", a->run.row->norm);
        member_warnings(out, a);
    }
    member_why(out, a);
    buf_puts(out, "}\n");
    buf_release(&text);
}

int ctl_deadline(struct buf *out, const struct ctl_deadline *ask, struct buf *err)
{
    struct answer a = {0};
    if (work_out(&a, ask, err) < 0)
        return -1;
    if (ask->json)
        put_json(out, &a);
    else
        put_text(out, &a);
    return 0;
}
