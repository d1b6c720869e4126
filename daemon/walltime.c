/*
 * The wall clock as people write it: see walltime.h.
 *
 * Promises: no clock, no memory. wall_ms() never goes backwards: unlike berlin_to_ms(), which reads
 * a time in the spring gap by the old offset (RFC 5545), it takes the moment of the change, because
 * the end of one shift and the beginning of the next must not change places. Refuses times that are
 * not written out in full. Leaves nothing.
 */
#include "walltime.h"

#include <string.h>

#include "util.h"

enum { DAY_S = 86400, QUIET_MAX_S = 16 * 3600, GAP_END_S = 3 * 3600, DATE_LEN = 10 };

static bool digit(char c)
{
    return c >= '0' && c <= '9';
}

static int two_digits(const char *text)
{
    return digit(text[0]) && digit(text[1]) ? (text[0] - '0') * 10 + text[1] - '0' : -1;
}

int wall_time_of_day(const char *text)
{
    if (strlen(text) != strlen("HH:MM") || text[2] != ':')
        return -1;
    int h = two_digits(text), m = two_digits(text + 3);
    if (h < 0 || m < 0 || m > 59 || h > 24 || (h == 24 && m))
        return -1;
    return h * 3600 + m * 60;
}

bool weekly_time_parse(const char *text, int *weekday, int *second_of_day)
{
    static const char *const days[] = {"Mo", "Di", "Mi", "Do", "Fr", "Sa", "So"};
    for (size_t i = 0; i < COUNT_OF(days); i++)
        if (str_starts(text, days[i]) && text[2] == ' ') {
            *weekday = (int)i;
            return time_of_day_parse(text + 3, second_of_day);
        }
    return false;
}

int weeks_parse(const char *text)
{
    int64_t weeks;
    char number[4] = "";
    size_t len = strlen(text);
    if (len < 2 || len > sizeof number || text[len - 1] != 'w')
        return 0;
    memcpy(number, text, len - 1);
    return int_parse(number, 1, 52, &weeks) ? (int)weeks : 0;
}

int64_t wall_day(int64_t at_ms, int *second_of_day)
{
    int64_t local_s = at_ms / 1000 - (at_ms % 1000 < 0) + berlin_offset_s(at_ms);
    int64_t day = local_s / DAY_S - (local_s % DAY_S < 0);
    if (second_of_day)
        *second_of_day = (int)(local_s - day * DAY_S);
    return day;
}

int64_t wall_ms(int64_t day, int second_of_day)
{
    if (second_of_day == DAY_S)
        return berlin_to_ms(day + 1, 0);
    int shown;
    int64_t at_ms = berlin_to_ms(day, second_of_day);
    wall_day(at_ms, &shown);
    return shown == second_of_day ? at_ms : berlin_to_ms(day, GAP_END_S);
}

bool wall_parse(const char *text, bool end, int64_t *at_ms)
{
    char date[DATE_LEN + 1];
    int64_t day;
    if (time_parse(text, at_ms))
        return true;
    if (strlen(text) < DATE_LEN)
        return false;
    memcpy(date, text, DATE_LEN);
    date[DATE_LEN] = '\0';
    if (!date_parse(date, &day))
        return false;
    int second = end ? DAY_S : 0;
    if (text[DATE_LEN] != '\0')
        second = text[DATE_LEN] == 'T' ? wall_time_of_day(text + DATE_LEN + 1) : -1;
    if (second < 0)
        return false;
    *at_ms = wall_ms(day, second);
    return true;
}

bool quiet_parse(const char *text, struct quiet *quiet)
{
    char from[6];
    *quiet = (struct quiet){0, 0};
    if (str_empty(text))
        return true;
    if (strlen(text) != strlen("20:00-07:00") || text[5] != '-')
        return false;
    memcpy(from, text, 5);
    from[5] = '\0';
    int from_s = wall_time_of_day(from), to_s = wall_time_of_day(text + 6);
    if (from_s < 0 || to_s < 0 || from_s == DAY_S || from_s == to_s)
        return false;
    if ((to_s - from_s + DAY_S) % DAY_S > QUIET_MAX_S || to_s - from_s == DAY_S)
        return false;
    *quiet = (struct quiet){from_s, to_s};
    return true;
}

int64_t quiet_end(const struct quiet *quiet, int64_t at_ms)
{
    if (quiet->from_s == quiet->to_s)
        return at_ms;
    int64_t today = wall_day(at_ms, NULL);
    bool overnight = quiet->to_s < quiet->from_s;
    for (int64_t day = overnight ? today - 1 : today; day <= today; day++) {
        int64_t end_ms = wall_ms(overnight ? day + 1 : day, quiet->to_s);
        if (at_ms >= wall_ms(day, quiet->from_s) && at_ms < end_ms)
            return end_ms;
    }
    return at_ms;
}
