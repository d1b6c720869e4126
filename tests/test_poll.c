/*
 * Polls: who is asked, reminded and named; change of mind, quorum, deadline, result; what is
 * refused (UL6, E23).
 */
#include "../daemon/poll.h"
#include "../daemon/presence.h"
#include "meeting_rig.h"

#define TRAEGER(n) RIG_UNIT("t" n, "provider", "") ","
#define ALL_TRAEGER "t01,t02,t03,t04,t05,t06,t07,t08,t09,t10,t11,t12,t13,t14"
#define OPENED(due, more)                                                                          \
    "{\"meeting_id\":\"beteiligung\",\"unit\":\"lenkung\",\"due_on\":\"" due "\"" more "}"
#define OPTIONS ",\"options\":\"projekt-1,projekt-2\""
#define UL6 OPENED("2017-12-20", OPTIONS ",\"parties\":\"" ALL_TRAEGER "\"")

/* A body with its office, two project groups, fourteen providers. */
static int poll_set_up(void **state)
{
    life_set_up(state);
    struct gateway_rig *rig = *state;
    rig_insert(rig, "units = [ \"asd\"", ", \"lenkung\"");
    rig_add_units(
        rig,
        TRAEGER("01") TRAEGER("02") TRAEGER("03") TRAEGER("04") TRAEGER("05") TRAEGER("06") TRAEGER(
            "07") TRAEGER("08") TRAEGER("09") TRAEGER("10") TRAEGER("11") TRAEGER("12")
            TRAEGER("13") TRAEGER("14") RIG_UNIT("geschaeft", "desk", "") "," RIG_UNIT(
                "projekt-1", "body",
                "") "," RIG_UNIT("projekt-2", "body",
                                 "") "," RIG_UNIT("lenkung", "body",
                                                  "members = ( \"asd\", { unit = \"geschaeft\"; "
                                                  "role = \"secretariat\"; } );") ",",
        "");
    tell_forget(&rig->g);
    rig_at(rig, "2017-12-04T09:00:00+01:00");
    return 0;
}

#define POLL(name) cmocka_unit_test_setup_teardown(name, poll_set_up, rig_tear_down)

static const struct unit *unit_of(const struct gateway_rig *rig, const char *id)
{
    return directory_unit(rig->g.config->directory, id);
}

static int64_t open_poll(struct gateway_rig *rig, const char *data)
{
    int64_t item = rig_event(rig, "jugendamt", "poll.opened", "", data)->item_seq;
    rig_expect_said(rig, "accepted");
    return item;
}

/* "1,2"; "" = nothing fits. */
static bool vote(struct gateway_rig *rig, int64_t item, const char *unit, const char *numbers)
{
    int64_t number[POLL_CHOICES_MAX];
    size_t n = 0;
    struct buf said = BUF_INIT;
    for (const char *at = numbers; *at; at += strcspn(at, ","), at += *at == ',')
        number[n++] = strtoll(at, NULL, 10);
    store_begin(rig->g.store);
    bool taken = poll_vote(&rig->g, item, unit_of(rig, unit), number, n, &said);
    rig_commit(rig);
    assert_true(said.len > 10 && buf_str(&said)[said.len - 1] == '.');
    buf_release(&said);
    return taken;
}

static void expect_lines(struct gateway_rig *rig, int64_t item, const char *want)
{
    struct buf got = BUF_INIT;
    const struct item row = rig_item(rig, item);
    poll_lines(&rig->g, &row, &got);
    assert_string_equal(buf_str(&got), want);
    buf_release(&got);
}

