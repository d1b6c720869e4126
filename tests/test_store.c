/*
 * store.c and store_*.c on real files: what is committed stays and what is not goes, the sticky
 * failure, row numbers, the lock, and each noun's queries.
 */
#include <string.h>

#include "../daemon/digest.h"
#include "../daemon/store.h"
#include "../daemon/store_clock.h"
#include "../daemon/store_delivery.h"
#include "../daemon/store_event.h"
#include "../daemon/store_item.h"
#include "../daemon/store_notice.h"
#include "../daemon/store_out.h"
#include "rig_dir.h"
#include "store_fault.h"

static char *dir;
static char path[512];
static struct store *s;

static struct store *reopen(void)
{
    struct buf err = BUF_INIT;
    store_close(s);
    s = store_open(path, &err);
    if (!s)
        fail_msg("%s", buf_str(&err));
    return s;
}

static int set_up(void **state)
{
    (void)state;
    store_fault.read_code = store_fault.write_code = SQLITE_OK;
    dir = rig_dir();
    snprintf(path, sizeof path, "%s/store.db", dir);
    s = NULL;
    reopen();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    store_fault.read_code = store_fault.write_code = SQLITE_OK;
    store_close(s);
    rig_dir_free(dir);
    return 0;
}

static struct item new_item(const char *ref, int64_t key)
{
    struct item item;
    memset(&item, 0, sizeof item);
    item.seq = store_next(s, SEQ_ITEM);
    item.state = STATE_REQUESTED;
    item.case_key = key;
    item.created_ms = item.changed_ms = 1000 + item.seq;
    str_copy(item.case_ref, sizeof item.case_ref, ref);
    str_copy(item.owner_unit, sizeof item.owner_unit, "asd");
    str_copy(item.waiting_unit, sizeof item.waiting_unit, "sozialbuero");
    store_item_add(s, &item);
    return item;
}

static int64_t add_notice(int64_t item_seq, const char *unit, int64_t deadline_ms,
                          const char *outcome)
{
    struct notice n = {.seq = store_next(s, SEQ_NOTICE),
                       .item_seq = item_seq,
                       .template_name = "handover.requested",
                       .deadline_ms = deadline_ms,
                       .outcome = outcome};
    str_copy(n.unit, sizeof n.unit, unit);
    store_notice_add(s, &n);
    return n.seq;
}

static struct delivery add_delivery(int64_t item, int64_t notice, int64_t lane, int64_t next_ms)
{
    struct delivery d = {.seq = store_next(s, SEQ_DELIVERY),
                         .notice_seq = notice,
                         .item_seq = item,
                         .contact = "asd/1",
                         .lane_id = lane,
                         .template_id = store_template_keep(s, "h1", "t.email.txt", "Text"),
                         .next_ms = next_ms,
                         .expires_ms = 99999};
    store_delivery_add(s, &d);
    return d;
}

static void commit(void)
{
    if (store_commit(s) != STORE_DONE)
        fail_msg("not committed: %s", store_trouble(s));
}

/* ---- transactions */

static void test_commit_and_rollback(void **state)
{
    (void)state;
    assert_true(store_is_new(s));
    store_begin(s);
    assert_false(store_changed(s));
    store_meta_set(s, "a", "1");
    store_meta_set_int(s, "b", -7);
    assert_true(store_changed(s));
    commit();
    store_begin(s);
    store_meta_set(s, "a", "2");
    store_rollback(s);
    assert_string_equal(store_meta_text(s, "a"), "1");
    reopen();
    assert_false(store_is_new(s));
    assert_string_equal(store_meta_text(s, "a"), "1");
    assert_int_equal(store_meta_int(s, "b"), -7);
    assert_string_equal(store_meta_text(s, "none"), "");
    assert_int_equal(store_meta_int(s, "none"), 0);
}

static void test_numbers(void **state)
{
    (void)state;
    store_begin(s);
    assert_int_equal(new_item("x", 1).seq, 1);
    commit();
    store_begin(s);
    assert_int_equal(new_item("x", 1).seq, 2);
    store_rollback(s);
    assert_int_equal(store_last(s, SEQ_ITEM), 1);
    store_begin(s);
    assert_int_equal(new_item("x", 1).seq, 2);
    commit();
    reopen();
    assert_int_equal(store_next(s, SEQ_ITEM), 3);
}

/* Out-events are deleted when settled; their numbers are ids on the wire and never come again. */
static void test_out_numbers(void **state)
{
    (void)state;
    store_begin(s);
    struct out_event out = {store_next(s, SEQ_OUT), 0, "t", "p"};
    store_out_add(s, &out);
    commit();
    store_begin(s);
    store_out_settle(s, out.seq);
    commit();
    assert_int_equal(store_out_count(s), 0);
    reopen();
    assert_int_equal(store_next(s, SEQ_OUT), out.seq + 1);
}

/* What breaks a rule of the schema is a bug of ours; the rest of the transaction goes with it. */
static void test_bug(void **state)
{
    (void)state;
    store_begin(s);
    struct item item = new_item("x", 1);
    store_item_add(s, &item);
    assert_true(store_failed(s));
    assert_int_equal(store_item_count_open(s), 0); /* sticky: answers nothing */
    assert_int_equal(store_intern(s, "lane"), 1);
    assert_int_equal(store_commit(s), STORE_BUG);
    assert_non_null(strstr(store_trouble(s), "UNIQUE"));
    assert_false(store_failed(s));
    assert_int_equal(store_item_count_open(s), 0);
    assert_string_equal(store_intern_text(s, 1), "");
    store_begin(s);
    add_notice(4711, "asd", 0, "");
    assert_int_equal(store_commit(s), STORE_BUG); /* foreign key, checked */
    store_begin(s);
    new_item("x", 1);
    commit();
    assert_string_equal(store_trouble(s), "");
}

