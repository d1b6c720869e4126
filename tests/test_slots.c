/*
 * Common slots: part time, half days, two Länder, absences, the days when the clocks change, and
 * against a slow search of our own that tries every minute of the wall clock.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "../daemon/buf.h"
#include "../daemon/slots.h"
#include "../daemon/util.h"
#include "../daemon/walltime.h"
#include "../daemon/worktime.h"

enum { BUSY_MAX = 60, SLOTS_MAX = 300 };

/* The kinds of party that the cases speak of. */
enum office {
    NONE,
    ULM,     /* Mo-Do 08-16, Fr 08-12, BW, closed on Schwörmontag 2027 from 10:30 */
    NEU_ULM, /* the same hours, BY with Mariä Himmelfahrt, no closure */
    TUWETH,  /* Tuesday to Thursday 09-15, BW */
    EVENING, /* every weekday 16-20 */
    ALWAYS,  /* on call: all days, 00-24, no calendar */
    NEVER
};

static struct closure closures[1];

static struct worktime office(enum office kind)
{
    struct worktime w;
    worktime_default(&w);
    str_copy(w.calendar, sizeof w.calendar, kind == NEU_ULM ? "BY+mh" : "BW");
    for (int i = 0; i < 7; i++) {
        const char *hours = kind == ALWAYS                       ? "00:00-24:00"
                            : kind == EVENING && i < 5           ? "16:00-20:00"
                            : kind == TUWETH && i >= 1 && i <= 3 ? "09:00-15:00"
                                                                 : "";
        if (kind > NEU_ULM)
            assert_true(worktime_hours_parse(hours, &w.open_s[i], &w.close_s[i]));
    }
    if (kind == ALWAYS)
        w.calendar[0] = '\0';
    if (kind == ULM) {
        assert_true(closure_parse("2027-07-19", "10:30", &closures[0]));
        w.closure = closures;
        w.closures = 1;
    }
    return w;
}

static int64_t at(const char *text)
{
    int64_t ms = 0;
    if (!wall_parse(text, false, &ms))
        fail_msg("no time: %s", text);
    return ms;
}

/* "2027-06-07T10:00/2027-06-07T12:00" pieces with blanks between. */
static size_t busy_of(const char *text, struct busy *busy)
{
    size_t n = 0;
    char part[80], *slash;
    while (text && *text) {
        size_t len = strcspn(text, " ");
        memcpy(part, text, len);
        part[len] = '\0';
        slash = strchr(part, '/');
        *slash = '\0';
        busy[n++] = (struct busy){at(part), at(slash + 1)};
        text += len + strspn(text + len, " ");
    }
    return n;
}

