/*
 * workflow_visit.c: visits that are reminded of, or proposed as one (BI6), in every order of their
 * events, with and without consent; who hears nothing, and who hears that.
 */
#include "../daemon/permit.h"
#include "reminder_rig.h"

static int with_visits(void **state)
{
    life_set_up(state);
    struct gateway_rig *rig = *state;
    rig_insert(rig, "permissions = (",
               " { from = \"*\"; to = \"verein\"; kinds = [ \"task\" ]; bases = [ \"*\" ];"
               " consent = true; },");
    rig_insert(rig, "rules = (",
               " { rule = \"phb\"; kind = \"task\"; code = \"visit_phb\"; to = [ \"asd\" ]; },"
               " { rule = \"p37\"; kind = \"task\"; code = \"visit_p37_3\";"
               " to = [ \"verein\" ]; },");
    rig_reload(rig);
    return 0;
}

static void visit(struct gateway_rig *rig, const char *source, const char *data)
{
    rig_event(rig, source, "visit.due", "", data);
    rig_expect_said(rig, "accepted");
}

static int told_of(const struct gateway_rig *rig, const char *line)
{
    int n = 0;
    for (int64_t seq = 1; seq <= items(rig); seq++)
        n += life_count(rig, seq, line);
    return n;
}

#define CITY(day, more) "jugendamt", VISIT("phb", "asd", day, more)
#define SERVICE(day, more) "traeger", VISIT("p37_3", "verein", day, more)
#define WINDOW ",\"window_d\":14"

/* BI6: 10.02. and 01.02. lie within 14 days: one proposal to both, when the first would have been
 * reminded of, and no reminder beside it. */
static void test_bi6(void **state)
{
    struct gateway_rig *rig = *state;
    visit(rig, CITY("2027-02-10", WINDOW CONSENT));
    visit(rig, SERVICE("2027-02-01", WINDOW));
    assert_int_equal(told_of(rig, "\ntold"), 0);
    go_to(rig, "2027-01-31T12:00:00+01:00");
    int64_t joint = items(rig);
    struct item item = rig_item(rig, joint);
    assert_string_equal(item.code, "visit_joint");
    expect_next(rig, joint, "open Mo 01.02. 23:59");
    assert_int_equal(life_count(rig, joint, "\ntold asd task task.opened bis Mo 01.02. 23:59"), 1);
    assert_int_equal(life_count(rig, joint, "\ntold verein task task.opened bis Mo 01.02. 23:59"),
                     1);
    assert_int_equal(told_of(rig, "\ntold"), 2);
    assert_int_equal(store_item_count_open(rig->g.store), 1);
    const struct unit *verein = directory_unit(rig->g.config->directory, "verein");
    assert_int_equal(permit_notice(&rig->g, &item, verein, "task.opened"), PERMIT_ALLOWED);
    /* Both dates come once more: they are part of it. */
    visit(rig, CITY("2027-02-10", WINDOW CONSENT));
    visit(rig, SERVICE("2027-02-01", WINDOW));
    assert_int_equal(items(rig), joint);
    assert_int_equal(life_answer(rig, joint, "verein", ANSWER_DONE, ""), ANSWER_RECORDED);
    expect_green(rig);
}

static const struct {
    const char *label;
    const char *city, *service; /* data */
    const char *more;           /* of the envelopes */
    int joint, asd, verein;     /* notices */
} pairs[] = {
    {"no consent: the service hears nothing", VISIT("phb", "asd", "2027-02-10", WINDOW),
     VISIT("p37_3", "verein", "2027-02-01", WINDOW), "", 0, 1, 0},
    {"consent from the other side", VISIT("phb", "asd", "2027-02-10", ""),
     VISIT("p37_3", "verein", "2027-02-01", CONSENT), "", 1, 1, 1},
    {"beyond the usual window", VISIT("phb", "asd", "2027-02-16", CONSENT),
     VISIT("p37_3", "verein", "2027-02-01", CONSENT), "", 0, 1, 1},
    {"just within it", VISIT("phb", "asd", "2027-02-15", CONSENT),
     VISIT("p37_3", "verein", "2027-02-01", CONSENT), "", 1, 1, 1},
    {"the narrower window counts", VISIT("phb", "asd", "2027-02-10", CONSENT ",\"window_d\":5"),
     VISIT("p37_3", "verein", "2027-02-01", CONSENT WINDOW), "", 0, 1, 1},
    {"a protected case is proposed to nobody", VISIT("phb", "asd", "2027-02-10", CONSENT),
     VISIT("p37_3", "verein", "2027-02-01", CONSENT), "\"restricted\":true,", 0, 1, 1},
    {"one alone", VISIT("phb", "asd", "2027-02-10", CONSENT), "", "", 0, 1, 0},
    {"the service alone, with consent", "", VISIT("p37_3", "verein", "2027-02-01", CONSENT), "", 0,
     0, 1},
};

