/*
 * How long does it take to expand 10,000 series over two years, as the daemon does each night and
 * whenever the configuration changes? Side by side with libical's bare iterator on the same rules,
 * without a zone, which is what anybody would use who does not reckon himself.
 *
 * figure series_expand_10000 SECONDS, ratio series_vs_libical (below 1: faster than libical). Both
 * must find the same starts, or the program fails.
 */
#include <inttypes.h>
#include <libical/ical.h>
#include <stdio.h>
#include <stdlib.h>

#include "../../daemon/ical.h"
#include "../../daemon/util.h"

enum { SERIES = 10000, DAY_S = 86400, YEARS_DAYS = 731, ROUNDS = 2 };

/* What teams have: weekly and monthly rounds, two weekdays, the last Friday, yearly ones. */
static const char *const rules[] = {
    "FREQ=MONTHLY;BYDAY=1TH",
    "FREQ=WEEKLY;BYDAY=MO",
    "FREQ=MONTHLY;BYDAY=-1FR",
    "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,TH",
    "FREQ=MONTHLY;INTERVAL=3;BYDAY=2WE",
    "FREQ=MONTHLY;BYMONTHDAY=15",
    "FREQ=WEEKLY;BYDAY=MO,WE,FR;COUNT=40",
    "FREQ=YEARLY;BYMONTH=11;BYDAY=3TH",
    "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
};

static int64_t start_of(int series)
{
    return day_of(2027, 1, 1) * DAY_S + (series % 28) * (int64_t)DAY_S + 9 * 3600;
}

static const char *rule_of(int series)
{
    return rules[(size_t)series % COUNT_OF(rules)];
}

static int64_t expand_ours(int series, int64_t *sum)
{
    static int64_t starts[ICAL_STARTS_MAX];
    int64_t start = start_of(series);
    size_t n = ical_expand(rule_of(series), start, start, start + YEARS_DAYS * (int64_t)DAY_S,
                           starts, ICAL_STARTS_MAX);
    for (size_t i = 0; i < n; i++)
        *sum += starts[i] % 1000003;
    return (int64_t)n;
}

static int64_t expand_libical(int series, int64_t *sum)
{
    int64_t start = start_of(series), end = start + YEARS_DAYS * (int64_t)DAY_S, n = 0;
    struct icaltimetype first = icaltime_from_timet_with_zone((time_t)start, 0, NULL);
    icalrecur_iterator *it =
        icalrecur_iterator_new(icalrecurrencetype_from_string(rule_of(series)), first);
    for (;;) {
        struct icaltimetype at = icalrecur_iterator_next(it);
        int64_t at_s = (int64_t)icaltime_as_timet(at);
        if (icaltime_is_null_time(at) || at_s >= end)
            break;
        *sum += at_s % 1000003;
        n++;
    }
    icalrecur_iterator_free(it);
    return n;
}

/* The shortest of some rounds; the others had company. */
static double measure(int64_t (*expand)(int series, int64_t *sum), int64_t *n, int64_t *sum)
{
    double best_s = 1e9;
    for (int round = 0; round < ROUNDS; round++) {
        int64_t before_ms = util_monotonic_ms();
        *n = *sum = 0;
        for (int series = 0; series < SERIES; series++)
            *n += expand(series, sum);
        double took_s = (double)(util_monotonic_ms() - before_ms) / 1000;
        best_s = took_s < best_s ? took_s : best_s;
    }
    return best_s;
}

int main(void)
{
    int64_t n, sum, their_n, their_sum;
    double ours_s = measure(expand_ours, &n, &sum);
    double theirs_s = measure(expand_libical, &their_n, &their_sum);
    fprintf(stderr, "%" PRId64 " sessions; libical: %.3f s\n", n, theirs_s);
    if (n != their_n || sum != their_sum) {
        fprintf(stderr, "libical finds others: %" PRId64 "\n", their_n);
        return 1;
    }
    printf("figure series_expand_10000 %.3f s\n", ours_s);
    printf("ratio series_vs_libical %.3f\n", ours_s / theirs_s);
    return 0;
}