static const struct {
    const char *label;
    enum office party[4];
    const char *busy; /* of the first party */
    const char *from, *to;
    int minutes, step, per_day;
    size_t max;
    const char *want;
} cases[] = {
    {"one party, one day",
     {ULM},
     "",
     "2027-06-07T14:00",
     "2027-06-08",
     60,
     60,
     0,
     9,
     "Mo 07.06.2027 14:00 Mo 07.06.2027 15:00 "},
    {"starts lie on the step",
     {ULM},
     "",
     "2027-06-07T14:10",
     "2027-06-08",
     45,
     30,
     0,
     9,
     "Mo 07.06.2027 14:30 "},
    {"one a day",
     {ULM},
     "",
     "2027-06-07",
     "2027-06-12",
     60,
     30,
     1,
     9,
     "Mo 07.06.2027 08:00 Di 08.06.2027 08:00 Mi 09.06.2027 08:00 Do 10.06.2027 08:00 "
     "Fr 11.06.2027 08:00 "},
    {"at most three",
     {ULM},
     "",
     "2027-06-07",
     "2027-06-12",
     60,
     30,
     1,
     3,
     "Mo 07.06.2027 08:00 Di 08.06.2027 08:00 Mi 09.06.2027 08:00 "},
    {"part time",
     {ULM, TUWETH},
     "",
     "2027-06-11",
     "2027-06-16",
     60,
     30,
     1,
     9,
     "Di 15.06.2027 09:00 "},
    {"the shorter day ends it",
     {ULM, TUWETH},
     "",
     "2027-06-15T13:45",
     "2027-06-16",
     60,
     30,
     0,
     9,
     "Di 15.06.2027 14:00 "},
    {"half-day closure",
     {ULM, NEU_ULM},
     "",
     "2027-07-19",
     "2027-07-20",
     60,
     30,
     0,
     9,
     "Mo 19.07.2027 08:00 Mo 19.07.2027 09:00 "},
    {"UL9 Ulm works on 15.08.2028",
     {ULM},
     "",
     "2028-08-14T15:30",
     "2028-08-16T09:00",
     30,
     30,
     1,
     9,
     "Mo 14.08.2028 15:30 Di 15.08.2028 08:00 Mi 16.08.2028 08:00 "},
    {"UL9 Neu-Ulm does not",
     {ULM, NEU_ULM},
     "",
     "2028-08-14T15:30",
     "2028-08-16T09:00",
     30,
     30,
     1,
     9,
     "Mo 14.08.2028 15:30 Mi 16.08.2028 08:00 "},
    {"an absence",
     {ULM, NEU_ULM},
     "2027-06-07T00:00/2027-06-10T00:00",
     "2027-06-07",
     "2027-06-11",
     60,
     30,
     1,
     9,
     "Do 10.06.2027 08:00 "},
    {"between two meetings",
     {ULM},
     "2027-06-07T12:00/2027-06-07T16:00 2027-06-07T08:00/2027-06-07T09:30",
     "2027-06-07",
     "2027-06-08",
     60,
     30,
     0,
     9,
     "Mo 07.06.2027 09:30 Mo 07.06.2027 10:30 "},
    {"meetings that overlap and touch",
     {ULM},
     "2027-06-07T09:00/2027-06-07T11:00 2027-06-07T08:00/2027-06-07T10:00 "
     "2027-06-07T08:30/2027-06-07T09:00 2027-06-07T11:00/2027-06-07T15:00",
     "2027-06-07",
     "2027-06-08",
     60,
     30,
     0,
     9,
     "Mo 07.06.2027 15:00 "},
    {"what lasts no time hinders nothing",
     {ULM},
     "2027-06-07T15:30/2027-06-07T15:30",
     "2027-06-07T15:00",
     "2027-06-08",
     60,
     30,
     0,
     9,
     "Mo 07.06.2027 15:00 "},
    {"the gap is too short",
     {ULM},
     "2027-06-07T08:00/2027-06-07T11:15 2027-06-07T12:00/2027-06-07T16:00",
     "2027-06-07",
     "2027-06-08",
     45,
     30,
     0,
     9,
     ""},
    {"hours that never meet", {ULM, EVENING}, "", "2027-06-07", "2027-09-07", 30, 30, 1, 9, ""},
    {"hours that touch", {EVENING, ULM}, "", "2027-06-07", "2027-06-08", 1, 1, 1, 9, ""},
    {"nobody is ever free", {NEVER, ULM}, "", "2027-06-07", "2099-06-07", 30, 30, 1, 9, ""},
    {"must have ended by then",
     {ULM},
     "",
     "2027-06-07T08:00",
     "2027-06-07T08:59",
     60,
     30,
     0,
     9,
     ""},
    {"ends on the minute",
     {ULM},
     "",
     "2027-06-07T08:00",
     "2027-06-07T09:00",
     60,
     30,
     0,
     9,
     "Mo 07.06.2027 08:00 "},
    {"no duration", {ULM}, "", "2027-06-07", "2027-06-08", 0, 30, 0, 9, ""},
    {"longer than a day", {ALWAYS}, "", "2027-06-07", "2027-06-17", 1441, 30, 0, 9, ""},
    {"a whole day",
     {ALWAYS},
     "",
     "2027-06-07",
     "2027-06-09",
     1440,
     30,
     0,
     9,
     "Mo 07.06.2027 00:00 Di 08.06.2027 00:00 "},
    {"no step is a minute",
     {ULM},
     "",
     "2027-06-07T15:29",
     "2027-06-08",
     30,
     0,
     0,
     9,
     "Mo 07.06.2027 15:29 "},
    {"the end lies before the beginning", {ULM}, "", "2027-06-08", "2027-06-07", 30, 30, 0, 9, ""},
    {"nobody is asked", {NONE}, "", "2027-06-07", "2027-06-08", 30, 30, 0, 9, ""},
    {"no room for a slot", {ULM}, "", "2027-06-07", "2027-06-08", 30, 30, 0, 0, ""},
    {"spring: 02:00 and 02:30 are not shown",
     {ALWAYS},
     "",
     "2027-03-28T01:00",
     "2027-03-28T04:30",
     30,
     30,
     0,
     9,
     "So 28.03.2027 01:00 So 28.03.2027 01:30 So 28.03.2027 03:00 So 28.03.2027 03:30 "
     "So 28.03.2027 04:00 "},
    {"spring: a start that is not shown is none",
     {ALWAYS},
     "",
     "2027-03-28T01:45",
     "2027-03-28T04:30",
     30,
     50,
     0,
     9,
     "So 28.03.2027 03:20 "},
    {"spring: from two to five are two hours",
     {ALWAYS},
     "",
     "2027-03-28",
     "2027-03-28T05:00",
     240,
     60,
     0,
     9,
     "So 28.03.2027 00:00 "},
    {"autumn: 02:30 is offered once",
     {ALWAYS},
     "2027-10-31T00:00/2027-10-31T02:00",
     "2027-10-31",
     "2027-10-31T04:00",
     30,
     30,
     0,
     9,
     "So 31.10.2027 02:00 So 31.10.2027 02:30 So 31.10.2027 03:00 So 31.10.2027 03:30 "},
};

