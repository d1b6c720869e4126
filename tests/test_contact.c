/*
 * tell.c and outbox_settle.c: from a contact that failed for good to the next one, and the flag it
 * leaves until it is reached again; quiet hours, in which only an emergency sends an SMS.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../adapters/adapter.h"
#include "../daemon/outbox_parts.h"
#include "../daemon/presence.h"
#include "../daemon/store_contact.h"
#include "../daemon/walltime.h"
#include "workflow_rig.h"

/* clang-format off */
static const char more_units[] =
    /* two mailboxes, a number for urgent things, one for all */
    " { id = \"viele\"; kind = \"team\"; name = \"Stelle viele\"; contacts = ("
    " { channel = \"email\"; address = \"eins@amt.example\"; },"
    " { channel = \"sms\"; address = \"+4915100000021\"; urgent_only = true; },"
    " { channel = \"email\"; address = \"zwei@amt.example\"; },"
    " { channel = \"sms\"; address = \"+4915100000022\"; } ); },"
    " { id = \"still\"; kind = \"team\"; name = \"Stelle still\"; quiet = \"20:00-07:00\";"
    " contacts = ( { channel = \"sms\"; address = \"+4915100000023\"; } ); },";
/* clang-format on */

static int set_up(void **state)
{
    rig_set_up(state);
    struct gateway_rig *rig = *state;
    rig_add_units(rig, more_units, "");
    return 0;
}

static struct item add_item(struct gateway_rig *rig, enum urgency urgency, const char *unit)
{
    struct limits limits;
    limits_of(&limits, directory_policy(rig->g.config->directory, "standard"), urgency);
    limits.expire_ms = 3600000;
    limits.sms = urgency >= URGENCY_URGENT && str_eq(unit, "still");
    return rig_request(rig, unit, urgency, &limits, RIG_BY_CLOCK);
}

static void put_delivery(void *context, const struct delivery *d)
{
    buf_printf(context, "%s %s; ", d->contact, delivery_state_name(d->state));
}

static void expect(const struct gateway_rig *rig, const char *label, int64_t item, const char *want)
{
    struct buf got = BUF_INIT;
    store_delivery_each(rig->g.store, item, &got, put_delivery);
    if (!str_eq(buf_str(&got), want))
        fail_msg("%s: \"%s\", want \"%s\"", label, buf_str(&got), want);
    buf_release(&got);
}

/* What an attempt at the delivery came to, settled and committed. */
static void settle(struct gateway_rig *rig, int64_t delivery, enum attempt_end end,
                   enum error_class class)
{
    struct job *job = job_new();
    struct outbox *o = rig->g.outbox;
    struct delivery d;
    assert_true(store_delivery_get(rig->g.store, delivery, &d));
    job->delivery_id = delivery;
    job->transport =
        transports_find(rig->g.config->transports, d.channel == CHANNEL_EMAIL ? "post" : "funk");
    job_end(job, end, class, 0);
    job_list_put(&o->finished, job);
    store_begin(rig->g.store);
    outbox_settle(&rig->g);
    rig_commit(rig);
    jobs_free(job_list_take(&o->finished));
}

static int64_t last_delivery(const struct gateway_rig *rig)
{
    return store_last(rig->g.store, SEQ_DELIVERY);
}

static void take_last(void *context, const struct delivery *d)
{
    int64_t *last = context;
    *last = d->seq;
}

static int64_t last_delivery_of(const struct gateway_rig *rig, int64_t item)
{
    int64_t last = 0;
    store_delivery_each(rig->g.store, item, &last, take_last);
    return last;
}

static void test_next_contact(void **state)
{
    static const struct {
        const char *label;
        enum urgency urgency;
        enum error_class class;
        const char *want;
    } cases[] = {
        {"mailbox, mailbox, number for all", URGENCY_ROUTINE, CLASS_ADDRESS,
         "viele/1 failed; viele/3 failed; viele/4 failed; "},
        {"refused for good", URGENCY_ROUTINE, CLASS_PERMANENT,
         "viele/1 failed; viele/3 failed; viele/4 failed; "},
        {"urgent: every number", URGENCY_URGENT, CLASS_ADDRESS,
         "viele/1 failed; viele/3 failed; viele/2 failed; viele/4 failed; "},
    };
    struct gateway_rig *rig = *state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct clock clock;
        memset(&rig->g.presence, 0, sizeof rig->g.presence);
        struct item item = add_item(rig, cases[i].urgency, "viele");
        for (int64_t last = 0; last < last_delivery_of(rig, item.seq);) {
            last = last_delivery_of(rig, item.seq);
            /* As long as there is another contact, the ladder waits. */
            assert_true(store_clock_of(rig->g.store, item.seq, &clock));
            assert_true(clock.due_ms > rig->g.now_ms);
            settle(rig, last, ATTEMPT_FAILED, cases[i].class);
        }
        expect(rig, cases[i].label, item.seq, cases[i].want);
        assert_true(store_clock_of(rig->g.store, item.seq, &clock));
        assert_true(clock.due_ms == rig->g.now_ms);
    }
}

