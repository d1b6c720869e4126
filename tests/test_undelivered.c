/*
 * undelivered.c by outbox_settle.c: when the sender is told that a notice is late, when the notice
 * goes another way, what the sender and the coordinator read.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../adapters/adapter.h"
#include "../daemon/outbox_parts.h"
#include "../daemon/undelivered.h"
#include "../daemon/verdict.h"
#include "workflow_rig.h"

enum { MIN_S = 60, MIN_MS = 60000 };

/* clang-format off */
static const char more_units[] =
    " { id = \"viele\"; kind = \"team\"; name = \"Stelle viele\"; contacts = ("
    " { channel = \"email\"; address = \"eins@amt.example\"; },"
    " { channel = \"email\"; address = \"zwei@amt.example\"; },"
    " { channel = \"sms\"; address = \"+4915100000022\"; } ); },";
/* clang-format on */

static int set_up(void **state)
{
    rig_set_up(state);
    struct gateway_rig *rig = *state;
    rig_add_units(rig, more_units, "");
    return 0;
}

static void at_minute(struct gateway_rig *rig, int64_t minute)
{
    rig_at(rig, RIG_MONDAY);
    rig->g.now_ms += minute * MIN_MS;
    rig->g.steady_ms = rig->g.mono_ms = rig->g.now_ms;
}

/* At minute 0, to be answered within `answer_min` (0: no answer), given up after `expire_min`. */
static struct item add_item(struct gateway_rig *rig, int64_t answer_min, int64_t expire_min)
{
    struct limits limits;
    at_minute(rig, 0);
    limits_of(&limits, directory_policy(rig->g.config->directory, "standard"), URGENCY_ROUTINE);
    limits.expire_ms = expire_min * MIN_MS;
    return rig_request(rig, "viele", URGENCY_ROUTINE, &limits,
                       answer_min ? rig->g.now_ms + answer_min * MIN_MS : RIG_NO_ANSWER);
}

/* What an attempt came to; a deferred one is repeated after so many minutes. */
static void settle(struct gateway_rig *rig, int64_t delivery, enum error_class class,
                   int64_t again_min)
{
    struct job *job = job_new();
    struct outbox *o = rig->g.outbox;
    struct delivery d;
    assert_true(store_delivery_get(rig->g.store, delivery, &d));
    job->delivery_id = delivery;
    job->transport =
        transports_find(rig->g.config->transports, d.channel == CHANNEL_EMAIL ? "post" : "funk");
    job_end_as(job, class, 0);
    job->result.retry_after_s = again_min * MIN_S;
    job_list_put(&o->finished, job);
    store_begin(rig->g.store);
    outbox_settle(&rig->g);
    rig_commit(rig);
    jobs_free(job_list_take(&o->finished));
}

static void put_delivery(void *context, const struct delivery *d)
{
    buf_printf(context, "%s %s; ", d->contact, delivery_state_name(d->state));
}

static void expect_deliveries(const struct gateway_rig *rig, const char *label, int64_t item,
                              const char *want)
{
    struct buf got = BUF_INIT;
    store_delivery_each(rig->g.store, item, &got, put_delivery);
    if (!str_eq(buf_str(&got), want))
        fail_msg("%s: \"%s\", want \"%s\"", label, buf_str(&got), want);
    buf_release(&got);
}

/* The status events of an item: how many of a type there are, and the last. */
struct told {
    const char *type;
    const char *code;
    int count;
    struct buf last;
};

static bool take_status(void *context, const struct out_event *out)
{
    struct told *told = context;
    if (strstr(out->payload, told->type) && strstr(out->payload, told->code)) {
        told->count++;
        buf_reset(&told->last);
        buf_puts(&told->last, out->payload);
    }
    return true;
}

static struct told told(const struct gateway_rig *rig, int64_t item, const char *type)
{
    struct told told = {.type = type, .code = rig_code(rig, item)};
    store_out_each(rig->g.store, 0, &told, take_status);
    return told;
}