static void table(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct worktime hours[4];
        struct slot_party party[4] = {0};
        struct busy busy[BUSY_MAX], slot[SLOTS_MAX];
        struct buf got = BUF_INIT;
        size_t n = 0;
        for (; n < 4 && cases[i].party[n] != NONE; n++) {
            hours[n] = office(cases[i].party[n]);
            party[n].hours = &hours[n];
        }
        party[0].busy = busy;
        party[0].busy_count = busy_of(cases[i].busy, busy);
        struct slot_wish wish = {at(cases[i].from), at(cases[i].to), cases[i].minutes * 60000LL,
                                 cases[i].step * 60000LL, (size_t)cases[i].per_day};
        size_t found = slots_find(&wish, party, n, slot, cases[i].max);
        for (size_t k = 0; k < found; k++) {
            time_german(&got, slot[k].from_ms);
            buf_addc(&got, ' ');
            assert_int_equal(slot[k].to_ms - slot[k].from_ms, wish.duration_ms);
        }
        if (!str_eq(buf_str(&got), cases[i].want))
            fail_msg("%s: %s, want %s", cases[i].label, buf_str(&got), cases[i].want);
        buf_release(&got);
    }
}

static void collisions(void **state)
{
    static const struct {
        const char *label, *from, *to;
        int want; /* -1: none */
    } probes[] = {
        {"before all", "2027-06-07T08:00", "2027-06-07T09:00", -1},
        {"into the first", "2027-06-07T08:00", "2027-06-07T09:01", 1},
        {"over both: the earlier", "2027-06-07T08:00", "2027-06-07T18:00", 1},
        {"between", "2027-06-07T10:00", "2027-06-07T12:00", -1},
        {"within the second", "2027-06-07T12:30", "2027-06-07T12:45", 0},
        {"begins when it ends", "2027-06-07T13:00", "2027-06-07T14:00", -1},
    };
    struct busy busy[BUSY_MAX];
    struct slot_party party = {.busy = busy};
    (void)state;
    party.busy_count = busy_of("2027-06-07T12:00/2027-06-07T13:00 2027-06-07T09:00/"
                               "2027-06-07T10:00 2027-06-07T11:00/2027-06-07T11:00",
                               busy);
    for (size_t i = 0; i < COUNT_OF(probes); i++) {
        const struct busy *found = slots_collision(&party, at(probes[i].from), at(probes[i].to));
        if (found != (probes[i].want < 0 ? NULL : &busy[probes[i].want]))
            fail_msg("%s", probes[i].label);
    }
}

static uint64_t random_next(uint64_t *seed)
{
    *seed = *seed * 6364136223846793005U + 1442695040888963407U;
    return *seed >> 33;
}

/* Is [from_ms, to_ms) free for all, asked minute by minute? */
static bool slowly_free(const struct slot_party *party, size_t parties, int64_t from_ms,
                        int64_t to_ms)
{
    for (size_t p = 0; p < parties; p++) {
        if (slots_collision(&party[p], from_ms, to_ms))
            return false;
        for (int64_t ms = from_ms; ms < to_ms; ms += 60000)
            if (!worktime_is_open(party[p].hours, ms))
                return false;
    }
    return true;
}

