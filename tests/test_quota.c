/*
 * Quotas: the coordinator's line, what counts as told, and which sessions count.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../daemon/buf.h"
#include "../daemon/quota.h"
#include "../daemon/util.h"

static const struct {
    const char *label;
    struct quota quota;
    int64_t held, planned;
    enum quota_verdict verdict;
    bool full;
    const char *want;
} line_cases[] = {
    {"MH2", {"TOJ", 2, 3}, 1, 0, QUOTA_GAP, false, "TOJ 1 von 2-3, bis 31.12."},
    {"none yet", {"TOJ", 2, 3}, 0, 0, QUOTA_GAP, false, "TOJ 0 von 2-3, bis 31.12."},
    {"one is planned",
     {"TOJ", 2, 3},
     0,
     1,
     QUOTA_GAP,
     false,
     "TOJ 0 von 2-3, 1 geplant, bis 31.12."},
    {"held and planned are enough",
     {"TOJ", 2, 3},
     1,
     1,
     QUOTA_MET,
     false,
     "TOJ 1 von 2-3, 1 geplant"},
    {"a fourth needs a reason", {"TOJ", 2, 3}, 2, 1, QUOTA_MET, true, "TOJ 2 von 2-3, 1 geplant"},
    {"four", {"TOJ", 2, 3}, 4, 0, QUOTA_OVER, true, "TOJ 4 von 2-3, mehr als vorgesehen"},
    {"no upper bound", {"TOJ", 2, 0}, 9, 0, QUOTA_MET, false, "TOJ 9 von mindestens 2"},
    {"no upper bound, gap",
     {"TOJ", 2, 0},
     1,
     0,
     QUOTA_GAP,
     false,
     "TOJ 1 von mindestens 2, bis 31.12."},
    {"no lower bound", {"TOJ", 0, 3}, 0, 0, QUOTA_MET, false, "TOJ 0 von höchstens 3"},
    {"exactly",
     {"Lernwerkstatt", 1, 1},
     0,
     0,
     QUOTA_GAP,
     false,
     "Lernwerkstatt 0 von 1, bis 31.12."},
};

static void lines(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(line_cases); i++) {
        struct quota_count count = {2027, line_cases[i].held, line_cases[i].planned};
        struct buf got = BUF_INIT;
        quota_line(&got, &line_cases[i].quota, &count);
        if (!str_eq(buf_str(&got), line_cases[i].want))
            fail_msg("%s: %s, want %s", line_cases[i].label, buf_str(&got), line_cases[i].want);
        if (quota_judge(&line_cases[i].quota, &count) != line_cases[i].verdict)
            fail_msg("%s: another verdict", line_cases[i].label);
        if (quota_full(&line_cases[i].quota, &count) != line_cases[i].full)
            fail_msg("%s: full is not %d", line_cases[i].label, line_cases[i].full);
        bool silent = quota_mark(&line_cases[i].quota, &count) == 0;
        if (silent != (line_cases[i].verdict == QUOTA_MET))
            fail_msg("%s: silent is %d", line_cases[i].label, silent);
        buf_release(&got);
    }
}

/* A coordinator is told once of each state, and again when it came back. */
static void told_once(void **state)
{
    static const struct {
        const char *label;
        struct quota quota;
        struct quota_count count;
        bool want;
    } steps[] = {
        {"first check", {"TOJ", 2, 3}, {2027, 1, 0}, true},
        {"unchanged", {"TOJ", 2, 3}, {2027, 1, 0}, false},
        {"one is planned: met", {"TOJ", 2, 3}, {2027, 1, 1}, false},
        {"and cancelled: as before, but new", {"TOJ", 2, 3}, {2027, 1, 0}, true},
        {"unchanged again", {"TOJ", 2, 3}, {2027, 1, 0}, false},
        {"the quota was raised", {"TOJ", 3, 4}, {2027, 1, 0}, true},
        {"next year looks the same", {"TOJ", 3, 4}, {2028, 1, 0}, true},
        {"still", {"TOJ", 3, 4}, {2028, 1, 0}, false},
        {"held became planned", {"TOJ", 3, 4}, {2028, 0, 1}, true},
        {"far too many", {"TOJ", 3, 4}, {2028, 5000, 0}, true},
        {"still far too many", {"TOJ", 3, 4}, {2028, 5001, 0}, false},
    };
    int64_t told = 0;
    (void)state;
    for (size_t i = 0; i < COUNT_OF(steps); i++) {
        int64_t mark = quota_mark(&steps[i].quota, &steps[i].count);
        if (quota_differs(mark, told) != steps[i].want)
            fail_msg("%s: want %d", steps[i].label, steps[i].want);
        told = mark;
    }
}

static void counts(void **state)
{
    static const struct quota_session all[] = {
        {"styrum", "toj", 0, true},       {"styrum", "toj", 364, false},
        {"styrum", "toj", 365, true},     {"styrum", "toj", -1, true},
        {"styrum", "fallteam", 10, true}, {"heissen", "toj", 10, true},
        {"styrum", "toj", 200, true},
    };
    struct quota_session moved[COUNT_OF(all)];
    const struct quota_session of = {.unit = "styrum", .kind = "toj"};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(all); i++) {
        moved[i] = all[i];
        moved[i].day += day_of(2027, 1, 1);
    }
    struct quota_count count = quota_count(moved, COUNT_OF(moved), &of, 2027);
    assert_int_equal(count.year, 2027);
    assert_int_equal(count.held, 2);
    assert_int_equal(count.planned, 1);
    count = quota_count(moved, COUNT_OF(moved), &of, 2028);
    assert_int_equal(count.held, 1);
    assert_int_equal(count.planned, 0);
    count = quota_count(NULL, 0, &of, 2028);
    assert_int_equal(count.held + count.planned, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines),
        cmocka_unit_test(told_once),
        cmocka_unit_test(counts),
    };
    return cmocka_run_group_tests_name("quota", tests, NULL, NULL);
}
