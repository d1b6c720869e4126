/*
 * permit.c: who may be told at the moment of sending (DOMAIN R8-R12), what is held, told and let go
 * again (KI11); through the outbox with real deliveries.
 */
#include <poll.h>

#include "../daemon/daily.h"
#include "../daemon/log.h"
#include "../daemon/permit.h"
#include "routing_rig.h"

/* Beside the rig's town: hzp is another controller that needs consent, egh one that needs a basis;
 * jobcenter and sozialbuero are of the house. */
static const struct routing_more matrix = {
    .units = RIG_UNIT("hzp", "team", "lead = \"hzp-leitung\"; deputies = [ \"hzp-zwei\" ];") "," RIG_UNIT(
        "hzp-leitung", "team",
        "lead = \"hzp-amt\";") "," RIG_UNIT("hzp-amt", "team",
                                            "restricted_ok = true;") "," RIG_UNIT("hzp-zwei",
                                                                                  "team",
                                                                                  "") "," RIG_UNIT("egh",
                                                                                                   "team",
                                                                                                   "") "," RIG_UNIT("asd-freigabe",
                                                                                                                    "team",
                                                                                                                    "") ",",
    .permissions =
        " { from = \"asd\"; to = \"hzp\"; kinds = [ \"handover\" ];"
        " bases = [ \"sgb9_117\" ]; consent = true; },"
        " { from = \"*\"; to = \"hzp\"; kinds = [ \"handover\" ];"
        " bases = [ \"sgb10_69\" ]; },"
        " { from = \"*\"; to = \"hzp-zwei\"; kinds = [ \"referral\" ]; bases = [ \"x\" ]; },"
        " { from = \"jobcenter\"; to = \"egh\"; kinds = [ \"handover\" ];"
        " bases = [ \"*\" ]; },"
        " { from = \"asd\"; to = \"asd-freigabe\"; kinds = [ \"handover\" ];"
        " bases = [ \"x\" ]; },",
};

#define H ITEM_HANDOVER
#define R ITEM_REFERRAL
#define E ITEM_EMERGENCY
#define T ITEM_TASK

#define REQUESTED "handover.requested"
#define OFFERED "referral.offered"

