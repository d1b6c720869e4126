/*
 * drill.c: a drill goes the way of an emergency, ends with the first answer or with nobody left,
 * stays within its unit's chain, gives way to a real emergency, and is counted nowhere.
 */
#include "life_rig.h"

#include "../daemon/daily.h"
#include "../daemon/digest_text.h"
#include "../daemon/drill.h"
#include "../daemon/ledger.h"
#include "../daemon/presence.h"
#include "../daemon/retention.h"
#include "../daemon/store_drill.h"

/* clang-format off */
#define PERSON(id, number)                                                                         \
    " { id = \"" id "\"; kind = \"team\"; name = \"Stelle " id "\"; contacts = ("                  \
    " { channel = \"sms\"; address = \"" number "\"; urgent_only = true; },"                       \
    " { channel = \"email\"; address = \"" id "@amt.example\"; } ); },"
static const char units[] =
    PERSON("fm-1", "+4915100000011") PERSON("fm-2", "+4915100000012")
    PERSON("fm-3", "+4915100000013")
    RIG_UNIT("amt", "team", "") ","
    RIG_UNIT("leitung", "team", "lead = \"amt\";") ","
    RIG_UNIT("dienst", "desk", "roster = \"bereit\"; lead = \"leitung\";") ","
    RIG_UNIT("dienst-2", "desk", "roster = \"andere\";") ","
    RIG_UNIT("team", "team", "deputies = [ \"fm-3\" ]; lead = \"leitung\";") ","
    RIG_UNIT("allein", "team", "") ","
    " { id = \"still\"; kind = \"team\"; name = \"Stelle still\"; quiet = \"20:00-07:00\";"
    " contacts = ( { channel = \"sms\"; address = \"+4915100000023\"; },"
    " { channel = \"email\"; address = \"still@amt.example\"; } ); },";
static const char plans[] =
    "rosters = ( { roster = \"bereit\"; starts = \"2026-11-01\"; ends = \"2027-12-31\"; shifts = ("
    " { days = \"daily\"; from = \"00:00\"; to = \"24:00\"; lines = [ \"fm-1\", \"fm-2\" ]; } ); },"
    " { roster = \"andere\"; starts = \"2026-11-01\"; ends = \"2027-12-31\"; shifts = ("
    " { days = \"daily\"; from = \"00:00\"; to = \"24:00\"; lines = [ \"fm-3\" ]; } ); } );\n";
/* clang-format on */

static int town(void **state)
{
    life_set_up(state);
    struct gateway_rig *rig = *state;
    rig_add_units(rig, units, plans);
    presence_open(&rig->g);
    return 0;
}
#define TOWN(name) cmocka_unit_test_setup_teardown(name, town, rig_tear_down)

static const struct unit *unit_of(const struct gateway_rig *rig, const char *id)
{
    const struct unit *found = directory_unit(rig->g.config->directory, id);
    assert_non_null(found);
    return found;
}

/* The item, or 0 with the sentence in `said`. */
static int64_t try_drill(struct gateway_rig *rig, const struct drill_order *order, struct buf *said)
{
    buf_reset(said);
    store_begin(rig->g.store);
    int64_t seq = drill_start(&rig->g, order, said);
    rig_commit(rig);
    return seq < 0 ? 0 : seq;
}

static int64_t drill(struct gateway_rig *rig, const char *id)
{
    struct buf said = BUF_INIT;
    const struct drill_order order = {
        .unit = unit_of(rig, id), .like = ITEM_EMERGENCY, .by = "test"};
    int64_t seq = try_drill(rig, &order, &said);
    if (!seq)
        fail_msg("%s: %s", id, buf_str(&said));
    buf_release(&said);
    return seq;
}

static void keep_report(void *context, const struct notice *n)
{
    if (!str_eq(n->template_name, "drill.report"))
        return;
    assert_string_equal(n->unit, "koordination");
    buf_reset(context);
    buf_puts(context, n->outcome);
}

static void expect_report(struct gateway_rig *rig, int64_t seq, const char *want)
{
    struct buf got = BUF_INIT;
    store_notice_each(rig->g.store, seq, &got, keep_report);
    assert_string_equal(buf_str(&got), want);
    buf_release(&got);
    assert_int_equal(life_count(rig, seq, "drill.report"), 1);
}