/* Each pair in both orders. */
static void test_pairs(void **state)
{
    struct gateway_rig *rig;
    for (size_t i = 0; i < 2 * COUNT_OF(pairs); i++) {
        bool swap = i >= COUNT_OF(pairs);
        size_t row = i % COUNT_OF(pairs);
        assert_int_equal(with_visits(state), 0);
        rig = *state;
        print_message("%s\n", pairs[row].label);
        for (int k = 0; k < 2; k++) {
            bool city = (k == 0) != swap;
            const char *data = city ? pairs[row].city : pairs[row].service;
            if (*data)
                rig_event(rig, city ? "jugendamt" : "traeger", "visit.due", pairs[row].more, data);
        }
        go_to(rig, "2027-02-15T12:00:00+01:00");
        int joint = 0;
        for (int64_t seq = 1; seq <= items(rig); seq++)
            joint += str_eq(rig_item(rig, seq).code, "visit_joint");
        assert_int_equal(joint, pairs[row].joint);
        assert_int_equal(told_of(rig, "\ntold asd task task.opened"), pairs[row].asd);
        assert_int_equal(told_of(rig, "\ntold verein task task.opened"), pairs[row].verein);
        expect_green(rig);
        rig_tear_down(state);
    }
}

/* Who is not told: its source hears why. Consent that comes later counts. */
static void test_consent_later(void **state)
{
    struct gateway_rig *rig = *state;
    visit(rig, SERVICE("2027-02-01", ""));
    int64_t first = items(rig);
    go_to(rig, "2027-01-18T12:00:00+01:00");
    assert_int_equal(life_count(rig, first, "\nstatus visit.untold to traeger/status"), 1);
    assert_int_equal(store_item_count_open(rig->g.store), 0);
    visit(rig, SERVICE("2027-02-01", CONSENT));
    fire(rig, 1);
    assert_int_equal(told_of(rig, "\ntold verein task task.opened"), 1);
    /* The other side comes when this one is told already, and takes it up. */
    visit(rig, CITY("2027-01-28", ""));
    fire(rig, 1);
    assert_string_equal(last_item(rig).code, "visit_joint");
    assert_int_equal(store_item_count_open(rig->g.store), 1);
    /* Withdrawn before anybody is told: no word to the service. */
    expect_green(rig);
}

static void test_consent_withdrawn(void **state)
{
    struct gateway_rig *rig = *state;
    visit(rig, SERVICE("2027-02-01", CONSENT));
    visit(rig, SERVICE("2027-02-01", ""));
    go_to(rig, "2027-01-18T12:00:00+01:00");
    assert_int_equal(told_of(rig, "\ntold verein"), 0);
}

/* A case system that matched by itself: the proposal goes out now, and takes up what was planned.
 */
static void test_proposed(void **state)
{
    struct gateway_rig *rig = *state;
    visit(rig, SERVICE("2027-02-01", CONSENT));
    rig_event(rig, "jugendamt", "visit.joint.proposed", "",
              VISIT("phb", "asd", "2027-02-10", WINDOW CONSENT));
    rig_expect_said(rig, "accepted");
    int64_t joint = items(rig);
    assert_int_equal(life_count(rig, joint, "\ntold asd task task.opened"), 1);
    assert_int_equal(life_count(rig, joint, "\ntold verein task task.opened"), 1);
    expect_next(rig, joint, "open Mo 01.02. 23:59");
    assert_int_equal(store_item_count_open(rig->g.store), 1);
    rig_event(rig, "jugendamt", "visit.joint.proposed", "",
              VISIT("phb", "asd", "2027-02-10", WINDOW CONSENT));
    assert_int_equal(items(rig), joint);
    rig_event(rig, "jugendamt", "visit.joint.proposed", "",
              VISIT("phb", "asd", "2027-02-10", WINDOW));
    assert_int_equal(rig->last.outcome, OUTCOME_REFUSED);
    rig_event(rig, "jugendamt", "visit.joint.proposed", "",
              VISIT("phb", "asd", "2080-02-10", WINDOW CONSENT));
    rig_expect_said(rig, "refused E-WERT data.due_on");
    expect_green(rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH(test_bi6, with_visits),           cmocka_unit_test(test_pairs),
        WITH(test_consent_later, with_visits), WITH(test_consent_withdrawn, with_visits),
        WITH(test_proposed, with_visits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