static void expect_told(const struct gateway_rig *rig, const char *label, int64_t item,
                        const char *type, int want)
{
    struct told t = told(rig, item, type);
    if (t.count != want)
        fail_msg("%s: %d times %s, want %d", label, t.count, type, want);
    buf_release(&t.last);
}

/* Answer within 60 minutes: warned when half is gone by the next attempt, another way in the last
 * quarter; each once. */
static void test_before_the_deadline(void **state)
{
    static const struct {
        const char *label;
        int64_t minute, again_min;
        enum error_class class;
        int warned;
        const char *want;
    } steps[] = {
        {"soon again", 0, 10, CLASS_CONNECT, 0, "viele/1 pending; "},
        {"just before half", 10, 19, CLASS_TIMEOUT, 0, "viele/1 pending; "},
        {"half is gone by then", 12, 20, CLASS_CONNECT, 1, "viele/1 pending; "},
        {"once", 15, 28, CLASS_CONNECT, 1, "viele/1 pending; "},
        {"too late: the other channel", 20, 28, CLASS_CONNECT, 1,
         "viele/1 pending; viele/3 pending; "},
        {"one other way is enough", 30, 40, CLASS_TLS, 1, "viele/1 pending; viele/3 pending; "},
    };
    struct gateway_rig *rig = *state;
    struct item item = add_item(rig, 60, 24 * 60);
    int64_t delivery = store_last(rig->g.store, SEQ_DELIVERY);
    for (size_t i = 0; i < COUNT_OF(steps); i++) {
        at_minute(rig, steps[i].minute);
        settle(rig, delivery, steps[i].class, steps[i].again_min);
        expect_deliveries(rig, steps[i].label, item.seq, steps[i].want);
        expect_told(rig, steps[i].label, item.seq, "notice.delayed", steps[i].warned);
    }
    /* The new way is late as well, and hands on to the last one. */
    at_minute(rig, 40);
    settle(rig, delivery + 1, CLASS_CREDIT, 18);
    expect_deliveries(rig, "handed on", item.seq,
                      "viele/1 pending; viele/3 pending; viele/2 pending; ");
    expect_told(rig, "handed on", item.seq, "notice.delayed", 2);
    settle(rig, delivery + 2, CLASS_CONNECT, 19);
    expect_told(rig, "the last", item.seq, "notice.delayed", 3);
    settle(rig, delivery + 2, CLASS_NONE, 0);
    settle(rig, delivery, CLASS_NONE, 0);
    expect_deliveries(rig, "nothing is cancelled", item.seq,
                      "viele/1 sent; viele/3 pending; viele/2 sent; ");
}

/* The contact is to blame: another one in the same channel. */
static void test_full_mailbox(void **state)
{
    struct gateway_rig *rig = *state;
    struct item item = add_item(rig, 60, 24 * 60);
    int64_t delivery = store_last(rig->g.store, SEQ_DELIVERY);
    settle(rig, delivery, CLASS_FULL, 50);
    expect_deliveries(rig, "full", item.seq, "viele/1 pending; viele/2 pending; ");
}

/* Without a deadline only its own expiry counts, and it goes no other way. */
static void test_no_deadline(void **state)
{
    struct gateway_rig *rig = *state;
    struct item item = add_item(rig, 0, 100);
    int64_t delivery = store_last(rig->g.store, SEQ_DELIVERY);
    settle(rig, delivery, CLASS_CONNECT, 49);
    expect_told(rig, "in time", item.seq, "notice.delayed", 0);
    settle(rig, delivery, CLASS_CONNECT, 90);
    expect_told(rig, "late", item.seq, "notice.delayed", 1);
    expect_deliveries(rig, "no other way", item.seq, "viele/1 pending; ");
}

/* The expiry of the policy is honoured: no attempt fits before it. */
static void test_expires_first(void **state)
{
    struct gateway_rig *rig = *state;
    struct item item = add_item(rig, 60, 30);
    int64_t delivery = store_last(rig->g.store, SEQ_DELIVERY);
    settle(rig, delivery, CLASS_TEMPORARY, 20);
    expect_told(rig, "half until it expires", item.seq, "notice.delayed", 1);
    expect_deliveries(rig, "not too late yet", item.seq, "viele/1 pending; ");
    at_minute(rig, 20);
    settle(rig, delivery, CLASS_TEMPORARY, 20);
    expect_told(rig, "given up", item.seq, "notice.failed", 1);
    expect_deliveries(rig, "given up", item.seq, "viele/1 failed; viele/2 pending; ");
}