static void sent(struct gateway_rig *rig, int64_t seq)
{
    struct item item = rig_item(rig, seq);
    store_begin(rig->g.store);
    workflow_delivered(&rig->g, &item);
    rig_commit(rig);
}

/* The first line has it by SMS and mail, answers after three minutes; the coordinator reads so. */
static void test_answered(void **state)
{
    struct gateway_rig *rig = *state;
    struct drill got;
    rig_at(rig, "2026-11-17T14:02:00+01:00");
    int64_t seq = drill(rig, "dienst");
    rig_expect(rig, seq,
               "drill open owner=dienst waiting=dienst to=dienst"
               "\ntold fm-1 on_call drill.opened bis Di 17.11. 14:12"
               "\nsms fm-1/1 pending"
               "\nemail fm-1/2 pending"
               "\nclock ack_due 0 Di 17.11. 14:12");
    rig->g.now_ms += 4000;
    sent(rig, seq);
    rig->g.now_ms += 176000;
    assert_int_equal(life_answer(rig, seq, "fm-1", ANSWER_SEEN, ""), ANSWER_RECORDED);
    sent(rig, seq);
    rig_expect(rig, seq,
               "drill done owner=dienst waiting= to=dienst"
               "\ntold fm-1 on_call drill.opened bis Di 17.11. 14:12"
               "\ntold koordination drill drill.report"
               "\nsms fm-1/1 cancelled"
               "\nemail fm-1/2 cancelled"
               "\nemail koordination/1 pending");
    expect_report(rig, seq,
                  "Der Probealarm um 14:02 für „Stelle dienst“ wurde nach 3 Minuten von „Stelle "
                  "fm-1“ bestätigt.");
    assert_true(store_drill_get(rig->g.store, seq, &got));
    assert_int_equal(got.sent_ms - got.started_ms, 4000);
    assert_int_equal(got.answered_ms - got.started_ms, 180000);
    assert_string_equal(got.answered_by, "fm-1");
    assert_int_equal(got.rungs, 0);
    /* The second answer is harmless and measures nothing. */
    assert_int_equal(life_answer(rig, seq, "fm-1", ANSWER_ACCEPT, ""), ANSWER_KNOWN);
    expect_report(rig, seq,
                  "Der Probealarm um 14:02 für „Stelle dienst“ wurde nach 3 Minuten von „Stelle "
                  "fm-1“ bestätigt.");
}

/* Second line, then the lead; nobody else, and the coordinator only by the report. */
static void test_silent(void **state)
{
    struct gateway_rig *rig = *state;
    struct drill got;
    rig_at(rig, "2026-11-17T14:02:00+01:00");
    int64_t seq = drill(rig, "dienst");
    sent(rig, seq);
    life_next(rig, seq);
    assert_int_equal(life_count(rig, seq, "\ntold fm-2 deputy drill.reminder"), 1);
    life_next(rig, seq);
    assert_int_equal(life_count(rig, seq, "\ntold leitung lead drill.reminder"), 1);
    assert_null(clock_next_told(&rig->g, &(struct item){.seq = 0}));
    struct item open = rig_item(rig, seq);
    assert_null(clock_next_told(&rig->g, &open));
    assert_int_equal(open.flags & (ITEM_OVERDUE | ITEM_ESCALATED | ITEM_VOICE), 0);
    life_next(rig, seq);
    life_is(rig, seq, "closed owner=dienst waiting=");
    assert_int_equal(life_count(rig, seq, "\ntold amt"), 0);
    assert_int_equal(life_count(rig, seq, "\ntold koordination"), 1);
    assert_int_equal(life_count(rig, seq, "drill.outcome"), 3);
    expect_report(
        rig, seq,
        "Der Probealarm um 14:02 für „Stelle dienst“: Niemand hat geantwortet. Es wurde "
        "2-mal erinnert oder weitergefragt. Im Ernstfall hätten Sie anrufen müssen. Bitte "
        "klären Sie mit der Stelle, woran es lag.");
    assert_true(store_drill_get(rig->g.store, seq, &got));
    assert_int_equal(got.rungs, 2);
    assert_true(got.answered_ms == 0);
    assert_true(rig->g.now_ms - got.started_ms == 30 * 60000);
}

