/*
 * quota_check.c and directory_quotas.c: what a unit held and planned in a year, over the removal of
 * ended meetings and a wall clock that was wrong; one line to the coordinator for each state;
 * faults of the configuration with their line.
 */
#include "digest_rig.h"

#include "../daemon/quota_check.h"

static const char quotas[] =
    "quotas = ( { kind = \"toj\"; unit = \"asd\"; name = \"TOJ\"; min = 2; max = 3;"
    " trainer = \"verein\"; },"
    " { kind = \"fallteam\"; units = [ \"jobcenter\", \"sozialbuero\" ]; max = 1; } );\n";

static int quota_town(void **state)
{
    rig_set_up(state);
    struct gateway_rig *rig = *state;
    rig_add_units(rig, "", quotas);
    rig_at(rig, "2027-01-04T09:00:00+01:00");
    daily_reloaded(&rig->g);
    turns(rig);
    return 0;
}

/* One meeting with one session on that day. */
static struct session meet(struct gateway_rig *rig, const char *host, const char *kind,
                           const char *date, enum session_state state)
{
    struct item item = {.kind = ITEM_MEETING, .state = STATE_OPEN};
    struct meeting m = {.duration_s = 7200};
    struct session s = {.duration_s = 7200, .state = state};
    int64_t day;
    assert_true(date_parse(date, &day));
    store_begin(rig->g.store);
    item.seq = m.item_seq = s.item_seq = store_next(rig->g.store, SEQ_ITEM);
    item.created_ms = rig->g.now_ms;
    str_copy(item.owner_unit, sizeof item.owner_unit, host);
    str_copy(m.unit, sizeof m.unit, host);
    str_copy(m.kind, sizeof m.kind, kind);
    store_item_add(rig->g.store, &item);
    store_meeting_add(rig->g.store, &m);
    s.original_s = s.start_s = day * 86400 + 9 * 3600;
    store_session_add(rig->g.store, &s);
    rig_commit(rig);
    return s;
}

static void set_state(struct gateway_rig *rig, struct session *s, enum session_state state)
{
    s->state = state;
    store_begin(rig->g.store);
    store_session_update(rig->g.store, s);
    rig_commit(rig);
}

static const struct quota_rule *rule(const struct gateway_rig *rig, const char *unit_id)
{
    const struct directory *dir = rig->g.config->directory;
    for (size_t i = 0; i < dir->quotas; i++)
        if (str_eq(dir->quota[i].unit->id, unit_id))
            return &dir->quota[i];
    fail_msg("no quota of %s", unit_id);
    return NULL;
}

static void expect_count(struct gateway_rig *rig, const char *label, const char *unit_id, int year,
                         int64_t held, int64_t planned)
{
    struct quota_count count = quota_look(&rig->g, rule(rig, unit_id), year);
    if (count.held != held || count.planned != planned || count.year != year)
        fail_msg("%s: %d held, %d planned", label, (int)count.held, (int)count.planned);
}

static void test_loaded(void **state)
{
    struct gateway_rig *rig = *state;
    const struct directory *dir = rig->g.config->directory;
    assert_int_equal(dir->quotas, 3);
    assert_string_equal(rule(rig, "asd")->quota.name, "TOJ");
    assert_string_equal(rule(rig, "asd")->trainer->id, "verein");
    assert_int_equal(rule(rig, "asd")->quota.min, 2);
    assert_string_equal(rule(rig, "jobcenter")->quota.name, "Fallteam");
    assert_int_equal(rule(rig, "sozialbuero")->quota.max, 1);
    assert_null(rule(rig, "sozialbuero")->trainer);
}

static void test_count(void **state)
{
    static const struct {
        const char *host, *kind, *date;
        enum session_state state;
    } sessions[] = {
        {"asd", "toj", "2027-01-05", SESSION_HELD},
        {"asd", "toj", "2027-02-01", SESSION_OVER}, /* nobody has said that it took place */
        {"asd", "toj", "2027-05-04", SESSION_PLANNED},
        {"asd", "toj", "2027-12-31", SESSION_PLANNED},
        {"asd", "toj", "2027-03-01", SESSION_CANCELLED},
        {"asd", "toj", "2027-03-02", SESSION_NOT_HELD},
        {"asd", "toj", "2028-01-01", SESSION_PLANNED}, /* another year */
        {"asd", "toj", "2026-12-31", SESSION_HELD},
        {"sozialbuero", "toj", "2027-05-04", SESSION_PLANNED}, /* another team */
        {"asd", "fallteam", "2027-05-04", SESSION_PLANNED},
        {"jobcenter", "fallteam", "2027-01-05", SESSION_OVER}, /* nobody is asked: it was held */
    };
    struct gateway_rig *rig = *state;
    for (size_t i = 0; i < COUNT_OF(sessions); i++)
        meet(rig, sessions[i].host, sessions[i].kind, sessions[i].date, sessions[i].state);
    expect_count(rig, "toj", "asd", 2027, 1, 3);
    expect_count(rig, "the next year", "asd", 2028, 0, 1);
    expect_count(rig, "fallteam", "jobcenter", 2027, 1, 0);
    expect_count(rig, "nothing", "sozialbuero", 2027, 0, 0);
}