static void test_ul6(void **state)
{
    struct gateway_rig *rig = *state;
    char id[16];
    int64_t item = open_poll(rig, UL6);
    assert_int_equal(life_count(rig, item, "poll.asked bis Mi 20.12. 23:59"), 14);
    expect_lines(rig, item, "1. Stelle projekt-1\n2. Stelle projekt-2");
    for (int i = 1; i <= 9; i++) {
        snprintf(id, sizeof id, "t%02d", i);
        assert_true(vote(rig, item, id, i % 3 == 0 ? "1,2" : i % 3 == 1 ? "1" : ""));
    }
    /* Three working days before the end: the five who are silent, at the opening of the office. */
    meeting_rig_until(rig, "2017-12-15T07:59:00+01:00");
    assert_int_equal(life_count(rig, item, "poll.asked"), 14);
    meeting_rig_until(rig, "2017-12-15T08:00:00+01:00");
    assert_int_equal(life_count(rig, item, "poll.asked"), 19);
    assert_int_equal(life_count(rig, item, "told t09 member"), 1);
    assert_int_equal(life_count(rig, item, "told t10 member"), 2);
    rig_ledger_green(rig);
    meeting_rig_until(rig, "2017-12-20T23:59:00+01:00");
    assert_int_equal(life_count(rig, item, "poll.result"), 0);
    meeting_rig_until(rig, "2017-12-21T00:00:00+01:00");
    assert_int_equal(life_count(rig, item, "poll.asked"), 19);
    assert_int_equal(life_count(rig, item, "told geschaeft host poll.result"), 1);
    assert_int_equal(life_count(rig, item, "poll.result"), 1);
    expect_lines(rig, item,
                 "1. Stelle projekt-1: 6 (Stelle t01, Stelle t03, Stelle t04, Stelle t06, "
                 "Stelle t07, Stelle t09)\n"
                 "2. Stelle projekt-2: 3 (Stelle t03, Stelle t06, Stelle t09)\n"
                 "Keiner passt: 3 (Stelle t02, Stelle t05, Stelle t08)\n"
                 "Keine Antwort: 5 (Stelle t10, Stelle t11, Stelle t12, Stelle t13, Stelle t14)");
    life_is(rig, item, "closed owner=lenkung waiting=");
    assert_false(vote(rig, item, "t10", "1"));
    rig_ledger_green(rig);
}

/* The quorum closes it; until then an answer may be changed, and only the last one counts. */
static void test_quorum(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t item =
        open_poll(rig, OPENED("2017-12-20", OPTIONS ",\"parties\":\"t01,t02,t03\",\"count\":2"));
    assert_true(vote(rig, item, "t01", "1"));
    assert_true(vote(rig, item, "t01", "2,2"));
    assert_true(poll_has_voted(&rig->g, item, unit_of(rig, "t01")));
    assert_false(poll_chose(&rig->g, item, unit_of(rig, "t01"), 1));
    assert_true(poll_chose(&rig->g, item, unit_of(rig, "t01"), 2));
    life_is(rig, item, "open owner=lenkung waiting=lenkung");
    assert_true(vote(rig, item, "t03", ""));
    life_is(rig, item, "closed owner=lenkung waiting=");
    expect_lines(rig, item,
                 "1. Stelle projekt-1: keine\n2. Stelle projekt-2: 1 (Stelle t01)\n"
                 "Keiner passt: 1 (Stelle t03)\nKeine Antwort: 1 (Stelle t02)");
    rig_ledger_green(rig);
}

/* Who stands in answers for who is absent. */
static void test_stand_in(void **state)
{
    struct gateway_rig *rig = *state;
    struct buf err = BUF_INIT;
    const struct presence_change away = {.unit = unit_of(rig, "sozialbuero"),
                                         .from_ms = rig->g.now_ms,
                                         .to_ms = rig->g.now_ms + INT64_C(5) * 86400000,
                                         .by = "test"};
    store_begin(rig->g.store);
    assert_int_equal(presence_report(&rig->g, &away, &err), 0);
    rig_commit(rig);
    int64_t item = open_poll(rig, OPENED("2017-12-20", OPTIONS ",\"parties\":\"sozialbuero,t01\""));
    assert_int_equal(life_count(rig, item, "told sb-vertretung deputy poll.asked"), 1);
    assert_false(vote(rig, item, "jobcenter", "1"));
    assert_true(vote(rig, item, "sb-vertretung", "1"));
    assert_true(poll_chose(&rig->g, item, unit_of(rig, "sozialbuero"), 1));
    buf_release(&err);
}