static void test_second_line(void **state)
{
    struct gateway_rig *rig = *state;
    rig_at(rig, "2026-11-17T23:55:00+01:00");
    int64_t seq = drill(rig, "dienst");
    sent(rig, seq);
    life_next(rig, seq);
    assert_int_equal(life_answer(rig, seq, "jobcenter", ANSWER_SEEN, ""), ANSWER_IMPOSSIBLE);
    assert_int_equal(life_answer(rig, seq, "fm-2", ANSWER_ACCEPT, ""), ANSWER_RECORDED);
    /* The first line hears that it is over. */
    assert_int_equal(life_count(rig, seq, "\ntold fm-1 outcome drill.outcome"), 1);
    expect_report(rig, seq,
                  "Der Probealarm am Di 17.11.2026 um 23:55 für „Stelle dienst“ wurde nach 10 "
                  "Minuten von „Stelle fm-2“ bestätigt. Es wurde 1-mal erinnert oder "
                  "weitergefragt.");
}

/* The whole ladder only when it is asked for: the head, the coordinator, who is on call for
 * others. */
static void test_chain(void **state)
{
    static const struct {
        const char *label, *unit;
        bool whole;
        const char *want; /* who is told one after the other */
    } cases[] = {
        {"the desk", "dienst", false, "fm-1 fm-2 leitung "},
        {"the desk, whole chain", "dienst", true, "fm-1 fm-2 leitung amt koordination "},
        {"the deputy is on call for others", "team", false, "team leitung "},
        {"so it is asked in a whole chain", "team", true, "team fm-3 leitung amt koordination "},
        {"nobody else", "allein", false, "allein "},
        {"the coordinator itself", "koordination", false, "koordination "},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        void *own;
        struct buf said = BUF_INIT, told = BUF_INIT, all = BUF_INIT;
        town(&own);
        struct gateway_rig *rig = own;
        const struct drill_order order = {.unit = unit_of(rig, cases[i].unit),
                                          .like = ITEM_EMERGENCY,
                                          .whole_chain = cases[i].whole,
                                          .by = "test"};
        int64_t seq = try_drill(rig, &order, &said);
        for (int n = 0; !rig_item(rig, seq).closed_ms; n++) {
            assert_true(n < 10);
            life_next(rig, seq);
        }
        rig_tell(rig, seq, &all);
        for (const char *at = buf_str(&all); (at = strstr(at, "\ntold ")); at++) {
            size_t len = strcspn(at + 6, " ");
            const char *end = strchr(at + 1, '\n');
            struct buf line = BUF_INIT;
            buf_add(&line, at, end ? (size_t)(end - at) : strlen(at));
            if (strstr(buf_str(&line), "drill.opened") || strstr(buf_str(&line), "drill.reminder"))
                buf_printf(&told, "%.*s ", (int)len, at + 6);
            buf_release(&line);
        }
        if (!str_eq(buf_str(&told), cases[i].want))
            fail_msg("%s: \"%s\", want \"%s\"", cases[i].label, buf_str(&told), cases[i].want);
        buf_release(&said);
        buf_release(&told);
        buf_release(&all);
        rig_tear_down(&own);
    }
}

static void test_refused(void **state)
{
    struct gateway_rig *rig = *state;
    struct buf said = BUF_INIT;
    struct drill_order order = {
        .unit = unit_of(rig, "still"), .like = ITEM_EMERGENCY, .by = "test"};
    rig_at(rig, "2026-11-17T22:40:00+01:00");
    assert_int_equal(try_drill(rig, &order, &said), 0);
    assert_string_equal(buf_str(&said),
                        "still has quiet hours now; drill it later, or say --urgent");
    order.any_hour = true;
    int64_t seq = try_drill(rig, &order, &said);
    assert_true(seq > 0);
    assert_int_equal(try_drill(rig, &order, &said), 0);
    assert_string_equal(buf_str(&said), "a drill of still is under way already");
    struct delivery d;
    assert_true(store_delivery_get(rig->g.store, store_last(rig->g.store, SEQ_DELIVERY) - 1, &d));
    assert_true(d.channel == CHANNEL_SMS && d.next_ms == rig->g.now_ms);
    /* Away, and nobody but the coordinator reads. */
    struct buf err = BUF_INIT;
    const struct presence_change away = {.unit = unit_of(rig, "allein"),
                                         .from_ms = rig->g.now_ms,
                                         .to_ms = rig->g.now_ms + 86400000,
                                         .by = "test"};
    store_begin(rig->g.store);
    assert_int_equal(presence_report(&rig->g, &away, &err), 0);
    rig_commit(rig);
    order.unit = away.unit;
    assert_int_equal(try_drill(rig, &order, &said), 0);
    assert_string_equal(buf_str(&said),
                        "nobody of allein who may be asked in a drill is there now; see "
                        "\"stafettectl reach allein\"");
    buf_release(&err);
    buf_release(&said);
}