static int64_t wall(const char *date)
{
    int64_t day;
    assert_true(date_parse(date, &day));
    return day * 86400 + 9 * 3600;
}

static void test_allows(void **state)
{
    struct gateway_rig *rig = *state;
    const struct unit *asd = unit(rig, "asd");
    meet(rig, "asd", "toj", "2027-01-05", SESSION_HELD);
    meet(rig, "asd", "toj", "2027-05-04", SESSION_PLANNED);
    assert_true(quota_allows(&rig->g, asd, "toj", wall("2027-06-01")));
    struct session third = meet(rig, "asd", "toj", "2027-09-01", SESSION_PLANNED);
    assert_false(quota_allows(&rig->g, asd, "toj", wall("2027-06-01")));
    assert_true(quota_allows(&rig->g, asd, "toj", wall("2028-01-01")));
    assert_false(quota_allows(&rig->g, asd, "toj", wall("2027-12-31")));
    assert_true(quota_allows(&rig->g, asd, "reflexion", wall("2027-06-01")));
    assert_true(quota_allows(&rig->g, unit(rig, "sb-leitung"), "toj", wall("2027-06-01")));
    set_state(rig, &third, SESSION_CANCELLED);
    assert_true(quota_allows(&rig->g, asd, "toj", wall("2027-06-01")));
}

/* The event itself: the fourth of a year needs a reason (MH2). */
static void test_called(void **state)
{
    struct gateway_rig *rig = *state;
    static const char data[] = "{\"meeting_id\":\"toj-%d\",\"kind\":\"toj\",\"unit\":\"asd\","
                               "\"start\":\"2027-0%d-06T09:00:00+01:00\",\"duration\":\"PT2H\"%s}";
    struct buf text = BUF_INIT;
    for (int i = 1; i <= 5; i++) {
        buf_reset(&text);
        buf_printf(&text, data, i, i + 1, i == 5 ? ",\"reason\":\"new_team\"" : "");
        rig_event(rig, "jugendamt", "meeting.called", "", buf_str(&text));
        rig_expect_said(rig, i == 4 ? "refused E-QUOTE data.reason" : "accepted");
    }
    buf_release(&text);
    expect_count(rig, "all", "asd", 2027, 0, 4);
}

/* What took place stays counted when its meeting is removed long before the year is over. */
static void test_removed(void **state)
{
    struct gateway_rig *rig = *state;
    struct session first = meet(rig, "asd", "toj", "2027-01-20", SESSION_PLANNED);
    set_state(rig, &first, SESSION_HELD);
    turns_at(rig, "2027-02-20T09:00:00+01:00");
    expect_count(rig, "fresh", "asd", 2027, 1, 0);
    turns_at(rig, "2027-03-01T09:00:00+01:00");
    expect_count(rig, "settled", "asd", 2027, 1, 0);
    set_state(rig, &first, SESSION_CANCELLED); /* as if it was not there any more */
    meet(rig, "asd", "toj", "2027-09-20", SESSION_PLANNED);
    turns_at(rig, "2027-10-01T06:00:00+02:00");
    expect_count(rig, "its meeting is gone", "asd", 2027, 1, 1);
    turns_at(rig, "2028-02-20T06:00:00+01:00");
    expect_count(rig, "the new year", "asd", 2028, 0, 0);
}

/* A step ahead and back counts nothing twice, and hides nothing that comes. */
static void test_clock_was_ahead(void **state)
{
    struct gateway_rig *rig = *state;
    meet(rig, "asd", "toj", "2027-01-05", SESSION_HELD);
    turns_at(rig, "2027-03-01T09:00:00+01:00");
    turns_at(rig, "2029-03-01T09:00:00+01:00");
    turns_at(rig, "2027-03-02T09:00:00+01:00");
    expect_count(rig, "back", "asd", 2027, 1, 0);
    meet(rig, "asd", "toj", "2027-03-03", SESSION_HELD);
    turns_at(rig, "2027-03-04T09:00:00+01:00");
    expect_count(rig, "what came then", "asd", 2027, 2, 0);
}

static int mails(const struct gateway_rig *rig)
{
    int n = 0;
    for (int64_t seq = 1; seq <= store_last(rig->g.store, SEQ_ITEM); seq++) {
        struct item item;
        n += store_item_get(rig->g.store, seq, &item) && item.kind == ITEM_DIGEST &&
             str_eq(item.code, "quotas");
    }
    return n;
}

static void expect_mails(struct gateway_rig *rig, const char *when, int want, const char *lines)
{
    struct buf got = BUF_INIT;
    turns_at(rig, when);
    digest_quotas(&rig->g, &got);
    if (mails(rig) != want || !str_eq(buf_str(&got), lines))
        fail_msg("%s: %d mails, \"%s\"", when, mails(rig), buf_str(&got));
    buf_release(&got);
}

#define LINE(text) "Kontingente des Jahres\n- Stelle asd: " text " (Begleitung: Stelle verein)"

