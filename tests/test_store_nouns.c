/*
 * store_*.c on real files: each noun's queries.
 */
#include "store_rig.h"

/* ---- nouns */

static bool collect(void *context, const struct item *item)
{
    struct buf *out = context;
    buf_printf(out, "%lld ", (long long)item->seq);
    return out->len < 6;
}

static void test_items(void **state)
{
    (void)state;
    struct buf got = BUF_INIT;
    struct item again, item;
    store_begin(s);
    for (int i = 0; i < 4; i++)
        item = new_item(i % 2 ? "cr-a" : "cr-b", i % 2 ? INT64_MIN : -1);
    item.closed_ms = 77;
    item.case_key = 5;
    item.restricted = true;
    item.urgency = URGENCY_URGENT;
    str_copy(item.case_ref, sizeof item.case_ref, "cr-c");
    str_copy(item.place, sizeof item.place, "nord");
    store_item_update(s, &item);
    commit();
    assert_true(store_item_get(s, item.seq, &again));
    assert_memory_equal(&again, &item, sizeof item);
    assert_false(store_item_get(s, 99, &again));
    store_item_each_of_case(s, -1, &got, collect);
    assert_string_equal(buf_str(&got), "3 1 ");
    buf_reset(&got);
    store_item_each(s, false, 2, &got, collect);
    assert_string_equal(buf_str(&got), "2 3 ");
    buf_reset(&got);
    store_item_each(s, true, 0, &got, collect);
    assert_string_equal(buf_str(&got), "1 2 3 ");
    assert_int_equal(store_item_count_open(s), 3);
    assert_int_equal(store_item_oldest_open(s), 1001);
    buf_release(&got);
}

/* Every unit once an item, however often the item names it; closed items name nobody. */
static void put_unit(void *context, const char *unit, int64_t items)
{
    buf_printf(context, "%s=%lld ", unit, (long long)items);
}

static void test_units(void **state)
{
    (void)state;
    struct buf got = BUF_INIT;
    store_begin(s);
    struct item item = new_item("x", 1);
    new_item("x", 1);
    item.closed_ms = 5;
    store_item_update(s, &item);
    commit();
    store_item_each_unit(s, &got, put_unit);
    assert_string_equal(buf_str(&got), "asd=1 sozialbuero=1 ");
    buf_release(&got);
}

static void test_events(void **state)
{
    (void)state;
    struct event_row row = {.seq = 1,
                            .id_hash = {1, 2, 3},
                            .envelope_hash = {4, 5, 6},
                            .received_ms = 1000,
                            .outcome = OUTCOME_REFUSED,
                            .item_seq = 9,
                            .source = "jugendamt",
                            .id = "a-1",
                            .type = "handover.requested",
                            .data = "{}",
                            .faults = "[1]"};
    struct event_row again;
    struct buf faults = BUF_INIT, data = BUF_INIT;
    memset(row.id, 'i', EVENT_ID_MAX - 1);
    memset(row.source, 's', ID_MAX - 1);
    store_begin(s);
    store_event_add(s, &row);
    commit();
    assert_true(store_event_get(s, 1, &again, &faults));
    assert_memory_equal(again.id_hash, row.id_hash, DIGEST_ID);
    assert_memory_equal(again.envelope_hash, row.envelope_hash, DIGEST_ID);
    assert_string_equal(again.id, row.id);
    assert_string_equal(again.source, row.source);
    assert_string_equal(again.type, row.type);
    assert_int_equal(again.outcome, OUTCOME_REFUSED);
    assert_int_equal(again.item_seq, 9);
    assert_string_equal(buf_str(&faults), "[1]");
    store_event_data(s, 1, &data);
    assert_string_equal(buf_str(&data), "{}");
    assert_int_equal(store_event_count(s, OUTCOME_REFUSED), 1);
    assert_int_equal(store_event_count(s, OUTCOME_ACCEPTED), 0);
    assert_false(store_event_get(s, 2, &again, NULL));
    buf_release(&faults);
    buf_release(&data);
}