/* A quiet drill that was begun by day keeps the night of the next rung. */
static void test_quiet_rung(void **state)
{
    struct gateway_rig *rig = *state;
    struct item item = {.kind = ITEM_DRILL, .urgency = URGENCY_EMERGENCY};
    const struct contact *phone = &unit_of(rig, "still")->contact[0];
    rig_at(rig, "2026-11-17T22:40:00+01:00");
    int64_t now_ms = rig->g.steady_ms;
    assert_true(tell_awake_ms(&rig->g, &item, phone, now_ms) > now_ms);
    item.flags = ITEM_ANY_HOUR;
    assert_true(tell_awake_ms(&rig->g, &item, phone, now_ms) == now_ms);
    item.flags = 0;
    item.kind = ITEM_EMERGENCY;
    assert_true(tell_awake_ms(&rig->g, &item, phone, now_ms) == now_ms);
}

/* A real one: refused while it is open, and a drill under way ends without a word to the people. */
static void test_emergency(void **state)
{
    struct gateway_rig *rig = *state;
    struct buf said = BUF_INIT;
    const struct drill_order order = {
        .unit = unit_of(rig, "bereitschaft"), .like = ITEM_EMERGENCY, .by = "test"};
    int64_t seq = drill(rig, "bereitschaft"), other = drill(rig, "dienst");
    int64_t real = rig_event(rig, "hotline", "emergency.reported", "", EMERGENCY)->item_seq;
    rig_expect_said(rig, "accepted");
    life_is(rig, seq, "closed owner=bereitschaft waiting=");
    assert_int_equal(life_count(rig, seq, "drill.outcome"), 0);
    expect_report(rig, seq, "Der Probealarm um 09:00 für „Bereitschaft“ wurde abgebrochen.");
    life_is(rig, other, "open owner=dienst waiting=dienst");
    assert_int_equal(try_drill(rig, &order, &said), 0);
    assert_string_equal(buf_str(&said),
                        "bereitschaft has an open emergency; drill it when that has ended");
    assert_int_equal(rig_item(rig, real).state, STATE_REPORTED);
    /* By hand, too. */
    buf_reset(&said);
    store_begin(rig->g.store);
    assert_int_equal(workflow_close(&rig->g, other, "genug", &said), 0);
    rig_commit(rig);
    expect_report(rig, other, "Der Probealarm um 09:00 für „Stelle dienst“ wurde abgebrochen.");
    buf_release(&said);
}

/* Like a handover: its urgency and limits, by mail alone. */
static void test_like_handover(void **state)
{
    struct gateway_rig *rig = *state;
    struct buf said = BUF_INIT;
    const struct drill_order order = {
        .unit = unit_of(rig, "team"), .like = ITEM_HANDOVER, .by = "test"};
    int64_t seq = try_drill(rig, &order, &said);
    rig_expect(rig, seq,
               "drill open owner=team waiting=team to=team"
               "\ntold team drill drill.opened bis Di 17.11. 16:00"
               "\nemail team/1 pending"
               "\nclock ack_due 0 Di 17.11. 16:00");
    buf_release(&said);
}

static void put_week(struct gateway_rig *rig, struct buf *out)
{
    buf_reset(out);
    digest_weekly(&rig->g, out);
    digest_morning(&rig->g, unit_of(rig, "dienst"), out);
    buf_printf(out, "oldest %lld", (long long)store_item_oldest_open(rig->g.store));
}