static void expect_member(const struct told *told, const char *member)
{
    if (!strstr(buf_str(&told->last), member))
        fail_msg("no %s in %s", member, buf_str(&told->last));
}

static void test_what_the_sender_reads(void **state)
{
    struct gateway_rig *rig = *state;
    struct item item = add_item(rig, 60, 24 * 60);
    int64_t delivery = store_last(rig->g.store, SEQ_DELIVERY);
    settle(rig, delivery, CLASS_THROTTLED, 40);
    struct told t = told(rig, item.seq, "notice.delayed");
    expect_member(&t, "\"notice_id\":\"1\",\"channel\":\"email\",\"class\":\"throttled\"");
    expect_member(&t, "\"reason\":\"Die Empfangsseite nimmt zurzeit nicht so viele Nachrichten "
                      "an.\"");
    expect_member(&t, "\"next_attempt\":\"2026-11-16T08:40:00.000Z\"");
    expect_member(&t, "\"deadline\":\"2026-11-16T09:00:00.000Z\"");
    buf_release(&t.last);
    settle(rig, delivery, CLASS_ADDRESS, 0);
    t = told(rig, item.seq, "notice.failed");
    expect_member(&t, "\"notice_id\":\"1\",\"channel\":\"email\",\"class\":\"address\"");
    expect_member(&t, verdict_of(CLASS_ADDRESS)->sender);
    assert_null(strstr(buf_str(&t.last), "next_attempt"));
    buf_release(&t.last);
}

static void expect_sentence(const struct gateway_rig *rig, const char *label,
                            const struct item *item, const char *want)
{
    struct buf got = BUF_INIT;
    undelivered_sentence(&rig->g, &got, item);
    if (!str_eq(buf_str(&got), want))
        fail_msg("%s: \"%s\", want \"%s\"", label, buf_str(&got), want);
    buf_release(&got);
}

static void test_what_the_coordinator_reads(void **state)
{
    struct gateway_rig *rig = *state;
    struct item item = add_item(rig, 6000, 24 * 6000);
    int64_t delivery = store_last(rig->g.store, SEQ_DELIVERY);
    expect_sentence(rig, "not tried yet", &item, "");
    settle(rig, delivery, CLASS_CONNECT, 1);
    expect_sentence(rig, "waits", &item,
                    "Die Nachricht an Stelle viele ist noch nicht angekommen. Der Versandweg war "
                    "nicht erreichbar. Bitte rufen Sie die Stelle an, wenn es eilt.");
    settle(rig, delivery, CLASS_ADDRESS, 0);
    settle(rig, store_last(rig->g.store, SEQ_DELIVERY), CLASS_POLICY, 0);
    settle(rig, store_last(rig->g.store, SEQ_DELIVERY), CLASS_ADDRESS, 0);
    expect_sentence(rig, "failed", &item,
                    "Die Nachricht an Stelle viele ist nicht angekommen. Unter dieser Adresse oder "
                    "Nummer ist niemand zu erreichen. Bitte klären Sie mit der Stelle, wie sie "
                    "erreichbar ist, und lassen Sie das Verzeichnis berichtigen.");
    item = add_item(rig, 6000, 24 * 6000);
    delivery = store_last(rig->g.store, SEQ_DELIVERY);
    settle(rig, delivery, CLASS_ADDRESS, 0);
    settle(rig, store_last(rig->g.store, SEQ_DELIVERY), CLASS_NONE, 0);
    expect_sentence(rig, "one way did it", &item, "");
}

#undef TEST
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, rig_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_before_the_deadline),   TEST(test_full_mailbox),
        TEST(test_no_deadline),           TEST(test_expires_first),
        TEST(test_what_the_sender_reads), TEST(test_what_the_coordinator_reads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