static void test_full_disk(void **state)
{
    (void)state;
    store_begin(s);
    new_item("x", 1);
    store_fault.write_code = SQLITE_FULL;
    assert_int_equal(store_commit(s), STORE_TROUBLE);
    assert_non_null(strstr(store_trouble(s), "full"));
    store_fault.write_code = SQLITE_OK;
    store_begin(s);
    assert_int_equal(new_item("x", 1).seq, 1);
    commit();
    assert_int_equal(store_item_count_open(s), 1);
}

/* A disk that does not even answer while we roll back must not make numbers start at 1 again. */
static void test_numbers_survive_read_errors(void **state)
{
    (void)state;
    store_begin(s);
    for (int i = 0; i < 5; i++)
        new_item("x", 1);
    commit();
    assert_true(store_fault_void_cache(path));
    store_fault.read_code = SQLITE_IOERR_READ;
    store_begin(s);
    store_item_count_open(s);
    assert_true(store_failed(s));
    assert_int_equal(store_commit(s), STORE_TROUBLE);
    store_fault.read_code = SQLITE_OK;
    store_begin(s);
    assert_int_equal(new_item("x", 1).seq, 6);
    commit();
}

static void test_intern(void **state)
{
    (void)state;
    store_begin(s);
    int64_t a = store_intern(s, "post/amt.example"), b = store_intern(s, "funk");
    assert_int_not_equal(a, b);
    assert_int_equal(store_intern(s, "post/amt.example"), a);
    commit();
    store_begin(s);
    int64_t gone = store_intern(s, "weg");
    store_rollback(s);
    assert_string_equal(store_intern_text(s, gone), "");
    store_begin(s);
    assert_int_equal(store_intern(s, "anders"), gone);
    commit();
    reopen();
    assert_string_equal(store_intern_text(s, a), "post/amt.example");
    assert_string_equal(store_intern_text(s, gone), "anders");
    assert_string_equal(store_intern_text(s, 4711), "");
    assert_int_equal(store_intern(s, "funk"), b);
}

static void test_second_daemon(void **state)
{
    (void)state;
    struct buf err = BUF_INIT;
    assert_null(store_open(path, &err));
    assert_non_null(strstr(buf_str(&err), "in use"));
    buf_reset(&err);
    struct store *reader = store_open_reader(path, &err);
    assert_non_null(reader);
    store_begin(s);
    new_item("x", 1);
    commit();
    assert_int_equal(store_item_count_open(reader), 1);
    store_close(reader);
    buf_release(&err);
}

static void test_no_store(void **state)
{
    (void)state;
    struct buf err = BUF_INIT;
    char other[600];
    snprintf(other, sizeof other, "%s/nowhere/store.db", dir);
    assert_null(store_open(other, &err));
    assert_true(err.len > 0);
    buf_reset(&err);
    snprintf(other, sizeof other, "%s/none.db", dir);
    assert_null(store_open_reader(other, &err));
    assert_true(err.len > 0);
    buf_reset(&err);
    rig_write(dir, "text.db", "this is no database, but long enough to be looked at");
    snprintf(other, sizeof other, "%s/text.db", dir);
    assert_null(store_open(other, &err));
    assert_non_null(strstr(buf_str(&err), "text.db"));
    buf_release(&err);
}

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
    assert_int_equal(store_notice_units(s, item, units, 2), 2);
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
    assert_int_equal(due(a, 200, 9, "2:v:0 1:u:511 "), 300);
    assert_int_equal(due(a, 200, 1, "2:v:0 "), 0);
    assert_int_equal(due(a, 99, 9, ""), 100);
    assert_int_equal(due(b, 99, 9, "4:v:0 "), 0);
    int64_t lanes[3];
    assert_int_equal(store_delivery_lanes(s, lanes, 3), 2);
    assert_true(lanes[0] == a && lanes[1] == b);
    assert_int_equal(store_delivery_lanes(s, lanes, 1), 1);
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
    assert_int_equal(store_delivery_lanes(s, lanes, 3), 0);
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
    struct clock c = {store_next(s, SEQ_CLOCK), item, CLOCK_ACCEPT, 1, due_ms};
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

static void test_checkpoint(void **state)
{
    (void)state;
    enum { ROWS = 9000 };
    assert_true(store_checkpoint(s, false) >= 0);
    store_begin(s);
    for (int i = 0; i < ROWS; i++)
        new_item("cr-0123456789012345678901234567890123456789", i);
    commit();
    int64_t log = store_checkpoint(s, true);
    if (log <= 1000 * 4096)
        log = store_checkpoint(s, false);
    assert_true(log > 0);
    store_begin(s);
    new_item("x", 1);
    commit();
    assert_true(store_checkpoint(s, false) < 1000 * 4096); /* the log began anew */
    assert_true(store_size(s) > ROWS * 50);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_commit_and_rollback),
        TEST(test_numbers),
        TEST(test_out_numbers),
        TEST(test_bug),
        TEST(test_full_disk),
        TEST(test_numbers_survive_read_errors),
        TEST(test_intern),
        TEST(test_second_daemon),
        TEST(test_no_store),
        TEST(test_items),
        TEST(test_units),
        TEST(test_events),
        TEST(test_notices),
        TEST(test_deliveries),
        TEST(test_held_and_released),
        TEST(test_clocks),
        TEST(test_templates),
        TEST(test_checkpoint),
    };
    digest_start();
    store_fault_start();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