/* Figures before, during and after a drill that nobody answers and that cannot be delivered. */
static void test_no_figure(void **state)
{
    struct gateway_rig *rig = *state;
    struct buf before = BUF_INIT, after = BUF_INIT;
    put_week(rig, &before);
    int64_t seq = drill(rig, "dienst");
    put_week(rig, &after);
    assert_string_equal(buf_str(&after), buf_str(&before));
    struct delivery d;
    assert_true(store_delivery_get(rig->g.store, store_last(rig->g.store, SEQ_DELIVERY), &d));
    d.state = DELIVERY_FAILED;
    d.class = CLASS_TIMEOUT;
    d.ended_ms = rig->g.now_ms;
    store_begin(rig->g.store);
    store_delivery_settle(rig->g.store, &d);
    rig_commit(rig);
    for (int i = 0; !rig_item(rig, seq).closed_ms; i++) {
        assert_true(i < 10);
        life_next(rig, seq);
        rig_at(rig, RIG_MONDAY);
        put_week(rig, &after);
        assert_string_equal(buf_str(&after), buf_str(&before));
    }
    buf_release(&before);
    buf_release(&after);
}

static int drills(const struct gateway_rig *rig)
{
    int n = 0;
    for (int64_t seq = 1; seq <= store_last(rig->g.store, SEQ_ITEM); seq++)
        n += rig_item(rig, seq).kind == ITEM_DRILL;
    return n;
}

static void turns_at(struct gateway_rig *rig, const char *when)
{
    rig_at(rig, when);
    for (int i = 0; daily_due(&rig->g); i++) {
        assert_true(i < 200);
        store_begin(rig->g.store);
        daily_run(&rig->g);
        rig_commit(rig);
        daily_done(&rig->g);
    }
}

/* Every two weeks on Tuesday at ten, from the next one on; what was missed is not made up for. */
static void test_schedule(void **state)
{
    static const struct {
        const char *at;
        int drills; /* two desks have a plan */
        bool restart;
    } cases[] = {
        {"2026-11-17T12:00:00+01:00", 0, false}, {"2026-11-24T10:00:00+01:00", 0, false},
        {"2026-12-01T09:59:59+01:00", 0, false}, {"2026-12-01T10:00:00+01:00", 2, false},
        {"2026-12-01T11:00:00+01:00", 2, true},  {"2026-12-08T10:00:00+01:00", 2, false},
        {"2026-12-16T10:00:00+01:00", 2, true},  {"2026-12-22T10:00:00+01:00", 2, false},
        {"2026-12-29T10:00:00+01:00", 4, true},
    };
    struct gateway_rig *rig = *state;
    daily_reloaded(&rig->g);
    turns_at(rig, "2026-11-17T11:00:00+01:00");
    assert_int_equal(drills(rig), 0);
    rig_insert(rig, "mqtt = { port = 9; };\n", "drill = { each = \"2w\"; };\n");
    rig_reload(rig);
    daily_reloaded(&rig->g);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        if (cases[i].restart)
            daily_reloaded(&rig->g);
        turns_at(rig, cases[i].at);
        if (drills(rig) != cases[i].drills)
            fail_msg("%s: %d drills", cases[i].at, drills(rig));
        for (int64_t seq = 1; seq <= store_last(rig->g.store, SEQ_ITEM); seq++)
            if (rig_item(rig, seq).kind == ITEM_DRILL && !rig_item(rig, seq).closed_ms)
                life_answer(rig, seq,
                            str_eq(rig_item(rig, seq).to_unit, "dienst") ? "fm-1" : "fm-3",
                            ANSWER_SEEN, "");
    }
}

/* An unknown time of the schedule is refused by the check. */
static void test_settings(void **state)
{
    static const struct {
        const char *label, *text, *want;
    } cases[] = {
        {"no unit", "drill = { each = \"4\"; };\n", "must be a number of weeks"},
        {"too many", "drill = { each = \"53w\"; };\n", "must be a number of weeks"},
        {"none", "drill = { each = \"0w\"; };\n", "must be a number of weeks"},
        {"no day", "drill = { at = \"99 10:00\"; };\n", "must be a day and a time"},
        {"proof", "reach = { weekly = \"Montag\"; };\n", "must be a day and a time"},
        {"good", "drill = { each = \"52w\"; at = \"Mi 11:30\"; }; reach = { weekly = \"\"; };\n",
         ""},
    };
    struct gateway_rig *rig = *state;
    struct buf good = rig_read(rig->dir, "stafette.conf");
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char path[512];
        struct buf report = BUF_INIT, text = BUF_INIT;
        buf_printf(&text, "%s%s", buf_str(&good), cases[i].text);
        rig_write(rig->dir, "stafette.conf", buf_str(&text));
        snprintf(path, sizeof path, "%s/stafette.conf", rig->dir);
        struct config *config = config_load(path, &report);
        if (!config == str_empty(cases[i].want) || !strstr(buf_str(&report), cases[i].want))
            fail_msg("%s: %s", cases[i].label, buf_str(&report));
        if (config)
            config_drop(config);
        buf_release(&report);
        buf_release(&text);
    }
    buf_release(&good);
}

