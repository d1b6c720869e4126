/*
 * Small helpers: see util.h. Calendar arithmetic is the civil-from-days method on years that
 * start in March, so that the leap day comes last.
 */
#include "util.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "buf.h"
#include "log.h"

enum { DAY_S = 86400 };

void *xmalloc(size_t size)
{
    void *p = malloc(size ? size : 1);
    if (!p)
        fatal("out of memory: %zu bytes", size);
    return p;
}

void *xcalloc(size_t n, size_t size)
{
    void *p = calloc(n ? n : 1, size ? size : 1);
    if (!p)
        fatal("out of memory: %zu x %zu bytes", n, size);
    return p;
}

void *xrealloc(void *old, size_t size)
{
    void *p = realloc(old, size ? size : 1);
    if (!p)
        fatal("out of memory: %zu bytes", size);
    return p;
}

char *xstrdup(const char *text)
{
    return xstrndup(text, strlen(text));
}

char *xstrndup(const char *text, size_t len)
{
    char *copy = xmalloc(len + 1);
    memcpy(copy, text, len);
    copy[len] = '\0';
    return copy;
}

void *grow(void *p, size_t n, size_t *cap, size_t size)
{
    if (n < *cap)
        return p;
    *cap = *cap ? *cap * 2 : 8;
    return xrealloc(p, *cap * size);
}

bool str_eq(const char *a, const char *b)
{
    return strcmp(a, b) == 0;
}