/* The walk finds what trying every start finds, on random parties around both changes. */
static void as_slow_search(void **state)
{
    static const char *const begins[] = {"2027-03-25", "2027-10-28", "2027-07-16", "2026-12-22"};
    uint64_t seed = 4711;
    size_t all = 0;
    (void)state;
    for (int round = 0; round < 200; round++) {
        struct worktime hours[3];
        struct busy busy[3][8], slot[SLOTS_MAX];
        struct slot_party party[3];
        struct slot_wish wish = {.step_ms = 1800000, .per_day = 0};
        size_t parties = 1 + random_next(&seed) % 3, n = 0;
        wish.from_ms = at(begins[random_next(&seed) % COUNT_OF(begins)]);
        wish.to_ms = wish.from_ms + 6 * 86400000LL;
        wish.duration_ms = (int64_t)(1 + random_next(&seed) % 4) * 1800000;
        for (size_t p = 0; p < parties; p++) {
            static const enum office kinds[] = {ULM, NEU_ULM, ALWAYS};
            hours[p] = office(kinds[random_next(&seed) % COUNT_OF(kinds)]);
            for (size_t b = 0; b < 8; b++) {
                int64_t from = wish.from_ms + (int64_t)(random_next(&seed) % 8640) * 60000;
                busy[p][b] =
                    (struct busy){from, from + (int64_t)(random_next(&seed) % 500) * 60000};
            }
            party[p] = (struct slot_party){&hours[p], busy[p], 8};
        }
        size_t found = slots_find(&wish, party, parties, slot, SLOTS_MAX);
        int64_t after_ms = wish.from_ms;
        for (int64_t day = wall_day(wish.from_ms, NULL); day <= wall_day(wish.to_ms - 1, NULL);
             day++)
            for (int s = 0; s < 86400; s += 1800) {
                int shown;
                int64_t ms = wall_ms(day, s), end_ms = ms + wish.duration_ms;
                if (wall_day(ms, &shown) != day || shown != s || ms < after_ms ||
                    end_ms > wish.to_ms || end_ms > wall_ms(day, 86400) ||
                    !slowly_free(party, parties, ms, end_ms))
                    continue;
                if (n >= found || slot[n].from_ms != ms)
                    fail_msg("round %d: slot %zu of %zu is another one", round, n, found);
                n++;
                after_ms = end_ms;
            }
        assert_int_equal(n, found);
        all += found;
    }
    assert_true(all > 1000);
}

/* 20 parties with 1,000 things in 90 days: answered without walking all against all. The time is
 * shown, not judged, because the machine is shared. */
static void large(void **state)
{
    static struct busy busy[20][50];
    struct worktime hours = office(ULM);
    struct slot_party party[20];
    struct busy slot[5];
    struct timespec before, after;
    uint64_t seed = 1;
    struct slot_wish wish = {at("2027-06-07"), at("2027-09-05"), 5400000, 1800000, 1};
    (void)state;
    for (size_t p = 0; p < 20; p++) {
        for (size_t b = 0; b < 50; b++) {
            int64_t from = wish.from_ms + (int64_t)(random_next(&seed) % 4320) * 1800000;
            busy[p][b] = (struct busy){from, from + 4 * 3600000};
        }
        party[p] = (struct slot_party){&hours, busy[p], 50};
    }
    clock_gettime(CLOCK_MONOTONIC, &before);
    size_t found = slots_find(&wish, party, 20, slot, 5);
    clock_gettime(CLOCK_MONOTONIC, &after);
    print_message("20 parties, 1,000 things, 90 days: %zu slots in %.2f ms\n", found,
                  (double)(after.tv_sec - before.tv_sec) * 1e3 +
                      (double)(after.tv_nsec - before.tv_nsec) / 1e6);
    for (size_t i = 0; i < found; i++)
        assert_true(slowly_free(party, 20, slot[i].from_ms, slot[i].to_ms));
    assert_int_equal(found, 5);
    hours = office(NEVER);
    assert_int_equal(slots_find(&wish, party, 20, slot, 5), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(table),
        cmocka_unit_test(collisions),
        cmocka_unit_test(as_slow_search),
        cmocka_unit_test(large),
    };
    return cmocka_run_group_tests_name("slots", tests, NULL, NULL);
}