static const struct {
    const char *label;
    enum item_kind kind;
    const char *basis, *to_unit, *to, *what;
    unsigned flags;
    bool restricted;
    enum permit_verdict want;
} cases[] = {
    {"a unit of the house", H, "sgb10_69", "sozialbuero", "sozialbuero", REQUESTED, 0, false,
     PERMIT_ALLOWED},
    {"another controller, row without consent", H, "sgb10_69", "hzp", "hzp", REQUESTED, 0, false,
     PERMIT_ALLOWED},
    {"its other row wants consent", H, "sgb9_117", "hzp", "hzp", REQUESTED, 0, false,
     PERMIT_NO_CONSENT},
    {"and it is there", H, "sgb9_117", "hzp", "hzp", REQUESTED, ITEM_CONSENT, false,
     PERMIT_ALLOWED},
    {"a reminder is content, too", H, "sgb9_117", "hzp", "hzp", "handover.reminder", 0, false,
     PERMIT_NO_CONSENT},
    {"no row for the basis", H, "sgb8_8a", "hzp", "hzp", REQUESTED, ITEM_CONSENT, false,
     PERMIT_NO_ROW},
    {"no basis, no row", H, "", "hzp", "hzp", REQUESTED, 0, false, PERMIT_NO_ROW},
    {"the row is for another giver", H, "sgb10_69", "egh", "egh", REQUESTED, 0, false,
     PERMIT_NO_ROW},
    {"how it ended may be said", H, "sgb9_117", "hzp", "hzp", "handover.outcome", 0, false,
     PERMIT_ALLOWED},
    {"the receiver's lead stands as it does", H, "sgb10_69", "hzp", "hzp-leitung",
     "handover.reminder", 0, false, PERMIT_ALLOWED},
    {"and the lead's lead", H, "sgb10_69", "hzp", "hzp-amt", "handover.reminder", 0, false,
     PERMIT_ALLOWED},
    {"and the deputy, whom a row names for something else", H, "sgb10_69", "hzp", "hzp-zwei",
     "handover.reminder", 0, false, PERMIT_ALLOWED},
    {"no more than it may", H, "sgb9_117", "hzp", "hzp-zwei", "handover.reminder", 0, false,
     PERMIT_NO_CONSENT},
    {"nor may its lead, whom no row names", H, "sgb9_117", "hzp", "hzp-leitung",
     "handover.reminder", 0, false, PERMIT_NO_CONSENT},
    {"the giver", H, "", "hzp", "asd", "handover.reminder", 0, false, PERMIT_ALLOWED},
    {"the giver's lead", H, "", "hzp", "asd-leitung", "handover.reminder", 0, false,
     PERMIT_ALLOWED},
    {"the catch-all desk", H, "", "hzp", "koordination", "handover.reminder", 0, false,
     PERMIT_ALLOWED},
    {"a technical desk", H, "", "hzp", "technik", "refusal.opened", 0, false, PERMIT_ALLOWED},
    {"the on-call", E, "", "bereitschaft", "bereitschaft", "emergency.reported", 0, false,
     PERMIT_ALLOWED},
    {"an emergency waits for no matrix", E, "", "hzp", "hzp", "emergency.reported", 0, false,
     PERMIT_ALLOWED},
    {"but a provider is no authority", E, "", "verein", "verein", "emergency.reported", 0, false,
     PERMIT_NO_ROW},
    {"a task has no basis", T, "", "hzp", "hzp", "task.opened", 0, false, PERMIT_ALLOWED},
    {"a provider", R, "sgb2_16a", "verein", "verein", OFFERED, 0, false, PERMIT_ALLOWED},
    {"without basis", R, "", "verein", "verein", OFFERED, 0, false, PERMIT_NO_BASIS},
    {"basis consent, none on record", R, "consent", "verein", "verein", OFFERED, 0, false,
     PERMIT_NO_CONSENT},
    {"basis consent, on record", R, "consent", "verein", "verein", OFFERED, ITEM_CONSENT, false,
     PERMIT_ALLOWED},
    {"the agreement is over", R, "sgb2_16a", "verein-alt", "verein-alt", OFFERED, 0, false,
     PERMIT_NO_AGREEMENT},
    {"no permission at all", R, "sgb2_16a", "verein-fremd", "verein-fremd", OFFERED, 0, false,
     PERMIT_NO_ROW},
    {"the provider's lead", R, "sgb2_16a", "verein", "verein-leitung", "referral.reminder", 0,
     false, PERMIT_ALLOWED},
    {"withdrawn may be said to a provider", R, "", "verein", "verein", "referral.outcome", 0, false,
     PERMIT_ALLOWED},
    {"who approves must know", R, "", "", "asd-leitung", "referral.requested", 0, false,
     PERMIT_ALLOWED},
    {"protected: the addressed role", H, "sgb10_69", "hzp", "hzp", REQUESTED, 0, true,
     PERMIT_ALLOWED},
    {"protected: no copy", H, "sgb10_69", "hzp", "jobcenter", "handover.outcome", 0, true,
     PERMIT_RESTRICTED},
    {"protected: a role that may", H, "sgb10_69", "hzp", "hzp-amt", "handover.reminder", 0, true,
     PERMIT_ALLOWED},
    {"protected: a lead that may not", H, "sgb10_69", "hzp", "hzp-leitung", "handover.reminder", 0,
     true, PERMIT_RESTRICTED},
    {"entrusted: the successor", H, "sgb10_69", "sozialbuero", "sozialbuero", "entrusted.notice",
     ITEM_ANVERTRAUT, false, PERMIT_ALLOWED},
    {"entrusted: the matrix holds", H, "", "hzp", "hzp", "entrusted.notice", ITEM_ANVERTRAUT, false,
     PERMIT_NO_ROW},
    {"entrusted: nobody besides", H, "sgb10_69", "sozialbuero", "sb-leitung", "entrusted.notice",
     ITEM_ANVERTRAUT, false, PERMIT_ENTRUSTED},
    {"entrusted: not even the outcome", H, "sgb10_69", "hzp", "jobcenter", "handover.outcome",
     ITEM_ANVERTRAUT, false, PERMIT_ENTRUSTED},
    {"entrusted: the giver", H, "", "hzp", "asd", "handover.outcome", ITEM_ANVERTRAUT, false,
     PERMIT_ALLOWED},
};

