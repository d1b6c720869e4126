/*
 * The calculus of statutory periods, and its reasons in German: see period.h.
 *
 * The end is found in two steps that stay visible in the result: the raw end by §§ 187, 188 BGB,
 * then the move by § 26(3) SGB X. The reasons are written from the result alone, so that what is
 * explained is what was worked out.
 *
 * Promises: no clock, no memory kept, loops of at most 1500 counted days. Refuses years of which
 * no holidays are known and a calendar key that is none, because an end without holidays is wrong.
 */
#include "period.h"

#include <string.h>
#include <strings.h>

#include "buf.h"
#include "holiday.h"
#include "util.h"
#include "worktime.h"

static const struct {
    const char *one, *many;
    int max;
} units[] = {
    [PERIOD_HOURS] = {"Stunde", "Stunden", 8784},
    [PERIOD_DAYS] = {"Tag", "Tage", 3660},
    [PERIOD_WERKTAGE] = {"Werktag", "Werktage", 1500},
    [PERIOD_ARBEITSTAGE] = {"Arbeitstag", "Arbeitstage", 1500},
    [PERIOD_WEEKS] = {"Woche", "Wochen", 520},
    [PERIOD_MONTHS] = {"Monat", "Monate", 600},
    [PERIOD_YEARS] = {"Jahr", "Jahre", 50},
};

static const struct {
    const char *word;
    enum period_unit unit;
    int factor;
} words[] = {
    {"h", PERIOD_HOURS, 1},
    {"hour", PERIOD_HOURS, 1},
    {"hours", PERIOD_HOURS, 1},
    {"Stunde", PERIOD_HOURS, 1},
    {"Stunden", PERIOD_HOURS, 1},
    {"day", PERIOD_DAYS, 1},
    {"days", PERIOD_DAYS, 1},
    {"calendar day", PERIOD_DAYS, 1},
    {"calendar days", PERIOD_DAYS, 1},
    {"Tag", PERIOD_DAYS, 1},
    {"Tage", PERIOD_DAYS, 1},
    {"Tagen", PERIOD_DAYS, 1},
    {"Kalendertag", PERIOD_DAYS, 1},
    {"Kalendertage", PERIOD_DAYS, 1},
    {"Kalendertagen", PERIOD_DAYS, 1},
    {"Werktag", PERIOD_WERKTAGE, 1},
    {"Werktage", PERIOD_WERKTAGE, 1},
    {"Werktagen", PERIOD_WERKTAGE, 1},
    {"Arbeitstag", PERIOD_ARBEITSTAGE, 1},
    {"Arbeitstage", PERIOD_ARBEITSTAGE, 1},
    {"Arbeitstagen", PERIOD_ARBEITSTAGE, 1},
    {"week", PERIOD_WEEKS, 1},
    {"weeks", PERIOD_WEEKS, 1},
    {"Woche", PERIOD_WEEKS, 1},
    {"Wochen", PERIOD_WEEKS, 1},
    {"month", PERIOD_MONTHS, 1},
    {"months", PERIOD_MONTHS, 1},
    {"calendar month", PERIOD_MONTHS, 1},
    {"calendar months", PERIOD_MONTHS, 1},
    {"Monat", PERIOD_MONTHS, 1},
    {"Monate", PERIOD_MONTHS, 1},
    {"Monaten", PERIOD_MONTHS, 1},
    {"Kalendermonat", PERIOD_MONTHS, 1},
    {"Kalendermonate", PERIOD_MONTHS, 1},
    {"Kalendermonaten", PERIOD_MONTHS, 1},
    {"Vierteljahr", PERIOD_MONTHS, 3},
    {"Vierteljahre", PERIOD_MONTHS, 3},
    {"Vierteljahren", PERIOD_MONTHS, 3},
    {"half-year", PERIOD_MONTHS, 6},
    {"half-years", PERIOD_MONTHS, 6},
    {"Halbjahr", PERIOD_MONTHS, 6},
    {"Halbjahre", PERIOD_MONTHS, 6},
    {"Halbjahren", PERIOD_MONTHS, 6},
    {"year", PERIOD_YEARS, 1},
    {"years", PERIOD_YEARS, 1},
    {"Jahr", PERIOD_YEARS, 1},
    {"Jahre", PERIOD_YEARS, 1},
    {"Jahren", PERIOD_YEARS, 1},
};

bool period_parse(const char *text, struct period *period)
{
    char number[6];
    int64_t n;
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || digits >= sizeof number)
        return false;
    memcpy(number, text, digits);
    number[digits] = '\0';
    text += digits;
    text += strspn(text, " ");
    for (size_t i = 0; i < COUNT_OF(words); i++) {
        if (strcasecmp(text, words[i].word) != 0)
            continue;
        if (!int_parse(number, 1, units[words[i].unit].max / words[i].factor, &n))
            return false;
        *period = (struct period){words[i].unit, (int)n * words[i].factor};
        return true;
    }
    return false;
}

void period_write(struct buf *out, const struct period *period)
{
    buf_printf(out, "%d %s", period->amount,
               period->amount == 1 ? units[period->unit].one : units[period->unit].many);
}

