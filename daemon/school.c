/*
 * School holidays: see school.h.
 *
 * The lines are kept sorted by Land and first day, so that every question is one binary search.
 * Promises: all or nothing, each fault with its line; the file is read once and never watched (a
 * new one comes with SIGHUP). Refuses a Land that does not exist, dates that are none, holidays
 * that end before they begin, are longer than any are, or overlap others of the same Land. Writes
 * nothing, so a crash leaves nothing.
 */
#include "school.h"

#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "conf.h"
#include "holiday.h"
#include "util.h"

enum { FAULTS_MAX = 20, DATE_LEN = 10, LINE_MAX_LEN = 200 };

struct break_of { /* one line */
    char land[3];
    int64_t first, last;
    int line;
};

struct school {
    struct break_of *list;
    size_t count, cap;
};

static int by_land_and_day(const void *a, const void *b)
{
    const struct break_of *left = a, *right = b;
    int order = strcmp(left->land, right->land);
    return order ? order : (left->first > right->first) - (left->first < right->first);
}

/* Takes the next word of at most size - 1 bytes from *at; false when there is none or it is
 * longer. */
static bool word(const char **at, char *out, size_t size)
{
    *at += strspn(*at, " \t");
    size_t len = strcspn(*at, " \t");
    if (len == 0 || len >= size)
        return false;
    memcpy(out, *at, len);
    out[len] = '\0';
    *at += len;
    return true;
}

/* What is wrong with a line, or NULL and the holiday. */
static const char *read_line(const char *text, struct break_of *one)
{
    char first[DATE_LEN + 1], last[DATE_LEN + 1];
    if (!word(&text, one->land, sizeof one->land) || !holiday_key_valid(one->land))
        return "begins with no Land; write its two letters, such as NW";
    if (!word(&text, first, sizeof first) || !date_parse(first, &one->first) ||
        !word(&text, last, sizeof last) || !date_parse(last, &one->last))
        return "needs the first and the last day behind the Land, such as 2027-03-22 2027-04-03";
    if (one->last < one->first)
        return "ends before it begins; put the first day first";
    if (one->last - one->first >= SCHOOL_DAYS_MAX)
        return "is longer than school holidays are; correct a day";
    text += strspn(text, " \t");
    size_t len = strlen(text);
    while (len > 0 && (text[len - 1] == ' ' || text[len - 1] == '\t'))
        len--;
    if (len == 0 || len > SCHOOL_NAME_MAX)
        return "needs a name of at most 60 letters, such as Osterferien";
    return utf8_valid(text, len) ? NULL : "has a name that is no UTF-8; save the file as UTF-8";
}

static void add_line(struct school *school, const char *name, int number, const char *text,
                     struct conf_faults *faults)
{
    struct break_of one = {.line = number};
    text += strspn(text, " \t");
    if (*text == '\0' || *text == '#')
        return;
    const char *fault = read_line(text, &one);
    if (!fault && school->count >= SCHOOL_LINES_MAX)
        fault = "is one line too many; take out the years that are over";
    if (fault) {
        conf_fault_at(faults, name, number, "the line %s", fault);
        return;
    }
    school->list = grow(school->list, school->count, &school->cap, sizeof *school->list);
    school->list[school->count++] = one;
}

static void check_overlaps(struct school *school, const char *name, struct conf_faults *faults)
{
    if (school->count > 0)
        qsort(school->list, school->count, sizeof *school->list, by_land_and_day);
    for (size_t i = 1; i < school->count; i++) {
        const struct break_of *a = &school->list[i - 1], *b = &school->list[i];
        if (!str_eq(a->land, b->land) || b->first > a->last)
            continue;
        int later = a->line > b->line ? a->line : b->line;
        conf_fault_at(faults, name, later, "the holidays overlap those of line %d; correct one",
                      a->line + b->line - later);
        return;
    }
}

/* One line after the other; the text need not end in NUL. */
static void add_lines(struct school *school, const char *name, const char *at, const char *end,
                      struct conf_faults *faults)
{
    char line[LINE_MAX_LEN + 1];
    size_t errors = faults->errors;
    for (int number = 1; at < end && faults->errors - errors < FAULTS_MAX; number++) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        size_t len = (size_t)((stop ? stop : end) - at);
        bool fits = len <= LINE_MAX_LEN && !memchr(at, '\0', len);
        if (fits) {
            memcpy(line, at, len);
            line[len > 0 && line[len - 1] == '\r' ? len - 1 : len] = '\0';
            add_line(school, name, number, line, faults);
        } else {
            conf_fault_at(faults, name, number, "the line is too long, or no text at all");
        }
        at = stop ? stop + 1 : end;
    }
}

struct school *school_read(const char *name, const char *text, size_t len,
                           struct conf_faults *faults)
{
    struct school *school = xcalloc(1, sizeof *school);
    size_t errors = faults->errors;
    add_lines(school, name, text, text + len, faults);
    check_overlaps(school, name, faults);
    if (faults->errors == errors)
        return school;
    school_free(school);
    return NULL;
}

struct school *school_load(const char *path, struct conf_faults *faults)
{
    struct buf text = BUF_INIT, err = BUF_INIT;
    struct school *school = NULL;
    if (buf_read_file(&text, path, SCHOOL_FILE_MAX, &err) < 0)
        conf_fault_at(faults, path, 0, "%s; correct \"school_holidays\" in the configuration",
                      buf_str(&err));
    else
        school = school_read(path, buf_str(&text), text.len, faults);
    buf_release(&text);
    buf_release(&err);
    return school;
}

void school_free(struct school *school)
{
    if (school)
        free(school->list);
    free(school);
}

/* How many lines come before the first of that Land that begins after the day. */
static size_t count_until(const struct school *school, const char *land, int64_t day)
{
    struct break_of key = {.first = day};
    str_copy(key.land, sizeof key.land, land);
    size_t low = 0, high = school->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (by_land_and_day(&school->list[middle], &key) <= 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The last holiday of the Land that begins on the day or before, and in *next the one after it;
 * NULL when there is none. */
static const struct break_of *find(const struct school *school, const char *calendar, int64_t day,
                                   const struct break_of **next)
{
    char land[3] = {0};
    *next = NULL;
    if (!school || strlen(calendar) < 2)
        return NULL;
    memcpy(land, calendar, 2);
    size_t n = count_until(school, land, day);
    if (n < school->count && str_eq(school->list[n].land, land))
        *next = &school->list[n];
    return n > 0 && str_eq(school->list[n - 1].land, land) ? &school->list[n - 1] : NULL;
}

bool school_is_holiday(const struct school *school, const char *calendar, int64_t day)
{
    const struct break_of *next, *last = find(school, calendar, day, &next);
    return last && day <= last->last;
}

bool school_knows(const struct school *school, const char *calendar, int64_t day)
{
    const struct break_of *next, *last = find(school, calendar, day, &next);
    if (!last)
        return false;
    return day <= last->last || (next && next->first - last->last <= SCHOOL_GAP_DAYS);
}

int64_t school_last_day(const struct school *school, const char *calendar)
{
    const struct break_of *next, *last = find(school, calendar, INT64_MAX, &next);
    return last ? last->last : INT64_MIN;
}