static struct item item_of(struct gateway_rig *rig, enum item_kind kind, const char *basis,
                           const char *to_unit)
{
    struct item item = routing_item(rig);
    item.kind = kind;
    item.state = kind == ITEM_REFERRAL ? STATE_OFFERED : STATE_REQUESTED;
    str_copy(item.basis, sizeof item.basis, basis);
    str_copy(item.to_unit, sizeof item.to_unit, to_unit);
    str_copy(item.waiting_unit, sizeof item.waiting_unit, to_unit);
    if (str_eq(to_unit, "verein-alt"))
        str_copy(item.service, sizeof item.service, "sucht");
    return item;
}

static void test_verdicts(void **state)
{
    struct gateway_rig *rig = *state;
    routing_config(rig, &matrix);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct item item = item_of(rig, cases[i].kind, cases[i].basis, cases[i].to_unit);
        const struct unit *to = directory_unit(rig->g.config->directory, cases[i].to);
        item.flags = cases[i].flags;
        item.restricted = cases[i].restricted;
        assert_non_null(to);
        enum permit_verdict got = permit_notice(&rig->g, &item, to, cases[i].what);
        if (got != cases[i].want)
            fail_msg("%s: got \"%s\"", cases[i].label, permit_verdict_name(got));
    }
}

static void test_approver(void **state)
{
    struct gateway_rig *rig = *state;
    routing_config(rig, &matrix);
    struct item item = item_of(rig, ITEM_REFERRAL, "", "");
    const struct unit *to = directory_unit(rig->g.config->directory, "asd-freigabe");
    assert_int_equal(permit_notice(&rig->g, &item, to, "referral.requested"), PERMIT_NO_ROW);
    item.state = STATE_APPROVAL_PENDING;
    str_copy(item.waiting_unit, sizeof item.waiting_unit, "asd-freigabe");
    assert_int_equal(permit_notice(&rig->g, &item, to, "referral.requested"), PERMIT_ALLOWED);
}

/* Who has accepted keeps what it has when the agreement ends. */
static void test_owner(void **state)
{
    struct gateway_rig *rig = *state;
    struct item item = item_of(rig, ITEM_REFERRAL, "sgb2_16a", "verein-alt");
    const struct unit *to = directory_unit(rig->g.config->directory, "verein-alt");
    str_copy(item.owner_unit, sizeof item.owner_unit, "verein-alt");
    assert_int_equal(permit_notice(&rig->g, &item, to, "referral.reminder"), PERMIT_ALLOWED);
}

static void test_words(void **state)
{
    (void)state;
    const struct item plain = {0}, entrusted = {.flags = ITEM_ANVERTRAUT};
    assert_string_equal(permit_verdict_name(PERMIT_ALLOWED), "");
    for (int v = PERMIT_ALLOWED + 1; v < PERMIT_VERDICT_COUNT; v++) {
        assert_true(strlen(permit_verdict_name((enum permit_verdict)v)) > 4);
    }
    assert_string_equal(permit_verdict_name((enum permit_verdict)99), "");
    assert_string_equal(permit_template(&plain, REQUESTED), REQUESTED);
    assert_string_equal(permit_template(&entrusted, REQUESTED), "entrusted.notice");
    assert_string_equal(permit_template(&entrusted, "handover.outcome"), "handover.outcome");
}