static bool year_known(int64_t day)
{
    int year, month, mday;
    day_split(day, &year, &month, &mday);
    return year >= HOLIDAY_YEAR_FIRST && year <= HOLIDAY_YEAR_LAST;
}

int64_t period_add_months(int64_t day, int months)
{
    int year, month, mday;
    day_split(day, &year, &month, &mday);
    int at = year * 12 + month - 1 + months;
    int64_t first = day_of(at / 12, at % 12 + 1, 1);
    int64_t next = day_of((at + 1) / 12, (at + 1) % 12 + 1, 1);
    return first + mday - 1 < next ? first + mday - 1 : next - 1;
}

static bool counts(enum period_unit unit, const char *calendar, int64_t day)
{
    return unit == PERIOD_WERKTAGE ? worktime_is_werktag(calendar, day)
                                   : worktime_is_arbeitstag(calendar, day);
}

/* The n-th counted day after (step 1) or before (step -1) a day. */
static int64_t count_days(const struct period *period, int64_t day, int step, const char *calendar)
{
    for (int left = period->amount; left > 0;) {
        day += step;
        if (counts(period->unit, calendar, day))
            left--;
    }
    return day;
}

static int64_t raw_end(const struct period *period, int64_t day, int step, const char *calendar)
{
    switch (period->unit) {
    case PERIOD_HOURS:
        break;
    case PERIOD_DAYS:
        return day + step * period->amount;
    case PERIOD_WERKTAGE:
    case PERIOD_ARBEITSTAGE:
        return count_days(period, day, step, calendar);
    case PERIOD_WEEKS:
        return day + step * 7 * period->amount;
    case PERIOD_MONTHS:
        return period_add_months(day, step * period->amount);
    case PERIOD_YEARS:
        return period_add_months(day, step * 12 * period->amount);
    }
    return day;
}

static void put_days(struct period_end *end, int step, const char *calendar)
{
    end->raw_day = raw_end(&end->period, end->start_day, step, calendar);
    end->end_day = end->raw_day;
    while (!worktime_is_arbeitstag(calendar, end->end_day))
        end->end_day += step;
    end->end_ms = berlin_to_ms(end->end_day + 1, 0);
}

static void put_hours(struct period_end *end)
{
    end->end_ms = end->start_ms + end->period.amount * HOUR_MS;
    /* The hour that ends at midnight belongs to the day before. */
    end->raw_day = end->end_day = berlin_day(end->end_ms - 1);
}

static int check_calendar(const char *calendar, struct buf *err)
{
    if (holiday_key_valid(calendar))
        return 0;
    buf_printf(err, "\"%s\" is no calendar; the seat of the authority decides, one of: ", calendar);
    holiday_keys(err);
    return -1;
}

static int check_years(const struct period_end *end, struct buf *err)
{
    if (year_known(end->start_day) && year_known(end->end_day))
        return 0;
    buf_printf(err, "holidays are known for %d to %d only; give a start and a length within",
               HOLIDAY_YEAR_FIRST, HOLIDAY_YEAR_LAST);
    return -1;
}

static int work_out(struct period_end *end, const char *calendar, struct buf *err)
{
    end->start_day = end->end_day = berlin_day(end->start_ms);
    if (check_calendar(calendar, err) < 0 || check_years(end, err) < 0)
        return -1;
    if (end->period.unit == PERIOD_HOURS)
        put_hours(end);
    else
        put_days(end, end->back ? -1 : 1, calendar);
    return check_years(end, err);
}

int period_end(const struct period *period, int64_t start_ms, const char *calendar,
               struct period_end *end, struct buf *err)
{
    *end = (struct period_end){.period = *period, .start_ms = start_ms};
    return work_out(end, calendar, err);
}

int period_before(const struct period *period, int64_t start_ms, const char *calendar,
                  struct period_end *end, struct buf *err)
{
    *end = (struct period_end){.period = *period, .start_ms = start_ms, .back = true};
    if (period->unit == PERIOD_HOURS) {
        buf_puts(err, "a period of hours is not counted back; give it in days");
        return -1;
    }
    return work_out(end, calendar, err);
}

/* What kept a day from being an end: the holiday's name, or the weekday. */
static const char *hindrance(const char *calendar, int64_t day)
{
    const char *holiday = holiday_name(calendar, day);
    if (holiday)
        return holiday;
    return day_weekday(day) == 5 ? "Samstag" : "Sonntag";
}

/* "a, b" of the days from first to last that are holidays, or of all that are no Arbeitstage. */
static void list_days(struct buf *out, const char *calendar, int64_t first, int64_t last,
                      bool holidays)
{
    size_t before = out->len;
    for (int64_t day = first; day <= last; day++) {
        if (holidays ? !holiday_name(calendar, day) : worktime_is_arbeitstag(calendar, day))
            continue;
        if (out->len > before)
            buf_puts(out, ", ");
        day_german(out, day);
        buf_printf(out, " %s", hindrance(calendar, day));
    }
}

static void line_days(struct buf *out, const char *before, int64_t day, const char *after)
{
    buf_puts(out, before);
    day_german(out, day);
    buf_puts(out, after);
}