/* Given up because the carrier was dead: the other channel first, and no blame on the mailbox. */
static void test_expired(void **state)
{
    struct gateway_rig *rig = *state;
    struct item item = add_item(rig, URGENCY_ROUTINE, "viele");
    rig->g.now_ms += 3600000;
    rig->g.steady_ms += 3600000;
    settle(rig, last_delivery(rig), ATTEMPT_DEFERRED, CLASS_CONNECT);
    expect(rig, "carrier", item.seq, "viele/1 failed; viele/4 pending; ");
    assert_int_equal(store_contact_count(rig->g.store), 0);
    item = add_item(rig, URGENCY_ROUTINE, "viele");
    rig->g.now_ms += 3600000;
    rig->g.steady_ms += 3600000;
    settle(rig, last_delivery(rig), ATTEMPT_DEFERRED, CLASS_TEMPORARY);
    expect(rig, "mailbox", item.seq, "viele/1 failed; viele/3 pending; ");
    assert_true(store_contact_flagged(rig->g.store, "viele/1"));
}

/* An attempt that is repeated is no failure yet. */
static void test_deferred(void **state)
{
    struct gateway_rig *rig = *state;
    struct item item = add_item(rig, URGENCY_ROUTINE, "viele");
    settle(rig, last_delivery(rig), ATTEMPT_DEFERRED, CLASS_TEMPORARY);
    expect(rig, "deferred", item.seq, "viele/1 pending; ");
    assert_int_equal(store_contact_count(rig->g.store), 0);
}

/* An answer came first: nobody is asked any more. */
static void test_closed(void **state)
{
    struct gateway_rig *rig = *state;
    struct item item = add_item(rig, URGENCY_ROUTINE, "viele");
    store_begin(rig->g.store);
    item.closed_ms = rig->g.now_ms;
    store_item_update(rig->g.store, &item);
    rig_commit(rig);
    settle(rig, last_delivery(rig), ATTEMPT_FAILED, CLASS_ADDRESS);
    expect(rig, "closed", item.seq, "viele/1 failed; ");
}

static void put_flag(void *context, const struct contact_flag *flag)
{
    buf_printf(context, "%s %s %d; ", flag->contact, error_class_name(flag->class),
               (int)flag->failures);
}

static void expect_flags(const struct gateway_rig *rig, const char *want)
{
    struct buf got = BUF_INIT;
    store_contact_each(rig->g.store, &got, put_flag);
    assert_string_equal(buf_str(&got), want);
    buf_release(&got);
}

/* A flagged contact is taken last, and cleared by the next success. */
static void test_flag(void **state)
{
    struct gateway_rig *rig = *state;
    add_item(rig, URGENCY_ROUTINE, "viele");
    settle(rig, last_delivery(rig), ATTEMPT_FAILED, CLASS_ADDRESS);
    settle(rig, last_delivery(rig), ATTEMPT_SENT, CLASS_NONE);
    expect_flags(rig, "viele/1 address 1; ");
    struct item item = add_item(rig, URGENCY_ROUTINE, "viele");
    expect(rig, "the other mailbox first", item.seq, "viele/3 pending; ");
    settle(rig, last_delivery(rig), ATTEMPT_FAILED, CLASS_PERMANENT);
    expect(rig, "then the flagged one", item.seq, "viele/3 failed; viele/1 pending; ");
    settle(rig, last_delivery(rig), ATTEMPT_FAILED, CLASS_ADDRESS);
    rig->g.now_ms++;
    settle(rig, last_delivery(rig), ATTEMPT_FAILED, CLASS_ADDRESS);
    expect_flags(rig, "viele/1 address 2; viele/3 permanent 1; viele/4 address 1; ");
    item = add_item(rig, URGENCY_ROUTINE, "viele");
    expect(rig, "all are flagged", item.seq, "viele/1 pending; ");
    settle(rig, last_delivery(rig), ATTEMPT_SENT, CLASS_NONE);
    expect_flags(rig, "viele/3 permanent 1; viele/4 address 1; ");
}