static void test_votes_refused(void **state)
{
    struct gateway_rig *rig = *state;
    static const struct {
        const char *label, *unit, *numbers;
        bool poll, want;
    } table[] = {
        {"asked", "t01", "1", true, true},
        {"nothing fits", "t01", "", true, true},
        {"not offered", "t01", "3", true, false},
        {"one of two not offered", "t01", "1,99", true, false},
        {"nought", "t01", "0", true, false},
        {"negative", "t01", "-1", true, false},
        {"not asked", "t02", "1", true, false},
        {"the host", "lenkung", "1", true, false},
        {"unknown unit", "niemand", "1", true, false},
        {"no poll", "t01", "1", false, false},
    };
    int64_t item =
        open_poll(rig, OPENED("2017-12-20", OPTIONS ",\"parties\":\"t01,t03\",\"count\":2"));
    for (size_t i = 0; i < COUNT_OF(table); i++)
        if (vote(rig, table[i].poll ? item : 1000, table[i].unit, table[i].numbers) !=
            table[i].want)
            fail_msg("%s", table[i].label);
    /* What was refused changed nothing. */
    assert_false(poll_chose(&rig->g, item, unit_of(rig, "t01"), 1));
    assert_int_equal(store_voter_count(rig->g.store, item, true), 1);
}

static void test_events_refused(void **state)
{
    struct gateway_rig *rig = *state;
    static const struct {
        const char *label, *source, *type, *data, *want;
    } table[] = {
        {"no options", "jugendamt", "poll.opened", OPENED("2017-12-20", ""),
         "refused E-PFLICHT data.options"},
        {"unknown option", "jugendamt", "poll.opened",
         OPENED("2017-12-20", ",\"options\":\"projekt-1,mond\""), "refused E-WERT data.options"},
        {"unknown party", "jugendamt", "poll.opened",
         OPENED("2017-12-20", OPTIONS ",\"parties\":\"t01,niemand\""),
         "refused E-STELLE data.parties"},
        {"over", "jugendamt", "poll.opened", OPENED("2017-12-03", OPTIONS),
         "refused E-WERT data.due_on"},
        {"foreign host", "sozialamt", "poll.opened", OPENED("2017-12-20", OPTIONS),
         "refused E-STELLE data.unit"},
        {"members are the parties", "jugendamt", "poll.opened", OPENED("2017-12-20", OPTIONS),
         "accepted"},
        {"open already", "jugendamt", "poll.opened", OPENED("2017-12-21", OPTIONS),
         "refused E-ZUSTAND data.meeting_id"},
        {"closed by a stranger", "sozialamt", "poll.closed",
         "{\"meeting_id\":\"beteiligung\",\"at\":\"2017-12-04T09:00:00+01:00\"}",
         "refused E-STELLE data.meeting_id"},
        {"closed", "jugendamt", "poll.closed",
         "{\"meeting_id\":\"beteiligung\",\"at\":\"2017-12-04T09:00:00+01:00\"}", "accepted"},
        {"none open", "jugendamt", "poll.closed",
         "{\"meeting_id\":\"beteiligung\",\"at\":\"2017-12-04T09:00:00+01:00\"}",
         "refused E-WERT data.meeting_id"},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        print_message("%s\n", table[i].label);
        rig_event(rig, table[i].source, table[i].type, "", table[i].data);
        rig_expect_said(rig, table[i].want);
    }
    rig_ledger_green(rig);
}

/* After an outage over reminder and end: one result, no reminder. */
static void test_outage(void **state)
{
    struct gateway_rig *rig = *state;
    int64_t item = open_poll(rig, UL6);
    rig_at(rig, "2017-12-27T09:00:00+01:00");
    fire(rig, 1);
    assert_int_equal(life_count(rig, item, "poll.asked"), 14);
    assert_int_equal(life_count(rig, item, "poll.result"), 1);
    life_is(rig, item, "closed owner=lenkung waiting=");
    rig_ledger_green(rig);
}

/* A poll that has less than three working days reminds one before its end; with less than that not
 * at all. */
static void test_short(void **state)
{
    struct gateway_rig *rig = *state;
    struct clock clock;
    struct buf when = BUF_INIT;
    int64_t item = open_poll(rig, OPENED("2017-12-06", OPTIONS ",\"parties\":\"t01,t02\""));
    assert_true(store_clock_of(rig->g.store, item, &clock));
    time_german(&when, clock.due_ms);
    assert_string_equal(buf_str(&when), "Di 05.12.2017 08:00");
    buf_release(&when);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        POLL(test_ul6),           POLL(test_quorum),         POLL(test_stand_in),
        POLL(test_votes_refused), POLL(test_events_refused), POLL(test_outage),
        POLL(test_short),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
