/*
 * outbox_table.c: ages, states and order of the destinations, as text and as JSON.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../daemon/buf.h"
#include "../daemon/json.h"
#include "../daemon/lane_hold.h"
#include "../daemon/outbox_table.h"
#include "../daemon/store_outbox.h"
#include "../daemon/util.h"

static const int64_t now_ms = INT64_C(1790000000000);

static const char *const names[] = {"", "post/a.example", "post/a.example (urgent)", "funk"};

static const char *name_of(void *context, int64_t lane_id)
{
    (void)context;
    return lane_id < (int64_t)COUNT_OF(names) ? names[lane_id] : "post/many.example";
}

static struct outbox_mark mark(int64_t lane_id, int64_t age_ms)
{
    return (struct outbox_mark){.lane_id = lane_id,
                                .state = DELIVERY_PENDING,
                                .created_ms = now_ms - age_ms,
                                .next_ms = now_ms};
}

static void test_ages(void **state)
{
    static const struct {
        const char *label;
        int64_t age_ms;
        size_t want;
    } cases[] = {
        {"new", 0, 0},
        {"from a clock that is ahead", -1, 0},
        {"five minutes", 5 * MINUTE_MS, 0},
        {"a moment more", 5 * MINUTE_MS + 1, 1},
        {"eleven minutes", 11 * MINUTE_MS, 2},
        {"eighty", 80 * MINUTE_MS, 4},
        {"1280", 1280 * MINUTE_MS, 8},
        {"a moment more than that", 1280 * MINUTE_MS + 1, 9},
        {"a year", INT64_C(525600) * MINUTE_MS, 9},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct outbox_table t;
        struct outbox_mark m = mark(1, cases[i].age_ms);
        outbox_table_init(&t, now_ms, now_ms);
        outbox_table_add(&t, &m);
        print_message("# %s\n", cases[i].label);
        for (size_t k = 0; k < OUTBOX_AGES; k++)
            assert_int_equal(t.lane[0].age[k], k == cases[i].want);
        outbox_table_release(&t);
    }
}

/* What the first destination does. */
static void test_states(void **state)
{
    static const struct {
        const char *label, *hold, *incident;
        enum delivery_state waiting;
        int64_t next_in_ms;
        const char *want;
    } cases[] = {
        {"due", "", "", DELIVERY_PENDING, 0, "runs"},
        {"due later", "", "", DELIVERY_PENDING, 1, "waits"},
        {"its transport is in trouble", "", "post", DELIVERY_PENDING, 1, "incident"},
        {"another is", "", "pos", DELIVERY_PENDING, 0, "runs"},
        {"held before all", "post", "post", DELIVERY_PENDING, 0, "held"},
        {"held by its name", "post/a.example", "", DELIVERY_PENDING, 0, "held"},
        {"another is held", "post/b.example", "", DELIVERY_PENDING, 0, "runs"},
        {"only what waits for a permission", "", "", DELIVERY_HELD, 0, "blocked"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct outbox_table t;
        struct lane_holds holds = {0};
        struct json_place where;
        char text[128];
        struct buf out = BUF_INIT;
        struct outbox_mark m = mark(1, 0);
        m.state = cases[i].waiting;
        m.next_ms = now_ms + cases[i].next_in_ms;
        if (!str_empty(cases[i].hold))
            lane_holds_add(&holds, cases[i].hold, now_ms);
        snprintf(text, sizeof text, "{\"incidents\":[{\"transport\":\"%s\",\"class\":\"tls\"}]}",
                 cases[i].incident);
        struct json *live = json_read(text, strlen(text), &where);
        outbox_table_init(&t, now_ms, now_ms);
        outbox_table_add(&t, &m);
        outbox_table_finish(&t, false, NULL, name_of);
        outbox_table_json(&out, &t, &holds, live);
        print_message("# %s\n", cases[i].label);
        struct json *rows = json_read(buf_str(&out), out.len, &where);
        assert_string_equal(json_text(json_get(json_at(rows, 0), "state")), cases[i].want);
        json_free(rows);
        json_free(live);
        buf_release(&out);
        lane_holds_release(&holds);
        outbox_table_release(&t);
    }
}

/* The most first, the total above, the class of most; nothing more than the urgent on demand. */
static void test_text(void **state)
{
    struct outbox_table t;
    struct lane_holds holds = {0};
    struct buf out = BUF_INIT;
    (void)state;
    lane_holds_add(&holds, "fax", now_ms);
    outbox_table_init(&t, now_ms, now_ms);
    for (int i = 0; i < 3; i++) {
        struct outbox_mark m = mark(3, 6 * MINUTE_MS);
        m.class = i ? CLASS_CONNECT : CLASS_TLS;
        outbox_table_add(&t, &m);
    }
    struct outbox_mark m = mark(2, 0);
    outbox_table_add(&t, &m);
    outbox_table_finish(&t, false, NULL, name_of);
    outbox_table_text(&out, &t, &holds, NULL);
    const char *total = strstr(buf_str(&out), "TOTAL"), *funk = strstr(buf_str(&out), "funk"),
               *urgent = strstr(buf_str(&out), "post/a.example (urgent)");
    assert_true(total && funk && urgent && total < funk && funk < urgent);
    assert_int_equal(strtoll(total + strlen("TOTAL"), NULL, 10), 4);
    assert_non_null(strstr(funk, "connect: Die Gegenstelle ist nicht zu erreichen"));
    assert_non_null(strstr(buf_str(&out), "fax: HELD since"));
    buf_reset(&out);
    outbox_table_release(&t);
    outbox_table_init(&t, now_ms, now_ms);
    outbox_table_add(&t, &m);
    m.lane_id = 1;
    outbox_table_add(&t, &m);
    outbox_table_finish(&t, true, NULL, name_of);
    assert_int_equal(t.lanes, 1);
    outbox_table_release(&t);
    lane_holds_release(&holds);
    outbox_table_init(&t, now_ms, now_ms);
    outbox_table_finish(&t, false, NULL, name_of);
    outbox_table_text(&out, &t, &holds, NULL);
    assert_string_equal(buf_str(&out), "Nothing waits.\n");
    outbox_table_release(&t);
    buf_release(&out);
}

/* Thousands of destinations, seen in turns, are each counted once. */
static void test_many(void **state)
{
    enum { LANES = 5000, TURNS = 3 };
    struct outbox_table t;
    (void)state;
    outbox_table_init(&t, now_ms, now_ms);
    for (int turn = 0; turn < TURNS; turn++)
        for (int64_t i = 1; i <= LANES; i++) {
            struct outbox_mark m = mark(i * 7919, 0);
            outbox_table_add(&t, &m);
        }
    outbox_table_finish(&t, false, NULL, name_of);
    assert_int_equal(t.lanes, LANES);
    for (size_t i = 0; i < t.lanes; i++)
        assert_int_equal(t.lane[i].pending, TURNS);
    outbox_table_release(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ages),
        cmocka_unit_test(test_states),
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_many),
    };
    json_start();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