static void test_notices(void **state)
{
    (void)state;
    char units[2][ID_MAX], longest[OUTCOME_MAX + 8];
    store_begin(s);
    int64_t item = new_item("x", 1).seq, other = new_item("y", 2).seq;
    add_notice(item, "b", 5, "");
    add_notice(item, "a", 0, "");
    add_notice(item, "b", 0, "");
    add_notice(item, "c", 0, "");
    add_notice(other, "d", 5, "");
    commit();
    assert_int_equal(store_notice_units(s, item, 0, units, 2), 2);
    assert_string_equal(units[0], "b");
    assert_string_equal(units[1], "a");
    assert_true(store_item_asked(s, item, "b"));
    assert_false(store_item_asked(s, item, "a"));
    assert_false(store_item_asked(s, item, "d"));
    assert_int_equal(store_notice_count(s), 5);
    /* Cut between characters, not within one. */
    memset(longest, 'x', sizeof longest);
    memcpy(longest + OUTCOME_MAX - 2, "\xc3\xa4\xc3\xa4", 5);
    store_begin(s);
    int64_t notice = add_notice(other, "e", 0, longest);
    add_delivery(other, notice, store_intern(s, "l"), 1);
    commit();
    assert_int_equal(store_notice_count(s), 6);
}

struct seen {
    struct buf text;
    int left;
};

static bool see(void *context, const struct due *due)
{
    struct seen *seen = context;
    if (!seen->left--)
        return false;
    buf_printf(&seen->text, "%lld:%s:%zu ", (long long)due->delivery.seq, due->notice.unit,
               strlen(due->notice.outcome));
    return true;
}

static int64_t due(int64_t lane, int64_t now_ms, int most, const char *want)
{
    struct seen seen = {BUF_INIT, most};
    int64_t next = store_delivery_due(s, lane, now_ms, &seen, see);
    assert_string_equal(buf_str(&seen.text), want);
    buf_release(&seen.text);
    return next;
}

static void test_deliveries(void **state)
{
    (void)state;
    char longest[OUTCOME_MAX + 100];
    memset(longest, 'x', sizeof longest);
    longest[sizeof longest - 1] = '\0';
    store_begin(s);
    int64_t item = new_item("x", 1).seq, a = store_intern(s, "a"), b = store_intern(s, "b");
    int64_t first = add_notice(item, "u", 9, longest), second = add_notice(item, "v", 9, "");
    struct delivery d = add_delivery(item, first, a, 200);
    add_delivery(item, second, a, 100);
    add_delivery(item, second, a, 300);
    add_delivery(item, second, b, 50);
    commit();
    assert_int_equal(due(a, 200, 9, "2:v:0 1:u:2047 "), 300);
    assert_int_equal(due(a, 200, 1, "2:v:0 "), 0);
    assert_int_equal(due(a, 99, 9, ""), 100);
    assert_int_equal(due(b, 99, 9, "4:v:0 "), 0);
    assert_int_equal(store_delivery_lane_after(s, 0), a);
    assert_int_equal(store_delivery_lane_after(s, a), b);
    assert_int_equal(store_delivery_lane_after(s, b), 0);
    assert_true(store_delivery_hopeful(s, first));
    d.state = DELIVERY_FAILED;
    d.attempts = 3;
    d.ended_ms = 400;
    d.class = CLASS_ADDRESS;
    d.code = 550;
    memset(d.provider_id, 'p', sizeof d.provider_id - 1);
    store_begin(s);
    store_delivery_settle(s, &d);
    store_delivery_cancel(s, item, second, 500);
    commit();
    struct delivery again;
    assert_true(store_delivery_get(s, d.seq, &again));
    assert_memory_equal(&again, &d, sizeof d);
    assert_false(store_delivery_hopeful(s, first));
    assert_int_equal(store_delivery_count(s, DELIVERY_PENDING), 3);
    store_begin(s);
    store_delivery_cancel(s, item, second + 1, 500);
    commit();
    assert_int_equal(store_delivery_count(s, DELIVERY_CANCELLED), 3);
    assert_int_equal(store_delivery_count(s, DELIVERY_FAILED), 1);
    assert_int_equal(store_delivery_lane_after(s, 0), 0);
}

