/*
 * tell.c: from a notice to its deliveries: which contacts, which lane, how long, held or not; and
 * the status event to the source.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../daemon/outbox_parts.h"
#include "gateway_rig.h"

static struct item add_item(struct gateway_rig *rig, enum urgency urgency)
{
    struct item item;
    memset(&item, 0, sizeof item);
    item.seq = store_next(rig->g.store, SEQ_ITEM);
    item.state = STATE_REQUESTED;
    item.urgency = urgency;
    item.created_ms = rig->g.now_ms;
    str_copy(item.source, sizeof item.source, "jugendamt");
    str_copy(item.owner_unit, sizeof item.owner_unit, "asd");
    store_item_add(rig->g.store, &item);
    return item;
}

static void tell(struct gateway_rig *rig, const struct item *item, const char *unit, bool sms)
{
    const struct limits limits = {.expire_ms = 3600000, .sms = sms};
    const struct telling telling = {directory_unit(rig->g.config->directory, unit), REASON_ROUTE,
                                    "handover.requested", rig->g.now_ms + 1000, ""};
    assert_non_null(telling.unit);
    tell_unit(&rig->g, item, &limits, &telling);
}

struct seen {
    struct gateway_rig *rig;
    struct buf text;
};

static void see(void *context, const struct delivery *d)
{
    struct seen *seen = context;
    assert_true(d->next_ms == seen->rig->g.steady_ms);
    assert_true(d->expires_ms == seen->rig->g.steady_ms + 3600000);
    assert_true(d->created_ms == seen->rig->g.now_ms);
    buf_printf(&seen->text, "%s %s \"%s\"%s; ", d->contact, delivery_state_name(d->state),
               store_intern_text(seen->rig->g.store, d->lane_id), d->urgent ? " urgent" : "");
}

static void test_contacts(void **state)
{
    static const struct {
        const char *label, *unit;
        enum urgency urgency;
        bool sms;
        const char *want;
    } cases[] = {
        {"mail", "asd", URGENCY_ROUTINE, false, "asd/1 pending \"post/amt.example\"; "},
        {"no number", "asd", URGENCY_URGENT, true,
         "asd/1 pending \"post/amt.example (urgent)\" urgent; "},
        {"number only", "nur-funk", URGENCY_ROUTINE, false, "nur-funk/1 pending \"funk\"; "},
        {"number for urgent things only", "bereitschaft", URGENCY_PROMPT, true,
         "bereitschaft/2 pending \"post/amt.example\"; "},
        {"both", "bereitschaft", URGENCY_URGENT, true,
         "bereitschaft/2 pending \"post/amt.example (urgent)\" urgent; "
         "bereitschaft/1 pending \"funk (urgent)\" urgent; "},
        {"an emergency: the SMS first", "bereitschaft", URGENCY_EMERGENCY, true,
         "bereitschaft/1 pending \"funk (urgent)\" urgent; "
         "bereitschaft/2 pending \"post/amt.example (urgent)\" urgent; "},
        {"urgent, no SMS by policy", "bereitschaft", URGENCY_URGENT, false,
         "bereitschaft/2 pending \"post/amt.example (urgent)\" urgent; "},
    };
    struct gateway_rig *rig = *state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct seen seen = {rig, BUF_INIT};
        store_begin(rig->g.store);
        struct item item = add_item(rig, cases[i].urgency);
        tell(rig, &item, cases[i].unit, cases[i].sms);
        rig_commit(rig);
        store_delivery_each(rig->g.store, item.seq, &seen, see);
        print_message("# %s\n", cases[i].label);
        assert_string_equal(buf_str(&seen.text), cases[i].want);
        buf_release(&seen.text);
    }
}

/* A restored store: what is older than the backup is held, what came since is not. */
static void test_held(void **state)
{
    struct gateway_rig *rig = *state;
    rig->g.held_since_ms = rig->g.now_ms;
    store_begin(rig->g.store);
    struct item old = add_item(rig, URGENCY_ROUTINE);
    tell(rig, &old, "asd", false);
    rig->g.now_ms++;
    struct item fresh = add_item(rig, URGENCY_ROUTINE);
    tell(rig, &fresh, "asd", false);
    rig_commit(rig);
    assert_int_equal(store_delivery_count(rig->g.store, DELIVERY_HELD), 1);
    assert_int_equal(store_delivery_count(rig->g.store, DELIVERY_PENDING), 1);
}