static void expect_next(const struct gateway_rig *rig, const char *label, const char *want)
{
    struct delivery d;
    int64_t want_ms = 0;
    assert_true(wall_parse(want, false, &want_ms));
    assert_true(store_delivery_get(rig->g.store, last_delivery(rig), &d));
    if (d.next_ms != want_ms)
        fail_msg("%s: %lld, want %lld", label, (long long)d.next_ms, (long long)want_ms);
    assert_int_equal(d.state, DELIVERY_PENDING);
}

static void test_quiet(void **state)
{
    static const struct {
        const char *label, *at;
        enum urgency urgency;
        const char *want;
    } cases[] = {
        {"by day", "2026-11-16T12:00:00+01:00", URGENCY_ROUTINE, "2026-11-16T12:00"},
        {"at night", "2026-11-16T22:40:00+01:00", URGENCY_ROUTINE, "2026-11-17T07:00"},
        {"urgent at night", "2026-11-16T22:40:00+01:00", URGENCY_URGENT, "2026-11-17T07:00"},
        {"an emergency", "2026-11-16T22:40:00+01:00", URGENCY_EMERGENCY, "2026-11-16T22:40"},
        {"the short night", "2027-03-28T01:00:00+01:00", URGENCY_ROUTINE, "2027-03-28T07:00"},
    };
    struct gateway_rig *rig = *state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        rig_at(rig, cases[i].at);
        add_item(rig, cases[i].urgency, "still");
        expect_next(rig, cases[i].label, cases[i].want);
        /* The time to try counts from when it may be tried. */
        struct delivery d;
        assert_true(store_delivery_get(rig->g.store, last_delivery(rig), &d));
        assert_true(d.expires_ms == d.next_ms + 3600000);
    }
}

/* A repeated attempt keeps quiet too, and a restart at night wakes nobody; but what a wall clock
 * that was ahead has planned comes back. */
static void test_quiet_stays(void **state)
{
    struct gateway_rig *rig = *state;
    rig_at(rig, "2026-11-16T19:59:59+01:00");
    add_item(rig, URGENCY_URGENT, "still");
    settle(rig, last_delivery(rig), ATTEMPT_DEFERRED, CLASS_TEMPORARY);
    struct delivery d;
    assert_true(store_delivery_get(rig->g.store, last_delivery(rig), &d));
    int64_t morning_ms;
    assert_true(wall_parse("2026-11-17T07:00", false, &morning_ms));
    assert_true(d.next_ms == morning_ms);
    store_begin(rig->g.store);
    store_delivery_pull(rig->g.store, rig->g.steady_ms + 1000, rig->g.steady_ms);
    rig_commit(rig);
    expect_next(rig, "after a restart", "2026-11-17T07:00");
    rig_at(rig, "2026-11-10T19:00:00+01:00");
    store_begin(rig->g.store);
    store_delivery_pull(rig->g.store, rig->g.steady_ms + 1000, rig->g.steady_ms);
    rig_commit(rig);
    expect_next(rig, "planned by a clock that was ahead", "2026-11-10T19:00");
}

#undef TEST
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, rig_tear_down)

static void take_notice(void *context, const struct notice *n)
{
    buf_printf(context, "%s: %s", n->unit, n->outcome);
}

static bool is_bounced(const struct item *item)
{
    static const char *const codes[] = {"bounced", "bounced_last", "unreachable"};
    for (size_t i = 0; i < COUNT_OF(codes); i++)
        if (item->kind == ITEM_TASK && str_eq(item->code, codes[i]))
            return true;
    return false;
}

/* How many tasks of that kind there are; the text of the last. */
static int bounced(const struct gateway_rig *rig, struct buf *text)
{
    int n = 0;
    for (int64_t seq = 1; seq <= store_last(rig->g.store, SEQ_ITEM); seq++) {
        struct item item = rig_item(rig, seq);
        if (!is_bounced(&item))
            continue;
        buf_reset(text);
        store_notice_each(rig->g.store, seq, text, take_notice);
        n++;
    }
    return n;
}

/* The only mailbox: nothing reaches the unit any more, so the first failure is told; once until it
 * is reached again. */