static void test_held_and_released(void **state)
{
    (void)state;
    struct seen seen = {BUF_INIT, 9};
    store_begin(s);
    int64_t item = new_item("x", 1).seq, a = store_intern(s, "a");
    add_delivery(item, add_notice(item, "u", 9, ""), a, 200);
    store_delivery_hold_all(s);
    commit();
    assert_int_equal(due(a, 999, 9, ""), 0);
    assert_int_equal(store_delivery_count(s, DELIVERY_HELD), 1);
    store_begin(s);
    store_delivery_release_all(s, 700);
    commit();
    assert_int_equal(due(a, 699, 9, ""), 700);
    assert_int_equal(due(a, 700, 9, "1:u:0 "), 0);
    (void)seen;
}

static void add_clock(int64_t item, int64_t due_ms)
{
    struct clock c = {store_next(s, SEQ_CLOCK), item, CLOCK_ACCEPT, 1, due_ms, 0};
    store_clock_add(s, &c);
}

static void test_clocks(void **state)
{
    (void)state;
    struct clock clocks[3];
    store_begin(s);
    int64_t item = new_item("x", 1).seq, other = new_item("y", 1).seq;
    add_clock(item, 300);
    add_clock(other, 100);
    commit();
    assert_int_equal(store_clock_next(s), 100);
    assert_int_equal(store_clock_due(s, 99, clocks, 3), 0);
    assert_int_equal(store_clock_due(s, 300, clocks, 3), 2);
    assert_int_equal(clocks[0].item_seq, other);
    assert_int_equal(clocks[1].due_ms, 300);
    assert_int_equal(clocks[0].kind, CLOCK_ACCEPT);
    assert_int_equal(clocks[0].step, 1);
    assert_int_equal(store_clock_due(s, 300, clocks, 1), 1);
    store_begin(s);
    store_clock_pull(s, 1, 50);
    store_clock_pull(s, 2, 5000); /* never later */
    commit();
    assert_int_equal(store_clock_next(s), 50);
    store_begin(s);
    store_clock_fire(s, 1, 60, 7);
    store_clock_fire(s, 1, 61, 8); /* once */
    store_clock_pull(s, 1, 1);
    store_clock_cancel(s, item);
    commit();
    assert_false(store_clock_of(s, item, clocks));
    assert_true(store_clock_of(s, other, clocks));
    assert_int_equal(clocks[0].due_ms, 100);
    assert_int_equal(store_clock_count_open(s), 1);
    store_begin(s);
    store_clock_cancel(s, other);
    commit();
    assert_int_equal(store_clock_next(s), 0);
}

static void test_templates(void **state)
{
    (void)state;
    char name[2 * ID_MAX];
    struct buf text = BUF_INIT;
    store_begin(s);
    int64_t a = store_template_keep(s, "h1", "a.email.txt", "Alt");
    int64_t b = store_template_keep(s, "h2", "a.email.txt", "Neu");
    assert_int_not_equal(a, b);
    assert_int_equal(store_template_keep(s, "h1", "a.email.txt", "Alt"), a);
    commit();
    reopen();
    assert_true(store_template_get(s, a, name, &text));
    assert_string_equal(name, "a.email.txt");
    assert_string_equal(buf_str(&text), "Alt");
    assert_false(store_template_get(s, 99, name, &text));
    buf_release(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_items),   TEST(test_units),      TEST(test_events),
        TEST(test_notices), TEST(test_deliveries), TEST(test_held_and_released),
        TEST(test_clocks),  TEST(test_templates),
    };
    digest_start();
    store_fault_start();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