/* An item with one told unit, in the store. */
static struct item tell_one(struct gateway_rig *rig, enum item_kind kind, const char *basis,
                            const char *unit)
{
    struct limits limits;
    struct item item = item_of(rig, kind, basis, unit);
    const struct directory *dir = rig->g.config->directory;
    const struct telling telling = {directory_unit(dir, unit), REASON_ROUTE,
                                    kind == ITEM_REFERRAL ? OFFERED : REQUESTED,
                                    rig->g.now_ms + 1000, ""};
    limits_of(&limits, &dir->policy[0], item.urgency);
    store_begin(rig->g.store);
    store_item_add(rig->g.store, &item);
    workflow_set_clock(&rig->g, &item, &limits, 0);
    tell_unit(&rig->g, &item, &limits, &telling);
    rig_commit(rig);
    return item;
}

/* What the loop does with what is due, until nothing is. */
static void run_outbox(struct gateway_rig *rig)
{
    struct stafette *g = &rig->g;
    for (int i = 0; i < 1000; i++) {
        outbox_start(g);
        while (outbox_in_flight(g->outbox) && !outbox_unsettled(g->outbox)) {
            struct pollfd fds[] = {{outbox_fd(g->outbox), POLLIN, 0},
                                   {transfer_fd(g->transfer), POLLIN, 0}};
            poll(fds, COUNT_OF(fds), 1000);
            outbox_collect(g);
        }
        outbox_collect(g);
        if (!outbox_unsettled(g->outbox))
            return;
        store_begin(g->store);
        outbox_settle(g);
        rig_commit(rig);
        outbox_settled(g);
    }
    fail_msg("the outbox does not come to rest");
}

static void expect_deliveries(const struct gateway_rig *rig, int64_t seq, const char *want)
{
    struct buf got = BUF_INIT;
    store_delivery_each(rig->g.store, seq, &got, rig_put_delivery);
    assert_string_equal(buf_str(&got), want);
    buf_release(&got);
}

static size_t statuses(const struct gateway_rig *rig, int64_t seq, const char *what)
{
    struct buf got = BUF_INIT;
    size_t n = 0;
    struct rig_outs outs = {&got, seq};
    store_out_each(rig->g.store, 0, &outs, rig_put_out);
    for (const char *at = strstr(buf_str(&got), what); at; at = strstr(at + 1, what))
        n++;
    buf_release(&got);
    return n;
}

static bool put_task(void *context, const struct item *task)
{
    buf_printf(context, "%s %s ", task->code, task->waiting_unit);
    return true;
}

/* The open tasks of an item: code and unit. */
static void expect_tasks(const struct gateway_rig *rig, int64_t seq, const char *want)
{
    struct buf got = BUF_INIT;
    store_item_each_child(rig->g.store, seq, &got, put_task);
    assert_string_equal(buf_str(&got), want);
    buf_release(&got);
}

/* KI11: held, the sender and the giver hear of it; with the consent it leaves. */
static void test_held(void **state)
{
    struct gateway_rig *rig = *state;
    struct delivery d;
    routing_config(rig, &matrix);
    struct item item = tell_one(rig, ITEM_HANDOVER, "sgb9_117", "hzp");
    run_outbox(rig);
    expect_deliveries(rig, item.seq, "\nemail hzp/1 held");
    assert_true(store_delivery_get(rig->g.store, 1, &d));
    assert_int_equal(d.class, CLASS_FORBIDDEN);
    assert_int_equal(d.code, PERMIT_NO_CONSENT);
    assert_int_equal(d.attempts, 0);
    assert_int_equal(statuses(rig, item.seq, "notice.held"), 1);
    expect_tasks(rig, item.seq, "consent asd ");
    /* The consent is the giver's to bring: the item waits for it. */
    assert_int_equal(rig_item(rig, item.seq).state, STATE_HELD);
    item = rig_item(rig, item.seq);

    /* Nothing has changed: nothing leaves, and nobody is told again. */
    store_begin(rig->g.store);
    assert_int_equal(permit_release(&rig->g, item.seq), 0);
    rig_commit(rig);
    run_outbox(rig);
    assert_int_equal(statuses(rig, item.seq, "notice.held"), 1);
    expect_tasks(rig, item.seq, "consent asd ");

    item.flags |= ITEM_CONSENT;
    store_begin(rig->g.store);
    store_item_update(rig->g.store, &item);
    assert_int_equal(permit_release(&rig->g, item.seq), 1);
    rig_commit(rig);
    run_outbox(rig);
    expect_deliveries(rig, item.seq, "\nemail hzp/1 sent");
}