/* Numbers that a rollback took back are not used from memory. */
static void test_after_a_rollback(void **state)
{
    struct gateway_rig *rig = *state;
    for (int i = 0; i < 2; i++) {
        store_begin(rig->g.store);
        struct item item = add_item(rig, URGENCY_ROUTINE);
        tell(rig, &item, "asd", false);
        if (i) {
            rig_commit(rig);
        } else {
            store_rollback(rig->g.store);
            tell_forget(&rig->g);
        }
    }
    assert_int_equal(store_delivery_count(rig->g.store, DELIVERY_PENDING), 1);
}

/* A lane's number may stand for another text after a rollback. */
static void test_lane_after_a_rollback(void **state)
{
    struct gateway_rig *rig = *state;
    store_begin(rig->g.store);
    struct item item = add_item(rig, URGENCY_URGENT);
    tell(rig, &item, "asd", false);
    assert_true(rig->g.outbox->lane[0].urgent);
    store_rollback(rig->g.store);
    tell_forget(&rig->g);
    store_begin(rig->g.store);
    item = add_item(rig, URGENCY_ROUTINE);
    tell(rig, &item, "asd", false);
    rig_commit(rig);
    assert_int_equal(rig->g.outbox->lanes, 1);
    assert_false(rig->g.outbox->lane[0].urgent);
}

/* A text that stands in every notice is kept once. */
static void test_template_kept_once(void **state)
{
    struct gateway_rig *rig = *state;
    struct buf text = BUF_INIT;
    char name[2 * ID_MAX];
    store_begin(rig->g.store);
    struct item item = add_item(rig, URGENCY_ROUTINE);
    tell(rig, &item, "asd", false);
    tell_forget(&rig->g);
    tell(rig, &item, "jobcenter", false);
    rig_commit(rig);
    assert_true(store_template_get(rig->g.store, 1, name, &text));
    assert_string_equal(name, "handover.requested.email.txt");
    assert_false(store_template_get(rig->g.store, 2, name, &text));
    buf_release(&text);
}

static bool take_out(void *context, const struct out_event *out)
{
    buf_printf(context, "%s %s", out->topic, out->payload);
    return true;
}

static void test_status(void **state)
{
    struct gateway_rig *rig = *state;
    struct buf got = BUF_INIT, want = BUF_INIT;
    store_begin(rig->g.store);
    struct item item = add_item(rig, URGENCY_ROUTINE);
    tell_status(&rig->g, &item, "handover.overdue", "told", "sb-\"leitung\"");
    item.source[0] = '\0';
    tell_status(&rig->g, &item, "handover.overdue", "", "");
    rig_commit(rig);
    store_out_each(rig->g.store, 0, &got, take_out);
    buf_printf(&want,
               "stafette/out/jugendamt/status {\"specversion\":\"1.0\",\"id\":\"probe-1\","
               "\"source\":\"/stafette/probe\",\"type\":\"de.sozialraum.handover.overdue.v1\","
               "\"time\":\"2026-11-16T08:00:00.000Z\",\"datacontenttype\":\"application/json\","
               "\"data\":{\"item_id\":\"%s\",\"kind\":\"handover\",\"state\":\"requested\","
               "\"responsible\":\"asd\",\"told\":\"sb-\\\"leitung\\\"\"}}",
               rig_code(rig, item.seq));
    assert_string_equal(buf_str(&got), buf_str(&want));
    buf_release(&got);
    buf_release(&want);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, rig_set_up, rig_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_contacts),           TEST(test_held),
        TEST(test_after_a_rollback),   TEST(test_lane_after_a_rollback),
        TEST(test_template_kept_once), TEST(test_status),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