/* MH2: on the morning of 1 October, and then at the beginning of a month when it has changed. */
static void test_told(void **state)
{
    struct gateway_rig *rig = *state;
    meet(rig, "asd", "toj", "2027-01-05", SESSION_HELD);
    expect_mails(rig, "2027-09-30T12:00:00+02:00", 0, "");
    expect_mails(rig, "2027-10-01T05:59:59+02:00", 0, LINE("TOJ 1 von 2-3, bis 31.12."));
    expect_mails(rig, "2027-10-01T06:00:00+02:00", 1, LINE("TOJ 1 von 2-3, bis 31.12."));
    expect_mails(rig, "2027-10-02T06:00:00+02:00", 1, LINE("TOJ 1 von 2-3, bis 31.12."));
    expect_mails(rig, "2027-11-01T06:00:00+01:00", 1, LINE("TOJ 1 von 2-3, bis 31.12."));
    meet(rig, "asd", "toj", "2027-12-06", SESSION_PLANNED);
    expect_mails(rig, "2027-12-01T06:00:00+01:00", 1, "");
    expect_mails(rig, "2028-03-01T06:00:00+01:00", 1, "");
    expect_mails(rig, "2028-10-05T06:00:00+02:00", 2, LINE("TOJ 0 von 2-3, bis 31.12."));
}

static void test_changed(void **state)
{
    struct gateway_rig *rig = *state;
    expect_mails(rig, "2027-10-01T06:00:00+02:00", 1, LINE("TOJ 0 von 2-3, bis 31.12."));
    meet(rig, "asd", "toj", "2027-10-15", SESSION_HELD);
    expect_mails(rig, "2027-11-01T06:00:00+01:00", 2, LINE("TOJ 1 von 2-3, bis 31.12."));
    for (int i = 0; i < 3; i++)
        meet(rig, "asd", "toj", "2027-12-06", SESSION_PLANNED);
    expect_mails(rig, "2027-12-01T06:00:00+01:00", 3,
                 LINE("TOJ 1 von 2-3, 3 geplant, mehr als vorgesehen"));
}

static const struct {
    const char *label, *text, *fault;
} broken[] = {
    {"no such kind", "{ kind = \"tojj\"; unit = \"asd\"; min = 2; }",
     "there is no kind of meeting \"tojj\""},
    {"no such unit", "{ kind = \"toj\"; unit = \"asdf\"; min = 2; }", "there is no unit \"asdf\""},
    {"nobody", "{ kind = \"toj\"; min = 2; }", "a quota needs a \"unit\""},
    {"nothing", "{ kind = \"toj\"; unit = \"asd\"; }", "a quota needs \"min\" or \"max\""},
    {"upside down", "{ kind = \"toj\"; unit = \"asd\"; min = 3; max = 2; }",
     "\"max\" is below \"min\""},
    {"negative", "{ kind = \"toj\"; unit = \"asd\"; min = -1; }", "\"min\""},
    {"too many", "{ kind = \"toj\"; unit = \"asd\"; min = 367; }", "\"min\""},
    {"twice",
     "{ kind = \"toj\"; unit = \"asd\"; min = 1; }, { kind = \"toj\"; units = [ \"asd\" ]; "
     "min = 1; }",
     "has a quota of \"toj\" already"},
    {"no group", "\"toj\"", "a quota in braces belongs here"},
    {"unknown member", "{ kind = \"toj\"; unit = \"asd\"; min = 1; maxx = 2; }", "maxx"},
    {"no such trainer", "{ kind = \"toj\"; unit = \"asd\"; min = 1; trainer = \"x\"; }",
     "there is no unit \"x\""},
    {"a name of two lines", "{ kind = \"toj\"; unit = \"asd\"; min = 1; name = \"a\\nb\"; }",
     "\"name\" must be one line"},
};

static void test_faults(void **state)
{
    struct gateway_rig *rig = *state;
    char path[512];
    rig_write_config(rig->dir);
    struct buf good = rig_read(rig->dir, "stafette.conf");
    snprintf(path, sizeof path, "%s/stafette.conf", rig->dir);
    for (size_t i = 0; i < COUNT_OF(broken); i++) {
        struct buf text = BUF_INIT, report = BUF_INIT;
        buf_printf(&text, "%squotas = ( %s );\n", buf_str(&good), broken[i].text);
        rig_write(rig->dir, "stafette.conf", buf_str(&text));
        assert_null(config_load(path, &report));
        if (!strstr(buf_str(&report), broken[i].fault) ||
            !strstr(buf_str(&report), "stafette.conf:"))
            fail_msg("%s: %s", broken[i].label, buf_str(&report));
        buf_release(&text);
        buf_release(&report);
    }
    buf_release(&good);
}

#undef TEST
#define TEST(name) cmocka_unit_test_setup_teardown(name, quota_town, rig_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_loaded), TEST(test_count),   TEST(test_allows),
        TEST(test_called), TEST(test_removed), TEST(test_clock_was_ahead),
        TEST(test_told),   TEST(test_changed), TEST(test_faults),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