/* The item ends while its notice is held: it never leaves. */
static void test_held_and_over(void **state)
{
    struct gateway_rig *rig = *state;
    routing_config(rig, &matrix);
    struct item item = tell_one(rig, ITEM_HANDOVER, "sgb9_117", "hzp");
    run_outbox(rig);
    store_begin(rig->g.store);
    store_delivery_cancel(rig->g.store, item.seq, store_last(rig->g.store, SEQ_NOTICE) + 1,
                          rig->g.now_ms);
    item.flags |= ITEM_CONSENT;
    store_item_update(rig->g.store, &item);
    assert_int_equal(permit_release(&rig->g, item.seq), 0);
    rig_commit(rig);
    run_outbox(rig);
    expect_deliveries(rig, item.seq, "\nemail hzp/1 cancelled");
}

/* Asked when it leaves, not when it was made: the agreement ends in between. */
static void test_at_send_time(void **state)
{
    struct gateway_rig *rig = *state;
    rig_at(rig, "2026-10-31T23:59:00+01:00");
    struct item item = tell_one(rig, ITEM_REFERRAL, "sgb2_16a", "verein-alt");
    rig_at(rig, "2026-11-01T00:00:00+01:00");
    run_outbox(rig);
    expect_deliveries(rig, item.seq, "\nemail verein-alt/1 held");
}

/* A configuration that allows it lets go of everything, share by share. */
static void test_release_by_config(void **state)
{
    static const struct routing_more allow = {
        .permissions = " { from = \"*\"; to = \"verein-fremd\"; kinds = [ \"referral\" ];"
                       " bases = [ \"*\" ]; },",
        .agreements =
            " { provider = \"verein-fremd\"; from = \"2024-01-01\"; to = \"2029-12-31\"; },"};
    struct gateway_rig *rig = *state;
    enum { MANY = 120 };
    for (int i = 0; i < MANY; i++)
        tell_one(rig, ITEM_REFERRAL, "sgb2_16a", "verein-fremd");
    run_outbox(rig);
    assert_int_equal(store_delivery_count(rig->g.store, DELIVERY_HELD), MANY);
    routing_config(rig, &allow);
    daily_reloaded(&rig->g);
    int shares = 0;
    for (; daily_due(&rig->g); shares++) {
        assert_true(shares < 10);
        store_begin(rig->g.store);
        daily_run(&rig->g);
        rig_commit(rig);
        daily_done(&rig->g);
    }
    assert_true(shares > 1);
    assert_int_equal(store_delivery_count(rig->g.store, DELIVERY_HELD), 0);
    run_outbox(rig);
    assert_int_equal(store_delivery_count(rig->g.store, DELIVERY_SENT), 2 * MANY);
}

/* Releasing a restored store does not release what is forbidden. */
static void test_restore(void **state)
{
    struct gateway_rig *rig = *state;
    struct item item = tell_one(rig, ITEM_REFERRAL, "sgb2_16a", "verein-fremd");
    run_outbox(rig);
    store_begin(rig->g.store);
    store_delivery_hold_all(rig->g.store);
    store_delivery_release_all(rig->g.store, rig->g.steady_ms);
    rig_commit(rig);
    expect_deliveries(rig, item.seq, "\nemail verein-fremd/1 held");
}