static void test_lengths(void **state)
{
    static const struct {
        int64_t length_ms;
        const char *want;
    } cases[] = {
        {0, "nach weniger als einer Minute"}, {59999, "nach weniger als einer Minute"},
        {60000, "nach einer Minute"},         {119999, "nach einer Minute"},
        {120000, "nach 2 Minuten"},           {7199999, "nach 119 Minuten"},
        {7200000, "nach 2 Stunden"},
    };
    struct gateway_rig *rig = *state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct buf got = BUF_INIT;
        struct drill d = {.unit = "dienst", .answered_by = "fort", .started_ms = rig->g.now_ms};
        d.answered_ms = d.sent_ms = d.started_ms + cases[i].length_ms;
        drill_report(&rig->g, &got, &d, DRILL_ANSWERED_END);
        if (!strstr(buf_str(&got), cases[i].want) || !strstr(buf_str(&got), "von „fort“"))
            fail_msg("%s: %s", cases[i].want, buf_str(&got));
        buf_reset(&got);
        d.sent_ms = 0;
        drill_report(&rig->g, &got, &d, DRILL_SILENT_END);
        assert_non_null(strstr(buf_str(&got), "Keine Nachricht ist hinausgegangen"));
        buf_release(&got);
    }
}

static void keep_newest(void *context, const struct drill *d)
{
    struct drill *newest = context;
    if (!newest->item_seq)
        *newest = *d;
}

static struct drill newest(const struct gateway_rig *rig)
{
    struct drill found = {.item_seq = 0};
    store_drill_each(rig->g.store, 50, &found, keep_newest);
    return found;
}

static void days_pass(struct gateway_rig *rig, int64_t days)
{
    struct stafette *g = &rig->g;
    g->now_ms += days * 86400000;
    g->steady_ms = g->mono_ms = g->now_ms;
    for (int i = 0; i == 0 || retention_is_busy(g); i++) {
        assert_true(i < 1000);
        retention_step(g);
        g->now_ms += 10;
        g->mono_ms += 10;
    }
}

/* The item with its notices goes after a month, what was measured with the audit trail; an open one
 * stays. */
static void test_retention(void **state)
{
    struct gateway_rig *rig = *state;
    struct item item;
    buf_puts(&rig->g.test_clock, "clock");
    int64_t seq = drill(rig, "dienst");
    days_pass(rig, 400);
    assert_true(store_item_get(rig->g.store, seq, &item));
    life_answer(rig, seq, "fm-1", ANSWER_SEEN, "");
    days_pass(rig, 29);
    assert_true(store_item_get(rig->g.store, seq, &item));
    days_pass(rig, 2);
    assert_false(store_item_get(rig->g.store, seq, &item));
    assert_int_equal(store_notice_count(rig->g.store), 0);
    assert_int_equal(newest(rig).item_seq, seq);
    assert_string_equal(newest(rig).answered_by, "fm-1");
    assert_true(store_meta_int(rig->g.store, "ledger_pruned_items") == 0);
    days_pass(rig, 301);
    assert_int_equal(newest(rig).item_seq, 0);
    buf_release(&rig->g.test_clock);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TOWN(test_answered),          TOWN(test_silent),        TOWN(test_second_line),
        cmocka_unit_test(test_chain), TOWN(test_refused),       TOWN(test_quiet_rung),
        TOWN(test_emergency),         TOWN(test_like_handover), TOWN(test_no_figure),
        TOWN(test_schedule),          TOWN(test_settings),      TOWN(test_lengths),
        TOWN(test_retention),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