static void test_bounced(void **state)
{
    static const struct {
        const char *label;
        enum attempt_end end;
        enum error_class class;
        int tasks;
    } cases[] = {
        {"first", ATTEMPT_FAILED, CLASS_ADDRESS, 1},
        {"second", ATTEMPT_FAILED, CLASS_PERMANENT, 1},
        {"third", ATTEMPT_FAILED, CLASS_ADDRESS, 1},
        {"reached", ATTEMPT_SENT, CLASS_NONE, 1},
        {"first again", ATTEMPT_FAILED, CLASS_ADDRESS, 2},
        {"the carrier", ATTEMPT_FAILED, CLASS_TLS, 2},
        {"second again", ATTEMPT_FAILED, CLASS_ADDRESS, 2},
    };
    struct gateway_rig *rig = *state;
    struct buf text = BUF_INIT;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct item item = add_item(rig, URGENCY_ROUTINE, "asd");
        settle(rig, last_delivery_of(rig, item.seq), cases[i].end, cases[i].class);
        int tasks = bounced(rig, &text);
        if (tasks != cases[i].tasks)
            fail_msg("%s: %d tasks", cases[i].label, tasks);
    }
    assert_string_equal(buf_str(&text),
                        "koordination: Stelle asd ist auf keinem Weg mehr erreichbar: Keine der "
                        "eingetragenen Adressen und Nummern war zuletzt zu erreichen. Bitte klären "
                        "Sie sofort, wie die Stelle erreichbar ist, und lassen Sie das Verzeichnis "
                        "berichtigen.");
    buf_release(&text);
}

static void fail_contact(struct gateway_rig *rig, const char *contact)
{
    store_begin(rig->g.store);
    store_contact_failed(rig->g.store, contact, CLASS_ADDRESS, rig->g.now_ms);
    rig->g.presence.contacts_flagged = true;
    rig_commit(rig);
}

/* KI6: with other ways left the second failure is told, and how much is left; with the last way the
 * first one. */
static void test_bounced_ways(void **state)
{
    static const struct {
        const char *label;
        const char *failed[3]; /* before */
        int tasks;
        const char *says;
    } cases[] = {
        {"first, three others work", {NULL}, 0, ""},
        {"second, three others work",
         {"viele/1"},
         1,
         "Eine Adresse oder Nummer von Stelle viele war zum zweiten Mal nicht erreichbar."},
        {"second, one other works",
         {"viele/1", "viele/2", "viele/3"},
         1,
         "Stelle viele ist nur noch auf einem Weg erreichbar:"},
        {"first, and nothing is left",
         {"viele/2", "viele/3", "viele/4"},
         1,
         "Stelle viele ist auf keinem Weg mehr erreichbar:"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        void *own;
        struct buf text = BUF_INIT;
        set_up(&own);
        struct gateway_rig *rig = own;
        struct item item = add_item(rig, URGENCY_ROUTINE, "viele");
        for (size_t f = 0; f < COUNT_OF(cases[i].failed) && cases[i].failed[f]; f++)
            fail_contact(rig, cases[i].failed[f]);
        settle(rig, last_delivery_of(rig, item.seq), ATTEMPT_FAILED, CLASS_ADDRESS);
        int tasks = bounced(rig, &text);
        if (tasks != cases[i].tasks || !strstr(buf_str(&text), cases[i].says))
            fail_msg("%s: %d tasks, \"%s\"", cases[i].label, tasks, buf_str(&text));
        buf_release(&text);
        rig_tear_down(&own);
    }
    (void)state;
}

/* The coordinator's own mailbox: no task for each task that could not be delivered. */
static void test_bounced_itself(void **state)
{
    struct gateway_rig *rig = *state;
    struct buf text = BUF_INIT;
    struct item item = add_item(rig, URGENCY_ROUTINE, "koordination");
    int64_t last = last_delivery_of(rig, item.seq);
    for (int i = 0; i < 5; i++) {
        settle(rig, last, ATTEMPT_FAILED, CLASS_ADDRESS);
        if (last == last_delivery(rig))
            last = last_delivery_of(rig, add_item(rig, URGENCY_ROUTINE, "koordination").seq);
        else
            last = last_delivery(rig);
    }
    assert_int_equal(bounced(rig, &text), 1);
    buf_release(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_next_contact),   TEST(test_expired),
        TEST(test_deferred),       TEST(test_closed),
        TEST(test_flag),           TEST(test_quiet),
        TEST(test_quiet_stays),    TEST(test_bounced),
        TEST(test_bounced_itself), cmocka_unit_test(test_bounced_ways),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