static void why_counted(struct buf *out, const struct period_end *end, const char *calendar)
{
    bool back = end->back;
    struct buf days = BUF_INIT;
    line_days(out,
              end->period.unit == PERIOD_WERKTAGE
                  ? " (Montag bis Samstag ohne gesetzliche Feiertage): der letzte ist "
                  : " (Montag bis Freitag ohne gesetzliche Feiertage): der letzte ist ",
              end->raw_day, ".\n");
    list_days(&days, calendar, back ? end->raw_day : end->start_day + 1,
              back ? end->start_day - 1 : end->raw_day, true);
    if (days.len > 0)
        buf_printf(out, "Feiertage dazwischen: %s.\n", buf_str(&days));
    buf_release(&days);
}

static void why_months(struct buf *out, const struct period_end *end)
{
    int year, month, mday, start_mday;
    day_split(end->start_day, &year, &month, &start_mday);
    day_split(end->raw_day, &year, &month, &mday);
    if (mday == start_mday) {
        line_days(out, ": Ende am Tag mit der gleichen Zahl, ", end->raw_day,
                  " (§ 188 Abs. 2 BGB).\n");
        return;
    }
    buf_printf(out, ": Einen %d. hat dieser Monat nicht, ", start_mday);
    line_days(out, "Ende an seinem letzten Tag, ", end->raw_day, " (§ 188 Abs. 3 BGB).\n");
}

static void why_raw(struct buf *out, const struct period_end *end, const char *calendar)
{
    period_write(out, &end->period);
    if (end->back)
        buf_puts(out, " zurück");
    switch (end->period.unit) {
    case PERIOD_HOURS:
        return;
    case PERIOD_DAYS:
        line_days(out, ": Ende am letzten gezählten Tag, ", end->raw_day, " (§ 188 Abs. 1 BGB).\n");
        return;
    case PERIOD_WERKTAGE:
    case PERIOD_ARBEITSTAGE:
        why_counted(out, end, calendar);
        return;
    case PERIOD_WEEKS:
        line_days(out, ": Ende am gleichen Wochentag, ", end->raw_day, " (§ 188 Abs. 2 BGB).\n");
        return;
    case PERIOD_MONTHS:
    case PERIOD_YEARS:
        why_months(out, end);
        return;
    }
}

static void why_moved(struct buf *out, const struct period_end *end, const char *calendar)
{
    int64_t step = end->back ? -1 : 1;
    struct buf days = BUF_INIT;
    if (end->raw_day == end->end_day)
        return;
    buf_puts(out, "Ende wäre ");
    day_german(out, end->raw_day);
    buf_printf(out, ", %s: ", hindrance(calendar, end->raw_day));
    if (end->back)
        line_days(out, "vorgezogen auf ", end->end_day, ", damit nichts zu spät kommt.\n");
    else
        line_days(out, "verschoben auf ", end->end_day, " (§ 26 Abs. 3 SGB X).\n");
    int64_t first = end->raw_day + step, last = end->end_day - step;
    list_days(&days, calendar, first < last ? first : last, first < last ? last : first, false);
    if (first != end->end_day && days.len > 0)
        buf_printf(out, "Dazwischen: %s.\n", buf_str(&days));
    buf_release(&days);
}

/* 24 and 31 December look like holidays to many offices; the law sees Werktage. */
static void why_december(struct buf *out, int64_t day)
{
    int year, month, mday;
    day_split(day, &year, &month, &mday);
    if (month == 12 && (mday == 24 || mday == 31))
        buf_printf(out, "Der %d. Dezember ist gesetzlich ein Werktag: die Frist endet dennoch.\n",
                   mday);
}

static void why_hours(struct buf *out, const struct period_end *end)
{
    period_write(out, &end->period);
    buf_puts(out, " ab ");
    time_german(out, end->start_ms);
    buf_puts(out, ": Samstage, Sonntage und Feiertage zählen mit, das Ende verschiebt sich nicht "
                  "(§ 26 Abs. 6 SGB X).\n");
    if (berlin_offset_s(end->start_ms) != berlin_offset_s(end->end_ms))
        buf_puts(out, "Die Uhren werden dazwischen umgestellt: es zählen wirkliche Stunden.\n");
    buf_puts(out, "Ende: ");
    time_german(out, end->end_ms);
    buf_puts(out, " Uhr.\n");
}

void period_why(struct buf *out, const struct period_end *end, const char *calendar)
{
    if (end->period.unit == PERIOD_HOURS) {
        why_hours(out, end);
        return;
    }
    if (end->back)
        line_days(out, "Gerechnet wird zurück von ", end->start_day, ".\n");
    else
        line_days(out, "Der Tag des Ereignisses, ", end->start_day,
                  ", zählt nicht mit (§ 187 Abs. 1 BGB).\n");
    why_raw(out, end, calendar);
    why_moved(out, end, calendar);
    why_december(out, end->end_day);
    line_days(out, "Ende: ", end->end_day, " um 24 Uhr.");
    buf_printf(out, " Feiertage am Sitz der Behörde: %s.\n", calendar);
}