bool str_starts(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

bool str_ends(const char *text, const char *suffix)
{
    size_t n = strlen(text), m = strlen(suffix);
    return n >= m && str_eq(text + n - m, suffix);
}

bool str_empty(const char *text)
{
    return text[0] == '\0';
}

bool str_copy(char *dst, size_t size, const char *text)
{
    size_t n = strlen(text);
    if (n >= size) {
        dst[0] = '\0';
        return false;
    }
    memcpy(dst, text, n + 1);
    return true;
}

unsigned str_distance(const char *a, const char *b, unsigned limit)
{
    enum { LONGEST = 64 };
    size_t n = strlen(a), m = strlen(b);
    unsigned row[LONGEST + 1];
    if (n > LONGEST || m > LONGEST)
        return limit + 1;
    for (size_t j = 0; j <= m; j++)
        row[j] = (unsigned)j;
    for (size_t i = 1; i <= n; i++) {
        unsigned diagonal = row[0];
        row[0] = (unsigned)i;
        for (size_t j = 1; j <= m; j++) {
            unsigned swap = diagonal + (a[i - 1] != b[j - 1]);
            diagonal = row[j];
            unsigned best = row[j] < row[j - 1] ? row[j] + 1 : row[j - 1] + 1;
            row[j] = swap < best ? swap : best;
        }
    }
    return row[m] <= limit ? row[m] : limit + 1;
}

/* Length of the well-formed sequence at s, or 0. Overlong forms, surrogates and values beyond
 * U+10FFFF are excluded by the narrowed range of the second byte (RFC 3629 section 4). */
static size_t utf8_sequence(const unsigned char *s, size_t left)
{
    if (s[0] < 0x80)
        return s[0] ? 1 : 0;
    size_t n = s[0] >= 0xc2 && s[0] <= 0xdf ? 2 : s[0] >= 0xe0 && s[0] <= 0xef ? 3 : 4;
    if (s[0] < 0xc2 || s[0] > 0xf4 || n > left)
        return 0;
    unsigned char low = s[0] == 0xe0 ? 0xa0 : s[0] == 0xf0 ? 0x90 : 0x80;
    unsigned char high = s[0] == 0xed ? 0x9f : s[0] == 0xf4 ? 0x8f : 0xbf;
    if (s[1] < low || s[1] > high)
        return 0;
    for (size_t i = 2; i < n; i++)
        if ((s[i] & 0xc0) != 0x80)
            return 0;
    return n;
}

bool utf8_valid(const char *bytes, size_t len)
{
    const unsigned char *s = (const unsigned char *)bytes;
    for (size_t i = 0; i < len;) {
        size_t n = utf8_sequence(s + i, len - i);
        if (!n)
            return false;
        i += n;
    }
    return true;
}

int64_t day_of(int year, int month, int mday)
{
    int y = month <= 2 ? year - 1 : year;
    int era = (y >= 0 ? y : y - 399) / 400;
    int year_of_era = y - era * 400;
    int day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + mday - 1;
    int day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return (int64_t)era * 146097 + day_of_era - 719468;
}

void day_split(int64_t day, int *year, int *month, int *mday)
{
    int64_t z = day + 719468;
    int64_t era = (z >= 0 ? z : z - 146096) / 146097;
    int day_of_era = (int)(z - era * 146097);
    int year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int mp = (5 * day_of_year + 2) / 153;
    *mday = day_of_year - (153 * mp + 2) / 5 + 1;
    *month = mp < 10 ? mp + 3 : mp - 9;
    *year = (int)(year_of_era + era * 400) + (*month <= 2);
}

int day_weekday(int64_t day)
{
    int w = (int)((day + 3) % 7);
    return w < 0 ? w + 7 : w;
}

/* Exactly n digits at text; -1 when there are fewer. */
static int digits(const char *text, int n)
{
    int value = 0;
    for (int i = 0; i < n; i++) {
        if (text[i] < '0' || text[i] > '9')
            return -1;
        value = value * 10 + (text[i] - '0');
    }
    return value;
}

static bool date_read(const char *text, int64_t *day)
{
    int y = digits(text, 4);
    if (y < 1 || text[4] != '-')
        return false;
    int m = digits(text + 5, 2);
    if (m < 1 || m > 12 || text[7] != '-')
        return false;
    int d = digits(text + 8, 2);
    if (d < 1)
        return false;
    int back_y, back_m, back_d;
    *day = day_of(y, m, d);
    day_split(*day, &back_y, &back_m, &back_d);
    return back_m == m && back_d == d;
}

bool date_parse(const char *text, int64_t *day)
{
    return strnlen(text, 11) == 10 && date_read(text, day);
}

/* "Z" or "+01:00" -> seconds; the rest of the text must be used up. */
static bool offset_read(const char *text, int *offset_s)
{
    if (str_eq(text, "Z") || str_eq(text, "z")) {
        *offset_s = 0;
        return true;
    }
    if ((text[0] != '+' && text[0] != '-') || strlen(text) != 6 || text[3] != ':')
        return false;
    int h = digits(text + 1, 2), m = digits(text + 4, 2);
    if (h < 0 || h > 23 || m < 0 || m > 59)
        return false;
    *offset_s = (h * 3600 + m * 60) * (text[0] == '-' ? -1 : 1);
    return true;
}

bool time_parse(const char *text, int64_t *at_ms)
{
    int64_t day;
    if (strnlen(text, 20) < 20 || !date_read(text, &day) || (text[10] != 'T' && text[10] != 't'))
        return false;
    int h = digits(text + 11, 2), m = digits(text + 14, 2), s = digits(text + 17, 2);
    if (h < 0 || h > 23 || m < 0 || m > 59 || s < 0 || s > 60 || text[13] != ':' || text[16] != ':')
        return false;
    const char *p = text + 19;
    int ms = 0;
    if (*p == '.') {
        int scale = 100, n = 0;
        for (p++; *p >= '0' && *p <= '9'; p++, n++, scale /= 10)
            ms += (*p - '0') * scale;
        if (n < 1 || n > 9)
            return false;
    }
    int offset_s;
    if (!offset_read(p, &offset_s))
        return false;
    *at_ms = day * DAY_MS + ((int64_t)h * 3600 + m * 60 + (s > 59 ? 59 : s) - offset_s) * 1000 + ms;
    return true;
}

/* Divides rounding down, also for moments before 1970. */
static int64_t floor_div(int64_t a, int64_t b)
{
    int64_t q = a / b;
    return a % b < 0 ? q - 1 : q;
}

static int64_t last_sunday(int year, int month)
{
    int64_t last = day_of(year, month, 31);
    return last - (day_weekday(last) + 1) % 7;
}

int berlin_offset_s(int64_t at_ms)
{
    int year, month, mday;
    day_split(floor_div(at_ms, DAY_MS), &year, &month, &mday);
    int64_t from_ms = last_sunday(year, 3) * DAY_MS + HOUR_MS;
    int64_t to_ms = last_sunday(year, 10) * DAY_MS + HOUR_MS;
    return at_ms >= from_ms && at_ms < to_ms ? 7200 : 3600;
}

int64_t berlin_to_ms(int64_t day, int second_of_day)
{
    int64_t naive_ms = day * DAY_MS + (int64_t)second_of_day * 1000;
    int before_s = berlin_offset_s(naive_ms - DAY_MS), after_s = berlin_offset_s(naive_ms + DAY_MS);
    int64_t with_before_ms = naive_ms - (int64_t)before_s * 1000;
    if (before_s == after_s || berlin_offset_s(with_before_ms) == before_s)
        return with_before_ms;
    int64_t with_after_ms = naive_ms - (int64_t)after_s * 1000;
    return berlin_offset_s(with_after_ms) == after_s ? with_after_ms : with_before_ms;
}

struct civil {
    int64_t day;
    int year, month, mday, hour, minute, second, ms;
};

static struct civil civil_of(int64_t naive_ms)
{
    struct civil c;
    c.day = floor_div(naive_ms, DAY_MS);
    day_split(c.day, &c.year, &c.month, &c.mday);
    int in_day_ms = (int)(naive_ms - c.day * DAY_MS);
    c.ms = in_day_ms % 1000;
    c.second = in_day_ms / 1000 % 60;
    c.minute = in_day_ms / MINUTE_MS % 60;
    c.hour = in_day_ms / HOUR_MS;
    return c;
}

/* Fixed widths, several in each message: not worth the reading of a format. */
static void set_digits(char *at, int value, int width)
{
    for (int i = width - 1; i >= 0; i--, value /= 10)
        at[i] = (char)('0' + value % 10);
}

/* A year beyond four digits is none of ours: it shows as the nearest. */
static void set_year(char *at, int year)
{
    set_digits(at, year < 0 ? 0 : year > 9999 ? 9999 : year, 4);
}

void time_utc(struct buf *out, int64_t at_ms)
{
    struct civil c = civil_of(at_ms);
    char text[] = "0000-00-00T00:00:00.000Z";
    set_year(text, c.year);
    set_digits(text + 5, c.month, 2);
    set_digits(text + 8, c.mday, 2);
    set_digits(text + 11, c.hour, 2);
    set_digits(text + 14, c.minute, 2);
    set_digits(text + 17, c.second, 2);
    set_digits(text + 20, c.ms, 3);
    buf_add(out, text, sizeof text - 1);
}

void time_local(struct buf *out, int64_t at_ms)
{
    int offset_s = berlin_offset_s(at_ms);
    struct civil c = civil_of(at_ms + (int64_t)offset_s * 1000);
    buf_printf(out, "%04d-%02d-%02dT%02d:%02d:%02d+%02d:00", c.year, c.month, c.mday, c.hour,
               c.minute, c.second, offset_s / 3600);
}

void day_german(struct buf *out, int64_t day)
{
    static const char weekday[] = "MoDiMiDoFrSaSo";
    char text[] = "Mo 00.00.0000";
    int year, month, mday;
    day_split(day, &year, &month, &mday);
    memcpy(text, weekday + 2 * day_weekday(day), 2);
    set_digits(text + 3, mday, 2);
    set_digits(text + 6, month, 2);
    set_year(text + 9, year);
    buf_add(out, text, sizeof text - 1);
}

void time_german(struct buf *out, int64_t at_ms)
{
    struct civil c = civil_of(at_ms + (int64_t)berlin_offset_s(at_ms) * 1000);
    char text[] = " 00:00";
    set_digits(text + 1, c.hour, 2);
    set_digits(text + 4, c.minute, 2);
    day_german(out, c.day);
    buf_add(out, text, sizeof text - 1);
}

int64_t berlin_day(int64_t at_ms)
{
    return civil_of(at_ms + (int64_t)berlin_offset_s(at_ms) * 1000).day;
}

bool int_parse(const char *text, int64_t min, int64_t max, int64_t *value)
{
    char *end;
    if (text[0] != '-' && (text[0] < '0' || text[0] > '9'))
        return false;
    errno = 0;
    long long v = strtoll(text, &end, 10);
    if (errno || *end || end == text || v < min || v > max)
        return false;
    *value = v;
    return true;
}

/* A decimal number followed by one of the units; its product with the unit's worth. */
struct unit_worth {
    const char *name;
    int64_t worth;
};

static bool measure_parse(const char *text, const struct unit_worth *units, int64_t max,
                          int64_t *value)
{
    char *end;
    if (text[0] < '0' || text[0] > '9')
        return false;
    errno = 0;
    long long n = strtoll(text, &end, 10);
    if (errno)
        return false;
    while (*end == ' ')
        end++;
    for (const struct unit_worth *u = units; u->name; u++) {
        if (!str_eq(end, u->name))
            continue;
        if (n > max / u->worth)
            return false;
        *value = n * u->worth;
        return true;
    }
    return false;
}

bool duration_parse(const char *text, int64_t *length_ms)
{
    static const struct unit_worth units[] = {{"ms", 1},          {"s", 1000},    {"m", MINUTE_MS},
                                              {"min", MINUTE_MS}, {"h", HOUR_MS}, {"d", DAY_MS},
                                              {"w", 7 * DAY_MS},  {NULL, 0}};
    if (str_eq(text, "0")) {
        *length_ms = 0;
        return true;
    }
    return measure_parse(text, units, 36525 * DAY_MS, length_ms);
}

bool time_of_day_parse(const char *text, int *second_of_day)
{
    int64_t hour, minute;
    char part[3] = "";
    if (strlen(text) != 5 || text[2] != ':')
        return false;
    memcpy(part, text, 2);
    if (!int_parse(part, 0, 23, &hour) || !int_parse(text + 3, 0, 59, &minute))
        return false;
    *second_of_day = (int)(hour * 3600 + minute * 60);
    return true;
}

bool size_parse(const char *text, int64_t *bytes)
{
    static const struct unit_worth units[] = {{"", 1},         {"B", 1},        {"KB", 1 << 10},
                                              {"MB", 1 << 20}, {"GB", 1 << 30}, {NULL, 0}};
    return measure_parse(text, units, (int64_t)1 << 40, bytes);
}

static int64_t clock_ms(clockid_t id)
{
    struct timespec t;
    clock_gettime(id, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int64_t util_wall_ms(void)
{
    return clock_ms(CLOCK_REALTIME);
}

int64_t util_monotonic_ms(void)
{
    return clock_ms(CLOCK_MONOTONIC);
}
