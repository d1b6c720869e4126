/*
 * retry.c: growth, spread, the peer's wish, the expiry, and what is late.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../daemon/retry.h"
#include "../daemon/util.h"

enum { S = 1000, MIN = 60 * S, HOUR = 60 * MIN, NOW = 500 * HOUR };
#define LOW 0
#define MIDDLE (UINT32_MAX / 2)
#define HIGH UINT32_MAX

static const struct {
    const char *label;
    struct retry_case in;
    enum retry_outcome want;
    int64_t want_delay_ms, tolerance_ms;
} plan_cases[] = {
    {"first, middle", {CLASS_TEMPORARY, 1, NOW, 0, 0, MIN, HOUR, MIDDLE}, RETRY_AT, MIN, 1},
    {"first, earliest", {CLASS_TEMPORARY, 1, NOW, 0, 0, MIN, HOUR, LOW}, RETRY_AT, 45 * S, 0},
    {"first, latest", {CLASS_TEMPORARY, 1, NOW, 0, 0, MIN, HOUR, HIGH}, RETRY_AT, 75 * S, 0},
    {"second", {CLASS_TEMPORARY, 2, NOW, 0, 0, MIN, HOUR, MIDDLE}, RETRY_AT, 3 * MIN, 1},
    {"third", {CLASS_TEMPORARY, 3, NOW, 0, 0, MIN, HOUR, MIDDLE}, RETRY_AT, 9 * MIN, 1},
    {"capped", {CLASS_TEMPORARY, 9, NOW, 0, 0, MIN, HOUR, MIDDLE}, RETRY_AT, HOUR, 1},
    {"very many", {CLASS_TIMEOUT, INT32_MAX, NOW, 0, 0, MIN, HOUR, MIDDLE}, RETRY_AT, HOUR, 1},
    {"connect sooner", {CLASS_CONNECT, 1, NOW, 0, 0, MIN, HOUR, MIDDLE}, RETRY_AT, 30 * S, 1},
    {"auth later", {CLASS_AUTH, 1, NOW, 0, 0, MIN, HOUR, MIDDLE}, RETRY_AT, 3 * MIN, 1},
    {"peer asks", {CLASS_THROTTLED, 1, NOW, 0, 600, MIN, HOUR, LOW}, RETRY_AT, 10 * MIN, 0},
    {"peer asks less", {CLASS_THROTTLED, 1, NOW, 0, 5, MIN, HOUR, LOW}, RETRY_AT, 90 * S, 0},
    {"absurd wish", {CLASS_THROTTLED, 1, NOW, 0, INT64_MAX, MIN, HOUR, LOW}, RETRY_AT, 90 * S, 0},
    {"full later", {CLASS_FULL, 1, NOW, 0, 0, MIN, HOUR, MIDDLE}, RETRY_AT, 3 * MIN, 1},
    {"no credit later", {CLASS_CREDIT, 1, NOW, 0, 0, MIN, HOUR, MIDDLE}, RETRY_AT, 3 * MIN, 1},
    {"policy", {CLASS_POLICY, 1, NOW, 0, 0, MIN, HOUR, MIDDLE}, RETRY_NEVER, -NOW, 0},
    {"address", {CLASS_ADDRESS, 1, NOW, 0, 0, MIN, HOUR, MIDDLE}, RETRY_NEVER, -NOW, 0},
    {"permanent", {CLASS_PERMANENT, 1, NOW, 0, 0, MIN, HOUR, MIDDLE}, RETRY_NEVER, -NOW, 0},
    {"last at expiry",
     {CLASS_TEMPORARY, 4, NOW, NOW + 10 * MIN, 0, MIN, HOUR, MIDDLE},
     RETRY_AT,
     10 * MIN,
     0},
    {"expired",
     {CLASS_TEMPORARY, 4, NOW, NOW + 30 * S, 0, MIN, HOUR, MIDDLE},
     RETRY_EXPIRED,
     -NOW,
     0},
    {"past expiry", {CLASS_CONNECT, 1, NOW, NOW - 1, 0, MIN, HOUR, LOW}, RETRY_EXPIRED, -NOW, 0},
    {"wish beyond expiry",
     {CLASS_THROTTLED, 1, NOW, NOW + 10 * MIN, 3600, MIN, HOUR, LOW},
     RETRY_EXPIRED,
     -NOW,
     0},
    {"max below first", {CLASS_TEMPORARY, 2, NOW, 0, 0, MIN, S, MIDDLE}, RETRY_AT, MIN, 1},
    {"huge settings",
     {CLASS_AUTH, 5, NOW, 0, 0, INT64_MAX / 4, INT64_MAX / 4, LOW},
     RETRY_AT,
     INT64_MAX / 4 / 4 * 3,
     1000},
};

static void plans(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(plan_cases); i++) {
        int64_t at_ms;
        enum retry_outcome got = retry_plan(&plan_cases[i].in, &at_ms);
        int64_t off = at_ms - NOW - plan_cases[i].want_delay_ms;
        if (got != plan_cases[i].want || off < -plan_cases[i].tolerance_ms ||
            off > plan_cases[i].tolerance_ms)
            fail_msg("%s: outcome %d, delay %lld ms", plan_cases[i].label, (int)got,
                     (long long)(at_ms - NOW));
    }
}

static const struct {
    const char *label;
    struct retry_wait in;
    enum retry_late want;
} late_cases[] = {
    {"no deadline", {NOW, NOW + 90 * HOUR, 0}, RETRY_IN_TIME},
    {"soon", {NOW, NOW + MIN, NOW + HOUR}, RETRY_IN_TIME},
    {"just before half", {NOW, NOW + 30 * MIN - 1, NOW + HOUR}, RETRY_IN_TIME},
    {"half is gone", {NOW, NOW + 30 * MIN, NOW + HOUR}, RETRY_DELAYED},
    {"just before the last quarter", {NOW, NOW + 45 * MIN - 1, NOW + HOUR}, RETRY_DELAYED},
    {"in the last quarter", {NOW, NOW + 45 * MIN, NOW + HOUR}, RETRY_TOO_LATE},
    {"at the deadline", {NOW, NOW + HOUR, NOW + HOUR}, RETRY_TOO_LATE},
    {"behind it", {NOW, NOW + 2 * HOUR, NOW + HOUR}, RETRY_TOO_LATE},
    {"no time from the start", {NOW, NOW + MIN, NOW}, RETRY_TOO_LATE},
    {"deadline before it was made", {NOW, NOW + MIN, NOW - HOUR}, RETRY_TOO_LATE},
};

static void lateness(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(late_cases); i++)
        if (retry_lateness(&late_cases[i].in) != late_cases[i].want)
            fail_msg("%s: %d", late_cases[i].label, (int)retry_lateness(&late_cases[i].in));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(plans), cmocka_unit_test(lateness)};
    return cmocka_run_group_tests_name("retry", tests, NULL, NULL);
}