/* R12: the fourth unit that one event tells is held, whoever it is. */
static void test_too_many(void **state)
{
    struct gateway_rig *rig = *state;
    static const char *const units[] = {"sozialbuero", "jobcenter", "sb-vertretung", "asd-leitung",
                                        "sb-leitung"};
    struct item item = item_of(rig, ITEM_HANDOVER, "sgb10_69", "sozialbuero");
    struct notice last = {.outcome = ""};
    store_begin(rig->g.store);
    store_item_add(rig->g.store, &item);
    for (size_t i = 0; i < COUNT_OF(units); i++) {
        last.seq = routing_notice(rig, item.seq, units[i], REQUESTED);
        last.item_seq = item.seq;
        last.created_ms = rig->g.now_ms;
        str_copy(last.unit, sizeof last.unit, units[i]);
        str_copy(last.template_name, sizeof last.template_name, REQUESTED);
        assert_int_equal(permit_start(&rig->g, &item, &last),
                         i < RECIPIENTS_MAX ? PERMIT_ALLOWED : PERMIT_TOO_MANY);
    }
    /* A later event tells on its own account. */
    last.created_ms += 60000;
    assert_int_equal(permit_start(&rig->g, &item, &last), PERMIT_ALLOWED);
    rig_commit(rig);
}

/* Who stands in for an absent unit may know what that one may know, and no more. */
static void test_stand_in(void **state)
{
    static const struct {
        const char *label, *to, *role, *basis;
        unsigned flags;
        enum permit_verdict want;
    } absences[] = {
        {"of the house, for another controller", "jobcenter", "hzp", "sgb9_117", 0,
         PERMIT_NO_CONSENT},
        {"the same with consent", "jobcenter", "hzp", "sgb9_117", ITEM_CONSENT, PERMIT_ALLOWED},
        {"whom a row names for something else", "egh", "hzp", "sgb10_69", 0, PERMIT_ALLOWED},
        {"for the giver", "egh", "asd", "", 0, PERMIT_ALLOWED},
        {"for nobody known", "egh", "gibtsnicht", "sgb10_69", 0, PERMIT_NO_ROW},
        {"entrusted data knows no stand-in", "jobcenter", "hzp", "sgb10_69", ITEM_ANVERTRAUT,
         PERMIT_ENTRUSTED},
    };
    struct gateway_rig *rig = *state;
    routing_config(rig, &matrix);
    for (size_t i = 0; i < COUNT_OF(absences); i++) {
        struct item item = item_of(rig, ITEM_HANDOVER, absences[i].basis, "hzp");
        struct notice notice = {.seq = 1, .template_name = REQUESTED};
        item.flags = absences[i].flags;
        str_copy(notice.unit, sizeof notice.unit, absences[i].to);
        str_copy(notice.instead_of, sizeof notice.instead_of, absences[i].role);
        enum permit_verdict got = permit_start(&rig->g, &item, &notice);
        if (got != absences[i].want)
            fail_msg("%s: got \"%s\"", absences[i].label, permit_verdict_name(got));
    }
}

/* What cannot be right must not stop the outbox. */
static void test_odd(void **state)
{
    struct gateway_rig *rig = *state;
    struct item item = item_of(rig, ITEM_HANDOVER, "sgb10_69", "");
    struct notice notice = {.seq = 1, .unit = "gibtsnicht", .template_name = REQUESTED};
    assert_int_equal(permit_start(&rig->g, &item, &notice), PERMIT_ALLOWED);
    item.from_unit[0] = '\0';
    str_copy(notice.unit, sizeof notice.unit, "sozialbuero");
    assert_int_equal(permit_start(&rig->g, &item, &notice), PERMIT_ALLOWED);
    str_copy(notice.template_name, sizeof notice.template_name, "");
    assert_int_equal(permit_start(&rig->g, &item, &notice), PERMIT_ALLOWED);
    store_begin(rig->g.store);
    assert_int_equal(permit_release(&rig->g, 4711), 0);
    store_rollback(rig->g.store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_verdicts),          TEST(test_approver), TEST(test_owner),
        cmocka_unit_test(test_words), TEST(test_held),     TEST(test_held_and_over),
        TEST(test_at_send_time),      TEST(test_restore),  TEST(test_release_by_config),
        TEST(test_too_many),          TEST(test_odd),      TEST(test_stand_in),
    };
    log_level_parse("error", &log_level); /* each held attempt is a warning */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
